"""A checked draft → the Answer that is shown: numbered citations, disagreements, what is missing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from careerbot import suggesting
from careerbot.datatypes import Answer, Citation, Disagreement, Document, Draft, Hit, Quote, StatedValue, Status
from careerbot.wanted import CLAUSE
from careerbot.words import content_words


def answer(question: str, reading: str, draft: Draft, documents: Mapping[str, Document]) -> Answer:
    """The statements of a draft, each with the numbers of its quotes, in the order in which they are first cited."""
    citations: dict[Quote, Citation] = {}
    lines = []
    for statement in draft.statements:
        numbers = []
        for quote in statement.quotes:
            if quote not in citations:
                citations[quote] = _citation(len(citations) + 1, quote, documents[quote.document])
            numbers.append(citations[quote].number)
        lines.append(statement.text + " " + "".join(f"[{number}]" for number in numbers))
    if draft.missing:
        lines.append(_nothing_about("The sources", draft.missing).strip() or "The sources say nothing about the rest.")
    return Answer(
        question,
        reading,
        "\n".join(lines),
        Status.PARTIAL if draft.missing else Status.ANSWERED,
        tuple(citations.values()),
        _disagreements(draft, citations),
        draft.missing,
        confidence=draft.confidence,
        writing=draft.writing,
    )


def refusal(question: str, reading: str, draft: Draft, hits: Sequence[Hit]) -> Answer:
    """What is said when a draft has no statement: what is missing, and what the hits cover nearby."""
    if not content_words(reading):  # "and that one?" with nothing before it
        text = "What is this about? Please name it; nothing that was said before tells."
        missing: tuple[str, ...] = ()
    else:
        text, missing = "The sources don't say." + _nothing_about("They", draft.missing), draft.missing
        if nearby := suggesting.nearby(hits):
            text += " Covered nearby: " + "; ".join(nearby) + "."
    status = Status.NOT_IN_SOURCES
    return Answer(question, reading, text, status, missing=missing, confidence=draft.confidence, writing=draft.writing)


def _citation(number: int, quote: Quote, document: Document) -> Citation:
    return Citation(
        number,
        document.id,
        document.title,
        document.publisher,
        document.as_of,
        quote.section,
        quote.text,
        quote.start,
        quote.end,
        document.path,
    )


def _disagreements(draft: Draft, citations: Mapping[Quote, Citation]) -> tuple[Disagreement, ...]:
    found = []
    for about, sides in draft.sides:
        held = [(value, citations[draft.statements[at].quotes[0]]) for value, at in sides]
        found.append(Disagreement(about, tuple(StatedValue(value, c.as_of, c.number) for value, c in held)))
    return tuple(found)


def _nothing_about(who: str, missing: Sequence[str]) -> str:
    """What is missing as a sentence; without what holds a figure, since no quotation could back it."""
    told = [name for name in missing if not any(letter.isdigit() for letter in name)]
    named = [f"“{name}”" if CLAUSE.match(name) else name for name in told]  # a question of several as it was asked
    return f" {who} say nothing about {', '.join(named)}." if named else ""
