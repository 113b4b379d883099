"""What may be asked at first, and next after an answer. Pure; whether it is answered is not checked here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest

from careerbot.datatypes import Chunk, Citation, Hit
from careerbot.words import stems

_LOOKED_AT = 60  # hits, best first
_SHORT = 70  # characters of a question to begin with


def questions_to_begin(chunks: Iterable[Chunk]) -> Iterator[tuple[str, Chunk]]:
    """Questions to begin with, each with a statement that answers it: what most statements answer goes first.

    They are wordings written as full questions, and headings that ask. None is much like another, and a topic
    has its second one when all topics have had one. The topic is that of most statements, and of the statement
    that is given: rather a chapter than a list of questions of all kinds.
    """
    answers: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        if chunk.part is not None:
            for question in _full_questions(chunk):
                answers.setdefault(question, []).append(chunk)
    by_topic: dict[str, list[str]] = {}
    for question in sorted(answers, key=lambda asked: -len(answers[asked])):
        if len(question) <= _SHORT:
            by_topic.setdefault(topic_of(_usual(answers[question])), []).append(question)
    begun: list[str] = []
    for question in filter(None, chain.from_iterable(zip_longest(*by_topic.values()))):
        if not any(_alike(question, other, answers) for other in begun):
            begun.append(question)
            yield question, _usual(answers[question])


def topic_of(chunk: Chunk) -> str:
    """The heading of the chapter that a chunk stands in: below the title, else the title; empty without headings."""
    return "".join(chunk.headings[1:2] or chunk.headings[:1])


def _usual(statements: Sequence[Chunk]) -> Chunk:
    """The first statement of the topic that most of some statements have."""
    chapters = [chunk for chunk in statements if not "".join(chunk.headings[-1:]).endswith("?")] or statements
    topic = Counter(map(topic_of, chapters)).most_common(1)[0][0]
    return next(chunk for chunk in chapters if topic_of(chunk) == topic)


def _alike(question: str, other: str, answers: dict[str, list[Chunk]]) -> bool:
    """Whether two questions have half of their words or any answer in common."""
    words = stems(question)
    return 2 * len(words & stems(other)) > len(words) or any(chunk in answers[other] for chunk in answers[question])


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
    return next(_full_questions(chunk), "")


def _full_questions(chunk: Chunk) -> Iterator[str]:
    return (text for text in (*chunk.asked, *chunk.headings[-1:]) if text.endswith("?") and text[0].isupper())


def nearby(hits: Sequence[Hit], most: int = 3) -> tuple[str, ...]:
    """What the sources cover close to a question: headings of the best hits, without figures in them."""
    found = dict.fromkeys(
        hit.chunk.headings[-1]
        for hit in hits[:20]
        if hit.chunk.headings and not any(c.isdigit() for c in hit.chunk.headings[-1])
    )
    return tuple(found)[:most]
