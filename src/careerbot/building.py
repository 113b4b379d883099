"""Documents → a new generation of the index: what is new is embedded, the rest reused, and swapped as one.

The sources are the truth and the index is a cache of them: every generation keeps its chunks and
vectors in plain files, by which Chroma is checked and from which the next generation is made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from careerbot import chunking, figures, generations, quantized, stores, topics
from careerbot.datatypes import Chunk, Document, Gap
from careerbot.embedding import Encoder, Progress, Vectors
from careerbot.errors import CareerbotError, IndexUnusable, InputError, StorageError
from careerbot.index import open_generation, open_verified
from careerbot.words import names, search_terms, stems, tokens

_SAMPLE = 400  # vectors of a new generation that must be found: some 2 s of 16,000
_APART = 1000
"""Vectors from which Chroma keeps a graph on the disk, whose native code may die of it: then in a process apart."""
_GRAPHS = 3  # tries: Chroma builds its graph in several threads, and one of near-equal vectors may lose some of them
_PROBES = 64  # statements by which an exported encoder is compared with the model
_ENCODED_AT_ONCE = 256  # texts; the encoder sorts them by length, so larger is faster and the bar coarser


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What one run of indexing did. `generation` is 0 when nothing had changed, `figures` counts stated amounts.

    `slow` says why questions cannot be encoded without the model itself; empty where they can.
    """

    generation: int
    documents: int
    sections: int
    chunks: int
    figures: int
    embedded: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    slow: str = ""


def build(
    documents: Sequence[Document],
    encoder: Encoder,
    folder: Path,
    progress: Progress | None = None,
    gaps: Sequence[Gap] = (),
) -> BuildReport:
    """Index exactly these documents: embed what is new, reuse the rest, drop what is gone.

    Raises InputError when they hold no text, LockedError when another process is writing,
    StorageError when the disk refuses, and IndexUnusable when what was written does not verify; in
    each case the generation that was served before still is (the new one, where the disk refused the
    very last step), as it is when this process is killed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with generations.write_lock(folder):
            return _build(documents, gaps, encoder, folder, progress)
    except OSError as error:
        raise StorageError(f"cannot write the index in {folder}: {error.strerror or error}") from error


def check_unlocked(folder: Path) -> None:
    """Raise LockedError when another process is writing the index, before anything is read for it."""
    if (folder / "LOCK").exists():
        with suppress(OSError), generations.write_lock(folder):  # a folder that is read-only is told by `build`
            pass


def plan(documents: Sequence[Document], encoder: Encoder, folder: Path, gaps: Sequence[Gap] = ()) -> int:
    """How many texts `build` would embed now (for a progress bar); 0 when nothing has changed."""
    known = _known_vectors(folder, encoder)
    chunks = [chunk for document in documents for chunk in chunking.chunks(document)]
    return len({view for view in generations.vector_views(chunks, gaps) if view not in known})


def _build(
    documents: Sequence[Document],
    gaps: Sequence[Gap],
    encoder: Encoder,
    folder: Path,
    progress: Progress | None,
) -> BuildReport:
    before, gaps_before = _sources(folder)
    after = {document.id: document.sha256 for document in documents}
    chunks = [chunk for document in documents for chunk in chunking.chunks(document)]
    if not chunks:
        raise InputError("no text to index: expected at least one sentence that is not a heading")
    known = _known_vectors(folder, encoder)
    views = generations.vector_views(chunks, gaps)
    fresh = sorted({view for view in views if view not in known})
    number, slow = 0, ""
    if before != after or gaps_before != _hash(gaps) or fresh or not _served(folder, encoder):
        known |= dict(zip(fresh, _encode(fresh, encoder, progress), strict=True))
        vectors = np.stack([known[view] for view in views]).astype(np.float32)
        number, slow = _write(documents, chunks, gaps, vectors, encoder, folder)
    return BuildReport(
        generation=number,
        documents=len(documents),
        sections=sum(chunk.part is None for chunk in chunks),
        chunks=len(chunks),
        figures=sum(len(figures.figures(chunk.text)) for chunk in chunks if chunk.part is not None),
        embedded=len(fresh),
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name])),
        removed=tuple(sorted(before.keys() - after.keys())),
        slow=slow,
    )


def _sources(folder: Path) -> tuple[dict[str, str], str]:
    """The hash of every document of the current generation, and that of its gaps."""
    generation = generations.current(folder)
    try:
        manifest = generations.read_manifest(generation) if generation else {"sources": {}}
    except IndexUnusable:
        manifest = {"sources": {}}
    return {name: source["sha256"] for name, source in manifest["sources"].items()}, manifest.get("gaps", "")


def _served(folder: Path, encoder: Encoder) -> bool:
    """Whether the current generation opens and proves itself; one that does not is built again."""
    generation = generations.current(folder)
    try:
        if generation is not None:
            open_generation(generation, encoder).close()
    except IndexUnusable:
        return False
    return generation is not None


def _known_vectors(folder: Path, encoder: Encoder) -> dict[tuple[str, str], Vectors]:
    """The vectors of the current generation by what they stand for; none where it does not fit."""
    generation = generations.current(folder)
    if generation is None:
        return {}
    try:
        manifest = generations.read_manifest(generation)
        if not generations.of_this_version(manifest) or manifest["encoder"]["fingerprint"] != encoder.fingerprint:
            return {}
        vectors = np.load(generation / "vectors.npy")
        held, gaps = generations.read_chunks(generation), generations.read_gaps(generation)
        return dict(zip(generations.vector_views(held, gaps), vectors, strict=True))
    except (*generations.DAMAGE, IndexUnusable):
        return {}  # a damaged generation is rebuilt from the sources


def _hash(gaps: Sequence[Gap]) -> str:
    return hashlib.sha256(json.dumps([asdict(gap) for gap in gaps]).encode()).hexdigest()


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
) -> tuple[int, str]:
    """The number of the new generation, and why questions need the model itself, if they do."""
    with generations.draft(folder) as (number, draft):
        generations.write_lines(draft / "documents.jsonl", documents)
        generations.write_lines(draft / "chunks.jsonl", chunks)
        generations.write_lines(draft / "gaps.jsonl", gaps)
        np.save(draft / "vectors.npy", vectors)
        passages = [_all_text(chunk) for chunk in chunks if chunk.part is None]
        vocabulary = Counter(word for text in passages for word in set(tokens(text)))
        generations.write_json(draft / "vocabulary.json", dict(sorted(vocabulary.items())))
        generations.write_json(draft / "names.json", sorted(names(passages)))
        stores.write_terms(draft / "bm25", [search_terms(chunking.views(chunk)[1]) for chunk in chunks])
        wordings = generations.wordings(chunks)
        generations.write_json(draft / "asked.json", sorted(frozenset().union(*map(stems, wordings))))
        for name, learned in zip(generations.TURNED, _topics(vectors, len(chunks), wordings, gaps), strict=True):
            np.save(draft / name, learned)
        searched = generations.searched(generations.owners(chunks, wordings))
        compared = vectors[searched]
        quantized.write(draft, compared)
        named = generations.vector_names(chunks, wordings)
        slow = encoder.export(
            draft / generations.ENCODER, [chunk.text for chunk in chunks if chunk.part is not None][:_PROBES]
        )
        manifest = {
            "format": generations.FORMAT,
            "chunker": chunking.SETTINGS,
            "stores": stores.versions(),
            "generation": number,
            "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint, "dimension": int(vectors.shape[1])},
            "sources": {document.id: {"path": document.path, "sha256": document.sha256} for document in documents},
            "gaps": _hash(gaps),
            "chunks": len(chunks),
        }
        for left in reversed(range(_GRAPHS)):
            stores.write_vectors(draft / "chroma", [named[place] for place in searched], compared)
            generations.seal(draft, manifest)
            try:
                _verify(draft, apart=len(vectors) >= _APART)
                break
            except IndexUnusable:
                if not left:
                    raise
                shutil.rmtree(draft / "chroma")
        generations.serve(generations.complete(draft))
    return number, slow


def _topics(
    vectors: Vectors, chunks: int, wordings: Mapping[str, list[int]], gaps: Sequence[Gap]
) -> tuple[Vectors, Vectors]:
    """What `topics.learn` gives for the wordings and then the gaps; empty arrays where there are none."""
    groups = [vectors[chunks + np.array(places)] for places in generations.topics(wordings).values()]
    start = chunks + len(wordings)
    for gap in gaps:
        groups.append(vectors[start : start + len(gap.asked)])
        start += len(gap.asked)
    empty = np.zeros((0, vectors.shape[1]), np.float32)
    return topics.learn(groups) if groups else (empty, empty)


def _all_text(chunk: Chunk) -> str:
    return "\n".join((*chunk.headings, chunk.lead.text if chunk.lead else "", chunk.text))


def _verify(draft: Path, *, apart: bool) -> None:
    """Check a draft as its readers will meet it. Raises IndexUnusable."""
    if not apart:
        verify(draft)
        return
    program = "import sys; from pathlib import Path; from careerbot.building import verify_alone as v; v(sys.argv[1])"
    # -P: no module of the folder that the user stands in is taken for one of ours.
    done = subprocess.run([sys.executable, "-P", "-c", program, str(draft)], capture_output=True, text=True)  # noqa: S603
    for error in (IndexUnusable, StorageError):
        if done.returncode == error.exit_code:
            raise error(done.stderr.strip())
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        how = f"ended with {done.returncode}: {last}"
        raise generations.unusable(draft.parent, f"the process that checked the new one {how}")


def verify(draft: Path) -> None:
    """Compare a draft with its hashes, and look whether its searches find what they hold. Raises IndexUnusable."""
    open_verified(draft, generations.read_manifest(draft), _SAMPLE).close()


def verify_alone(draft: str) -> None:
    """`verify` as a whole program: what is wrong goes to stderr, with the exit code of the error."""
    try:
        verify(Path(draft))
    except CareerbotError as error:
        sys.stderr.write(str(error))
        sys.exit(error.exit_code)
