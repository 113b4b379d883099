"""Files → Documents. A file that cannot be read is reported with its reason, and the others go on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from careerbot.datatypes import Document
from careerbot.errors import InputError

SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text"})
MAX_BYTES = 20_000_000
CATALOGUE = "sources.toml"
_TITLE = re.compile(r"^\ufeff?#\s+(.+?)\s*#*\s*$", re.MULTILINE)
_AS_OF = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a set of paths held: documents in the order of their ids, and what was skipped."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]


def load(paths: Iterable[Path]) -> Loaded:
    """Read files and folders (recursively, without following links) into documents.

    Raises InputError when a path does not exist or a `sources.toml` is not valid.
    """
    documents: dict[str, Document] = {}
    skipped: list[Skipped] = []
    catalogues: dict[Path, dict[str, dict[str, str]]] = {}
    for file in sorted(set(_files(paths))):
        if (reason := _refusal(file)) is not None:
            skipped.append(Skipped(str(file), reason))
            continue
        text, reason = _text(file)
        if reason is not None:
            skipped.append(Skipped(str(file), reason))
            continue
        if file.parent not in catalogues:
            catalogues[file.parent] = _catalogue(file.parent / CATALOGUE)
        document = _document(file, text, catalogues[file.parent].get(file.name, {}), documents)
        documents[document.id] = document
    return Loaded(tuple(documents[key] for key in sorted(documents)), tuple(skipped))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        elif path.exists():
            yield path
        else:
            raise InputError(f"no such file or folder: {path}")


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name == CATALOGUE:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def _refusal(file: Path) -> str | None:
    if not file.is_file():
        return "not a regular file"
    if file.suffix.lower() not in SUFFIXES:
        return f"not a supported format (expected {', '.join(sorted(SUFFIXES))})"
    size = file.stat().st_size
    return f"{size:,} bytes, more than {MAX_BYTES:,}" if size > MAX_BYTES else None


def _text(file: Path) -> tuple[str, str | None]:
    """The text with line ends as `\\n`, or the reason why there is none."""
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        return "", f"cannot be read ({error.strerror})"
    except UnicodeDecodeError as error:
        kind = "binary" if b"\0" in raw[:8192] else "not UTF-8"
        return "", f"{kind}: byte {error.start} cannot be decoded; save the file as UTF-8 text"
    if "\0" in text:
        return "", f"binary: NUL character at {text.index(chr(0))}"
    return (text, None) if text.strip("\ufeff \t\r\n\f\v") else ("", "empty")


def _catalogue(file: Path) -> dict[str, dict[str, str]]:
    """File name → what `sources.toml` says of it. An entry without `file` means `<id>.md` or `.txt`."""
    if not file.is_file():
        return {}
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8")).get("source", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not valid TOML: {error}") from error
    found: dict[str, dict[str, str]] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        _check_entry(file, entry)
        names = [entry["file"]] if "file" in entry else [entry["id"] + end for end in SUFFIXES]
        found.update(dict.fromkeys(names, entry))
    return found


def _check_entry(file: Path, entry: object) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise InputError(f"{file}: every [[source]] needs an id (a string)")
    for key, value in entry.items():
        if not isinstance(value, str):
            raise InputError(f"{file}: {key} of {entry['id']} must be a string, not {value!r}")
    if (as_of := entry.get("as_of", "")) and not _AS_OF.fullmatch(as_of):
        raise InputError(f"{file}: as_of of {entry['id']} must be YYYY, YYYY-MM or YYYY-MM-DD, not {as_of!r}")


def _document(file: Path, text: str, entry: Mapping[str, str], taken: Mapping[str, object]) -> Document:
    heading = _TITLE.search(text)
    base = name = entry.get("id", file.stem)
    count = 1
    while name in taken:  # the same file name in two folders
        count += 1
        name = f"{base}-{count}"
    return Document(
        id=name,
        title=entry.get("title") or (heading.group(1) if heading else file.stem),
        text=text,
        path=str(file),
        publisher=entry.get("publisher", ""),
        as_of=entry.get("as_of", ""),
        place=entry.get("place", ""),
    )
