from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from careerbot import StorageError
from careerbot.spending import Spending


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.sqlite3"


def test_tokens_are_taken_until_the_day_has_no_room(file: Path) -> None:
    spending = Spending(file, 100)
    assert [bool(spending.take(60)), bool(spending.take(60)), bool(spending.take(40))] == [True, False, True]
    assert spending.spent() == 100


def test_one_call_larger_than_a_day_takes_nothing(file: Path) -> None:
    spending = Spending(file, 100)
    assert spending.take(101) == ""
    assert spending.spent() == 0


def test_what_was_not_used_is_given_back(file: Path) -> None:
    spending = Spending(file, 100)
    day = spending.take(90)
    spending.settle(day, 90, 20)
    assert spending.spent() == 20
    assert spending.take(80) == day


def test_another_process_sees_what_is_spent(file: Path) -> None:
    assert Spending(file, 100).take(70)
    assert Spending(file, 100).spent() == 70
    assert not Spending(file, 100).take(70)


def test_a_new_day_begins_at_nothing_and_a_late_call_is_settled_on_its_own(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spending = Spending(file, 100)
    monkeypatch.setattr("careerbot.spending._today", lambda: "2026-01-01")
    day = spending.take(90)
    monkeypatch.setattr("careerbot.spending._today", lambda: "2026-01-02")
    spending.settle(day, 90, 10)
    assert spending.spent() == 0
    assert spending.take(100) == "2026-01-02"


def test_without_a_limit_tokens_are_counted_all_the_same(file: Path) -> None:
    spending = Spending(file, 0)
    assert all(spending.take(10**9) for _ in range(3))
    assert spending.spent() == 3 * 10**9


def test_many_that_take_at_once_never_take_more_than_there_is(file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: bool(Spending(file, 100).take(7)), range(40)))
    assert sum(taken) == 14
    assert Spending(file, 100).spent() == 98


@pytest.mark.parametrize("held", ["folder", "text"])
def test_what_cannot_be_counted_is_told_in_one_line(file: Path, held: str) -> None:
    if held == "folder":
        file.mkdir()
    else:
        file.write_text("no database " * 100)
    with pytest.raises(StorageError, match=r"^cannot count the tokens of the model in .*tokens.sqlite3: "):
        Spending(file, 100).take(1)
