"""Amounts in a text, with unit, statistic, period and year as far as the text states them. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, lru_cache
from itertools import chain
from math import prod

from careerbot.datatypes import Figure

_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

_SCALES = {"hundred": 100, "thousand": 1000, "million": 1e6, "billion": 1e9, "k": 1000, "m": 1e6, "bn": 1e9}
_SUFFIX = re.compile(rf"(?:[\s-]?(?:{'|'.join(_SCALES)}))+$")
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_NAMED = rf"\b(?:(?:{_TENS})-(?:one|two|three|four|five|six|seven|eight|nine)|{'|'.join(_WORDS)})\b"
_DIGITS = r"(?<!\d)(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+|\s1/2|½)?)"
# Atomic: a number that does not lead to a match as a whole is not tried in parts.
_SCALED = r"[\s-]?(?:hundred|thousand|million|billion)\b"
_NUMBER = rf"(?>(?:{_DIGITS}|{_NAMED})(?:{_SCALED})*)"
_ANY = re.compile(rf"\d|\b(?:{'|'.join(_WORDS)})\b")
_SIGN = r"(?P<sign>(?<![\w.,%)])[-−–])?"
_TO = r"\s?(?:-|–|—|‑|to)\s?"
_TIME = r"(?:second|minute|min|hour|hr|day|week|month|mo|semester|year|yr)s?\b"
_MONEY = re.compile(
    rf"{_SIGN}(?P<unit>[$€£])\s?(?P<a>{_NUMBER}(?:(?:k|m|bn)\b)?)(?:{_TO}[$€£]?\s?(?P<b>{_NUMBER}(?:(?:k|m|bn)\b)?))?\+?",
)
_SHARE = r"(?:%|percent\b|per cent\b)"
_PERCENT = re.compile(rf"{_SIGN}(?P<a>{_NUMBER})[\s-]?{_SHARE}?(?:{_TO}(?P<b>{_NUMBER}))?[\s-]?{_SHARE}")
_DURATION = re.compile(
    rf"(?P<a>{_NUMBER})(?:\s?(?P<u1>{_TIME}))?(?:{_TO}(?P<b>{_NUMBER}))?\+?[\s-]?(?P<unit>{_TIME})?"
    rf"(?:\s?(?:and\s)?(?P<m>{_NUMBER})\s?(?:minutes?|mins?)\b)?",
)
_COUNT = re.compile(
    rf"(?!one\b(?!{_SCALED}))(?<![\w$€£.,-])(?P<a>{_NUMBER})(?:{_TO}(?P<b>{_NUMBER}))?\+?(?![\w%]|[.,]\d)",
)
_KINDS = (
    (_MONEY, re.compile("[$€£]")),
    (_PERCENT, re.compile(_SHARE)),
    (_DURATION, re.compile(_TIME)),
    (_COUNT, _ANY),
)
"""What a kind of amount looks like, and what a text must hold that has one, which is far quicker to look for."""

_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b(?=[^.;|]{0,14}percentile)|\bpercentile\b")
MONEY = frozenset("$€£")
"""The units of amounts of money."""

CURRENCY = r"(?:dollars|bucks|euros|pounds)\b"
_YEAR = re.compile(
    r"(?<![$€£\d.,])(?<![$€£]\s)\b(?:19|20)\d\d\b(?:\s?[-–]\s?(?:19|20)?\d\d\b)?"
    rf"(?![.,]?\d|(?:{_TO}\d[\d,]*)?[\s-]?(?:%|percent\b|(?:second|minute|min|hour|hr|day|week)s?\b)|\s{CURRENCY})"
)
_MINUTES = {"second": 1 / 60, "min": 1, "hour": 60, "hr": 60, "day": 1440, "week": 10080}
_MONTHS = {"mo": 1, "semester": 4.5, "year": 12, "yr": 12}

_RANKS = re.compile(r"\b(\d\d?)th\s?(?:-|–|to|and)\s?(?:the )?(\d\d?)th percentile")
_SEPARATOR = re.compile(r"[;|(]|,\s|\s(?:or|and|to)\s")
_NO_VERB = r"(?<!i )(?<!you )(?<!they )(?<!we )(?<!it )(?<!that )(?<!this )(?<!to )"  # "I mean"
_STATISTICS = (
    ("median", ("median", "middle"), re.compile(r"\bmedians?\b|\bmiddle\b(?![\s-](?:school|aged?|class|manage|east))")),
    (
        "mean",
        ("mean", "average", "avg"),
        re.compile(rf"{_NO_VERB}\bmean\b|(?<!than )(?<!than the )\b(?:average|avg)\b"),
    ),
    ("typical", ("typical",), re.compile(r"\btypical\b")),
)
_PERIODS = (
    ("hour", ("hour", "/hr"), re.compile(r"\bhourly\b|\b(?:per|an|a|by the) hour\b|/h(?:ou)?r\b")),
    ("month", ("month", "/mo"), re.compile(r"\bmonthly\b|\b(?:per|a) month\b|/mo\b")),
    (
        "year",
        ("annual", "year", "/yr"),
        re.compile(r"\bannual|\byearly\b|\b(?:per|a|each|every|by the) year\b|/y(?:ea)?r\b"),
    ),
)
"""What a statistic or a period is called, what a text must hold that names it, and how it is named."""

_LABELLED = re.compile(
    r"median|middle|mean|average|avg|typical|percentile|hour|/hr|month|/mo|annual|year|/yr|(?:19|20)\d\d"
)
"""In every text that names a statistic, a period or a year."""


def figures(text: str) -> tuple[Figure, ...]:
    """The amounts of a text in reading order; years that only date something are not amounts.

    Units are a currency sign, "percent", "minutes" or "months" (every duration is converted to one
    of the two) and "count". `statistic`, `period` and `year` are those of the clause that the figure
    stands in, else those of the text, where one only is named.
    """
    lower = _lower(text)
    if _ANY.search(lower) is None:
        return ()  # three statements of four, at a tenth of what looking for every kind costs
    taken = bytearray(len(text))
    ranked = "percentile" in lower
    for match in chain(_years(text), _ORDINAL.finditer(lower) if ranked else ()):
        _take(taken, match.span())
    named = _named(text, lower)
    ranks = _RANKS.search(lower) if ranked else None
    found: list[Figure] = []
    for pattern, sign in _KINDS:
        for match in pattern.finditer(lower) if sign.search(lower) else ():
            span = match.span()
            measured = None if any(taken[slice(*span)]) else _measure(pattern, match)
            if measured is None:
                continue
            amount, upper, unit = measured
            _take(taken, span)
            figure = Figure(amount, unit, *span, text[slice(*span)].strip(), upper, *named(*span))
            found += _ends(figure, match, text, ranks)
    return tuple(sorted(found, key=lambda figure: figure.start))


def _lower(text: str) -> str:
    """In lower case, every letter in its place; patterns that need not mind the case are found many times faster."""
    return text.replace("İ", "i").lower()  # the one letter that becomes two


def _ends(figure: Figure, match: re.Match[str], text: str, ranks: re.Match[str] | None) -> list[Figure]:
    """The ends of a range from one percentile to another, as in "10th-90th percentile: $29,000-$63,000"."""
    if ranks is None or figure.upper is None or figure.statistic is not None or figure.unit in ("minutes", "months"):
        return [figure]
    second = match.start("b") - (text[match.start("b") - 1] == figure.unit)
    ends = ((figure.amount, match.start(), match.end("a")), (figure.upper, second, match.end()))
    return [
        replace(figure, amount=amount, upper=None, start=a, end=b, text=text[a:b], statistic=f"{rank}th percentile")
        for (amount, a, b), rank in zip(ends, ranks.groups(), strict=True)
    ]


def _named(text: str, lower: str) -> Callable[[int, int], tuple[str | None, ...]]:
    """For the span of a figure: statistic, period and year of its clause, else of the whole text.

    A clause speaks of one figure alone, as in "$24 per hour or $50,000 per year".
    """
    if _LABELLED.search(lower) is None:
        return lambda start, end: (None, None, None)
    separators = [match.span() for match in _SEPARATOR.finditer(text)]
    begins, ends = [0, *(end for _, end in separators)], [*(start for start, _ in separators), len(text)]
    whole = _labels(text)

    @cache  # many figures may share a clause as long as the text
    def of_clause(begin: int, end: int) -> tuple[str | None, ...]:
        return tuple(own or other for own, other in zip(_labels(text[begin:end]), whole, strict=True))

    return lambda start, end: of_clause(begins[bisect_right(begins, start) - 1], ends[bisect_left(ends, end)])


@lru_cache(maxsize=1024)  # most texts are one clause, and rows of a table share theirs
def _labels(text: str) -> tuple[str | None, str | None, str | None]:
    if _LABELLED.search(_lower(text)) is None:
        return None, None, None
    return statistic_of(text), period_of(text), _only([match.group() for match in _years(text)])


def _years(text: str) -> Iterable[re.Match[str]]:
    return _YEAR.finditer(text) if "19" in text or "20" in text else ()


def _take(taken: bytearray, span: tuple[int, int]) -> None:
    taken[slice(*span)] = b"\1" * (span[1] - span[0])


def _measure(pattern: re.Pattern[str], match: re.Match[str]) -> tuple[float, float | None, str] | None:
    amount = number(match["a"])
    upper = number(match["b"]) if match["b"] else None
    if upper is not None and amount < (scaled := amount * _scale(match["b"])) <= upper:
        amount = scaled  # "$50–60k", "2 to 3 million"
    if pattern in (_MONEY, _PERCENT):
        unit = match["unit"] if pattern is _MONEY else "percent"
        return (-amount, upper if upper is None else -upper, unit) if match["sign"] else (amount, upper, unit)
    if pattern is _COUNT:
        return amount, upper, "count"
    name = match["unit"] or match["u1"]
    if name is None:
        return None
    factor, unit = _time(name)
    first, first_unit = _time(match["u1"] or name)  # "6 months to 2 years"
    if first_unit != unit:
        return amount * first, None, first_unit  # "3 weeks to 2 months": minutes and months do not compare
    extra = number(match["m"]) if match["m"] and unit == "minutes" else 0.0
    return amount * first + extra, upper * factor if upper is not None else None, unit


def _time(name: str) -> tuple[float, str]:
    """How many minutes or months a unit of time has."""
    name = name.lower().rstrip("s")
    name = "min" if name.startswith("min") else "mo" if name.startswith("mo") else name
    return (_MINUTES[name], "minutes") if name in _MINUTES else (_MONTHS[name], "months")


@lru_cache(maxsize=4096)
def number(text: str) -> float:
    """The value of "1,200", "3.5", "3 1/2", "six", "twenty-five", "50k" or "2 million"."""
    scale = _scale(text)
    plain = _SUFFIX.sub("", text.lower())
    if plain[0].isalpha():
        return float(sum(_WORDS[word] for word in plain.split("-"))) * scale
    whole = re.sub(r"\s1/2|½", "", plain)
    return (float(whole.replace(",", "")) + (0.5 if whole != plain else 0)) * scale


def _scale(text: str) -> float:
    """1000 for "50k" and "fifty thousand"; 1 without any."""
    return prod(_SCALES.get(word, 1) for word in re.findall(r"[a-z]+", text.lower()))


def statistic_of(text: str) -> str | None:
    """ "median", "mean", "typical", "90th percentile", … when the text names exactly one."""
    lower = _lower(text)
    ranks = re.findall(r"\b(\d\d?)th\b", text) if "percentile" in lower else []
    named = ["median" if rank == "50" else f"{rank}th percentile" for rank in ranks]
    return _only(named + _called(lower, _STATISTICS))


def period_of(text: str) -> str | None:
    """ "hour", "month" or "year" when the text names exactly one."""
    return _only(_called(_lower(text), _PERIODS))


def _called(lower: str, names: Iterable[tuple[str, tuple[str, ...], re.Pattern[str]]]) -> list[str]:
    return [name for name, signs, called in names if any(sign in lower for sign in signs) and called.search(lower)]


def _only(named: list[str]) -> str | None:
    return named[0] if len(set(named)) == 1 else None


def literal_numbers(text: str) -> Iterator[str]:
    """Every number written in digits, as written but without thousands commas: "1,200" → "1200"."""
    for match in re.finditer(r"\d+(?:,\d{3})*(?:\.\d+)?", text):
        yield match.group().replace(",", "")
