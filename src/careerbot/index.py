"""The index: one generation of chunks, vectors, Chroma and BM25, verified and opened for reading."""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careerbot import generations, stores, topics
from careerbot.datatypes import Chunk, Wanted
from careerbot.embedding import Encoder, QueryEncoder, Vectors
from careerbot.errors import CareerbotError, IndexUnusable, StorageError
from careerbot.quantized import Quantized
from careerbot.stores import Scores, TermStore, VectorStore

Rows = NDArray[np.int64]

_LOG = logging.getLogger("careerbot")

_PROBED = 5  # vectors that must be found when an index is opened
EXACT = 200_000
"""Vectors up to which a question is compared with all of them: 16,000 take 0.7 ms, where Chroma's graph takes 6."""
_SEARCHED = 7  # vectors that Chroma is asked for per row, since many wordings may ask for one row
_VOTERS = 16  # topics that vote on what answers
_VOTE_WIDTH = 0.12  # how much farther a topic is that counts 1/e of the nearest
_NO_TOPIC = 0.3  # cosine of a topic that is as likely as that none of them is asked for


@dataclass(frozen=True, slots=True)
class Nearest:
    """What is near to a unit vector, by row of `Index.chunks`.

    `rows` are those whose own vector or any wording is nearest, with that cosine, best first, ties
    by row; `asked` the cosine of a row's nearest wording, where one was found.
    """

    rows: list[tuple[int, float]]
    asked: dict[int, float]


class Index:
    """One generation, opened for reading. Rows are positions in `chunks` and `vectors`."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.documents = {held.id: held for held in generations.read_documents(folder)}
        self.chunks = generations.read_chunks(folder)
        self.vectors: Vectors = np.load(folder / "vectors.npy", mmap_mode="r").view(np.ndarray)
        self.vocabulary: dict[str, int] = generations.read_json(folder / "vocabulary.json")
        self.names: frozenset[str] = frozenset(generations.read_json(folder / "names.json"))
        self.asked: frozenset[str] = frozenset(generations.read_json(folder / "asked.json"))
        """The stems of the content words with which people are known to ask."""
        wordings = generations.wordings(self.chunks)
        owners = generations.owners(self.chunks, wordings)
        first = np.array([chunk.part is None for chunk in self.chunks])
        self.passages: Rows = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
        """The row of the passage that each row stands in; a passage's is its own."""
        self._ends = np.append(np.flatnonzero(first), len(first))  # of passages, after the first
        # The rows of place p are _owned[_starts[p] : _starts[p + 1]].
        self._owned = np.array([row for rows in owners for row in rows], dtype=np.int64)
        self._starts = np.cumsum([0, *map(len, owners)])
        self._searched = np.array(generations.searched(owners), dtype=np.int64)
        self._wordings = {text: place for place, text in enumerate(wordings, start=len(self.chunks))}
        self.gaps = generations.read_gaps(folder)
        self._ways = sum(len(gap.asked) for gap in self.gaps)
        self._places = {name: place for place, name in enumerate(generations.vector_names(self.chunks, wordings))}
        vectors = len(self._places) + self._ways
        if vectors != len(self.vectors) or self.documents.keys() != manifest["sources"].keys():
            raise ValueError("its documents, chunks and vectors do not belong together")
        self._answers = list(generations.topics(wordings))
        self._turn, self._topics = (
            np.load(folder / name, mmap_mode="r").view(np.ndarray) for name in generations.TURNED
        )
        if len(self._topics) != len(self._answers) + len(self.gaps):
            raise ValueError("its topics do not belong to its wordings")
        self._quantized = Quantized(folder)
        self._near = VectorStore(folder / "chroma")
        self._terms = TermStore(folder / "bm25")

    def encoder(self, model: Encoder) -> Encoder:
        """What encodes questions: the encoder that the model was exported to, else the model itself."""
        if not _exported(self.folder):
            return model
        return QueryEncoder(self.folder / generations.ENCODER, model.name, self.manifest["encoder"]["fingerprint"])

    @property
    def large(self) -> bool:
        """Whether the nearest vectors are looked for in Chroma's graph, as the comparison with all takes longer."""
        return len(self._places) > EXACT

    def nearest(self, vector: Vectors, k: int) -> Nearest:
        """What is nearest to a unit vector among the chunks and their wordings."""
        return self._nearest(vector, k, min(k * _SEARCHED, len(self._searched)))

    def _nearest(self, vector: Vectors, k: int, most: int) -> Nearest:
        places = self._near_places(vector, most)
        # Chroma's distances differ in the last digits between builds; the stored vectors do not.
        cosines = self.cosines(vector, places)
        counts = self._starts[places + 1] - self._starts[places]
        owned = self._owned[_ranges(self._starts[places], counts)]
        rows, best = self._best(owned, np.repeat(cosines, counts))
        if len(rows) < k and most < len(self._searched):  # many wordings of a few rows
            return self._nearest(vector, k, min(4 * most, len(self._searched)))
        order = np.lexsort((rows, -best))[:k]
        near = list(zip(rows[order].tolist(), best[order].tolist(), strict=True))
        wordings = places >= len(self.chunks)
        asks = np.repeat(wordings, counts)
        rows, best = self._best(owned[asks], np.repeat(cosines, counts)[asks])
        asked = dict(zip(rows.tolist(), best.tolist(), strict=True))
        return Nearest(near, asked)

    def _near_places(self, vector: Vectors, most: int) -> Rows:
        """The places of the nearest vectors, in the order of places."""
        if self.large:
            return np.array(sorted(self._places[name] for name, _ in self._near.nearest(vector, most)), dtype=np.int64)
        places = self._searched[self._quantized.may_be_nearest(vector, most)]
        return places[_top(_cosines(self.vectors[places], vector), most)]

    def _best(self, rows: Rows, cosines: Scores) -> tuple[Rows, Scores]:
        """Every row once, in order, with its largest cosine."""
        best = np.full(len(self.chunks), -np.inf)
        np.maximum.at(best, rows, cosines)
        found = np.flatnonzero(best > -np.inf)
        return found, best[found]

    def wanted(self, vector: Vectors) -> Wanted:
        """What a unit vector asks for, by the wordings and the gaps."""
        covered = len(self._answers)
        turned = topics.unit(_cosines(self._turn, vector)) if len(self._topics) else vector
        cosines = _cosines(self._topics, turned).astype(np.float64).round(6)
        known, beyond = (float(part.max(initial=-1.0)) for part in (cosines[:covered], cosines[covered:]))
        gap = self.gaps[int(np.argmax(cosines[covered:]))] if self.gaps else None
        first = len(self._places)
        asked = _cosines(self.vectors[first : first + self._ways], vector)
        return Wanted(self._votes(cosines[:covered]), known, gap, beyond, round(float(asked.max(initial=-1.0)), 6))

    def _votes(self, cosines: Scores) -> dict[int, float]:
        """For each row the share of the nearest topics that it answers, weighed by nearness."""
        voters = np.lexsort((np.arange(len(cosines)), -cosines))[:_VOTERS].tolist()
        weights = [math.exp((cosines[topic] - _NO_TOPIC) / _VOTE_WIDTH) for topic in voters]
        everything = 1 + sum(weights)
        votes: dict[int, float] = {}
        for topic, weight in zip(voters, weights, strict=True):
            for row in self._answers[topic]:
                votes[row] = votes.get(row, 0.0) + weight / everything
        return {row: round(vote, 6) for row, vote in votes.items()}

    def known(self, text: str) -> Vectors | None:
        """The unit vector of a text that is a wording, which need not be encoded again."""
        place = self._wordings.get(text)
        return None if place is None else np.asarray(self.vectors[place])

    def cosines(self, vector: Vectors, rows: Rows) -> Scores:
        """The cosines of a unit vector with the chunks of some rows, in their order; so for all places of vectors."""
        return _cosines(self.vectors[rows].astype(np.float64), vector.astype(np.float64)).round(6)

    def similar(self, one: Chunk, other: Chunk) -> float:
        """The cosine of two chunks."""
        rows = [self._places[one.id], self._places[other.id]]
        return round(float(np.dot(*self.vectors[rows].astype(np.float64))), 6)

    def lexical(self, terms: Sequence[str]) -> Scores:
        """The BM25 score of every row for the terms (`words.search_terms`); 0 where none occurs."""
        scores = self._terms.scores(terms)
        return np.zeros(len(self.chunks)) if scores is None else scores.round(6)

    def statements(self, rows: Rows) -> Rows:
        """The rows of all statements of the passages at or around some rows, in reading order."""
        passages = np.unique(self.passages[rows])
        ends = self._ends[np.searchsorted(self._ends, passages, "right")]
        return _ranges(passages + 1, ends - passages - 1)

    def verify(self, sample: int) -> None:
        """Check that its searches hold all of it, and find a sample, evenly spread. Raises IndexUnusable."""
        expected = len(self._searched)
        try:
            scored, count = self._terms.count(), self._near.count()
            probed = range(0, expected, max(1, expected // sample))
            lost = [at for at in probed if not self._found(self._searched[at])]
            near = ((at, self.vectors[self._searched[at]]) for at in probed)
            passed_over = [at for at, vector in near if at not in self._quantized.may_be_nearest(vector, 1)]
        except StorageError:
            raise
        except Exception as error:  # Chroma raises its own, sqlite's and Rust's errors alike
            raise generations.unusable(self.folder.parent, f"its searches cannot be read ({error})") from error
        if scored != len(self.chunks):
            found = f"BM25 scores {scored} of {len(self.chunks)} chunks"
        elif count != expected:
            found = f"Chroma holds {count} of {expected} vectors"
        elif lost:
            found = "Chroma does not find what it holds"
        elif passed_over:
            found = "the comparison with all vectors does not find what it holds"
        else:
            return
        raise generations.unusable(self.folder.parent, found)

    def _found(self, place: int) -> bool:
        """Whether Chroma finds a vector where its own numbers and ours say that it is."""
        vector = self.vectors[place]
        return any(
            self.cosines(vector, np.array([self._places[name]]))[0] > 0.999 and distance < 0.001
            for name, distance in self._near.nearest(vector, 1)
        )

    def close(self) -> None:
        """Let go of Chroma's files."""
        self._near.close()


def _cosines(vectors: NDArray[np.floating[Any]], vector: NDArray[np.floating[Any]]) -> NDArray[Any]:
    # Not @: its threads wait for each other on a busy machine, 5 ms for 18,000 vectors where this takes 0.8.
    return np.asarray(np.vecdot(vectors, vector))


def _top(cosines: NDArray[Any], most: int) -> Rows:
    """The places of the largest, in order; more of them where the least are equal."""
    most = min(most, len(cosines))
    return np.flatnonzero(cosines >= np.partition(cosines, -most)[-most])


def _ranges(starts: Rows, lengths: Rows) -> Rows:
    """The numbers of some ranges, one range after the other."""
    first = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    return first + np.arange(len(first))


def _exported(generation: Path) -> bool:
    return (generation / generations.ENCODER).is_dir()


def open_index(folder: Path, encoder: Encoder, *, by_exported: bool = False) -> Index:
    """The current generation, or with a warning in the log the newest sound one where that is damaged.

    `by_exported` says that questions will be encoded by `Index.encoder`. What was exported is hashed
    with the rest of a generation, so where it is there the model itself counts by its name alone:
    its weights, which may have changed since, are not read.

    Raises IndexUnusable when there is none, or the current one was made by another encoder or version,
    and StorageError when there is no room for a copy of its database.
    """
    generation = generations.current(folder)
    if generation is not None:
        generations.read_manifest(generation)
    try:
        if generation is None:
            raise generations.missing(folder)
        return open_generation(generation, encoder, by_exported=by_exported)
    except IndexUnusable as error:
        if generations.current(folder) != generation:  # switched meanwhile, and perhaps removed
            return open_index(folder, encoder, by_exported=by_exported)
        if generation is not None:
            _check_fits(generation, encoder, by_exported=by_exported)
        index = _previous(folder, generation, encoder, by_exported=by_exported)
        if index is None:
            raise
        _LOG.warning("%s; until then %s, from before, is served", error, index.folder.name)
        return index


def _previous(folder: Path, damaged: Path | None, encoder: Encoder, *, by_exported: bool) -> Index | None:
    for older in generations.all_of(folder):
        if older != damaged:
            with suppress(IndexUnusable):
                return open_generation(older, encoder, by_exported=by_exported)
    return None


def open_generation(generation: Path, encoder: Encoder, *, by_exported: bool = False) -> Index:
    """This generation, every file of it compared with its hash. Raises IndexUnusable when it does not fit."""
    return open_verified(generation, _check_fits(generation, encoder, by_exported=by_exported), 0)


def open_verified(generation: Path, manifest: Mapping[str, Any], sample: int) -> Index:
    """A generation whose files are what was written and whose searches find a sample. Raises IndexUnusable.

    Without a sample what is searched by Chroma is probed alone: of all else the hashes say enough.
    """
    try:
        generations.check_files(generation, manifest)  # before native code reads what it would die of
        with _uncollected():
            index = Index(generation, manifest)
    except generations.DAMAGE as error:
        raise generations.damaged(generation.parent, error) from error
    try:
        if sample or index.large:
            index.verify(sample or _PROBED)
    except CareerbotError:
        index.close()
        raise
    return index


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage among many new objects that all stay: a third of the time for 100,000."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _check_fits(generation: Path, encoder: Encoder, *, by_exported: bool) -> dict[str, Any]:
    """The manifest of a generation that this version and encoder can serve. Raises IndexUnusable."""
    folder = generation.parent
    manifest = generations.read_manifest(generation)
    if not generations.of_this_version(manifest) or manifest.get("stores") != stores.versions():
        raise generations.unusable(folder, "it was made by another version of careerbot or of what it stores with")
    try:
        name, fingerprint = manifest["encoder"]["name"], manifest["encoder"]["fingerprint"]
    except (KeyError, TypeError) as error:
        raise generations.damaged(folder, error) from error
    if name != encoder.name:
        raise generations.unusable(folder, f"it was made by the encoder {name!r}, and this is {encoder.name!r}")
    if not (by_exported and _exported(generation)) and fingerprint != encoder.fingerprint:
        raise generations.unusable(folder, f"the weights of {encoder.name!r} are not those that it was made with")
    return manifest


class Watch:
    """Tells when another generation than the one that is held is served, at the cost of reading CURRENT."""

    def __init__(self, index: Index) -> None:
        self._folder = index.folder.parent
        self._seen = _identity(index.folder)

    def moved(self) -> bool:
        """Whether another generation than the one seen last is served."""
        served = generations.current(self._folder)
        return served is not None and _identity(served) != self._seen

    def newer(self, encoder: Encoder) -> Index | None:
        """The generation that is served now, opened; None where it has not moved. For one thread at a time.

        One that cannot be used is told in the log, once, and not tried again unless it was for want of room.
        """
        served = generations.current(self._folder)
        if served is None or (seen := _identity(served)) == self._seen:
            return None
        index = None
        try:
            index = open_generation(served, encoder)
        except CareerbotError as error:
            if generations.current(self._folder) != served:
                return None  # replaced while it was opened; the next question sees that one
            _LOG.warning("%s; until then the answers come from the one before", error)
            if isinstance(error, StorageError):
                return None  # there may be room for a copy at the next question
        self._seen = seen
        return index


def _identity(generation: Path) -> tuple[str, int, int]:
    """Differs between generations, also where a folder was deleted and filled anew from 1."""
    try:
        held = (generation / "manifest.json").stat()
    except OSError:
        return generation.name, 0, 0
    return generation.name, held.st_ino, held.st_mtime_ns
