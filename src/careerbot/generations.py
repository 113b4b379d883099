"""The folder of an index: its generations, which of them is served, who may write, what lies in its files.

    <folder>/CURRENT       the name of the generation that is served
    <folder>/LOCK          held by the one process that writes
    <folder>/gen-000007/   manifest.json documents.jsonl chunks.jsonl gaps.jsonl vectors.npy
                           nearest.onnx nearest.npy turn.npy topics.npy vocabulary.json names.json
                           asked.json chroma/ bm25/ encoder/

A generation is written beside the old one as gen-000008.tmp, verified and brought to the disk there,
renamed, and served from the moment that CURRENT names it. After that no file of it changes: the
manifest holds the hash of each, and its own. The one that was served before is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from careerbot import chunking
from careerbot.datatypes import Chunk, Document, Gap, Kind, Span, Wording
from careerbot.errors import IndexUnusable, LockedError

FORMAT = 7

TURNED = ("turn.npy", "topics.npy")
"""What `topics.learn` gives: the matrix that turns a vector, and the prototypes of the topics."""

ENCODER = "encoder"
"""The folder in a generation that holds the exported encoder of questions, where there is one."""

DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError)
"""What reading a damaged file raises."""

_NAME = re.compile(r"gen-[0-9]{6}")
_KINDS = {kind.value: kind for kind in Kind}
_HASHED_AT_ONCE = 4  # files; hashing leaves Python's lock free


def current(folder: Path) -> Path | None:
    """The generation that is served; None where there is none."""
    try:
        name = (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return folder / name if _NAME.fullmatch(name) and (folder / name).is_dir() else None


def all_of(folder: Path) -> list[Path]:
    """The complete generations, newest first by their numbers; clocks do not count. None where we may not look."""
    try:
        return sorted(folder.glob("gen-??????"), reverse=True)
    except OSError:
        return []


@contextmanager
def draft(folder: Path) -> Iterator[tuple[int, Path]]:
    """The number of the next generation and an empty folder to write it in; gone when it was not completed."""
    for leftover in folder.glob("gen-*.tmp"):
        shutil.rmtree(leftover)
    following = 1 + max(map(number, all_of(folder)), default=0)
    fresh = folder / f"gen-{following:06d}.tmp"
    fresh.mkdir()
    try:
        yield following, fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def complete(fresh: Path) -> Path:
    """Give a draft that is verified its name as a generation, all of it being on the disk before."""
    for path in sorted(fresh.rglob("*")):
        _sync(path)
    _sync(fresh)
    generation = fresh.replace(fresh.with_suffix(""))
    try:
        _sync(generation.parent)
    except OSError:
        shutil.rmtree(generation, ignore_errors=True)
        raise
    return generation


def serve(generation: Path) -> None:
    """Point CURRENT to a generation; keep the one that it pointed to, and drop all others.

    Raises OSError: before the switch, and the generation is removed, or after it, and it is served.
    """
    folder = generation.parent
    before = current(folder)
    pointer = folder / "CURRENT.tmp"
    try:
        with pointer.open("w", encoding="utf-8") as file:
            file.write(generation.name + "\n")
            file.flush()
            os.fsync(file.fileno())
        pointer.replace(folder / "CURRENT")
    except OSError:
        shutil.rmtree(generation, ignore_errors=True)
        with suppress(OSError):
            pointer.unlink(missing_ok=True)
        raise
    _sync(folder)
    for old in all_of(folder):
        if old not in (generation, before):
            shutil.rmtree(old, ignore_errors=True)  # the next build tries again


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such call for folders
    opened = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def write_lock(folder: Path) -> Iterator[None]:
    """Hold LOCK. Raises LockedError when another writer holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "LOCK")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"another process is writing the index in {folder}; try again when it has finished"
        ) from error
    try:
        yield
    finally:
        lock.release()


def read_manifest(generation: Path) -> dict[str, Any]:
    """What the generation was made of and by. Raises IndexUnusable when it does not say."""
    try:
        held = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
        if {"format", "chunker", "encoder", "sources"} <= held.keys():
            return dict(held)
    except (OSError, ValueError, AttributeError) as error:
        raise unusable(generation.parent, f"its manifest cannot be read ({error})") from error
    raise unusable(generation.parent, "its manifest is not complete")


def seal(generation: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest, with the hashes of all files, and give it back; nothing is written after it."""
    files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in _hashes(generation).items()}
    sealed = {**manifest, "files": files}
    sealed["seal"] = _seal(sealed)
    write_json(generation / "manifest.json", sealed)
    return sealed


def check_files(generation: Path, manifest: Mapping[str, Any]) -> None:
    """Compare every byte of a generation with its hashes. Raises ValueError that names a file, or OSError.

    What passes is what was written, unless somebody changed a file and its hash together. It takes
    50 ms for 70 MB; of a file that is damaged later, after it was opened, it knows nothing.
    """
    if manifest.get("seal") != _seal(manifest):
        raise ValueError("manifest.json was changed")
    held = _hashes(generation, manifest["files"])
    for name, file in manifest["files"].items():
        if held[name] != (file["bytes"], file["sha256"]):
            raise ValueError(f"{name} is not what was written")


def _seal(manifest: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _hashes(generation: Path, names: Iterable[str] | None = None) -> dict[str, tuple[int, str]]:
    """Bytes and SHA-256 of files by their paths with slashes; without names of all but the manifest."""
    found = sorted(path.relative_to(generation).as_posix() for path in generation.rglob("*") if path.is_file())
    wanted = [name for name in found if name != "manifest.json"] if names is None else list(names)
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        return dict(zip(wanted, pool.map(_hash, (generation / name for name in wanted)), strict=True))


def _hash(file: Path) -> tuple[int, str]:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return opened.tell(), digest


def of_this_version(manifest: Mapping[str, Any]) -> bool:
    """Whether this version of careerbot would lay out files and cut chunks in the same way."""
    return bool(manifest["format"] == FORMAT and manifest["chunker"] == chunking.SETTINGS)


def missing(folder: Path) -> IndexUnusable:
    """The error for a folder without an index; it names the command that builds one."""
    return IndexUnusable(f"no index in {folder}; build one: careerbot index --index {folder}")


def unusable(folder: Path, reason: str) -> IndexUnusable:
    """The error for an index that cannot be served; it names the command that repairs it."""
    return IndexUnusable(
        f"the index in {folder} cannot be used: {reason}; rebuild it: careerbot index --index {folder}"
    )


def damaged(folder: Path, error: Exception) -> IndexUnusable:
    """The error for one of `DAMAGE`."""
    return unusable(folder, f"a file of it is damaged ({error})")


@dataclass(frozen=True, slots=True)
class Changes:
    """How the documents of a generation differ from those of the one before it, by title."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def number(generation: Path) -> int:
    """The number of a generation, which counts from 1 and tells its age as no clock does."""
    return int(generation.name.removeprefix("gen-"))


def edition(generation: Path, shown: Callable[[str], str] = str) -> str:
    """In words: when a generation was made and what changed then; `shown` is what becomes of each title."""
    made = date.fromtimestamp((generation / "manifest.json").stat().st_mtime)
    told = f"Indexed on {made}."
    found = changes(generation)
    if found is None:
        return told
    named = (("added", found.added), ("changed", found.changed), ("removed", found.removed))
    parts = [f"{what}: {', '.join(map(shown, titles))}" for what, titles in named if titles]
    return f"{told} Since the index before, {'; '.join(parts) or 'no document changed'}."


def changes(generation: Path) -> Changes | None:
    """What changed since the generation before; None where that is gone or cannot be read. Raises one of `DAMAGE`."""
    before = [held for held in all_of(generation.parent) if held.name < generation.name]
    new = _told(generation)
    try:
        old = _told(before[0])
    except (IndexError, *DAMAGE):
        return None
    return Changes(
        tuple(held[0] for name, held in new.items() if name not in old),
        tuple(held[0] for name, held in new.items() if name in old and held != old[name]),
        tuple(held[0] for name, held in old.items() if name not in new),
    )


def _told(generation: Path) -> dict[str, tuple[str, ...]]:
    return {held.id: (held.title, held.publisher, held.as_of, held.text) for held in read_documents(generation)}


def write_json(file: Path, held: object) -> None:
    """One value as indented JSON."""
    file.write_text(json.dumps(held, ensure_ascii=False, indent=1), encoding="utf-8")


def read_json(file: Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(file.read_text(encoding="utf-8"))


def write_lines(file: Path, records: Iterable[Document | Chunk | Gap]) -> None:
    """One line of JSON per record."""
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(asdict(record), ensure_ascii=False) + "\n" for record in records)


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of `write_lines` as dictionaries."""
    with file.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def read_documents(generation: Path) -> tuple[Document, ...]:
    """The documents in the order in which they were indexed. Raises one of `DAMAGE`."""
    return tuple(_document(held) for held in read_lines(generation / "documents.jsonl"))


def read_chunks(generation: Path) -> tuple[Chunk, ...]:
    """The chunks in the order of the vectors. Raises one of `DAMAGE`."""
    return tuple(_chunk(held) for held in read_lines(generation / "chunks.jsonl"))


def read_gaps(generation: Path) -> tuple[Gap, ...]:
    """What is known not to be covered. Raises one of `DAMAGE`."""
    return tuple(Gap(held["topic"], tuple(held["asked"])) for held in read_lines(generation / "gaps.jsonl"))


def _chunk(held: dict[str, Any]) -> Chunk:
    held["headings"], held["asked"] = tuple(held["headings"]), tuple(held["asked"])
    held["expanded"] = tuple(held.get("expanded", ()))
    held["kind"] = _KINDS[held["kind"]]
    held["lead"] = Span(**held["lead"]) if held["lead"] else None
    return Chunk(**held)


def _document(held: dict[str, Any]) -> Document:
    wordings = tuple(Wording(**wording | {"asked": tuple(wording["asked"])}) for wording in held["wordings"])
    return Document(**held | {"wordings": wordings, "copies": tuple(held.get("copies", ()))})


def vector_views(chunks: Sequence[Chunk], gaps: Sequence[Gap]) -> list[tuple[str, str]]:
    """What the vectors stand for: a pair of texts per chunk, then per wording, then per way to ask for a gap."""
    own = [chunking.views(chunk) for chunk in chunks]
    others = [*wordings(chunks), *(asked for gap in gaps for asked in gap.asked)]
    return own + [(asked, asked) for asked in others]


def vector_names(chunks: Sequence[Chunk], wordings: Collection[str]) -> list[str]:
    """The name of each vector that is searched: those of the chunks, then those of their wordings."""
    return [chunk.id for chunk in chunks] + [f"?{at}" for at in range(len(wordings))]


def owners(chunks: Sequence[Chunk], wordings: Mapping[str, list[int]]) -> list[list[int]]:
    """For each vector that has a name, the rows that it is searched for; none where one before it stands for the same.

    Hundreds of equal vectors are each other's only neighbours in Chroma's graph, which then finds no other.
    """
    found: dict[tuple[object, ...], list[int]] = {}
    own: list[list[int]] = []
    for row, chunk in enumerate(chunks):
        # All that its views are made of, which are not: that would take seconds for 100,000.
        lead = chunk.lead.text if chunk.lead else ""
        is_row = chunk.kind is Kind.TABLE and chunk.part is not None
        rows = found.setdefault((chunk.text, chunking.searched_under(chunk), lead, is_row), [])
        own.append([] if rows else rows)
        rows.append(row)
    return own + list(wordings.values())


def searched(owners: Sequence[Sequence[int]]) -> list[int]:
    """The places of the vectors that Chroma holds: those that stand for any row."""
    return [place for place, rows in enumerate(owners) if rows]


def wordings(chunks: Sequence[Chunk]) -> dict[str, list[int]]:
    """Every wording once, with the rows of the chunks that it asks for, in the order of the vectors."""
    found: dict[str, list[int]] = {}
    for row, chunk in enumerate(chunks):
        for asked in chunk.wordings:
            found.setdefault(asked, []).append(row)
    return found


def topics(wordings: Mapping[str, list[int]]) -> dict[tuple[int, ...], list[int]]:
    """What people ask for: the rows that answer, with the places of its wordings among all wordings, in order."""
    found: dict[tuple[int, ...], list[int]] = {}
    for place, rows in enumerate(wordings.values()):
        found.setdefault(tuple(rows), []).append(place)
    return found
