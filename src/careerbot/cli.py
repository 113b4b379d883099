"""The terminal: index, ask, chat, serve, mcp, sources, check, audit, feedback. Answers go to stdout, notices to stderr.

Exit codes: 0 answered or partial (all quotations hold), 1 not in the sources (some do not), and those of
`careerbot.errors`.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careerbot.errors import CareerbotError, InputError, StorageError

if TYPE_CHECKING:
    from careerbot.config import Settings
    from careerbot.datatypes import Document
    from careerbot.pipeline import Careerbot
    from careerbot.terminal import Bar

app = typer.Typer(
    help="Ask a career question and get an answer that you can check.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

feedback_app = typer.Typer(help="What people thought of the answers.", no_args_is_help=True)
app.add_typer(feedback_app, name="feedback")

_SHOWN_CHARS = 120  # of a quotation that does not hold

IndexOption = Annotated[Path | None, typer.Option("--index", help="Folder of the index.", show_default=".careerbot")]


def _notice(text: str) -> None:
    typer.echo(text, err=True)


def _settings(index: Path | None = None, **given: Any) -> Settings:
    from careerbot.config import read_settings

    return read_settings(index=index, **given)


def _open(index: Path | None) -> Careerbot:
    from careerbot.pipeline import Careerbot

    return Careerbot.open(settings=_settings(index))


def _reported(command: Callable[..., None]) -> Callable[..., None]:
    """A user's mistake becomes one line and an exit code; a bug keeps its traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except CareerbotError as error:
            from careerbot.terminal import one_line

            _notice(one_line(f"careerbot: {error}"))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            _notice("careerbot: stopped")
            raise typer.Exit(130) from error

    return run


@app.command("index")
@_reported
def index_command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders; default: corpus/")] = None,
    index: IndexOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 2 when a file was skipped; the others go in.")] = False,
    expand: Annotated[
        bool, typer.Option("--expand", help="Let the chat model write questions for each passage, for search only.")
    ] = False,
) -> None:
    """Build or update the index of the given files and folders: exactly these will be in it."""
    from careerbot import terminal
    from careerbot.building import build, check_unlocked, plan
    from careerbot.embedding import SentenceEncoder
    from careerbot.loading import load

    settings = _settings(index)
    if expand and not settings.model:
        raise InputError("--expand needs a chat model; name one, for example CAREERBOT_MODEL=ollama:llama3.2")
    check_unlocked(settings.index)
    started = time.perf_counter()
    with terminal.Bar() as bar:
        loaded = load(paths or [Path("corpus")], bar.step("reading files"))
        for line in terminal.notices(loaded):
            _notice(line)
        if not loaded.documents:
            raise InputError(
                "no document to index: expected at least one file of Markdown, text, HTML, PDF, DOCX or CSV that can "
                "be read; an index that was there stays as it was"
            )
        documents = _expanded(loaded.documents, settings, bar, expand)
        encoder = SentenceEncoder(settings.encoder)
        fresh = plan(documents, encoder, settings.index, loaded.gaps)
        advance = bar.step("embedding texts", fresh, "writing the index")
        report = build(documents, encoder, settings.index, advance, loaded.gaps)
    if report.slow:
        _notice(f"the encoder could not be exported ({report.slow}); the first question will wait until it is loaded")
    for line in terminal.indexed(settings.index, loaded, report, time.perf_counter() - started):
        typer.echo(line)
    raise typer.Exit(InputError.exit_code if strict and loaded.skipped else 0)


def _expanded(documents: Sequence[Document], settings: Settings, bar: Bar, write: bool) -> Sequence[Document]:
    """The documents with the questions that a model wrote for them, now or before."""
    from careerbot import expanding

    if write:
        from careerbot.models import ChatModel

        try:
            settings.index.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot write the index in {settings.index}: {error.strerror}") from error
        model = ChatModel(settings)
        _notice(f"{model.name} at {model.host} is sent every passage that it has written no questions for")
        todo = expanding.unwritten(documents, settings.index)
        done = expanding.expand(todo, model, settings.index, bar.step("asking the model", len(todo)))
        if done.left:
            _notice(f"{done.left} passages are without questions, since {done.reason}; run the command again to go on")
    return expanding.with_expansions(documents, settings.index)


@app.command()
@_reported
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in your own words.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    batch: Annotated[
        Path | None, typer.Option(help='Answer a file of {"id", "turns": [...]} lines, one JSON line each.')
    ] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Print the milliseconds of each step to stderr.")] = False,
    index: IndexOption = None,
) -> None:
    """Answer one question, or a file of them with --batch."""
    if (question is None) == (batch is None):
        raise InputError('expected either a "QUESTION" or --batch FILE.jsonl')
    if profile and batch is not None:
        raise InputError('--profile is for one "QUESTION", not for --batch')
    if batch is not None:
        failed = _ask_batch(batch, index)
        raise typer.Exit(InputError.exit_code if failed else 0)
    assert question is not None  # noqa: S101 - checked above
    _check_words(question)
    started = time.perf_counter()
    bot = _open(index)
    opened = (time.perf_counter() - started) * 1000
    answer, taken = bot.profile(question)
    if as_json:
        from careerbot import rendering

        _print_json(rendering.as_json(answer))
    else:
        from careerbot import terminal

        terminal.show_answer(answer)
    for name, milliseconds in ({"open": opened} | taken).items() if profile else ():
        _notice(f"{name:<8}{milliseconds:8.1f} ms")
    raise typer.Exit(0 if answer.citations else 1)


def _check_words(question: str) -> None:
    """Refuse what is no question before anything heavy is loaded."""
    from careerbot.conversation import check_question

    check_question(question, _settings().max_question_chars)


def _ask_batch(file: Path, index: Path | None) -> int:
    """Print one JSON line per input line; the number of lines that could not be read."""
    from careerbot import rendering

    failed = 0
    try:
        with file.open("rb") as lines:
            bot = _open(index)
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    name, turns = _turns(line)
                    printed = rendering.as_json(bot.ask(turns[-1], turns[:-1]), name)
                except InputError as error:
                    failed += 1
                    _notice(f"careerbot: {file} line {number}: {error}")
                    printed = {"id": _id(line), "line": number, "error": str(error)}
                _print_json(printed)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    return failed


def _print_json(held: dict[str, Any]) -> None:
    typer.echo(_json_line(held))


def _json_line(held: dict[str, Any]) -> bytes:
    """UTF-8; half characters, and what a terminal would obey, stand as JSON's escapes for them."""
    text = json.dumps(held, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text).encode("utf-8", "backslashreplace")


def _turns(line: bytes) -> tuple[str, list[str]]:
    try:
        held = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})") from error
    turns = held.get("turns") if isinstance(held, dict) else None
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise InputError('expected {"id": "…", "turns": ["…", …]} with at least one turn')
    return str(held.get("id", "")), turns


def _id(line: bytes) -> str | None:
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return str(held["id"]) if isinstance(held, dict) and "id" in held else None


@app.command()
@_reported
def chat(index: IndexOption = None) -> None:
    """Talk in the terminal; an empty line, "exit" or Ctrl-D ends it."""
    from careerbot import terminal

    bot = _open(index)
    _notice('Ask about a career; an empty line or "exit" ends the chat.')
    history: list[str] = []
    while True:
        try:
            question = input("\n> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if question.lower() in ("", "exit", "quit"):
            return
        try:
            terminal.show_answer(bot.ask(question, history))
        except InputError as error:
            _notice(str(error))
            continue
        history.append(question)


@app.command()
@_reported
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="7860")] = None,
    index: IndexOption = None,
) -> None:
    """Run the web app until Ctrl-C."""
    settings = _settings(index, host=host, port=port)
    from careerbot.web import serve as run  # takes seconds; a wrong setting is told before

    run(settings)


@app.command()
@_reported
def mcp(index: IndexOption = None) -> None:
    """Serve the tools of MCP (Model Context Protocol) on stdin and stdout, for the program that starts this."""
    settings = _settings(index)
    from careerbot.mcp_tools import serve as run

    run(settings)


@app.command()
@_reported
def sources(
    index: IndexOption = None,
    expanded: Annotated[bool, typer.Option("--expanded", help="List the questions that a model wrote.")] = False,
) -> None:
    """List what is loaded, with dates and sizes, the edition of the index, and what changed since the one before."""
    from careerbot import terminal

    folder = _settings(index).index
    if expanded:
        terminal.show_expanded(folder)
    else:
        terminal.show_sources(folder)


@app.command()
@_reported
def check(
    file: Annotated[Path, typer.Argument(help="A hand-out saved as Markdown.")], index: IndexOption = None
) -> None:
    """Tell which quotations of a hand-out no longer hold, and why; exit 1 when there are any."""
    from careerbot import handout, terminal
    from careerbot.contents import read_index_documents

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {file}: it is not UTF-8 text; save it as UTF-8") from error
    documents = {document.id: document for document in read_index_documents(_settings(index).index)}
    checked = handout.check(text, documents)
    broken = [held for held in checked if held.reason]
    for held in broken:
        words = held.quote if len(held.quote) <= _SHOWN_CHARS else held.quote[: _SHOWN_CHARS - 1] + "…"
        source = " ".join(held.source.split()) or "unknown source"
        typer.echo(terminal.printable(f"{source}: {held.reason}" + (f": “{words}”" if words else "")))
    typer.echo(f"{len(checked) - len(broken)} of {len(checked)} quotations hold")
    raise typer.Exit(1 if broken else 0)


@app.command()
@_reported
def audit(
    index: IndexOption = None,
    years: Annotated[int, typer.Option(help="Age from which a figure is told.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Tell what the documents disagree on, old figures, questions that lead nowhere, empty sections; always exit 0."""
    from dataclasses import asdict
    from datetime import date

    from careerbot import auditing, terminal
    from careerbot.contents import read_content

    if years < 0:
        raise InputError(f"expected --years of 0 or more, not {years}")
    held = read_content(_settings(index).index)
    found = auditing.audit(held.documents, held.chunks, held.cosines, held.names, date.today(), years)
    if as_json:
        _print_json(asdict(found))
    else:
        typer.echo("\n".join(map(terminal.one_line, auditing.lines(found, years))))


@feedback_app.command()
@_reported
def export(
    out: Annotated[Path | None, typer.Option(help="New file to write to.", show_default="stdout")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="File of ratings; default: the setting.")] = None,
) -> None:
    """Turn ratings into eval cases to label: one JSON line per rated question."""
    from careerbot.feedback import Feedback, cases

    file = source or _settings().feedback
    if file is None:
        raise InputError("no ratings are kept; to keep them, serve with CAREERBOT_FEEDBACK=FILE (or name one: --from)")
    lines = [_json_line(case) for case in cases(Feedback(file, make=False).rated())]
    if out is None:
        for line in lines:
            typer.echo(line)
    else:
        _write_new(out, b"".join(line + b"\n" for line in lines))
    _notice(f"rated questions in {file}: {len(lines)}" + (f"; label them in {out}" if out else ""))


def _write_new(file: Path, held: bytes) -> None:
    """For the owner's eyes only; what somebody has labelled is never overwritten."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(held)
    except FileExistsError as error:
        raise InputError(f"{file} exists already; name another file") from error
    except OSError as error:
        raise StorageError(f"cannot write {file}: {error.strerror}") from error


if __name__ == "__main__":
    app()
