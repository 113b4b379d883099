"""Spelling: a mistyped word of a question → the word that was meant. Pure but for the word list.

The English words and their frequencies are the dictionary that symspellpy ships; the distance is
RapidFuzz's optimal string alignment, in which two swapped letters are one mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from careerbot.words import FUNCTION_WORDS, english

_WORD = re.compile(r"(?<![\w'’.@/-])[a-zA-Z]{3,}(?![\w'’@/-]|\.\w)")
_LETTERS = re.compile(r"(?<![\w.-])(?:[a-zA-Z][.-]){2,}[a-zA-Z](?![\w-])")
_DOSE = re.compile(r"\b((?:what|how|when|where|why|who)(?: \w+)?) dose\b", re.I)
"""A slip that is a word: "how long dose it take"."""

_MOST_WORDS = 200
"""Words of a question that are looked at: a search takes about 1 ms, and a question may be long."""

_OWN_WORDS = 1000
"""A word of the documents or of grammar counts as this many times more frequent than the English list says."""

_CONTRACTED = {word.replace("'", ""): word for word in FUNCTION_WORDS if word.endswith("n't")}
"""Words that people write without the apostrophe, which the English list does not hold: "doesnt"."""

_DROPPED = 10_000
"""A word counts as this many times more frequent where letters of it were left out, the commonest slip."""


def correct(question: str, vocabulary: Mapping[str, int]) -> str:
    """The question with each unknown word replaced by the likeliest known one, if one is near.

    `vocabulary` holds the words of the documents. Words with digits or several capitals
    are names and stay as they are; a word with one capital inside the sentence may become a word
    of the documents only. Words after the 200th stay as they are. Letters that spell an acronym of
    the documents are put together: "W-H-O", "w.h.o".
    """
    if "dose" not in vocabulary:
        question = _DOSE.sub(r"\1 does", question)
    question = _LETTERS.sub(lambda match: _acronym(match.group(), vocabulary), question)
    return _WORD.sub(lambda match: _corrected(match, question, vocabulary), question, count=_MOST_WORDS)


def _acronym(letters: str, vocabulary: Mapping[str, int]) -> str:
    joined = letters.replace("-", "").replace(".", "")
    return joined.upper() if joined.lower() in vocabulary else letters


def known(word: str, vocabulary: Mapping[str, int]) -> bool:
    """Whether a lower-case word stands in the documents or in the English list."""
    return word in vocabulary or word in FUNCTION_WORDS or word in english()


def _numbered(word: str, vocabulary: Mapping[str, int]) -> bool:
    """Whether the documents have the word with a number: "deco" where they speak of "Deco360"."""
    return any(held.startswith(word) and held[len(word) :].isdigit() for held in vocabulary)


def _corrected(match: re.Match[str], question: str, vocabulary: Mapping[str, int]) -> str:
    word = match.group()
    lower = word.lower()
    inside = match.start() > 0 and not re.search(r"[.!?]\s*$", question[: match.start()])
    if known(lower, vocabulary) or (word != lower and not word.istitle()) or _numbered(lower, vocabulary):
        return word
    name = inside and word != lower
    best = _nearest(lower, vocabulary, names_only=name)
    if best is None:
        return word
    return best.capitalize() if word.istitle() else best


def _nearest(word: str, vocabulary: Mapping[str, int], *, names_only: bool) -> str | None:
    """The likeliest word of the documents, or unless it is a name of all English ones."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    limit = 1 if len(word) <= 5 else 2
    lists = [list(vocabulary), [] if names_only else [*_CONTRACTED, *_alike(word, limit)]]
    short = len(word) == 3  # near too many words: only "teh" and "mny" can be told
    found = {
        near: distance
        for words in lists
        for near, distance, _ in process.extract(word, words, scorer=OSA.distance, score_cutoff=limit, limit=None)
        if near.isalpha()
        and (not short or near in FUNCTION_WORDS or (near in vocabulary and near in english() and _dropped(word, near)))
    }
    if not found:
        return None

    def likelihood(near: str) -> tuple[int, bool, int, str]:
        weight = _OWN_WORDS if near in vocabulary or near in FUNCTION_WORDS else 1
        likely = weight * english().get(_CONTRACTED.get(near, near), 1) * (_DROPPED if _dropped(word, near) else 1)
        return (found[near], near[0] != word[0], -likely, near)

    return min(found, key=likelihood)


def _alike(word: str, limit: int) -> list[str]:
    """The English words that may be at most `limit` edits away by their length and letters: few of 82,000."""
    words, lengths, letters = _english()
    _, own = _lengths_and_letters([word])
    near = (np.abs(lengths - len(word)) <= limit) & (np.bitwise_count(letters ^ own) <= 2 * limit)
    return list(words[near])


@cache
def _english() -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.uint32]]:
    words = list(english())
    return np.array(words, dtype=object), *_lengths_and_letters(words)


def _lengths_and_letters(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Of each word the number of its letters, and a bit for every letter that stands in it."""
    lengths = np.array([len(word) for word in words])
    bits = np.uint32(1) << (np.frombuffer("".join(words).encode("ascii"), np.uint8) & 31).astype(np.uint32)
    return lengths, np.bitwise_or.reduceat(bits, np.cumsum(lengths) - lengths)


def _dropped(word: str, near: str) -> bool:
    """Whether a word is another one with letters left out, the commonest slip: "mny" for "many"."""
    letters = iter(near)
    return all(letter in letters for letter in word)
