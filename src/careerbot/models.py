"""A chat model behind one door: messages in, pieces of text out, within a time, or one error.

LangChain's `init_chat_model` makes it, so any provider that LangChain knows will do. Nothing that a
server, a key or a provider's library says reaches users or logs: the reasons of `ModelFailed` are ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import json
import queue
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from careerbot.config import Settings
from careerbot.errors import InputError, StorageError
from careerbot.spending import Spending

Messages = Sequence[tuple[str, str]]
"""Role ("system" or "human") and text of each message."""

_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
"""Given to the provider's library, which would otherwise read it from variables that nobody checked."""

MAX_TOKENS = 2_000  # of an answer, a model's own thinking included
MAX_CHARS = 8_000  # of an answer; a longer one is an endless one
_CHARS_PER_TOKEN = 3  # at least, in English: what a provider does not tell is counted so
_KEPT = 512  # answers that are kept: what is printed or rated is what was shown
BEAT = 0.25  # seconds after which who waits is given "" and may go
_FAILURES = 3  # in a row, after which the model is not asked for a while
_PAUSE = 60.0  # seconds
_LONGEST_PAUSE = 3600  # seconds, whatever a server asks for
_NAME = re.compile(r"[\w.:/-]{1,80}")
_WHOLE = {"stop", "end_turn", "stop_sequence", "complete", "completed", "eos"}
_REASONS = ("finish_reason", "stop_reason", "done_reason")


class ModelFailed(Exception):
    """The model gave no whole answer; the message says why in words of ours. Who asks a model does without, then."""


class ChatModel:
    """The model that the settings name. `host` says where messages go.

    Raises InputError when the settings name none that can be used, StorageError when its tokens
    cannot be counted.
    """

    def __init__(self, settings: Settings) -> None:
        provider, _, self._name = settings.model.partition(":")
        if not provider or not self._name:
            raise InputError(f"wrong model {settings.model!r}: expected provider:name, for example ollama:llama3.2")
        address = settings.model_url or _ADDRESSES.get(provider, "")
        self.host = _host(address) if address else provider
        self._whole_only = provider in _ADDRESSES
        self._chat = _made(provider, self._name, address, settings)
        self._reported = ""
        self._spending = Spending(settings.index / "model-tokens.sqlite3", settings.model_tokens_per_day)
        self.spent()
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()
        self._failures, self._closed_until = 0, 0.0

    @property
    def name(self) -> str:
        """Its name, and the one that its server last gave it where that is another: models change silently."""
        return f"{self._name} ({self._reported})" if self._reported not in ("", self._name) else self._name

    def stream(self, messages: Messages, deadline: float) -> Iterator[str]:
        """The answer in pieces, "" now and then while none comes. `deadline` is a time of `time.monotonic`.

        The same messages get the same answer again while it is kept. Raises ModelFailed, after which
        the pieces so far are no answer.
        """
        key = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
        with self._lock:
            held = self._kept.get(key)
        if held is not None:
            yield held
            return
        text = ""
        for piece in self._asked(messages, deadline):
            yield piece
            text += piece
        with self._lock:
            self._kept[key] = text
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def spent(self) -> int:
        """The tokens that were used today. Raises StorageError."""
        return self._spending.spent()

    def whole(self, messages: Messages, deadline: float) -> str:
        """The answer as one text. Raises ModelFailed."""
        return "".join(self.stream(messages, deadline))

    def _asked(self, messages: Messages, deadline: float) -> Iterator[str]:
        with self._lock:
            if time.monotonic() < self._closed_until:
                raise ModelFailed("it failed before and is left alone for a minute")
        taken = sum(len(text) for _, text in messages) // _CHARS_PER_TOKEN + MAX_TOKENS
        try:
            day = self._spending.take(taken)
        except StorageError:
            raise ModelFailed("its tokens cannot be counted") from None
        if not day:
            raise ModelFailed("its tokens of today are used up")
        call = _Call(self._chat, messages, deadline, self._whole_only)
        try:
            yield from call.pieces()
        except _Failure as failure:
            self._note_failure(failure.pause)
            raise ModelFailed(failure.reason) from None
        else:
            with self._lock:
                self._failures = 0
        finally:
            call.stop()
            self._reported = call.model or self._reported
            used = call.tokens or (taken - MAX_TOKENS + call.chars // _CHARS_PER_TOKEN)
            self._settle(day, taken, used)

    def _note_failure(self, pause: float) -> None:
        with self._lock:
            self._failures += 1
            if pause or self._failures >= _FAILURES:
                self._closed_until = time.monotonic() + max(pause, _PAUSE)

    def _settle(self, day: str, taken: int, used: int) -> None:
        try:
            self._spending.settle(day, taken, used)
        except StorageError:
            return  # then more was counted than used


class _Failure(Exception):
    """Why a call failed, and for how many seconds its server asked to be left alone."""

    def __init__(self, reason: str, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause


class _Call:
    """One request, running on the loop of all models, that can be read from a thread and stopped at any time."""

    def __init__(self, chat: Any, messages: Messages, deadline: float, whole_only: bool) -> None:
        self.tokens = 0  # as the provider counts them; 0 where it does not
        self.chars = 0
        self.model = ""  # as its server names it
        self._chat = chat
        self._messages = list(messages)
        self._deadline = deadline
        self._whole_only = whole_only
        self._ended = ""
        self._pieces: queue.SimpleQueue[str | _Failure | None] = queue.SimpleQueue()
        self._future = asyncio.run_coroutine_threadsafe(self._run(), _loop())

    def pieces(self) -> Iterator[str]:
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise _Failure("it did not answer in time")
            try:
                held = self._pieces.get(timeout=min(BEAT, left))
            except queue.Empty:
                yield ""
                continue
            if held is None:
                return
            if isinstance(held, _Failure):
                raise held
            yield held

    def stop(self) -> None:
        self._future.cancel()

    async def _run(self) -> None:
        from langsmith import tracing_context

        try:
            with tracing_context(enabled=False):  # no third party reads along, whatever the environment says
                await self._tried_again()
            if (self._whole_only and self._ended not in _WHOLE) or self._ended not in (*_WHOLE, ""):
                raise _Failure("its answer was cut short")
            if not self.chars:
                raise _Failure("its answer was empty")
            self._pieces.put(None)
        except _Failure as failure:
            self._pieces.put(failure)
        except Exception as error:  # noqa: BLE001 - providers raise their own errors, and bare ones of any kind
            self._pieces.put(_failure(error))

    async def _tried_again(self) -> None:
        """One more try where the server names a time to wait that the budget has room for."""
        try:
            await self._read()
        except Exception as error:
            wait = _retry_after(error)
            if self.chars or wait is None or time.monotonic() + wait > self._deadline - 1:
                raise
            await asyncio.sleep(wait)
            await self._read()

    async def _read(self) -> None:
        async for chunk in self._chat.astream(self._messages):
            text = str(chunk.text)
            self.chars += len(text)
            if self.chars > MAX_CHARS:
                raise _Failure("its answer had no end")
            self.tokens += int((chunk.usage_metadata or {}).get("total_tokens", 0))
            self.model = self.model or _named(chunk.response_metadata)
            self._ended = _ended(chunk.response_metadata) or self._ended
            if text:
                self._pieces.put(text)


def _ended(told: Mapping[str, Any]) -> str:
    return next((str(told[name]).lower() for name in _REASONS if told.get(name)), "")


def _named(told: Mapping[str, Any]) -> str:
    """The name of a model in what a server tells, where it looks like one: it is shown."""
    name = str(told.get("model_name") or told.get("model") or "")
    return name if _NAME.fullmatch(name) else ""


def _retry_after(error: Exception) -> float | None:
    """The seconds that a server which takes no more questions asks to wait; None for any other error."""
    if getattr(error, "status_code", None) != 429:
        return None
    try:
        return float(min(int(error.response.headers["retry-after"]), _LONGEST_PAUSE))  # type: ignore[attr-defined]
    except (AttributeError, KeyError, TypeError, ValueError):
        return _PAUSE  # none is named, or a date


def _failure(error: Exception) -> _Failure:
    from langchain_core.exceptions import ModelConnectionError, ModelTimeoutError

    status = getattr(error, "status_code", None)
    if isinstance(error, (TimeoutError, ModelTimeoutError)):
        return _Failure("it did not answer in time")
    if status == 429:
        return _Failure("its server takes no more questions now", max(_retry_after(error) or 0.0, _PAUSE))
    if status in (401, 403):
        return _Failure("its server refused the key")
    if isinstance(status, int):
        return _Failure("its server failed" if status >= 500 else "its server does not take what it was asked")
    if isinstance(error, (OSError, ModelConnectionError)) or "Connect" in type(error).__name__:
        return _Failure("its server could not be reached")
    return _Failure("its answer could not be read")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """A loop of its own, so that a call can be stopped at any time, and connections are used again."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="chat models", daemon=True).start()
    return loop


def _host(address: str) -> str:
    """The host of an address. Raises InputError unless it is https, or http on this machine."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or parts.username or parts.password:
        raise InputError("wrong model_url: expected an address such as https://example.org/v1, without a login in it")
    try:
        number = ipaddress.ip_address(host)
        number = getattr(number, "ipv4_mapped", None) or number
    except ValueError:
        number = None
    here = host == "localhost" or (number is not None and number.is_loopback)
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not here):
        raise InputError(f"wrong model_url: {host} must be asked by https; plain http goes to this machine alone")
    if number is not None and (number.is_link_local or number.is_unspecified or number.is_multicast):
        raise InputError(f"wrong model_url: {host} is no address of a model's server")
    return parts.netloc


def _made(provider: str, name: str, address: str, settings: Settings) -> Any:
    """The model of LangChain. Raises InputError when it cannot be made."""
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"base_url": address} if address else {}
    if key := settings.model_key.get_secret_value():
        options["api_key"] = key
    if provider == "ollama":
        options |= {"temperature": 0, "num_predict": MAX_TOKENS}
    elif provider in _ADDRESSES:
        options |= {"max_retries": 0, "timeout": settings.model_seconds, "max_tokens": MAX_TOKENS}
    if provider in ("openai", "anthropic") and settings.model_url and not key:
        options["api_key"] = "none"  # the key in the provider's variable is meant for the provider alone
    try:
        made = init_chat_model(name, model_provider=provider, **options)
    except ImportError:
        package = f"careerbot[{provider}]" if provider in _ADDRESSES else f"langchain-{provider.replace('_', '-')}"
        raise InputError(f"the model {settings.model} needs: pip install '{package}'") from None
    except ValueError as error:
        known = "Unable to infer" not in str(error) and "Unsupported" not in str(error)
        what = "cannot be made" if known else "is of no provider that LangChain knows"
        raise InputError(f"the model {settings.model} {what}; expected for example ollama:llama3.2") from None
    except Exception:  # noqa: BLE001 - each provider's library raises its own when the key is missing
        raise _no_key(settings, provider) from None
    held = getattr(made, f"{provider}_api_key", None)
    if provider == "anthropic" and not (held and held.get_secret_value()):
        raise _no_key(settings, provider)
    return made


def _no_key(settings: Settings, provider: str) -> InputError:
    variable = f"{provider.upper()}_API_KEY"
    return InputError(f"the model {settings.model} has no key: set {variable} or CAREERBOT_MODEL_KEY")
