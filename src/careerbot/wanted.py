"""What kind of answer a question wants: units of amounts, a statistic, several things, the most or least. Pure.

Only the general grammar of questions is used, never the subject of the documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from careerbot.figures import statistic_of
from careerbot.words import FUNCTION_WORDS, content_words

_MONEY = re.compile(
    r"\b(?:costs?|cost\w+|pric\w+|fees?|pay|pays|paid|paying|salar\w+|wages?|earn\w*|income|paycheck|tuition|expensive|"
    r"cheap\w*|dollars?|bucks|afford\w*|charge\w*|set me back|make (?:an? |per )?(?:hour|year|month)|money|dues|"
    r"pull(?:s|ing)? in|take home|bring home|spend|get (?:paid )?(?:per|an?|by the) (?:hour|week|month|year))\b|[$€£]",
    re.I,
)
_WHAT_MAKE = re.compile(
    r"\b(?:(?:what|whats|what's)\b(?: \w+){1,8}|how much\b(?: \w+){0,8}) "
    r"(?:(?:make|makes|making|bring in|clear)\b"
    r"(?! (?:sure|it|me|you|the|your|an?|one|some\w+|people|for|that|this|th[eo]se|such|any|no)\b)|"
    r"on(?= (?:a|per|each) (?:year|hour|month)|\W*$))",
    re.I,
)
_HOW_LONG = re.compile(
    r"\bhow (?:long|much time|many (?:minutes|mins|hours|hrs|days|weeks|months|years|yrs))\b|"
    r"\b(?:duration|time limit|length of|(?<!an )(?<!per )(?<!by the )(?<!each )(?<!every )(?<!/)hours?\?)|"
    r"\b(?:exam|test) (?:time|hours|length)\b|"
    r"\bhow (?:fast|quick\w*|soon)\b(?!.*\b(?:grow|expand|rise|rising|increas|go(?:ing)? up)\w*)",
    re.I,
)
_HOW_MANY = re.compile(
    r"\bhow many\b|\bwhat (?:share|portion|proportion|fraction|part|chunk)\b|"
    r"\bnumber of\b|\bhead ?count\b|\btotal of\b",
    re.I,
)
_HOW_MUCH = re.compile(
    r"\bhow much\b(?! (?:time|of an? |education|college|school|experience|work|harder|longer))", re.I
)
_YES_NO = re.compile(
    r"^(?:so |and |but |hey |ok |well )*(?:(?:if|when|once|since|because|as|after|with|without) [^,?.!]*, )?"
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|has|have|am|may)\b",
    re.I,
)
_OPEN = re.compile(
    r"(?:^|[,:;.?!] )\W*(?:so |and |but )*(?:which|who|where|how (?:do|does|did|can|could|should|would|to|is|are))\b",
    re.I,
)
_SEVERAL = re.compile(
    r"\b(?:list|name|ways|steps|types|kinds|sorts|examples|pros|cons|upsides|"
    r"downsides|drawbacks|benefits|advantages|disadvantages|perks|skills|abilities|duties|tasks|responsibilities|options|"
    r"topics|subjects|places|things|employers|tools|factors|paths|requirements)\b",
    re.I,
)
_NOT_AT = r"(?<!\bat )(?<!\bat the )(?<!\bat the very )"  # "at least 5" sets a limit
_MOST = re.compile(
    rf"\b{_NOT_AT}(?:highest|most|best[- ]pa\w+|pays? (?:the )?(?:best|most)|top|biggest|largest|"
    r"maximum(?! of .?\d)|max|longest|priciest|dearest|costliest|fastest|richest)\b",
    re.I,
)
_BEST = re.compile(r"\bbest\b", re.I)
_LEAST = re.compile(
    rf"\b{_NOT_AT}(?:lowest|least|cheapest|smallest|minimum(?! of .?\d)|worst[- ]pa\w+|pays? (?:the )?least|"
    r"slowest|shortest|fewest)\b",
    re.I,
)
_FASTEST = re.compile(r"\b(?:fastest|slowest)\b", re.I)
_WHY = re.compile(r"\bwhy\b|\bhow come\b|\bwhat(?:'s| is) the (?:reason|point)\b", re.I)
_COMPARE = re.compile(
    r"\b(?:vs|versus|compar\w+|diff(?:er\w*)?|how far apart|gap between|against|than|or|rank|"
    r"which (?:one|has|is|of))\b",
    re.I,
)
CLAUSE = re.compile(
    r"\b(?:how|what|whats|what's|which|when|where|who|why)\b|\?|^\W*(?:is|are|do|does|did|can|could|will|would|should)\b",
    re.I,
)
"""How a clause asks."""

VERBS = r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|might|has|have|had)\b"
"""Verbs that stand where a noun might."""

_PLURAL = re.compile(
    rf"\b(?:what|which) (?!of\b)(?:(?!{VERBS})\w+ ){{0,2}}?(?!{VERBS})(\w+s)\b(?! (?:a|an|the)\b)", re.I
)
_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_HOW_MANY_EXTREMES = re.compile(
    rf"\b(\d+|{'|'.join(_SMALL)})[- ](?:highest|lowest|top|best|worst|most|least|cheapest|biggest|largest)\b"
    rf"|\b(?:top|highest|lowest|best|worst|cheapest|bottom) (\d+|{'|'.join(_SMALL)})\b(?! ?(?:%|percent))",
    re.I,
)
_SEVERAL_EXTREMES = re.compile(
    rf"\b(?:what|which) (?:(?!{VERBS})\w+ ){{0,2}}?(?!{VERBS})\w+[^s\W]s "
    r"(?!(?:the )?(?:most|least|best|worst|highest|lowest|cheapest|more|less|better)\b)(?:\w+[^s\W]|are)\b"
    r"|\b(?:best|highest|lowest|worst|top|least|most)[- ](?:paying|paid|earning) \w+[^s\W]s\b",
    re.I,
)
_FEW, _MOST_EXTREMES = 3, 10
_ORDINAL = re.compile(r"\b(second|third|fourth|fifth)\b(?!-)", re.I)
_TOP_SHARE = re.compile(
    r"\b(top|highest|best|bottom|lowest)(?:[- ](?:paid|earning))?[-\s]+"
    r"(?:(\d+|ten|twenty[- ]five)\s*(?:%|percent|per cent)|(tenth|quarter)\b)",
    re.I,
)
_MEANING = re.compile(r"\b(?:do|does|did)\b[^?]{1,60}\bmean(?=\W*$|[?.!])", re.I)
_MIDDLE = re.compile(r"\bhalf\b.{1,40}\b(?:more|less|above|below)\b", re.I)
"""Everyday words for a median."""

_EARNED = re.compile(
    r"\b(?:have|has|need|needs|want|wants|try|trying) to earn\b|"
    r"\bearn(?:ed|ing)? (?:an?|the|my|your|his|her|their)\b"
    r"(?! (?:hour|day|week|month|year|lot|living|salary|wage|income|bonus|median|average|mean)\b)",
    re.I,
)
"""What is earned so is no money: "which badge do I have to earn", "earning a degree"."""

_WHAT_IS = re.compile(r"\b(?:what|wat|who)(?:'?s| is| are| do| does)?\b|\bmeaning\b", re.I)
WHOLE_WAY = r"\bstart to finish\b|\bfrom (?:scratch|zero|nothing)\b"
_STEPS = re.compile(
    rf"\bsteps\b|\bstep[- ]by[- ]step\b|\bwalk me through\b|\bin (?:what|which) order\b|{WHOLE_WAY}|"
    r"\bhow (?:do|can|does|would|should|to|did)\b.{0,30}\b(?:become|becoming|get (?:in)?to be|get started|get into|"
    r"start out|begin|go about)\b|"
    r"\b(?:road|path|route|way) (?:from|to (?:be|becom)\w*|into)\b|"
    r"\bwhat (?:do|does|must|should|would)\b.{0,30}\b(?:to become|to be(?:come)? an?)\b",
    re.I,
)
_FACTORS = re.compile(r"\b(?:based on|depends?|affects?|determines?|influences?|factors?)\b", re.I)


def units(text: str) -> list[str]:
    """The units that would answer; empty when no amount is asked for."""
    return [] if asks_why(text) else units_named(text)


def units_named(text: str) -> list[str]:
    """The units of the amount that a text speaks of, be it that it asks for it or why it is so."""
    text = _EARNED.sub(" ", _TOP_SHARE.sub(" ", text))
    if _HOW_LONG.search(text):
        return ["minutes", "months"]
    if _HOW_MANY.search(text) and not _FASTEST.search(text):
        return ["count", "percent"]  # a share tells "how many pass" as well
    if re.search(
        r"\bpercent(?:age)?\b(?!ile)|%|\bpass rate\b|\bgrowth\b|\bodds\b|"
        r"\b(?:how (?:fast|quick\w*|much)|fastest|slowest)\b.*\b(?:grow|expand|rise|rising|increas|go(?:ing)? up)\w*|"
        r"\b(?:grow|expand|rise|rising|increas|climb)\w*\b.*\b(?:fastest|slowest|most|least)\b",
        text,
        re.I,
    ):
        return ["percent"]
    if _MONEY.search(text) or _WHAT_MAKE.search(text) or re.search(r"\bhow much(?:'s| is| are| for)\b", text, re.I):
        return [] if _SEVERAL.search(text) and not _HOW_MUCH.search(text) else ["$", "€", "£"]
    return ["$", "€", "£", "percent", "count"] if _HOW_MUCH.search(text) else []


def unpriced(text: str) -> str:
    """The text without the words that ask for money, which say nothing of what is paid for."""
    return _MONEY.sub(" ", text)


def asks_amount(text: str) -> bool:
    """Whether it asks how much, how many or how long."""
    return any(asks.search(text) for asks in (_HOW_MUCH, _HOW_MANY, _HOW_LONG))


def asks_yes_no(text: str) -> bool:
    """Whether yes or no would answer."""
    return _YES_NO.search(text.strip()) is not None


def asks_meaning(text: str, names: Collection[str]) -> bool:
    """Whether it asks for nothing but what the one name means: "what is a JEX", "what do the letters JEX stand for"."""
    held = set(content_words(text)) - {"mean", "means", "meaning", "stand", "stands", "4", "letters", "abbreviation"}
    return len(names) == 1 and held <= set(names) and _WHAT_IS.search(text) is not None


def asks_why(text: str) -> bool:
    """Whether it asks for a reason: "why", "what does it depend on"."""
    return _WHY.search(text) is not None or (_FACTORS.search(text) is not None and not _HOW_MUCH.search(text))


def compares(text: str) -> bool:
    """Whether it compares things: "A or B", "the difference", "which one"."""
    return _COMPARE.search(text) is not None


def is_open(text: str, most_or_least: bool) -> bool:
    """Whether an answer may do without the kind of amount that the words speak of: "which pays better"."""
    return not (most_or_least or _HOW_MUCH.search(text)) and (asks_yes_no(text) or _OPEN.search(text) is not None)


def asks_several(text: str) -> bool:
    """Whether a list would answer: "which branches …", "name the …", or a fragment such as "jobs like baking"."""
    named = _PLURAL.search(text)
    plural = named is not None and _is_plural(named[1])
    first = re.match(r"\W*(\w+)", text)
    fragment = first is not None and CLAUSE.search(text) is None and _is_plural(first[1])
    return bool(
        _SEVERAL.search(text)
        or re.search(r"\b(?:what|which) (?:are|were)\b|\b(?:for|of) each\b", text, re.I)
        or plural
        or fragment
    )


def asks_steps(text: str) -> bool:
    """Whether it asks how something is done from beginning to end, and for no amount."""
    return _STEPS.search(text) is not None and not units(text)


def _is_plural(word: str) -> bool:
    return len(word) > 3 and word[-1] == "s" and word[-2] not in "sui'’" and word.lower() not in FUNCTION_WORDS


def most_least(text: str, priced: bool) -> tuple[bool, bool]:
    """Whether it asks for the most and for the least; "best" is the most where it asks for an amount."""
    return bool(_MOST.search(text) or (priced and _BEST.search(text))), _LEAST.search(text) is not None


def extremes(text: str) -> int:
    """How many of the most or least are asked for: 5 in "the top five", 3 in "which states pay best", else 1.

    "The second best" asks for two, of which it is the last.
    """
    ordinal = _ORDINAL.search(text)
    if ordinal is not None:
        return ("first", "second", "third", "fourth", "fifth").index(ordinal[1].lower()) + 1
    number = _HOW_MANY_EXTREMES.search(text)
    if number is None:
        return _FEW if _SEVERAL_EXTREMES.search(text) else 1
    word = (number[1] or number[2]).lower()
    return min(int(word) if word.isdigit() else _SMALL.index(word), _MOST_EXTREMES)


def statistic(text: str) -> str | None:
    """The statistic that a question names; "the top 10 percent" starts at the 90th percentile."""
    text = _MEANING.sub(" ", text)
    share = _TOP_SHARE.search(text)
    if share is None:
        return statistic_of(_MIDDLE.sub("median", text))
    named = (share[2] or share[3]).lower()
    size = int(named) if named.isdigit() else 10 if named in ("ten", "tenth") else 25
    return f"{100 - size if share[1].lower() in ('top', 'highest', 'best') else size}th percentile"
