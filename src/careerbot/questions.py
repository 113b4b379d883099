"""What a question asks for: kinds of amounts, names, statistics, lists, extremes. Pure.

Only the general grammar of questions is used, never the subject of the documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from careerbot.figures import period_of, statistic_of
from careerbot.places import places
from careerbot.words import FUNCTION_WORDS, content_words, tokens

_MONEY = re.compile(
    r"\b(?:costs?|cost\w+|pric\w+|fees?|pay|pays|paid|paying|salar\w+|wages?|earn\w*|income|paycheck|tuition|expensive|"
    r"cheap\w*|dollars?|bucks|afford\w*|charge\w*|set me back|make (?:an? |per )?(?:hour|year|month)|money|dues|"
    r"pull(?:s|ing)? in|take home|bring home|spend|get (?:paid )?(?:per|an?|by the) (?:hour|week|month|year))\b|[$€£]",
    re.I,
)
_WHAT_MAKE = re.compile(
    r"\b(?:what|whats|what's|how much)\b(?: \w+){0,8} "
    r"(?:(?:make|makes|making|bring in|clear)\b(?! (?:sure|it|me|you|the|your|an?|one|some\w+|people|for)\b)|"
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
_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b|\bhead ?count\b|\btotal of\b", re.I)
_HOW_MUCH = re.compile(
    r"\bhow much\b(?! (?:time|of an? |education|college|school|experience|work|harder|longer))", re.I
)
_YES_NO = re.compile(
    r"^(?:so |and |but |hey |ok |well )*"
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
_MOST = re.compile(
    r"\b(?:highest|most|best[- ]pa\w+|pays? (?:the )?(?:best|most)|top|biggest|largest|maximum|max|longest|"
    r"priciest|dearest|costliest|fastest|richest)\b",
    re.I,
)
_BEST = re.compile(r"\bbest\b", re.I)
_LEAST = re.compile(
    r"\b(?:lowest|least|cheapest|smallest|minimum|worst[- ]pa\w+|pays? (?:the )?least|slowest|shortest|fewest)\b", re.I
)
_WHY = re.compile(r"\bwhy\b|\bhow come\b|\bwhat(?:'s| is) the (?:reason|point)\b", re.I)
_SHARED = re.compile(r"\b(?:each|both|respectively|either)\b", re.I)
_COMPARE = re.compile(
    r"\b(?:vs|versus|compar\w+|diff(?:er\w*)?|how far apart|gap between|against|than|or|rank|"
    r"which (?:one|has|is|of))\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is searched. `names` and `places` are lower-case; `units` are those of `figures.Figure`.

    `asked` is the text without the topic that a clause takes along from the one before it; it is
    empty for a message as a whole that stands beside its parts.
    """

    text: str
    asked: str
    names: tuple[str, ...]
    places: tuple[str, ...]
    units: frozenset[str]
    amount: bool
    statistic: str | None
    period: str | None
    several: bool
    yes_no: bool
    open: bool
    """Whether an answer may do without the kind of amount that the words speak of: "which pays better"."""

    why: bool
    compares: bool
    extreme: int
    """1 asks for the most, -1 for the least, 0 for neither."""

    extremes: int
    """How many of the most or least are asked for: 5 in "the top five"."""

    @property
    def no_places(self) -> tuple[str, ...]:
        """The names that are no part of a place, in order."""
        located = set(tokens(" ".join(self.places)))
        return tuple(name for name in self.names if name not in located)


_SPLIT = re.compile(
    r"\s*(?:[,;]|[,;]?\s+(?:and|also|plus|&))\s+"
    r"(?=(?:how|what|which|when|where|who|why|is|are|do|does|did|can|could|will|would|should)\b)"
    r"|(?<=\?)\s+",
    re.I,
)
_ASKING = re.compile(
    r"\?|^\W*(?:and |so |but |also |please |pls |ok |plus )*"
    r"(?:how|what|whats|what's|which|when|where|who|whos|why|is|are|do|does|did|can|could|will|would|should|must|"
    r"tell|give|list|name|show|explain|compare|rank|describe|recommend)\b",
    re.I,
)
_POINTING = re.compile(
    r"\b(?:it|its|those|they|them|their|both|either|each|(?:that|this) (?:one|kind|sort|spot|place|job))\b", re.I
)
_ADDED = re.compile(r"^\W*(?:i mean|as in|specifically|especially|for example|for instance|in particular)\b", re.I)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|\.\.+\s*")
_CLAUSE = re.compile(
    r"\b(?:how|what|whats|what's|which|when|where|who|why)\b|\?|^\W*(?:is|are|do|does|did|can|could|will|would|should)\b",
    re.I,
)

_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december".split()
)

_CARRIED = 6  # words of the first clause that a later one takes along
_VERBS = r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|might|has|have|had)\b"
_PLURAL = re.compile(rf"\b(?:what|which) (?:(?!{_VERBS})\w+ ){{0,2}}?(?!{_VERBS})(\w+s)\b(?! (?:a|an|the)\b)", re.I)
_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_HOW_MANY_EXTREMES = re.compile(
    rf"\b(\d+|{'|'.join(_SMALL)})[- ](?:highest|lowest|top|best|worst|most|least|cheapest|biggest|largest)\b"
    rf"|\b(?:top|highest|lowest|best|worst|cheapest|bottom) (\d+|{'|'.join(_SMALL)})\b(?! ?(?:%|percent))",
    re.I,
)
_MOST_EXTREMES = 10
_VERBLESS = re.compile(rf"^\W*(?:which|what)(?: (?!{_VERBS})\w+){{1,2}}$", re.I)
"""A clause such as "which flours" in "which flours and which yeasts do bakers use" asks nothing alone."""

MAX_PARTS = 4


def focus(text: str) -> str:
    """The sentences of a message that ask, without the story around them; all of it where none does."""
    text = _ASIDE.sub("", text)
    found = [sentence.strip() for sentence in _SENTENCE.split(text) if sentence and sentence.strip()]
    asking = [at for at, sentence in enumerate(found) if _ASKING.search(sentence) and len(content_words(sentence)) > 1]
    if not asking or len(found) == 1:
        return text
    kept = set(asking[-2:])
    kept |= {at - 1 for at in kept if at and (_POINTING.search(found[at]) or len(content_words(found[at])) < 3)}
    kept |= {at for at in range(1, len(found)) if at - 1 in kept and _ADDED.search(found[at])}
    return " ".join(found[at] for at in sorted(kept))


_ASIDE = re.compile(
    r"(?:^|(?<=[.!?] ))\W*(?:so |but |and )?(?:before|now that|although|though|while)\b[^.?!]*?,\s+"
    r"(?=(?:\w+ )?(?:how|what|which|when|where|who|why|is|are|do|does|did|can|could|will|would|should)\b)",
    re.I,
)
"""A clause in front of a question that tells of its occasion: "Before I pay any fees, what …"."""


def _asking(focused: str) -> str:
    """The sentences of a focus that ask, without what they point to; all of it where none does."""
    asking = [held for held in _SENTENCE.split(focused) if held and _ASKING.search(held)]
    return _DENIED.sub(" ", " ".join(asking) or focused)


def understand(text: str, known_names: Collection[str] = ()) -> tuple[Question, ...]:
    """The questions that a message holds: one per clause that asks, one per name that is compared.

    A comparison as a whole goes before its parts; several clauses as a whole come last.
    """
    asked = focus(text)
    clauses = [clause.strip(" ,;") for clause in _SPLIT.split(asked) if clause and content_words(clause)]
    if not all(_CLAUSE.search(clause) for clause in clauses) or any(_is_open(held) for held in clauses[:-1]):
        clauses = [asked]
    every = _names(asked, known_names) or _names(text, known_names)
    found: list[Question] = []
    for at, clause in enumerate(clauses):
        asks, own = clause, _names(clause, known_names)
        if not own and len(clauses) > 1:
            named = _not_ahead(every, clauses[:at], clauses[at + 1 :])
            about = named or (content_words(clauses[0])[:_CARRIED] if clause != clauses[0] else ())
            clause, own = f"{', '.join(about)}: {clause}" if about else clause, named
        own += [place for place in places(clause) if place not in own] if _COMPARE.search(clause) else []
        if len(own) > 1 and (_COMPARE.search(clause) or _SHARED.search(asked) or len(own) > 2):
            found += [replace(read(clause, known_names), asked="")] if len(clauses) == 1 else []
            found += [replace(read(_only_name(clause, name, own), known_names), names=(name,)) for name in own]
        else:
            found.append(replace(read(clause, known_names), asked=asks))
    unlike = {question.text: question for question in found}
    whole = read(text, known_names)
    if len(unlike) < 2:
        return (whole,)
    return (*tuple(unlike.values())[:MAX_PARTS], *([replace(whole, asked="")] if len(clauses) > 1 else []))


def _is_open(clause: str) -> bool:
    """Whether a clause says only with the next one what it asks: "which flours", "what would I gain"."""
    return _VERBLESS.search(clause) is not None or len(content_words(clause)) < 2


def _not_ahead(names: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The names without those of later clauses only: "What do bakers earn, and what is the fee in Peru?"."""
    ahead = set(tokens(" ".join(after))) - set(tokens(" ".join(before)))
    return [name for name in names if name not in ahead]


def _only_name(clause: str, name: str, names: Collection[str]) -> str:
    """A clause about several names as a question about one: "CPC or CCS, which …" → "CPC, which …"."""
    one = r"(?:(?:a|an|the)\s+)?(?:" + "|".join(re.escape(other) for other in names) + r")(?:'s)?(?![\w-])"
    joined = rf"(?<![\w-]){one}(?:\s*(?:,|/|vs\.?|versus|or|and|&|against|than|with|to)?\s*(?:or|and)?\s*{one})+"
    return re.sub(joined, name, clause, flags=re.I)


def read(text: str, known_names: Collection[str] = ()) -> Question:
    """The parts of a question that finding and choosing use.

    `known_names` are the names of the documents in lower case; people rarely capitalise them.
    """
    whole, focused = text, focus(text)
    text = _DENIED.sub(" ", focused)
    units = _units(_asking(focused))
    most, least = bool(_MOST.search(text) or (units and _BEST.search(text))), bool(_LEAST.search(text))
    return Question(
        text=whole,
        asked=whole,
        names=tuple(_names(text, known_names) or [name for name in _names(whole, known_names) if name in known_names]),
        places=_places(text) or (_places(whole) if _HERE.search(text) else ()),
        units=frozenset(units),
        amount=any(asks.search(text) for asks in (_HOW_MUCH, _HOW_MANY, _HOW_LONG)),
        statistic=_statistic(text),
        period=period_of(text),
        several=_asks_several(text),
        yes_no=bool(_YES_NO.search(text.strip())),
        open=not (most or least or _HOW_MUCH.search(text)) and bool(_YES_NO.search(text.strip()) or _OPEN.search(text)),
        why=bool(_WHY.search(text)),
        compares=bool(_COMPARE.search(text)),
        extreme=int(most) - int(least),
        extremes=_extremes(text),
    )


_DENIED = re.compile(
    r",?\s*\b(?:not|instead of|rather than)(?: just)?(?: the)? (?:median|mean|average|typical\w*)\b,?", re.I
)
_TOP_SHARE = re.compile(
    r"\b(top|highest|best|bottom|lowest)(?:[- ](?:paid|earning))?[-\s]+"
    r"(?:(\d+|ten|twenty[- ]five)\s*(?:%|percent|per cent)|(tenth|quarter)\b)",
    re.I,
)


_FASTEST = re.compile(r"\b(?:fastest|slowest)\b", re.I)


_MEANING = re.compile(r"\b(?:do|does|did)\b[^?]{1,60}\bmean(?=\W*$|[?.!])", re.I)
_MIDDLE = re.compile(r"\bhalf\b.{1,40}\b(?:more|less|above|below)\b", re.I)
"""Everyday words for a median."""


_HERE = re.compile(
    r"\b(?:near (?:me|here|us)|nearby|near by|around here|in (?:my|our) (?:area|city|town|state|region)|"
    r"locally|here)\b",
    re.I,
)


def _places(text: str) -> tuple[str, ...]:
    """The places of a question; "Nice, how much …" begins with a capital that says nothing."""
    plain = text.lower() if text.isupper() else text
    return places(plain[:1].lower() + plain[1:] if plain[1:2].islower() else plain)


def _statistic(text: str) -> str | None:
    """The statistic that a question names; "the top 10 percent" starts at the 90th percentile."""
    text = _MEANING.sub(" ", text)
    share = _TOP_SHARE.search(text)
    if share is None:
        return statistic_of(_MIDDLE.sub("median", text))
    named = (share[2] or share[3]).lower()
    size = int(named) if named.isdigit() else 10 if named in ("ten", "tenth") else 25
    return f"{100 - size if share[1].lower() in ('top', 'highest', 'best') else size}th percentile"


def _asks_several(text: str) -> bool:
    """Whether a list would answer: "which branches …", "name the …", or a fragment such as "jobs like baking"."""
    named = _PLURAL.search(text)
    plural = named is not None and _is_plural(named[1])
    first = re.match(r"\W*(\w+)", text)
    fragment = first is not None and _CLAUSE.search(text) is None and _is_plural(first[1])
    return bool(
        _SEVERAL.search(text) or re.search(r"\b(?:what|which) (?:are|were)\b", text, re.I) or plural or fragment
    )


def _is_plural(word: str) -> bool:
    return len(word) > 3 and word[-1] == "s" and word[-2] not in "sui'’" and word.lower() not in FUNCTION_WORDS


_ORDINAL = re.compile(r"\b(second|third|fourth|fifth)\b(?!-)", re.I)


def _extremes(text: str) -> int:
    ordinal = _ORDINAL.search(text)
    if ordinal is not None:
        return ("first", "second", "third", "fourth", "fifth").index(ordinal[1].lower()) + 1
    number = _HOW_MANY_EXTREMES.search(text)
    if number is None:
        return 1
    word = (number[1] or number[2]).lower()
    return min(int(word) if word.isdigit() else _SMALL.index(word), _MOST_EXTREMES)


_EARNED = re.compile(
    r"\b(?:have|has|need|needs|want|wants|try|trying) to earn\b|\bearn(?:ed|ing)? (?:an?|the|my|your|his|her|their)\b",
    re.I,
)
"""What is earned so is no money: "which badge do I have to earn", "earning a degree"."""

_FACTORS = re.compile(r"\b(?:based on|depends?|affects?|determines?|influences?|factors?)\b", re.I)


def _units(text: str) -> list[str]:
    """The units that would answer; empty when no amount is asked for."""
    text = _EARNED.sub(" ", _TOP_SHARE.sub(" ", text))
    if _WHY.search(text) or (_FACTORS.search(text) and not _HOW_MUCH.search(text)):
        return []
    if _HOW_LONG.search(text):
        return ["minutes", "months"]
    if _HOW_MANY.search(text) and not _FASTEST.search(text):
        return ["count"]
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


def _names(text: str, known: Collection[str]) -> list[str]:
    """Acronyms and capitalised words of the question, and names of the documents in any case."""
    found: list[str] = []
    plain = text.isupper() or text.istitle()  # its capitals say nothing
    for match in re.finditer(r"\w+(?:[-'’&]\w+)*", text):
        word = match.group()
        lower = word.lower().replace("’", "'").removesuffix("'s")
        if lower not in known and lower.removesuffix("s") in known:
            lower = lower.removesuffix("s")
        initial = match.start() == 0 or re.search(r"[.!?:]\s*[\"'“(]*$", text[: match.start()]) is not None
        acronym = len(word) > 1 and sum(letter.isupper() for letter in word) > 1 and not text.isupper()
        capital = word[0].isupper() and not initial and not plain and len(word) > 1
        if lower in known or ((acronym or capital) and lower not in FUNCTION_WORDS and lower not in _CALENDAR):
            found.append(lower)
    return list(dict.fromkeys(found))
