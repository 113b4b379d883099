"""What a run leaves behind: one row per case, as JSON Lines from which every metric can be computed again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from careerbot.errors import InputError


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation as it was shown: characters `start` to `end` of the document `source`, and the quote."""

    number: int
    source: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one question.

    `missing` is what it says that the sources lack. `retrieved` maps a search to the ids of the
    statements that it found, best first, at most ten.
    `confidence` is a probability, None where the answer carries none; `latency_ms` is wall time.
    `without_model` is why a chat model that was asked did not word it, "" where it did, None where none
    was asked; `withheld` counts its sentences that failed the checks.
    """

    status: str
    text: str
    citations: tuple[Cited, ...] = ()
    missing: tuple[str, ...] = ()
    searched: str = ""
    disagreements: int = 0
    retrieved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    confidence: float | None = None
    latency_ms: float = 0.0
    without_model: str | None = None
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One case asked. `relevant` are the ids of the statements that hold its evidence.

    For follow-ups `alone` is the last turn asked without the others, `rewritten` the case's
    rewriting of it; None elsewhere. `right` is set once the row has been graded.
    """

    id: str
    reply: Reply
    relevant: tuple[str, ...] = ()
    alone: Reply | None = None
    rewritten: Reply | None = None
    right: bool | None = None


def write_rows(file: Path, rows: Iterable[Row]) -> None:
    """One JSON object per line, the reply's fields beside the row's."""
    lines = [json.dumps(_flat(row), ensure_ascii=False) for row in rows]
    _write(file, lines)


def write_compact(file: Path, right: Mapping[str, bool]) -> None:
    """Only id and right of every case: enough to pair runs, small enough for the repository."""
    _write(file, [json.dumps({"id": name, "right": value}) for name, value in right.items()])


def read_rows(file: Path) -> tuple[Row, ...]:
    """The rows of a file that `write_rows` wrote. Raises InputError with file and line."""
    rows = []
    for number, held in _objects(file):
        try:
            extra = {name: None if held.get(name) is None else _reply(held[name]) for name in ("alone", "rewritten")}
            rows.append(Row(held["id"], _reply(held), tuple(held["relevant"]), **extra, right=held.get("right")))
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{file} line {number}: not a row of a run ({error!r})") from error
    return tuple(rows)


def read_right(file: Path) -> dict[str, bool]:
    """Case id → right, of a full or compact rows file. Raises InputError with file and line."""
    found: dict[str, bool] = {}
    for number, held in _objects(file):
        if not isinstance(held.get("id"), str) or not isinstance(held.get("right"), bool):
            raise InputError(f'{file} line {number}: expected {{"id": "…", "right": true or false}}')
        found[held["id"]] = held["right"]
    return found


def _objects(file: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            held = json.loads(line)
        except ValueError as error:
            raise InputError(f"{file} line {number}: not JSON ({error})") from error
        if not isinstance(held, dict):
            raise InputError(f"{file} line {number}: expected an object")
        found.append((number, held))
    return found


def _write(file: Path, lines: Iterable[str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from error


def _flat(row: Row) -> dict[str, Any]:
    held = asdict(row)
    return {"id": held.pop("id"), "right": held.pop("right"), **held.pop("reply"), **held}


def _reply(held: Mapping[str, Any]) -> Reply:
    return Reply(
        status=held["status"],
        text=held["text"],
        citations=tuple(Cited(**cited) for cited in held["citations"]),
        missing=tuple(held.get("missing", ())),
        searched=held["searched"],
        disagreements=held["disagreements"],
        retrieved={name: tuple(ids) for name, ids in held["retrieved"].items()},
        confidence=held["confidence"],
        latency_ms=held["latency_ms"],
        without_model=held.get("without_model"),
        withheld=held.get("withheld", 0),
    )
