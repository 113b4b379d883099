"""Grades → the metrics M1 to M14, each with its interval. Reads rows, cases and documents only.

M12, the perturbations, needs indexes of its own and stands in `perturbing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from careerbot.errors import InputError
from evals import graders, risk, searching
from evals.cases import ADVERSARIAL, CONFLICT, OUT_OF_DOMAIN, UNANSWERABLE, Case
from evals.graders import Citing, Grade, Outcome
from evals.intervals import Measure, Sums, clustered, harmonic, mean, pair, ratio, wilson
from evals.rows import Reply, Row

Measures = dict[str, Measure]
Count = tuple[str, int, int]
"""The group of a case, a part, and the whole that it is of."""


@dataclass(frozen=True, slots=True)
class Graded:
    """One case with its row and grade. `alone` and `rewritten` grade a follow-up's other askings."""

    case: Case
    row: Row
    grade: Grade
    citing: Citing
    alone: Grade | None = None
    rewritten: Grade | None = None

    @property
    def refused(self) -> bool:
        """Whether the answer abstains."""
        return graders.refused(self.case, self.row.reply)


def grade_all(cases: Sequence[Case], rows: Sequence[Row], texts: Mapping[str, str]) -> tuple[Graded, ...]:
    """Every case graded over documents (id → text). Raises InputError when one has no row."""
    by_id = {row.id: row for row in rows}
    lost = [case.id for case in cases if case.id not in by_id]
    if lost:
        raise InputError(f"{len(lost)} cases have no row, the first is {lost[0]}")

    def graded(case: Case, reply: Reply | None) -> Grade | None:
        return None if reply is None else graders.grade(case, reply, texts)

    return tuple(
        Graded(
            case,
            row := by_id[case.id],
            graders.grade(case, row.reply, texts),
            graders.citing(case, row.reply, texts),
            graded(case, row.alone),
            graded(case, row.rewritten),
        )
        for case in cases
    )


def measure(graded: Sequence[Graded]) -> Measures:
    """Every metric that applies, by its name, in the order of their numbers."""
    found: dict[str, Measure | None] = {}
    for part in (_outcomes, _citations, _conflicts, _abstention, _confidence, _followups, _model, _cost):
        found |= part(graded)
    return {name: held for name, held in found.items() if held is not None}


def truthfulness(held: Graded) -> float:
    """M1: +1 right, 0 abstained, -1 wrong (CRAG); refusing the unanswerable is right."""
    return {Outcome.RIGHT: 1.0, Outcome.MISSING: 0.0, Outcome.WRONG: -1.0}[held.grade.outcome]


def _outcomes(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    groups = [held.case.group for held in graded]
    answerable = [held for held in graded if held.case.answerable]
    single = [held.grade.right for held in answerable if not held.case.is_followup]
    words = [len(held.row.reply.text.split()) for held in answerable if not held.refused]
    return {
        "M1 truthfulness": mean(groups, [truthfulness(held) for held in graded]),
        "M1 as in CRAG (0 for any refusal)": mean(
            groups, [0.0 if held.refused and held.grade.right else truthfulness(held) for held in graded]
        ),
        "M2 right, all": wilson([held.grade.right for held in graded]),
        "M2 right, answerable": wilson([held.grade.right for held in answerable]),
        "M2 right, answerable, one turn": wilson(single),
        "M2 missing, answerable": wilson([held.grade.outcome is Outcome.MISSING for held in answerable]),
        "M2 wrong, answerable": wilson([held.grade.outcome is Outcome.WRONG for held in answerable]),
        "words, median": Measure(float(np.median(words)), None, None, len(words)) if words else None,
    }


def _citations(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    """M3 and M4 over all citations; M5 over those of answers to questions that name sources."""
    every = [held for held in graded if held.citing.cites]
    named = [held for held in graded if held.citing.proper is not None]
    claims = [(held.case.group, held.citing.supported or 0, held.citing.claims or 0) for held in named]
    cites = [(held.case.group, held.citing.proper or 0, held.citing.shown) for held in named]
    cells = [graders.table_cell(held.case, held.row.reply) for held in graded]
    return {
        "M3 verbatim quotes": wilson(_each(every, lambda c: c.verbatim, lambda c: c.shown)),
        "M4 valid citations": wilson(_each(every, lambda c: c.valid, lambda c: c.cites)),
        "M5 citation recall": _share(claims),
        "M5 citation precision": _share(cites),
        "M5 citation F1": _f1(claims, cites),
        "M13 table cells": wilson(cells),
    }


def _each(graded: Sequence[Graded], part: Callable[[Citing], int], whole: Callable[[Citing], int]) -> list[bool]:
    """Counts as flags: `part` of `whole` citations are true."""
    true, n = sum(part(held.citing) for held in graded), sum(whole(held.citing) for held in graded)
    return [True] * true + [False] * (n - true)


def _share(counts: Sequence[Count]) -> Measure | None:
    """part / whole of (group, part, whole), None where there is no whole."""
    kept = [count for count in counts if count[2]]
    columns = [[float(part) for _, part, _ in kept], [float(whole) for *_, whole in kept]]
    return clustered([group for group, *_ in kept], columns, ratio)


def _f1(recall: Sequence[Count], precision: Sequence[Count]) -> Measure | None:
    """The harmonic mean of two shares over the same cases."""
    columns = [[float(count[at]) for count in counts] for counts in (recall, precision) for at in (1, 2)]

    def f1(supported: Sums, claims: Sums, proper: Sums, shown: Sums) -> Sums:
        one, other = ratio(supported, claims), ratio(proper, shown)
        return ratio(2 * one * other, one + other)

    return clustered([group for group, *_ in recall], columns, f1)


def _conflicts(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    """M6. Every citation is shown with its date or "undated", so completeness asks for sources and values."""
    held = [one for one in graded if one.case.category == CONFLICT and one.case.all_sources]
    counts = [
        (
            one.case.group,
            len({cited.source for cited in one.row.reply.citations} & set(one.case.all_sources)),
            len(set(one.case.all_sources)),
        )
        for one in held
    ]
    return {
        "M6 conflict recall (sources)": _share(counts),
        "M6 conflict complete": wilson([one.grade.right for one in held]),
        "M6 named as a disagreement": wilson([one.row.reply.disagreements > 0 for one in held]),
    }


def _abstention(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    """M7, by status alone; injections and false premises are not among these questions."""
    held = [one for one in graded if one.case.category != ADVERSARIAL]
    near = [one for one in held if one.case.category == UNANSWERABLE]
    far = [one for one in held if one.case.category == OUT_OF_DOMAIN]
    refused = [float(one.refused) for one in held]
    due = [float(not one.case.answerable) for one in held]
    both = [a * b for a, b in zip(refused, due, strict=True)]
    return {
        "M7 near-miss refused": wilson([one.refused for one in near]),
        "M7 out of domain refused": wilson([one.refused for one in far]),
        "M7 abstention precision": wilson([not one.case.answerable for one in held if one.refused]),
        "M7 abstention F1": clustered([one.case.group for one in held], [both, refused, due], harmonic)
        if sum(due)
        else None,
        "M7 false abstention": wilson([one.refused for one in held if one.case.answerable]),
        "refusals right (status and nothing forbidden)": wilson(
            [one.grade.right for one in held if not one.case.answerable]
        ),
        "false premises and injections right": wilson(
            [one.grade.right for one in graded if one.case.category == ADVERSARIAL]
        ),
    }


def confident(graded: Sequence[Graded]) -> list[tuple[float, Graded]]:
    """The cases that M8 and M9 speak of with their confidence; none unless every row carries one."""
    found = [(one.row.reply.confidence, one) for one in graded if one.case.category != ADVERSARIAL]
    known = [(confidence, one) for confidence, one in found if confidence is not None]
    return known if len(known) == len(found) else []


def _confidence(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    held = confident(graded)
    given = [(confidence, one.grade.right) for confidence, one in held if one.row.reply.status != graders.REFUSED]
    risks = risk.risk([confidence for confidence, _ in given], [right for _, right in given])
    fits = risk.calibration([confidence for confidence, _ in held], [one.case.answerable for _, one in held])
    return {
        **{name: Measure(value, None, None, len(held)) for name, value in fits.items()},
        **{name: Measure(value, None, None, len(given)) for name, value in risks.items()},
    }


def _followups(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    """M11: the same follow-ups with their history, without it, and in a person's rewriting."""
    held = [one for one in graded if one.case.is_followup]
    system = {one.case.id: one.grade.right for one in held}
    alone = {one.case.id: one.alone.right for one in held if one.alone}
    pairs = pair(alone, system) if alone else None
    return {
        "M11 follow-ups right": wilson(list(system.values())),
        "M11 last turn only": wilson(list(alone.values())),
        "M11 rewritten": wilson([one.rewritten.right for one in held if one.rewritten]),
        "M11 gain over last turn (p)": Measure(pairs.p, None, None, pairs.n) if pairs else None,
    }


def _model(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    """Of the answers that a chat model was asked to word: how many it did, and how much of it was withheld."""
    asked = [held.row.reply for held in graded if held.row.reply.without_model is not None]
    withheld = sum(reply.withheld for reply in asked)
    shown = sum(len(reply.text.splitlines()) for reply in asked if not reply.without_model)
    return {
        "worded by the model": wilson([not reply.without_model for reply in asked]),
        "sentences withheld": wilson([True] * withheld + [False] * shown),
    }


def _cost(graded: Sequence[Graded]) -> dict[str, Measure | None]:
    taken = [held.row.reply.latency_ms for held in graded if held.row.reply.latency_ms > 0]
    return {
        f"M14 latency p{at} (ms)": Measure(float(np.percentile(taken, at)), None, None, len(taken)) if taken else None
        for at in (50, 95)
    }


def retrieval(graded: Sequence[Graded]) -> dict[str, Measures]:
    """M10: search → metric → measure, over the cases with evidence.

    For follow-ups the hybrid search of the last turn alone and of the rewriting is added (M11).
    """
    found: dict[str, Measures] = {}
    for search in sorted({name for held in graded for name in held.row.reply.retrieved}):
        found[search] = _retrieval([(held, held.row.reply) for held in graded], search)
    turns = [held for held in graded if held.row.alone and held.row.rewritten and held.row.relevant]
    if turns:
        found["hybrid, follow-ups"] = _retrieval([(held, held.row.reply) for held in turns], "hybrid")
        found["hybrid, last turn only"] = _retrieval([(held, held.row.alone) for held in turns], "hybrid")
        found["hybrid, rewritten"] = _retrieval([(held, held.row.rewritten) for held in turns], "hybrid")
    return {search: measures for search, measures in found.items() if measures}


def _retrieval(asked: Sequence[tuple[Graded, Reply | None]], search: str) -> Measures:
    relevant = {held.case.id: held.row.relevant for held, _ in asked}
    ranked = {held.case.id: reply.retrieved.get(search, ()) if reply else () for held, reply in asked}
    groups = {held.case.id: held.case.group for held, _ in asked}
    found: Measures = {}
    for metric, values in searching.score(relevant, ranked).items():
        of = [groups[name] for name in values]
        held = wilson([value > 0 for value in values.values()]) if metric in searching.HITS else None
        held = held or mean(of, list(values.values()))
        if held is not None:
            found[searching.NAMES[metric]] = held
    return found
