"""Whether statements say the same, or give different values for the same thing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from careerbot.candidates import Candidate
from careerbot.chunking import cells
from careerbot.datatypes import Chunk, Figure, Kind
from careerbot.figures import figures
from careerbot.places import places
from careerbot.questions import Question
from careerbot.words import ACRONYM, content_words, stem, stems, tokens

_NEAR = 0.45
"""Share of the lead's score that another statement needs to be read as an answer to the same question."""

ALIKE = 0.7
"""Cosine of two statements that speak of the same thing."""

_NEAR_MEASURE = 0.3
"""That share where a statistic is asked for: one that gives it as well may be worded quite differently."""

_ASKED_ALIKE = 0.3
"""Share of the ways in which people ask for a statement that must ask for another one too, if both give one statistic.

A broad question is answered by statements that have little else in common.
"""

_SHARED_WORDINGS = 0.3
"""Share of the wordings of two statements that are the same where both answer the same question."""

_SHARED_WORDS = 0.5
"""Share of their words, where the wordings do not tell."""

_SUBJECT = 6
"""First words of a statement, in which the name stands that it is about."""

Similar = Callable[[Chunk, Chunk], float]
"""The cosine of two chunks."""

_NEGATIONS = frozenset(
    {"no", "not", "never", "neither", "nor", "none", "nobody", "without", "cannot", "isn't", "don't"}
)
_MOST_SIDES = 5
_PERIODS = {"year": "annual", "hour": "hourly", "month": "monthly"}


def same(one: Candidate, other: Candidate) -> bool:
    """Whether two statements say the same: the same amounts, and mostly the same words where there is one only."""
    # Asked for hundreds of pairs of each question, so by `said` itself.
    values = one.said.values
    if values != other.said.values:
        return False
    if len(values) > 1:
        return True
    first, second = one.said.stems, other.said.stems
    if values:
        return len(first & second) >= 0.6 * min(len(first), len(second))
    enough = 0.75 * max(len(first), len(second))
    alike = min(len(first), len(second)) >= enough and len(first & second) >= enough
    return alike and _negated(one.chunk.text) == _negated(other.chunk.text)


def adds_nothing(one: Candidate, other: Candidate) -> bool:
    """Whether a statement only repeats amounts of another one of its document, mostly in its words."""
    values = one.said.values if one.chunk.document == other.chunk.document else frozenset()
    return bool(values) and values <= other.said.values and 2 * len(one.stems & other.stems) >= len(one.stems)


@lru_cache(maxsize=8192)
def _negated(text: str) -> bool:
    return not _NEGATIONS.isdisjoint(tokens(text))


def sides(
    question: Question, ranked: Sequence[Candidate], similar: Similar, names: Collection[str], at_home: Collection[str]
) -> tuple[tuple[Candidate, Figure], ...]:
    """The statements that give different values for what the best one gives, that one first.

    Unit, statistic, period, place and what is named or counted must agree; what another statement leaves open
    does not contradict. `at_home` are the places that whole documents are about, which need not be named. Empty
    when the best statement gives no amount, or when there is one value only.
    """
    lead = _lead(question, ranked)
    if lead is None:
        return ()
    first, asked = lead
    found = [lead]
    # What equals another row of the lead's own table is about that row, and no other value for the lead's.
    others = {
        (figure.unit, _value(figure))
        for held in ranked
        if together(held, first) and held != first
        for figure in held.figures
    }
    for candidate in ranked:
        if candidate.score < (_NEAR_MEASURE if question.statistic else _NEAR) * first.score:
            break
        comparable = [figure for figure in candidate.figures if _comparable(figure, asked)]
        told = {_value(figure) for figure in candidate.figures}
        if not comparable or _spans(comparable, asked) or any(_value(held) in told for _, held in found):
            continue
        stated = comparable[0]
        if (stated.unit, _value(stated)) in others or not _same_measure(
            lead, (candidate, stated), similar, names, at_home
        ):
            continue
        if any(together(candidate, held) for held, _ in found):
            continue
        found.append((candidate, stated))
    return tuple(found[:_MOST_SIDES]) if len(found) > 1 else ()


def _same_measure(
    lead: tuple[Candidate, Figure],
    other: tuple[Candidate, Figure],
    similar: Similar,
    names: Collection[str],
    at_home: Collection[str],
) -> bool:
    """Whether two comparable figures measure one thing. A document mostly tells two things apart."""
    (first, asked), (candidate, stated) = lead, other
    one, another = first.chunk, candidate.chunk
    named = asked.statistic is not None or None is not asked.period == stated.period
    if one.document == another.document and not named:
        return False
    here, there = (places_named(chunk.text).difference(at_home) for chunk in (one, another))
    if told_apart(lead, other, names) or not same_place(here, there):
        return False
    return same_thing(first, candidate) or (named and _alike(one, another, similar))


def subject(found: Sequence[tuple[Candidate, Figure]]) -> str:
    """What the sides are about, in words that all of them share: "median annual wage of coders"."""
    first, figure = found[0]
    shared = frozenset.intersection(*(frozenset(stem(word) for word in held.context) for held, _ in found))
    told = set(tokens(figure.statistic or "")) - {figure.statistic}  # "10th percentile", which the lead names
    common = [word for word in content_words(first.chunk.text) if stem(word) in shared and word.isalpha()]
    words = [word for word in common if word not in told]
    named = [figure.statistic, _PERIODS.get(figure.period or "")]
    lead = [word for word in named if word and word not in words]
    located = {word: word.title() for word in tokens(" ".join(places_named(first.chunk.text)))}
    own = [word for word in words if word not in named]  # one word that all share says too little: "medical"
    telling = len(own) > 1 or not located.keys().isdisjoint(own) or not any(named)
    shown = [*lead, *(words[:6] if telling else [word for word in words if word in named])]
    written = located | {word.lower(): word for word in ACRONYM.findall(first.chunk.text)}
    return " ".join(written.get(word, word) for word in shown)


def _lead(question: Question, ranked: Sequence[Candidate]) -> tuple[Candidate, Figure] | None:
    several = (question.extreme or question.several) and not (question.statistic or question.places)
    # "Is it two hours or three?" names the kind of amount by amounts.
    units = question.units or ({figure.unit for figure in figures(question.text)} if question.yes_no else frozenset())
    if not ranked or several or question.why or (question.yes_no and not units):
        return None
    stated = [figure for figure in ranked[0].figures if figure.unit in units or not units]
    if question.statistic:
        stated = [figure for figure in stated if figure.statistic == question.statistic] or stated
    if question.period:
        stated = [figure for figure in stated if figure.period == question.period] or stated
    return (ranked[0], stated[0]) if stated else None


def _comparable(one: Figure, other: Figure) -> bool:
    """Same unit and statistic; the same period, or one of the two unstated and amounts of one size."""
    if one.unit != other.unit or one.statistic != other.statistic:
        return False
    larger, smaller = max(one.amount, other.amount), min(one.amount, other.amount)
    return one.period == other.period or (None in (one.period, other.period) and larger <= 5 * smaller)


def _spans(told: Sequence[Figure], asked: Figure) -> bool:
    """Whether several figures of a statement lie around another: "nine months or two years" says a year, too."""
    low, high = extent(told)
    return len(told) > 1 and low <= asked.amount <= high


def extent(told: Sequence[Figure]) -> tuple[float, float]:
    """The least and the most that some figures span."""
    ends = [end for figure in told for end in (figure.amount, figure.upper) if end is not None]
    return min(ends), max(ends)


def _alike(one: Chunk, other: Chunk, similar: Similar) -> bool:
    """Whether two statements speak of one thing: people mostly ask for both in the same words, or they are near."""
    both, fewer = len({*one.asked} & {*other.asked}), min(len(one.asked), len(other.asked))
    return both > _ASKED_ALIKE * fewer or similar(one, other) >= ALIKE


def _of_others(one: Candidate, other: Candidate, names: Collection[str]) -> bool:
    """Whether each of two statements begins by naming what the other does not: "The JEX exam" and "The MEX exam"."""
    own, others = ({word for word in tokens(held.chunk.text)[:_SUBJECT] if word in names} for held in (one, other))
    return bool(own - others) and bool(others - own)


def same_thing(one: Candidate, other: Candidate) -> bool:
    """Mostly the same words, or asked for in mostly the same words; nearness alone joins all of one subject."""
    first, second = set(one.chunk.asked), set(other.chunk.asked)
    if len(first & second) >= _SHARED_WORDINGS * max(1, len(first | second)):
        return True
    return len(one.said.beside & other.said.beside) >= _SHARED_WORDS * max(
        1, len(one.said.beside), len(other.said.beside)
    )


def told_apart(one: tuple[Candidate, Figure], other: tuple[Candidate, Figure], names: Collection[str]) -> bool:
    """Whether what two figures are of is named differently: by names, by what is counted, by the labels of rows."""
    (first, _), (second, _) = one, other
    return _of_others(first, second, names) or not _same_counted(one, other) or not _same_row(first.chunk, second.chunk)


def _same_row(one: Chunk, other: Chunk) -> bool:
    """Whether rows of two tables may be about the same thing: their first cells share a word."""
    if one.kind is not Kind.TABLE or other.kind is not Kind.TABLE:
        return True
    first, second = (stems(cells(chunk.text)[0]) for chunk in (one, other))
    return not first.isdisjoint(second)


def _same_counted(one: tuple[Candidate, Figure], other: tuple[Candidate, Figure]) -> bool:
    """Whether two counts count the same: "100 questions" and "100 members" do not."""
    if one[1].unit != "count":
        return True
    first, second = (_counted(*told) for told in (one, other))
    return first == second


def _counted(held: Candidate, figure: Figure) -> str:
    """The stem of the word after a count; in a table the header tells, which `same_thing` compares."""
    after = [] if held.chunk.kind is Kind.TABLE else content_words(held.chunk.text[figure.end :])
    return stem(after[0]) if after else ""


@lru_cache(maxsize=65536)  # a statement is one of many pairs
def places_named(text: str) -> frozenset[str]:
    """The places that a statement names."""
    return frozenset(places(text))


def same_place(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two statements may speak of one place, by the places that they name."""
    return one == other or not one.isdisjoint(other)


def together(one: Candidate, other: Candidate) -> bool:
    """Members of one list or table tell different things apart; they do not contradict each other."""
    return one.section == other.section and one.chunk.kind in (Kind.LIST, Kind.TABLE)


def _value(figure: Figure) -> tuple[float, float | None]:
    return figure.amount, figure.upper
