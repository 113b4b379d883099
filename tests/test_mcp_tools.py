"""What other programs get: the MCP tools, and the web app asked as the README shows it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from conftest import WordEncoder, bot_over, write_corpus
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters, stdio_client, types
from typer.testing import CliRunner

from careerbot import Careerbot, Document
from careerbot.building import build
from careerbot.cli import app
from careerbot.contents import read_sources
from careerbot.embedding import Progress, SentenceEncoder, Vectors
from careerbot.loading import load
from careerbot.mcp_tools import MAX_QUESTION_CHARS, MAX_TURNS, server
from careerbot.rendering import as_json
from evals.load import served

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMAND = shutil.which("careerbot", path=str(Path(sys.executable).parent))

Mode = Literal["auto", "legacy"]
MODES = [pytest.param("auto", id="protocol-of-2026"), pytest.param("legacy", id="handshake-of-older-clients")]


def _call(bot: Careerbot, tool: str, arguments: dict[str, Any] | None = None, mode: Mode = "auto") -> Any:
    async def called() -> types.CallToolResult:
        async with Client(server(bot), mode=mode) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(called())


def _answer(result: types.CallToolResult) -> dict[str, Any]:
    """What a call gave; the time that it took, which differs, counts as 0."""
    assert not result.is_error
    assert isinstance(result.structured_content, dict)
    return {**result.structured_content, "latency_ms": 0}


def _error(result: types.CallToolResult) -> str:
    """The one line of a call that failed for the client's sake."""
    assert (result.is_error, result.structured_content, len(result.content)) == (True, None, 1)
    assert isinstance(result.content[0], types.TextContent)
    text = result.content[0].text
    assert text.splitlines() == [text]
    return text


class TestTools:
    @pytest.mark.parametrize("mode", MODES)
    def test_the_tools_are_listed_with_descriptions_and_schemas(self, bot: Careerbot, mode: Mode) -> None:
        async def listed() -> tuple[str | None, list[types.Tool]]:
            async with Client(server(bot), mode=mode) as client:
                return client.instructions, (await client.list_tools()).tools

        instructions, tools = asyncio.run(listed())
        assert "not_in_sources" in (instructions or "")
        assert [tool.name for tool in tools] == ["ask_career_question", "list_sources"]
        assert all(tool.description and tool.output_schema for tool in tools)
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        ask = tools[0].input_schema
        assert (ask["required"], set(ask["properties"])) == (["question"], {"question", "history"})
        assert ask["properties"]["question"]["maxLength"] == 1_000
        assert ask["properties"]["history"]["maxItems"] == 20
        assert ask["properties"]["history"]["items"] == {"type": "string", "maxLength": 1_000}

    def test_the_schema_names_every_key_of_an_answer(self, bot: Careerbot) -> None:
        async def schema() -> dict[str, Any]:
            async with Client(server(bot)) as client:
                return (await client.list_tools()).tools[0].output_schema or {}

        given = as_json(bot.ask("What does a baker earn?"))
        required = asyncio.run(schema())
        assert set(required["required"]) == set(given)
        assert set(required["properties"]["citations"]["items"]["required"]) == set(given["citations"][0])

    @pytest.mark.parametrize("mode", MODES)
    def test_an_answer_is_the_object_of_ask_json_with_its_citations(self, bot: Careerbot, mode: Mode) -> None:
        question = "What does a baker earn?"
        answer = _answer(_call(bot, "ask_career_question", {"question": question}, mode))
        assert answer == {**as_json(bot.ask(question)), "latency_ms": 0}
        assert answer["answer"].startswith("A baker earns $16.80 an hour on average. [1]")
        assert answer["citations"][0]["quote"] == "A baker earns $16.80 an hour on average."
        assert (answer["citations"][0]["source"], answer["citations"][0]["as_of"]) == ("baker", "2019")

    def test_a_client_that_reads_text_alone_gets_the_same(self, bot: Careerbot) -> None:
        result = _call(bot, "ask_career_question", {"question": "What does a baker earn, “about”?"})
        assert json.loads(result.content[0].text) == result.structured_content
        assert "“about”" in result.content[0].text

    @pytest.mark.parametrize("history", [[], None], ids=["empty", "null"])
    def test_no_history_is_no_mistake(self, bot: Careerbot, history: object) -> None:
        asked = {"question": "What does a baker earn?", "history": history}
        assert _answer(_call(bot, "ask_career_question", asked))["status"] == "answered"

    def test_a_follow_up_is_read_with_the_turns_before_it(self, bot: Careerbot) -> None:
        history = ["When are swarms caught?", "What does a baker earn?"]
        answer = _answer(_call(bot, "ask_career_question", {"question": "and an electrician?", "history": history}))
        assert answer == {**as_json(bot.ask("and an electrician?", history)), "latency_ms": 0}
        assert "earn" in answer["searched_question"]

    def test_a_refusal_is_an_answer_and_no_error(self, tmp_path: Path) -> None:
        silent = Document("painter", "Painter", "# Painter\n\n## How long does it take?\n\nSee what follows:\n", "p.md")
        answer = _answer(
            _call(bot_over(tmp_path, [silent]), "ask_career_question", {"question": "How long does it take?"})
        )
        assert (answer["status"], answer["citations"]) == ("not_in_sources", [])
        assert answer["answer"].startswith("The sources don't say.")

    def test_the_sources_are_those_that_the_terminal_lists(self, bot: Careerbot) -> None:
        listed = _call(bot, "list_sources").structured_content["sources"]
        assert [tuple(str(value) for value in row.values()) for row in listed] == read_sources(bot.settings.index)
        assert listed[0] == {
            "id": "baker",
            "title": "Baker",
            "publisher": "",
            "as_of": "2019",
            "sections": listed[0]["sections"],
            "chunks": listed[0]["chunks"],
        }
        assert all(0 < row["sections"] < row["chunks"] for row in listed)


class _WaitingEncoder(WordEncoder):
    """Encodes nothing before something else was heard."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Event()

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        assert self.heard.wait(timeout=10)
        return super().encode(texts, progress)


def test_the_client_is_heard_while_an_answer_is_made(bot: Careerbot) -> None:
    encoder = _WaitingEncoder()

    async def called() -> types.CallToolResult:
        async with Client(server(Careerbot(bot.index, encoder, bot.settings))) as client:
            first = asyncio.create_task(client.call_tool("ask_career_question", {"question": "What do bakers do?"}))
            await client.call_tool("list_sources")
            await client.call_tool("list_sources")
            encoder.heard.set()
            return await first

    assert not asyncio.run(called()).is_error


LONG = "b" * (MAX_QUESTION_CHARS + 1)
ASKED = "What does a baker earn?"
MISTAKES = [
    pytest.param({}, "the question must be text, not nothing", id="no-question"),
    pytest.param({"question": None}, "the question must be text, not nothing", id="null"),
    pytest.param({"question": 7}, "the question must be text, not int", id="number"),
    pytest.param({"question": [ASKED]}, "the question must be text, not list", id="list"),
    pytest.param({"question": {"text": ASKED}}, "the question must be text, not dict", id="object"),
    pytest.param({"question": LONG}, "the question has 1,001 characters; at most 1,000 are read", id="too-long"),
    pytest.param({"question": ""}, "the question is empty; ", id="empty"),
    pytest.param({"question": " \n"}, "the question is empty; ", id="white-space"),
    pytest.param({"question": "?!"}, "the question is empty; ", id="marks"),
    pytest.param({"question": ASKED, "history": ASKED}, "the history must be a list of the user's", id="history-text"),
    pytest.param({"question": ASKED, "history": ""}, "the history must be a list of the user's", id="history-empty"),
    pytest.param({"question": ASKED, "history": {"0": ASKED}}, "the history must be a list", id="history-object"),
    pytest.param({"question": ASKED, "history": [ASKED, 7]}, "turn 2 of the history must be text, not int", id="turn"),
    pytest.param(
        {"question": ASKED, "history": [{"role": "user", "content": ASKED}]},
        "turn 1 of the history must be text, not dict",
        id="turn-as-message",
    ),
    pytest.param({"question": ASKED, "history": [LONG]}, "turn 1 of the history has 1,001 characters", id="long-turn"),
    pytest.param(
        {"question": ASKED, "history": [ASKED] * (MAX_TURNS + 1)},
        "the history has 21 turns; at most 20 are read: send the last ones",
        id="long-history",
    ),
    pytest.param({"query": ASKED}, "ask_career_question takes question and history, not 'query'", id="other-name"),
    pytest.param({"question": ASKED, "a\nb": 1}, "ask_career_question takes question and history, not 'a", id="lines"),
]


class TestMistakes:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(("arguments", "told"), MISTAKES)
    def test_a_mistake_is_a_tool_error_of_one_line(
        self, bot: Careerbot, arguments: dict[str, Any], told: str, mode: Mode
    ) -> None:
        assert _error(_call(bot, "ask_career_question", arguments, mode)).startswith(told)

    def test_the_longest_question_and_history_are_read(self, bot: Careerbot) -> None:
        longest = "baker " * (MAX_QUESTION_CHARS // 6)
        longest += "b" * (MAX_QUESTION_CHARS - len(longest))
        asked = {"question": longest, "history": [longest] * MAX_TURNS}
        assert _answer(_call(bot, "ask_career_question", asked))["question"] == longest

    def test_list_sources_takes_nothing(self, bot: Careerbot) -> None:
        assert _error(_call(bot, "list_sources", {"id": "baker"})) == "list_sources takes no arguments, not 'id'"

    def test_a_tool_that_does_not_exist_is_told_with_those_that_do(self, bot: Careerbot) -> None:
        told = "there is no tool 'ask'; expected ask_career_question or list_sources"
        assert _error(_call(bot, "ask", {"question": ASKED})) == told

    @settings(max_examples=60)
    @given(
        arguments=st.dictionaries(
            st.sampled_from(["question", "history", "history", "other"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=2),
                max_leaves=6,
            ),
        )
    )
    def test_whatever_comes_is_answered_or_told_in_one_line(
        self, _shared_bot: Careerbot, arguments: dict[str, Any]
    ) -> None:
        result = _call(_shared_bot, "ask_career_question", arguments)
        if result.is_error:
            assert _error(result)
        else:
            assert _answer(result)["question"] == arguments["question"]


class TestCommand:
    def test_without_the_extra_it_is_one_line_that_says_what_to_install(self) -> None:
        program = "import sys; sys.modules['mcp'] = None; from careerbot.cli import app; app(['mcp'])"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("careerbot: the MCP tools are not installed ")
        assert done.stderr.endswith('run: pip install "careerbot[mcp]"\n')

    def test_without_an_index_it_is_exit_4_and_names_the_command(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(app, ["mcp", "--index", str(tmp_path / "none")])
        assert (result.exit_code, result.stdout) == (4, "")
        assert result.stderr.startswith("careerbot: no index in ")


@pytest.fixture(scope="module")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented careers, embedded by the real encoder."""
    folder = tmp_path_factory.mktemp("stdio")
    build(load([write_corpus(folder / "corpus")]).documents, SentenceEncoder(), folder / "index")
    return folder / "index"


@pytest.mark.slow
def test_the_configuration_of_the_readme_starts_a_server_that_answers(
    small_index: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shown = re.findall(r"```json\n((?s:.*?))```", README)
    assert len(shown) == 1
    entry = json.loads(shown[0])["mcpServers"]["careerbot"]
    assert entry["command"].endswith("/.venv/bin/careerbot")
    assert entry["args"][-1].endswith("/.careerbot")
    assert COMMAND
    started = StdioServerParameters(command=COMMAND, args=[*entry["args"][:-1], str(small_index)], cwd=tmp_path)

    async def called() -> types.CallToolResult:
        with (tmp_path / "stderr").open("w") as errors:
            async with Client(stdio_client(started, errlog=errors), read_timeout_seconds=120) as client:
                return await client.call_tool("ask_career_question", {"question": "What does a baker earn?"})

    answer = _answer(asyncio.run(called()))
    assert "$16.80" in answer["answer"]
    assert [citation["source"] for citation in answer["citations"]] == ["baker"]
    assert caplog.records == [], "the client logs every line of stdout that is not the protocol"
    assert (tmp_path / "stderr").read_text() == ""


CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
HELLO = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": CLIENT}) + "\n"


@pytest.mark.slow
def test_it_ends_when_the_client_closes_and_has_said_nothing_but_the_protocol(small_index: Path) -> None:
    command = [str(COMMAND), "mcp", "--index", str(small_index)]
    done = subprocess.run(command, input=HELLO, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1]


@pytest.mark.slow
def test_an_interrupt_ends_it_though_stdin_stays_open(small_index: Path) -> None:
    command = [str(COMMAND), "mcp", "--index", str(small_index)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(HELLO)
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["id"] == 1
        running.send_signal(signal.SIGINT)
        try:
            assert running.wait(timeout=20) == -signal.SIGINT
        finally:
            running.kill()


@pytest.fixture
def address(_shared_bot: Careerbot) -> Iterator[str]:
    """A running web app on a free port of this machine."""
    with served(_shared_bot) as found:
        yield found


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_program_of_the_readme_asks_the_web_app(address: str, bot: Careerbot) -> None:
    shown = re.findall(r"```py\n((?s:.*?))```", README)
    assert len(shown) == 1
    program = shown[0]
    for real, invented in (
        ("http://127.0.0.1:7860", address),
        ("How many questions are on the CPC exam?", "What does a baker earn?"),
        ("and the CCS?", "and an electrician?"),
    ):
        assert program.count(real) == 1
        program = program.replace(real, invented)
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = bot.ask("and an electrician?", ["What does a baker earn?"])
    assert answer.citations
    cited = [f"{citation.source} {citation.as_of} {citation.quote}" for citation in answer.citations]
    assert done.stdout.splitlines() == [f"{answer.searched_question} {answer.status.value}", *cited]
