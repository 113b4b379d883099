"""Cases → rows: everything asked through one Careerbot, and what each search found on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest

import numpy as np

from careerbot import Answer, Careerbot, questions, retrieval
from careerbot.words import search_terms
from evals.cases import Case
from evals.rows import Cited, Reply, Row

SEARCHES: dict[str, retrieval.Search] = {
    "dense": retrieval.dense,
    "lexical": retrieval.lexical,  # BM25: the floor that every other search must beat
    "hybrid": retrieval.hybrid,
}
KEPT = 10  # statements of a search that a row keeps


def run(bot: Careerbot, cases: Sequence[Case], done: Callable[[], None] | None = None) -> tuple[Row, ...]:
    """One row per case, in their order. `done` is called after each.

    The first question is asked once before, so that no row pays for loading the encoder.
    """
    if cases:
        bot.ask(cases[0].turns[-1], cases[0].turns[:-1])
    rows = []
    for case in cases:
        alone = rewritten = None
        if case.is_followup:
            alone = ask(bot, case.turns[-1:])
            rewritten = ask(bot, (case.rewrite,)) if case.rewrite else None
        rows.append(Row(case.id, ask(bot, case.turns), relevant(bot, case), alone, rewritten))
        if done is not None:
            done()
    return tuple(rows)


def ask(bot: Careerbot, turns: Sequence[str], searches: bool = True) -> Reply:
    """The reply to the last turn, with the earlier ones as its history; without `searches` none is made beside it."""
    answer = bot.ask(turns[-1], turns[:-1])
    return Reply(
        status=answer.status.value,
        text=answer.text,
        citations=tuple(Cited(c.number, c.source, c.start, c.end, c.quote) for c in answer.citations),
        missing=answer.missing,
        searched=answer.searched_question,
        disagreements=len(answer.disagreements),
        retrieved=retrieved(bot, answer) if searches else {},
        confidence=getattr(answer, "confidence", None),
        latency_ms=round(answer.latency_ms, 3),
        without_model=answer.writing.failed if answer.writing and answer.citations else None,
        withheld=answer.writing.withheld if answer.writing else 0,
    )


def retrieved(bot: Careerbot, answer: Answer) -> dict[str, tuple[str, ...]]:
    """Search → ids of the statements it finds for what was searched, best first, at most `KEPT`.

    Passages are left out, so that all searches are measured by what can be quoted.
    """
    queries = list(_queries(bot, answer.searched_question))
    return {
        name: _merged(
            [
                [hit.chunk.id for hit in search(bot.index, query, bot.settings) if hit.chunk.part is not None]
                for query in queries
            ]
        )
        for name, search in SEARCHES.items()
    }


def _queries(bot: Careerbot, reading: str) -> Iterator[retrieval.Query]:
    """The queries that the pipeline makes of a reading, one per part of it (a test compares them)."""
    for question in questions.understand(reading, bot.index.names):
        focused, whole = bot.encoder.encode([questions.focus(question.text), question.text])
        vector = (focused + whole) / np.linalg.norm(focused + whole)
        yield retrieval.Query(vector, tuple(search_terms(question.text)), bot.index.wanted(vector).votes)


def _merged(ranked: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Rankings of the parts of a question as one: the best of each, the second of each, and so on."""
    turns = chain.from_iterable(zip_longest(*ranked))
    return tuple(dict.fromkeys(name for name in turns if name is not None))[:KEPT]


def relevant(bot: Careerbot, case: Case) -> tuple[str, ...]:
    """The ids of the statements that evidence of the case stands in, in the order of the index."""
    spans = [span for source, quote in case.evidence for span in _spans(bot, source, quote)]
    return tuple(
        chunk.id
        for chunk in bot.index.chunks
        if chunk.part is not None
        and any(source == chunk.document and start < chunk.end and chunk.start < end for source, start, end in spans)
    )


def _spans(bot: Careerbot, source: str, quote: str) -> Iterator[tuple[str, int, int]]:
    """Every place where a document says the quote, as document, start and end (characters)."""
    text = bot.index.documents[source].text if source in bot.index.documents else ""
    start = text.find(quote) if quote else -1
    while start >= 0:
        yield source, start, start + len(quote)
        start = text.find(quote, start + 1)
