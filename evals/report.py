"""Grades → what is shown: one value for terminal, JSON and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from evals import metrics
from evals.graders import Outcome
from evals.intervals import Measure, Paired, wilson
from evals.metrics import Graded, Measures

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Slice:
    """How the cases of one kind came off."""

    name: str
    right: Measure
    missing: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Report:
    """A run, measured. `slices` maps "category", "style" and "source" to their kinds."""

    split: str
    graded: tuple[Graded, ...]
    measures: Measures
    retrieval: dict[str, Measures]
    slices: dict[str, tuple[Slice, ...]]

    @property
    def misses(self) -> tuple[Graded, ...]:
        """The cases that are not right, in their order."""
        return tuple(held for held in self.graded if not held.grade.right)

    @property
    def is_broken(self) -> bool:
        """Whether a quote is not what stands in its document, or a citation resolves to nothing."""
        gates = [self.measures.get(name) for name in ("M3 verbatim quotes", "M4 valid citations")]
        return any(held is not None and held.value < 1 for held in gates)


def make(split: str, graded: Sequence[Graded]) -> Report:
    """Everything that can be said of graded cases."""
    slices = {
        "category": _slices(graded, lambda held: (held.case.category,)),
        "style": _slices(graded, lambda held: (held.case.style,)),
        "source": _slices(graded, lambda held: held.case.sources or ("(none)",)),
    }
    return Report(split, tuple(graded), metrics.measure(graded), metrics.retrieval(graded), slices)


def _slices(graded: Sequence[Graded], kinds: Callable[[Graded], Iterable[str]]) -> tuple[Slice, ...]:
    """A case of several kinds counts in each."""
    found: dict[str, list[Graded]] = {}
    for held in graded:
        for kind in kinds(held):
            found.setdefault(kind, []).append(held)
    made = []
    for kind, members in sorted(found.items()):
        outcomes = [held.grade.outcome for held in members]
        right = wilson([outcome is Outcome.RIGHT for outcome in outcomes])
        if right is not None:
            made.append(Slice(kind, right, outcomes.count(Outcome.MISSING), outcomes.count(Outcome.WRONG)))
    return tuple(made)


def as_json(report: Report) -> dict[str, Any]:
    """The report as one JSON object, the misses by their ids and reasons."""
    return {
        "split": report.split,
        "cases": len(report.graded),
        "groups": len({held.case.group for held in report.graded}),
        "measures": {name: asdict(held) for name, held in report.measures.items()},
        "retrieval": {
            search: {name: asdict(held) for name, held in held_by.items()}
            for search, held_by in report.retrieval.items()
        },
        "slices": {by: [asdict(one) for one in held] for by, held in report.slices.items()},
        "misses": [
            {"id": held.case.id, "outcome": held.grade.outcome.value, "why": held.grade.why} for held in report.misses
        ],
    }


def figure(name: str, value: float) -> str:
    """A value as it is read: shares and scores with three digits, words and milliseconds with one, p with four."""
    if "(ms)" in name or "words" in name:
        return f"{value:.1f}"
    return f"{value:.4f}" if "(p)" in name else f"{value:.3f}"


def interval(name: str, held: Measure) -> str:
    """The 95 % interval in brackets; empty where there is none."""
    if held.low is None or held.high is None:
        return ""
    return f"[{figure(name, held.low)}, {figure(name, held.high)}]"


def show(report: Report, console: Console) -> None:
    """The report as tables."""
    groups = len({held.case.group for held in report.graded})
    console.print(f"{report.split}: {len(report.graded)} cases on {groups} facts", highlight=False)
    table = _table("metric", "value", "95 %", "n")
    for name, held in report.measures.items():
        table.add_row(name, figure(name, held.value), interval(name, held), str(held.n))
    console.print(table)
    for by, slices in report.slices.items():
        table = _table(by, "right", "95 %", "n", "missing", "wrong")
        for one in slices:
            right = one.right
            cells = (figure("", right.value), interval("", right), str(right.n), str(one.missing), str(one.wrong))
            table.add_row(one.name, *cells)
        console.print(table)
    if report.retrieval:
        names = list(next(iter(report.retrieval.values())))
        table = _table("search", *names, "n")
        for search, measures in report.retrieval.items():
            table.add_row(
                search + (" (floor)" if search == "lexical" else ""),
                *(figure(name, measures[name].value) for name in names),
                str(measures[names[0]].n),
            )
        console.print(table)
    for miss in report.misses:
        line = f"{miss.grade.outcome.value}  {miss.case.id}  {miss.case.turns[-1]}  ({miss.grade.why})"
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def show_paired(paired: Paired, console: Console) -> None:
    """What changed between two runs."""
    console.print(
        f"{paired.n} cases in both: {len(paired.lost)} lost, {len(paired.gained)} gained, McNemar p = {paired.p:.4f}"
        + (", a significant drop" if paired.is_drop else ""),
        highlight=False,
    )
    for what, names in (("lost", paired.lost), ("gained", paired.gained)):
        if names:
            console.print(f"{what}: {' '.join(names)}", markup=False, highlight=False, soft_wrap=True)


def _table(first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table
