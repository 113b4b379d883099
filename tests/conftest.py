"""What the tests share: an encoder that a reader can compute in their head, and a small corpus of careers."""

from __future__ import annotations

import gc
import os
import re
import ssl
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from careerbot import Careerbot, Document, Settings
from careerbot.building import build
from careerbot.chunking import chunks
from careerbot.datatypes import Chunk, Gap, Hit, Wanted
from careerbot.embedding import Progress, Vectors
from careerbot.index import open_index
from careerbot.loading import load

# Hypothesis fails an example that takes over 200 ms, which a busy machine does now and then to any of
# them; the tests that are about time measure it themselves.
hypothesis.settings.register_profile("steady", deadline=None, max_examples=50)
hypothesis.settings.load_profile("steady")

# Python looks through all objects after every 700 new ones, and Gradio alone brings a million: a sixth of the time.
gc.set_threshold(50_000, 20, 50)

DIMENSION = 256

ELECTRICIAN = """\
# Electrician

## What does an electrician earn?

In May 2023 the median wage of electricians was $61,590 a year. The mean wage was $67,810 a year.

## Training

An apprenticeship as an electrician takes four years. Apprentices are paid from the first day.

To begin you need:

- a driving licence
- good colour vision
- two years of algebra

## Licence fees

| State | Application fee | Exam fee |
|---|---|---|
| Oregon | $100 | $52 |
| Vermont | $115 | $60 |
"""

BAKER = """\
# Baker

## Working hours

Most bakers start at three in the morning. A shift lasts eight hours.

## What does a baker earn?

A baker earns $16.80 an hour on average.

## Which schools teach baking?

The school in Lyon takes thirty pupils a year.
"""

BEEKEEPER = """\
# Beekeeper

A beekeeper with forty hives sells about 900 kilos of honey a year. Nobody needs a degree for it.

Swarms are caught in May.
"""

CATALOGUE = """\
[[source]]
id = "electrician-guide"
file = "electrician.md"
title = "How to Become an Electrician"
publisher = "Trades Office"
as_of = "2023-05"
place = "United States"

[[source]]
id = "baker"
title = "Baker"
as_of = "2019"
"""


class WordEncoder:
    """Each lower-case word adds 1 to dimension `crc32(word) % 256`; the row then gets unit length.

    Its constructor takes what `SentenceEncoder` takes, so that it can stand in for it.
    """

    def __init__(self, model: str = "", *, batch_size: int = 64, fingerprint: str = "words-1") -> None:
        self._model = model
        self._fingerprint = fingerprint
        self.encoded: list[str] = []

    @property
    def name(self) -> str:
        return "words"

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        rows = np.zeros((len(texts), DIMENSION), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                row[zlib.crc32(word.encode("utf-8", "surrogatepass")) % DIMENSION] += 1
        self.encoded += texts
        if progress is not None:
            progress(len(texts))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    def export(self, folder: Path, probes: Sequence[str]) -> str:
        return ""  # it encodes questions itself


def write_corpus(folder: Path) -> Path:
    folder.mkdir()
    for name, text in (("electrician", ELECTRICIAN), ("baker", BAKER), ("beekeeper", BEEKEEPER)):
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "sources.toml").write_text(CATALOGUE, encoding="utf-8")
    return folder


def bot_over(folder: Path, documents: Sequence[Document], gaps: Sequence[Gap] = (), threshold: float = 0) -> Careerbot:
    """A Careerbot over these documents; with threshold 0 it withholds no answer for being unsure.

    Words in common tell statements farther apart than meanings do, so more of the best score is needed.
    """
    encoder = WordEncoder()
    build(documents, encoder, folder, gaps=gaps)
    settings = Settings(index=folder, answer_threshold=threshold, keep_ratio=0.62)
    return Careerbot(open_index(folder, encoder), encoder, settings)


_chunks = cache(chunks)


def statement(document: Document, text: str) -> Chunk:
    """The statement of a document that begins with a text."""
    return next(held for held in _chunks(document) if held.part is not None and held.text.startswith(text))


def hit(document: Document, text: str, score: float = 1.0) -> Hit:
    """The statement that begins with a text, as a search would find it with this score."""
    return Hit(statement(document, text), score, 1, min(score, 1.0))


UNGUIDED = Wanted({}, -1.0, None, -1.0, -1.0)
"""What an index without wordings and gaps knows of any question."""


def likeness(one: Chunk, other: Chunk) -> float:
    """The cosine of two chunks: the share of words that they have in common."""
    first, second = WordEncoder().encode([one.text, other.text])
    return round(float(first @ second), 6)


def pytest_collection_finish() -> None:
    """What the imports brought stays, and need not be looked through for garbage after each test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every client of a model reads all authorities of this machine, 30 ms each, though the tests ask 127.0.0.1."""
    import certifi

    end = "-----END CERTIFICATE-----\n"
    file = tmp_path_factory.mktemp("authorities") / "one.pem"
    file.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end, encoding="utf-8")
    ssl.create_default_context(cafile=file)  # it is one
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CAREERBOT_… variable of the person who runs the tests changes none of them."""
    for name in [name for name in os.environ if name.upper().startswith("CAREERBOT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with three short documents about invented careers and their sources.toml."""
    return write_corpus(tmp_path / "corpus")


@pytest.fixture(scope="session")
def _shared_bot(tmp_path_factory: pytest.TempPathFactory) -> Careerbot:
    folder = tmp_path_factory.mktemp("bot")
    encoder = WordEncoder()
    build(load([write_corpus(folder / "corpus")]).documents, encoder, folder / "index")
    # How sure the answers are was measured with the real encoder and says nothing about this one.
    settings = Settings(index=folder / "index", answer_threshold=0, keep_ratio=0.62)
    return Careerbot(open_index(folder / "index", encoder), encoder, settings)


@pytest.fixture
def bot(_shared_bot: Careerbot) -> Careerbot:
    """A Careerbot over the corpus that withholds no answer for being unsure.

    It is built once for all tests, so none may write to its index.
    """
    return _shared_bot


@pytest.fixture(scope="session")
def real_index() -> Path:
    """The index of corpus/ by the real encoder, where `make index` puts it; built when it is not there."""
    from careerbot.embedding import SentenceEncoder

    root = Path(__file__).parents[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)  # citations hold the paths that were given
        loaded = load([Path("corpus")])
        build(loaded.documents, SentenceEncoder(), root / ".careerbot", gaps=loaded.gaps)
    return root / ".careerbot"
