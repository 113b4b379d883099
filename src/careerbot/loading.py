"""Files → Documents. A file that cannot be read is reported with its reason, and the others go on."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from careerbot import converting, decoding
from careerbot.catalogue import CATALOGUE, GAPS, SUFFIXES, WORDINGS, Beside, Entry, read_beside
from careerbot.chunking import plain_title
from careerbot.converting import Converted, Format
from careerbot.datatypes import Document, Gap, Wording
from careerbot.errors import InputError

MAX_BYTES = 20_000_000
_TITLE = re.compile(r"^\ufeff?#[ \t]+(\S.*)$", re.MULTILINE)


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
    beside: dict[Path, Beside] = {}
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
        if file.parent not in beside:
            beside[file.parent] = read_beside(file.parent)
            odd += [_unused(file.parent, name) for name in beside[file.parent].unused]
        document = _document(file, read, beside[file.parent].entries.get(file.name, {}), documents)
        asked = beside[file.parent].wordings.get(document.id, [])
        odd += [_stale(file, wording) for wording in asked if wording.quote not in read.text]
        odd += [Skipped(str(file), told) for told in _oddities(read)]
        documents[document.id] = replace(document, wordings=tuple(held for held in asked if held.quote in read.text))
    stated = {entry["id"] for held in beside.values() for entry in held.entries.values() if "title" in entry}
    once = {document.id: document for document in _told_apart(list(_once(documents.values())), stated)}
    gaps = tuple(gap for held in beside.values() for gap in held.gaps)
    return Loaded(tuple(once[key] for key in sorted(once)), tuple(skipped), gaps, tuple(odd))


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


def _told_apart(documents: Sequence[Document], stated: Collection[str]) -> Iterator[Document]:
    """Documents that call themselves alike, with their ids behind their titles; `stated` have one by the operator."""
    titles = Counter(document.title for document in documents)
    for document in documents:
        alike = titles[document.title] > 1 and document.id not in stated
        yield replace(document, title=f"{document.title} ({document.id})") if alike else document


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
        return "its name is not UTF-8; rename it"
    if file.is_dir():
        return "a link to a folder" if file.is_symlink() else "the folder cannot be listed"
    if not file.is_file():
        gone = "a link that leads to no file" if file.is_symlink() else "gone since the folder was listed"
        return "not a regular file" if file.exists() else gone
    if file.is_symlink() and not any(file == path or file.resolve().is_relative_to(path.resolve()) for path in given):
        return "a link out of the folder"
    try:
        size = file.stat().st_size
    except OSError as error:  # gone since it was listed
        return f"cannot be read ({error.strerror})"
    return f"{size:,} bytes, more than {MAX_BYTES:,}; split it" if size > MAX_BYTES else None


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


def _oddities(read: Converted) -> Iterator[str]:
    """What an operator should know of a file that was read."""
    if read.guessed:
        yield f"not UTF-8, read as {read.guessed}; if letters of it look wrong, save it as UTF-8"
    if read.unseen:
        yield f"{read.unseen} characters that nobody sees were left out of it"


def _unused(folder: Path, name: str) -> Skipped:
    return Skipped(str(folder / CATALOGUE), f"no file beside it is meant by {name!r}; name one there: file = …")


def _stale(file: Path, wording: Wording) -> Skipped:
    return Skipped(str(file.parent / WORDINGS), f"{file.name} no longer says: {wording.quote[:60]!r}")


def _title(text: str) -> str:
    """The first heading of the first level, without marks that close it ("# Baker #"), or the title of plain text."""
    heading = _TITLE.search(text)
    title = heading.group(1).rstrip() if heading else plain_title(text)
    bare = title.rstrip("#")
    return bare.rstrip() if bare.endswith((" ", "\t")) else title


def _document(file: Path, read: Converted, entry: Entry, taken: Mapping[str, object]) -> Document:
    stem = " ".join(converting.seen(file.stem)[0].split()) or "document"
    base = name = entry.get("id", stem)
    count = 1
    while name in taken:  # the same file name in two folders
        count += 1
        name = f"{base}-{count}"
    return Document(
        id=name,
        title=entry.get("title") or _title(read.text) or stem,
        text=read.text,
        path=str(file),
        publisher=entry.get("publisher", ""),
        as_of=entry.get("as_of") or read.as_of,
        place=entry.get("place", ""),
    )
