"""Statements of the documents that tell different values of what seems to be one thing. Pure.

Nothing here is quadratic in Python: statements are first parted by the kind of their figures, then
paired by wordings that they share and by nearness in meaning, and only the pairs are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from careerbot.candidates import Candidate
from careerbot.chunking import cells
from careerbot.comparing import ALIKE, of_others, subject, together
from careerbot.datatypes import Chunk, Figure, Kind
from careerbot.places import places
from careerbot.words import content_words, stem, stems, tokens

Rows = NDArray[np.int64]
Cosines = Callable[[Rows, Rows], NDArray[np.float32]]
"""The cosine of every one of some chunks with every one of others, by their positions."""

_MOST_COMPARED = 20_000
"""Figures of one kind that are compared by meaning, which takes the square of it in time: some seconds."""

_MOST_ASKED = 50
"""Statements under one wording that are compared by it; a wording of more asks for no single thing."""

_TILE = 512
_NEAREST = 10  # statements that one is compared with

_SHARED_WORDINGS = 0.3
"""Share of the wordings of two statements that are the same where both answer the same question."""

_SHARED_WORDS = 0.5
"""Share of their words, where the wordings do not tell."""

_ROUNDED = 0.02
"""How far a value may be from another one and be only a rounder way to write it."""


@dataclass(frozen=True, slots=True)
class Told:
    """The figures of one kind in a statement: the first of them, and the least and the most that they span.

    `words` are the stems of the statement and its lead without the figures.
    """

    row: int
    held: Candidate
    figure: Figure
    low: float
    high: float
    words: frozenset[str]


KindOfFigure = tuple[str, str | None, str | None]
"""Unit, statistic and period."""


def told_by(row: int, held: Candidate) -> Iterator[tuple[KindOfFigure, Told]]:
    """What a statement tells of each kind of figure; "18 months or two years" spans both."""
    kinds: dict[KindOfFigure, list[Figure]] = defaultdict(list)
    for figure in held.figures:
        kinds[figure.unit, figure.statistic, figure.period].append(figure)
    words = _words(held) if kinds else frozenset()
    for kind, figures in kinds.items():
        ends = [end for figure in figures for end in (figure.amount, figure.upper) if end is not None]
        yield kind, Told(row, held, figures[0], min(ends), max(ends), words)


def conflicts(
    told: Sequence[Told], cosines: Cosines, names: Collection[str], homes: Mapping[str, str]
) -> Iterator[list[Told]]:
    """Groups of statements with one kind of figure that tell different values of the same thing.

    `names` are those of `words.names`, `homes` the place of each document, "" where it has none.
    """
    against: dict[int, set[int]] = defaultdict(set)
    for one, other in {*_same_wording(told), *_near(told, cosines)}:
        if _disagree(told[one], told[other], names, homes):
            against[one].add(other)
            against[other].add(one)
    left = set(against)
    for first in sorted(against, key=lambda at: (-len(against[at]), at)):
        others = against[first] & left
        if first not in left or not others:
            continue
        # Who says what the first says, to the same statements, belongs to its side.
        beside = {at for other in others for at in against[other] & left if _agree(told[at], told[first])}
        group = {first} | others | beside
        left -= group
        yield [told[at] for at in sorted(group)]


def _by_wording(told: Sequence[Told]) -> Iterable[list[int]]:
    answers: dict[str, list[int]] = defaultdict(list)
    for at, held in enumerate(told):
        for asked in held.held.chunk.asked:
            answers[asked].append(at)
    return answers.values()


def _same_wording(told: Sequence[Told]) -> Iterator[tuple[int, int]]:
    """Pairs of statements that answer the same question."""
    for answers in _by_wording(told):
        yield from combinations(answers[:_MOST_ASKED], 2)


def left_out(told: Sequence[Told]) -> int:
    """How many statements with one kind of figure were not compared with all others."""
    beyond = {at for answers in _by_wording(told) for at in answers[_MOST_ASKED:]}
    return len(beyond | set(range(_MOST_COMPARED, len(told))))


def _near(told: Sequence[Told], cosines: Cosines) -> Iterator[tuple[int, int]]:
    """Pairs of statements that are near in meaning and whose values lie apart, at most some for each."""
    held = told[:_MOST_COMPARED]
    rows = np.array([one.row for one in held], dtype=np.int64)
    lows, highs = np.array([one.low for one in held]), np.array([one.high for one in held])
    for start in range(0, len(held), _TILE):
        tile = slice(start, start + _TILE)
        near = np.asarray(cosines(rows[tile], rows[start:]))
        apart = (highs[tile, None] < lows[None, start:]) | (highs[None, start:] < lows[tile, None])
        near = np.where(apart, near, -1.0)
        most = min(_NEAREST, near.shape[1])
        nearest = np.argpartition(near, -most, axis=1)[:, -most:]
        alike = np.take_along_axis(near, nearest, axis=1) >= ALIKE
        for line, column in np.argwhere(alike).tolist():
            pair = sorted((start + line, start + int(nearest[line, column])))
            yield pair[0], pair[1]


def _disagree(one: Told, other: Told, names: Collection[str], homes: Mapping[str, str]) -> bool:
    """Whether two statements with figures of one kind tell different values of the same thing."""
    first, second = one.held.chunk, other.held.chunk
    if first.document != second.document:
        alike = _same_thing(one, other)
    else:  # a document mostly tells two things apart, or how it was and how it is
        alike = one.figure.year == other.figure.year and one.words == other.words != frozenset()
        alike = alike and not _under_others(first, second, names)
    if not alike or together(one.held, other.held) or _agree(one, other):
        return False
    if of_others(one.held, other.held, names) or not _same_counted(one, other):
        return False
    return _same_row(first, second) and _same_place(first, second, homes)


def _agree(one: Told, other: Told) -> bool:
    """Whether the ranges of two values overlap, or one value is the other in round numbers."""
    if one.low <= other.high and other.low <= one.high:
        return True
    if (one.low, other.low) != (one.high, other.high):
        return False
    small, large = sorted((one.low, other.low), key=abs)
    return abs(large - small) <= _ROUNDED * abs(large) and (_rounds(small, large) or _rounds(large, small))


def _rounds(exact: float, round_value: float) -> bool:
    """Whether a value rounds to another with as many digits as that has: 50,250 to 50,000."""
    digits = len(f"{abs(round_value):.10f}".rstrip("0").rstrip(".").replace(".", "").strip("0")) or 1
    return float(f"{exact:.{digits}g}") == round_value


def _same_thing(one: Told, other: Told) -> bool:
    """Mostly the same words, or asked for in mostly the same words; nearness alone joins all of one subject."""
    first, second = set(one.held.chunk.asked), set(other.held.chunk.asked)
    if len(first & second) >= _SHARED_WORDINGS * max(1, len(first | second)):
        return True
    return len(one.words & other.words) >= _SHARED_WORDS * max(1, len(one.words), len(other.words))


def _words(held: Candidate) -> frozenset[str]:
    chunk, text = held.chunk, held.chunk.text
    if chunk.kind is not Kind.TABLE:  # there the figures' places are those in the row under its headers
        for figure in reversed(held.figures):
            text = f"{text[: figure.start]} {text[figure.end :]}"
    around = f"{text} {chunk.lead.text}" if chunk.lead else text
    return frozenset(stem(word) for word in content_words(around) if not word[0].isdigit())


def _under_others(one: Chunk, other: Chunk, names: Collection[str]) -> bool:
    """Whether the headings over two statements name different things, as the headings of two exams do."""
    own, others = ({word for word in tokens(" ".join(chunk.headings[1:])) if word in names} for chunk in (one, other))
    return bool(own) and bool(others) and not own & others


def _same_row(one: Chunk, other: Chunk) -> bool:
    """Whether rows of two tables may be about the same thing: their first cells share a word."""
    if one.kind is not Kind.TABLE or other.kind is not Kind.TABLE:
        return True
    first, second = (stems(cells(chunk.text)[0]) for chunk in (one, other))
    return not first.isdisjoint(second)


def _same_place(one: Chunk, other: Chunk, homes: Mapping[str, str]) -> bool:
    """Whether two statements may speak of one place: that which they name, else that of their document."""
    first, second = (_named(chunk.text) or {homes[chunk.document].lower()} - {""} for chunk in (one, other))
    return first == second or not first.isdisjoint(second)


@lru_cache(maxsize=65536)  # a statement is one of many pairs
def _named(text: str) -> frozenset[str]:
    return frozenset(places(text))


def _same_counted(one: Told, other: Told) -> bool:
    """Whether two counts count the same: "100 questions" and "100 members" do not."""
    if one.figure.unit != "count":
        return True
    first, second = (_counted(told) for told in (one, other))
    return first == second


def _counted(told: Told) -> str:
    """The stem of the word after a count; in a table the header tells, which `_same_thing` compares."""
    chunk = told.held.chunk
    after = [] if chunk.kind is Kind.TABLE else content_words(chunk.text[told.figure.end :])
    return stem(after[0]) if after else ""


def about(group: Sequence[Told]) -> str:
    """What the values are of; rows of tables by what they begin with, too."""
    named = subject([(told.held, told.figure) for told in group])
    if any(told.held.chunk.kind is not Kind.TABLE for told in group):
        return named
    label = cells(group[0].held.chunk.text)[0]
    return named if set(content_words(label)) & set(content_words(named)) else f"{label}: {named}"
