"""Places that a text names, by a gazetteer: countries, US states, large cities. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

_WORD = re.compile(r"\w+(?:['’.-]\w+)*\.?")
_LONGEST = 4  # words
FILE = Path(__file__).parent / "assets" / "places.json"
"""Written by `python -m evals.gazetteer`."""

_OTHER_NAMES = {
    "uk": "united kingdom",
    "u.k": "united kingdom",
    "britain": "united kingdom",
    "great britain": "united kingdom",
    "england": "england",
    "scotland": "scotland",
    "wales": "wales",
    "us": "united states",
    "u.s": "united states",
    "usa": "united states",
    "u.s.a": "united states",
    "america": "united states",
    "the states": "united states",
    "uae": "united arab emirates",
    "europe": "europe",
    "asia": "asia",
    "africa": "africa",
    "nyc": "new york city",
    "cali": "california",
}
"""Everyday names that the gazetteer lacks."""

_NOT_ALONE = frozenset(
    {
        "us",
        "nice",
        "bath",
        "reading",
        "mobile",
        "of",
        "male",
        "split",
        "march",
        "orange",
        "best",
        "salem",
        "sale",
        "oral",
    }
)
"""Names that are ordinary words when they are written in lower case."""


def places(text: str) -> tuple[str, ...]:
    """The places that a text names, in lower case, each under one name ("UK" → "united kingdom")."""
    return tuple(dict.fromkeys(mentions(text).values()))


def mentions(text: str) -> dict[str, str]:
    """The places that a text names, as they are written there in lower case, each with its one name."""
    words = list(_WORD.finditer(text))
    plain = [folded(word.group().rstrip(".")) for word in words]
    found: dict[str, str] = {}
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at) if plain[at] in _first_words() else 0, 0, -1):
            name = " ".join(plain[at : at + length])
            if name in _known() and not (name in _NOT_ALONE and words[at].group()[0].islower()):
                written = text[words[at].start() : words[at + length - 1].end()]
                found[written.rstrip(".").lower()] = _OTHER_NAMES.get(name, name)
                at += length - 1
                break
        at += 1
    return found


def home(text: str) -> str:
    """The country that most lines of a text name, "" where none is named: what a page is about that does not say."""
    named = Counter(place for line in text.split("\n") for place in places(line) if place in _countries())
    return max(named, key=lambda place: (named[place], place)) if named else ""


@cache
def _countries() -> frozenset[str]:
    return _named("countries") | (frozenset(_OTHER_NAMES.values()) - _named("smaller"))


@cache
def _known() -> frozenset[str]:
    named = (name for name in _named("countries") | _named("smaller") if len(name) > 3)
    return frozenset(named) | frozenset(_OTHER_NAMES)


@cache
def _first_words() -> frozenset[str]:
    return frozenset(name.split(" ")[0] for name in _known())


@cache
def _named(kind: str) -> frozenset[str]:
    """The names of the world's countries, or of the smaller places."""
    return frozenset(json.loads(FILE.read_text(encoding="utf-8"))[kind])


def folded(name: str) -> str:
    """A name in lower case without accents."""
    lower = name.lower().replace("’", "'")
    if lower.isascii():
        return lower
    plain = unicodedata.normalize("NFKD", lower)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
