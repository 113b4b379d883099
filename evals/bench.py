"""`python -m evals.bench`: what an answer costs, beside encoding and a Chroma query alone in the same run."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from careerbot.errors import CareerbotError, InputError
from careerbot.stores import VectorStore
from evals.cases import SUITES, Case, load_cases

if TYPE_CHECKING:
    from careerbot import Careerbot

K = 4  # what a plain retrieval chain asks Chroma for


def bench(bot: Careerbot, cases: Sequence[Case]) -> dict[str, list[float]]:
    """Milliseconds of every question, answered whole, and searched the plain way: encode, Chroma, k = 4.

    The two are taken in turn, so that a busy moment of the machine meets both alike; which is first
    changes with every question.
    """
    store = VectorStore(bot.index.folder / "chroma")  # the store itself, without what careerbot adds to a search

    def plain(case: Case) -> None:
        vector = bot.encoder.encode([case.turns[-1]])[0]
        store.nearest(vector, K)

    def answer(case: Case) -> None:
        bot.ask(case.turns[-1], case.turns[:-1])

    asked: dict[str, Callable[[Case], None]] = {"answer": answer, "encode + Chroma, k=4": plain}
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for call in asked.values():
        call(cases[0])  # warm
    for at, case in enumerate(cases):
        for name in sorted(asked, reverse=at % 2 == 1):
            taken[name].append(_ms(lambda call=asked[name], case=case: call(case)))  # type: ignore[misc]
    return taken


def _ms(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def peak_mib() -> float:
    """The largest resident memory of this process so far, in MiB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def measure(index: Path | None, cases: Sequence[Case]) -> dict[str, Any]:
    """Everything that the bench reports. Times are milliseconds of wall time, memory MiB."""
    opened: list[Careerbot] = []

    def open_bot() -> None:
        from careerbot import Careerbot

        opened.append(Careerbot.open(index))

    cold = _ms(open_bot)
    first = _ms(lambda: opened[0].ask(cases[0].turns[-1]))
    warm = _ms(open_bot)
    taken = bench(opened[0], cases)
    spread = {name: {f"p{at}": float(np.percentile(values, at)) for at in (50, 95)} for name, values in taken.items()}
    return {
        "hardware": f"{os.cpu_count()} CPUs, {platform.machine()}, {platform.system()}",
        "questions": len(cases),
        "chunks": len(opened[0].index.chunks),
        "index open, first, with imports (ms)": cold,
        "index open, again (ms)": warm,
        "first answer, loading the encoder (ms)": first,
        "warm (ms)": spread,
        "peak memory (MiB)": peak_mib(),
    }


def main(
    index: Annotated[Path | None, typer.Option(help="Folder of the index; default: as careerbot's.")] = None,
    cases: Annotated[list[Path] | None, typer.Option(help="Your own cases instead of the suites.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
) -> None:
    """Time warm answers over the questions of the suites."""
    try:
        asked = load_cases(cases or sorted(SUITES.glob("*.jsonl")))
        if not asked:
            raise InputError("no question to time")
        found = measure(index, asked)
        if json_out is not None:
            json_out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except CareerbotError as error:
        typer.echo(f"evals: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    _show(found)


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("warm, ms", "p50", "p95", title=found["hardware"])
    for name, spread in found["warm (ms)"].items():
        table.add_row(name, *(f"{spread[at]:.1f}" for at in ("p50", "p95")))
    console = Console()
    console.print(table)
    for name, value in found.items():
        if isinstance(value, (int, float)):
            console.print(f"{name}: {value:,.0f}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
