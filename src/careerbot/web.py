"""The web app: a chat in the browser, on this machine, that asks nothing of any other.

Documents and messages are hostile text: they are escaped here, whatever Gradio does later, and
every limit holds on the server.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from careerbot import rendering
from careerbot.config import Settings
from careerbot.datatypes import Answer, Citation, Kind
from careerbot.errors import CareerbotError, InputError
from careerbot.pipeline import Careerbot

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # Gradio reads it when it is imported
import gradio as gr

TITLE = "careerbot"
MAX_MESSAGE_CHARS = 1_000
MAX_BODY_BYTES = 512_000
EXAMPLES = 6

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; "
        "form-action 'self'; base-uri 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_CSS = """
.gradio-container {max-width: 860px !important; margin: auto !important}
.message blockquote {margin: .1rem 0 .6rem 1.2rem; padding-left: .6rem}
.message summary {cursor: pointer; font-size: .9em}
footer {display: none !important}
"""
_INTRODUCTION = (
    "# careerbot\nAsk in your own words. Every statement is a quotation from the loaded documents, "
    "with its source below it; what they do not say, careerbot does not say either."
)
_MARK = re.compile(r"(?:\[\d+\])+$", re.MULTILINE)

Message = dict[str, Any]


def serve(settings: Settings) -> None:
    """Run the web app until it is interrupted. Raises InputError when the port is taken."""
    bot = Careerbot.open(settings=settings)
    listening = listen(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    server = uvicorn.Server(uvicorn.Config(web_app(bot), log_level="warning", access_log=False))
    threading.Thread(target=bot.encoder.encode, args=(["warm up"],), daemon=True).start()
    print(f"careerbot is at http://{host}:{port} (stop it with Ctrl-C)", flush=True)  # noqa: T201
    server.run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address; port 0 takes a free one. Raises InputError when it is taken."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise InputError(f"cannot listen on {host}:{port} ({reason}); choose another with --port") from error
    return listening


def web_app(bot: Careerbot) -> FastAPI:
    """The chat as an ASGI app, with the headers and limits of a page that trusts nobody."""
    app = FastAPI(title=TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_guard)

    @app.get("/healthz")
    def healthz() -> dict[str, int]:
        return {"documents": len(bot.index.documents), "chunks": len(bot.index.chunks)}

    blocks = _blocks(bot)
    blocks.queue(max_size=64, default_concurrency_limit=8)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        show_error=False,
        footer_links=[],
        run_history=False,
        max_file_size="1kb",
        css=_CSS,
    )
    return app


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse uploads and large bodies before they are read; add the security headers."""
    size = request.headers.get("content-length", "0" if request.method in ("GET", "HEAD") else "")
    if request.url.path.rstrip("/").endswith("/upload"):
        response: Response = PlainTextResponse("uploads are off", status_code=403)
    elif not size.isdigit() or int(size) > MAX_BODY_BYTES:
        response = PlainTextResponse(f"at most {MAX_BODY_BYTES:,} bytes, with a Content-Length", status_code=413)
    else:
        response = await call_next(request)
    response.headers.update(_HEADERS)
    return response


def _blocks(bot: Careerbot) -> Any:
    with gr.Blocks(title=TITLE, analytics_enabled=False) as blocks:
        gr.Markdown(_INTRODUCTION)
        chat = gr.Chatbot(
            height="65vh",
            show_label=False,
            placeholder="Ask about the documents that are loaded.",
            buttons=["copy"],
            latex_delimiters=[],
            examples=[{"text": question} for question in example_questions(bot)],
        )
        box = gr.Textbox(
            show_label=False,
            placeholder="Your question",
            max_length=MAX_MESSAGE_CHARS,
            submit_btn=True,
            stop_btn=True,
            autofocus=True,
        )

        def asked(text: str, messages: list[Message]) -> tuple[str, list[Message]]:
            return "", [*(messages or []), _said(str(text))]

        def chosen(event: gr.SelectData, messages: list[Message]) -> list[Message]:
            return [*(messages or []), _said(event.value["text"])]

        def answered(messages: list[Message]) -> Iterator[list[Message]]:
            for text in reply(bot, messages):
                yield [*messages, {"role": "assistant", "content": text}]

        def ask(question: str, history: list[str] | None = None) -> dict[str, Any]:
            """Answer one question as JSON.

            Args:
                question: The question, in your own words.
                history: The user's earlier turns, oldest first.
            """
            try:
                return rendering.as_json(bot.ask(_limited(question), [_limited(turn) for turn in history or []]))
            except CareerbotError as error:
                raise gr.Error(str(error), print_exception=False) from error

        typed = box.submit(asked, [box, chat], [box, chat], queue=False, api_visibility="private")
        typed_answer = typed.then(answered, chat, chat, api_visibility="private")
        picked = chat.example_select(chosen, chat, chat, queue=False, api_visibility="private")
        picked_answer = picked.then(answered, chat, chat, api_visibility="private")
        box.stop(None, cancels=[typed_answer, picked_answer])
        gr.api(ask, api_name="ask")  # type: ignore[attr-defined]
    return blocks


def example_questions(bot: Careerbot) -> list[str]:
    """Questions to begin with: question headings of the loaded documents, by turns."""
    by_document: dict[str, list[str]] = {}
    for chunk in bot.index.chunks:
        if chunk.kind is Kind.QUESTION and chunk.part is None:
            held = by_document.setdefault(chunk.document, [])
            if chunk.headings[-1] not in held:
                held.append(chunk.headings[-1])
    turns = [questions[at] for at in range(EXAMPLES) for questions in by_document.values() if at < len(questions)]
    return list(dict.fromkeys(turns))[:EXAMPLES]


def reply(bot: Careerbot, messages: Sequence[Message]) -> Iterator[str]:
    """The answer to the last message as growing Markdown; a mistake is answered, not raised."""
    turns = [_words(message) for message in messages if message.get("role") == "user"]
    try:
        if not turns:
            raise InputError("there is no question yet")
        for answer in bot.stream(_limited(turns[-1]), [turn[:MAX_MESSAGE_CHARS] for turn in turns[:-1]]):
            yield as_markdown(answer)
    except CareerbotError as error:
        yield rendering.escape_markdown(str(error))


def _said(text: str) -> Message:
    """What the user said, as a message in which no markup acts."""
    return {"role": "user", "content": rendering.escape_markdown(text)}


def _words(message: Message) -> str:
    """What the user said in a message as Gradio hands it over: a string, or a list of text parts."""
    content = message.get("content")
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return rendering.unescape_markdown(content) if isinstance(content, str) else ""


def _limited(text: object) -> str:
    if not isinstance(text, str):
        raise InputError(f"a message must be text, not {type(text).__name__}")
    if len(text) > MAX_MESSAGE_CHARS:
        raise InputError(f"the message has {len(text):,} characters; at most {MAX_MESSAGE_CHARS:,} are read")
    return text


def as_markdown(answer: Answer) -> str:
    """The answer, and below it each source with its quotation one click away; all that is not ours is escaped."""
    parts = []
    if answer.searched_question.strip() != answer.question.strip():
        parts.append(f"*Answering: {rendering.escape_markdown(answer.searched_question)}*")
    parts.append("\n".join(_line(line) for line in answer.text.split("\n")))
    parts.append("\n".join(_source(citation) for citation in answer.citations))
    if answer.suggestions:
        parts.append(f"*You could ask:* {rendering.escape_markdown(' · '.join(answer.suggestions))}")
    return "\n\n".join(part for part in parts if part)


def _source(citation: Citation) -> str:
    """One source: its line, which opens to the quotation. Closed, so that the answer itself stays in sight."""
    source = rendering.escape_html(rendering.source_line(citation))
    quote = rendering.escape_html(rendering.quoted(citation))
    title = f"<summary><strong>[{citation.number}]</strong> {source}</summary>"
    return f"<details>{title}<blockquote>“{quote}”</blockquote></details>"


def _line(line: str) -> str:
    """One line of an answer: our bullets and markers stay markup, the rest is text."""
    bullet = "- " if line.startswith("- ") else ""
    marks = _MARK.search(line)
    body = line[len(bullet) : marks.start() if marks else len(line)]
    end = f"**{rendering.escape_markdown(marks.group())}**" if marks else ""
    return bullet + rendering.escape_markdown(body) + end + ("" if bullet else "\n")
