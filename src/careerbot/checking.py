"""The last gate: what an answer says must stand, character for character, in what it cites.

Runs on every answer, whoever wrote it. A statement that fails is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from careerbot.datatypes import Document, Draft, Statement
from careerbot.figures import literal_numbers

_GLUE = re.compile(r"[\s:;,.\-–•]*")


def check(draft: Draft, documents: Mapping[str, Document]) -> Draft:
    """The draft without the statements that do not hold, and without sides that lost a statement."""
    kept = [at for at, statement in enumerate(draft.statements) if holds(statement, documents)]
    moved = {old: new for new, old in enumerate(kept)}
    sides = tuple(
        (about, tuple((value, moved[at]) for value, at in values))
        for about, values in draft.sides
        if all(at in moved for _, at in values)
    )
    return Draft(tuple(draft.statements[at] for at in kept), sides, draft.missing)


def holds(statement: Statement, documents: Mapping[str, Document]) -> bool:
    """Whether every quote is the exact slice and every word and figure of the text is quoted."""
    if not statement.quotes or not statement.pieces:
        return False
    for quote in statement.quotes:
        document = documents.get(quote.document)
        if document is None or document.text[quote.start : quote.end] != quote.text or not quote.text:
            return False
    shown = _folded(statement.quotes[0].text)
    if not all(_folded(piece) in shown for piece in statement.pieces):
        return False
    return _only_pieces(statement) and _figures_quoted(statement)


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
    quoted = {number for quote in statement.quotes for number in literal_numbers(quote.text)}
    return set(literal_numbers(statement.text)) <= quoted


def _folded(text: str) -> str:
    return " ".join(text.split())
