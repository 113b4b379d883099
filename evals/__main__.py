"""`python -m evals`: ask the exam, show the report, and fail when it is worse than the baseline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careerbot.errors import CareerbotError, InputError
from evals import cases as suites
from evals import intervals, report, rows
from evals.cases import Case
from evals.rows import Row

if TYPE_CHECKING:
    from rich.console import Console

    from careerbot import Careerbot
    from evals.metrics import Graded, Measures

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Split(StrEnum):
    """The part of the suites that is asked: thresholds come from calibrate, reported figures from test."""

    TUNE = "tune"
    CALIBRATE = "calibrate"
    TEST = "test"
    ALL = "all"


@app.command()
def main(
    index: Annotated[Path | None, typer.Option(help="Folder of the index; default: as careerbot's.")] = None,
    split: Annotated[Split | None, typer.Option(help="Default: test; all with --cases.")] = None,
    cases: Annotated[list[Path] | None, typer.Option(help="Your own cases (JSON Lines) instead of the suites.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html_out: Annotated[Path | None, typer.Option("--html", help="Write the report as one page.")] = None,
    rows_out: Annotated[Path | None, typer.Option("--rows", help="Write what was answered as JSON Lines.")] = None,
    rows_in: Annotated[Path | None, typer.Option("--from", help="Measure a rows file again, asking nothing.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Exit 1 when significantly worse than this run.")] = None,
    save_baseline: Annotated[Path | None, typer.Option(help="Write id and right of every case.")] = None,
    compare: Annotated[tuple[Path, Path] | None, typer.Option(help="Pair two rows files, asking nothing.")] = None,
    model: Annotated[
        str | None, typer.Option(help="provider:name of a chat model: ask with it, then without, and pair the two.")
    ] = None,
    perturb: Annotated[bool, typer.Option("--perturb", help="Add M12: ask again over changed documents.")] = False,
) -> None:
    """Ask the questions of the exam and report how the answers did."""
    from rich.console import Console

    console = Console()
    try:
        _check_extras()
        if model is not None and rows_in is not None:
            raise InputError("--from asks nothing, so --model has nothing to word; give one of them")
        if compare is not None:
            before, after = (rows.read_right(file) for file in compare)
            report.show_paired(intervals.pair(before, after), console)
            return
        chosen = split or (Split.ALL if cases else Split.TEST)
        files = cases or sorted(suites.SUITES.glob("*.jsonl"))
        made, asked = _examine(index, files, chosen, rows_in, perturb, model)
        _write(made, asked, json_out, html_out, rows_out, save_baseline)
        report.show(made, console)
        if model is not None:
            quoting, _ = _examine(index, files, chosen)
            console.print(f"without a model → with {model}:", markup=False, highlight=False)
            report.show_paired(intervals.pair(_right(quoting), _right(made)), console)
        if baseline is not None and _is_worse(made, baseline, console):
            raise typer.Exit(1)
    except CareerbotError as error:
        typer.echo(f"evals: {error}", err=True)
        raise typer.Exit(error.exit_code) from error


def _check_extras() -> None:
    """Raises InputError when a library of the extra is missing."""
    missing = [name for name in ("ranx", "scipy", "sklearn") if find_spec(name) is None]
    if missing:
        raise InputError(f"{', '.join(missing)} not installed; the exam needs: pip install 'careerbot[evals]'")


def _examine(
    index: Path | None,
    files: Sequence[Path],
    split: Split,
    rows_in: Path | None = None,
    perturb: bool = False,
    model: str | None = None,
) -> tuple[report.Report, tuple[Row, ...]]:
    """The report, and the rows it was made from with `right` filled in; by quoting alone unless a model is named."""
    from careerbot import Careerbot
    from careerbot.config import read_settings
    from evals import metrics

    chosen = suites.load_cases(files, split)
    if not chosen:
        raise InputError(f"no case of the split {split.value!r} in {', '.join(map(str, files))}")
    recorded = rows.read_rows(rows_in) if rows_in else None
    bot = Careerbot.open(settings=read_settings(index=index, model=model or ""))
    texts = {name: document.text for name, document in bot.index.documents.items()}
    for problem in suites.problems(chosen, texts):
        typer.echo(f"evals: {problem}", err=True)
    found = recorded if recorded is not None else _ask(bot, chosen)
    graded = metrics.grade_all(chosen, found, texts)
    made = report.make(split.value, graded)
    if perturb:
        made = replace(made, measures=made.measures | _perturb(bot, graded))
    return made, tuple(replace(held.row, right=held.grade.right) for held in graded)


def _ask(bot: Careerbot, cases: Sequence[Case]) -> tuple[Row, ...]:
    """The rows, with a bar on stderr while they are asked; silent in a pipe."""
    from rich.console import Console
    from rich.progress import Progress

    from evals.running import run

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("asking", total=len(cases))
        return run(bot, cases, lambda: bar.advance(task))


def _perturb(bot: Careerbot, graded: Sequence[Graded]) -> Measures:
    """M12, with a word on stderr while its indexes are built and asked; silent in a pipe."""
    from rich.console import Console

    from evals import perturbing

    with Console(stderr=True).status("asking over changed documents"):
        return perturbing.measure(graded, bot)


def _write(
    made: report.Report,
    asked: Sequence[Row],
    json_out: Path | None,
    html_out: Path | None,
    rows_out: Path | None,
    save_baseline: Path | None,
) -> None:
    if rows_out is not None:
        rows.write_rows(rows_out, asked)
    if save_baseline is not None:
        rows.write_compact(save_baseline, _right(made))
    if json_out is not None:
        _write_text(json_out, json.dumps(report.as_json(made), indent=1, ensure_ascii=False) + "\n")
    if html_out is not None:
        from evals import page

        _write_text(html_out, page.render(made))


def _write_text(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from error


def _right(made: report.Report) -> dict[str, bool]:
    return {held.case.id: held.grade.right for held in made.graded}


def _is_worse(made: report.Report, baseline: Path, console: Console) -> bool:
    """Whether the run lost significantly against a baseline, or shows a quote that is none."""
    paired = intervals.pair(rows.read_right(baseline), _right(made))
    if not paired.n:
        raise InputError(f"{baseline} holds none of the cases that were asked")
    report.show_paired(paired, console)
    if made.is_broken:
        console.print("a quote is not what its document says, or a citation resolves to nothing")
    return paired.is_drop or made.is_broken


if __name__ == "__main__":
    app()
