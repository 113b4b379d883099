"""Answers → grades that explain themselves. Deterministic: patterns, containment and offsets, no model.

A check that does not apply has `passed` None, which counts neither for nor against.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evals.cases import ADVERSARIAL, TABLE, Case, hits
from evals.rows import Cited, Reply

ANSWERED, PARTIAL, REFUSED = "answered", "partial", "not_in_sources"

_MARK = re.compile(r"\[(\d+)\]")
_CLOSED = re.compile(r"(?:\[\d+\])+\s*$")
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Outcome(StrEnum):
    """CRAG's three ends of an answer (arXiv 2406.04744)."""

    RIGHT = "right"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `passed` is None where it does not apply."""

    name: str
    passed: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Grade:
    """How one answer came off and why. A missing answer is not a wrong one."""

    outcome: Outcome
    checks: tuple[Check, ...]

    @property
    def right(self) -> bool:
        """Whether nothing that applies failed."""
        return self.outcome is Outcome.RIGHT

    @property
    def why(self) -> str:
        """The reasons against it, joined; empty when it is right."""
        return "; ".join(check.why for check in self.checks if check.passed is False)


@dataclass(frozen=True, slots=True)
class Citing:
    """Counts over the citations of one answer.

    Of `cites` (shown ones, and numbers in the text that nothing stands behind) `valid` resolve to
    characters of a document; of the `shown` ones `verbatim` equal them and `proper` are of a source
    of the case. Of `claims` (what stands before a group of numbers) `supported` have a verbatim
    citation of a source of the case that holds all figures of the claim or a piece of evidence.
    `proper`, `claims` and `supported` are None where the case names no source or nothing was answered.
    """

    cites: int
    shown: int
    valid: int
    verbatim: int
    proper: int | None
    claims: int | None
    supported: int | None


def refused(case: Case, reply: Reply) -> bool:
    """Whether the reply abstains, by its status. Naming what is missing refuses an unanswerable question."""
    return reply.status == REFUSED or (reply.status == PARTIAL and not case.answerable)


def grade(case: Case, reply: Reply, texts: Mapping[str, str]) -> Grade:
    """The grade of a reply over documents (id → text)."""
    forbidden = [pattern for pattern in case.must_not if hits(pattern, reply.text)]
    clean = Check("must_not", not forbidden if case.must_not else None, f"it says what is forbidden: {forbidden}")
    if case.category == ADVERSARIAL:
        checks: tuple[Check, ...] = (clean,)
    elif case.answerable:
        checks = (*_answer_checks(case, reply, texts), clean)
    else:
        checks = (Check("refused", refused(case, reply), "it answers what the sources do not say"), clean)
    if all(check.passed is not False for check in checks):
        return Grade(Outcome.RIGHT, checks)
    silent = reply.status == REFUSED or not reply.text.strip()
    missing = case.answerable and case.category != ADVERSARIAL and silent and not forbidden
    return Grade(Outcome.MISSING if missing else Outcome.WRONG, checks)


def _answer_checks(case: Case, reply: Reply, texts: Mapping[str, str]) -> tuple[Check, ...]:
    lacking = [list(group) for group in case.must if not any(hits(pattern, reply.text) for pattern in group)]
    cited = {held.source for held in reply.citations if is_verbatim(held, texts)}
    unnamed = [pattern for pattern in case.missing if not any(hits(pattern, name) for name in reply.missing)]
    uncited = [source for source in case.all_sources if source not in cited]
    proper = bool(cited & set(case.sources)) if case.sources else None
    return (
        Check("answered", reply.status != REFUSED, "it says that the sources don't say"),
        Check("must", not lacking if case.must else None, f"it lacks {lacking}"),
        Check("missing", not unnamed if case.missing else None, f"it does not name as missing {unnamed}"),
        Check("source", proper, f"it cites {sorted(cited) or 'nothing'}, none of {list(case.sources)}"),
        Check("all_sources", not uncited if case.all_sources else None, f"it does not cite {uncited}"),
    )


def is_valid(cited: Cited, texts: Mapping[str, str]) -> bool:
    """Whether a citation resolves: a document that exists, and characters inside it."""
    return cited.source in texts and 0 <= cited.start < cited.end <= len(texts[cited.source])


def is_verbatim(cited: Cited, texts: Mapping[str, str]) -> bool:
    """Whether the quote is what stands at its place, character for character."""
    return is_valid(cited, texts) and texts[cited.source][cited.start : cited.end] == cited.quote


def citing(case: Case, reply: Reply, texts: Mapping[str, str]) -> Citing:
    """Counts over a reply's citations, after ALCE (arXiv 2305.14627) with containment for entailment.

    Unlike its reference code, a number that nothing stands behind counts among the citations.
    """
    behind = {held.number for held in reply.citations}
    quoted = {number for held in reply.citations for number in _MARK.findall(held.quote)}
    fabricated = {number for number in _MARK.findall(reply.text) if int(number) not in behind} - quoted
    shown = len(reply.citations)
    valid = sum(is_valid(held, texts) for held in reply.citations)
    verbatim = sum(is_verbatim(held, texts) for held in reply.citations)
    if not case.answerable or not case.sources or reply.status == REFUSED:
        return Citing(shown + len(fabricated), shown, valid, verbatim, None, None, None)
    proper = sum(held.source in case.sources for held in reply.citations)
    claims = split_claims(reply.text)
    usable = {held.number: held for held in reply.citations if is_verbatim(held, texts)}
    supported = sum(
        _is_supported(case, claim, [usable[n] for n in numbers if n in usable]) for claim, numbers in claims
    )
    return Citing(shown + len(fabricated), shown, valid, verbatim, proper, len(claims), supported)


def split_claims(text: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """What an answer says with the citation numbers behind it: the lines up to one that ends in numbers.

    Numbers in the middle of a line belong to the claim that the line is of.
    """
    claims, lines = [], []
    for line in text.splitlines():
        lines.append(line)
        if _CLOSED.search(line):
            claims.append("\n".join(lines))
            lines = []
    claims += ["\n".join(lines)] if "".join(lines).strip() else []
    return tuple((_MARK.sub("", claim).strip(), tuple(map(int, _MARK.findall(claim)))) for claim in claims)


def _is_supported(case: Case, claim: str, cited: list[Cited]) -> bool:
    needed = _figures(claim)
    return any(
        held.source in case.sources
        and (
            needed <= _figures(held.quote)
            or any(s == held.source and quote in held.quote for s, quote in case.evidence)
        )
        for held in cited
    )


def _figures(text: str) -> set[str]:
    return {figure.replace(",", "") for figure in _FIGURE.findall(text)}


def table_cell(case: Case, reply: Reply) -> bool | None:
    """Whether what a table question asks for is quoted with the label of its row, on one line of a quote.

    Each `must` group is looked for beside the label of a row of evidence that holds it; a group that
    only prose of the evidence holds may stand in any quote. None where the case is of no table.
    """
    rows = [quote for _, quote in case.evidence if quote.lstrip().startswith("|")]
    if case.category != TABLE or not rows or not case.must:
        return None
    lines = [line for held in reply.citations for line in held.quote.splitlines()]
    for group in case.must:
        labels = [_label(row) for row in rows if any(hits(pattern, row) for pattern in group)]
        beside = [line for line in lines if not labels or any(label in line for label in labels)]
        if not any(hits(pattern, line) for pattern in group for line in beside):
            return False
    return True


def _label(row: str) -> str:
    return row.strip().strip("|").split("|")[0].strip()
