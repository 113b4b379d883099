"""The terminal: exit codes, what stands on stdout and stderr, and that one bad line spoils no other."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import WordEncoder
from filelock import FileLock
from typer.testing import CliRunner, Result

import careerbot.embedding
import careerbot.pipeline
from careerbot import Answer, Careerbot, Citation, Disagreement, StatedValue, Status, terminal
from careerbot.cli import app

Run = Callable[..., Result]

KEYS = [
    "id",
    "question",
    "searched_question",
    "status",
    "answer",
    "citations",
    "disagreements",
    "missing",
    "suggestions",
    "latency_ms",
]
CITATION_KEYS = ["number", "source", "title", "publisher", "as_of", "section", "quote", "start", "end", "path"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in an empty folder, with the words encoder in place of the real one."""
    monkeypatch.setattr(careerbot.embedding, "SentenceEncoder", WordEncoder)
    monkeypatch.setattr(careerbot.pipeline, "SentenceEncoder", WordEncoder)
    monkeypatch.chdir(tmp_path)
    # How sure the answers are was measured with the real encoder and says nothing about this one.
    monkeypatch.setenv("CAREERBOT_ANSWER_THRESHOLD", "0")
    monkeypatch.setenv("CAREERBOT_KEEP_RATIO", "0.62")

    def call(*arguments: object, stdin: str = "") -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


@pytest.fixture
def indexed(run: Run, bot: Careerbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of the shared bot, named by the environment."""
    monkeypatch.setenv("CAREERBOT_INDEX", str(bot.settings.index))


@pytest.fixture
def silent(run: Run, tmp_path: Path) -> None:
    """An index in which nothing can be quoted: it holds a question and an introduction."""
    (tmp_path / "silent.md").write_text("# Painter\n\n## How long does it take?\n\nSee what follows:\n")
    assert run("index", tmp_path / "silent.md").exit_code == 0


def _one_line(result: Result, code: int) -> str:
    """The only line on stderr of a command that failed for the user's sake."""
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("careerbot: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("careerbot: ").rstrip("\n")


class TestIndex:
    def test_reports_what_it_did_on_stdout(self, run: Run, corpus: Path) -> None:
        result = run("index", corpus)
        assert result.exit_code == 0
        head, files, changes, took = result.stdout.splitlines()
        assert re.fullmatch(r"indexed in \.careerbot: 3 documents, 10 sections, (\d+) chunks, 14 figures", head)
        assert files == "  files    3 read, 0 skipped"
        assert re.fullmatch(r"  changes  3 added; \d+ texts embedded", changes)
        assert re.fullmatch(r"  time     \d+\.\d s", took)
        assert result.stderr == ""

    def test_the_figures_of_the_report_are_the_amounts_that_statements_state(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "pay.md").write_text("# Pay of 7\n\nBakers earn $16 an hour, $640 a week. In 2019 they slept.\n")
        # Neither the heading nor the year is one, and the passage around a statement does not count it again.
        assert run("index", tmp_path / "pay.md").stdout.splitlines()[0].endswith(", 2 figures")

    def test_what_changed_is_counted_and_what_was_skipped_too(self, run: Run, corpus: Path) -> None:
        run("index", corpus)
        (corpus / "baker.md").write_text("# Baker\n\nBakers rise at four.\n")
        (corpus / "beekeeper.md").unlink()
        (corpus / "diver.md").write_text("# Diver\n\nDivers dive.\n")
        (corpus / "notes.rtf").write_text("{\\rtf1}")
        lines = run("index", corpus).stdout.splitlines()
        assert lines[1] == "  files    3 read, 1 skipped"
        assert re.fullmatch(r"  changes  1 added, 1 changed, 1 removed; \d+ texts embedded", lines[2])
        assert run("index", corpus).stdout.splitlines()[2] == "  changes  none; 0 texts embedded"

    def test_files_of_one_text_are_one_document_and_all_named(self, run: Run, corpus: Path) -> None:
        (corpus / "baker (1).md").write_bytes((corpus / "baker.md").read_bytes())
        result = run("index", corpus)
        assert result.stderr == f"{corpus}/baker (1).md has the same text as {corpus}/baker.md: indexed once\n"
        assert "  files    4 read (1 of the same text as another), 0 skipped" in result.stdout.splitlines()
        assert f"baker: {corpus}/baker (1).md has the same text" in run("sources").stdout
        answer = json.loads(run("ask", "What does a baker earn?", "--json").stdout)
        assert [citation["source"] for citation in answer["citations"]] == ["baker"]

    def test_characters_that_nobody_sees_are_told_and_matched_past(self, run: Run, corpus: Path) -> None:
        (corpus / "diver.md").write_text("# Diver\n\nA di\u200bver ea\u00adrns \u202e$25\u202c an hour.\n")
        result = run("index", corpus, "--strict")
        assert (result.exit_code, "0 skipped" in result.stdout) == (0, True)
        assert result.stderr == f"{corpus}/diver.md: 4 characters that nobody sees were left out of it\n"
        assert run("ask", "What does a diver earn?").stdout.startswith("A diver earns $25 an hour. [1]")

    @pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 2)], ids=["lenient", "strict"])
    def test_strict_tells_a_script_that_a_file_was_skipped(
        self, run: Run, corpus: Path, strict: tuple[str, ...], code: int
    ) -> None:
        assert run("index", corpus, *strict).exit_code == 0
        (corpus / "nothing.md").write_text("")
        (corpus / "diver.md").write_text("# Diver\n\nDivers dive.\n")
        result = run("index", corpus, *strict)
        assert (result.exit_code, "4 documents" in result.stdout) == (code, True)

    def test_the_name_of_a_file_cannot_steer_the_terminal(self, run: Run, corpus: Path) -> None:
        (corpus / "a\x1b[2J\n\u202eb.rtf").write_text("x")
        (skipped,) = run("index", corpus).stderr.splitlines()
        assert not {"\x1b", "\u202e"} & set(skipped)

    def test_the_name_of_a_folder_cannot_steer_the_terminal_by_a_mistake(self, run: Run, corpus: Path) -> None:
        folder = corpus / "a\x1b[2J\nb"
        folder.mkdir()
        (folder / "a.md").write_text("Bakers rise.")
        (folder / "sources.toml").write_text("oops")
        assert "\x1b" not in _one_line(run("index", corpus), 2)

    def test_an_entry_of_the_catalogue_without_a_file_is_told(self, run: Run, corpus: Path) -> None:
        with (corpus / "sources.toml").open("a") as catalogue:
            catalogue.write('[[source]]\nid = "gone"\n')
        result = run("index", corpus, "--strict")
        assert (result.exit_code, "3 documents" in result.stdout) == (0, True)
        assert result.stderr.splitlines() == [
            f"{corpus / 'sources.toml'}: no file beside it is meant by 'gone'; name one there: file = …"
        ]

    def test_what_was_served_stays_when_nothing_is_left_to_index(self, run: Run, corpus: Path) -> None:
        run("index", corpus)
        for file in corpus.glob("*.md"):
            file.write_bytes(b"\x81")
        result = run("index", corpus)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.splitlines()[-1].startswith("careerbot: no document to index: expected ")
        assert "$16.80" in run("ask", "What does a baker earn?").stdout

    def test_a_second_time_it_is_up_to_date(self, run: Run, corpus: Path) -> None:
        run("index", corpus)
        result = run("index", corpus)
        assert result.exit_code == 0
        assert result.stdout.startswith("up to date in .careerbot: 3 documents, 10 sections, ")

    def test_the_default_corpus_is_the_folder_corpus(self, run: Run, corpus: Path, tmp_path: Path) -> None:
        assert corpus == tmp_path / "corpus"
        assert run("index").stdout.startswith("indexed in .careerbot: 3 documents")

    def test_index_names_the_folder_and_the_environment_does_when_it_is_left_out(
        self, run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CAREERBOT_INDEX", "from-environment")
        run("index", corpus, "--index", "given")
        assert (tmp_path / "given" / "CURRENT").is_file()
        assert not (tmp_path / "from-environment").exists()
        run("index", corpus)
        assert (tmp_path / "from-environment" / "CURRENT").is_file()

    def test_a_file_that_cannot_be_read_is_named_on_stderr_and_the_others_go_in(self, run: Run, corpus: Path) -> None:
        (corpus / "scan.pdf").write_bytes(b"%PDF-1.7")
        (corpus / "mac.txt").write_bytes("B\u00e4cker".encode("mac_roman"))
        (corpus / "nothing.md").write_text("\n")
        result = run("index", corpus)
        assert result.exit_code == 0
        assert "3 documents" in result.stdout
        skipped = result.stderr.splitlines()
        assert [line.split(":")[0] for line in skipped] == [
            f"skipped {corpus / name}" for name in ("mac.txt", "nothing.md", "scan.pdf")
        ]
        assert "not UTF-8" in skipped[0]

    @pytest.mark.parametrize(
        "argument", [(), ("no-such-folder",), ("no-such-file.md",)], ids=["default", "folder", "file"]
    )
    def test_a_missing_corpus_is_one_line(self, run: Run, argument: tuple[str, ...]) -> None:
        assert _one_line(run("index", *argument), 2).startswith("no such file or folder: ")

    @pytest.mark.parametrize("text", [None, "# Only a title\n"], ids=["no-file", "only-a-title"])
    def test_a_corpus_without_text_is_one_line(self, run: Run, tmp_path: Path, text: str | None) -> None:
        (tmp_path / "corpus").mkdir()
        if text is not None:
            (tmp_path / "corpus" / "a.md").write_text(text)
        assert _one_line(run("index"), 2).startswith("no ")

    def test_another_writer_is_exit_3(self, run: Run, corpus: Path, tmp_path: Path) -> None:
        (tmp_path / ".careerbot").mkdir()
        with FileLock(tmp_path / ".careerbot" / "LOCK"):
            assert "another process is writing" in _one_line(run("index", corpus), 3)
            assert "another process is writing" in _one_line(run("index", "not-even-read"), 3)
        assert sorted(path.name for path in (tmp_path / ".careerbot").iterdir()) == ["LOCK"]
        assert run("index", corpus).exit_code == 0

    def test_a_folder_that_cannot_be_made_is_exit_5(self, run: Run, corpus: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert _one_line(run("index", corpus, "--index", "file/inside"), 5).startswith("cannot write the index in ")

    def test_a_wrong_setting_is_one_line(self, run: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CAREERBOT_CANDIDATES", "many")
        assert _one_line(run("index", corpus), 2).startswith("wrong setting: candidates: ")


class TestAsk:
    def test_an_answer_is_quoted_with_its_source_on_stdout(self, run: Run, indexed: None) -> None:
        result = run("ask", "What does a baker earn?")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith("A baker earns $16.80 an hour on average. [1]\n")
        assert "\n[1] Baker (as of 2019) › What does a baker earn?\n" in result.stdout
        assert "“A baker earns $16.80 an hour on average.”" in result.stdout

    def test_a_refusal_is_exit_1_and_no_error(self, run: Run, silent: None) -> None:
        result = run("ask", "How long does it take?")
        assert (result.exit_code, result.stderr) == (1, "")
        assert "sources don't say" in result.stdout

    def test_json_has_exactly_the_keys_of_the_contract(self, run: Run, indexed: None) -> None:
        result = run("ask", "What does a baker earn?", "--json")
        assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 1)
        answer = json.loads(result.stdout)
        assert list(answer) == KEYS
        assert [list(citation) for citation in answer["citations"]] == [CITATION_KEYS] * len(answer["citations"])
        assert answer["question"] == "What does a baker earn?"
        assert answer["status"] in ("answered", "partial")
        assert (answer["citations"][0]["source"], answer["citations"][0]["as_of"]) == ("baker", "2019")

    def test_start_and_end_of_a_citation_point_into_the_file_itself(self, run: Run, indexed: None) -> None:
        answer = json.loads(run("ask", "What does a baker earn?", "--json").stdout)
        assert answer["citations"]
        for citation in answer["citations"]:
            text = Path(citation["path"]).read_text(encoding="utf-8")
            assert text[citation["start"] : citation["end"]] == citation["quote"]

    def test_bytes_that_are_no_text_come_back_as_they_came(self, run: Run, indexed: None) -> None:
        question = "What does a baker earn \udcff?"  # how Python hands over the byte 0xFF of an argument
        result = run("ask", question, "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["question"] == question
        corrected = run("ask", "What does a bakerr earn \udcff?")
        assert (corrected.exit_code, "Answering: " in corrected.stdout) == (0, True)

    def test_a_refusal_as_json_is_exit_1_and_cites_nothing(self, run: Run, silent: None) -> None:
        result = run("ask", "How long does it take?", "--json")
        answer = json.loads(result.stdout)
        assert (result.exit_code, answer["status"], answer["citations"]) == (1, "not_in_sources", [])

    @pytest.mark.parametrize("question", ["", "   ", "?!", "\n"], ids=["nothing", "spaces", "marks", "newline"])
    def test_an_empty_question_is_one_line(self, run: Run, question: str) -> None:
        assert _one_line(run("ask", question), 2).startswith("the question is empty; ")

    def test_a_question_of_100_kilobytes_is_one_line(self, run: Run) -> None:
        message = _one_line(run("ask", "baker " * 17_000), 2)
        assert message == "the question has 102,000 characters; at most 10,000 are read"

    def test_a_question_that_looks_like_markup_is_only_a_question(self, run: Run, indexed: None) -> None:
        assert run("ask", "[/bold] What does a [red]baker[/red] earn? \x1b[31m").exit_code in (0, 1)

    def test_a_profile_times_each_step_beside_the_answer(self, run: Run, indexed: None) -> None:
        result = run("ask", "What does a baker earn?", "--profile")
        assert result.stdout == run("ask", "What does a baker earn?").stdout
        told = re.findall(r"^(\w+) +\d+\.\d ms$", result.stderr, re.M)
        assert told == ["open", "read", "encode", "search", "write", "check", "suggest"]
        assert _one_line(run("ask", "--profile", "--batch", "f.jsonl"), 2).startswith("--profile is for one")

    @pytest.mark.parametrize("arguments", [(), ("--json",), ("Why?", "--batch", "f.jsonl")])
    def test_neither_or_both_of_question_and_batch_is_one_line(self, run: Run, arguments: tuple[str, ...]) -> None:
        assert _one_line(run("ask", *arguments), 2) == 'expected either a "QUESTION" or --batch FILE.jsonl'

    def test_an_option_that_does_not_exist_is_exit_2(self, run: Run) -> None:
        assert run("ask", "Why?", "--nonsense").exit_code == 2

    @pytest.mark.parametrize("command", [("ask", "Why bake?"), ("chat",), ("sources",)], ids=lambda command: command[0])
    def test_without_an_index_it_is_exit_4_and_names_the_command(self, run: Run, command: tuple[str, ...]) -> None:
        message = _one_line(run(*command, "--index", "none"), 4)
        assert message == "no index in none; build one: careerbot index --index none"

    @pytest.mark.parametrize(
        ("colours", "shown"),
        [
            pytest.param("1", [["State", "Fee"], ["─"], ["Oregon", "$100"], ["Vermont", "–", "[1]"]], id="terminal"),
            pytest.param("", [["State", "|", "Fee"], ["---", "|", "---"], ["Oregon", "|", "$100"]], id="pipe"),
        ],
    )
    def test_a_table_is_one_in_a_terminal_and_text_in_a_pipe(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], colours: str, shown: list[list[str]]
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", colours)
        text = "State | Fee\n--- | ---\nOregon | $100\nVermont | – [1]"
        terminal.show_answer(Answer("Fees?", "Fees?", text, Status.ANSWERED))
        lines = [re.sub(r"\x1b\[[\d;]*m|(?<=─)─+", "", line).split() for line in capsys.readouterr().out.splitlines()]
        assert [line for line in lines if line][: len(shown)] == shown

    def test_values_that_differ_stand_between_the_statements_and_their_sources(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cited = tuple(Citation(at, "baker", "Baker", "", "", (), f"Pay {at}.", 0, 6, "baker.md") for at in (1, 2))
        differing = (Disagreement("pay", (StatedValue("$16", "2019", 1), StatedValue("$15", "", 2))),)
        text = "Bakers earn $16. [1]\nBakers earn $15. [2]"
        terminal.show_answer(Answer("Pay?", "Pay?", text, Status.ANSWERED, cited, differing))
        lines = capsys.readouterr().out.splitlines()
        assert lines[:5] == [
            "Bakers earn $16. [1]",
            "Bakers earn $15. [2]",
            "The sources disagree (pay): $16 (as of 2019) [1] · $15 (undated) [2]",
            "",
            "[1] Baker (undated)",
        ]

    def test_a_document_cannot_steer_the_terminal(self, run: Run, tmp_path: Path) -> None:
        hostile = "# Diver \x1b]0;owned\x07\n\nA diver earns \x1b[2J\x9b31m$25 an hour. [bold]Loud[/bold] [/x].\n"
        (tmp_path / "diver.md").write_text(hostile)
        run("index", tmp_path / "diver.md")
        for command in (("ask", "What does a diver earn?"), ("sources",)):
            result = run(*command)
            assert result.exit_code == 0
            assert not {"\x1b", "\x07", "\x9b"} & set(result.stdout)
        assert "$25 an hour" in run("ask", "What does a diver earn?").stdout


class TestBatch:
    def _batch(self, run: Run, tmp_path: Path, lines: list[bytes]) -> tuple[Result, list[dict[str, Any]]]:
        (tmp_path / "questions.jsonl").write_bytes(b"".join(lines))
        result = run("ask", "--batch", "questions.jsonl")
        return result, [json.loads(line) for line in result.stdout.splitlines()]

    def test_one_line_out_per_line_in_and_in_the_same_order(self, run: Run, indexed: None, tmp_path: Path) -> None:
        turns = ["What does a baker earn?", "When are swarms caught?", "Is an apprenticeship paid?"]
        lines = [json.dumps({"id": f"q{n}", "turns": [turn]}).encode() + b"\n" for n, turn in enumerate(turns)]
        result, answers = self._batch(run, tmp_path, lines)
        assert (result.exit_code, result.stderr) == (0, "")
        assert [answer["id"] for answer in answers] == ["q0", "q1", "q2"]
        assert [answer["question"] for answer in answers] == turns
        assert [list(answer) for answer in answers] == [KEYS] * 3

    def test_the_last_turn_is_the_question_and_the_earlier_ones_its_history(
        self, run: Run, indexed: None, tmp_path: Path
    ) -> None:
        line = b'{"id": "f", "turns": ["What does a baker earn?", "and an electrician?"]}'
        _, answers = self._batch(run, tmp_path, [line])
        assert answers[0]["question"] == "and an electrician?"
        assert "earn" in answers[0]["searched_question"]

    @pytest.mark.parametrize(
        ("line", "name", "reason"),
        [
            pytest.param(b"{", None, "not JSON", id="cut-off"),
            pytest.param(b"What does a baker earn?", None, "not JSON", id="plain-text"),
            pytest.param(b'{"id": "x", "turns": ["\xff"]}', None, "not JSON", id="not-utf-8"),
            pytest.param(b"[" * 100_000, None, "not JSON", id="nested-without-end"),
            pytest.param(b"[]", None, "expected", id="a-list"),
            pytest.param(b'{"id": "x"}', "x", "expected", id="no-turns"),
            pytest.param(b'{"id": "x", "turns": []}', "x", "expected", id="no-turn"),
            pytest.param(b'{"id": "x", "turns": "Why?"}', "x", "expected", id="turns-as-text"),
            pytest.param(b'{"id": "x", "turns": ["Why?", 7]}', "x", "expected", id="a-turn-that-is-a-number"),
            pytest.param(b'{"id": "x", "turns": [" "]}', "x", "the question is empty", id="an-empty-question"),
            pytest.param(
                b'{"id": "x", "turns": ["' + b"a " * 50_000 + b'"]}',
                "x",
                "the question has 100,000 characters",
                id="a-question-of-100-kilobytes",
            ),
        ],
    )
    def test_a_bad_line_is_reported_with_its_number_and_the_others_are_answered(
        self, run: Run, indexed: None, tmp_path: Path, line: bytes, name: str | None, reason: str
    ) -> None:
        good = [b'{"id": "%s", "turns": ["What does a baker earn?"]}\n' % name for name in (b"one", b"two")]
        result, answers = self._batch(run, tmp_path, [good[0], b"\n", line + b"\n", good[1]])
        assert result.exit_code == 2
        assert [answer["id"] for answer in answers] == ["one", name, "two"]
        assert list(answers[1]) == ["id", "line", "error"]
        assert answers[1]["line"] == 3
        assert answers[1]["error"].startswith(reason)
        assert result.stderr.startswith(f"careerbot: questions.jsonl line 3: {reason}")
        assert result.stderr.count("\n") == 1
        assert all(answer["citations"] for answer in (answers[0], answers[2]))

    def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(
        self, run: Run, indexed: None, tmp_path: Path
    ) -> None:
        line = b'{"id": "x", "turns": ["What does a baker earn?"]}\r\n'
        result, answers = self._batch(run, tmp_path, [b"\xef\xbb\xbf", line, line.rstrip()])
        assert (result.exit_code, [answer["id"] for answer in answers]) == (0, ["x", "x"])

    def test_a_refusal_in_a_batch_is_no_failure(self, run: Run, silent: None, tmp_path: Path) -> None:
        result, answers = self._batch(run, tmp_path, [b'{"id": "x", "turns": ["How long does it take?"]}'])
        assert (result.exit_code, answers[0]["status"]) == (0, "not_in_sources")

    def test_an_empty_file_gives_nothing(self, run: Run, indexed: None, tmp_path: Path) -> None:
        result, answers = self._batch(run, tmp_path, [])
        assert (result.exit_code, answers) == (0, [])

    @pytest.mark.parametrize("file", ["none.jsonl", "."], ids=["missing", "a-folder"])
    def test_a_file_that_cannot_be_read_is_one_line(self, run: Run, indexed: None, file: str) -> None:
        assert _one_line(run("ask", "--batch", file), 2).startswith(f"cannot read {file}: ")


class TestChat:
    def test_a_follow_up_is_read_with_the_turn_before_it(self, run: Run, indexed: None) -> None:
        result = run("chat", stdin="What does a baker earn?\nand an electrician?\n\nWhen are swarms caught?\n")
        assert result.exit_code == 0
        assert "A baker earns $16.80 an hour on average. [1]" in result.stdout
        assert "Answering: " in result.stdout
        assert "Swarms" not in result.stdout, "an empty line ends the chat"
        assert "ends the chat" in result.stderr

    @pytest.mark.parametrize("end", ["exit\n", "QUIT\n", "\n", ""], ids=["exit", "quit", "empty-line", "end-of-input"])
    def test_every_way_out_is_exit_0(self, run: Run, indexed: None, end: str) -> None:
        result = run("chat", stdin=end)
        assert (result.exit_code, result.stdout) == (0, "")

    def test_a_mistake_does_not_end_the_chat(self, run: Run, indexed: None) -> None:
        result = run("chat", stdin="?!\n" + "a " * 6_000 + "\nWhat does a baker earn?\n")
        assert result.exit_code == 0
        assert "the question is empty" in result.stderr
        assert "the question has 11,999 characters" in result.stderr
        assert "A baker earns $16.80" in result.stdout


class TestSources:
    def test_every_document_is_one_line_even_in_a_pipe(self, run: Run, corpus: Path) -> None:
        long = "a-very-long-name-for-a-document-" * 4
        (corpus / f"{long}.md").write_text(f"# {'Long title ' * 12}\n\nA [/b] sentence.\n")
        run("index", corpus)
        result = run("sources")
        assert result.exit_code == 0
        rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
        assert [row[0] for row in rows] == [long, "baker", "beekeeper", "electrician-guide"]
        assert rows[3][:5] == ["electrician-guide", "How to Become an Electrician", "Trades Office", "2023-05", "5"]

    def test_the_edition_tells_its_number_and_what_changed_since_the_one_before(self, run: Run, corpus: Path) -> None:
        run("index", corpus)
        today = datetime.date.today().isoformat()
        assert run("sources").stdout.splitlines()[-1] == f"Edition 1: Indexed on {today}."
        (corpus / "baker.md").write_text("# Baker\n\nBakers rise at four.\n")
        (corpus / "beekeeper.md").unlink()
        (corpus / "diver.md").write_text("# Diver [/b]\n\nDivers dive.\n")
        run("index", corpus)
        told = "added: Diver [/b]; changed: Baker; removed: Beekeeper."
        expected = f"Edition 2: Indexed on {today}. Since the index before, {told}"
        assert run("sources").stdout.splitlines()[-1] == expected

    def test_an_edition_before_that_is_damaged_or_gone_hides_no_source(self, run: Run, corpus: Path) -> None:
        run("index", corpus)
        (corpus / "diver.md").write_text("# Diver\n\nDivers dive.\n")
        run("index", corpus)
        before = Path(".careerbot") / "gen-000001"
        (before / "documents.jsonl").write_bytes(b"\xff{")
        damaged = run("sources")
        shutil.rmtree(before)
        for result in (damaged, run("sources")):
            assert result.exit_code == 0
            assert re.fullmatch(r"Edition 2: Indexed on [\d-]+\.", result.stdout.splitlines()[-1])

    def test_a_name_of_two_lines_is_one_row(self, run: Run, corpus: Path) -> None:
        (corpus / "two\nlines.md").write_text("Divers dive.\n")
        run("index", corpus)
        assert "two lines" in run("sources").stdout

    def test_square_brackets_in_a_title_are_no_markup(self, run: Run, corpus: Path) -> None:
        (corpus / "baker.md").write_text("# Baker\n\nBakers bake.\n")
        catalogue = (corpus / "sources.toml").read_text().replace('title = "Baker"', 'title = "Baker [/b] [red]hot"')
        (corpus / "sources.toml").write_text(catalogue)
        run("index", corpus)
        assert "Baker [/b] [red]hot" in run("sources").stdout


def _python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [("--help",), ("ask", ""), ("index", "/no/such/folder")])
def test_help_and_plain_mistakes_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    program = (
        "import sys\n"
        "from careerbot.cli import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "except SystemExit:\n    print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    loaded = set(_python(program, *arguments).stderr.split())
    assert "careerbot" in loaded
    heavy = {
        "torch",
        "transformers",
        "sentence_transformers",
        "gradio",
        "chromadb",
        "bm25s",
        "langchain",
        "langchain_core",
    }
    assert loaded & heavy == set()


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert all(f" {command} " in result.stdout for command in ("index", "ask", "chat", "serve", "sources"))


def test_app_py_is_careerbot_serve(tmp_path: Path) -> None:
    entry = Path(__file__).parents[1] / "app.py"
    done = subprocess.run(
        [sys.executable, str(entry)],
        cwd=tmp_path,
        env={"CAREERBOT_PORT": "-1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("careerbot: wrong setting: port: ")
