"""A real HTTP server on 127.0.0.1 that speaks the protocols of chat models, and breaks OpenAI's in every way seen."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Says = Callable[[str], str]
"""What the model answers to the text of its last message."""


def _nothing(asked: str) -> str:
    return ""


@dataclass
class ModelServer:
    """What it does next, and what it was asked. `fault` is a key of `FAULTS` or "" for a whole answer."""

    url: str
    says: Says = _nothing
    fault: str = ""
    faults: int = 10**9  # so many requests fail, later ones do not
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)  # how each stream ended: "whole", "cut", "gone" (the client left)

    @property
    def asked(self) -> list[str]:
        """The last message of each request."""
        return [request["messages"][-1]["content"] for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    held: ModelServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        return

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.held.requests.append(request)
        self.held.headers.append(dict(self.headers))
        fault = self.held.fault if len(self.held.requests) <= self.held.faults else ""
        try:
            FAULTS[fault](self, self.held.says(request["messages"][-1]["content"]))
        except OSError:
            self.held.ended.append("gone")

    def whole(self, status: int, body: str, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.send_header("Connection", "close")  # none stays open in the client's pool, to be found by a later test
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body.encode())

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")  # a cut stream is then an ended one
        self.end_headers()

    def event(self, held: object) -> None:
        self.wfile.write(f"data: {held if isinstance(held, str) else json.dumps(held)}\n\n".encode())
        self.wfile.flush()

    def piece(self, text: str | None, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
        self.event({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "toy-2", "choices": [choice]})

    def pieces(self, text: str) -> None:
        for at in range(0, len(text), 7):
            self.piece(text[at : at + 7])


def _answers(handler: _Handler, text: str) -> None:
    """The whole text, in the protocol of the path that was asked."""
    if handler.path.endswith("/api/chat"):
        _as_ollama(handler, text)
    elif handler.path.endswith("/v1/messages"):
        _as_anthropic(handler, text)
    else:
        _as_openai(handler, text)


def _as_ollama(handler: _Handler, text: str) -> None:
    handler.begin()
    named = {"model": "toy-2", "created_at": "2026-01-01T00:00:00Z"}
    for at in range(0, len(text), 7):
        message = {"role": "assistant", "content": text[at : at + 7]}
        handler.wfile.write(json.dumps({**named, "message": message, "done": False}).encode() + b"\n")
    ended = {"done": True, "done_reason": "stop", "prompt_eval_count": 30, "eval_count": 12}
    handler.wfile.write(
        json.dumps({**named, "message": {"role": "assistant", "content": ""}, **ended}).encode() + b"\n"
    )


def _as_anthropic(handler: _Handler, text: str) -> None:
    handler.begin()
    begun: dict[str, Any] = {"id": "1", "type": "message", "role": "assistant", "model": "toy-2", "content": []}
    used = {"input_tokens": 30, "output_tokens": 12}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**begun, "usage": {"input_tokens": 30, "output_tokens": 0}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[at : at + 7]}}
            for at in range(0, len(text), 7)
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": used},
        {"type": "message_stop"},
    ]
    for event in events:
        handler.wfile.write(f"event: {event['type']}\n".encode())
        handler.event(event)


def _as_openai(handler: _Handler, text: str) -> None:
    handler.begin()
    handler.pieces(text)
    handler.piece("", "stop")
    usage = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
    named = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "toy-2"}
    handler.event({**named, "choices": [], "usage": usage})
    handler.event("[DONE]")
    handler.held.ended.append("whole")


def _status(status: int, **headers: str) -> Callable[[_Handler, str], None]:
    body = json.dumps({"error": {"message": "SECRET of the server", "type": "x", "code": "x"}})
    return lambda handler, text: handler.whole(status, body, **headers)


def _ends(finish: str | None, done: bool = True) -> Callable[[_Handler, str], None]:
    """The text, ended for a reason, or not at all."""

    def answer(handler: _Handler, text: str) -> None:
        handler.begin()
        handler.pieces(text)
        if finish is not None:
            handler.piece("", finish)
        if done:
            handler.event("[DONE]")
        handler.held.ended.append("cut")

    return answer


def _events(*events: object) -> Callable[[_Handler, str], None]:
    """The first half of the text, and then something else."""

    def answer(handler: _Handler, text: str) -> None:
        handler.begin()
        handler.pieces(text[: len(text) // 2])
        for held in events:
            handler.event(held)

    return answer


def _sleeps(handler: _Handler, text: str) -> None:
    for _ in range(100):
        time.sleep(0.05)
        if getattr(handler.server, "closing", False):
            return
    handler.whole(200, "{}")


def _stalls(handler: _Handler, text: str) -> None:
    handler.begin()
    handler.pieces(text[: len(text) // 2])
    _sleeps(handler, text)


def _repeats(piece: str, pause: float) -> Callable[[_Handler, str], None]:
    """The same piece again and again, until the server is closed or the client has left."""

    def answer(handler: _Handler, text: str) -> None:
        handler.begin()
        while not getattr(handler.server, "closing", False):
            handler.piece(piece)
            time.sleep(pause)

    return answer


def _long(handler: _Handler, text: str) -> None:
    handler.begin()
    handler.piece("a" * 1_000_000)
    handler.piece("", "stop")


def _empty(text: str | None) -> Callable[[_Handler, str], None]:
    def answer(handler: _Handler, _: str) -> None:
        handler.begin()
        handler.piece(text)
        handler.piece(None, "stop")
        handler.event("[DONE]")

    return answer


FAULTS: dict[str, Callable[[_Handler, str], None]] = {
    "": _answers,
    "sleeps": _sleeps,
    "stalls": _stalls,
    "drips": _repeats("", 0.02),
    "trickles": _repeats("a", 0.02),
    "401": _status(401),
    "403": _status(403),
    "404": _status(404),
    "400": _status(400),
    "429": _status(429),
    "429 at once": _status(429, Retry_After="0"),
    "429 in 30 s": _status(429, Retry_After="30"),
    "429 never": _status(429, Retry_After="9" * 400),
    "429 someday": _status(429, Retry_After="Wed, 21 Oct 2099 07:28:00 GMT"),
    "500": _status(500),
    "502": _status(502),
    "503": _status(503),
    "html": lambda handler, text: handler.whole(200, "<html>SECRET of the server</html>", "text/html"),
    "text": lambda handler, text: handler.whole(200, "SECRET of the server", "text/plain"),
    "no body": lambda handler, text: handler.whole(200, ""),
    "no choices": _events({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": []}),
    "null choices": _events({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x"}),
    "bad chunk": _events('{"id": "SECRET of the server'),
    "error in the stream": _events({"error": {"message": "SECRET of the server", "code": 500}}),
    "null content": _empty(None),
    "empty content": _empty(""),
    "blank content": _empty(" \n "),
    "content filter": _ends("content_filter"),
    "length": _ends("length"),
    "no reason": _ends(None),
    "cut": _ends(None, done=False),
    "endless": _repeats("and on ", 0.0003),
    "megabyte": _long,
}


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A server at a free port, until the end of the block."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.held = ModelServer(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Handler.held
    finally:
        server.closing = True  # type: ignore[attr-defined]
        server.shutdown()
        with suppress(OSError):
            server.server_close()
        thread.join()
