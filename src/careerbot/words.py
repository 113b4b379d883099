"""Words of a text: tokens, stems, and which of them carry meaning. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

_TOKEN = re.compile(r"\d[\d,.]*\d|\w+(?:[-'’&]\w+)*", re.UNICODE)

_GLUED = re.compile(r"(?<=[a-z)])(?=[$€£]\d|\d{1,3}(?:,\d{3})+\b|\d+%)|(?<=-[A-Z])(?=[$€£]\d)|(?<=\w\))(?=[A-Z\d])")
_GLUED_WORDS = re.compile(r"(?<=[a-z)])(?=[A-Z])|(?<=[a-z])(?=\d)|(?<=\d)(?=[A-Z][a-z])|(?<=[A-Z]{2})(?=[A-Z][a-z]{2})")

ACRONYM = re.compile(r"\b[A-Z]{2,}(?:-[A-Z]+)*\b|\b[A-Z]+(?:-[A-Z]{2,})+\b")
_WORD = re.compile(r"[A-Z]{2,}(?:-[A-Z]+)*|[A-Za-z][a-z'’]*")

_INSIDE = re.compile(r"[a-z,;|] $|\w[(\"“]$| [(\"“]$")
"""What stands before a word that does not begin a sentence, a line or a cell."""

FUNCTION_WORDS = frozenset(
    """
    a about above after again against all also am an and any anybody anyone anything are aren't around as ask at
    away back basically be because been before being between bit both but by can can't cannot could couldn't
    did didn't do does doesn't doing don't done dont each either else etc even ever every everything for from
    further get gets getting give given gives go goes going gonna got gotta guess had has hasn't have haven't having he
    hello her here hers hey hi him his honestly how how's however i i'd i'll i'm i've if im in into is isn't it it's
    its itself ive just kind kinda know lets let's like lot lots lol make many me maybe might mine more most much
    must my myself need needs no not now of off ok okay on once one ones only or other our out over own
    please possible pretty quite rather really right said same say says see she should shouldn't since so some
    somebody someone something somewhat sort still stuff such sure tell than thank thanks thx that that's the their
    theirs them then there there's these they they're thing things think this those through to too u under until up
    upon ur us very wanna want wants was wasn't way we well were weren't what what's whats when where
    which while who who's whom whose why will with without won't wonder wondering would wouldn't yeah yep yes yet
    you you'd you'll you're you've your yours yourself n r rn btw ppl pls thru idk tbh imo gimme lemme
    wat dat da y'all yall arent couldnt didnt doesnt hasnt havent isnt shouldnt wasnt werent wouldnt
    """.split()
)
"""Words that say nothing of what a question is about."""


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers in order; hyphenated words whole. "$1,200" gives "1,200", in full width too."""
    if text.isascii():  # all but a few statements, in a third of the time
        return _TOKEN.findall(text.lower())
    return [_folded(word) for word in _TOKEN.findall(text)]


def _folded(word: str) -> str:
    """One form for all ways to write the same letters: ligatures, full-width digits, capitals (Unicode's NFKC)."""
    return word.lower() if word.isascii() else unicodedata.normalize("NFKC", word).lower().replace("’", "'")


def unglued(text: str) -> str:
    """The text with the spaces that a lost table left out: "Annual Salary$48,780" → "Annual Salary $48,780".

    Words are parted at a capital only beside such an amount or bracket, since names are written so too.
    """
    while _GLUED.search(text):  # what was parted may show another place
        parted = _GLUED_WORDS.sub(" ", _GLUED.sub(" ", text))
        if parted == text:
            break
        text = parted
    return text


def content_words(text: str) -> list[str]:
    """The tokens that are not function words, in order, each once."""
    return list(dict.fromkeys(word for word in tokens(text) if word not in FUNCTION_WORDS))


def stems(text: str) -> frozenset[str]:
    """The stems of its content words."""
    return frozenset(map(stem, content_words(text)))


def names(texts: Iterable[str]) -> set[str]:
    """The names and acronyms of some texts, in lower case.

    An acronym has several capitals; another name is capitalised inside a sentence, is no ordinary
    English word, and is never written in lower case.
    """
    small: set[str] = set()
    capital: set[str] = set()
    acronyms: set[str] = set()
    for text in texts:
        for match in _TOKEN.finditer(text):
            word = match.group()
            folded = word.lower().replace("’", "'").removesuffix("'s")
            if word[0].islower():
                small.add(stem(folded))
            elif sum(letter.isupper() for letter in word) > 1:
                acronyms.add(folded)
            elif folded not in english() and _INSIDE.search(text, max(0, match.start() - 3), match.start()):
                capital.add(folded)
    found = {word for word in acronyms | capital if stem(word) not in small and word not in FUNCTION_WORDS}
    return {word for word in found if not word[0].isdigit() and len(word) > 1}


def spelled_out(text: str) -> frozenset[str]:
    """The acronyms of at least three letters, in lower case, whose words stand in a text, too.

    Capitalised words in a row, but for function words, must begin with the letters (after Schwartz and
    Hearst 2003): "WHO" of "the World Health Organization (WHO)".
    """
    acronyms = set(ACRONYM.findall(text))
    if not acronyms:
        return frozenset()
    words = [word for word in _WORD.findall(text) if word not in acronyms and word.lower() not in FUNCTION_WORDS]
    initials = "".join(word[0] if word[0].isupper() else " " for word in words)
    return frozenset(word.lower() for word in acronyms if word.replace("-", "") in initials)


@cache
def english() -> dict[str, int]:
    """English words with their frequencies, as symspellpy's dictionary gives them."""
    text = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return {word: int(count) for word, count in (line.split() for line in text.splitlines())}


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Snowball's English stem, without a possessive ending."""
    word = word.removesuffix("'s").removesuffix("'")
    return str(_stemmer().stemWord(word))


def search_terms(text: str) -> list[str]:
    """The terms of lexical search: stems of content words; of a hyphenated word also the parts."""
    return [term for word in tokens(text) if word not in FUNCTION_WORDS for term in _terms(word)]


def _terms(word: str) -> Iterator[str]:
    yield stem(word)
    parts = re.split(r"[-&]", word)
    if len(parts) > 1:
        yield from (stem(part) for part in parts if part)


@cache
def _stemmer() -> Any:  # PyStemmer ships no types
    import Stemmer

    return Stemmer.Stemmer("english")
