"""Candidates: the statements that may be quoted, weighed by what the question asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from careerbot.bounds import Bound
from careerbot.chunking import cells
from careerbot.datatypes import Chunk, Figure, Hit, Kind
from careerbot.figures import CURRENCY, MONEY, figures
from careerbot.questions import Question
from careerbot.words import FUNCTION_WORDS, content_words, spelled_out, stem, tokens

# Weights beside a score whose best is about 1.2; chosen on the tuning questions of the exam.
_UNIT, _NO_UNIT = 0.06, -0.15
_NO_NAME = -0.15
_STATISTIC, _NO_STATISTIC, _OTHER_STATISTIC = 0.1, -0.05, -0.4
_PERIOD = 0.04
_YEARS = 0.12
_OTHER_PERIOD = -0.08
_MEANING = 0.4
_EXTREME = 0.3
_AMOUNT_LEADS = 0.75  # share of the best score from which a statement with the amount goes first
REMEMBERED = 100_000  # statements, of which the words and figures are kept
_SERIES = 3
"""Statements with a comparable figure that make a list or table one that has a highest and a lowest."""

_HEAD = re.compile(r"-\d")
_BRACKET = re.compile(r"[(),;]")
"""In a header they would cut its words off from the figure in the cell."""

_CURRENCY = re.compile(r"[$€£]")
YEAR = re.compile(rf"\b(?:19|20)\d\d\b(?! {CURRENCY})")
_CAPTION = re.compile(
    r"\bthe (?:following )?(?:table|list|chart|figure)s? (?:below )?(?:show|list|compare|give)s?\b|"
    r"^sources?:(?:\b(?:19|20)\d\d\b|\D)*$|^(?:\w+ ){1,3}(?:these|the following) questions\b",
    re.I,
)


POINTER = re.compile(
    r"^(?:please )?(?:see|refer to|read|check|visit|browse|contact)\b.*\b(?:above|below|here|this page)\b", re.I
)
_LABEL = re.compile(r"[^\d:]{1,80}")
"""A line of prose that does not end as a sentence does and states no figure."""
_REASON = re.compile(
    r"\b(?:because|since|due to|owing to|thanks to|as a result|so that|reasons?|causes?|caused|"
    r"depend(?:s|ing)?|factors?|reflect(?:s|ed)?|driv(?:es?|en|ing)|"
    r"(?:affect|influence|determine)(?:s|d)?|var(?:y|ies)|command(?:s|ed)?)\b|"
    r"\b(?:higher|lower|larger|smaller|more|less)\b.*\b(?:for|in|with|where|when|than)\b|"
    r"\b(?:rais|increas|reduc|lower|boost|add)(?:e?s|ed|ing)?\b.*\b(?:pay|wages?|salar(?:y|ies)|costs?|fees?|price)\b",
    re.I,
)
"""How a statement says why something is so or what it goes with."""

_ENDINGS = ".!…”\"')]"


class Said:
    """What a statement says, which is the same for every question; each part is read when it is first asked for."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self.id = chunk.id

    @cached_property
    def words(self) -> int:
        """How many it has, as white space parts them."""
        return len(self._chunk.text.split())

    @cached_property
    def quotable(self) -> bool:
        """Questions, bare introductions, captions, labels and pointers to elsewhere answer nothing."""
        chunk, text = self._chunk, self._chunk.text.rstrip(" *_")  # Markdown's emphasis
        if chunk.part is None or text.endswith(("?", ":")) or _CAPTION.search(text) or POINTER.search(text):
            return False
        return chunk.kind in (Kind.LIST, Kind.TABLE) or text[-1:] in _ENDINGS or not _LABEL.fullmatch(text)

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """Its amounts, in a row of a table with the headers of their columns."""
        return _figures(self._chunk)

    @cached_property
    def values(self) -> frozenset[tuple[float, float | None, str]]:
        """Amount, upper end of a range, and unit of every figure."""
        return frozenset((figure.amount, figure.upper, figure.unit) for figure in self.figures)

    @cached_property
    def meanings(self) -> frozenset[str]:
        """The acronyms whose words it gives."""
        return spelled_out(self._chunk.text)

    @cached_property
    def reasons(self) -> bool:
        """Whether it, or the heading above it, speaks of why something is so."""
        return _REASON.search(" ".join((*self._chunk.headings[-1:], self._chunk.text))) is not None

    @cached_property
    def own(self) -> frozenset[str]:
        """Its own words."""
        return frozenset(self._own)

    @cached_property
    def _own(self) -> list[str]:
        return _with_families(tokens(self._chunk.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Those of its own words."""
        return frozenset(stem(word) for word in self._own if word not in FUNCTION_WORDS)

    @cached_property
    def beside(self) -> frozenset[str]:
        """The stems of it and its lead without the figures."""
        chunk, text = self._chunk, self._chunk.text
        if chunk.kind is not Kind.TABLE:  # there the figures' places are those in the row under its headers
            for figure in reversed(self.figures):
                text = f"{text[: figure.start]} {text[figure.end :]}"
        around = f"{text} {chunk.lead.text}" if chunk.lead else text
        return frozenset(stem(word) for word in content_words(around) if not word[0].isdigit())

    @cached_property
    def context(self) -> frozenset[str]:
        """The words of it, its headings and its lead, which it speaks of."""
        return self._above[0].union(self._own)

    @cached_property
    def about(self) -> frozenset[str]:
        """The stems of the context and of the words of the wordings, by which people ask for it."""
        return self._above[1].union(map(stem, self._own), map(stem, tokens(" ".join(self._chunk.wordings))))

    @property
    def _above(self) -> tuple[frozenset[str], frozenset[str]]:
        lead = self._chunk.lead.text if self._chunk.lead else ""
        return _words_and_stems(" ".join((*self._chunk.headings[1:], lead)))


def _with_families(words: list[str]) -> list[str]:
    """The words, and of a name of three parts the first two, as people say it: "mil-2" of "mil-2-A"."""
    return [*words, *(word.rpartition("-")[0] for word in words if word.count("-") == 2)]


@lru_cache(maxsize=1024)  # all statements of a section stand under the same headings
def _words_and_stems(text: str) -> tuple[frozenset[str], frozenset[str]]:
    words = frozenset(_with_families(tokens(text)))
    return words, frozenset(map(stem, words))


_said = lru_cache(maxsize=REMEMBERED)(Said)  # questions meet the same statements again


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement that may be quoted, with what choosing looks at."""

    chunk: Chunk
    score: float
    cosine: float
    said: Said = field(repr=False, compare=False)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """As `Said` has them."""
        return self.said.figures

    @property
    def stems(self) -> frozenset[str]:
        """As `Said` has them."""
        return self.said.stems

    @property
    def context(self) -> frozenset[str]:
        """As `Said` has it."""
        return self.said.context

    @property
    def section(self) -> tuple[str, int]:
        """The block that the statement stands in."""
        return self.chunk.document, self.chunk.section


def unweighed(chunk: Chunk) -> Candidate:
    """A statement by itself, which no search has found."""
    return Candidate(chunk, 0.0, 0.0, _said(chunk))


def stating(held: Candidate, stated: Sequence[Figure]) -> Candidate:
    """A candidate of which only these figures count."""
    said = Said(held.chunk)
    said.figures = tuple(stated)
    return replace(held, said=said)


def remember(chunk: Chunk) -> None:
    """Read what a statement says before anybody asks."""
    said = _said(chunk)
    if said.quotable:
        _ = said.figures, said.values, said.stems, said.context, said.words


def quotable(chunk: Chunk) -> bool:
    """Whether a chunk may answer anything, as `Said` tells."""
    return _said(chunk).quotable


def rank(question: Question, hits: Sequence[Hit]) -> list[Candidate]:
    """The quotable statements among the hits, best first."""
    introduced = {(hit.chunk.document, hit.chunk.start): hit.score for hit in hits} if question.several else {}
    places = [frozenset(tokens(name)) for name in question.places]
    years = YEAR.findall(question.text)
    found = [
        Candidate(
            hit.chunk, round(_score(hit, introduced) + _bonus(question, places, years, said), 6), hit.cosine, said
        )
        for hit in hits
        if (said := _said(hit.chunk)).quotable
    ]
    if question.bound:
        found = _within(question.bound, found)
    if question.extreme and found:
        found = _extremes_first(question, found)
    found.sort(key=lambda candidate: (-candidate.score, candidate.said.id))
    return _amount_first(question, found)


def _within(bound: Bound, found: list[Candidate]) -> list[Candidate]:
    """Without what states amounts of the kind that is limited, and none within the limit; all where nothing near is."""
    held = [(candidate, bound.within(candidate.figures)) for candidate in found]
    near = _AMOUNT_LEADS * max((candidate.score for candidate in found), default=0.0)
    if not any(within and candidate.score >= near for candidate, within in held):
        return found
    return [candidate for candidate, within in held if within is not False]


def _amount_first(question: Question, ranked: list[Candidate]) -> list[Candidate]:
    """An answer to "how much", "how long" or "what does it cost" begins with the amount, if one is near the top."""
    wanted = question.amount or (question.units and not question.open and not question.yes_no)
    for at, candidate in enumerate(ranked):
        if not wanted or candidate.score < _AMOUNT_LEADS * ranked[0].score:
            break
        if gives_amount(question, candidate):
            return [candidate, *ranked[:at], *ranked[at + 1 :]]
    return ranked


def gives_amount(question: Question, candidate: Candidate, around: Collection[str] = ()) -> bool:
    """Whether a statement speaks of a name of the question and gives the kind of amount it asks for.

    `around` are the words of what stands under the same headings, where the name may be, too.

    An amount of another percentile or another period is none, nor is a mean for a median; one that
    leaves them open is one.
    """
    names = set(question.no_places)  # places are judged by themselves
    named = not names or not names.isdisjoint(candidate.context) or not names.isdisjoint(around)
    return named and any(_fits(question, figure) for figure in candidate.figures)


def gives_meaning(question: Question, said: Said) -> bool:
    """Whether a statement gives the words of the acronym asked for; of "ABC-10-D" those of "ABC" are enough."""
    return not said.meanings.isdisjoint((question.names[0], _HEAD.split(question.names[0])[0]))


def _fits(question: Question, figure: Figure) -> bool:
    exact = question.statistic == "median" or (question.statistic or "").endswith("percentile")
    if figure.unit not in question.units or (exact and figure.statistic not in (None, question.statistic)):
        return False
    return not question.period or figure.unit not in MONEY or figure.period in (None, question.period)


def _score(hit: Hit, introduced: Mapping[tuple[str, int], float]) -> float:
    """A list that answers is often found by the sentence that introduces it, not by its items."""
    chunk = hit.chunk
    lead = introduced.get((chunk.document, chunk.lead.start), 0.0) if chunk.lead and chunk.kind is Kind.LIST else 0.0
    return hit.score if hit.score >= lead else (hit.score + 3 * lead) / 4


def _figures(chunk: Chunk) -> tuple[Figure, ...]:
    """The figures of a statement; in a table "Wage ($)" tells the currency of the numbers below it."""
    text = _figure_text(chunk)
    found = figures(text)
    if chunk.kind is not Kind.TABLE or _CURRENCY.search(text) is None:
        return found
    headers = [_CURRENCY.search(text[: figure.start].rpartition("; ")[2].partition(":")[0]) for figure in found]
    return tuple(
        replace(figure, unit=sign[0]) if sign and figure.unit == "count" else figure
        for figure, sign in zip(found, headers, strict=True)
    )


def _figure_text(chunk: Chunk) -> str:
    if chunk.kind is Kind.TABLE and chunk.lead is not None:
        named = zip(cells(chunk.lead.text), cells(chunk.text), strict=False)
        return "; ".join(f"{_BRACKET.sub(' ', name)}: {cell}" for name, cell in named)
    return chunk.text


def _bonus(question: Question, places: Sequence[frozenset[str]], years: Sequence[str], said: Said) -> float:
    """What a statement gains or loses by the kind of amount, the names, years and the statistic asked for.

    `places` are the words of each place of the question.
    """
    measured = question.units or question.explains or question.statistic or question.period
    held = said.figures if measured else ()
    fitting = [figure for figure in held if figure.unit in question.units]
    bonus = 0.0
    if question.units:
        bonus += _UNIT if fitting else 0.0 if question.open else _NO_UNIT
    if question.explains:  # why an amount is so: not the amount again
        again = any(figure.unit in question.explains for figure in held)
        bonus += _UNIT if said.reasons else _NO_UNIT if again else 0.0
    if years:
        bonus += _YEARS * sum(year in said.context for year in years) / len(years)
    if question.names:
        bonus += _NO_NAME * sum(name not in said.context for name in question.names) / len(question.names)
    if places:
        bonus += _NO_NAME * sum(not words <= said.context for words in places) / len(places)
    if question.meaning and gives_meaning(question, said):
        bonus += _MEANING
    stated = fitting or held
    if question.statistic and stated:
        named = {figure.statistic for figure in stated}
        bonus += _STATISTIC if question.statistic in named else _NO_STATISTIC if None in named else _OTHER_STATISTIC
    if question.period and stated:
        periods = {figure.period for figure in stated}
        bonus += _PERIOD if question.period in periods else 0.0 if None in periods else _OTHER_PERIOD
    return bonus


def _extremes_first(question: Question, found: Sequence[Candidate]) -> list[Candidate]:
    """Lift the highest (or lowest) members of each list or table that the question is near to; lower the others."""
    top = max(candidate.score for candidate in found)
    series: dict[tuple[str, int], list[tuple[float, Candidate]]] = {}
    for candidate in found:
        if candidate.chunk.kind in (Kind.LIST, Kind.TABLE):
            amount = _amount(question, candidate)
            if amount is not None:
                series.setdefault(candidate.section, []).append((amount, candidate))
    moved: dict[str, float] = {}
    for members in series.values():
        if len(members) >= _SERIES:
            members.sort(key=lambda member: (-question.extreme * member[0], -member[1].score))
            near = max(held.score for _, held in members) >= 0.75 * top
            for at, (_, member) in enumerate(members):
                moved[member.said.id] = _EXTREME if near and at < question.extremes else -_EXTREME
    return [
        replace(candidate, score=round(candidate.score + moved.get(candidate.said.id, 0.0), 6)) for candidate in found
    ]


def _amount(question: Question, candidate: Candidate) -> float | None:
    """The amount of a statement that is compared: the first of the unit asked for, else of any money."""
    units = question.units or MONEY
    return next((figure.upper or figure.amount for figure in candidate.figures if figure.unit in units), None)
