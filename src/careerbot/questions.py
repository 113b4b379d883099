"""A message as questions: the sentences that ask, the clauses, the names and places, what each asks for. Pure.

Only the general grammar of questions is used, never the subject of the documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial

from careerbot import wanted
from careerbot.bounds import Bound, bound
from careerbot.figures import period_of
from careerbot.places import mentions, places
from careerbot.wanted import CLAUSE, VERBS
from careerbot.words import FUNCTION_WORDS, content_words, tokens

_SHARED = re.compile(r"\b(?:each|both|respectively|either|(?:the|these|those|all|of) (?:two|three|four))\b", re.I)
_SPLIT = re.compile(
    r"\s*(?:[,;]|[,;]?\s+(?:and|n|also|plus|&))\s+"
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
    r"\b(?!it (?:takes?|costs?)\b[^.?!]* to \w)(?:(?<!\bis )(?<!\bbe )it|it(?! \w+ to \w)|"
    r"its|those|they|them|their|both|either|each|(?:that|this) (?:one|kind|sort|spot|place|job))\b",
    re.I,
)
"""Words that speak of what was said before; "does it take to become" and "is it hard to" do not."""

_ADDED = re.compile(r"^\W*(?:i mean|as in|specifically|especially|for example|for instance|in particular)\b", re.I)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|\.\.+\s*")
_ASIDE = re.compile(
    r"(?:^|(?<=[.!?] ))\W*(?:so |but |and )?(?:before|now that|although|though|while)\b[^.?!]*?,\s+"
    r"(?=(?:\w+ )?(?:how|what|which|when|where|who|why|is|are|do|does|did|can|could|will|would|should)\b)",
    re.I,
)
"""A clause in front of a question that tells of its occasion: "Before I pay any fees, what …"."""

_DENIED = re.compile(
    r",?\s*\b(?:not|instead of|rather than)(?: just)?(?: the)? (?:median|mean|average|typical\w*)\b,?", re.I
)
_HERE = re.compile(
    r"\b(?:near (?:me|here|us)|nearby|near by|around here|in (?:my|our) (?:area|city|town|state|region)|"
    r"locally|here)\b",
    re.I,
)
_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december".split()
)
_BEGUN = re.compile(r"[.!?:]\s*[\"'“(]*$")
_LONG_NAME = re.compile(
    r"(?<![\w-])(?:[A-Z]{2,}\s+)?[A-Z][a-z]+(?:\s+(?:(?:of|for)\s+)?(?:the\s+)?(?:[A-Z][a-z]+|[IVX]+)(?![\w-]))*"
)
"""A name of several words: "National Guild of Bakers", "NGB Level II"."""

_ALSO = re.compile(r"\b(?:and|or|n|plus)\b|[&/]", re.I)
"""Says that what stands in a row is several things, not one long name."""

_CARRIED = 6  # words of the first clause that a later one takes along
_VERBLESS = re.compile(rf"^\W*(?:which|what)(?: (?!{VERBS})\w+){{1,2}}$", re.I)
"""A clause such as "which flours" in "which flours and which yeasts do bakers use" asks nothing alone."""

MAX_PARTS = 12


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

    steps: bool
    """Whether it asks how something is done from beginning to end."""

    why: bool
    explains: frozenset[str]
    """The units of the amount of which the reason is asked for."""

    meaning: bool
    """Whether it asks for nothing but what its one name means."""

    compares: bool
    extreme: int
    """1 asks for the most, -1 for the least, 0 for neither."""

    extremes: int
    """How many of the most or least are asked for: 5 in "the top five"."""

    bound: Bound | None
    """What an amount of the things asked for may be."""

    @property
    def no_places(self) -> tuple[str, ...]:
        """The names that are no part of a place, in order."""
        located = set(tokens(" ".join(self.places)))
        return tuple(name for name in self.names if name not in located)


@lru_cache(maxsize=64)  # each step of an answer asks again
def focus(text: str) -> str:
    """The sentences of a message that ask, without the story around them; all of it where none does."""
    text = _ASIDE.sub("", text)
    found = [sentence.strip() for sentence in _SENTENCE.split(text) if sentence and sentence.strip()]
    asking = [at for at, sentence in enumerate(found) if _ASKING.search(sentence) and len(content_words(sentence)) > 1]
    if not asking or len(found) == 1:
        return text
    kept = set(asking[-2:])
    kept |= {at - 1 for at in kept if at and _points_back(found[at])}
    kept |= {at for at in range(1, len(found)) if at - 1 in kept and _ADDED.search(found[at])}
    return " ".join(found[at] for at in sorted(kept))


def _points_back(sentence: str) -> bool:
    """Whether a sentence is understood only after the one before; a later clause speaks of what an earlier one says."""
    first = next(filter(None, _SPLIT.split(sentence)))
    return _POINTING.search(first) is not None or (len(content_words(sentence)) < 3 and not places(sentence))


def asking(focused: str) -> str:
    """The sentences of a focus that ask, without what they point to; all of it where none does."""
    found = [held for held in _SENTENCE.split(focused) if held and _ASKING.search(held)]
    return _DENIED.sub(" ", " ".join(found) or focused)


def understand(text: str, known_names: Collection[str] = ()) -> tuple[Question, ...]:
    """The questions that a message holds: one per clause that asks, one per name that is compared.

    A comparison as a whole goes before its parts; several clauses as a whole come last.
    """
    asked = focus(text)
    clauses = [clause.strip(" ,;") for clause in _SPLIT.split(asked) if clause and content_words(clause)]
    if not all(CLAUSE.search(clause) for clause in clauses) or any(_is_open(held) for held in clauses[:-1]):
        clauses = [asked]
    every = _names(asked, known_names) or _names(text, known_names)
    found: list[Question] = []
    reading = cache(partial(read, known_names=known_names))  # a message is often its only clause
    for at, clause in enumerate(clauses):
        asks, own = clause, _names(clause, known_names)
        clause = _filled(clause, own, clauses[:at], known_names)
        if not own and len(clauses) > 1:
            own = _not_ahead(every, clauses[:at], clauses[at + 1 :])
            about = own or (
                content_words(wanted.unpriced(asking(clauses[0])))[:_CARRIED] if clause != clauses[0] else ()
            )
            clause = f"{', '.join(about)}: {clause}" if about else clause
        if not own and len(every) > 1 and _SHARED.search(clause):
            own, clause = every, f"{', '.join(_joined(text, every))}: {clause}"
        spots, compares = mentions(clause), wanted.compares(clause)
        listed = _side_by_side(clause, spots, text, known_names)
        named = listed or _joined(text, [*own, *(spots if compares else ())])
        if len(named) > 1 and (listed or compares or _SHARED.search(asked) or len(named) > 2):
            found += [replace(reading(clause), asked="")] if len(clauses) == 1 else []
            found += [replace(reading(_only_name(clause, one, named)), names=words) for one, words in named.items()]
        else:
            found.append(replace(reading(clause), asked=asks))
    unlike = {question.text: question for question in found}
    whole = reading(text)
    if len(unlike) < 2:
        return (whole,)
    return (*tuple(unlike.values())[:MAX_PARTS], *([replace(whole, asked="")] if len(clauses) > 1 else []))


def _joined(text: str, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each name with its words: those of a long one, as it is written in the text, are one name."""
    found: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
    for match in _LONG_NAME.finditer(text):
        words = tuple(word for word in tokens(match.group()) if word in found)
        if len(words) > 1:
            whole = match.group().lower()
            found = {whole if name == words[0] else name: held for name, held in found.items() if name not in words[1:]}
            found[whole] = words
    return found


def _side_by_side(
    clause: str, spots: Mapping[str, str], text: str, known_names: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """The places, or else the names, of a list in a clause, as `_joined`: one statement rarely speaks of them all.

    `spots` are the `places.mentions` of the clause.
    """
    listed = _list_of(spots).search(clause) if len(spots) > 1 else None
    if listed:
        written = {place: spelled for spelled, place in mentions(listed.group()).items()}
        found = {spelled: tuple(tokens(spelled)) for spelled in written.values()}
    else:
        names = _names(clause, known_names)
        listed = _list_of(names).search(clause) if len(names) > 1 else None
        several = listed is not None and _ALSO.search(listed.group())
        found = _joined(text, _names(listed.group(), known_names)) if listed and several else {}
    return found if len(found) > 1 else {}


def _list_of(names: Collection[str]) -> re.Pattern[str]:
    """Two or more of some names one after the other: "CPC, the CCS or a CCA", "in Peru and in Chile"."""
    one = r"(?:(?:a|an|the)\s+)?(?:" + "|".join(map(re.escape, names)) + r")(?:'s)?(?![\w-])"
    also = r"\s*(?:,|/|vs\.?|versus|or|and|&|against|than|with|to)?\s*(?:or|and)?\s*(?:(?:in|for|of|from)\s+)?"
    return re.compile(rf"(?<![\w-]){one}(?:{also}{one})+", re.I)


def _is_open(clause: str) -> bool:
    """Whether a clause says only with the next one what it asks: "which flours", "what would I gain"."""
    return _VERBLESS.search(clause) is not None or len(content_words(clause)) < 2


def _filled(clause: str, names: Sequence[str], before: Sequence[str], known_names: Collection[str]) -> str:
    """A clause that only names another thing, as the one before asks: "What is the JEX fee, and what of the MEX?"."""
    earlier = _names(before[-1], known_names) if before else []
    if not names or not earlier or set(content_words(clause)) - {*names, "long", "often"}:
        return clause
    return re.sub(rf"(?<![\w-]){re.escape(earlier[0])}(?![\w-])", names[0], before[-1], flags=re.I)


def _not_ahead(names: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The names without those of later clauses only: "What do bakers earn, and what is the fee in Peru?"."""
    ahead = set(tokens(" ".join(after))) - set(tokens(" ".join(before)))
    return [name for name in names if name not in ahead]


def _only_name(clause: str, name: str, names: Collection[str]) -> str:
    """A clause about several names as a question about one: "CPC or CCS, which …" → "CPC, which …"."""
    written = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", clause, re.I)
    return _list_of(names).sub(lambda _: written.group() if written else name, clause)


def read(text: str, known_names: Collection[str] = ()) -> Question:
    """The parts of a question that finding and choosing use.

    `known_names` are the names of the documents in lower case; people rarely capitalise them.
    """
    whole, focused = text, focus(text)
    text, asks = _DENIED.sub(" ", focused), asking(focused)
    units, why = wanted.units(asks), wanted.asks_why(text)
    most, least = wanted.most_least(text, bool(units))
    # Where somebody lives is not where it is asked about, nor is who tells of it.
    told = set(_names(asks, known_names))
    names = [name for name in _names(text, known_names) if not told or name in told or name in known_names]
    names = names or [name for name in _names(whole, known_names) if name in known_names]
    return Question(
        text=whole,
        asked=whole,
        names=tuple(names),
        places=_places(asks) or _places(text) or (_places(whole) if _HERE.search(text) else ()),
        units=frozenset(units),
        amount=wanted.asks_amount(text),
        statistic=wanted.statistic(asks) or wanted.statistic(text),
        period=period_of(asks) or period_of(text),
        several=wanted.asks_several(text),
        yes_no=wanted.asks_yes_no(asks),
        open=wanted.is_open(asks, most or least),
        steps=wanted.asks_steps(text),
        why=why,
        explains=frozenset(wanted.units_named(text) if why else ()),
        meaning=wanted.asks_meaning(asks, names),
        compares=wanted.compares(text),
        extreme=int(most) - int(least),
        extremes=wanted.extremes(text),
        bound=bound(asks, wanted.units_named(asks)),
    )


def _places(text: str) -> tuple[str, ...]:
    """The places of a question; "Nice, how much …" begins with a capital that says nothing."""
    plain = text.lower() if text.isupper() else text
    return places(plain[:1].lower() + plain[1:] if plain[1:2].islower() else plain)


def _names(text: str, known: Collection[str]) -> list[str]:
    """Acronyms and capitalised words of the question, and names of the documents in any case."""
    found: list[str] = []
    plain = text.isupper() or text.istitle()  # its capitals say nothing
    for match in re.finditer(r"\w+(?:[-'’&]\w+)*", text):
        word = match.group()
        lower = word.lower().replace("’", "'").removesuffix("'s")
        if lower not in known and lower.removesuffix("s") in known:
            lower = lower.removesuffix("s")
        if lower not in known:
            if word.islower() or len(word) == 1 or lower in FUNCTION_WORDS or lower in _CALENDAR:
                continue
            acronym = sum(letter.isupper() for letter in word) > 1 and not text.isupper()
            initial = match.start() == 0 or _BEGUN.search(text[: match.start()]) is not None
            if not acronym and (initial or plain or not word[0].isupper()):
                continue
        found.append(lower)
    return list(dict.fromkeys(found))
