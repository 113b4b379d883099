"""The last gate: what an answer says must stand, character for character, in what it cites.

Runs on every answer, whoever wrote it. A statement that fails is withheld. What a chat model worded
must be said by what it cites (`grounding`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from careerbot.datatypes import Document, Draft, Quote, Statement
from careerbot.figures import literal_numbers
from careerbot.grounding import unsupported

_GLUE = re.compile(r"[\s:;,.\-–•|]*")
_INSIDE = re.compile(r"\w\0\w|\d[.,]\0\d|\d\0[.,]\d")
"""A word or a number cut in two at the NUL character."""
_SIGNED = re.compile(r"(?<!\w)[-−–][$€£]?\d+(?:,\d{3})*(?:\.\d+)?")


def check(draft: Draft, documents: Mapping[str, Document], names: Collection[str] = ()) -> Draft:
    """The draft without the statements that do not hold, and without sides that lost a statement.

    `names` are those of the documents in lower case.
    """
    kept = [at for at, statement in enumerate(draft.statements) if holds(statement, documents, names)]
    moved = {old: new for new, old in enumerate(kept)}
    sides = tuple(
        (about, tuple((value, moved[at]) for value, at in values))
        for about, values in draft.sides
        if all(at in moved for _, at in values)
    )
    return replace(draft, statements=tuple(draft.statements[at] for at in kept), sides=sides)


def holds(statement: Statement, documents: Mapping[str, Document], names: Collection[str] = ()) -> bool:
    """Whether every quote is the exact slice and every word and figure of the text is quoted.

    Of a text that was worded: whether its quotes say it.
    """
    if not statement.quotes or not all(_exact(quote, documents) for quote in statement.quotes):
        return False
    if statement.worded:
        headings = [heading for quote in statement.quotes for heading in quote.section]
        return not unsupported(statement.text, [quote.text for quote in statement.quotes], headings, names)
    if not statement.pieces:
        return False
    shown = _folded(statement.quotes[0].text)
    if not all(_stands_in(_folded(piece), shown) for piece in statement.pieces):
        return False
    return _only_pieces(statement) and _figures_quoted(statement)


def _exact(quote: Quote, documents: Mapping[str, Document]) -> bool:
    """Whether the quote is `text[start:end]` of its document and cuts no word or number in two."""
    document = documents.get(quote.document)
    if document is None or not quote.text or quote.start < 0 or quote.end != quote.start + len(quote.text):
        return False
    return document.text.startswith(quote.text, quote.start) and _whole(document.text, quote.start, quote.end)


def _stands_in(piece: str, text: str) -> bool:
    at = text.find(piece) if piece else -1
    while at >= 0 and not _whole(text, at, at + len(piece)):
        at = text.find(piece, at + 1)
    return at >= 0


def _whole(text: str, start: int, end: int) -> bool:
    """Whether neither end of a slice lies inside a word or a number: "legal" is no part of "illegal"."""
    return not any(_INSIDE.search(text[max(0, at - 2) : at] + "\0" + text[at : at + 2]) for at in (start, end))


def _only_pieces(statement: Statement) -> bool:
    """Whether the text is its pieces in order, joined by nothing but punctuation."""
    at = 0
    for piece in statement.pieces:
        found = statement.text.find(piece, at)
        if found < 0 or not _GLUE.fullmatch(statement.text, at, found):
            return False
        at = found + len(piece)
    return _GLUE.fullmatch(statement.text, at) is not None


def _figures_quoted(statement: Statement) -> bool:
    quoted = {number for quote in statement.quotes for number in _numbers(quote.text)}
    return set(_numbers(statement.text)) <= quoted


def _numbers(text: str) -> Iterator[str]:
    """The numbers as written, and once more with their sign those that have one."""
    yield from literal_numbers(text)
    yield from _SIGNED.findall(text)


def _folded(text: str) -> str:
    return " ".join(text.replace("\\|", "|").split())  # a table's cells are shown without its escapes
