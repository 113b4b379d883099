"""What may be asked next: questions and headings near to what a search found. Pure; nothing is checked here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from careerbot.datatypes import Chunk, Citation, Hit

_LOOKED_AT = 60  # hits, best first


def questions_near(hits: Sequence[Hit], cited: Sequence[Citation]) -> Iterator[tuple[str, Chunk]]:
    """Questions beside the one that was asked, each with the statement that should answer it, nearest first.

    They are wordings written as full questions, else headings that ask; one of each section, and
    none of a section that is cited.
    """
    sources = {held.source for held in cited}
    sections = {
        (hit.chunk.document, hit.chunk.section)
        for hit in hits
        if hit.chunk.document in sources
        and any(stands_in(hit.chunk, held.source, held.start, held.end) for held in cited)
    }
    asked: set[str] = set()
    for hit in hits[:_LOOKED_AT]:
        chunk = hit.chunk
        question = question_of(chunk)
        section = (chunk.document, chunk.section)
        if chunk.part is not None and question not in ("", *asked) and section not in sections:
            sections.add(section)
            asked.add(question)
            yield question, chunk


def stands_in(chunk: Chunk, document: str, start: int, end: int) -> bool:
    """Whether a chunk begins between two characters of a document."""
    return chunk.document == document and start <= chunk.start < end


def question_of(chunk: Chunk) -> str:
    """A full question that a chunk answers: one of its wordings, else its heading; empty where none asks."""
    asking = [*chunk.asked, *chunk.headings[-1:]]
    return next((text for text in asking if text.endswith("?") and text[0].isupper()), "")


def nearby(hits: Sequence[Hit], most: int = 3) -> tuple[str, ...]:
    """What the sources cover close to a question: headings of the best hits, without figures in them."""
    found = dict.fromkeys(
        hit.chunk.headings[-1]
        for hit in hits[:20]
        if hit.chunk.headings and not any(c.isdigit() for c in hit.chunk.headings[-1])
    )
    return tuple(found)[:most]
