"""What an operator says of the documents, in files beside them: sources.toml, wordings.jsonl, gaps.jsonl."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from careerbot import converting
from careerbot.datatypes import Gap, Wording
from careerbot.errors import InputError

CATALOGUE = "sources.toml"
WORDINGS = "wordings.jsonl"
GAPS = "gaps.jsonl"
SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text"}) | frozenset(converting.SUFFIXES)
"""The endings of files that are read."""

_KEYS = ("id", "file", "title", "publisher", "as_of", "place", "note")
_Line = TypeVar("_Line", bound=BaseModel)

Entry = dict[str, str]
"""What a `[[source]]` says, by the keys of `_KEYS`; a note is for the operator alone."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the documents of one folder.

    `entries` go by the name of a file, `wordings` by the id of a document; `unused` are the ids of entries whose
    file is not there.
    """

    entries: dict[str, Entry]
    wordings: dict[str, list[Wording]]
    gaps: tuple[Gap, ...]
    unused: tuple[str, ...]


def read_beside(folder: Path) -> Beside:
    """All of it, each file of which may be missing. Raises InputError that names the file and what is wrong there."""
    entries = _catalogue(folder / CATALOGUE)
    names = {entry["id"]: _names(entry) for entry in entries.values()}
    unused = (key for key, files in names.items() if not any((folder / name).exists() for name in files))
    return Beside(entries, _wordings(folder / WORDINGS), tuple(_gaps(folder / GAPS)), tuple(unused))


def _catalogue(file: Path) -> dict[str, Entry]:
    if not file.exists():
        return {}
    try:
        held = tomllib.loads(file.read_bytes().removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not valid TOML: {error}") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    for key in held.keys() - {"source"}:
        raise InputError(f"{file}: expected [[source]] and below it what is known of a document, not {key!r}")
    entries = held.get("source", [])
    found: dict[str, Entry] = {}
    ids: set[str] = set()
    for entry in entries if isinstance(entries, list) else [entries]:
        named = _checked(file, entry)
        if named["id"] in ids:
            raise InputError(f"{file}: the id {named['id']!r} stands there twice; every [[source]] needs its own")
        ids.add(named["id"])
        found.update(dict.fromkeys(_names(named), named))
    return found


def _names(entry: Entry) -> list[str]:
    return [entry["file"]] if "file" in entry else [entry["id"] + end for end in sorted(SUFFIXES)]


def _checked(file: Path, entry: object) -> Entry:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"].strip():
        raise InputError(f"{file}: every [[source]] needs an id (a string)")
    for key, value in entry.items():
        if key not in _KEYS:
            raise InputError(f"{file}: {key!r} of {entry['id']!r} is not known; expected {', '.join(_KEYS)}")
        if not isinstance(value, str):
            raise InputError(f'{file}: {key} of {entry["id"]!r} must be a string, so in quotes: {key} = "{value}"')
    if (as_of := entry.get("as_of", "")) and not converting.is_date(as_of):
        told = "must be a date as YYYY, YYYY-MM or YYYY-MM-DD"
        raise InputError(f"{file}: as_of of {entry['id']!r} {told}, not {as_of!r}")
    if Path(entry.get("file", "")).name != entry.get("file", ""):
        raise InputError(f"{file}: file of {entry['id']!r} must be the name of a file beside it, not {entry['file']!r}")
    return entry


class _WordingLine(BaseModel):
    asked: tuple[str, ...]
    quotes: dict[str, tuple[str, ...]]


class _GapLine(BaseModel):
    topic: str
    asked: tuple[str, ...]


def _wordings(file: Path) -> dict[str, list[Wording]]:
    found: dict[str, list[Wording]] = {}
    for line in _lines(file, _WordingLine, '{"asked": ["…"], "quotes": {"document": ["…"]}}'):
        for document, quotes in line.quotes.items():
            found.setdefault(document, []).extend(Wording(quote, line.asked) for quote in quotes)
    return found


def _gaps(file: Path) -> list[Gap]:
    return [Gap(line.topic, line.asked) for line in _lines(file, _GapLine, '{"topic": "…", "asked": ["…"]}')]


def _lines(file: Path, model: type[_Line], expected: str) -> Iterator[_Line]:
    if not file.exists():
        return
    try:
        held = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    for number, line in enumerate(held.split(b"\n"), start=1):
        if line.strip():
            try:
                yield model.model_validate_json(line, strict=True)
            except ValidationError as error:
                raise InputError(f"{file} line {number}: expected {expected}") from error
