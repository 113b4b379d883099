"""`careerbot feedback export`: where ratings come from, where cases go, and what is never overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from careerbot.cli import app
from careerbot.feedback import Feedback
from evals.cases import load_cases

Export = Callable[..., Result]


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """`careerbot feedback export` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(app, ["feedback", "export", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Three ratings of two questions."""
    kept = Feedback(tmp_path / "ratings.sqlite")
    kept.add(["What does a baker earn?"], "$16.80 an hour [1]", False, "Wrong source")
    kept.add(["When are swarms caught?"], "In May.", True, "")
    kept.add(["What does a baker earn?"], "$16.80 an hour [1]", True, "")
    return tmp_path / "ratings.sqlite"


def _one_line(result: Result, code: int) -> str:
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("careerbot: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("careerbot: ").rstrip("\n")


def test_every_rated_question_is_one_line_on_stdout(export: Export, ratings: Path) -> None:
    result = export("--from", "ratings.sqlite")
    assert result.exit_code == 0
    assert [json.loads(line)["turns"] for line in result.stdout.splitlines()] == [
        ["What does a baker earn?"],
        ["When are swarms caught?"],
    ]
    assert result.stderr == "rated questions in ratings.sqlite: 2\n"


def test_the_setting_names_the_file_and_from_overrules_it(
    export: Export, ratings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREERBOT_FEEDBACK", "ratings.sqlite")
    assert len(export().stdout.splitlines()) == 2
    Feedback(Path("other.sqlite"))
    assert export("--from", "other.sqlite").stdout == ""


def test_when_nothing_is_kept_it_says_how_to_switch_it_on(export: Export) -> None:
    assert "CAREERBOT_FEEDBACK=FILE" in _one_line(export(), 2)


def test_a_missing_file_is_one_line_and_is_not_made(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREERBOT_FEEDBACK", "none.sqlite")
    assert _one_line(export(), 2).startswith("no such file of ratings: ")
    assert not Path("none.sqlite").exists()


def test_out_writes_the_same_lines_to_a_file_for_its_owner(export: Export, ratings: Path) -> None:
    shown = export("--from", "ratings.sqlite").stdout
    result = export("--from", "ratings.sqlite", "--out", "cases.jsonl")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "rated questions in ratings.sqlite: 2; label them in cases.jsonl\n"
    assert Path("cases.jsonl").read_text(encoding="utf-8") == shown
    assert Path("cases.jsonl").stat().st_mode & 0o077 == 0


def test_a_file_that_somebody_labelled_is_not_overwritten(export: Export, ratings: Path) -> None:
    Path("cases.jsonl").write_text("hours of work\n")
    message = _one_line(export("--from", "ratings.sqlite", "--out", "cases.jsonl"), 2)
    assert message == "cases.jsonl exists already; name another file"
    assert Path("cases.jsonl").read_text() == "hours of work\n"


def test_a_folder_that_is_not_there_is_exit_5(export: Export, ratings: Path) -> None:
    message = _one_line(export("--from", "ratings.sqlite", "--out", "none/cases.jsonl"), 5)
    assert message == "cannot write none/cases.jsonl: No such file or directory"


def test_one_labelled_line_of_the_export_loads(export: Export, ratings: Path) -> None:
    export("--from", "ratings.sqlite", "--out", "cases.jsonl")
    baker = json.loads(Path("cases.jsonl").read_text(encoding="utf-8").splitlines()[0])
    baker |= {"answerable": True, "must": [[r"16\.80"]], "sources": ["baker"]}
    Path("labelled.jsonl").write_text(json.dumps(baker), encoding="utf-8")
    (case,) = load_cases([Path("labelled.jsonl")])
    assert (case.turns, case.sources) == (("What does a baker earn?",), ("baker",))


def test_a_question_cannot_steer_the_terminal(export: Export, ratings: Path) -> None:
    Feedback(ratings).add(["Who bakes \x9b31m\x1b[2J?"], "Nobody \x7f\x9d.", False, "\x07")
    shown = export("--from", "ratings.sqlite").stdout
    assert [mark for mark in shown if mark != "\n" and not mark.isprintable()] == []
    assert json.loads(shown.splitlines()[-1])["turns"] == ["Who bakes \x9b31m\x1b[2J?"]
