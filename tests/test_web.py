"""The web app: whoever asks, and whatever is sent, every rule holds on the server."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import WordEncoder
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from test_messages import HOSTILE, Elements
from typer.testing import CliRunner

import careerbot.pipeline
import careerbot.web
from careerbot import Careerbot, CareerbotError, IndexUnusable, InputError, Settings
from careerbot.building import build
from careerbot.cli import app as cli
from careerbot.embedding import Progress, Vectors
from careerbot.index import open_index
from careerbot.loading import load
from careerbot.messages import passage_link
from careerbot.page import MAX_MESSAGE_CHARS
from careerbot.web import MAX_BODY_BYTES, listen, read_passwords, serve, web_app

HOME = "http://127.0.0.1"
PAY = "What does a baker earn?"
PAID = "A baker earns $16.80 an hour on average."
PASSAGE = "/passage?document=baker&start=0&end=9"
TOO_MANY = "at most 2 questions a minute are answered for one address; try again in a minute"
NOT_TAKEN = "what was sent is not what this app takes"


def app_for(bot: Careerbot, **settings: object) -> ASGIApp:
    """The app of a bot, with other settings."""

    async def made() -> ASGIApp:  # inside a loop, because Gradio leaves the loops open that it makes outside
        return web_app(Careerbot(bot.index, bot.encoder, bot.settings.model_copy(update=settings)))

    return addressed(asyncio.run(made()))


def addressed(app: ASGIApp) -> ASGIApp:
    """An app that is reached from the address that a test names, as no client can."""

    async def reached(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            named = dict(scope["headers"]).get(b"test-address", b"198.51.100.1").decode()
            scope = {**scope, "client": (named, 50_000)}
        await app(scope, receive, send)

    return reached


def visitor(app: ASGIApp) -> TestClient:
    return TestClient(app, base_url=HOME, raise_server_exceptions=False)


_NEW = (f"203.0.113.{number}" for number in range(1, 255))


def newcomer(client: TestClient) -> TestClient:
    """The same client from an address that has asked nothing yet."""
    client.headers["test-address"] = next(_NEW)
    return client


@pytest.fixture(scope="module")
def page(_shared_bot: Careerbot) -> Iterator[TestClient]:
    with visitor(app_for(_shared_bot)) as client:
        yield client


@pytest.fixture(scope="module")
def _limited(_shared_bot: Careerbot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    ratings = tmp_path_factory.mktemp("ratings") / "ratings.sqlite"
    with visitor(app_for(_shared_bot, questions_per_minute=2, feedback=ratings)) as client:
        yield client


@pytest.fixture
def limited(_limited: TestClient) -> TestClient:
    """The page where two questions a minute may be asked, for somebody new."""
    return newcomer(_limited)


@pytest.fixture(scope="module")
def _locked(_shared_bot: Careerbot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    file = password_file(tmp_path_factory.mktemp("passwords"))
    with visitor(app_for(_shared_bot, password_file=file)) as client:
        yield client


@pytest.fixture
def locked(_locked: TestClient) -> TestClient:
    """The page behind a password, for somebody new."""
    return newcomer(_locked)


@pytest.fixture(scope="module")
def named(_shared_bot: Careerbot) -> TestClient:
    """The page where it is reached by two names more."""
    return visitor(app_for(_shared_bot, allowed_hosts=" careers.example,INTRANET , "))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The page over documents d0, d1, … each of which holds one hostile text in all its places."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "corpus").mkdir()
    sources = []
    for number, (text,) in enumerate(case.values for case in HOSTILE):
        kept = "".join(letter for letter in str(text) if letter.isprintable() or letter == "\n")
        (folder / "corpus" / f"d{number}.md").write_text(f"# Top\n\nA diver dives.\n\n{kept}\n\n## {kept}\n\nEnd.\n")
        said = json.dumps(kept)  # JSON's strings are TOML's
        sources.append(f"[[source]]\nid = 'd{number}'\ntitle = {said}\npublisher = {said}\n")
    (folder / "corpus" / "sources.toml").write_text("".join(sources))
    build(load([folder / "corpus"]).documents, WordEncoder(), folder / "index")
    settings = Settings(index=folder / "index", answer_threshold=0)
    return visitor(app_for(Careerbot(open_index(folder / "index", WordEncoder()), WordEncoder(), settings)))


def handler(client: TestClient, name: str) -> int:
    """The number by which a browser calls a handler of the page."""
    found = {held["api_name"]: held["id"] for held in client.get("/config").json()["dependencies"]}
    return int(found[name])


def event(client: TestClient, name: str, *data: object, **headers: str) -> Any:
    """What a handler of the page gives in the end, as the browser asks for it."""
    session = {"fn_index": handler(client, name), "session_hash": "abc"}
    client.post("/gradio_api/queue/join", json={**session, "data": data}, headers=headers).raise_for_status()
    stream = client.get("/gradio_api/queue/data", params={"session_hash": "abc"}).text
    told = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line]
    (done,) = [held for held in told if held["msg"] == "process_completed"]
    return done["output"]["data"] if done["success"] else done["output"]["error"]


def program(client: TestClient, *data: object, **headers: str) -> str:
    """What a program gets for a question and a history, as the text of the stream."""
    asked = client.post("/gradio_api/call/ask", json={"data": data}, headers=headers)
    return client.get(f"/gradio_api/call/ask/{asked.json()['event_id']}").text


def said(*texts: str, role: str = "user") -> list[dict[str, object]]:
    return [{"role": role, "content": [{"type": "text", "text": text}]} for text in texts]


def last_words(chat: Sequence[Mapping[str, Any]]) -> str:
    return str(chat[-1]["content"][0]["text"])


class TestHeaders:
    @pytest.mark.parametrize(
        ("path", "status", "headers"),
        [
            pytest.param("/", 200, {}, id="page"),
            pytest.param("/healthz", 200, {}, id="health"),
            pytest.param("/config", 200, {}, id="config"),
            pytest.param(PASSAGE, 200, {}, id="passage"),
            pytest.param("/passage", 422, {}, id="unprocessable"),
            pytest.param("/passage?document=x&start=0&end=1", 404, {}, id="no-passage"),
            pytest.param("/no/such/page", 404, {}, id="no-page"),
            pytest.param("/assets/nothing.js", 404, {}, id="no-asset"),
            pytest.param("/", 400, {"host": "evil.example"}, id="other-host"),
            pytest.param("/", 403, {"origin": "http://evil.example"}, id="other-site"),
            pytest.param("/", 413, {"content-length": "1000000"}, id="too-large"),
        ],
    )
    def test_every_response_carries_the_security_headers(
        self, page: TestClient, path: str, status: int, headers: dict[str, str]
    ) -> None:
        response = page.get(path, headers=headers)
        assert response.status_code == status
        _assert_secure(response.headers)

    def test_a_bug_is_no_response_without_them_and_shows_nothing_of_itself(self, bot: Careerbot) -> None:
        broken = Careerbot(bot.index, bot.encoder, bot.settings)

        async def made() -> ASGIApp:
            return web_app(broken)

        app = asyncio.run(made())
        del broken.index
        response = visitor(app).get("/healthz")
        assert (response.status_code, response.text) == (500, "Internal Server Error")
        _assert_secure(response.headers)

    def test_the_page_loads_and_names_no_other_host(self, page: TestClient) -> None:
        response = page.get("/")
        assert response.status_code == 200
        assert "careerbot" in response.text
        loaded = re.findall(r"""(?:src|href)=["']((?:https?:)?//[^"'/]+)""", response.text)
        assert set(loaded) <= {HOME}

    def test_nothing_runs_or_loads_on_the_page_of_a_passage(self, page: TestClient) -> None:
        policy = page.get(PASSAGE).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy

    @pytest.mark.parametrize("path", ["/", "/healthz", PASSAGE])
    def test_what_can_be_got_can_be_asked_for_its_headers(self, page: TestClient, path: str) -> None:
        assert page.head(path).status_code == 200
        assert page.head(path).headers["content-type"] == page.get(path).headers["content-type"]

    def test_healthz_says_what_is_loaded(self, page: TestClient, bot: Careerbot) -> None:
        assert page.get("/healthz").json() == {"documents": 3, "chunks": len(bot.index.chunks)}


def _assert_secure(headers: Mapping[str, str]) -> None:
    policy = headers["content-security-policy"]
    for rule in ("default-src '", "img-src 'self'", "frame-ancestors 'none'", "form-action '", "base-uri '"):
        assert rule in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


class TestHost:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.0.0.1:7860",
            "localhost:1",
            "LOCALHOST",
            "[::1]",
            "[::1]:7860",
            "careers.example",
            "Careers.Example:8080",
            "intranet",
        ],
    )
    def test_the_names_of_this_server_are_let_in(self, named: TestClient, host: str) -> None:
        assert named.get("/healthz", headers={"host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:7860",
            "127.0.0.1.evil.example",
            "evil.example.127.0.0.1",
            "www.careers.example",
            "localhost.",
            "127.0.0.1@evil.example",
            "127.0.0.1:80:80",
            "127.0.0.1:evil",
            "127.0.0.1/x",
            "127.0.0.1?x",
            "::1",
            "[::1",
            "0.0.0.0",  # noqa: S104 - a name, not an address to listen on
            "*",
            "",
        ],
    )
    def test_another_name_is_refused_as_another_site_could_take_it(self, named: TestClient, host: str) -> None:
        """DNS rebinding: a page on evil.example lets its name point here, and would read what is asked."""
        response = named.get("/healthz", headers={"host": host})
        assert (response.status_code, response.text) == (
            400,
            "unknown name of this server; see the setting allowed_hosts",
        )

    def test_the_address_that_it_listens_on_is_one_of_its_names(self, bot: Careerbot) -> None:
        for host, name in (("0.0.0.0", "0.0.0.0:80"), ("FE80::1", "[fe80::1]:80"), ("box", "box")):  # noqa: S104
            assert visitor(app_for(bot, host=host)).get("/healthz", headers={"host": name}).status_code == 200

    @pytest.mark.parametrize("name", ["https://careers.example", "careers.example:80", "*.example", "*", "a b", "a/b"])
    def test_what_is_no_name_is_refused_as_a_setting(self, bot: Careerbot, name: str) -> None:
        expected = f"^allowed_hosts: expected names such as careers.example without a port, not '{re.escape(name)}'$"
        with pytest.raises(InputError, match=expected):
            app_for(bot, allowed_hosts=f"intranet, {name}")

    @pytest.mark.parametrize("origin", ["http://127.0.0.1:7860", "http://localhost", "https://careers.example"])
    def test_our_own_pages_may_ask(self, named: TestClient, origin: str) -> None:
        assert named.get("/healthz", headers={"origin": origin}).status_code == 200

    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1.evil.example", "//"])
    def test_pages_of_other_sites_must_not(self, named: TestClient, origin: str, method: str) -> None:
        """A form or a script of any site that is open in the same browser reaches 127.0.0.1, too."""
        response = named.request(method, "/gradio_api/call/ask", headers={"origin": origin})
        assert (response.status_code, response.text) == (403, "pages of other sites must not ask here")
        assert "access-control-allow-origin" not in response.headers


class TestClosedDoors:
    @pytest.mark.parametrize(
        "path",
        [
            "/gradio_api/upload",
            "/gradio_api/upload/",
            "/gradio_api/%75pload",
            "/gradio_api/upload?id=1",
            "/gradio_api/component_server",
            "/gradio_api/process_recording",
            "/gradio_api/stream/1",
            "/gradio_api/api/ask",
            "/gradio_api/vibe-edit/",
            "/login",
        ],
    )
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:80"])
    def test_nothing_is_taken_but_questions(self, page: TestClient, path: str, host: str) -> None:
        response = page.post(path, files={"files": ("a.txt", b"text")}, headers={"host": host})
        assert (response.status_code, response.text) == (404, "there is no such page")

    @pytest.mark.parametrize(
        "path",
        [
            "/gradio_api/file=/etc/passwd",
            "/gradio_api/file=../../app.py",
            "/gradio_api/file=.careerbot/CURRENT",
            "/gradio_api/file=https://evil.example/",
            "/gradio_api/file/etc/passwd",
            "/gradio_api/proxy=https://evil.hf.space/",
            "/gradio_api/deep_link?session_hash=abc",
            "/gradio_api/runs",
            "/gradio_api/openapi.json",
            "/gradio_api/queue/status",
            "/gradio_api/vibe-code/",
            "/gradio_api/../gradio_api/upload",
            "/monitoring/summary",
            "/docs",
            "/redoc",
            "/passage/",
        ],
    )
    def test_nothing_is_handed_out_but_the_page(self, page: TestClient, path: str) -> None:
        """Gradio would hand out files, fetch those of other hosts, and keep conversations on the disk."""
        response = page.get(path)
        assert (response.status_code, response.text) == (404, "there is no such page")

    @pytest.mark.parametrize(
        "path", ["/gradio_api/upload", "/gradio_api/runs", "/gradio_api/file=/etc/passwd", "/login"]
    )
    def test_behind_the_guard_nothing_would_take_or_hand_it_out_either(
        self, page: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(careerbot.web, "_SERVED", re.compile(".*"))
        assert page.get("/gradio_api/info").status_code == 200
        for answered in (page.get(path), page.post(path, files={"files": ("a.txt", b"text")})):
            assert (answered.status_code, answered.json()) == (404, {"detail": "Not Found"})

    @pytest.mark.parametrize(
        "path", ["/static/../../app.py", "/assets/%2e%2e/%2e%2e/config.json", "/static//etc/passwd"]
    )
    def test_no_file_of_the_machine_is_served(self, page: TestClient, path: str) -> None:
        assert page.get(path).status_code in (403, 404)

    @pytest.mark.parametrize("name", ["asked", "reread"])
    @pytest.mark.parametrize(
        "part",
        [
            pytest.param({"type": "file", "file": {"path": "FILE", "meta": {"_type": "gradio.FileData"}}}, id="file"),
            pytest.param(
                {"type": "file", "file": {"path": "https://evil.example/", "meta": {"_type": "gradio.FileData"}}},
                id="file-of-another-host",
            ),
            pytest.param({"path": "FILE", "meta": {"_type": "gradio.FileData"}}, id="file-as-a-part"),
            pytest.param(
                {
                    "type": "component",
                    "component": "chatbot",
                    "value": [],
                    "constructor_args": {"avatar_images": ["FILE", None]},
                    "props": {},
                },
                id="component-that-reads-a-file",
            ),
        ],
    )
    def test_a_message_cannot_name_a_file_to_read_or_fetch(
        self, page: TestClient, tmp_path: Path, name: str, part: dict[str, object]
    ) -> None:
        """Gradio would copy any file of the machine to where it hands files out."""
        (tmp_path / "secret.txt").write_text("secret")
        sent = json.loads(json.dumps(part).replace("FILE", str(tmp_path / "secret.txt")))
        turns = [{"role": "user", "content": [sent]}]
        data = ["Hello", turns] if name == "asked" else [turns]
        body = {"fn_index": handler(page, name), "data": data, "session_hash": "abc"}
        response = page.post("/gradio_api/run/predict", json=body)
        if name == "asked":
            assert (response.status_code, response.json()["error"]) == (500, NOT_TAKEN)
        else:
            assert event(page, name, turns) == NOT_TAKEN

    def test_a_question_cannot_be_a_file_either(self, page: TestClient, tmp_path: Path) -> None:
        (tmp_path / "secret.txt").write_text("secret")
        sent = {"path": str(tmp_path / "secret.txt"), "meta": {"_type": "gradio.FileData"}}
        asked: tuple[tuple[object, object], ...] = ((sent, []), (PAY, [sent]), (PAY, {"a": [[sent]]}))
        for data in asked:
            assert NOT_TAKEN in program(page, *data)


class TestBody:
    def test_a_body_that_is_too_large_is_refused(self, page: TestClient) -> None:
        assert page.post("/gradio_api/call/ask", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
        assert page.post("/gradio_api/call/ask", content=b"x" * MAX_BODY_BYTES).status_code == 422

    @pytest.mark.parametrize("length", [b"-1", b"+1", b"1e3", b"", b"many", b"1_0", b"9" * 5_000, b"\xb2", b" "])
    def test_a_body_of_unknown_length_is_refused(self, page: TestClient, length: bytes) -> None:
        assert page.post("/gradio_api/call/ask", headers={b"content-length": length}).status_code == 413

    def test_a_body_in_chunks_cannot_slip_past_the_limit(self, page: TestClient) -> None:
        assert page.post("/gradio_api/call/ask", content=iter([b"x"] * 10)).status_code == 413

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            pytest.param(
                ["x" * (MAX_MESSAGE_CHARS + 1), []], "the message has 1,001 characters; at most 1,000", id="long"
            ),
            pytest.param([PAY, ["x" * 2_000]], "the message has 2,000 characters; at most 1,000", id="long-turn"),
            pytest.param([PAY, 5], "a history must be a list of turns, not int", id="history-a-number"),
            pytest.param([PAY, "Hello"], "a history must be a list of turns, not str", id="history-a-text"),
            pytest.param([PAY, {"a": 1}], "a history must be a list of turns, not dict", id="history-an-object"),
            pytest.param([PAY, [5]], "a message must be text, not int", id="turn-a-number"),
            pytest.param([5, []], "a message must be text, not int", id="question-a-number"),
            pytest.param([None, []], "a message must be text, not NoneType", id="no-question"),
            pytest.param(["", []], "the question is empty", id="empty-question"),
            pytest.param([PAY], NOT_TAKEN, id="no-history"),
        ],
    )
    def test_what_cannot_be_asked_is_one_line_for_a_program(
        self, page: TestClient, data: list[object], told: str
    ) -> None:
        stream = program(page, *data)
        assert "event: error" in stream
        assert told in stream

    def test_a_conversation_never_grows_beyond_what_the_server_takes(self, page: TestClient) -> None:
        turns = [*said(*["What does a baker earn?"] * 100), *said(*["x" * 4_000] * 100, role="assistant")]
        kept = event(page, "asked", PAY, turns)[1]
        assert last_words(kept) == PAY
        assert len(json.dumps(kept)) < MAX_BODY_BYTES
        assert len(kept) % 2 == 1  # a question and its answer leave together

    def test_a_long_history_is_read_from_its_end(self, page: TestClient) -> None:
        assert PAID in program(page, PAY, ["What about Swarms?"] * 1_000)


class TestPassage:
    @pytest.fixture
    def text(self, bot: Careerbot) -> str:
        return bot.index.documents["baker"].text

    def test_it_shows_a_quotation_marked_in_its_place(self, page: TestClient, text: str) -> None:
        start = text.index("A shift")
        html = page.get(f"/passage?document=baker&start={start}&end={start + 7}").text
        assert "<h2>Baker</h2><p class='edition'>as of 2019</p><h3>Working hours</h3>" in html
        assert "<p>Most bakers start at three in the morning. <mark>A shift</mark> lasts eight hours.</p>" in html

    def test_a_part_for_the_panel_and_a_page_of_its_own_without_scripts(self, page: TestClient) -> None:
        whole, part = page.get(PASSAGE), page.get(PASSAGE, headers={"x-part": "1"})
        assert part.text.startswith("<h2>Baker</h2>")
        assert whole.text.startswith("<!doctype html>")
        assert part.text in whole.text
        assert "<script" not in whole.text
        for response in (whole, part):
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            assert response.headers["vary"] == "x-part"  # or going back would show the part as a page

    @pytest.mark.parametrize(
        ("document", "start", "end"),
        [
            pytest.param("clown", "0", "5", id="no-such-document"),
            pytest.param("", "0", "5", id="no-name"),
            pytest.param("Baker", "0", "5", id="other-case"),
            pytest.param("../baker", "0", "5", id="a-path"),
            pytest.param("baker\x00", "0", "5", id="nul"),
            pytest.param("baker", "-1", "5", id="negative-start"),
            pytest.param("baker", "-9", "-5", id="negative-range"),
            pytest.param("baker", "5", "5", id="nothing"),
            pytest.param("baker", "9", "5", id="backwards"),
            pytest.param("baker", "0", "99999", id="past-the-end"),
            pytest.param("baker", "0", "9223372036854775808", id="past-64-bits"),
            pytest.param("baker", "99998", "99999", id="all-past-the-end"),
        ],
    )
    def test_what_is_not_there_is_one_line(self, page: TestClient, document: str, start: str, end: str) -> None:
        response = page.get("/passage", params={"document": document, "start": start, "end": end})
        assert (response.status_code, response.text) == (404, "there is no such passage in the loaded documents")

    @pytest.mark.parametrize(
        "query",
        [
            pytest.param("document=baker&start=a&end=5", id="a-letter"),
            pytest.param("document=baker&start=&end=5", id="empty"),
            pytest.param("document=baker&start=0.5&end=5", id="a-fraction"),
            pytest.param("document=baker&start=nan&end=inf", id="no-number"),
            pytest.param("document=baker&start=1e3&end=2e3", id="an-exponent"),
            pytest.param("document=baker&start=0&end=" + "9" * 5_000, id="thousands-of-digits"),
            pytest.param("document=baker&start=0", id="no-end"),
            pytest.param("", id="nothing"),
            pytest.param("document=baker&start=%00&end=%ff", id="no-text"),
        ],
    )
    def test_what_is_no_range_is_refused_without_a_stack(self, page: TestClient, query: str) -> None:
        response = page.get(f"/passage?{query}")
        assert response.status_code == 422
        assert "Traceback" not in response.text
        assert "careerbot" not in response.text

    def test_a_link_to_a_quotation_shows_no_other_text_that_has_come_in_its_place(
        self, page: TestClient, text: str
    ) -> None:
        link = re.search(r'href="([^"]+)"', passage_link("baker", 9, text[9:20], "[1]", "Baker"))
        assert link is not None
        address = "/" + link[1].replace("&amp;", "&")
        assert page.get(address).status_code == 200
        changed = page.get(address.replace("start=9", "start=8").replace("end=20", "end=19"))
        assert (changed.status_code, changed.text) == (
            404,
            "this document has changed since it was quoted; ask again",
        )

    def test_a_last_character_can_be_quoted(self, page: TestClient, text: str) -> None:
        assert page.get(f"/passage?document=baker&start={len(text) - 3}&end={len(text)}").status_code == 200

    @pytest.mark.parametrize("path", ["POST", "PUT", "DELETE"])
    def test_it_is_only_read(self, page: TestClient, path: str) -> None:
        assert page.request(path, PASSAGE, headers={"content-length": "0"}).status_code in (404, 405)

    @pytest.mark.parametrize("number", range(len(HOSTILE)), ids=[str(case.id) for case in HOSTILE])
    def test_a_hostile_document_does_nothing(self, hostile: TestClient, number: int) -> None:
        where = {"document": f"d{number}", "start": "0", "end": "25"}
        part = Elements(hostile.get("/passage", params=where, headers={"x-part": "1"}).text)
        assert part.tags <= set("h2 h3 p ul ol li table thead tbody tr th td div mark".split())
        assert {name for _, attributes in part.found for name in attributes} <= {"class", "value"}
        assert "A diver dives." in part.text
        whole = Elements(hostile.get("/passage", params=where).text)
        assert whole.tags - part.tags == {"html", "head", "meta", "title", "style", "body", "main"}


def credentials(name: str, password: str, scheme: str = "Basic", encoding: str = "utf-8") -> dict[str, str]:
    return {"authorization": f"{scheme} {b64encode(f'{name}:{password}'.encode(encoding)).decode()}"}


ANNA = credentials("anna", "s3cret: ä €")


def password_file(folder: Path, text: str = "anna:s3cret: ä €\n\nJürgen:größer\r\n") -> Path:
    file = folder / "passwords"
    file.write_bytes(text.encode())
    file.chmod(0o600)
    return file


class TestLogin:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/"),
            ("HEAD", "/"),
            ("GET", "/healthz"),
            ("GET", "/config"),
            ("GET", PASSAGE),
            ("GET", "/no/such/page"),
            ("POST", "/gradio_api/call/ask"),
            ("POST", "/gradio_api/upload"),
        ],
    )
    def test_nothing_is_told_without_a_password(self, locked: TestClient, method: str, path: str) -> None:
        response = locked.request(method, path)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Basic realm="careerbot", charset="UTF-8"'
        assert "careerbot" not in response.text
        _assert_secure(response.headers)

    @pytest.mark.parametrize(
        "right",
        [
            pytest.param(ANNA, id="with-a-colon-and-signs"),
            pytest.param(credentials("Jürgen", "größer"), id="umlauts"),
            pytest.param(credentials("anna", "s3cret: ä €", "basic"), id="scheme-in-small-letters"),
            pytest.param(credentials("anna", "s3cret: ä €", "BASIC "), id="two-spaces"),
        ],
    )
    def test_the_right_password_opens_everything(self, locked: TestClient, right: dict[str, str]) -> None:
        assert locked.get("/healthz", headers=right).status_code == 200
        assert "careerbot" in locked.get("/", headers=right).text
        asked = locked.post("/gradio_api/call/ask", json={"data": [PAY, []]}, headers=right).json()
        assert PAID in locked.get(f"/gradio_api/call/ask/{asked['event_id']}", headers=right).text

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param(credentials("anna", "wrong"), id="wrong-password"),
            pytest.param(credentials("anna", ""), id="no-password"),
            pytest.param(credentials("anna", "s3cret: ä € "), id="one-space-more"),
            pytest.param(credentials("Anna", "s3cret: ä €"), id="name-in-other-case"),
            pytest.param(credentials("bernd", "s3cret: ä €"), id="unknown-name"),
            pytest.param(credentials("bernd", ""), id="unknown-name-and-no-password"),
            pytest.param(credentials("", ""), id="nothing"),
            pytest.param(credentials("", "s3cret: ä €"), id="no-name"),
            pytest.param(credentials("anna", "größer"), id="password-of-another"),
            pytest.param(credentials("Jürgen", "größer", encoding="latin-1"), id="other-encoding"),
            pytest.param(credentials("anna", "s3cret: ä €", "Bearer"), id="other-scheme"),
            pytest.param({"authorization": ANNA["authorization"].removeprefix("Basic ")}, id="no-scheme"),
            pytest.param({"authorization": "Basic"}, id="only-a-scheme"),
            pytest.param({"authorization": ""}, id="empty"),
            pytest.param({"authorization": "Basic anna:s3cret"}, id="not-encoded"),
            pytest.param({"authorization": "Basic ////"}, id="no-text"),
            pytest.param({"authorization": ANNA["authorization"] + "!"}, id="something-after-it"),
        ],
    )
    def test_a_wrong_one_opens_nothing_and_all_are_told_the_same(
        self, locked: TestClient, wrong: dict[str, str]
    ) -> None:
        response = locked.get("/healthz", headers=wrong)
        assert (response.status_code, response.text) == (401, "a name and a password are needed")
        assert "www-authenticate" in response.headers

    def test_after_ten_wrong_ones_an_address_must_wait_and_no_other(self, locked: TestClient) -> None:
        wrong = credentials("anna", "wrong")
        assert {locked.get("/healthz", headers=wrong).status_code for _ in range(10)} == {401}
        for headers in (wrong, ANNA, {}, {**ANNA, "x-forwarded-for": "1.2.3.4", "x-real-ip": "1.2.3.4"}):
            response = locked.get("/healthz", headers=headers)
            assert (response.status_code, response.text) == (429, "too many wrong passwords; try again in a minute")
            _assert_secure(response.headers)
        assert locked.get("/healthz", headers={**ANNA, "test-address": "198.51.100.2"}).status_code == 200

    def test_right_passwords_and_none_are_not_counted(self, locked: TestClient) -> None:
        for _ in range(20):
            assert locked.get("/healthz", headers=ANNA).status_code == 200
            assert locked.get("/healthz").status_code == 401
        assert locked.get("/healthz", headers=ANNA).status_code == 200

    def test_another_site_cannot_use_up_the_tries_of_its_visitor(self, locked: TestClient) -> None:
        wrong = {**credentials("anna", "wrong"), "origin": "http://evil.example"}
        assert {locked.get("/healthz", headers=wrong).status_code for _ in range(20)} == {403}
        assert locked.get("/healthz", headers=ANNA).status_code == 200

    def test_without_a_file_there_is_no_login(self, page: TestClient) -> None:
        assert page.get("/healthz", headers=credentials("anna", "wrong")).status_code == 200


class TestPasswordFile:
    def test_names_and_passwords_are_read_as_they_stand(self, tmp_path: Path) -> None:
        file = password_file(tmp_path, "\ufeffanna: a:b \n\n  \nJürgen:größer\r\n")
        assert read_passwords(file) == {"anna": " a:b ", "Jürgen": "größer"}

    def test_no_file_is_no_password(self) -> None:
        assert read_passwords(None) == {}

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            pytest.param("", "holds no name:password line", id="empty"),
            pytest.param("\n  \n", "holds no name:password line", id="blank"),
            pytest.param("anna:a\nbernd\n", ", line 2: expected name:password", id="no-colon"),
            pytest.param("anna:\n", ", line 1: expected name:password", id="no-password"),
            pytest.param(":secret\n", ", line 1: expected name:password", id="no-name"),
            pytest.param("anna:a\n\nanna:b\n", ", line 3: this name has a password already", id="twice"),
        ],
    )
    def test_what_is_no_password_file_is_one_line_without_its_secrets(
        self, tmp_path: Path, text: str, told: str
    ) -> None:
        file = password_file(tmp_path, text)
        with pytest.raises(InputError) as error:
            read_passwords(file)
        assert str(error.value).startswith(f"the password file {file}")
        assert str(error.value).endswith(told)
        assert "secret" not in str(error.value)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o601], ids=oct)
    def test_a_file_that_others_may_read_or_write_is_refused(self, tmp_path: Path, mode: int) -> None:
        file = password_file(tmp_path)
        file.chmod(mode)
        with pytest.raises(
            InputError, match=f"^the password file {file} may be read by others; run: chmod 600 {file}$"
        ):
            read_passwords(file)

    @pytest.mark.parametrize("mode", [0o600, 0o400], ids=oct)
    def test_a_file_for_its_owner_alone_is_read(self, tmp_path: Path, mode: int) -> None:
        file = password_file(tmp_path)
        file.chmod(mode)
        assert set(read_passwords(file)) == {"anna", "Jürgen"}

    def test_a_file_that_is_not_there_is_one_line(self, tmp_path: Path) -> None:
        file = tmp_path / "nothing"
        with pytest.raises(InputError, match=f"^cannot read the password file {file}: No such file or directory$"):
            read_passwords(file)

    def test_a_folder_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=f"^cannot read the password file {tmp_path}: Is a directory$"):
            read_passwords(tmp_path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
    def test_a_file_that_cannot_be_read_is_one_line(self, tmp_path: Path) -> None:
        file = password_file(tmp_path)
        file.chmod(0)
        with pytest.raises(InputError, match=f"^cannot read the password file {file}: Permission denied$"):
            read_passwords(file)

    def test_a_file_that_is_no_text_is_one_line(self, tmp_path: Path) -> None:
        file = password_file(tmp_path)
        file.write_bytes("Jürgen:größer".encode("latin-1"))
        with pytest.raises(InputError, match=r"it is not UTF-8 text; save it as UTF-8$"):
            read_passwords(file)


class TestQuestionsPerMinute:
    def test_one_too_many_is_told_in_the_chat_which_stays_as_it_was(self, limited: TestClient) -> None:
        turns = said(PAY)
        for _ in range(2):
            assert PAID in last_words(event(limited, "answered", turns)[0])
        chat = event(limited, "answered", [*turns, *said("Ours.", role="assistant"), *said("And now?")])[0]
        assert last_words(chat) == TOO_MANY
        assert [turn["content"][0]["text"] for turn in chat[:-1]] == [PAY, "Ours.", "And now?"]

    def test_programs_count_too_as_they_ask_the_same(self, limited: TestClient) -> None:
        assert PAID in program(limited, PAY, [])
        event(limited, "answered", said(PAY))
        assert TOO_MANY in program(limited, PAY, [])

    @pytest.mark.parametrize(
        "header", ["x-forwarded-for", "x-real-ip", "forwarded", "client-ip", "true-client-ip", "cf-connecting-ip"]
    )
    def test_a_header_does_not_make_another_address(self, limited: TestClient, header: str) -> None:
        told = [program(limited, PAY, [], **{header: f"203.0.113.{number}"}) for number in range(3)]
        assert [TOO_MANY in stream for stream in told] == [False, False, True]

    def test_each_address_is_counted_by_itself(self, limited: TestClient) -> None:
        for address in ("198.51.100.1", "198.51.100.2", "2001:db8::1"):
            told = [program(limited, PAY, [], **{"test-address": address}) for _ in range(3)]
            assert [TOO_MANY in stream for stream in told] == [False, False, True]

    @pytest.mark.slow
    def test_nought_is_no_limit(self, bot: Careerbot) -> None:
        with visitor(app_for(bot, questions_per_minute=0)) as client:
            default = int(Settings.model_fields["questions_per_minute"].default)
            assert not any("at most" in program(client, PAY, []) for _ in range(default + 5))

    def test_what_is_refused_is_not_counted_again(self, limited: TestClient) -> None:
        """Or whoever goes on asking would be locked out for good."""
        assert [TOO_MANY in program(limited, PAY, []) for _ in range(5)] == [False, False, True, True, True]

    @pytest.mark.parametrize("now", [1.0, 4e9], ids=["back", "on"])
    def test_a_clock_that_jumps_neither_lifts_the_limit_nor_locks_anybody_out(
        self, limited: TestClient, monkeypatch: pytest.MonkeyPatch, now: float
    ) -> None:
        assert PAID in program(limited, PAY, [])
        monkeypatch.setattr("time.time", lambda: now)
        assert [TOO_MANY in program(limited, PAY, []) for _ in range(2)] == [False, True]

    def test_a_hand_out_is_one_question_as_it_asks_them_all_anew(self, limited: TestClient) -> None:
        turns = said(*[f"What does baker {number} earn?" for number in range(10)])
        shown = event(limited, "offered", turns)
        assert shown[-1].count("<article>") == 10
        assert event(limited, "made", turns, ["What does baker 3 earn?"])[-1].count("<article>") == 1
        assert event(limited, "offered", turns) == TOO_MANY
        assert TOO_MANY in program(limited, PAY, [])

    def test_a_rating_is_one_question_too(self, limited: TestClient) -> None:
        """It stores an answer, which is asked anew."""
        chat = [*said(PAY), *said("Ours.", role="assistant")]
        told = []
        for liked in (True, False, "Wrong source"):
            body = {
                "fn_index": handler(limited, "rated"),
                "data": [chat, None],
                "event_data": {"index": 1, "value": "Ours.", "liked": liked},
                "session_hash": "abc",
            }
            limited.post("/gradio_api/queue/join", json=body).raise_for_status()
            told.append(limited.get("/gradio_api/queue/data", params={"session_hash": "abc"}).text)
        assert ['"success":true' in stream for stream in told] == [True, True, False]
        assert TOO_MANY in told[-1]

    def test_reading_and_comparing_ask_nothing_and_are_not_counted(self, limited: TestClient) -> None:
        for _ in range(4):
            assert "<mark>baker</mark>" in event(limited, "read", "baker", "baker")[1].lower()
            assert "<table" in event(limited, "compared", "State", ["Oregon", "Vermont"])[0]
            assert limited.get(PASSAGE).status_code == 200
        assert PAID in program(limited, PAY, [])


class _Waiting(WordEncoder):
    """An encoder that takes its time once it is told to: it waits until somebody says go."""

    def __init__(self) -> None:
        super().__init__()
        self.slow, self.began, self.go = threading.Event(), threading.Event(), threading.Event()

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        if self.slow.is_set():
            self.began.set()
            assert self.go.wait(10), "nobody said go: the server was busy with the question"
        return super().encode(texts, progress)


def test_a_slow_question_does_not_keep_others_from_the_page(bot: Careerbot) -> None:
    encoder = _Waiting()
    with visitor(app_for(Careerbot(bot.index, encoder, bot.settings))) as client:
        encoder.slow.set()
        asked = client.post("/gradio_api/call/ask", json={"data": ["What do beekeepers sell?", []]}).json()
        assert encoder.began.wait(10)
        for path in ("/healthz", PASSAGE, "/"):
            assert client.get(path).status_code == 200
        encoder.go.set()
        assert "900 kilos" in client.get(f"/gradio_api/call/ask/{asked['event_id']}").text


def test_those_who_wait_are_not_told_of_every_answer(bot: Careerbot) -> None:
    encoder, many = _Waiting(), 10
    with visitor(app_for(Careerbot(bot.index, encoder, bot.settings), concurrency=1)) as client:
        encoder.slow.set()
        body = {"fn_index": handler(client, "ask"), "session_hash": "abc", "data": ["What do beekeepers sell?", []]}
        for _ in range(many):
            client.post("/gradio_api/queue/join", json=body).raise_for_status()
        encoder.go.set()
        told = client.get("/gradio_api/queue/data", params={"session_hash": "abc"}).text
    assert told.count('"process_completed"') == many
    assert told.count('"estimation"') < 3 * many  # 46, were all told of each


@pytest.mark.slow
def test_the_memory_of_a_server_does_not_grow_with_those_who_asked(
    bot: Careerbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(careerbot.web, "_SESSIONS", 3)

    def held() -> int:
        return sum(type(one).__name__ == "SessionState" for one in gc.get_objects())

    with visitor(app_for(bot)) as client:
        before = held()
        for _ in range(6):
            assert PAID in program(client, PAY, [])
        assert 0 < held() - before <= 3


WORD = "xylophone"  # that nobody else says


def test_nothing_of_what_people_ask_is_held_after_the_answer(bot: Careerbot) -> None:
    with visitor(app_for(bot)) as client:
        assert PAID in last_words(event(client, "answered", said(f"My {WORD}-maker.", PAY))[0])
        states = [vars(one) for one in gc.get_objects() if type(one).__name__ == "SessionState"]
    assert states
    assert not [one for one in states if f"{WORD}-maker" in repr(one)]


def test_nothing_of_what_people_ask_is_logged(
    bot: Careerbot, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    question = f"What does a baker earn for a {WORD}?"
    with visitor(app_for(bot, feedback=tmp_path / "ratings.sqlite")) as client:
        assert PAID in last_words(event(client, "answered", said(f"My {WORD}.", question))[0])
        assert WORD in program(client, question, [question])
        assert WORD in event(client, "offered", said(question))[-1]
        for data in ([question], [question, 5], [{WORD: 1}, []], [WORD * 200, []]):
            assert "event: error" in program(client, *data)
        for name, wrong in (
            ("answered", question),
            ("answered", [{WORD: question}]),
            ("answered", [{"role": "user", "content": [{"type": "text", "text": {WORD: 1}}]}]),
            ("reread", [[question]]),
            ("made", said(question)),
            ("read", WORD),
        ):
            event(client, name, wrong, [WORD])
        client.get("/passage", params={"document": WORD, "start": "0", "end": WORD})
        client.post("/gradio_api/call/ask", content=f'{{"data": [{WORD}'.encode())
        client.get(f"/{WORD}", headers={"host": WORD})
    out, err = capfd.readouterr()
    # The client of the test logs its own requests.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert [line for line in (*out.splitlines(), *err.splitlines(), *logged) if WORD in line.lower()] == []


class TestServe:
    def test_a_port_in_use_is_one_line_that_says_what_to_do(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            expected = rf"^cannot listen on 127\.0\.0\.1:{port} \(.*\); choose another --port or --host$"
            with pytest.raises(InputError, match=expected):
                serve(Settings(index=tmp_path / "none", port=port))

    @pytest.mark.parametrize(
        "host",
        [
            pytest.param("203.0.113.1", id="of-another"),
            pytest.param("no such host", id="no-name"),
            pytest.param("..", id="only-dots"),
            pytest.param("ä" * 70, id="too-long-to-be-encoded"),
            pytest.param("fe80::1%nowhere", id="no-such-network"),
        ],
    )
    def test_an_address_that_is_not_ours_is_one_line(self, tmp_path: Path, host: str) -> None:
        with pytest.raises(
            InputError, match=r"^cannot listen on [^\n]*:0 \([^\n]+\); choose another --port or --host$"
        ):
            serve(Settings(index=tmp_path / "none", host=host, port=0))

    def test_an_address_with_colons_is_shown_in_brackets(self) -> None:
        with pytest.raises(InputError, match=r"^cannot listen on \[2001:db8::1\]:0 "):
            listen("2001:db8::1", 0)

    @pytest.mark.parametrize(
        ("settings", "told"),
        [
            pytest.param({"password_file": "nowhere"}, "cannot read the password file", id="password-file"),
            pytest.param({"allowed_hosts": "https://careers.example"}, "allowed_hosts: expected", id="allowed-hosts"),
        ],
    )
    def test_a_wrong_setting_is_told_before_an_index_is_opened(
        self, tmp_path: Path, settings: dict[str, Any], told: str
    ) -> None:
        with pytest.raises(InputError, match=told):
            serve(Settings(index=tmp_path / "none", port=0, **settings))

    def test_without_an_index_the_port_is_given_back(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(careerbot.pipeline, "SentenceEncoder", WordEncoder)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(IndexUnusable):
            serve(Settings(index=tmp_path / "none", port=port))
        listen("127.0.0.1", port).close()


class TestCommand:
    def test_help_names_what_can_be_chosen(self) -> None:
        shown = CliRunner().invoke(cli, ["serve", "--help"])
        assert shown.exit_code == 0
        for word in ("Run the web app", "--host", "--port", "--index", "7860", "127.0.0.1"):
            assert word in shown.stdout

    @pytest.mark.parametrize(
        ("arguments", "variables", "told"),
        [
            pytest.param(["--port", "70000"], {}, "port: ", id="port"),
            pytest.param(["--port", "-1"], {}, "port: ", id="negative-port"),
            pytest.param(["--host", ""], {}, "host: ", id="empty-host"),
            pytest.param([], {"QUEUE": "0"}, "queue: ", id="queue"),
            pytest.param([], {"CONCURRENCY": "many"}, "concurrency: ", id="concurrency"),
            pytest.param([], {"QUESTIONS_PER_MINUTE": "-1"}, "questions_per_minute: ", id="questions-per-minute"),
            pytest.param([], {"TITLE": "x" * 61}, "title: ", id="title"),
            pytest.param([], {"PASSWORD_FILE": "/no/such/file"}, "cannot read the password file", id="password-file"),
            pytest.param([], {"ALLOWED_HOSTS": "a:1"}, "allowed_hosts: ", id="allowed-hosts"),
        ],
    )
    def test_a_wrong_setting_is_one_line(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        arguments: list[str],
        variables: dict[str, str],
        told: str,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for name, value in variables.items():
            monkeypatch.setenv(f"CAREERBOT_{name}", value)
        done = CliRunner().invoke(cli, ["serve", *arguments])
        assert done.exit_code == CareerbotError.exit_code
        assert (done.stdout, done.stderr.count("\n")) == ("", 1)
        assert done.stderr.startswith("careerbot: ")
        assert told in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 1.5], ids=["while-it-warms-up", "while-it-checks-suggestions"])
def test_an_interrupt_ends_the_server_in_order(real_index: Path, seconds: float) -> None:
    command = [str(Path(sys.executable).with_name("careerbot")), "serve", "--port", "0", "--index", str(real_index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline().startswith("careerbot is at http://127.0.0.1:")
            time.sleep(seconds)
            running.send_signal(signal.SIGINT)
            _, told = running.communicate(timeout=60)
        finally:
            running.kill()
    assert (running.returncode, told) == (130, "careerbot: stopped\n")
