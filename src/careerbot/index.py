"""The index: one generation of chunks, vectors, Chroma and BM25, verified and opened for reading."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careerbot import generations
from careerbot.datatypes import Chunk, Document
from careerbot.embedding import Encoder, Vectors
from careerbot.stores import Scores, TermStore, VectorStore

Rows = NDArray[np.int64]

_SEARCHED = 7  # vectors that Chroma is asked for per row, since many wordings may ask for one row
_VOTERS = 8  # wordings that vote on what answers
_VOTE_WIDTH = 0.1  # how much farther a wording is that counts 1/e of the nearest


@dataclass(frozen=True, slots=True)
class Nearest:
    """What is near to a unit vector, by row of `Index.chunks`.

    `rows` are those whose own vector or any wording is nearest, with that cosine, best first, ties
    by row; `asked` the cosine of a row's nearest wording, where one was found; `votes` the share of
    the nearest wordings that ask for a row (k nearest neighbours, weighted), times the best cosine.
    """

    rows: list[tuple[int, float]]
    asked: dict[int, float]
    votes: dict[int, float]


class Index:
    """One generation, opened for reading. Rows are positions in `chunks` and `vectors`."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.documents = {held.id: held for held in generations.read_documents(folder)}
        self.chunks = generations.read_chunks(folder)
        self.vectors: Vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.vocabulary: dict[str, int] = generations.read_json(folder / "vocabulary.json")
        self.names: frozenset[str] = frozenset(generations.read_json(folder / "names.json"))
        wordings = generations.wordings(self.chunks)
        self._owners = [*([row] for row in range(len(self.chunks))), *wordings.values()]
        self._asked = {text: place for place, text in enumerate(wordings, start=len(self.chunks))}
        self.gaps = generations.read_gaps(folder)
        self._topics = [gap.topic for gap in self.gaps for _ in gap.asked]
        self._places = {name: place for place, name in enumerate(generations.vector_names(self.chunks))}
        vectors = len(self._places) + len(self._topics)
        if vectors != len(self.vectors) or self.documents.keys() != manifest["sources"].keys():
            raise ValueError("its documents, chunks and vectors do not belong together")
        self._near = VectorStore(folder / "chroma")
        self._terms = TermStore(folder / "bm25")

    def nearest(self, vector: Vectors, k: int) -> Nearest:
        """What is nearest to a unit vector among the chunks and their wordings."""
        return self._nearest(vector, k, min(k * _SEARCHED, len(self._owners)))

    def _nearest(self, vector: Vectors, k: int, most: int) -> Nearest:
        places = np.array(sorted(self._places[name] for name, _ in self._near.nearest(vector, most)), dtype=np.int64)
        # Chroma's distances differ in the last digits between builds; the stored vectors do not.
        cosines = dict(zip(places.tolist(), self._dot(vector, places).tolist(), strict=True))
        best: dict[int, float] = {}
        asked: dict[int, float] = {}
        for place, cosine in cosines.items():
            for row in self._owners[place]:
                best[row] = max(best.get(row, -1.0), cosine)
                if place >= len(self.chunks):
                    asked[row] = max(asked.get(row, -1.0), cosine)
        if len(best) < k and most < len(self._owners):  # many wordings of a few rows
            return self._nearest(vector, k, min(4 * most, len(self._owners)))
        rows = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:k]
        return Nearest(rows, asked, self._votes({at: own for at, own in cosines.items() if at >= len(self.chunks)}))

    def _votes(self, cosines: Mapping[int, float]) -> dict[int, float]:
        """For each row the share of the nearest wordings that ask for it, by nearness, times the nearest cosine."""
        nearest = sorted(cosines.items(), key=lambda item: (-item[1], item[0]))[:_VOTERS]
        weights = {place: math.exp((cosine - nearest[0][1]) / _VOTE_WIDTH) for place, cosine in nearest}
        votes: dict[int, float] = {}
        for place, weight in weights.items():
            for row in self._owners[place]:
                votes[row] = votes.get(row, 0.0) + nearest[0][1] * weight / sum(weights.values())
        return {row: round(vote, 6) for row, vote in votes.items()}

    def known(self, text: str) -> Vectors | None:
        """The unit vector of a text that is a wording, which need not be encoded again."""
        place = self._asked.get(text)
        return None if place is None else np.asarray(self.vectors[place])

    def cosines(self, vector: Vectors, rows: Rows) -> Scores:
        """The cosines of a unit vector with the chunks of some rows, in their order."""
        return self._dot(vector, rows)

    def similar(self, one: Chunk, other: Chunk) -> float:
        """The cosine of two chunks."""
        rows = [self._places[one.id], self._places[other.id]]
        return round(float(np.dot(*self.vectors[rows].astype(np.float64))), 6)

    def nearest_gap(self, vector: Vectors) -> tuple[str, float]:
        """The topic known not to be covered that a unit vector is nearest to, with its cosine; "", -1 without gaps."""
        if not self._topics:
            return "", -1.0
        cosines = self._dot(vector, np.arange(len(self._owners), len(self._owners) + len(self._topics)))
        best = int(np.argmax(cosines))
        return self._topics[best], float(cosines[best])

    def _dot(self, vector: Vectors, places: Rows) -> Scores:
        return np.asarray(self.vectors[places].astype(np.float64) @ vector.astype(np.float64)).round(6)

    def lexical(self, terms: Sequence[str]) -> Scores:
        """The BM25 score of every row for the terms (`words.search_terms`); 0 where none occurs."""
        scores = self._terms.scores(terms)
        return np.zeros(len(self.chunks)) if scores is None else scores.round(6)

    def passage_row(self, row: int) -> int:
        """The row of the passage that a statement stands in; the row itself for a passage."""
        chunk = self.chunks[row]
        return row if chunk.part is None else row - chunk.part - 1

    def statements(self, row: int) -> tuple[Chunk, ...]:
        """The statements of the passage at or around a row, in reading order."""
        first = self.passage_row(row)
        last = first + 1
        while last < len(self.chunks) and self.chunks[last].part is not None:
            last += 1
        return self.chunks[first + 1 : last]

    def verify_lexical(self) -> None:
        """Check that BM25 can be read and scores every chunk. Raises what reading raises, or ValueError."""
        scored = self._terms.count()
        if scored != len(self.chunks):
            raise ValueError(f"BM25 scores {scored} of {len(self.chunks)} chunks")

    def verify(self) -> None:
        """Check that Chroma holds every chunk and finds it. Raises IndexUnusable."""
        try:
            count, expected = self._near.count(), len(self._owners)
            lost = [place for place in range(0, expected, max(1, expected // 5)) if not self._found(place)]
        except Exception as error:  # Chroma raises its own, sqlite's and Rust's errors alike
            raise generations.unusable(self.folder.parent, f"Chroma cannot read it ({error})") from error
        if count != expected or lost:
            found = f"holds {count} of {expected} vectors" if count != expected else "does not find what it holds"
            raise generations.unusable(self.folder.parent, f"Chroma {found}")

    def _found(self, place: int) -> bool:
        """Whether Chroma finds a vector where its own numbers and ours say that it is."""
        vector = self.vectors[place]
        return any(
            self._dot(vector, np.array([self._places[name]]))[0] > 0.999 and distance < 0.001
            for name, distance in self._near.nearest(vector, 1)
        )

    def close(self) -> None:
        """Let go of Chroma's files."""
        self._near.close()


def open_index(folder: Path, encoder: Encoder) -> Index:
    """The current generation, verified. Raises IndexUnusable when there is none or it does not fit."""
    generation = generations.current(folder)
    if generation is None:
        raise generations.missing(folder)
    manifest = generations.read_manifest(generation)
    if not generations.of_this_version(manifest):
        raise generations.unusable(folder, "it was made by another version of careerbot")
    made_by = manifest["encoder"]
    if made_by["name"] != encoder.name:
        reason = f"it was made by the encoder {made_by['name']!r}, and this is {encoder.name!r}"
        raise generations.unusable(folder, reason)
    if made_by["fingerprint"] != encoder.fingerprint:
        raise generations.unusable(folder, f"the weights of {encoder.name!r} are not those that it was made with")
    try:
        index = Index(generation, manifest)
        index.verify_lexical()
    except generations.DAMAGE as error:
        raise generations.damaged(folder, error) from error
    index.verify()
    return index


def _served(folder: Path) -> Path:
    """The current generation, which has a manifest. Raises IndexUnusable when there is none."""
    generation = generations.current(folder)
    if generation is None:
        raise generations.missing(folder)
    generations.read_manifest(generation)
    return generation


def read_index_documents(folder: Path) -> tuple[Document, ...]:
    """The documents of an index. Needs no encoder. Raises IndexUnusable when there is no index or it is damaged."""
    try:
        return generations.read_documents(_served(folder))
    except generations.DAMAGE as error:
        raise generations.damaged(folder, error) from error


@dataclass(frozen=True, slots=True)
class Content:
    """What an index holds, without its searches. `vectors` has the unit vector of each chunk, in their order."""

    documents: tuple[Document, ...]
    chunks: tuple[Chunk, ...]
    vectors: Vectors
    names: frozenset[str]

    def cosines(self, ones: Rows, others: Rows) -> NDArray[np.float32]:
        """The cosine of every one of some chunks with every one of others, by their positions in `chunks`."""
        return np.asarray(self.vectors[ones] @ self.vectors[others].T)


def read_content(folder: Path) -> Content:
    """The content of an index. Needs no encoder. Raises IndexUnusable when there is no index or it is damaged."""
    generation = _served(folder)
    try:
        chunks = generations.read_chunks(generation)
        vectors = np.load(generation / "vectors.npy", mmap_mode="r")[: len(chunks)]
        if len(vectors) != len(chunks):
            raise ValueError("its chunks and vectors do not belong together")
        names = frozenset(generations.read_json(generation / "names.json"))
        return Content(generations.read_documents(generation), chunks, vectors, names)
    except generations.DAMAGE as error:
        raise generations.damaged(folder, error) from error


def read_sources(folder: Path) -> list[tuple[str, str, str, str, str, str]]:
    """What an index holds: id, title, publisher, as_of, sections, chunks of every document.

    Needs no encoder. Raises IndexUnusable when there is no index or it is damaged.
    """
    generation = _served(folder)
    sections: Counter[str] = Counter()
    chunks: Counter[str] = Counter()
    try:
        for chunk in generations.read_lines(generation / "chunks.jsonl"):
            chunks[chunk["document"]] += 1
            sections[chunk["document"]] += chunk["part"] is None
        documents = generations.read_documents(generation)
    except generations.DAMAGE as error:
        raise generations.damaged(folder, error) from error
    return [
        (held.id, held.title, held.publisher, held.as_of, str(sections[held.id]), str(chunks[held.id]))
        for held in documents
    ]
