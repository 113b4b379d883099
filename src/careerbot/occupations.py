"""Occupations that a text names, by a list of common ones: a question about one is not about another. Pure."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from careerbot.words import english, stem, tokens

FILE = Path(__file__).parent / "assets" / "occupations.txt"
"""One a line, in lower case and in the singular; words that often mean something else stand with another one only."""

_LONGEST = 4  # words
_COMMON = 30_000_000
"""Times that a word occurs in the counts of `words.english`, from which it says nothing of what a title is about."""

_ASKER = re.compile(
    r"\b(?:i'?m|i am|im|i was|i've been|ive been|i work(?:ed)? as|i used to be|my \w+ is|my \w+ was|former|retired|"
    r"ex|currently|from being|tired of being)(?: just)?(?: an?| the)?(?: \w+)?[\s-]*$",
    re.I,
)
"""What stands before the occupation of who asks, which is not what is asked about."""


def occupations(text: str) -> tuple[str, ...]:
    """The occupations that a text asks about, as they are listed, in its order; not that of who asks."""
    words = [(match.group().lower(), match.start()) for match in re.finditer(r"[\w'’-]+", text)]
    found: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            name = _singular(" ".join(word for word, _ in words[at : at + length]))
            if name in _listed():
                if _ASKER.search(text[: words[at][1]]) is None:
                    found.append(name)
                at += length - 1
                break
        at += 1
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=16)
def subjects(titles: tuple[str, ...]) -> frozenset[str]:
    """The stems of the words by which titles say what their documents are about: those that are rare in English."""
    return frozenset(
        stem(word) for title in titles for word in tokens(title) if word.isalpha() and english().get(word, 0) < _COMMON
    )


def _singular(name: str) -> str:
    name = name.replace("’", "'").removesuffix("'s").removesuffix("'")
    for plural, singular in (("men", "man"), ("women", "woman"), ("ies", "y"), ("sses", "ss"), ("s", "")):
        if name.endswith(plural) and name.removesuffix(plural) + singular in _listed():
            return name.removesuffix(plural) + singular
    return name


@cache
def _listed() -> frozenset[str]:
    return frozenset(FILE.read_text(encoding="utf-8").split("\n")) - {""}
