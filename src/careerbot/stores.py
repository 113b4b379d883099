"""Chroma and BM25 behind what the index needs of them: write, open, query. The only importer of both."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from careerbot.embedding import Vectors

if TYPE_CHECKING:
    from bm25s import BM25
    from chromadb.api.models.Collection import Collection

Scores = NDArray[np.float64]

_COLLECTION = "chunks"
_ADDED_AT_ONCE = 1000  # vectors

# Large enough that the graph search visits everything near. Of 2,200 questions over 17,000 vectors none lost
# one of its 20 nearest; with 48 neighbours and a search of 1000 two did in every build, at the same speed.
_HNSW: Any = {"space": "cosine", "ef_construction": 400, "ef_search": 1500, "max_neighbors": 64}


class VectorStore:
    """Named unit vectors in Chroma, opened on first use. What Chroma, sqlite and Rust raise passes through."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _client(self) -> Any:
        return _chroma(self._folder)

    @cached_property
    def _collection(self) -> Collection:
        collection: Collection = self._client.get_collection(_COLLECTION, embedding_function=None)
        return collection

    def count(self) -> int:
        """How many vectors it holds."""
        return self._collection.count()

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The names of the `k` vectors nearest to a unit vector with Chroma's distances (1 - cosine), nearest first."""
        found = self._collection.query(query_embeddings=[vector.tolist()], n_results=k, include=["distances"])
        return list(zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True))

    def close(self) -> None:
        """Let go of the files; a later query opens them anew."""
        self.__dict__.pop("_collection", None)
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()


def write_vectors(folder: Path, names: Sequence[str], vectors: Vectors) -> None:
    """A new Chroma folder with a vector per name. Raises OSError when the disk refuses, Chroma's errors included."""
    from chromadb.errors import ChromaError

    try:
        client = _chroma(folder)
        try:
            collection = client.create_collection(_COLLECTION, configuration={"hnsw": _HNSW}, embedding_function=None)
            for start in range(0, len(names), _ADDED_AT_ONCE):
                part = list(names[start : start + _ADDED_AT_ONCE])
                collection.add(ids=part, embeddings=vectors[start : start + len(part)].tolist())
        finally:
            client.close()
    except ChromaError as error:  # a full disk among others
        raise OSError(str(error)) from error


def _chroma(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    # The path is resolved because Chroma caches its clients by path for the life of the process.
    return chromadb.PersistentClient(str(folder.resolve()), Settings(anonymized_telemetry=False))


class TermStore:
    """The terms of texts in BM25, opened on first use. Raises what reading a damaged file raises."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _bm25(self) -> BM25:
        from bm25s import BM25

        return BM25.load(self._folder, load_corpus=False)

    def count(self) -> int:
        """How many texts it scores."""
        return int(self._bm25.scores["num_docs"])

    def scores(self, terms: Sequence[str]) -> Scores | None:
        """The BM25 score of every text for the terms; None where no text holds any of them."""
        known = [term for term in terms if term in self._bm25.vocab_dict]
        return np.asarray(self._bm25.get_scores(known), dtype=np.float64) if known else None


def write_terms(folder: Path, texts: Sequence[Sequence[str]]) -> None:
    """A new BM25 folder over the terms of some texts."""
    from bm25s import BM25

    bm25 = BM25()
    bm25.index([list(terms) or [""] for terms in texts], show_progress=False)
    bm25.save(folder)
