"""Limits that a question sets to an amount: "under $3,000", "at least 60k a year", "between 6 and 12 months". Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from careerbot.datatypes import Figure
from careerbot.figures import CURRENCY, MONEY, figures, number
from careerbot.wanted import CLAUSE

_THINGS = re.compile(r"\b(?:which|what|who|where|how many|any|is there|are there|list|name|show|find|give)\b", re.I)
"""Begins what asks for things within the limit; "if I earn over …" only tells of it."""

_TELLS = re.compile(r"^\W*(?:if|when|once|i|i'm|i've|we|my|our)\b", re.I)
_THOUSANDS = re.compile(r"(?<![\w$€£.,])(\d+(?:\.\d+)?k)\b(\+?\s*(?:[?.!,;]|$|(?:an?|per|or|and|each)\b))?", re.I)
"""Such as "40k"; where nothing is named that it counts, it is money."""

_ONE = re.compile(r"\b(than|under|within|over) an? (?=(?:hour|day|week|month|semester|year)\b)", re.I)
_MORE, _LESS = r"(?:more|greater|higher|longer)", r"(?:less|lower|shorter|fewer|cheaper)"
_ALONE = r"(?<!\bno )(?<!\bnot )"
_BEFORE = re.compile(
    rf"\b(?:(?P<over>{_ALONE}{_MORE} than|over|above|beyond|exceed(?:s|ing)?|north of)"
    rf"|(?P<least>(?:no|not) {_LESS} than|at least|upwards? of|minimum of)"
    rf"|(?P<under>{_ALONE}{_LESS} than|under|below|beneath)"
    rf"|(?P<most>(?:no|not) {_MORE} than|at most|up to|within|maximum of))\s+$",
    re.I,
)
_AFTER = re.compile(
    rf"^(?: {CURRENCY})? ?"
    rf"(?:(?P<least>or (?:{_MORE}|above|over)|and (?:up|above|over))"
    rf"|(?P<most>or (?:{_LESS}|below|under)|and (?:below|under)))\b",
    re.I,
)
_NOT = re.compile(r"\b(?:not|never|\w+n['’]t|dont|doesnt|wont|isnt|arent)(?: \w+){0,2} $", re.I)
_OPPOSITE = {"over": "most", "most": "over", "under": "least", "least": "under"}
_DOLLARS = re.compile(rf"\s{CURRENCY}", re.I)
_BETWEEN, _AND = re.compile(r"\bbetween\s+$", re.I), re.compile(r"^\s*and\s+$", re.I)


@dataclass(frozen=True, slots=True)
class Bound:
    """What an amount may be, from `low` to `high`, in one of `units` (as `Figure.unit`) and, if not None, a period."""

    low: float
    high: float
    units: frozenset[str]
    period: str | None

    def within(self, found: Iterable[Figure]) -> bool | None:
        """Whether some of the figures that compare with it, as amounts or in part as ranges, are; None without any."""
        alike = [held for held in found if held.unit in self.units and self._of_period(held)]
        if not alike:
            return None
        return any(
            self.low <= max(held.amount, held.upper or held.amount) and held.amount <= self.high for held in alike
        )

    def _of_period(self, figure: Figure) -> bool:
        return self.period is None or figure.period in (None, self.period)


def bound(text: str, asked: Collection[str]) -> Bound | None:
    """The limit that a text sets to the things it asks for; `asked` are the units of the amount that it speaks of."""
    things = _THINGS.search(text)
    if things is None and (CLAUSE.search(text) or _TELLS.search(text)):
        return None
    text = _ONE.sub(r"\1 1 ", text[things.start() if things else 0 :])
    text = _THOUSANDS.sub(_spelled, text)
    found = figures(text)
    for at, figure in enumerate(found):
        money = figure.unit == "count" and (MONEY.intersection(asked) or _DOLLARS.match(text, figure.end))
        units = MONEY if money else frozenset({figure.unit})
        if asked and not units & MONEY.union(asked):
            continue  # "the growth over ten years"
        limits = _limits(text, figure, found[at + 1 : at + 2])
        if limits is not None:
            return Bound(*limits, units, figure.period if units & MONEY else None)
    return None


def _spelled(match: re.Match[str]) -> str:
    rest = match[2] or ""
    money = " dollars" if match[2] is not None and not rest.startswith("+") else ""
    return f"{number(match[1]):.0f}{money}{rest}"


def _limits(text: str, figure: Figure, following: Sequence[Figure]) -> tuple[float, float] | None:
    """The least and the most that a figure, with the one that follows, lets an amount be; None where it sets none."""
    amount = figure.amount
    if _BETWEEN.search(text[: figure.start]):
        ends = [held.amount for held in following if _AND.search(text[figure.end : held.start])]
        end = figure.upper or next(iter(ends), None)
        return None if end is None else (amount, end)
    said = _BEFORE.search(text[: figure.start])
    after = _AFTER.search(text[figure.end :])
    kind = said.lastgroup if said else after.lastgroup if after else "least" if figure.text.endswith("+") else ""
    if said and _NOT.search(text[: said.start()]):
        kind = _OPPOSITE[kind or ""]
    match kind:
        case "over":
            return math.nextafter(amount, math.inf), math.inf
        case "least":
            return amount, math.inf
        case "under":
            return -math.inf, math.nextafter(amount, -math.inf)
        case "most":
            return -math.inf, amount
    return None
