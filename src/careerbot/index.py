"""The index: chunks, vectors, Chroma, BM25 and a manifest, written beside the old one and swapped as one.

    <folder>/CURRENT       the name of the generation that is served
    <folder>/LOCK          held by the one process that writes
    <folder>/gen-000007/   manifest.json documents.jsonl chunks.jsonl vectors.npy vocabulary.json
                           names.json chroma/ bm25/

The sources are the truth and the index is a cache of them: every generation keeps its chunks and
vectors in plain files, by which Chroma is checked and from which the next generation is made.
This module is the only importer of chromadb and bm25s.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from careerbot import chunking
from careerbot.datatypes import Chunk, Document, Kind, Span
from careerbot.embedding import Encoder, Progress, Vectors
from careerbot.errors import IndexUnusable, LockedError, StorageError
from careerbot.words import names, search_terms, tokens

if TYPE_CHECKING:
    from bm25s import BM25
    from chromadb.api.models.Collection import Collection

FORMAT = 1
_COLLECTION = "chunks"
_KEPT = 2  # generations: the one that is served, and the one before it

# Large enough that the graph search visits everything near: with Chroma's defaults one question in
# fifty loses its best chunk in half of the builds.
_HNSW = {"space": "cosine", "ef_construction": 400, "ef_search": 1000, "max_neighbors": 48}


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What one run of indexing did. `generation` is 0 when nothing had changed."""

    generation: int
    documents: int
    sections: int
    chunks: int
    embedded: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class Index:
    """One generation, opened for reading. Rows are positions in `chunks` and `vectors`."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.documents = {held["id"]: Document(**held) for held in _read_lines(folder / "documents.jsonl")}
        self.chunks = tuple(_chunk(held) for held in _read_lines(folder / "chunks.jsonl"))
        self.vectors: Vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.vocabulary: dict[str, int] = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        self.names = frozenset(json.loads((folder / "names.json").read_text(encoding="utf-8")))
        self._rows = {chunk.id: row for row, chunk in enumerate(self.chunks)}

    @cached_property
    def _collection(self) -> Collection:
        import chromadb

        # The path is resolved because Chroma caches its clients by path for the life of the process.
        client = chromadb.PersistentClient(str((self.folder / "chroma").resolve()), _chroma_settings())
        return client.get_collection(_COLLECTION, embedding_function=None)

    @cached_property
    def _bm25(self) -> BM25:
        from bm25s import BM25

        return BM25.load(self.folder / "bm25", load_corpus=False)

    def dense(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """The `k` rows nearest to a unit vector with their cosines, best first; ties by row."""
        found = self._collection.query(query_embeddings=[vector.tolist()], n_results=min(k, len(self.chunks)), include=[])
        rows = np.array(sorted(self._rows[name] for name in found["ids"][0]), dtype=np.int64)
        # Chroma's distances differ in the last digits between builds; the stored vectors do not.
        cosines = self.cosines(vector, rows)
        order = np.lexsort((rows, -cosines))
        return [(int(rows[at]), float(cosines[at])) for at in order]

    def cosines(self, vector: Vectors, rows: Sequence[int] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The cosines of a unit vector with the vectors of some rows, in their order."""
        return np.asarray(self.vectors[rows].astype(np.float64) @ vector.astype(np.float64)).round(6)

    def lexical(self, terms: Sequence[str]) -> np.ndarray[Any, Any]:
        """The BM25 score of every row for the terms (`words.search_terms`); 0 where none occurs."""
        known = [term for term in terms if term in self._bm25.vocab_dict]
        if not known:
            return np.zeros(len(self.chunks))
        return np.asarray(self._bm25.get_scores(known), dtype=np.float64).round(6)

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

    def verify(self) -> None:
        """Check that Chroma holds every chunk and finds it. Raises IndexUnusable."""
        try:
            count = self._collection.count()
            canaries = range(0, len(self.chunks), max(1, len(self.chunks) // 5))
            lost = [row for row in canaries if self.dense(self.vectors[row], 1)[0][1] < 0.9999]
        except Exception as error:  # Chroma raises its own, sqlite's and Rust's errors alike
            raise _unusable(self.folder.parent, f"Chroma cannot read it ({error})") from error
        if count != len(self.chunks) or lost:
            raise _unusable(self.folder.parent, f"Chroma holds {count} of {len(self.chunks)} chunks")


def open_index(folder: Path, encoder: Encoder) -> Index:
    """The current generation, verified. Raises IndexUnusable when there is none or it does not fit."""
    generation = _current(folder)
    if generation is None:
        raise _missing(folder)
    manifest = _manifest(generation)
    if manifest["format"] != FORMAT or manifest["chunker"] != chunking.VERSION:
        raise _unusable(folder, "it was made by another version of careerbot")
    made_by = manifest["encoder"]
    if made_by["name"] != encoder.name:
        raise _unusable(folder, f"it was made by the encoder {made_by['name']!r}, and this is {encoder.name!r}")
    if made_by["fingerprint"] != encoder.fingerprint:
        raise _unusable(folder, f"the weights of {encoder.name!r} are not those that it was made with")
    try:
        index = Index(generation, manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable(folder, f"a file of it is damaged ({error})") from error
    index.verify()
    return index


def build(
    documents: Sequence[Document], encoder: Encoder, folder: Path, progress: Progress | None = None
) -> BuildReport:
    """Index exactly these documents: embed what is new, reuse the rest, drop what is gone.

    Raises LockedError when another process is writing, StorageError when the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _write_lock(folder):
            return _build(documents, encoder, folder, progress)
    except OSError as error:
        raise StorageError(f"cannot write the index in {folder}: {error.strerror or error}") from error


def read_sources(folder: Path) -> list[tuple[str, str, str, str, str, str]]:
    """What an index holds: id, title, publisher, as_of, sections, chunks of every document.

    Needs no encoder. Raises IndexUnusable when there is no index.
    """
    generation = _current(folder)
    if generation is None:
        raise _missing(folder)
    _manifest(generation)
    sections: Counter[str] = Counter()
    chunks: Counter[str] = Counter()
    for chunk in _read_lines(generation / "chunks.jsonl"):
        chunks[chunk["document"]] += 1
        sections[chunk["document"]] += chunk["part"] is None
    return [
        (held["id"], held["title"], held["publisher"], held["as_of"], str(sections[held["id"]]), str(chunks[held["id"]]))
        for held in _read_lines(generation / "documents.jsonl")
    ]


def plan(documents: Sequence[Document], encoder: Encoder, folder: Path) -> int:
    """How many chunks `build` would embed now (for a progress bar); 0 when nothing has changed."""
    known = _known_vectors(folder, encoder)
    return sum(chunking.views(chunk) not in known for document in documents for chunk in chunking.chunks(document))


def _build(documents: Sequence[Document], encoder: Encoder, folder: Path, progress: Progress | None) -> BuildReport:
    before = _sources(folder)
    after = {document.id: document.sha256 for document in documents}
    chunks = [chunk for document in documents for chunk in chunking.chunks(document)]
    known = _known_vectors(folder, encoder)
    views = [chunking.views(chunk) for chunk in chunks]
    fresh = sorted({view for view in views if view not in known})
    number = 0
    if before != after or fresh or not known:
        known |= dict(zip(fresh, _encode(fresh, encoder, progress), strict=True))
        vectors = np.stack([known[view] for view in views]).astype(np.float32)
        number = _write(documents, chunks, vectors, encoder, folder)
    return BuildReport(
        generation=number,
        documents=len(documents),
        sections=sum(chunk.part is None for chunk in chunks),
        chunks=len(chunks),
        embedded=len(fresh),
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def _encode(views: Sequence[tuple[str, str]], encoder: Encoder, progress: Progress | None) -> Vectors:
    """One unit vector per chunk: the mean of its two views, which searches both at the cost of one."""
    rows: list[Vectors] = []
    for start in range(0, len(views), 64):
        part = views[start : start + 64]
        own = encoder.encode([view[0] for view in part])
        mean = own + encoder.encode([view[1] for view in part])
        rows.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
        if progress is not None:
            progress(len(part))
    return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)


def _write(
    documents: Sequence[Document], chunks: Sequence[Chunk], vectors: Vectors, encoder: Encoder, folder: Path
) -> int:
    for leftover in folder.glob("gen-*.tmp"):
        shutil.rmtree(leftover)
    number = 1 + max((int(path.name[4:]) for path in folder.glob("gen-??????")), default=0)
    draft = folder / f"gen-{number:06d}.tmp"
    draft.mkdir()
    _write_lines(draft / "documents.jsonl", map(asdict, documents))
    _write_lines(draft / "chunks.jsonl", map(asdict, chunks))
    np.save(draft / "vectors.npy", vectors)
    passages = [_all_text(chunk) for chunk in chunks if chunk.part is None]
    vocabulary = Counter(word for text in passages for word in set(tokens(text)))
    _write_json(draft / "vocabulary.json", dict(sorted(vocabulary.items())))
    _write_json(draft / "names.json", sorted(names(passages)))
    _write_bm25(draft / "bm25", chunks)
    _write_chroma(draft / "chroma", chunks, vectors)
    manifest = {
        "format": FORMAT,
        "chunker": chunking.VERSION,
        "generation": number,
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint, "dimension": int(vectors.shape[1])},
        "sources": {document.id: {"path": document.path, "sha256": document.sha256} for document in documents},
        "chunks": len(chunks),
    }
    _write_json(draft / "manifest.json", manifest)
    final = folder / f"gen-{number:06d}"
    os.replace(draft, final)
    Index(final, manifest).verify()
    _point_to(folder, final.name)
    for old in sorted(folder.glob("gen-??????"))[:-_KEPT]:
        shutil.rmtree(old)
    return number


def _all_text(chunk: Chunk) -> str:
    return "\n".join((*chunk.headings, chunk.lead.text if chunk.lead else "", chunk.text))


def _write_json(file: Path, held: object) -> None:
    file.write_text(json.dumps(held, ensure_ascii=False, indent=1), encoding="utf-8")


def _write_bm25(folder: Path, chunks: Sequence[Chunk]) -> None:
    from bm25s import BM25

    bm25 = BM25()
    bm25.index([search_terms(chunking.views(chunk)[1]) or [""] for chunk in chunks], show_progress=False)
    bm25.save(folder)


def _write_chroma(folder: Path, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    import chromadb

    client = chromadb.PersistentClient(str(folder.resolve()), _chroma_settings())
    try:
        collection = client.create_collection(_COLLECTION, configuration={"hnsw": _HNSW}, embedding_function=None)
        for start in range(0, len(chunks), 1000):
            part = chunks[start : start + 1000]
            collection.add(ids=[chunk.id for chunk in part], embeddings=vectors[start : start + 1000].tolist())
    finally:
        client.close()


def _chroma_settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def _known_vectors(folder: Path, encoder: Encoder) -> dict[tuple[str, str], Vectors]:
    """The vectors of the current generation by what they stand for; none where it does not fit."""
    generation = _current(folder)
    if generation is None:
        return {}
    try:
        manifest = _manifest(generation)
        made_by = (manifest["format"], manifest["chunker"], manifest["encoder"]["fingerprint"])
        if made_by != (FORMAT, chunking.VERSION, encoder.fingerprint):
            return {}
        vectors = np.load(generation / "vectors.npy")
        held = [_chunk(line) for line in _read_lines(generation / "chunks.jsonl")]
        return {chunking.views(chunk): vector for chunk, vector in zip(held, vectors, strict=True)}
    except (OSError, ValueError, KeyError, TypeError, IndexUnusable):
        return {}  # a damaged generation is rebuilt from the sources


def _sources(folder: Path) -> dict[str, str]:
    generation = _current(folder)
    try:
        held = _manifest(generation)["sources"] if generation else {}
    except IndexUnusable:
        return {}
    return {name: source["sha256"] for name, source in held.items()}


def _current(folder: Path) -> Path | None:
    try:
        name = (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return folder / name if name and (folder / name).is_dir() else None


def _manifest(generation: Path) -> dict[str, Any]:
    try:
        held = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
        if {"format", "chunker", "encoder", "sources"} <= held.keys():
            return dict(held)
    except (OSError, ValueError, AttributeError) as error:
        raise _unusable(generation.parent, f"its manifest cannot be read ({error})") from error
    raise _unusable(generation.parent, "its manifest is not complete")


def _missing(folder: Path) -> IndexUnusable:
    return IndexUnusable(f"no index in {folder}; build one: careerbot index --index {folder}")


def _unusable(folder: Path, reason: str) -> IndexUnusable:
    return IndexUnusable(f"the index in {folder} cannot be used: {reason}; rebuild it: careerbot index --index {folder}")


@contextmanager
def _write_lock(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "LOCK")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(f"another process is writing the index in {folder}; try again when it has finished") from error
    try:
        yield
    finally:
        lock.release()


def _point_to(folder: Path, name: str) -> None:
    draft = folder / "CURRENT.tmp"
    with draft.open("w", encoding="utf-8") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, folder / "CURRENT")


def _write_lines(file: Path, records: Iterator[Any]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _read_lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield json.loads(line)


def _chunk(held: dict[str, Any]) -> Chunk:
    lead = Span(**held["lead"]) if held["lead"] else None
    return Chunk(**held | {"lead": lead, "kind": Kind(held["kind"]), "headings": tuple(held["headings"])})
