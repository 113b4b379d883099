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

import hashlib
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
from numpy.typing import NDArray

from careerbot import chunking
from careerbot.datatypes import Chunk, Document, Gap, Kind, Span, Wording
from careerbot.embedding import Encoder, Progress, Vectors
from careerbot.errors import IndexUnusable, InputError, LockedError, StorageError
from careerbot.words import names, search_terms, tokens

if TYPE_CHECKING:
    from bm25s import BM25
    from chromadb.api.models.Collection import Collection

FORMAT = 1
MAX_ASKED = 6
"""Wordings of one chunk that are searched; further ones are left out."""

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_ENCODED_AT_ONCE = 256  # texts; the encoder sorts them by length, so larger is faster and the bar coarser
_COLLECTION = "chunks"
_KEPT = 2  # generations: the one that is served, and the one before it
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError)  # what reading a damaged file raises

# Large enough that the graph search visits everything near: with Chroma's defaults one question in
# fifty loses its best chunk in half of the builds.
_HNSW: Any = {"space": "cosine", "ef_construction": 400, "ef_search": 1000, "max_neighbors": 48}


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
        self.documents = {held["id"]: _document(held) for held in _read_lines(folder / "documents.jsonl")}
        self.chunks = tuple(_chunk(held) for held in _read_lines(folder / "chunks.jsonl"))
        self.vectors: Vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.vocabulary: dict[str, int] = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        self.names = frozenset(json.loads((folder / "names.json").read_text(encoding="utf-8")))
        self._owners = np.array(_owners(self.chunks), dtype=np.int64)
        self._first_asked = np.searchsorted(self._owners[len(self.chunks) :], np.arange(len(self.chunks) + 1))
        self.gaps = tuple(_gap(held) for held in _read_lines(folder / "gaps.jsonl"))
        self._topics = [gap.topic for gap in self.gaps for _ in gap.asked]
        self._places = {name: place for place, name in enumerate(_ids(self.chunks))}
        vectors = len(self._places) + len(self._topics)
        if vectors != len(self.vectors) or self.documents.keys() != manifest["sources"].keys():
            raise ValueError("its documents, chunks and vectors do not belong together")

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
        """The `k` rows nearest to a unit vector with their cosines, best first; ties by row.

        A row is as near as the nearest of its own vector and those of its wordings.
        """
        most = min(k * (1 + MAX_ASKED), len(self._owners))
        found = self._collection.query(query_embeddings=[vector.tolist()], n_results=most, include=[])
        places = np.array(sorted(self._places[name] for name in found["ids"][0]), dtype=np.int64)
        # Chroma's distances differ in the last digits between builds; the stored vectors do not.
        cosines = self._dot(vector, places)
        best: dict[int, float] = {}
        for place, cosine in zip(places, cosines, strict=True):
            row = int(self._owners[place])
            best[row] = max(best.get(row, -1.0), float(cosine))
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:k]

    def cosines(self, vector: Vectors, rows: Rows) -> Scores:
        """The cosines of a unit vector with the chunks of some rows, in their order."""
        return self._dot(vector, rows)

    def similar(self, one: Chunk, other: Chunk) -> float:
        """The cosine of two chunks."""
        rows = [self._places[one.id], self._places[other.id]]
        return round(float(np.dot(*self.vectors[rows].astype(np.float64))), 6)

    def asked_cosines(self, vector: Vectors, rows: Rows) -> Scores:
        """The best cosine among the wordings of each row; -1 where it has none."""
        best = np.full(len(rows), -1.0)
        for at, row in enumerate(rows):
            first, last = self._first_asked[row], self._first_asked[row + 1]
            if first < last:
                best[at] = self._dot(vector, np.arange(first, last) + len(self.chunks)).max()
        return best

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

    def verify_lexical(self) -> None:
        """Check that BM25 can be read and scores every chunk. Raises what reading raises, or ValueError."""
        scored = self._bm25.scores["num_docs"]
        if scored != len(self.chunks):
            raise ValueError(f"BM25 scores {scored} of {len(self.chunks)} chunks")

    def verify(self) -> None:
        """Check that Chroma holds every chunk and finds it. Raises IndexUnusable."""
        try:
            count, expected = self._collection.count(), len(self._owners)
            lost = [place for place in range(0, expected, max(1, expected // 5)) if not self._found(place)]
        except Exception as error:  # Chroma raises its own, sqlite's and Rust's errors alike
            raise _unusable(self.folder.parent, f"Chroma cannot read it ({error})") from error
        if count != expected or lost:
            found = f"holds {count} of {expected} vectors" if count != expected else "does not find what it holds"
            raise _unusable(self.folder.parent, f"Chroma {found}")

    def _found(self, place: int) -> bool:
        """Whether Chroma finds a vector where its own numbers and ours say that it is."""
        vector = self.vectors[place]
        found = self._collection.query(query_embeddings=[vector.tolist()], n_results=1, include=["distances"])
        nearest = self._dot(vector, np.array([self._places[name] for name in found["ids"][0]], dtype=np.int64))
        distances = np.array(found["distances"] or [[]])[0]
        return len(nearest) == 1 and bool(nearest[0] > 0.999 and distances[0] < 0.001)


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
        index.verify_lexical()
    except _DAMAGE as error:
        raise _damaged(folder, error) from error
    index.verify()
    return index


def build(
    documents: Sequence[Document],
    encoder: Encoder,
    folder: Path,
    progress: Progress | None = None,
    gaps: Sequence[Gap] = (),
) -> BuildReport:
    """Index exactly these documents: embed what is new, reuse the rest, drop what is gone.

    Raises InputError when they hold no text, LockedError when another process is writing, and
    StorageError when the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _write_lock(folder):
            return _build(documents, gaps, encoder, folder, progress)
    except OSError as error:
        raise StorageError(f"cannot write the index in {folder}: {error.strerror or error}") from error


def read_sources(folder: Path) -> list[tuple[str, str, str, str, str, str]]:
    """What an index holds: id, title, publisher, as_of, sections, chunks of every document.

    Needs no encoder. Raises IndexUnusable when there is no index or it is damaged.
    """
    generation = _current(folder)
    if generation is None:
        raise _missing(folder)
    _manifest(generation)
    sections: Counter[str] = Counter()
    chunks: Counter[str] = Counter()
    try:
        for chunk in _read_lines(generation / "chunks.jsonl"):
            chunks[chunk["document"]] += 1
            sections[chunk["document"]] += chunk["part"] is None
        documents = [_document(held) for held in _read_lines(generation / "documents.jsonl")]
    except _DAMAGE as error:
        raise _damaged(folder, error) from error
    return [
        (held.id, held.title, held.publisher, held.as_of, str(sections[held.id]), str(chunks[held.id]))
        for held in documents
    ]


def plan(documents: Sequence[Document], encoder: Encoder, folder: Path, gaps: Sequence[Gap] = ()) -> int:
    """How many texts `build` would embed now (for a progress bar); 0 when nothing has changed."""
    known = _known_vectors(folder, encoder)
    chunks = [chunk for document in documents for chunk in chunking.chunks(document)]
    return len({view for view in _views(chunks, gaps) if view not in known})


def _build(
    documents: Sequence[Document], gaps: Sequence[Gap], encoder: Encoder, folder: Path, progress: Progress | None
) -> BuildReport:
    before, gaps_before = _sources(folder)
    after = {document.id: document.sha256 for document in documents}
    chunks = [chunk for document in documents for chunk in chunking.chunks(document)]
    if not chunks:
        raise InputError("no text to index: expected at least one sentence that is not a heading")
    known = _known_vectors(folder, encoder)
    views = _views(chunks, gaps)
    fresh = sorted({view for view in views if view not in known})
    number = 0
    if before != after or gaps_before != _hash(gaps) or fresh or not known:
        known |= dict(zip(fresh, _encode(fresh, encoder, progress), strict=True))
        vectors = np.stack([known[view] for view in views]).astype(np.float32)
        number = _write(documents, chunks, gaps, vectors, encoder, folder)
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


def _views(chunks: Sequence[Chunk], gaps: Sequence[Gap]) -> list[tuple[str, str]]:
    """What the vectors stand for: a pair of texts per chunk, then per wording, then per way to ask for a gap."""
    own = [chunking.views(chunk) for chunk in chunks]
    others = [*(asked for chunk in chunks for asked in chunk.asked[:MAX_ASKED]), *_asked(gaps)]
    return own + [(asked, asked) for asked in others]


def _asked(gaps: Sequence[Gap]) -> list[str]:
    return [asked for gap in gaps for asked in gap.asked]


def _hash(gaps: Sequence[Gap]) -> str:
    return hashlib.sha256(json.dumps([asdict(gap) for gap in gaps]).encode()).hexdigest()


def _ids(chunks: Sequence[Chunk]) -> list[str]:
    own = [chunk.id for chunk in chunks]
    return own + [f"{chunk.id}?{at}" for chunk in chunks for at, _ in enumerate(chunk.asked[:MAX_ASKED])]


def _owners(chunks: Sequence[Chunk]) -> list[int]:
    """The row of the chunk that each vector belongs to."""
    return [*range(len(chunks)), *(row for row, chunk in enumerate(chunks) for _ in chunk.asked[:MAX_ASKED])]


def _encode(views: Sequence[tuple[str, str]], encoder: Encoder, progress: Progress | None) -> Vectors:
    """One unit vector per view: the mean of its two texts, which searches both at the cost of one."""
    rows: list[Vectors] = []
    for start in range(0, len(views), _ENCODED_AT_ONCE):
        part = views[start : start + _ENCODED_AT_ONCE]
        texts = list(dict.fromkeys(text for view in part for text in view))
        vectors = dict(zip(texts, encoder.encode(texts), strict=True))
        mean = np.stack([vectors[own] + vectors[around] for own, around in part])
        rows.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
        if progress is not None:
            progress(len(part))
    return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)


def _write(
    documents: Sequence[Document],
    chunks: Sequence[Chunk],
    gaps: Sequence[Gap],
    vectors: Vectors,
    encoder: Encoder,
    folder: Path,
) -> int:
    for leftover in folder.glob("gen-*.tmp"):
        shutil.rmtree(leftover)
    number = 1 + max((int(path.name[4:]) for path in folder.glob("gen-??????")), default=0)
    draft = folder / f"gen-{number:06d}.tmp"
    draft.mkdir()
    _write_lines(draft / "documents.jsonl", map(asdict, documents))
    _write_lines(draft / "chunks.jsonl", map(asdict, chunks))
    _write_lines(draft / "gaps.jsonl", map(asdict, gaps))
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
        "gaps": _hash(gaps),
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
    from chromadb.errors import ChromaError

    try:
        client: Any = chromadb.PersistentClient(str(folder.resolve()), _chroma_settings())
        try:
            collection = client.create_collection(_COLLECTION, configuration={"hnsw": _HNSW}, embedding_function=None)
            ids = _ids(chunks)
            for start in range(0, len(ids), 1000):
                part = ids[start : start + 1000]
                collection.add(ids=part, embeddings=vectors[start : start + len(part)].tolist())
        finally:
            client.close()
    except ChromaError as error:  # a full disk among others
        raise StorageError(f"cannot write the index in {folder.parent.parent}: {error}") from error


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
        gaps = [_gap(line) for line in _read_lines(generation / "gaps.jsonl")]
        return dict(zip(_views(held, gaps), vectors, strict=True))
    except (*_DAMAGE, IndexUnusable):
        return {}  # a damaged generation is rebuilt from the sources


def _sources(folder: Path) -> tuple[dict[str, str], str]:
    """The hash of every document of the current generation, and that of its gaps."""
    generation = _current(folder)
    try:
        manifest = _manifest(generation) if generation else {"sources": {}}
    except IndexUnusable:
        manifest = {"sources": {}}
    return {name: source["sha256"] for name, source in manifest["sources"].items()}, manifest.get("gaps", "")


def _current(folder: Path) -> Path | None:
    try:
        name = (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
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
    return IndexUnusable(
        f"the index in {folder} cannot be used: {reason}; rebuild it: careerbot index --index {folder}"
    )


def _damaged(folder: Path, error: Exception) -> IndexUnusable:
    return _unusable(folder, f"a file of it is damaged ({error})")


@contextmanager
def _write_lock(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "LOCK")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"another process is writing the index in {folder}; try again when it has finished"
        ) from error
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
    tuples = {"headings": tuple(held["headings"]), "asked": tuple(held["asked"])}
    return Chunk(**held | tuples | {"lead": lead, "kind": Kind(held["kind"])})


def _gap(held: dict[str, Any]) -> Gap:
    return Gap(held["topic"], tuple(held["asked"]))


def _document(held: dict[str, Any]) -> Document:
    wordings = tuple(Wording(wording["quote"], tuple(wording["asked"])) for wording in held["wordings"])
    return Document(**held | {"wordings": wordings})
