"""Questions with known answers: read from JSON Lines, refused with file and line when one is wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careerbot.errors import InputError

SUITES = Path(__file__).parent / "suites"
SPLITS = ("tune", "calibrate", "test")

UNANSWERABLE = "unanswerable"
OUT_OF_DOMAIN = "out_of_domain"
ADVERSARIAL = "adversarial"
CONFLICT = "conflict"
TABLE = "table"


@dataclass(frozen=True, slots=True)
class Case:
    """One question and what a right answer holds.

    `turns` are what the user says, oldest first; the last is the question. `must` holds groups of
    patterns, any one of a group being enough; `must_not` patterns that no answer may match;
    `missing` patterns of what the answer must name as missing, beside what it gives.
    `sources` are documents of which one must be cited, `all_sources` those that all must be.
    `evidence` pairs a document with a text that stands in it. Cases of one `group` ask for one fact.
    """

    id: str
    turns: tuple[str, ...]
    split: str = "test"
    category: str = "text"
    style: str = "plain"
    group: str = ""
    rewrite: str = ""
    answerable: bool = True
    near_miss: bool = False
    must: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    all_sources: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()
    conflict_type: str = "none"

    @property
    def is_followup(self) -> bool:
        """Whether earlier turns belong to the question."""
        return len(self.turns) > 1


def hits(pattern: str, text: str) -> bool:
    """Whether a pattern of a case is found in a text: without regard to case, `.` crossing lines."""
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None


def load_cases(files: Iterable[Path], split: str = "all") -> tuple[Case, ...]:
    """The cases of some files, in their order; those of one split or of "all".

    Only `id` and `turns` are needed; keys that are not of the schema are left alone. Raises
    InputError, one line with file and line number, for what cannot be read or repeats an id.
    """
    found: dict[str, Case] = {}
    for file in files:
        for number, line in _lines(file):
            try:
                case = _case(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise InputError(f"{file} line {number}: {error}") from error
            if case.id in found:
                raise InputError(f"{file} line {number}: the id {case.id!r} is taken")
            found[case.id] = case
    return tuple(case for case in found.values() if split in ("all", case.split))


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise InputError(f"cannot read {file}: {reason}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _case(held: Any) -> Case:
    """Raises ValueError saying what was expected."""
    if not isinstance(held, dict):
        raise ValueError('expected an object such as {"id": "…", "turns": ["…"]}')
    name = _text(held, "id", None)
    category = _text(held, "category", "text")
    case = Case(
        id=name,
        turns=_texts(held.get("turns"), "turns"),
        split=_text(held, "split", "test"),
        category=category,
        style=_text(held, "style", "plain"),
        group=_text(held, "group", "") or name,
        rewrite=_text(held, "rewrite", ""),
        answerable=_flag(held, "answerable", category not in (UNANSWERABLE, OUT_OF_DOMAIN, ADVERSARIAL)),
        near_miss=_flag(held, "near_miss", False),
        must=tuple(_texts(group, "every group of must") for group in _list(held.get("must", []), "must")),
        must_not=_texts(held.get("must_not", []), "must_not"),
        missing=_texts(held.get("missing", []), "missing"),
        sources=_texts(held.get("sources", []), "sources"),
        all_sources=_texts(held.get("all_sources", []), "all_sources"),
        evidence=tuple(_evidence(held.get("evidence") or {})),
        conflict_type=_text(held, "conflict_type", "none"),
    )
    if not case.turns or not case.turns[-1].strip():
        raise ValueError("turns must hold at least one question")
    for pattern in (*(pattern for group in case.must for pattern in group), *case.must_not, *case.missing):
        _check_pattern(pattern)
    return case


def _text(held: Mapping[str, Any], name: str, default: str | None) -> str:
    value = held.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise ValueError(f"{name} must be a string, not {value!r}")
    return value


def _flag(held: Mapping[str, Any], name: str, default: bool) -> bool:
    value = held.get(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, not {value!r}")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list, not {value!r}")
    return value


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"{name} must be a list of strings, not {value!r}")
    return tuple(value)


def _evidence(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        raise ValueError(f"evidence must map documents to lists of strings, not {value!r}")
    for source, quotes in value.items():
        for quote in _texts([quotes] if isinstance(quotes, str) else quotes, "evidence"):
            yield source, quote


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


def problems(cases: Sequence[Case], texts: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with cases over documents (id → text), one line each; empty when all is well."""
    found = [problem for case in cases for problem in _problems(case, texts)]
    splits: dict[str, set[str]] = {}
    for case in cases:
        splits.setdefault(case.group, set()).add(case.split)
    found += [f"group {group}: stands in the splits {sorted(held)}" for group, held in splits.items() if len(held) > 1]
    ids = Counter(case.id for case in cases)
    return (*found, *(f"{name}: the id is used {count} times" for name, count in ids.items() if count > 1))


def _problems(case: Case, texts: Mapping[str, str]) -> Iterator[str]:
    for source, quote in case.evidence:
        if quote not in texts.get(source, ""):
            yield f"{case.id}: {source} does not say {quote!r}"
    shown = [quote for _, quote in case.evidence]
    if shown:
        for group in case.must:
            if not any(hits(pattern, quote) for pattern in group for quote in shown):
                yield f"{case.id}: no evidence holds any of {list(group)}"
        for pattern in case.must_not:
            if any(hits(pattern, quote) for quote in shown):
                yield f"{case.id}: evidence holds what is forbidden: {pattern!r}"
        for pattern in case.missing:
            if any(hits(pattern, quote) for quote in shown):
                yield f"{case.id}: evidence holds what is to be named as missing: {pattern!r}"
    cited = {source for source, _ in case.evidence}
    if shown and not cited <= {*case.sources, *case.all_sources}:
        yield f"{case.id}: evidence from documents that are no sources of it: {sorted(cited - set(case.sources))}"
    if case.answerable and case.sources and not case.must:
        yield f"{case.id}: nothing that its answer must hold"
    if case.split not in SPLITS:
        yield f"{case.id}: unknown split {case.split!r}"
