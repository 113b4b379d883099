"""What an index holds, read without its searches and without an encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from careerbot import generations
from careerbot.datatypes import Chunk, Document
from careerbot.embedding import Vectors

Rows = NDArray[np.int64]


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


def sizes(chunks: Iterable[Chunk]) -> tuple[Counter[str], Counter[str]]:
    """How many sections and how many chunks each document has, by its id."""
    held = [(chunk.document, chunk.part) for chunk in chunks]
    return Counter(document for document, part in held if part is None), Counter(document for document, _ in held)


def read_sources(folder: Path) -> list[tuple[str, str, str, str, str, str]]:
    """What an index holds: id, title, publisher, as_of, sections, chunks of every document.

    Needs no encoder. Raises IndexUnusable when there is no index or it is damaged.
    """
    generation = _served(folder)
    try:
        sections, chunks = sizes(generations.read_chunks(generation))
        documents = generations.read_documents(generation)
    except generations.DAMAGE as error:
        raise generations.damaged(folder, error) from error
    return [
        (held.id, held.title, held.publisher, held.as_of, str(sections[held.id]), str(chunks[held.id]))
        for held in documents
    ]
