"""Chroma and BM25 behind what the index needs of them: write, open, query. The only importer of both."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from careerbot.embedding import Vectors
from careerbot.errors import StorageError

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

Scores = NDArray[np.float64]

_COLLECTION = "chunks"
_DATABASE = "chroma.sqlite3"
_GRAPH = "index_metadata.pickle"
_ADDED_AT_ONCE = 1000  # vectors

# Large enough that the graph search visits everything near. Of 2,200 questions over 17,000 vectors none lost
# one of its 20 nearest; with 48 neighbours and a search of 1000 two did in every build, at the same speed.
# Over 100,000 vectors 1500 lost one of the ten nearest of 3 questions in 2,000, and 3000 of none: so 3 in 100 of them.
_HNSW: Any = {"space": "cosine", "ef_construction": 400, "ef_search": 1500, "max_neighbors": 64}


class VectorStore:
    """Named unit vectors in Chroma, opened on first use. What Chroma, sqlite and Rust raise passes through.

    Chroma writes into its database when it is only read, cannot read from a folder that it cannot
    write, and goes on serving what once stood at a path. So each store opens a database of its own: a
    copy in a temporary folder, with links to a complete graph, which it only reads. It goes with the store.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._let_go: weakref.finalize[..., VectorStore] | None = None

    @cached_property
    def _client(self) -> Any:
        client, private = _private(self._folder)
        self._let_go = weakref.finalize(self, _remove, client, private)
        return client

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
        self.__dict__.pop("_client", None)
        if self._let_go is not None:
            self._let_go()


def write_vectors(folder: Path, names: Sequence[str], vectors: Vectors) -> None:
    """A new Chroma folder with a vector per name. Raises OSError when the disk refuses, Chroma's errors included."""
    from chromadb.errors import ChromaError

    try:
        client = _chroma(folder)
        try:
            # One graph written at the end: what is left over between two is inserted anew at each opening.
            search = max(_HNSW["ef_search"], len(names) * 3 // 100)
            hnsw = _HNSW | {"ef_search": search, "sync_threshold": max(_ADDED_AT_ONCE, len(names))}
            collection = client.create_collection(_COLLECTION, configuration={"hnsw": hnsw}, embedding_function=None)
            for start in range(0, len(names), _ADDED_AT_ONCE):
                part = list(names[start : start + _ADDED_AT_ONCE])
                collection.add(ids=part, embeddings=vectors[start : start + len(part)].tolist())
        finally:
            client.close()
        # Chroma leaves room in its database for all vectors that passed through it on their way into the graph.
        with closing(sqlite3.connect(folder / _DATABASE)) as database:
            database.execute("VACUUM")
    except (ChromaError, sqlite3.Error) as error:  # a full disk among others
        raise OSError(str(error)) from error


def _private(folder: Path) -> tuple[Any, Path]:
    """A client over a private copy of a Chroma folder, and that copy. Raises StorageError when it cannot be copied."""
    if not (folder / _DATABASE).is_file():
        raise FileNotFoundError(f"no {_DATABASE} in {folder}")  # Chroma would make an empty one
    try:
        private = Path(tempfile.mkdtemp(prefix="careerbot-"))
    except OSError as error:
        raise _no_copy(error) from error
    try:
        shutil.copyfile(folder / _DATABASE, private / _DATABASE)
        for graph in (path.resolve() for path in folder.iterdir() if path.is_dir()):
            _bring(graph, private / graph.name)
        return _chroma(private), private
    except BaseException as error:
        shutil.rmtree(private, ignore_errors=True)
        if isinstance(error, OSError):
            raise _no_copy(error) from error
        raise


def _no_copy(error: OSError) -> StorageError:
    return StorageError(
        f"cannot copy the database of the index to read it (TMPDIR names where): {error.strerror or error}"
    )


def _bring(graph: Path, to: Path) -> None:
    if (graph / _GRAPH).is_file():
        with suppress(OSError):  # Windows allows links to some users only
            to.symlink_to(graph, target_is_directory=True)
            return
    to.mkdir()
    for file in graph.iterdir():  # a graph without names is written when it is opened; there is little in it
        shutil.copyfile(file, to / file.name)


def _remove(client: Any, private: Path) -> None:
    client.close()
    shutil.rmtree(private, ignore_errors=True)


def versions() -> dict[str, str]:
    """The versions of the libraries that write what the other one must read."""
    return {name: version(name) for name in ("bm25s", "chromadb")}


def _chroma(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    # The path is resolved because Chroma caches its clients by path for the life of the process.
    return chromadb.PersistentClient(str(folder.resolve()), Settings(anonymized_telemetry=False))


class TermStore:
    """The terms of texts in BM25, opened on first use. Raises what reading a damaged file raises.

    bm25s wrote a score for every term of every text. They are added up here, since importing it
    brings numba and scipy where these are installed: 0.3 s and 60 MiB of the first answer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _columns(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """Where the column of each term begins, the rows of all columns, and their scores."""
        names = ("indptr", "indices", "data")
        starts, rows, scores = (np.load(self._folder / f"{name}.csc.index.npy") for name in names)
        return starts, rows, scores

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        held: dict[str, int] = json.loads((self._folder / "vocab.index.json").read_bytes())
        return held

    @cached_property
    def _texts(self) -> int:
        return int(json.loads((self._folder / "params.index.json").read_bytes())["num_docs"])

    def count(self) -> int:
        """How many texts it scores."""
        return self._texts

    def scores(self, terms: Sequence[str]) -> Scores | None:
        """The BM25 score of every text for the terms; None where no text holds any of them."""
        known = [self._vocabulary[term] for term in terms if term in self._vocabulary]
        if not known:
            return None
        starts, rows, each = self._columns
        scores = np.zeros(self._texts, np.float32)
        for term in known:  # in single precision and this order, as bm25s does; no row stands twice in a column
            column = slice(starts[term], starts[term + 1])
            scores[rows[column]] += each[column]
        return scores.astype(np.float64)


def write_terms(folder: Path, texts: Sequence[Sequence[str]]) -> None:
    """A new BM25 folder over the terms of some texts."""
    from bm25s import BM25

    bm25 = BM25()
    bm25.index([list(terms) or [""] for terms in texts], show_progress=False)
    bm25.save(folder)
