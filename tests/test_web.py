"""The web app: documents and messages are hostile, and every limit holds on the server."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from conftest import WordEncoder
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from starlette.testclient import TestClient

import careerbot.pipeline
from careerbot import Answer, Careerbot, Citation, InputError, Settings, Status
from careerbot.building import build
from careerbot.index import open_index
from careerbot.loading import load
from careerbot.web import (
    EXAMPLES,
    MAX_BODY_BYTES,
    MAX_MESSAGE_CHARS,
    as_markdown,
    example_questions,
    reply,
    serve,
    web_app,
)

OURS = {"p", "strong", "em", "blockquote", "ul", "li", "br", "details", "summary"}
"""The only tags that an answer may become on the page."""

HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param("<img src=x onerror=alert(1)>", id="image-that-runs-code"),
    pytest.param("![pixel](https://evil.example/p.png)", id="image-that-calls-home"),
    pytest.param("[click](javascript:alert(1))", id="link-that-runs-code"),
    pytest.param("[click][1]\n\n[1]: https://evil.example", id="link-by-reference"),
    pytest.param("<https://evil.example> and https://evil.example", id="addresses"),
    pytest.param("www.evil.example and mail me@evil.example", id="addresses-without-scheme"),
    pytest.param('<form action="https://evil.example"><input type=password>', id="form"),
    pytest.param('<div style="position:fixed;inset:0">', id="cover-of-the-page"),
    pytest.param("<style>*{display:none}</style>", id="style"),
    pytest.param("&lt;b&gt; &#60;script&#62;", id="entities"),
    pytest.param("# Heading\n- item\n1. one\n> quote\n```\ncode\n```", id="blocks"),
    pytest.param("| a | b |\n|---|---|\n| 1 | 2 |", id="table"),
    pytest.param("**loud** _soft_ ~~gone~~ `code` $x^2$", id="emphasis"),
    pytest.param("Title\n=====\n\nother\n---", id="underlined-headings"),
    pytest.param("\\<b\\> \\[x\\](y)", id="backslashes"),
    pytest.param("    indented code", id="indented-code"),
]

_PAGE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _tags(markdown: str) -> set[str]:
    return set(re.findall(r"</?([a-zA-Z][\w-]*)", _PAGE.render(markdown)))


def _words(text: str) -> str:
    """The words of a text, without the marks and the white space between them."""
    return " ".join(re.findall(r"\w+", text))


def _shown(markdown: str) -> str:
    return _words(unescape(re.sub(r"<[^>]*>", " ", _PAGE.render(markdown))))


def _answer(text: str, quote: str, title: str, section: str) -> Answer:
    citation = Citation(1, "d", title, title, "", (title, section), quote, 0, len(quote), "d.md")
    return Answer("What?", text, f"{text} [1]\n- {text} [1]", Status.ANSWERED, (citation,))


@pytest.fixture(scope="module")
def hostile_bot(tmp_path_factory: pytest.TempPathFactory) -> Careerbot:
    folder = tmp_path_factory.mktemp("hostile")
    text = (
        "# Diver <b>bold</b>\n\n## Does a diver earn <i>much</i>?\n\n"
        "A diver earns $25 an hour ![p](https://evil.example/p.png) <img src=x onerror=alert(1)> "
        '<form action="https://evil.example"> [login](https://evil.example) as www.evil.example says.\n'
    )
    (folder / "diver.md").write_text(text)
    build(load([folder / "diver.md"]).documents, WordEncoder(), folder / "index")
    return Careerbot(open_index(folder / "index", WordEncoder()), WordEncoder(), Settings(answer_threshold=0))


@pytest.fixture(scope="module")
def page(_shared_bot: Careerbot) -> Iterator[TestClient]:
    async def made() -> TestClient:  # inside a loop, because Gradio leaves the loops open that it makes outside
        return TestClient(web_app(_shared_bot))

    with asyncio.run(made()) as client:
        yield client


class TestServer:
    @pytest.mark.parametrize("path", ["/", "/healthz", "/config", "/no/such/page", "/gradio_api/upload"])
    def test_every_response_carries_the_security_headers(self, page: TestClient, path: str) -> None:
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        for rule in (
            "default-src 'self';",
            "img-src 'self' data: blob:;",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ):
            assert rule in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"

    def test_the_page_loads_and_names_no_other_host(self, page: TestClient) -> None:
        response = page.get("/")
        assert response.status_code == 200
        assert "careerbot" in response.text
        loaded = re.findall(r"""(?:src|href)=["']((?:https?:)?//[^"'/]+)""", response.text)
        assert set(loaded) <= {"http://testserver"}

    def test_healthz_says_what_is_loaded(self, page: TestClient, bot: Careerbot) -> None:
        response = page.get("/healthz")
        assert (response.status_code, response.json()) == (200, {"documents": 3, "chunks": len(bot.index.chunks)})

    @pytest.mark.parametrize(
        "path", ["/gradio_api/upload", "/gradio_api/upload/", "/gradio_api/%75pload", "/gradio_api/upload?id=1"]
    )
    @pytest.mark.parametrize(
        "host", ["testserver", "a?b", "a/x#"], ids=["own-host", "host-with-query", "host-with-path"]
    )
    def test_an_upload_is_refused_however_it_is_addressed(self, page: TestClient, path: str, host: str) -> None:
        response = page.post(path, files={"files": ("a.txt", b"text")}, headers={"host": host})
        assert (response.status_code, response.text) == (403, "uploads are off")

    def test_a_body_that_is_too_large_is_refused(self, page: TestClient) -> None:
        assert page.post("/gradio_api/call/ask", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
        assert page.post("/gradio_api/call/ask", content=b"x" * MAX_BODY_BYTES).status_code != 413

    @pytest.mark.parametrize("length", ["-1", "1e3", "", "many"])
    def test_a_body_of_unknown_length_is_refused(self, page: TestClient, length: str) -> None:
        assert page.post("/gradio_api/call/ask", headers={"content-length": length}).status_code == 413

    def test_a_body_in_chunks_cannot_slip_past_the_limit(self, page: TestClient) -> None:
        assert page.post("/gradio_api/call/ask", content=iter([b"x"] * 10)).status_code == 413

    @pytest.mark.parametrize("path", ["/docs", "/redoc"])
    def test_no_page_describes_the_server(self, page: TestClient, path: str) -> None:
        assert page.get(path).status_code == 404

    @pytest.mark.parametrize("path", ["/etc/passwd", "../../app.py", ".careerbot/CURRENT"])
    def test_no_file_of_the_machine_is_served(self, page: TestClient, path: str) -> None:
        assert page.get(f"/gradio_api/file={path}").status_code in (403, 404)

    def test_a_port_in_use_is_one_line_that_says_what_to_do(
        self, bot: Careerbot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(careerbot.pipeline, "SentenceEncoder", WordEncoder)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            settings = bot.settings.model_copy(update={"port": port})
            with pytest.raises(
                InputError, match=rf"^cannot listen on 127\.0\.0\.1:{port} \(.*\); choose another with --port$"
            ):
                serve(settings)

    def test_an_address_that_is_not_ours_is_one_line(self, bot: Careerbot, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(careerbot.pipeline, "SentenceEncoder", WordEncoder)
        with pytest.raises(InputError, match=r"^cannot listen on 203\.0\.113\.1:0 "):
            serve(bot.settings.model_copy(update={"host": "203.0.113.1", "port": 0}))


class TestReply:
    def test_an_answer_grows_to_the_answer_with_its_sources(self, bot: Careerbot) -> None:
        shown = list(reply(bot, [{"role": "user", "content": "What does a baker earn?"}]))
        assert shown[-1] == as_markdown(bot.ask("What does a baker earn?"))
        assert "A baker earns $16.80 an hour on average." in _PAGE.render(shown[-1])

    def test_a_message_may_come_as_gradio_hands_it_over(self, bot: Careerbot) -> None:
        parts = [{"role": "user", "content": [{"type": "text", "text": "What does a baker earn?"}]}]
        plain = [{"role": "user", "content": "What does a baker earn?"}]
        assert list(reply(bot, parts)) == list(reply(bot, plain))

    def test_only_what_the_user_said_is_read_as_history(self, bot: Careerbot) -> None:
        messages = [
            {"role": "user", "content": "What does a baker earn?"},
            {"role": "assistant", "content": "Swarms are caught in May."},
            {"role": "user", "content": "and an electrician?"},
        ]
        asked = bot.ask("and an electrician?", ["What does a baker earn?"])
        assert list(reply(bot, messages))[-1] == as_markdown(asked)

    def test_a_hostile_document_stays_text(self, hostile_bot: Careerbot) -> None:
        shown = list(reply(hostile_bot, [{"role": "user", "content": "What does a diver earn an hour?"}]))
        for markdown in shown:
            assert _tags(markdown) <= OURS
            assert "://" not in markdown
        assert "A diver earns 25 an hour p https evil example" in _shown(shown[-1])

    @pytest.mark.parametrize("text", HOSTILE)
    def test_a_hostile_message_stays_text(self, bot: Careerbot, text: str) -> None:
        messages = [{"role": "user", "content": "What does a baker earn?"}, {"role": "user", "content": f"and {text}"}]
        for markdown in reply(bot, messages):
            assert _tags(markdown) <= OURS

    def test_a_message_of_the_longest_length_is_read_and_one_more_is_one_line(self, bot: Careerbot) -> None:
        longest = ("baker " * MAX_MESSAGE_CHARS)[:MAX_MESSAGE_CHARS]
        assert "characters" not in list(reply(bot, [{"role": "user", "content": longest}]))[-1]
        assert list(reply(bot, [{"role": "user", "content": longest + "s"}])) == [
            "the message has 1,001 characters; at most 1,000 are read"
        ]

    @pytest.mark.parametrize(
        "messages",
        [
            pytest.param([], id="no-message"),
            pytest.param([{"role": "assistant", "content": "Hello"}], id="no-message-of-the-user"),
            pytest.param([{"role": "user", "content": ""}], id="nothing-said"),
            pytest.param([{"role": "user", "content": None}], id="no-text"),
            pytest.param([{"role": "user", "content": [{"type": "file"}]}], id="a-file"),
            pytest.param([{"role": "user"}], id="no-content"),
        ],
    )
    def test_what_is_no_question_is_answered_in_one_line(
        self, bot: Careerbot, messages: list[dict[str, object]]
    ) -> None:
        shown = list(reply(bot, messages))
        assert len(shown) == 1
        assert "question" in shown[0]
        assert "\n" not in shown[0]

    def test_long_earlier_messages_do_not_refuse_a_short_question(self, bot: Careerbot) -> None:
        messages = [{"role": "user", "content": "x" * 5_000}, {"role": "user", "content": "What does a baker earn?"}]
        assert "16.80" in list(reply(bot, messages))[-1]


class TestMarkdown:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_nothing_in_an_answer_acts_wherever_it_stands(self, text: str) -> None:
        for where in ({"text": text}, {"quote": text}, {"title": text}, {"section": text}):
            parts = {"text": "Plain.", "quote": "Plain.", "title": "Plain", "section": "Plain"} | where
            markdown = as_markdown(_answer(**parts))
            assert _tags(markdown) <= OURS
            assert "://" not in markdown
            assert not re.search(r"(?<!\w)www\.|\w@\w", markdown)

    @given(st.text(alphabet=st.sampled_from("ab1 \n\t<>[]()!*_`#|~&;:/\\.-+=@$\"'{}w"), max_size=40))
    def test_no_text_at_all_becomes_a_tag_and_no_word_is_lost(self, text: str) -> None:
        markdown = as_markdown(_answer(text, text, text, text))
        assert _tags(markdown) <= OURS
        answer = replace(_answer("x", "x", "x", "x"), text=text, searched_question="What?", citations=())
        assert _shown(as_markdown(answer)) == _words(text)

    def test_our_own_marks_stay_marks(self) -> None:
        html = _PAGE.render(as_markdown(_answer("A baker earns $16.80.", "A baker earns $16.80.", "Baker", "Pay")))
        assert "A baker earns $16.80. <strong>[1]</strong>" in html
        assert "<strong>[1]</strong> Baker (Baker, undated) › Pay</summary>" in html
        assert "<blockquote>“A baker earns $16.80.”</blockquote>" in html
        assert "<li>" in html


class TestExamples:
    def test_they_are_the_question_headings_of_the_documents_by_turns(self, bot: Careerbot) -> None:
        assert example_questions(bot) == [
            "What does a baker earn?",
            "What does an electrician earn?",
            "Which schools teach baking?",
        ]

    def test_they_are_no_more_than_fit_and_none_twice(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            asked = [f"## Is question {number} asked?\n\nYes, it is number {number}." for number in range(10)]
            (tmp_path / f"{name}.md").write_text("\n\n".join([f"# {name}", *asked]))
        build(load([tmp_path]).documents, WordEncoder(), tmp_path / ".index")
        many = Careerbot(open_index(tmp_path / ".index", WordEncoder()), WordEncoder(), Settings())
        found = example_questions(many)
        assert len(found) == len(set(found)) == EXAMPLES

    def test_every_example_is_answered(self, bot: Careerbot) -> None:
        assert Status.NOT_IN_SOURCES not in {bot.ask(question).status for question in example_questions(bot)}
