"""Encoders for measuring: one that is fast and whose vectors are nevertheless those of texts, one that is timed."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from careerbot import chunking
from careerbot.datatypes import Document
from careerbot.embedding import Encoder, Progress, Vectors

_SHARE = 0.55  # of another text; the cosine with the original is then 0.93 (real vectors: 0.77 to 0.95)
_NOISE = 0.1
_SAMPLE = 2048  # texts


class Mixing:
    """Stands in for an encoder where 100,000 texts would take it half an hour.

    The vector of a varied text is that of its original, mixed with that of another text of the
    originals and a little noise, all drawn by the text; every other text is encoded really.
    `made` are documents with what they were made from, as `varied` gives them.
    """

    def __init__(self, encoder: Encoder, made: Sequence[tuple[Document, Document]]) -> None:
        self._encoder = encoder
        self._from = {text: original for one, other in made for text, original in _pairs(one, other)}
        originals = sorted(set(self._from.values()))
        self._row = {text: row for row, text in enumerate(originals)}
        self._vectors = encoder.encode(originals)

    @property
    def name(self) -> str:
        """Says whose vectors are mixed."""
        return f"{self._encoder.name}, mixed"

    @property
    def fingerprint(self) -> str:
        """Other than that of the encoder whose vectors are mixed."""
        return f"{self._encoder.fingerprint}-mixed"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """One row per text, of unit length."""
        new = [text for text in texts if text not in self._from]
        real = dict(zip(new, self._encoder.encode(new), strict=True))
        if progress is not None:
            progress(len(texts))
        return np.stack([real[text] if text in real else self._mixed(text) for text in texts])

    def export(self, folder: Path, probes: Sequence[str]) -> str:
        """As the encoder does."""
        return self._encoder.export(folder, probes)

    def _mixed(self, text: str) -> Vectors:
        original = self._from[text]
        own = self._vectors[self._row[original]]
        if text == original:
            return np.asarray(own)
        chance = random.Random(text)  # noqa: S311 - nothing secret
        other = self._vectors[chance.randrange(len(self._vectors))]
        noise = np.random.default_rng(chance.getrandbits(32)).standard_normal(len(own)) / np.sqrt(len(own))
        mixed = own + _SHARE * other + _NOISE * noise
        return np.asarray(mixed / np.linalg.norm(mixed), np.float32)


def _pairs(one: Document, other: Document) -> list[tuple[str, str]]:
    """The texts that are embedded of a document, each with the one that stands in its place in the other."""
    theirs = {(chunk.section, chunk.part): chunking.views(chunk) for chunk in chunking.chunks(other)}
    return [
        pair
        for chunk in chunking.chunks(one)
        if (chunk.section, chunk.part) in theirs
        for pair in zip(chunking.views(chunk), theirs[chunk.section, chunk.part], strict=True)
    ]


class Timed:
    """An encoder that knows how fast it was from its first call to the end of its last one."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.texts: list[str] = []
        self._first = self._last = 0.0

    @property
    def name(self) -> str:
        """That of the encoder."""
        return self._encoder.name

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """What the encoder gives."""
        if not self.texts:
            self._first = time.perf_counter()
        self.texts += texts
        vectors = self._encoder.encode(texts, progress)
        self._last = time.perf_counter()
        return vectors

    def export(self, folder: Path, probes: Sequence[str]) -> str:
        """As the encoder does."""
        return self._encoder.export(folder, probes)

    def rate(self) -> float:
        """Texts per second, what was done between the calls included."""
        return len(self.texts) / (self._last - self._first)

    def share(self) -> float:
        """That rate as a share of what the encoder reaches when it is given the same texts, or some, at once."""
        some = self.texts[:: -(-len(self.texts) // _SAMPLE)]
        started = time.perf_counter()
        self._encoder.encode(some)
        return self.rate() / (len(some) / (time.perf_counter() - started))
