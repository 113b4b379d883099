"""Amounts in a text, with unit, statistic, period and year as far as the text states them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from careerbot.datatypes import Figure

_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:" + "|".join(_WORDS) + r")\b"
_TO = r"\s?(?:-|–|—|‑|to)\s?"
_TIME = r"(?:second|minute|min|hour|hr|day|week|month|mo|semester|year|yr)s?\b"
_MONEY = re.compile(rf"(?P<unit>[$€£])\s?(?P<a>{_NUMBER})(?P<k>k\b)?(?:{_TO}[$€£]?\s?(?P<b>{_NUMBER})k?)?\+?", re.I)
_PERCENT = re.compile(rf"(?P<a>{_NUMBER})\s?(?:%|percent\b|per cent\b)?(?:{_TO}(?P<b>{_NUMBER}))?\s?(?:%|percent\b|per cent\b)", re.I)
_DURATION = re.compile(
    rf"(?P<a>{_NUMBER})(?:\s?(?P<u1>{_TIME}))?(?:{_TO}(?P<b>{_NUMBER}))?\+?[\s-]?(?P<unit>{_TIME})?"
    rf"(?:\s?(?:and\s)?(?P<m>{_NUMBER})\s?(?:minutes?|mins?)\b)?",
    re.I,
)
_COUNT = re.compile(rf"(?!one\b)(?<![\w$€£.,-])(?P<a>{_NUMBER})(?:{_TO}(?P<b>{_NUMBER}))?\+?(?![\w%]|[.,]\d)", re.I)
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b(?=[^.;|]{0,14}percentile)|\bpercentile\b", re.I)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b(?:\s?[-–]\s?(?:19|20)?\d\d\b)?")
_MINUTES = {"second": 1 / 60, "min": 1, "hour": 60, "hr": 60, "day": 1440, "week": 10080}
_MONTHS = {"mo": 1, "semester": 4.5, "year": 12, "yr": 12}

_STATISTICS = (
    ("median", re.compile(r"\bmedian\b|\b50th\b|\bmiddle\b", re.I)),
    ("mean", re.compile(r"\bmean\b|\baverage\b", re.I)),
    ("typical", re.compile(r"\btypical", re.I)),
)
_PERIODS = (
    ("hour", re.compile(r"\bhourly\b|\b(?:per|an|a|by the) hour\b|/h(?:ou)?r\b", re.I)),
    ("month", re.compile(r"\bmonthly\b|\b(?:per|a) month\b|/mo\b", re.I)),
    ("year", re.compile(r"\bannual|\byearly\b|\b(?:per|a|each|every|by the) year\b|/y(?:ea)?r\b", re.I)),
)


def figures(text: str) -> tuple[Figure, ...]:
    """The amounts of a text in reading order; years that only date something are not amounts.

    Units are a currency sign, "percent", "minutes" or "months" (every duration is converted to one
    of the two) and "count". `statistic` and `period` are those that the text names, when it names
    one only.
    """
    statistic, period, year = statistic_of(text), period_of(text), _only(_YEAR.findall(text))
    taken: list[tuple[int, int]] = [match.span() for match in _YEAR.finditer(text)]
    taken += [match.span() for match in _ORDINAL.finditer(text)]
    found: list[Figure] = []
    for pattern in (_MONEY, _PERCENT, _DURATION, _COUNT):
        for match in pattern.finditer(text):
            span = match.span()
            if any(a < span[1] and span[0] < b for a, b in taken):
                continue
            measured = _measure(pattern, match)
            if measured is None:
                continue
            amount, upper, unit = measured
            taken.append(span)
            found.append(Figure(amount, unit, *span, match.group().strip(), upper, statistic, period, year))
    return tuple(sorted(found, key=lambda figure: figure.start))


def _measure(pattern: re.Pattern[str], match: re.Match[str]) -> tuple[float, float | None, str] | None:
    amount = number(match["a"])
    upper = number(match["b"]) if match["b"] else None
    if pattern is _MONEY:
        scale = 1000 if match["k"] else 1
        return amount * scale, upper * scale if upper is not None else None, match["unit"]
    if pattern is _PERCENT:
        return amount, upper, "percent"
    if pattern is _COUNT:
        return amount, upper, "count"
    name = (match["unit"] or match["u1"] or "").lower().rstrip("s")
    if not name:
        return None
    name = "min" if name.startswith("min") else "mo" if name.startswith("mo") else name
    table, unit = (_MINUTES, "minutes") if name in _MINUTES else (_MONTHS, "months")
    extra = number(match["m"]) if match["m"] and unit == "minutes" else 0.0
    return amount * table[name] + extra, upper * table[name] if upper is not None else None, unit


def number(text: str) -> float:
    """The value of "1,200", "3.5" or "six"."""
    word = text.lower()
    return float(_WORDS[word]) if word in _WORDS else float(word.replace(",", ""))


def statistic_of(text: str) -> str | None:
    """ "median", "mean", "typical", "90th percentile", … when the text names exactly one."""
    named = [f"{place}th percentile" for place in re.findall(r"\b(\d\d?)th\b", text) if place != "50"]
    named += [name for name, pattern in _STATISTICS if pattern.search(text)]
    return _only(named)


def period_of(text: str) -> str | None:
    """ "hour", "month" or "year" when the text names exactly one."""
    return _only([name for name, pattern in _PERIODS if pattern.search(text)])


def _only(named: list[str]) -> str | None:
    return named[0] if len(set(named)) == 1 else None


def literal_numbers(text: str) -> Iterator[str]:
    """Every number written in digits, as written but without thousands commas: "1,200" → "1200"."""
    for match in re.finditer(r"\d+(?:,\d{3})*(?:\.\d+)?", text):
        yield match.group().replace(",", "")
