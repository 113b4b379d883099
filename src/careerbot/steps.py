"""Steps: statements under headings that count, put in their order. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from careerbot.candidates import Candidate
from careerbot.datatypes import Chunk, Kind
from careerbot.questions import Question
from careerbot.wanted import WHOLE_WAY

_NUMBERED = re.compile(r"^(?:step|phase|stage)\s*(\d{1,2})\b|^(\d{1,2})[.):]\s", re.I)
_WHOLE = re.compile(rf"\b(?:whole|entire) (?:road|path|route|way|process|journey)\b|{WHOLE_WAY}", re.I)
_NEAR = 8
"""Best candidates, of which two must stand under steps of one sequence for all its steps to be told.

One is enough where the whole way is asked for and each step from the first on is told in a sentence.
"""

_Counted = tuple[str, tuple[str, ...]]


def in_steps(question: Question, ranked: Sequence[Candidate], most_words: float) -> list[list[Candidate]]:
    """One statement for each step of the sequence that a question for a procedure is nearest to, in order.

    Empty when the question asks for no procedure, or the best candidates are of no sequence.
    """
    if not question.steps:
        return []
    placed = [(held, *where) for held in ranked if (where := _step(held.chunk)) is not None]
    near = [(sequence, number) for held, sequence, number in placed if held in ranked[:_NEAR]]
    enough = 1 if _WHOLE.search(question.text) else 2
    sequence = next((one for one, _ in near if len({number for other, number in near if other == one}) >= enough), None)
    best: dict[int, Candidate] = {}
    for held, other, number in placed:
        if other == sequence:
            best.setdefault(number, held)
    if enough == 1 and (1 not in best or any(held.chunk.kind is Kind.LIST for held in best.values())):
        return []
    groups: list[list[Candidate]] = []
    words = 0
    for number in sorted(best):
        words += len(best[number].chunk.text.split())
        if groups and words > most_words:
            break
        groups.append([best[number]])
    return groups


def _step(chunk: Chunk) -> tuple[_Counted, int] | None:
    """The sequence that a statement's heading counts in, and its number there."""
    found = _NUMBERED.match(chunk.headings[-1]) if chunk.headings else None
    return ((chunk.document, chunk.headings[:-1]), int(found[1] or found[2])) if found else None
