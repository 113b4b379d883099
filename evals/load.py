"""`python -m evals.load`: many people asking the served web app at once, and how soon an answer begins."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import aiohttp
import numpy as np
import typer

from careerbot.errors import CareerbotError
from evals.bench import WIRING, cold, copied_chroma, model_of, peak_mib, wired
from evals.cases import SUITES, load_cases

if TYPE_CHECKING:
    from careerbot import Careerbot

_TIMEOUT = aiohttp.ClientTimeout(120)  # seconds


@dataclass(frozen=True, slots=True)
class Load:
    """What a load did: seconds of every answer in no order, and how many failed."""

    seconds: tuple[float, ...]
    errors: int
    wall: float


@contextmanager
def served(bot: Careerbot) -> Iterator[str]:
    """The web app on a free port of this machine, until the block ends."""
    import uvicorn

    from careerbot.web import listen, web_app

    # Made within the server's loop: Gradio leaves a loop open that it makes itself.
    config = uvicorn.Config(
        partial(web_app, bot), factory=True, log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


async def load(address: str, questions: Sequence[str], users: int, each: int, pause: float) -> Load:
    """`users` people asking `each` questions, reading every answer for `pause` seconds on average."""
    errors = 0
    seconds: list[float] = []

    async def person(number: int) -> None:
        nonlocal errors
        chance = random.Random(number)  # noqa: S311 - which questions are asked is no secret
        async with aiohttp.ClientSession(address, timeout=_TIMEOUT) as client:
            for _ in range(each):
                await asyncio.sleep(chance.uniform(0, 2 * pause))
                started = time.perf_counter()
                answered = await _is_answered(client, asks, f"person{number}", chance.choice(questions))
                errors += not answered  # counted after the wait: others count meanwhile
                seconds.append(time.perf_counter() - started)

    async with aiohttp.ClientSession(address, timeout=_TIMEOUT) as client, client.get("/config") as told:
        config = await told.json()
    asks: int = next(held["id"] for held in config["dependencies"] if held["api_name"] == "ask")
    started = time.perf_counter()
    await asyncio.gather(*(person(number) for number in range(users)))
    return Load(tuple(seconds), errors, time.perf_counter() - started)


async def _is_answered(client: aiohttp.ClientSession, function: int, session: str, question: str) -> bool:
    """Ask as the page and gradio_client do: in one session, a request begins and another waits for what comes of it."""
    asked = {"data": [question, []], "fn_index": function, "session_hash": session}
    try:
        async with client.post("/gradio_api/queue/join", json=asked, raise_for_status=True) as joined:
            await joined.read()
        async with client.get("/gradio_api/queue/data", params={"session_hash": session}) as told:
            events = await told.text()
    except (aiohttp.ClientError, TimeoutError):
        return False
    return '"process_completed"' in events and '"success":true' in events


@contextmanager
def served_apart(index: Path | None, queue: int) -> Iterator[tuple[str, Connection]]:
    """The web app in a process of its own, as people meet it: who asks takes none of its time.

    Gives its address, and an end of a pipe that answers anything with the peak memory so far (MiB).
    Raises CareerbotError when it cannot be served.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(index, queue, theirs))
    process.start()
    theirs.close()
    try:
        told = ours.recv()
        if isinstance(told, CareerbotError):
            raise told
        yield told, ours
    finally:
        ours.close()
        process.join(timeout=20)
        process.kill()


def _serve(index: Path | None, queue: int, pipe: Connection) -> None:
    from careerbot import Careerbot
    from careerbot.config import read_settings
    from careerbot.web import settle

    try:
        bot = Careerbot.open(settings=read_settings(index=index, questions_per_minute=0, queue=queue))
    except CareerbotError as error:
        pipe.send(error)
        return
    bot.check_suggestions()  # as the server does in the background
    with served(bot) as address:
        settle()
        pipe.send(address)
        with suppress(EOFError):
            while True:
                pipe.recv()
                pipe.send(peak_mib())


def first_words(bot: Careerbot, questions: Sequence[str]) -> list[float]:
    """Milliseconds from each question to the first statement of its answer."""
    taken = []
    for question in questions:
        started = time.perf_counter()
        next(bot.stream(question))
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def first_paint(address: str) -> float | None:
    """Milliseconds to the first paint of the page in a fresh browser; None without chromium and playwright."""
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if chromium is None:
        return None
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("textarea")
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
        browser.close()
    return None if painted is None else round(float(painted), 1)


def main(
    index: Annotated[Path | None, typer.Option(help="Folder of the index; default: as careerbot's.")] = None,
    users: Annotated[int, typer.Option(min=1, help="People who ask at once.")] = 100,
    each: Annotated[int, typer.Option(min=1, help="Questions of each.")] = 5,
    pause: Annotated[float, typer.Option(min=0, help="Seconds of reading between two questions, on average.")] = 10,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
) -> None:
    """Ask the served app as many people do, with time to read and without, each twice, and print times and memory."""
    from careerbot import Careerbot
    from careerbot.config import read_settings

    try:
        settings = read_settings(index=index)
        questions = [case.turns[-1] for case in load_cases(sorted(SUITES.glob("*.jsonl"))) if len(case.turns) == 1]
        with copied_chroma(settings) as chroma:
            wiring = cold({WIRING: wired(model_of(settings), chroma, questions[0])})[WIRING]["MiB"]
        words = first_words(Careerbot.open(settings=settings), questions[:100])
        found: dict[str, float] = {"first words p50 (ms)": _at(words, 50), "first words p95 (ms)": _at(words, 95)}
        with served_apart(index, 10 * users) as (address, memory):
            painted = first_paint(address)
            found |= {} if painted is None else {"first paint (ms)": painted}
            for name, read in (
                (f"{pause:g} s of reading", pause),
                (f"{pause:g} s of reading, again", pause),
                ("no pause", 0.0),
                ("no pause, again", 0.0),
            ):
                found |= _loaded(name, address, questions, users, each, read, memory)
            memory.send(None)
            found["the server / the usual wiring, peak memory"] = memory.recv() / wiring
    except CareerbotError as error:
        typer.echo(f"evals: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    for name, value in found.items():
        typer.echo(f"{name}: {value:,.2f}".removesuffix(".00"))
    if json_out is not None:
        json_out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _loaded(
    name: str, address: str, questions: Sequence[str], users: int, each: int, pause: float, memory: Connection
) -> dict[str, float]:
    held = asyncio.run(load(address, questions, users, each, pause))
    memory.send(None)
    return {
        f"{name}: answers": len(held.seconds),
        f"{name}: errors": held.errors,
        f"{name}: p50 (s)": _at(held.seconds, 50),
        f"{name}: p95 (s)": _at(held.seconds, 95),
        f"{name}: answers a second": len(held.seconds) / held.wall,
        f"{name}: peak memory of the server (MiB)": memory.recv(),
    }


def _at(values: Sequence[float], percentile: int) -> float:
    return round(float(np.percentile(values, percentile)), 3)


if __name__ == "__main__":
    typer.run(main)
