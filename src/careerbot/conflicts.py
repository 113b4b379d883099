"""Statements of the documents that tell different values of what seems to be one thing. Pure.

Nothing here is quadratic in Python: statements are first parted by the kind of their figures, then
paired by wordings that they share and by nearness in meaning, and only the pairs are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from careerbot.candidates import Candidate
from careerbot.chunking import cells
from careerbot.comparing import ALIKE, extent, places_named, same_place, same_thing, subject, together, told_apart
from careerbot.datatypes import Chunk, Figure, Kind
from careerbot.words import content_words, tokens

Rows = NDArray[np.int64]
Cosines = Callable[[Rows, Rows], NDArray[np.float32]]
"""The cosine of every one of some chunks with every one of others, by their positions."""

_MOST_COMPARED = 20_000
"""Figures of one kind that are compared by meaning, which takes the square of it in time: some seconds."""

_MOST_ASKED = 50
"""Statements under one wording that are compared by it; a wording of more asks for no single thing."""

_TILE = 512
_NEAREST = 10  # statements that one is compared with

_ROUNDED = 0.02
"""How far a value may be from another one and be only a rounder way to write it."""


@dataclass(frozen=True, slots=True)
class Told:
    """The figures of one kind in a statement: the first of them, and the least and the most that they span."""

    row: int
    held: Candidate
    figure: Figure
    low: float
    high: float


KindOfFigure = tuple[str, str | None, str | None]
"""Unit, statistic and period."""


def told_by(row: int, held: Candidate) -> Iterator[tuple[KindOfFigure, Told]]:
    """What a statement tells of each kind of figure; "18 months or two years" spans both."""
    kinds: dict[KindOfFigure, list[Figure]] = defaultdict(list)
    for figure in held.figures:
        kinds[figure.unit, figure.statistic, figure.period].append(figure)
    for kind, figures in kinds.items():
        yield kind, Told(row, held, figures[0], *extent(figures))


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
        alike = same_thing(one.held, other.held)
    else:  # a document mostly tells two things apart, or how it was and how it is
        alike = one.figure.year == other.figure.year and one.held.said.beside == other.held.said.beside != frozenset()
        alike = alike and not _under_others(first, second, names)
    if not alike or together(one.held, other.held) or _agree(one, other):
        return False
    if told_apart((one.held, one.figure), (other.held, other.figure), names):
        return False
    return same_place(*(_places(chunk, homes) for chunk in (first, second)))


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


def _under_others(one: Chunk, other: Chunk, names: Collection[str]) -> bool:
    """Whether the headings over two statements name different things, as the headings of two exams do."""
    own, others = ({word for word in tokens(" ".join(chunk.headings[1:])) if word in names} for chunk in (one, other))
    return bool(own) and bool(others) and not own & others


def _places(chunk: Chunk, homes: Mapping[str, str]) -> frozenset[str]:
    """The places that a statement names, else that of its document."""
    return places_named(chunk.text) or frozenset({homes[chunk.document].lower()} - {""})


def about(group: Sequence[Told]) -> str:
    """What the values are of; rows of tables by what they begin with, too."""
    named = subject([(told.held, told.figure) for told in group])
    if any(told.held.chunk.kind is not Kind.TABLE for told in group):
        return named
    label = cells(group[0].held.chunk.text)[0]
    return named if set(content_words(label)) & set(content_words(named)) else f"{label}: {named}"
