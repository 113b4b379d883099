"""Documents made from others for measuring size: same structure, other figures, names and some words. Pure."""

from __future__ import annotations

import random
import re
import string
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from careerbot import chunking
from careerbot.datatypes import Document
from careerbot.words import names

_VOWELS = "aeiou"
_CONSONANTS = "".join(sorted(set(string.ascii_lowercase) - set(_VOWELS)))
_YEAR = re.compile(r"(?:19|20)\d\d")
_KEPT = 0.5  # of the names of a document, so that a question about one concerns many documents
_SWAPPED = 0.25  # of the longer words, without which half of all sentences would be alike in every document
_FIGURE = r"(?<=[^\n\w])\d(?:[\d,.]*\d)?(?!\w)"  # at the start of a line it is mostly the number of an item
_WORD = re.compile(r"\b[a-z]{5,}\b")


def varied(documents: Sequence[Document], chunks: int) -> Iterator[tuple[Document, Document]]:
    """Documents with as many chunks as wanted in all, or up to a section fewer, each with what it was made from.

    The first ones are the originals; then every round has other figures, other names for half of them
    and other words of the same ending for a quarter, the same in every run. They have no wordings, as
    documents hardly ever have. The last is cut after one of its sections.
    """
    said = _Said(documents)
    for number in count():
        for original in documents:
            made = _vary(original, said, number) if number else replace(original, wordings=())
            held = chunking.chunks(made)
            if len(held) > chunks:
                made = _cut(made, chunks)
                if made.text:
                    yield made, original
                return
            chunks -= len(held)
            yield made, original


class _Said:
    """What of some documents can be varied: `pattern` finds names, figures and longer words."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.names = names(document.text for document in documents)
        any_of = "|".join(map(re.escape, sorted(self.names, key=lambda name: (-len(name), name))))
        named = [rf"(?i:\b(?:{any_of})\b)"] if any_of else []
        self.pattern = re.compile("|".join((*named, _FIGURE, _WORD.pattern)))
        words = sorted({word for document in documents for word in _WORD.findall(document.text)})
        rhymes = defaultdict(list)
        for word in words:
            rhymes[word[-3:]].append(word)
        self.rhymes: Mapping[str, Sequence[str]] = rhymes

    def other(self, word: str, chance: random.Random) -> str:
        """What stands in the place of a name, figure or word; often itself."""
        if _YEAR.fullmatch(word):
            return str(chance.randint(2010, 2025))
        if word[0].isdigit():
            return chance.choice("123456789") + "".join(_letter(letter, chance) for letter in word[1:])
        if word.lower() in self.names:
            return word if chance.random() < _KEPT else "".join(_letter(letter, chance) for letter in word)
        return chance.choice(self.rhymes[word[-3:]]) if chance.random() < _SWAPPED else word


def _vary(document: Document, said: _Said, number: int) -> Document:
    """A document that says other things; one figure, name or word becomes the same other everywhere."""
    name = f"{document.id}-{number:04d}"
    chance = random.Random(name)  # noqa: S311 - nothing secret
    others: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        word = found.group()
        if word not in others:
            others[word] = said.other(word, chance)
        return others[word]

    return Document(
        name,
        said.pattern.sub(other, document.title),
        said.pattern.sub(other, document.text),
        f"{name}.md",
        document.publisher,
        document.as_of,
        document.place,
    )


def _letter(letter: str, chance: random.Random) -> str:
    """Another letter or digit of its kind, so that what is made can be read aloud."""
    kinds = (_VOWELS, _CONSONANTS, string.digits)
    kind = next((held for held in kinds if letter.lower() in held), letter)
    other = chance.choice(kind)
    return other.upper() if letter.isupper() else other


def _cut(document: Document, chunks: int) -> Document:
    """The first sections of a document, with at most so many chunks."""
    end = 0
    for number, section in enumerate(chunking.sections(document)):
        chunks -= sum(chunk.section == number for chunk in chunking.chunks(document))
        if chunks < 0:
            break
        end = section.end
    return replace(document, text=document.text[:end])
