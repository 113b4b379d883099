"""Ratings: what is kept and what is not, many writers at once, files that cannot be used, and cases to label."""

from __future__ import annotations

import datetime
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careerbot import InputError, StorageError
from careerbot.feedback import (
    MAX_ANSWER_CHARS,
    MAX_REASON_CHARS,
    MAX_TURN_CHARS,
    MAX_TURNS,
    TO_LABEL,
    Feedback,
    Rating,
    cases,
)
from evals.cases import load_cases

QUESTION = "What does a baker earn?"
ANSWER = "A baker earns $16.80 an hour on average. [1]"

WRITER = """\
import sys
from pathlib import Path
from careerbot.feedback import Feedback
for number in range(20):
    Feedback(Path(sys.argv[1])).add([f"{sys.argv[2]} {number}"], "Yes.", True, "")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ratings.sqlite"


def _execute(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def _one_line(error: BaseException, file: Path) -> str:
    assert str(file) in str(error)
    assert "\n" not in str(error)
    return str(error)


class TestKept:
    def test_what_was_added_comes_back_in_order(self, file: Path) -> None:
        before = datetime.date.today()
        Feedback(file).add([QUESTION], ANSWER, True, "")
        Feedback(file).add([QUESTION, "and an electrician?"], "$61,590", False, "Wrong source")
        first, second = Feedback(file).rated()
        days = {before.isoformat(), datetime.date.today().isoformat()}
        assert first == Rating((QUESTION,), ANSWER, True, "", first.day)
        assert second == Rating((QUESTION, "and an electrician?"), "$61,590", False, "Wrong source", second.day)
        assert {first.day, second.day} <= days

    def test_nothing_tells_who_rated_or_at_what_time(self, file: Path) -> None:
        Feedback(file).add([QUESTION], ANSWER, True, "")
        with closing(sqlite3.connect(file)) as connection:
            columns = [row[1] for row in connection.execute("PRAGMA table_info(ratings)")]
        assert columns == ["number", "day", "turns", "answer", "liked", "reason"]

    @pytest.mark.parametrize("mask", [0, 0o022], ids=["open", "usual"])
    def test_the_file_is_for_its_owner_alone_whatever_the_umask(self, file: Path, mask: int) -> None:
        before = os.umask(mask)
        try:
            Feedback(file)
        finally:
            os.umask(before)
        assert file.stat().st_mode & 0o777 == 0o600

    @given(
        turns=st.lists(st.text(st.characters(), max_size=30), min_size=1, max_size=3),
        answer=st.text(st.characters(), max_size=30),
        reason=st.text(st.characters(), max_size=30),
    )
    @settings(max_examples=30)
    def test_any_text_can_be_kept_and_exported(self, turns: list[str], answer: str, reason: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            kept = Feedback(Path(folder) / "ratings.sqlite")
            kept.add([*turns, QUESTION], answer, False, reason)
            (rating,) = kept.rated()
            given_texts = [re.sub("[\ud800-\udfff]", "?", text.strip()) for text in (*turns, answer, reason)]
            assert [*rating.turns[:-1], rating.answer, rating.reason] == given_texts
            assert cases([rating])[0]["turns"] == [*given_texts[:-2], QUESTION]

    def test_what_is_too_long_is_cut_and_the_question_stays(self, file: Path) -> None:
        turns = [f"turn {number}" for number in range(MAX_TURNS + 50)] + ["q" * 100_000]
        Feedback(file).add(turns, "a" * 100_000, True, "r" * 100_000)
        (rating,) = Feedback(file).rated()
        assert len(rating.turns) == MAX_TURNS
        assert rating.turns[-1] == "q" * MAX_TURN_CHARS
        assert rating.turns[-2] == turns[-2]
        assert (rating.answer, rating.reason) == ("a" * MAX_ANSWER_CHARS, "r" * MAX_REASON_CHARS)

    @pytest.mark.parametrize("turns", [[], [""], [" \n"], [QUESTION, ""]], ids=["none", "empty", "blank", "last-empty"])
    def test_a_rating_of_no_question_is_refused(self, file: Path, turns: list[str]) -> None:
        with pytest.raises(InputError, match="no question"):
            Feedback(file).add(turns, ANSWER, True, "")
        assert Feedback(file).rated() == ()

    def test_a_file_called_memory_is_a_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Feedback(Path(":memory:")).add([QUESTION], ANSWER, True, "")
        assert len(Feedback(Path(":memory:")).rated()) == 1

    def test_a_file_that_is_taken_away_while_the_server_runs_is_made_again(self, file: Path) -> None:
        kept = Feedback(file)
        kept.add([QUESTION], ANSWER, True, "")
        file.unlink()
        kept.add([QUESTION], ANSWER, False, "")
        assert [rating.liked for rating in kept.rated()] == [False]


@pytest.mark.faults
class TestManyWriters:
    def test_threads_that_share_one_store_lose_nothing(self, file: Path) -> None:
        kept = Feedback(file, wait=60)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: kept.add([f"turn {number}"], ANSWER, True, ""), range(80)))
        assert {rating.turns for rating in kept.rated()} == {(f"turn {number}",) for number in range(80)}

    def test_processes_that_make_the_file_together_lose_nothing(self, file: Path) -> None:
        writers = [subprocess.Popen([sys.executable, "-c", WRITER, file, name]) for name in ("one", "two")]
        assert [writer.wait(60) for writer in writers] == [0, 0]
        assert {rating.turns for rating in Feedback(file).rated()} == {
            (f"{name} {number}",) for name in ("one", "two") for number in range(20)
        }

    def test_another_writer_that_does_not_end_is_one_line(self, file: Path) -> None:
        kept = Feedback(file, wait=0.01)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert kept.rated() == ()
            with pytest.raises(StorageError, match="locked") as raised:
                kept.add([QUESTION], ANSWER, True, "")
        _one_line(raised.value, file)
        kept.add([QUESTION], ANSWER, True, "")
        assert len(kept.rated()) == 1


def _text_file(file: Path) -> None:
    file.write_text("Bakers start at three in the morning.\n" * 100)


def _other_program(file: Path) -> None:
    _execute(file, "CREATE TABLE loaves (name TEXT)")


def _newer(file: Path) -> None:
    Feedback(file)
    _execute(file, "PRAGMA user_version = 2")


def _cut_off(file: Path) -> None:
    for number in range(30):
        Feedback(file).add([f"turn {number}"], "a" * 1000, True, "")
    file.write_bytes(file.read_bytes()[:6000])


def _no_turns(file: Path) -> None:
    Feedback(file).add([QUESTION], ANSWER, True, "")
    _execute(file, "UPDATE ratings SET turns = '[\"What'")


def _folder(file: Path) -> None:
    file.mkdir()


def _pipe(file: Path) -> None:
    os.mkfifo(file)


class TestUnusable:
    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            pytest.param(_text_file, "not a database", id="text"),
            pytest.param(_other_program, "another program", id="foreign"),
            pytest.param(_newer, "schema 2, this careerbot reads 1", id="newer"),
            pytest.param(_cut_off, "malformed", id="cut-off"),
            pytest.param(_no_turns, "damaged", id="half-a-rating"),
            pytest.param(_folder, "is no file", id="folder"),
            pytest.param(_pipe, "is no file", id="pipe"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_one_line(
        self, file: Path, spoil: Callable[[Path], None], reason: str
    ) -> None:
        spoil(file)
        with pytest.raises(InputError, match=reason) as raised:
            Feedback(file).rated()
        _one_line(raised.value, file)

    def test_the_database_of_another_program_is_left_as_it_was(self, file: Path) -> None:
        _other_program(file)
        before = file.read_bytes()
        with pytest.raises(InputError):
            Feedback(file).add([QUESTION], ANSWER, True, "")
        assert file.read_bytes() == before

    def test_an_empty_file_is_taken(self, file: Path) -> None:
        file.touch()
        Feedback(file).add([QUESTION], ANSWER, True, "")
        assert len(Feedback(file).rated()) == 1

    def test_a_missing_file_is_told_and_not_made_when_it_is_only_read(self, file: Path) -> None:
        with pytest.raises(InputError, match="no such file of ratings") as raised:
            Feedback(file, make=False)
        _one_line(raised.value, file)
        assert not file.exists()

    @pytest.mark.parametrize("inside", ["missing/ratings", "taken/ratings"], ids=["no-folder", "file-as-folder"])
    def test_a_folder_that_cannot_hold_it_is_one_line_at_the_start(self, tmp_path: Path, inside: str) -> None:
        (tmp_path / "taken").touch()
        with pytest.raises(StorageError, match="cannot keep ratings in") as raised:
            Feedback(tmp_path / inside)
        _one_line(raised.value, tmp_path / inside)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
    @pytest.mark.parametrize("mode", [0o500, 0], ids=["read-only", "closed"])
    def test_a_folder_that_refuses_is_one_line(self, tmp_path: Path, mode: int) -> None:
        (tmp_path / "closed").mkdir(mode)
        with pytest.raises(StorageError, match="Permission denied") as raised:
            Feedback(tmp_path / "closed" / "ratings")
        (tmp_path / "closed").chmod(0o700)
        _one_line(raised.value, tmp_path / "closed")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes everything")
    def test_a_file_that_may_only_be_read_is_read(self, file: Path) -> None:
        Feedback(file).add([QUESTION], ANSWER, True, "")
        file.chmod(0o400)
        assert len(Feedback(file).rated()) == 1
        with pytest.raises(StorageError, match="readonly") as raised:
            Feedback(file).add([QUESTION], ANSWER, True, "")
        _one_line(raised.value, file)

    def test_a_full_file_is_one_line_and_keeps_what_it_holds(self, file: Path) -> None:
        kept = Feedback(file, largest=40_000)
        with pytest.raises(StorageError, match="full") as raised:
            for _ in range(100):
                kept.add([QUESTION], "a" * MAX_ANSWER_CHARS, True, "")
        _one_line(raised.value, file)
        assert file.stat().st_size <= 40_000
        assert 1 <= len(kept.rated()) < 10


def _rating(
    *turns: str, liked: bool = False, reason: str = "", answer: str = ANSWER, day: str = "2025-06-01"
) -> Rating:
    return Rating(turns, answer, liked, reason, day)


def _load(tmp_path: Path, *lines: dict[str, Any]) -> Any:
    labelled = tmp_path / "cases.jsonl"
    labelled.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return load_cases([labelled])


class TestCases:
    def test_a_case_has_the_keys_of_the_suites(self) -> None:
        suite = Path(__file__).parents[1] / "evals" / "suites" / "facts.jsonl"
        with suite.open(encoding="utf-8") as lines:
            assert list(cases([_rating(QUESTION)])[0]) == list(json.loads(next(lines)))

    def test_a_labelled_line_is_a_case(self, tmp_path: Path) -> None:
        (line,) = cases([_rating(QUESTION, "and an electrician?")])
        line |= {"answerable": True, "must": [[r"61,?590"]], "sources": ["electrician-guide"]}
        (case,) = _load(tmp_path, line)
        assert case.turns == (QUESTION, "and an electrician?")
        assert (case.category, case.answerable, case.is_followup) == ("followup", True, True)
        assert (case.must, case.sources) == (((r"61,?590",),), ("electrician-guide",))
        assert case.group == case.id

    def test_a_line_that_nobody_labelled_is_refused_and_cannot_count_as_right(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="line 1: answerable must be true or false, not None"):
            _load(tmp_path, *cases([_rating(QUESTION)]))

    def test_the_same_turns_are_one_case_and_other_turns_another(self, tmp_path: Path) -> None:
        made = cases([_rating("A?"), _rating("B?", "A?"), _rating("A?", liked=True), _rating("B?, A?")])
        assert [line["turns"] for line in made] == [["A?"], ["B?", "A?"], ["B?, A?"]]
        loaded = _load(tmp_path, *({**line, "answerable": False} for line in made))
        assert len({case.id for case in loaded}) == 3

    def test_an_id_stays_when_the_ratings_are_exported_again(self) -> None:
        before = cases([_rating("A?")])[0]["id"]
        assert cases([_rating("B?"), _rating("A?", day="2025-07-01", liked=True)])[1]["id"] == before

    def test_the_note_says_what_to_label_the_verdict_the_reason_the_day_and_the_answer(self) -> None:
        (line,) = cases([_rating(QUESTION, reason="Wrong source")])
        assert line["note"].split("\n") == [
            TO_LABEL,
            "disliked on 2025-06-01 (Wrong source)",
            f"Answer shown: {ANSWER}",
        ]

    def test_the_note_of_merged_ratings_holds_each_verdict_beside_its_answer(self) -> None:
        ratings = [
            _rating(QUESTION, reason="Too short"),
            _rating(QUESTION, liked=True, answer="$16.80", day="2025-06-02"),
            _rating(QUESTION, reason="Too short"),
            _rating(QUESTION, liked=True),
        ]
        (line,) = cases(ratings)
        assert line["note"].split("\n")[1:] == [
            "disliked on 2025-06-01 (Too short), 2 times",
            "liked on 2025-06-01",
            f"Answer shown: {ANSWER}",
            "liked on 2025-06-02",
            "Answer shown: $16.80",
        ]

    def test_no_ratings_are_no_cases(self) -> None:
        assert cases([]) == ()
