"""Finding: dense, lexical and hybrid search behind one signature. What becomes of the hits is not known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from careerbot.config import Settings
from careerbot.datatypes import Hit, Quote
from careerbot.embedding import Vectors
from careerbot.index import Index
from careerbot.stores import Scores


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched: a unit vector, the terms of lexical search (`words.search_terms`), and `Wanted.votes`."""

    vector: Vectors
    terms: tuple[str, ...]
    votes: Mapping[int, float]


_DEEPER = (8, 64)
"""Times the candidates that dense search looks at where one document fills all of them."""

_BESIDE = 0.2

Search = Callable[[Index, Query, Settings], tuple[Hit, ...]]


def dense(index: Index, query: Query, settings: Settings) -> tuple[Hit, ...]:
    """The chunks nearest in meaning, by cosine."""
    return _hits(index, index.nearest(query.vector, settings.candidates).rows)


def lexical(index: Index, query: Query, settings: Settings) -> tuple[Hit, ...]:
    """The chunks that share the rarest terms with the question, by BM25."""
    scores = index.lexical(query.terms)
    return _hits(index, [(row, float(scores[row])) for row in _top(scores, settings.candidates)])


def hybrid(index: Index, query: Query, settings: Settings) -> tuple[Hit, ...]:
    """Statements by a convex fusion of three scores (Bruch et al. 2022 found it ahead of rank fusion).

    Score = cosine of the statement (where a wording is nearer: the mean of both)
    + `passage_weight` x cosine of its passage + `lexical_weight` x BM25 scaled by the question's
    maximum + `wording_weight` x its share of the votes of the nearest topics. Both searches bring
    candidates; a passage that is found brings in all its statements.
    """
    scores = index.lexical(query.terms)
    scale = float(scores.max()) or 1.0
    k = settings.candidates
    near = index.nearest(query.vector, k)
    dense_rows, lexical_rows = [row for row, _ in near.rows], _top(scores, k)
    deeper = ([row for row, _ in index.nearest(query.vector, times * k).rows] for times in _DEEPER)
    found = dense_rows + list(query.votes) + lexical_rows
    found += _of_others(index, dense_rows, k, deeper)
    found += _of_others(index, lexical_rows, k, (_top(scores, most) for most in (len(scores),)))
    rows = index.statements(np.array(found, dtype=np.int64))
    own = index.cosines(query.vector, rows)
    nearest = np.maximum(own, [near.asked.get(row, -1.0) for row in rows.tolist()])
    fused = (
        (own + nearest) / 2
        + settings.passage_weight * index.cosines(query.vector, index.passages[rows])
        + settings.lexical_weight * scores[rows] / scale
        + settings.wording_weight * np.array([query.votes.get(row, 0.0) for row in rows.tolist()])
    ).round(6)
    order = np.lexsort((rows, -fused))
    chunks = map(index.chunks.__getitem__, rows[order].tolist())
    return tuple(map(Hit._make, zip(chunks, fused[order].tolist(), count(1), nearest[order].tolist())))


def beside(hits: Sequence[Hit], quote: Quote) -> tuple[Hit, ...]:
    """The hits of a follow-up: what stands under the headings of what was quoted before gains, as it is spoken of."""
    there = (quote.document, quote.section)
    gained = [
        hit._replace(score=hit.score + _BESIDE) if (hit.chunk.document, hit.chunk.headings) == there else hit
        for hit in hits
    ]
    gained.sort(key=lambda hit: -hit.score)
    return tuple(hit._replace(rank=rank) for rank, hit in enumerate(gained, start=1))


def _of_others(index: Index, rows: Sequence[int], k: int, deeper: Iterable[list[int]]) -> list[int]:
    """At most k further rows, of other documents, where the first k are all of one that may only repeat a question."""
    chunks = index.chunks
    if (
        len(index.documents) == 1
        or len(rows) < k
        or any(chunks[row].document != chunks[rows[0]].document for row in rows)
    ):
        return []
    others = ([row for row in found if chunks[row].document != chunks[rows[0]].document] for found in deeper)
    return next(filter(None, others), [])[:k]


def _top(scores: Scores, k: int) -> list[int]:
    """The rows with the highest scores above 0, best first; ties by row."""
    rows = np.flatnonzero(scores > scores.max() / 2)
    if len(rows) < k:
        rows = np.flatnonzero(scores > 0)
    if len(rows) > k:  # sorting all rows of a large index would take longer than scoring them
        rows = rows[scores[rows] >= np.partition(scores[rows], -k)[-k]]
    return [int(row) for row in rows[np.lexsort((rows, -scores[rows]))][:k]]


def _hits(index: Index, found: list[tuple[int, float]]) -> tuple[Hit, ...]:
    return tuple(Hit(index.chunks[row], score, rank) for rank, (row, score) in enumerate(found, start=1))
