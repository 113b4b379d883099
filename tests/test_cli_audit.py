"""`careerbot audit`: what it prints, its mistakes, and that it needs the files of an index and no encoder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import WordEncoder
from typer.testing import CliRunner, Result

from careerbot import Document
from careerbot.building import build
from careerbot.cli import app

PAY = "The median wage of bakers is ${} a year."
GUILD = f"# Baker\n\n## Pay\n\n{PAY.format('46,000')}\n\n## Why bake?\n\nSee above.\n"
BOOK = f"# Bread\n\n{PAY.format('40,000')}\n\n## Tools\n"
Audit = Callable[..., Result]


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Audit a guild's page and an old book, in a folder that holds their index."""
    monkeypatch.chdir(tmp_path)
    documents = [
        Document("guild", "Guild", GUILD, "guild.md"),
        Document("book", "Old\nBook", BOOK, "book.md", as_of="2001"),
    ]
    build(documents, WordEncoder(), tmp_path / ".careerbot")
    return run


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["audit", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_findings_are_grouped_with_one_line_for_each_value(audit: Audit) -> None:
    result = audit()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "Disagreements: 1",
        "  annual median wage bakers year",
        f"    $40,000 (2001) Old Book › Bread: “{PAY.format('40,000')}”",
        f"    $46,000 (undated) Guild › Pay: “{PAY.format('46,000')}”",
        "Figures older than 3 years: 1",
        f"  $40,000 (2001) Old Book › Bread: “{PAY.format('40,000')}”",
        "Figures without a date: 1",
        "  1 in Guild; give it an as_of date in sources.toml",
        "Questions that lead nowhere: 1",
        "  Guild › Why bake?: “See above.”",
        "Empty sections: 1",
        "  Old Book › Tools",
    ]


def test_json_holds_the_same_findings(audit: Audit) -> None:
    result = audit("--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, set(found)) == (
        0,
        {"disagreements", "older", "undated", "nowhere", "empty", "not_compared"},
    )
    assert [held["value"] for held in found["disagreements"][0]["values"]] == ["$40,000", "$46,000"]
    assert found["older"][0] == {
        "value": "$40,000",
        "date": "2001",
        "document": "book",
        "title": "Old\nBook",
        "section": ["Bread"],
        "quote": PAY.format("40,000"),
    }


def test_more_years_find_fewer_old_figures(audit: Audit) -> None:
    assert "Figures older than 900 years: 0" in audit("--years", "900").stdout


def test_a_document_cannot_steer_the_terminal(audit: Audit, tmp_path: Path) -> None:
    document = Document("x", "\x1b]0;owned\x07", "# Bread\n\nBread.\n\n## \x9b2J\n", "x.md")
    build([document], WordEncoder(), tmp_path / "other")
    shown = audit("--index", "other").stdout
    assert "owned" in shown
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)


def _one_line(result: Result, code: int) -> str:
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("careerbot: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("careerbot: ").rstrip("\n")


def test_years_below_zero_are_a_mistake(audit: Audit) -> None:
    assert _one_line(audit("--years", "-1"), 2) == "expected --years of 0 or more, not -1"


def test_without_an_index_it_is_exit_4_and_names_the_command(audit: Audit) -> None:
    message = _one_line(audit("--index", "none"), 4)
    assert message == "no index in none; build one: careerbot index --index none"


@pytest.mark.faults
@pytest.mark.parametrize("file", ["documents.jsonl", "chunks.jsonl", "names.json", "vectors.npy"])
@pytest.mark.parametrize("content", [None, "{", "5\n"], ids=["missing", "cut-off", "other-json"])
def test_a_damaged_index_is_exit_4(audit: Audit, tmp_path: Path, file: str, content: str | None) -> None:
    damaged = tmp_path / ".careerbot" / "gen-000001" / file
    damaged.unlink()
    if content is not None:
        damaged.write_text(content)
    assert _one_line(audit(), 4).startswith("the index in .careerbot cannot be used: ")


def test_auditing_loads_nothing_heavy(audit: Audit, tmp_path: Path) -> None:
    assert audit().exit_code == 0
    program = (
        "import sys\nfrom careerbot.cli import app\n"
        "try:\n    app(['audit'])\n"
        "except SystemExit as end:\n    print(end.code, *sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    code, *loaded = done.stdout.splitlines()[-1].split()
    assert (code, "careerbot" in loaded) == ("0", True)
    heavy = {"torch", "transformers", "sentence_transformers", "gradio", "chromadb", "bm25s", "langchain_core", "rich"}
    assert set(loaded) & heavy == set()
