from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot.limiting import PerMinute


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


def test_one_too_many_is_refused_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    limit = PerMinute(2, clock)
    told = []
    for seconds in (0, 20, 30, 9.9, 0.2, 0, 20):  # at 0, 20, 50, 59.9, 60.1, 60.1, 80.1
        clock.now += seconds
        told.append(limit.count("ann"))
    assert told == [True, True, False, False, True, False, True]


def test_what_is_refused_is_not_counted() -> None:
    clock = Clock()
    limit = PerMinute(1, clock)
    assert limit.count("ann")
    for _ in range(59):
        clock.now += 1
        assert not limit.count("ann")
    clock.now += 1
    assert limit.count("ann")


def test_looking_counts_nothing_and_no_name_stands_in_the_way_of_another() -> None:
    limit = PerMinute(1, Clock())
    assert [limit.is_full("ann"), limit.is_full("ann"), limit.count("ann"), limit.is_full("ann")] == [
        False,
        False,
        True,
        True,
    ]
    assert limit.count("ben")


@pytest.mark.parametrize("jump", [-1e9, -3600, 3600, 1e9], ids=["decades-back", "an-hour-back", "an-hour-on", "far-on"])
def test_a_clock_that_is_set_locks_nobody_out_and_lets_nobody_in(monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    limit = PerMinute(2)
    assert limit.count("ann")
    monkeypatch.setattr("time.time", lambda: 2e9 + jump)
    assert [limit.count("ann"), limit.count("ann"), limit.is_full("ann"), limit.count("ben")] == [
        True,
        False,
        True,
        True,
    ]


def test_who_came_once_is_forgotten() -> None:
    clock = Clock()
    limit = PerMinute(3, clock)
    for number in range(10_000):
        clock.now += 1
        assert limit.count(str(number))
    assert len(limit._done) <= 61


def test_threads_at_once_get_no_more_than_one_would() -> None:
    limit = PerMinute(50, Clock())
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: limit.count("ann"), range(400))) == 50


STEPS = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 7.0, 30.0, 60.0]), st.sampled_from("ab")), max_size=40)


@given(STEPS, st.integers(1, 4))
def test_no_minute_ever_holds_more_and_nobody_waits_for_nothing(steps: Iterable[tuple[float, str]], most: int) -> None:
    clock = Clock()
    limit = PerMinute(most, clock)
    done: dict[str, deque[float]] = {"a": deque(), "b": deque()}
    for seconds, name in steps:
        clock.now += seconds
        free = sum(clock.now - at < 60 for at in done[name]) < most
        assert limit.count(name) == free
        done[name] += [clock.now] if free else []
