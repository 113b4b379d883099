"""Files → Documents. A file that cannot be read is reported with its reason, and the others go on."""

from __future__ import annotations

import codecs
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from careerbot import converting, decoding
from careerbot.converting import AS_OF, Converted, Format
from careerbot.datatypes import Document, Gap, Wording
from careerbot.errors import InputError

TEXT_SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text"})
SUFFIXES = TEXT_SUFFIXES | frozenset(converting.SUFFIXES)
MAX_BYTES = 20_000_000
CATALOGUE = "sources.toml"
WORDINGS = "wordings.jsonl"
GAPS = "gaps.jsonl"
_TITLE = re.compile(r"^\ufeff?#[ \t]+(\S.*)$", re.MULTILINE)
_Line = TypeVar("_Line", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read, and why; or what is odd in one that was."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a set of paths held: documents in the order of their ids, what was skipped, and what is odd in the rest."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]
    gaps: tuple[Gap, ...] = ()
    odd: tuple[Skipped, ...] = ()


def load(paths: Iterable[Path], progress: Callable[[int], None] | None = None) -> Loaded:
    """Read files and folders (recursively; links in them only to files inside) into documents.

    `progress` is told 1 for each file. A text that several files hold is one document, see `Document.copies`.
    Raises InputError when a path does not exist or a `sources.toml` is not valid, StorageError when files cannot be
    converted for want of room.
    """
    documents: dict[str, Document] = {}
    skipped: list[Skipped] = []
    odd: list[Skipped] = []
    catalogues: dict[Path, dict[str, dict[str, str]]] = {}
    wordings: dict[Path, dict[str, list[Wording]]] = {}
    gaps: list[Gap] = []
    given = list(paths)
    for file in sorted(set(_files(given))):
        if progress is not None:
            progress(1)
        if (reason := _refusal(file, given)) is not None:
            skipped.append(Skipped(_printable(file), reason))
            continue
        read = _read(file)
        if read.reason:
            skipped.append(Skipped(str(file), read.reason))
            continue
        if file.parent not in catalogues:
            catalogues[file.parent] = _catalogue(file.parent / CATALOGUE)
            wordings[file.parent] = _wordings(file.parent / WORDINGS)
            gaps += _gaps(file.parent / GAPS)
        document = _document(file, read, catalogues[file.parent].get(file.name, {}), documents)
        asked = wordings[file.parent].get(document.id, [])
        odd += [_stale(file, wording) for wording in asked if wording.quote not in read.text]
        odd += [Skipped(str(file), told) for told in _oddities(read)]
        documents[document.id] = replace(document, wordings=tuple(held for held in asked if held.quote in read.text))
    once = {document.id: document for document in _once(documents.values())}
    return Loaded(tuple(once[key] for key in sorted(once)), tuple(skipped), tuple(gaps), tuple(odd))


def _once(documents: Iterable[Document]) -> Iterator[Document]:
    """Each text once, with the shortest of its names: a copy is called "Baker (1)" or lies in a folder further down.

    What is known to be of other publishers, dates or places stays: these are sources that say the same.
    """
    alike: dict[str, dict[tuple[str, str, str], list[Document]]] = {}
    for document in sorted(documents, key=lambda held: (len(held.path), held.path)):
        known = (document.publisher, document.as_of, document.place)
        alike.setdefault(document.text, {}).setdefault(known, []).append(document)
    for sources in alike.values():
        bare = sources.pop(("", "", ""), [])
        groups = list(sources.values()) or [[]]
        groups[0] += bare
        for first, *others in groups:
            asked = dict.fromkeys(wording for held in (first, *others) for wording in held.wordings)
            yield replace(first, wordings=tuple(asked), copies=tuple(held.path for held in others))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        elif path.exists():
            yield path
        else:
            raise InputError(f"no such file or folder: {path}")


def _walk(folder: Path) -> Iterator[Path]:
    """The files below a folder, and the folders that cannot be listed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in (CATALOGUE, WORDINGS, GAPS):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def _printable(file: Path) -> str:
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def _refusal(file: Path, given: Sequence[Path]) -> str | None:
    if _printable(file) != str(file):
        return "its name is not UTF-8"
    if file.is_dir():
        return "the folder cannot be listed"
    if not file.is_file():
        return "not a regular file"
    if file.is_symlink() and not any(file == path or file.resolve().is_relative_to(path.resolve()) for path in given):
        return "a link out of the folder"
    try:
        size = file.stat().st_size
    except OSError as error:  # gone since it was listed
        return f"cannot be read ({error.strerror})"
    return f"{size:,} bytes, more than {MAX_BYTES:,}" if size > MAX_BYTES else None


def _read(file: Path) -> Converted:
    """The text of a file, by what its bytes are, or the reason why there is none."""
    suffix = file.suffix.lower()
    try:
        raw = file.read_bytes()
    except OSError as error:
        return Converted(reason=f"cannot be read ({error.strerror})")
    kind = converting.format_of(raw, suffix)
    if kind is None and suffix not in SUFFIXES:
        return Converted(reason=f"not a supported format (expected {', '.join(sorted(SUFFIXES))})")
    if kind is None and (named := converting.SUFFIXES.get(suffix)) in (Format.PDF, Format.DOCX):
        return Converted(reason=f"no {named}, whatever its name says" if raw else "empty")
    if kind not in (None, Format.CSV):
        return converting.convert(raw, kind)
    read = _text(raw)
    if kind is not Format.CSV or read.reason:
        return read
    return replace(converting.as_table(read.text), unseen=read.unseen, guessed=read.guessed)


def _text(raw: bytes) -> Converted:
    """The text with line ends as `\\n`, or the reason why there is none."""
    try:
        text, charset = decoding.decoded(raw)
    except InputError as error:
        return Converted(reason=str(error))
    shown, unseen = converting.seen(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not shown.strip("\ufeff \t\r\n\f\v"):
        return Converted(reason="empty")
    return Converted(shown, unseen=unseen, guessed=charset if charset == decoding.WESTERN else "")


def _catalogue(file: Path) -> dict[str, dict[str, str]]:
    """File name → what `sources.toml` says of it. An entry without `file` means `<id>.md` or `.txt`."""
    if not file.is_file():
        return {}
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("source", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not valid TOML: {error}") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    found: dict[str, dict[str, str]] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        _check_entry(file, entry)
        names = [entry["file"]] if "file" in entry else [entry["id"] + end for end in SUFFIXES]
        found.update(dict.fromkeys(names, entry))
    return found


def _check_entry(file: Path, entry: object) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"].strip():
        raise InputError(f"{file}: every [[source]] needs an id (a string)")
    for key, value in entry.items():
        if not isinstance(value, str):
            raise InputError(f"{file}: {key} of {entry['id']} must be a string, not {value!r}")
    if (as_of := entry.get("as_of", "")) and not AS_OF.fullmatch(as_of):
        raise InputError(f"{file}: as_of of {entry['id']} must be YYYY, YYYY-MM or YYYY-MM-DD, not {as_of!r}")


class _WordingLine(BaseModel):
    asked: tuple[str, ...]
    quotes: dict[str, tuple[str, ...]]


class _GapLine(BaseModel):
    topic: str
    asked: tuple[str, ...]


def _wordings(file: Path) -> dict[str, list[Wording]]:
    """Document id → the wordings that `wordings.jsonl` gives for it."""
    found: dict[str, list[Wording]] = {}
    for line in _lines(file, _WordingLine, '{"asked": ["…"], "quotes": {"document": ["…"]}}'):
        for document, quotes in line.quotes.items():
            found.setdefault(document, []).extend(Wording(quote, line.asked) for quote in quotes)
    return found


def _gaps(file: Path) -> list[Gap]:
    return [Gap(line.topic, line.asked) for line in _lines(file, _GapLine, '{"topic": "…", "asked": ["…"]}')]


def _lines(file: Path, model: type[_Line], expected: str) -> Iterator[_Line]:
    """The objects of a JSON Lines file that may be missing. Raises InputError with the number of a wrong line."""
    if not file.is_file():
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


def _oddities(read: Converted) -> Iterator[str]:
    """What an operator should know of a file that was read."""
    if read.guessed:
        yield f"not UTF-8, read as {read.guessed}; if letters of it look wrong, save it as UTF-8"
    if read.unseen:
        yield f"{read.unseen} characters that nobody sees were left out of it"


def _stale(file: Path, wording: Wording) -> Skipped:
    return Skipped(str(file.parent / WORDINGS), f"{file.name} no longer says: {wording.quote[:60]!r}")


def _title(text: str) -> str:
    """The first heading of the first level, without the marks that may close it ("# Baker #")."""
    heading = _TITLE.search(text)
    title = heading.group(1).rstrip() if heading else ""
    bare = title.rstrip("#")
    return bare.rstrip() if bare.endswith((" ", "\t")) else title


def _document(file: Path, read: Converted, entry: Mapping[str, str], taken: Mapping[str, object]) -> Document:
    base = name = entry.get("id", file.stem)
    count = 1
    while name in taken:  # the same file name in two folders
        count += 1
        name = f"{base}-{count}"
    return Document(
        id=name,
        title=entry.get("title") or _title(read.text) or file.stem,
        text=read.text,
        path=str(file),
        publisher=entry.get("publisher", ""),
        as_of=entry.get("as_of") or read.as_of,
        place=entry.get("place", ""),
    )
