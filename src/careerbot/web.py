"""The web app: the page and its routes on this machine, asking nothing of any other.

Documents and messages are hostile text, browsers may be steered by other sites, and every limit
holds on the server.
"""

from __future__ import annotations

import base64
import binascii
import gc
import hashlib
import hmac
import re
import socket
import threading
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from careerbot import chunking, passages
from careerbot.config import Settings
from careerbot.errors import InputError
from careerbot.limiting import PerMinute
from careerbot.page import THEME, blocks
from careerbot.pipeline import Careerbot

MAX_BODY_BYTES = 512_000
_WRONG_PASSWORDS = 10  # a minute and address
_LAST_WORDS = 3  # seconds that open answers get when the app is stopped
_SESSIONS = 256  # pages and programs whose state Gradio holds; left to itself it holds 10,000

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; "
        "form-action 'self'; base-uri 'self'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PASSAGE_HEADERS = {
    # A document is all that such a page shows: nothing in it may run or load.
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'; "
        "base-uri 'none'"
    ),
    "Vary": "x-part",
}

_SERVED = re.compile(
    r"/|/passage|/healthz|/config/?|/theme\.css|/favicon\.ico|/manifest\.json|/robots\.txt|/(?:assets|static)/.+"
    r"|/gradio_api/(?:info|startup-events|theme\.css|cancel|reset|heartbeat/\w+|queue/(?:join|data)"
    r"|(?:run|call)/\w+(?:/\w+)?)/?"
)
"""The paths that the page and gradio_client use; Gradio's others take, fetch, keep or hand out files."""

_PARAMETER = re.compile(r"\{\w+(?::path)?\}")

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?", re.I | re.A)
_LENGTH = re.compile(r"[0-9]{1,9}")


def serve(settings: Settings) -> None:
    """Run the web app until it is interrupted.

    Raises InputError when a setting cannot be used or the port is taken, before the index is opened.
    """
    _names(settings)
    read_passwords(settings.password_file)
    with listen(settings.host, settings.port) as listening:
        host, port = listening.getsockname()[:2]
        bot = Careerbot.open(settings=settings)
        # Addresses count for the limits; a header must not change them.
        config = uvicorn.Config(
            web_app(bot),
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_LAST_WORDS,
        )
        settle()
        stopped = threading.Event()
        # No daemon: Python would end while its native code runs, and abort.
        try:
            threading.Thread(target=bot.check_suggestions, args=(stopped.is_set,)).start()
            print(f"careerbot is at http://{_bracketed(host)}:{port} (stop it with Ctrl-C)", flush=True)  # noqa: T201
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            stopped.set()


def settle() -> None:
    """Pass over what a server holds by now when Python looks for garbage: all wait for that, up to 0.4 s."""
    gc.collect()
    gc.freeze()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address; port 0 takes a free one. Raises InputError when it is taken."""
    listening = None
    try:
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except (OSError, TypeError) as error:  # a TypeError where the name cannot be encoded
        if listening is not None:
            listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot listen on {_bracketed(host)}:{port} ({reason}); choose another --port or --host"
        ) from error
    return listening


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def web_app(bot: Careerbot) -> ASGIApp:
    """The page behind a guard that trusts nobody. Raises InputError when a setting cannot be used."""
    settings = bot.settings
    app = FastAPI(title=settings.title, docs_url=None, redoc_url=None, openapi_url=None)
    sections = lru_cache(maxsize=64)(chunking.sections)

    @app.head("/healthz")
    @app.get("/healthz")
    def healthz() -> dict[str, int]:
        return {"documents": len(bot.index.documents), "chunks": len(bot.index.chunks)}

    @app.head("/passage")
    @app.get("/passage")
    def passage(request: Request, document: str, start: int, end: int, seal: str = "") -> Response:
        held = bot.index.documents.get(document)
        if held is None or not 0 <= start < end <= len(held.text):
            return PlainTextResponse("there is no such passage in the loaded documents", status_code=404)
        if seal and seal != passages.seal(held.text[start:end]):
            return PlainTextResponse("this document has changed since it was quoted; ask again", status_code=404)
        body = passages.source_heading(held) + passages.passage(held, sections(held), start, end)
        return HTMLResponse(body if "x-part" in request.headers else _standalone(body), headers=_PASSAGE_HEADERS)

    page = blocks(bot, _Admission(settings.questions_per_minute))
    page.queue(
        status_update_rate=1,  # second; left to itself Gradio tells all who wait of each that is answered
        max_size=settings.queue,
        default_concurrency_limit=settings.concurrency,
    )
    page.state_session_capacity = _SESSIONS
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        show_error=False,
        footer_links=[],
        run_history=False,
        max_file_size="1kb",
        theme=THEME,
        # Not as `css`: Gradio confines that to its own container, and rules for phones and print then fail.
        head=f"<style>{_asset('page.css')}</style><script>{_asset('page.js')}</script>",
    )
    return _Guard(_directly(app), settings)


def _directly(app: FastAPI) -> ASGIApp:
    """The same app; what Gradio serves goes to it past the routes and layers of the app that it is mounted in.

    Each of the two requests of a question would go through them, for nothing, and through Gradio's 80 other routes.
    """
    gradio = next(route.app for route in app.routes if isinstance(route, Mount))
    _close(gradio.router)  # type: ignore[attr-defined]
    own = {route.path for route in app.routes if isinstance(route, APIRoute)}

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        outer = scope["type"] != "http" or scope["path"] in own
        await (app if outer else gradio)(scope, receive, send)

    return served


def _close(router: Any) -> None:
    """Take the routes away that are not served, also those of the routers that FastAPI keeps within a router."""
    router.routes[:] = [
        route
        for route in router.routes
        if not isinstance(route, Route) or _SERVED.fullmatch(_PARAMETER.sub("x", route.path))
    ]
    for route in router.routes:
        if (included := getattr(route, "original_router", None)) is not None:
            _close(included)


@cache
def _asset(name: str) -> str:
    return (files("careerbot") / "assets" / name).read_text(encoding="utf-8")


def _standalone(body: str) -> str:
    """A passage as a page of its own, for a marker that is opened in another tab."""
    style = "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}" + _asset(
        "page.css"
    )
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head = f"{meta}<title>Source</title><style>{style}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main class="message">{body}</main></body></html>'


class _Admission:
    """Admits a question unless its address has asked too many in the last minute."""

    def __init__(self, questions_per_minute: int) -> None:
        self._questions = PerMinute(questions_per_minute) if questions_per_minute else None

    def __call__(self, request: gr.Request) -> None:
        address = request.client.host if request.client else ""
        if self._questions is not None and not self._questions.count(address):
            raise InputError(
                f"at most {self._questions.most} questions a minute are answered for one address; try again in a minute"
            )


def read_passwords(file: Path | None) -> dict[str, str]:
    """The name:password lines of a file that only its owner may read; none without a file.

    Raises InputError when it cannot be read, may be read by others, or holds another line.
    """
    if file is None:
        return {}
    try:
        others = file.stat().st_mode & 0o077
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"cannot read the password file {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read the password file {file}: it is not UTF-8 text; save it as UTF-8") from error
    if others:
        raise InputError(f"the password file {file} may be read by others; run: chmod 600 {file}")
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name, colon, password = line.partition(":")
        if line.strip() and not (name and colon and password):
            raise InputError(f"the password file {file}, line {number}: expected name:password")
        if name in found:
            raise InputError(f"the password file {file}, line {number}: this name has a password already")
        if line.strip():
            found[name] = password
    if not found:
        raise InputError(f"the password file {file} holds no name:password line")
    return found


def _names(settings: Settings) -> frozenset[str]:
    """The names by which browsers may reach the app: another site must not (DNS rebinding).

    Raises InputError for what is no such name.
    """
    further = [name.strip().lower() for name in settings.allowed_hosts.split(",") if name.strip()]
    for name in further:
        if _name(name) != name:
            raise InputError(f"allowed_hosts: expected names such as careers.example without a port, not {name!r}")
    return frozenset({"127.0.0.1", "localhost", "[::1]", _bracketed(settings.host.lower()), *further})


class _Guard:
    """Answers what the app must not, before any of it is read, and adds the security headers to every response.

    Without a password nobody sees anything, so that no path needs an exception: /healthz takes one too.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = _names(settings)
        self._passwords = read_passwords(settings.password_file)
        self._wrong = PerMinute(_WRONG_PASSWORDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await (self._refusal(Request(scope)) or self._app)(scope, receive, sent)
        else:
            await WebSocketClose()(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        headers = request.headers
        if _name(headers.get("host", "")) not in self._names:
            return PlainTextResponse("unknown name of this server; see the setting allowed_hosts", status_code=400)
        if "origin" in headers and _name(headers["origin"].partition("://")[2]) not in self._names:
            return PlainTextResponse("pages of other sites must not ask here", status_code=403)
        if self._passwords and (refused := self._login(request)):
            return refused
        if not _SERVED.fullmatch(request.scope["path"]):
            return PlainTextResponse("there is no such page", status_code=404)
        size = headers.get("content-length", "0" if request.method in ("GET", "HEAD") else "")
        if not _LENGTH.fullmatch(size) or int(size) > MAX_BODY_BYTES:
            return PlainTextResponse(f"at most {MAX_BODY_BYTES:,} bytes, with a Content-Length", status_code=413)
        return None

    def _login(self, request: Request) -> Response | None:
        """The refusal of who does not give a right name and password, or gave too many wrong ones."""
        address = request.client.host if request.client else ""
        if self._wrong.is_full(address):
            return PlainTextResponse("too many wrong passwords; try again in a minute", status_code=429)
        if _is_known(request.headers.get("authorization", ""), self._passwords):
            return None
        if "authorization" in request.headers:
            self._wrong.count(address)
        login = {"WWW-Authenticate": 'Basic realm="careerbot", charset="UTF-8"'}
        return PlainTextResponse("a name and a password are needed", status_code=401, headers=login)


def _name(host: str) -> str:
    """The name in a Host header; empty where there is none."""
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else ""


def _is_known(header: str, passwords: Mapping[str, str]) -> bool:
    """Whether an Authorization header (HTTP Basic, RFC 7617) names a known user with the right password."""
    scheme, _, credentials = header.partition(" ")
    try:
        name, _, given = base64.b64decode(credentials.strip().encode(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        return False
    # Hashes are compared in the same time whether the name is known or not, and however long the password is.
    right = hmac.compare_digest(_hash(given), _hash(passwords.get(name, "")))
    return right and name in passwords and scheme.lower() == "basic"


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
