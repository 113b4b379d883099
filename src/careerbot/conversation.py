"""A follow-up → a question that stands alone. Pure: no model, only the words of the turns.

The rule was measured in conversational search: the last turn carries the question, earlier turns
lend it their topic only when it cannot stand alone, and a new name cancels the old one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from careerbot.errors import InputError
from careerbot.occupations import occupations
from careerbot.questions import asking, focus, read
from careerbot.wanted import asks_why, most_least, units_named
from careerbot.words import FUNCTION_WORDS, content_words, tokens

_OPENING = re.compile(
    r"^\W*(?:and|n|but|or|also|plus|ok(?:ay)?|so|good to know|what about|how about|what if|same for)\b", re.I
)
_BACKWARD = re.compile(
    r"\b(?:it|its|it's|that|thats|that's|this|these|those|they|them|their|there|one|ones|same|he|she|either)\b", re.I
)
_SWITCH = re.compile(
    r"^(?:\W|\b(?:ok|okay|so|thanks|thx|thank you|and|now|hey|well|cool|great|alright|an?|one|just|but)\b)*"
    r"(?:(?:diff(?:erent)?|another|new|separate|unrelated) (?:question|topic|subject)|"
    r"on (?:another|a different) note|chang(?:e|ing) (?:of |the )?(?:subject|topic)|something else)\b\W*",
    re.I,
)
"""Words by which a turn leaves what was talked about."""
_NOUN = re.compile(
    r"^\W*(?:(?:and|or|but|ok(?:ay)?|so|then|now|what about|how about|what of|same for)\s+)*"
    r"(?:(an?|the)\s+)?(\w+(?:\s\w+)?)\W*$",
    re.I,
)
_AFTER_ARTICLE = re.compile(r"\b(?:an?|the) ([\w-]+)(?: ([\w-]+))?", re.I)
_SUBJECT = re.compile(
    r"^\W*(?:which|what) (?!(?:of|ones?|are|was|were|does|did|has|had|can|will|would|could|should|the)\b)[a-z]{3,} ",
    re.I,
)
"""A question that names itself what it asks the most or least of: "which state pays the most?"."""
_WHERE = re.compile(r"^(?:in|at|near|around|across|within|over in|down in|up in|out in)\s", re.I)
_SENTENCES = re.compile(r"[.?!]\s")
_WORD = re.compile(r"\w+(?:[-'’&]\w+)*")
_DOER = re.compile(r"(?:er|or|ist|ian|ant)s?$", re.I)
_ALIKE, _LONG = 70, 6  # percent of letters shared, letters
_CARRIED = 14  # words of topic that a follow-up takes along
_ABOUT = " (about: "


def standalone(turn: str, earlier: Sequence[str], known_names: Collection[str] = ()) -> str:
    """The turn as a question of its own, read with the user's earlier turns (oldest first).

    Returns the turn unchanged when it stands alone. A turn that only names something new asks the
    earlier question of it, one that only names a place asks it there; any other takes the topic along:
    "how much at most? (about: Pell Grant)".
    """
    switched = _SWITCH.sub("", turn)
    if earlier and switched != turn and content_words(switched):
        return switched
    if not earlier or not _leans_back(turn, known_names):
        return turn
    before = standalone(earlier[-1], earlier[:-1], known_names)
    reworded = _swapped(turn, before, known_names) or _placed(turn, before, known_names)
    if reworded is not None:
        return reworded
    if asks_why(turn) and units_named(before) and not takes_along(before):
        return f"{turn.strip()}{_ABOUT}{before.rstrip(' ?.!')})"
    held = set(tokens(turn))
    topic = [word for word in content_words(before) if word not in held and word not in ("about",)]
    names = [name for name in read(before, known_names).names if name not in held]
    if read(turn, known_names).names:
        topic = [word for word in topic if word not in names]
    elif names:
        topic = [*names, *(word for word in topic if word not in names)]
    return f"{turn.strip()}{_ABOUT}{_as_written(topic[:_CARRIED], before)})" if topic else turn


def _as_written(topic: Sequence[str], before: str) -> str:
    """The words of a topic as the question before has them: those that stand side by side there, then a comma."""
    written: dict[str, re.Match[str]] = {}
    for match in _WORD.finditer(before):
        written.setdefault(match[0].lower().replace("’", "'").removesuffix("'s"), match)
    said, end = "", -1
    for word in topic:
        held = written.get(word.removesuffix("'s"))
        if held is None:
            said, end = f"{said}, {word}", -1
            continue
        capital = held.start() > 0 or not held[0][1:].islower()  # that of a sentence's first word says nothing
        gap = " " if before[end : held.start()] == " " else ", "
        said, end = f"{said}{gap}{held[0] if capital else word}", held.end()
    return said.removeprefix(", ")


def takes_along(reading: str) -> bool:
    """Whether a reading takes the topic of earlier turns along."""
    return _ABOUT in reading


def _leans_back(turn: str, known_names: Collection[str]) -> bool:
    turn = asking(focus(turn))
    words = content_words(turn)
    named = read(turn, known_names).no_places
    if _OPENING.search(turn) and len(words) <= 6:
        return True
    if _BACKWARD.search(turn) and not named and len(words) <= 6:
        return True
    if _SUBJECT.match(turn) and any(most_least(turn, priced=True)):
        return False
    return len(words) <= 1 or (len(words) <= 2 and not named)


def _swapped(turn: str, before: str, known_names: Collection[str]) -> str | None:
    """The earlier question with its name replaced, when the turn brings nothing but a new name."""
    new = _subjects(turn, known_names)
    old = [name for name in _subjects(before, known_names) if name not in new]
    rest = [word for word in content_words(turn) if not any(word in tokens(name) for name in new)]
    if not new and rest:
        return _of_another(turn, before) or (_exchanged(rest[0], before) if len(rest) == 1 else None)
    if len(new) != 1 or len(old) != 1 or rest:
        return None
    written = re.search(rf"(?<!\w){re.escape(new[0])}(?![\w-])", turn.replace("’", "'"), re.I)
    pattern = re.compile(rf"(?<!\w){re.escape(old[0])}(?![\w-])", re.I)
    return pattern.sub(written.group(), before) if written and pattern.search(before) else None


def _placed(turn: str, before: str, known_names: Collection[str]) -> str | None:
    """The earlier question asked in a place, when a place is all the turn brings and none was named."""
    brought = read(turn, known_names).places
    named = {word for place in brought for word in tokens(place)}
    where = _OPENING.sub("", turn).strip(" ?.!,")
    bare = _WHERE.sub("", where)
    if not brought or not named.issuperset(content_words(bare)) or read(before, known_names).places:
        return None
    asked = asking(focus(before))
    if takes_along(before) or _SENTENCES.search(asked):
        return None
    return f"{asked.rstrip(' ?.!')} {where if bare != where else f'in {where}'}?"


def _subjects(text: str, known_names: Collection[str]) -> list[str]:
    """The names and places of a text, in lower case."""
    asked = read(text, known_names)
    return list(dict.fromkeys((*asked.no_places, *asked.places)))


def _of_another(turn: str, before: str) -> str | None:
    """The earlier question with its noun replaced by the one that is all the turn brings.

    That is the only noun after the same article ("and the cons?" for "the pros"), or where an
    occupation is named the only noun of a doer ("what about welders?" for "bakers").
    """
    brought = _NOUN.search(turn)
    if brought is None or any(word not in tokens(brought[2]) for word in content_words(turn)):
        return None
    noun = brought[2]
    if occupations(noun):
        beside = [word for word in content_words(before) if _DOER.search(word)]
    else:
        beside = [_whole(match) for match in _AFTER_ARTICLE.finditer(before)] if brought[1] else []
    if len(beside) != 1 or beside[0].lower().endswith("s") != noun.lower().endswith("s"):
        return None
    said = noun.removesuffix(" one")
    pattern = rf"(?<![\w-])(\b(?:an?|the) )?{re.escape(beside[0])}(?![\w-])"
    return re.sub(
        pattern, lambda held: f"{brought[1] or held[1].strip()} {said}" if held[1] else said, before, flags=re.I
    )


def _whole(match: re.Match[str]) -> str:
    """The noun after an article: both words of "associate degree in", the first of "certificate take"."""
    first, second = match[1], match[2]
    both = second and second.lower() not in FUNCTION_WORDS and content_words(match.string[match.end() :])
    return f"{first} {second}" if both else first


def _exchanged(word: str, before: str) -> str | None:
    """The earlier question with the word that a new one is a form of: "outpatient" for "inpatient"."""
    from rapidfuzz import fuzz

    alike = [held for held in content_words(before) if held != word and fuzz.ratio(held, word) >= _ALIKE]
    if len(alike) != 1 or len(word) < _LONG:
        return None
    return re.sub(rf"(?<!\w){re.escape(alike[0])}(?![\w-])", word, before, flags=re.I)


def is_empty(turn: str) -> bool:
    """Whether a turn holds no word and no number, such as "" or "?!"."""
    return not tokens(turn)


def check_question(text: str, longest: int) -> None:
    """Raises InputError when a question is empty or longer than `longest` characters."""
    if is_empty(text):
        raise InputError("the question is empty; ask in your own words, for example: How long is the training?")
    if len(text) > longest:
        raise InputError(f"the question has {len(text):,} characters; at most {longest:,} are read")
