"""`python -m evals.size`: what an index of 100 to 100,000 chunks costs to build, to open and to ask.

The documents are made from those of corpus/ (`evals.varying`). Each size is built in one process and
opened in another, so that the memory of each is its own.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from enum import StrEnum
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from careerbot.building import build
from careerbot.errors import CareerbotError
from careerbot.index import Index, open_index
from careerbot.loading import load
from evals.bench import peak_mib, seconds
from evals.cases import SUITES, Case, load_cases
from evals.encoders import Mixing, Timed
from evals.varying import varied

if TYPE_CHECKING:
    from careerbot.embedding import Encoder, Vectors

CORPUS = Path(__file__).parents[1] / "corpus"
SIZES = (100, 1_000, 10_000, 100_000)
TOP = 10
_AT_ONCE = 100  # questions

Figures = dict[str, float]


class Embedding(StrEnum):
    """Who makes the vectors of the chunks. Questions are always embedded by careerbot's own encoder."""

    REAL = "real"
    FAKE = "fake"


def built(folder: Path, chunks: int, embedding: Embedding) -> Figures:
    """Index documents with so many chunks, and tell what it cost. `folder` must not hold an index."""
    made = list(varied(load([CORPUS]).documents, chunks))
    encoder = Timed(_encoder(embedding, made))
    encoder.encode(["warm up"])
    encoder.texts.clear()
    before = time.perf_counter()
    report = build([document for document, _ in made], encoder, folder)
    taken = time.perf_counter() - before
    found = {
        "chunks": report.chunks,
        "documents": report.documents,
        "built (s)": taken,
        "chunks per second": report.chunks / taken,
        "bytes per chunk": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / report.chunks,
        "peak memory, building (MiB)": peak_mib(),
    }
    if embedding is Embedding.REAL:
        found |= {"share of the encoder alone (%)": 100 * encoder.share(), "texts per second": encoder.rate()}
    return found


def served(folder: Path, embedding: Embedding, cases: Sequence[Case], texts: Sequence[str]) -> Figures:
    """Open an index in this fresh process, ask it the cases, and compare its search for texts with brute force."""
    encoder = _encoder(embedding, ())
    taken = [seconds(lambda: open_index(folder, encoder).close()) for _ in range(2)]

    from careerbot import Careerbot, Settings

    index = open_index(folder, encoder)
    found = {"opened first (s)": taken[0], "opened again (s)": taken[1], "peak memory, opened (MiB)": peak_mib()}
    bot = Careerbot(index, index.encoder(encoder), Settings(index=folder))
    first = seconds(lambda: bot.ask(cases[0].turns[-1]))
    checked = seconds(bot.check_suggestions)  # as a server does in the background
    asked, again = (
        [1000 * seconds(partial(bot.ask, case.turns[-1], case.turns[:-1])) for case in cases] for _ in range(2)
    )
    vectors = encoder.encode(texts)
    searched = [1000 * seconds(partial(index.nearest, vector, bot.settings.candidates)) for vector in vectors[:200]]
    found |= {
        "first answer (s)": first,
        "suggestions checked (s)": checked,
        "answer p50 (ms)": float(np.percentile(asked, 50)),
        "answer p95 (ms)": float(np.percentile(asked, 95)),
        "asked again p50 (ms)": float(np.percentile(again, 50)),
        "dense search p50 (ms)": float(np.percentile(searched, 50)),
        "peak memory, asked (MiB)": peak_mib(),
    }
    return found | {"questions": len(texts), "missed": missed(index, vectors, bot.settings.candidates)}


def missed(index: Index, vectors: Vectors, candidates: int) -> int:
    """For how many vectors the search lacks one of the `TOP` chunks that brute force finds. Without wordings."""
    own = np.asarray(index.vectors[: len(index.chunks)])
    lacking = 0
    for start in range(0, len(vectors), _AT_ONCE):
        part = vectors[start : start + _AT_ONCE]
        rough = own @ part.T  # nearly exact, and far faster than the exact cosines of all
        near = np.argpartition(-rough, min(4 * TOP, len(own) - 1), axis=0)[: 4 * TOP]
        for vector, rows in zip(part, near.T, strict=True):
            nearest = np.sort(index.cosines(vector, rows))[::-1][:TOP]
            # Compared are cosines, since any of several equal chunks is right.
            found = [cosine for _, cosine in index.nearest(vector, candidates).rows[:TOP]]
            lacking += found != nearest.tolist()
    return lacking


def _encoder(embedding: Embedding, made: Sequence[Any]) -> Encoder:
    from careerbot.embedding import SentenceEncoder

    return SentenceEncoder() if embedding is Embedding.REAL else Mixing(SentenceEncoder(), made)


def _apart(call: Callable[..., Figures], *given: object) -> Figures:
    """What a call gives in a process of its own, whose memory nothing else has touched."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(call, *given).result()


def measure(folder: Path, chunks: int, embedding: Embedding, answers: int, searches: int) -> Figures:
    """Build an index of one size below a folder, or take the one that an earlier run left there, and use it."""
    cases = load_cases(sorted(SUITES.glob("*.jsonl")))
    asked = [case.turns[-1] for case in cases]
    asked += [text for document in load([CORPUS]).documents for held in document.wordings for text in held.asked]
    index, kept = folder / f"{embedding}-{chunks}", folder / f"{embedding}-{chunks}.json"
    if not kept.exists():
        kept.write_text(json.dumps(_apart(built, index, chunks, embedding)), encoding="utf-8")
    cost: Figures = json.loads(kept.read_text(encoding="utf-8"))
    return cost | _apart(served, index, embedding, _spread(cases, answers), _spread(asked, searches))


def _spread(held: Sequence[Any], most: int) -> Sequence[Any]:
    """So many of a sequence, evenly spread; all where there are fewer."""
    return [held[at * len(held) // most] for at in range(most)] if most < len(held) else held


app = typer.Typer(add_completion=False)


@app.command()
def main(
    size: Annotated[list[int] | None, typer.Option(min=10, help="Chunks; may be given again.")] = None,
    encoder: Annotated[
        Embedding, typer.Option(help="Who embeds the chunks; fake is made of the real vectors of corpus/ and fast.")
    ] = Embedding.REAL,
    answers: Annotated[int, typer.Option(min=1, help="Questions that are answered.")] = 200,
    searches: Annotated[int, typer.Option(min=1, help="Questions whose search is compared with brute force.")] = 2000,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the indexes here, and use those that an earlier run kept.")
    ] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
) -> None:
    """Build, open and ask indexes of several sizes; 100,000 chunks take about half an hour with the real encoder."""
    where = nullcontext(str(folder)) if folder else tempfile.TemporaryDirectory(prefix="careerbot-size-")
    found = []
    try:
        with where as held:
            Path(held).mkdir(parents=True, exist_ok=True)
            for chunks in size or SIZES:
                found.append(measure(Path(held), chunks, encoder, answers, searches))
                typer.echo(f"{found[-1]['chunks']:,} chunks measured", err=True)
    except CareerbotError as error:
        typer.echo(f"evals: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    hardware = f"{os.cpu_count()} CPUs, {platform.machine()}, {platform.system()}"
    told = {"hardware": hardware, "embedded by": f"the {encoder} encoder", "sizes": found}
    if json_out is not None:
        json_out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    _show(told)


def _show(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    sizes = told["sizes"]
    table = Table("", *(f"{held['chunks']:,}" for held in sizes), title=f"{told['hardware']}; {told['embedded by']}")
    for name in sizes[0]:
        table.add_row(name, *(_rounded(held[name]) for held in sizes))
    Console().print(table)


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


if __name__ == "__main__":
    app()
