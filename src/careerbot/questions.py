"""What a question asks for: kinds of amounts, names, statistics, lists, extremes. Pure.

Only the general grammar of questions is used, never the subject of the documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from careerbot.figures import period_of, statistic_of
from careerbot.words import FUNCTION_WORDS, content_words, tokens

_MONEY = re.compile(
    r"\b(?:cost|costs|price|fees?|pay|pays|paid|paying|salar\w+|wages?|earn\w*|income|paycheck|tuition|expensive|cheap\w*|"
    r"dollars?|bucks|afford\w*|charge\w*|set me back|make (?:an? |per )?(?:hour|year|month)|money|dues|pull(?:s|ing)? in|"
    r"take home|bring home|spend)\b|[$€£]",
    re.I,
)
_HOW_LONG = re.compile(
    r"\bhow (?:long|much time|many (?:minutes|hours|days|weeks|months|years))\b|\b(?:duration|time limit|length of|hours?\?)|"
    r"\b(?:exam|test) (?:time|hours|length)\b|\bhow fast\b|\bhow quick\w*\b",
    re.I,
)
_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b|\bhead ?count\b|\btotal of\b", re.I)
_HOW_MUCH = re.compile(r"\bhow much\b(?! (?:time|of an? |education|college|school|experience|work|harder|longer))", re.I)
_PERCENT = re.compile(r"\bpercent(?:age)?\b(?!ile)|%|\b(?:rate|share|odds|chances?|proportion|growth|grow\w*)\b", re.I)
_YES_NO = re.compile(
    r"^(?:so |and |but |hey |ok |well )*(?:is|are|was|were|do|does|did|can|could|will|would|should|must|has|have|am|may)\b", re.I
)
_SEVERAL = re.compile(
    r"\b(?:what|which) (?:are|were) (?:the |some |all )?|\b(?:list|name|ways|steps|types|kinds|sorts|examples|pros|cons|upsides|"
    r"downsides|drawbacks|benefits|advantages|disadvantages|perks|skills|abilities|duties|tasks|responsibilities|options|"
    r"topics|subjects|places|things|employers|tools|factors|paths|requirements)\b",
    re.I,
)
_MOST = re.compile(
    r"\b(?:highest|most|best[- ]pa\w+|pays? (?:the )?(?:best|most)|top|biggest|largest|maximum|max|longest|priciest|dearest|"
    r"costliest|fastest|richest)\b",
    re.I,
)
_LEAST = re.compile(r"\b(?:lowest|least|cheapest|smallest|minimum|worst[- ]pa\w+|pays? (?:the )?least|slowest|shortest|fewest)\b", re.I)
_WHY = re.compile(r"\bwhy\b|\bhow come\b|\bwhat(?:'s| is) the (?:reason|point)\b", re.I)
_COMPARE = re.compile(r"\b(?:vs|versus|compar\w+|difference|against|better than|or)\b", re.I)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is searched. `names` are lower-case; `units` are those of `figures.Figure`."""

    text: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    units: frozenset[str]
    statistic: str | None
    period: str | None
    several: bool
    yes_no: bool
    why: bool
    compares: bool
    extreme: int
    """1 asks for the most, -1 for the least, 0 for neither."""


def read(text: str, known_names: Collection[str] = ()) -> Question:
    """The parts of a question that finding and choosing use.

    `known_names` are the names of the documents in lower case; people rarely capitalise them.
    """
    most, least = bool(_MOST.search(text)), bool(_LEAST.search(text))
    return Question(
        text=text,
        words=tuple(content_words(text)),
        names=tuple(_names(text, known_names)),
        numbers=tuple(word for word in tokens(text) if word[0].isdigit()),
        units=frozenset(_units(text)),
        statistic=statistic_of(text),
        period=period_of(text),
        several=bool(_SEVERAL.search(text)),
        yes_no=bool(_YES_NO.search(text.strip())),
        why=bool(_WHY.search(text)),
        compares=bool(_COMPARE.search(text)),
        extreme=int(most) - int(least),
    )


def _units(text: str) -> list[str]:
    """The units that would answer; empty when no amount is asked for."""
    asked = bool(re.search(r"\b(?:how|what|whats|what's|which|when)\b|\?|^\W*\w+(?:\W+\w+){0,6}\W*$", text, re.I))
    if not asked:
        return []
    if _HOW_LONG.search(text):
        return ["minutes", "months"]
    if _HOW_MANY.search(text):
        return ["count"]
    if re.search(r"\bpercent(?:age)?\b(?!ile)|%|\bpass rate\b|\bgrowth\b|\bodds\b", text, re.I):
        return ["percent"]
    if _HOW_MUCH.search(text) or (_MONEY.search(text) and not _SEVERAL.search(text) and not _WHY.search(text)):
        return ["$", "€", "£"] if _MONEY.search(text) else ["$", "€", "£", "percent", "count"]
    return []


def _names(text: str, known: Collection[str]) -> list[str]:
    """Acronyms and capitalised words of the question, and names of the documents in any case."""
    found: list[str] = []
    for match in re.finditer(r"\w+(?:[-'’&]\w+)*", text):
        word = match.group()
        lower = word.lower().replace("’", "'").removesuffix("'s")
        initial = match.start() == 0 or re.search(r"[.!?:]\s*[\"'“(]*$", text[: match.start()]) is not None
        acronym = len(word) > 1 and sum(letter.isupper() for letter in word) > 1 and not text.isupper()
        capital = word[0].isupper() and not initial and not text.istitle()
        if lower in known or ((acronym or capital) and lower not in FUNCTION_WORDS):
            found.append(lower)
    return list(dict.fromkeys(found))
