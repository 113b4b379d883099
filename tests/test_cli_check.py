"""`careerbot check`: exit codes and lines, and that it needs the documents of an index and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from careerbot import Answer, Careerbot, Citation, Document, Status, generations
from careerbot.cli import app
from careerbot.handout import as_html, as_markdown
from careerbot.loading import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAY = "A baker earns $16.80 an hour on average."
HOURS = "Most bakers start at three in the morning."
BAKER = Document("baker", "Baker", f"# Baker\n\n{HOURS}\n\n{PAY}\n", "baker.md", "Guild", "2019")
Check = Callable[..., Result]


def handed(*quotes: str, source: str = "baker", as_of: str = "2019") -> str:
    cited = tuple(
        Citation(number, source, "Baker", "Guild", as_of, ("Baker",), quote, 0, len(quote), "baker.md")
        for number, quote in enumerate(quotes, start=1)
    )
    return as_markdown([Answer("Bakers?", "Bakers?", "They bake.", Status.ANSWERED, cited)], "2024-06-01")


def write_documents(folder: Path, documents: Sequence[Document]) -> None:
    """The files of an index that a check may read, and no other."""
    generation = folder / "gen-000001"
    generation.mkdir(parents=True, exist_ok=True)
    generations.write_json(generation / "manifest.json", {"format": 2, "chunker": {}, "encoder": {}, "sources": {}})
    generations.write_lines(generation / "documents.jsonl", documents)
    generations.serve(generation)


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Write a text to FILE.md and check it, in a folder whose index holds the baker."""
    monkeypatch.chdir(tmp_path)
    write_documents(tmp_path / ".careerbot", [BAKER])

    def call(text: str | bytes, *arguments: str) -> Result:
        Path("FILE.md").write_bytes(text if isinstance(text, bytes) else text.encode())
        return run("FILE.md", *arguments)

    return call


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["check", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def _printed(result: Result) -> tuple[int, list[str]]:
    assert result.stderr == ""
    return result.exit_code, result.stdout.splitlines()


def _one_line(result: Result, code: int) -> str:
    """The only line on stderr of a command that failed for the user's sake."""
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("careerbot: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("careerbot: ").rstrip("\n")


def test_what_holds_is_counted_and_not_listed(check: Check) -> None:
    assert _printed(check(handed(PAY, HOURS))) == (0, ["2 of 2 quotations hold"])


def test_what_does_not_hold_is_a_line_with_source_reason_and_words(check: Check) -> None:
    text = handed(PAY, "Bakers are rich.", HOURS) + handed("Bees.", source="bees") + handed(PAY, as_of="2017")
    assert _printed(check(text.replace("three in the", "four in the"))) == (
        1,
        [
            "baker: the document does not say this any more: “Bakers are rich.”",
            "baker: its words were changed in the hand-out: “Most bakers start at four in the morning.”",
            "bees: the document is not loaded any more: “Bees.”",
            f"baker: its date is 2017 in the hand-out and 2019 in the documents: “{PAY}”",
            "1 of 5 quotations hold",
        ],
    )


def test_a_refusal_has_no_quotation_and_all_of_them_hold(check: Check) -> None:
    assert _printed(check(handed())) == (0, ["0 of 0 quotations hold"])


def test_a_quotation_without_source_or_words_is_a_line_too(check: Check) -> None:
    text = handed(PAY).replace(f"> {PAY}", "") + "\n## Note\n\n> Bakers are rich.\n"
    assert _printed(check(text)) == (
        1,
        [
            "baker: the quotation is missing",
            "unknown source: the hand-out does not tell its source: “Bakers are rich.”",
            "0 of 2 quotations hold",
        ],
    )


def test_a_long_quotation_is_cut_off_in_its_line(check: Check) -> None:
    _, lines = _printed(check(handed("bread " * 100)))
    assert lines[0].endswith(f": “{('bread ' * 20).rstrip()}…”")


def test_a_file_saved_on_windows_is_read(check: Check) -> None:
    text = b"\xef\xbb\xbf" + handed(PAY, HOURS).replace("\n", "\r\n").encode()
    assert _printed(check(text)) == (0, ["2 of 2 quotations hold"])


def test_an_answer_of_today_holds_today_and_not_after_the_document_changed(
    bot: Careerbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREERBOT_INDEX", str(bot.settings.index))
    file = tmp_path / "hand-out.md"
    answers = [bot.ask(question) for question in ("What does a baker earn?", "What is the exam fee in Oregon?")]
    file.write_text(as_markdown(answers, "2024-06-01"), encoding="utf-8")
    count = sum(len(answer.citations) for answer in answers)
    assert count >= 2
    assert _printed(run(str(file))) == (0, [f"{count} of {count} quotations hold"])
    changed = [replace(held, text=held.text.replace("$16.80", "$18.10")) for held in bot.index.documents.values()]
    write_documents(tmp_path / "later", changed)
    code, lines = _printed(run(str(file), "--index", str(tmp_path / "later")))
    assert (code, lines[-1]) == (1, f"{count - len(lines) + 1} of {count} quotations hold")
    assert lines[0] == f"baker: the document does not say this any more: “{PAY}”"


def test_a_hand_out_cannot_steer_the_terminal_nor_add_lines(check: Check) -> None:
    told = json.dumps({"source": "a\n4 of 4 quotations hold\r\x1b[2J\x9b\ud800", "words": "x"})
    result = check(f"<!-- careerbot {told} -->\n> \x1b]0;owned\x07 bread\x0b\x85more \u202e\n")
    assert result.exit_code == 1
    assert not {"\x1b", "\x07", "\x9b", "\x85", "\r"} & set(result.stdout)
    assert [line.split(":")[0] for line in result.stdout.split("\n")] == [
        "a 4 of 4 quotations hold \ufffd[2J\ufffd\ufffd",
        "0 of 1 quotations hold",
        "",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# Baker\n\n> Bakers bake.\n", id="other-markdown"),
        pytest.param(as_html([], "2024-06-01"), id="html"),
    ],
)
def test_a_file_that_is_no_hand_out_is_one_line(check: Check, text: str) -> None:
    assert _one_line(check(text), 2) == (
        "no hand-out: expected one saved as Markdown, and none of its careerbot comments is there"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"B\xe4cker", "it is not UTF-8 text; save it as UTF-8", id="latin-1"),
        pytest.param(handed(PAY).encode("utf-16"), "it is not UTF-8 text; save it as UTF-8", id="utf-16"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "it is not UTF-8 text; save it as UTF-8", id="picture"),
    ],
)
def test_a_file_that_is_no_text_is_one_line(check: Check, content: bytes, expected: str) -> None:
    assert _one_line(check(content), 2) == f"cannot read FILE.md: {expected}"


@pytest.mark.parametrize("file", ["none.md", "."], ids=["missing", "a-folder"])
def test_a_file_that_cannot_be_read_is_one_line(check: Check, file: str) -> None:
    assert _one_line(run(file), 2).startswith(f"cannot read {file}: ")


def test_without_an_index_it_is_exit_4_and_names_the_command(check: Check) -> None:
    message = _one_line(check(handed(PAY), "--index", "none"), 4)
    assert message == "no index in none; build one: careerbot index --index none"


@pytest.mark.faults
@pytest.mark.parametrize("file", ["documents.jsonl", "manifest.json"])
@pytest.mark.parametrize("content", [None, "{", "[]\n"], ids=["missing", "cut-off", "other-json"])
def test_a_damaged_index_is_exit_4(check: Check, tmp_path: Path, file: str, content: str | None) -> None:
    damaged = tmp_path / ".careerbot" / "gen-000001" / file
    damaged.unlink()
    if content is not None:
        damaged.write_text(content)
    assert _one_line(check(handed(PAY)), 4).startswith("the index in .careerbot cannot be used: ")


def test_checking_loads_nothing_heavy(check: Check, tmp_path: Path) -> None:
    check(handed(PAY))
    program = (
        "import sys\nfrom careerbot.cli import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "except SystemExit as end:\n    print(end.code, *sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    arguments = [sys.executable, "-c", program, "check", str(tmp_path / "FILE.md")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, cwd=tmp_path)
    counted, (code, *loaded) = done.stdout.splitlines()[0], done.stdout.splitlines()[1].split()
    assert (counted, code) == ("1 of 1 quotations hold", "0")
    assert {"careerbot", "numpy"} <= set(loaded)
    heavy = {"torch", "transformers", "sentence_transformers", "gradio", "chromadb", "bm25s", "langchain_core", "rich"}
    assert set(loaded) & heavy == set()


def test_the_example_of_the_readme_is_what_the_command_prints(check: Check, tmp_path: Path) -> None:
    """As if the document that it names had got another text since, where the quotation stands."""
    shown = re.search(r"```text\n\$ careerbot check \S+\n((?s:.+?))```", README)
    assert shown
    line = re.match(r"(\S+): [^:]+: “(.+)”\n3 of 4 quotations hold\n$", shown[1])
    assert line
    documents = load([ROOT / "corpus"]).documents
    quoted = next(held for held in documents if held.id == line[1])
    others = re.findall(r"^[A-Z][^.\n]+\.$", quoted.text, re.MULTILINE)[:3]
    assert (line[2] in quoted.text, len(others), line[2] in others) == (True, 3, False)
    later = replace(quoted, text=quoted.text.replace(line[2], "That is out of date."))
    write_documents(tmp_path / ".careerbot", [later if held is quoted else held for held in documents])
    result = check(handed(others[0], line[2], *others[1:], source=quoted.id, as_of=quoted.as_of))
    assert (result.exit_code, result.stdout) == (1, shown[1])
