from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from model_server import FAULTS, ModelServer, model_server

from careerbot import InputError, Settings, StorageError
from careerbot.models import MAX_TOKENS, ChatModel, ModelFailed

ASKED = [("system", "Be short."), ("human", "How long is a shift?")]
SAID = "A shift lasts eight hours. [1]\nIt begins at three. [1]"
SLOW = {"sleeps", "stalls", "drips", "trickles"}
KEY = "sk-very-secret-key"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        running.says = lambda asked: SAID
        yield running


def model(server: ModelServer, folder: Path, **given: Any) -> ChatModel:
    settings: dict[str, Any] = {"index": folder, "model": "openai:toy-1", "model_url": server.url, **given}
    return ChatModel(Settings(**settings))


def soon(seconds: float = 5) -> float:
    return time.monotonic() + seconds


class TestAnswers:
    def test_it_comes_in_pieces_with_the_name_that_the_server_gives(self, server: ModelServer, tmp_path: Path) -> None:
        chat = model(server, tmp_path)
        assert chat.name == "toy-1"
        pieces = [piece for piece in chat.stream(ASKED, soon()) if piece]
        assert "".join(pieces) == SAID
        assert len(pieces) > 3
        assert chat.name == "toy-1 (toy-2)"
        assert f"http://{chat.host}/v1" == server.url

    def test_the_server_gets_the_messages_and_no_more(self, server: ModelServer, tmp_path: Path) -> None:
        model(server, tmp_path).whole(ASKED, soon())
        [request] = server.requests
        assert [(one["role"], one["content"]) for one in request["messages"]] == [
            ("system", "Be short."),
            ("user", "How long is a shift?"),
        ]
        assert request["model"] == "toy-1"
        assert request["stream"] is True
        assert MAX_TOKENS in (request.get("max_tokens"), request.get("max_completion_tokens"))

    def test_the_same_messages_get_the_same_answer_without_a_second_request(
        self, server: ModelServer, tmp_path: Path
    ) -> None:
        chat = model(server, tmp_path)
        assert chat.whole(ASKED, soon()) == SAID
        server.says = lambda asked: "Something else. [1]"
        assert chat.whole(ASKED, soon()) == SAID
        assert chat.whole([*ASKED, ("human", "And now?")], soon()) == "Something else. [1]"
        assert len(server.requests) == 2

    def test_what_failed_is_not_kept(self, server: ModelServer, tmp_path: Path) -> None:
        chat = model(server, tmp_path)
        server.fault, server.faults = "length", 1
        with pytest.raises(ModelFailed):
            chat.whole(ASKED, soon())
        assert chat.whole(ASKED, soon()) == SAID

    @pytest.mark.parametrize(
        "provider", ["openai", *(pytest.param(name, marks=pytest.mark.slow) for name in ("ollama", "anthropic"))]
    )
    def test_every_provider_that_has_an_extra_is_understood(
        self, server: ModelServer, tmp_path: Path, provider: str
    ) -> None:
        chat = model(server, tmp_path, model=f"{provider}:toy-1", model_url=server.url.removesuffix("/v1"))
        if provider == "openai":
            chat = model(server, tmp_path)
        assert chat.whole(ASKED, soon()) == SAID
        assert chat.name == "toy-1 (toy-2)"
        assert chat.spent() == 42


@pytest.mark.faults
class TestFaults:
    @pytest.mark.parametrize("fault", sorted(FAULTS.keys() - SLOW - {""}))
    def test_every_fault_is_one_error_in_words_of_ours(
        self, server: ModelServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
    ) -> None:
        caplog.set_level(logging.INFO)
        server.fault = fault
        chat = model(server, tmp_path, model_key=KEY)
        if fault == "blank content":
            assert chat.whole(ASKED, soon()).strip() == ""
            return
        with pytest.raises(ModelFailed) as failed:
            chat.whole(ASKED, soon())
        assert str(failed.value).startswith("it")
        assert failed.value.__cause__ is None
        told = str(failed.value) + caplog.text
        assert "SECRET" not in told
        assert KEY not in told
        assert any(KEY in str(headers) for headers in server.headers)  # the key was really in use

    @pytest.mark.parametrize("fault", sorted(SLOW))
    def test_a_server_that_does_not_end_costs_the_time_that_there_is_and_no_more(
        self, server: ModelServer, tmp_path: Path, fault: str
    ) -> None:
        server.fault = fault
        started = time.monotonic()
        with pytest.raises(ModelFailed, match="did not answer in time"):
            model(server, tmp_path).whole(ASKED, soon(0.6))
        assert 0.5 < time.monotonic() - started < 2

    @pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "https://nowhere.invalid/v1"])
    def test_a_server_that_is_not_there_cannot_be_reached(self, tmp_path: Path, address: str) -> None:
        chat = ChatModel(Settings(index=tmp_path, model="openai:toy", model_url=address))
        with pytest.raises(ModelFailed, match=r"could not be reached|in time"):  # looking for a name may take long
            chat.whole(ASKED, soon())

    def test_a_stream_without_end_is_stopped_and_its_connection_closed(
        self, server: ModelServer, tmp_path: Path
    ) -> None:
        server.fault = "endless"
        with pytest.raises(ModelFailed, match="no end"):
            model(server, tmp_path).whole(ASKED, soon(20))
        wait_for(lambda: server.ended == ["gone"])

    def test_who_stops_reading_ends_the_request(self, server: ModelServer, tmp_path: Path) -> None:
        server.fault = "endless"
        stream: Any = model(server, tmp_path).stream(ASKED, soon(20))
        assert next(stream)
        stream.close()
        wait_for(lambda: server.ended == ["gone"])

    def test_while_nothing_comes_who_waits_is_given_turns_to_leave(self, server: ModelServer, tmp_path: Path) -> None:
        server.fault = "sleeps"
        stream: Any = model(server, tmp_path).stream(ASKED, soon(20))
        started = time.monotonic()
        assert [next(stream), next(stream)] == ["", ""]
        assert time.monotonic() - started < 1
        stream.close()


@pytest.mark.faults
class TestTooMany:
    def test_a_server_that_names_a_short_wait_is_tried_once_more(self, server: ModelServer, tmp_path: Path) -> None:
        server.fault, server.faults = "429 at once", 1
        assert model(server, tmp_path).whole(ASKED, soon()) == SAID
        assert len(server.requests) == 2

    def test_and_no_third_time(self, server: ModelServer, tmp_path: Path) -> None:
        server.fault = "429 at once"
        with pytest.raises(ModelFailed, match="takes no more questions now"):
            model(server, tmp_path).whole(ASKED, soon())
        assert len(server.requests) == 2

    @pytest.mark.parametrize("fault", ["429", "429 in 30 s", "429 someday", "429 never"])
    def test_a_wait_that_the_time_has_no_room_for_is_not_waited_and_the_server_left_alone(
        self, server: ModelServer, tmp_path: Path, fault: str
    ) -> None:
        server.fault = fault
        chat = model(server, tmp_path)
        for reason in ("takes no more questions now", "left alone"):
            with pytest.raises(ModelFailed, match=reason):
                chat.whole(ASKED, soon())
        assert len(server.requests) == 1

    def test_after_three_failures_it_is_left_alone_for_a_minute(
        self, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.fault, server.faults = "500", 3
        chat = model(server, tmp_path)
        for reason in ("its server failed",) * 3 + ("left alone",) * 2:
            with pytest.raises(ModelFailed, match=reason):
                chat.whole(ASKED, soon())
        assert len(server.requests) == 3
        later = time.monotonic() + 61
        monkeypatch.setattr("careerbot.models.time.monotonic", lambda: later)
        assert chat.whole(ASKED, later + 5) == SAID

    def test_one_success_forgets_the_failures_before(self, server: ModelServer, tmp_path: Path) -> None:
        chat = model(server, tmp_path)
        for number, fault in enumerate(["500", "500", "", "500", "500", ""]):
            server.fault = fault
            try:
                assert chat.whole([("human", str(number))], soon()) == SAID
            except ModelFailed as failed:
                assert "its server failed" in str(failed)
        assert len(server.requests) == 6

    def test_tokens_of_a_day_are_counted_as_the_server_counts_them(self, server: ModelServer, tmp_path: Path) -> None:
        chat = model(server, tmp_path, model_tokens_per_day=MAX_TOKENS + 60)
        chat.whole(ASKED, soon())
        assert chat.spent() == 42
        chat.whole([*ASKED, ("human", "?")], soon())
        with pytest.raises(ModelFailed, match="tokens of today are used up"):
            chat.whole([*ASKED, ("human", "??")], soon())
        assert len(server.requests) == 2

    def test_what_cannot_be_counted_is_not_spent(self, server: ModelServer, tmp_path: Path) -> None:
        chat = model(server, tmp_path)
        for file in tmp_path.glob("model-tokens*"):
            file.unlink()
            file.mkdir()
        with pytest.raises(ModelFailed, match="cannot be counted"):
            chat.whole(ASKED, soon())
        assert server.requests == []


WRONG = [
    pytest.param({"model": "llama"}, "expected provider:name", id="no-provider"),
    pytest.param({"model": "openai:"}, "expected provider:name", id="no-name"),
    pytest.param({"model": ":x"}, "expected provider:name", id="nothing-before-the-colon"),
    pytest.param({"model": "nobody:x"}, "is of no provider that LangChain knows", id="unknown-provider"),
    pytest.param({"model": "groq:x"}, "needs: pip install 'langchain-groq'", id="provider-not-installed"),
    pytest.param({"model": "openai:x"}, "has no key: set OPENAI_API_KEY or CAREERBOT_MODEL_KEY", id="no-key"),
    pytest.param({"model_url": "http://example.org/v1"}, "must be asked by https", id="plain-http"),
    pytest.param({"model_url": "http://192.168.1.7/v1"}, "must be asked by https", id="plain-http-next-door"),
    pytest.param({"model_url": "http://169.254.169.254/latest"}, "must be asked by https", id="metadata"),
    pytest.param(
        {"model_url": "https://169.254.169.254/latest"}, "no address of a model's server", id="metadata-https"
    ),
    pytest.param({"model_url": "http://[::ffff:169.254.169.254]/"}, "must be asked by https", id="metadata-mapped"),
    pytest.param({"model_url": "https://[::ffff:169.254.169.254]/"}, "no address of a", id="metadata-mapped-https"),
    pytest.param({"model_url": "http://0.0.0.0/v1"}, "must be asked by https", id="any-address"),
    pytest.param({"model_url": "http://localhost.example.org/"}, "must be asked by https", id="like-localhost"),
    pytest.param({"model_url": "http://127.0.0.1@example.org/"}, "without a login in it", id="login-like-loopback"),
    pytest.param({"model_url": "https://me:secret@example.org/"}, "without a login in it", id="login"),
    pytest.param({"model_url": "ftp://127.0.0.1/"}, "must be asked by https", id="another-protocol"),
    pytest.param({"model_url": "file:///etc/passwd"}, "expected an address such as", id="file"),
    pytest.param({"model_url": "127.0.0.1:11434"}, "expected an address such as", id="no-protocol"),
    pytest.param({"model_url": "http://127.0.0.1:99999/"}, "expected an address such as", id="no-such-port"),
]


@pytest.mark.parametrize(("given", "told"), WRONG)
def test_a_model_that_cannot_be_used_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], told: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError) as refused:
        ChatModel(Settings(**{"index": tmp_path, "model": "openai:x", **given}))
    assert told in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.slow
def test_ollama_is_asked_on_this_machine_whatever_its_own_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://evil.example:11434")
    chat = ChatModel(Settings(index=tmp_path, model="ollama:toy"))
    assert (chat.name, chat.host) == ("toy", "127.0.0.1:11434")
    assert chat._chat.base_url == "http://127.0.0.1:11434"


@pytest.mark.slow
def test_anthropic_without_a_key_is_refused_and_with_one_asked_at_its_own_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://evil.example")
    with pytest.raises(InputError, match="set ANTHROPIC_API_KEY or CAREERBOT_MODEL_KEY"):
        ChatModel(Settings(index=tmp_path, model="anthropic:toy"))
    chat = ChatModel(Settings.model_validate({"index": tmp_path, "model": "anthropic:toy", "model_key": KEY}))
    assert chat.host == "api.anthropic.com"
    assert chat._chat.anthropic_api_url == "https://api.anthropic.com"


@pytest.mark.parametrize("address", ["http://localhost:1/v1", "http://127.0.0.2:1/v1", "http://[::1]:1/v1"])
def test_plain_http_goes_to_this_machine(tmp_path: Path, address: str) -> None:
    assert ChatModel(Settings(index=tmp_path, model="openai:x", model_url=address)).host in address


def test_the_address_that_a_variable_of_the_provider_names_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.setenv(name, "http://evil.example/v1")
    chat = ChatModel(Settings(index=tmp_path, model="openai:x", model_key=KEY))
    assert chat.host == "api.openai.com"
    assert "api.openai.com" in str(chat._chat.root_async_client.base_url)


def test_the_key_of_the_provider_is_not_sent_to_another_server(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model(server, tmp_path).whole(ASKED, soon())
    assert KEY not in str(server.headers)


def test_a_tracing_host_that_the_environment_names_gets_nothing(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with model_server() as tracing:
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", tracing.url)
        monkeypatch.setenv("LANGSMITH_API_KEY", "x")
        assert model(server, tmp_path).whole(ASKED, soon()) == SAID
        assert [thread.name for thread in threading.enumerate() if "tracing" in thread.name.lower()] == []
        assert tracing.requests == []


def test_an_index_folder_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot count the tokens"):
        ChatModel(Settings(index=tmp_path / "none", model="openai:x", model_url="http://127.0.0.1:1/v1"))


def wait_for(held: Any) -> None:
    until = time.monotonic() + 5
    while not held() and time.monotonic() < until:
        time.sleep(0.01)
    assert held()
