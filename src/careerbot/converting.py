"""Bytes of a file → Markdown text. What a file is, its content tells; the ending only decides between texts.

HTML, PDF and DOCX are converted by `python -m careerbot.converting KIND` with limits on time, memory and
output, so that a hostile file harms nothing but itself.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import IO

from careerbot import decoding
from careerbot.errors import InputError, StorageError

MAX_SECONDS = 60
MAX_MEMORY = 1 << 30
MAX_CHARACTERS = 10_000_000
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")
_MAX_OUTPUT = 8 * MAX_CHARACTERS  # bytes
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(r"(?:\s|\ufeff|<!--.*?-->|<\?xml[^>]*>)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_TAG = re.compile(r"<(?:a|article|br|div|h[1-6]|li|ol|p|section|span|table|ul)\b[^<>]*>", re.I)
# Zero-width and soft marks, bidirectional overrides and isolates, tag characters, controls, lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")


class Format(StrEnum):
    """What is converted; Markdown and plain text are read as they are."""

    HTML = "HTML"
    PDF = "PDF"
    DOCX = "DOCX"
    CSV = "CSV"


SUFFIXES = {
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
}


@dataclass(frozen=True, slots=True)
class Converted:
    """Markdown text and the date that the document states (YYYY[-MM[-DD]]), or the reason why there is none.

    `unseen` counts the characters of a text file that nobody sees and that were left out; `guessed` is its charset
    where nothing but its letters tells it.
    """

    text: str = ""
    as_of: str = ""
    reason: str = ""
    unseen: int = 0
    guessed: str = ""


def format_of(raw: bytes, suffix: str) -> Format | None:
    """What the bytes of a file are; None for what is read as text. `suffix` is lower case, with its dot."""
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in raw[:1024]):
        return Format.PDF
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06", _OLD_OFFICE)):
        return Format.DOCX
    head = raw[:65_536].decode(decoding.marked(raw) or "utf-8", "ignore")
    named = SUFFIXES.get(suffix)
    if _HTML.match(head) or (named is Format.HTML and _TAG.search(head)):
        return Format.HTML
    if named is Format.CSV or (suffix in (".txt", ".text") and _is_table(raw)):
        return Format.CSV
    return None


def seen(text: str) -> tuple[str, int]:
    """The text without the characters that nobody sees, and how many these were. A byte order mark before it stays."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    shown, count = _INVISIBLE.subn("", text[len(mark) :])
    return mark + shown, count


def clean(text: str) -> str:
    """The text without what a reader cannot see, without blanks at line ends, and with one empty line at most."""
    shown = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    lines = "\n".join(line.rstrip() for line in shown.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def is_date(text: str) -> bool:
    """Whether a text is a year, a month or a day that exists: YYYY, YYYY-MM or YYYY-MM-DD."""
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text + "-01" * (2 - text.count("-"))))
    except ValueError:
        return False


def as_table(text: str) -> Converted:
    """Separated values as one Markdown table, whose header is the first row that has several cells."""
    text = text.removeprefix("\ufeff")
    try:
        rows = _rows(text, _separator(text))
    except csv.Error as error:
        return Converted(reason=f"damaged: this CSV cannot be read ({error})")
    usual = Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 0
    above: list[str] = []
    while len(rows) > 1 and usual > 1 and sum(map(bool, rows[0])) < 2:
        above += [*filter(None, rows.pop(0)), ""]
    if not rows:
        return Converted(reason="empty")
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return Converted("\n".join([*above, lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]))


def convert(raw: bytes, kind: Format, seconds: float = MAX_SECONDS) -> Converted:
    """HTML, PDF or DOCX as Markdown, converted by a process of its own. Needs the extra `formats`.

    Raises StorageError when there is no room for what it writes, or no process can be started.
    """
    if raw.startswith(_OLD_OFFICE):
        return Converted(reason="an old or password-protected Office file: save it as DOCX without a password")
    command = [sys.executable, "-P", "-W", "ignore", "-m", "careerbot.converting", kind.value]
    # Nothing of our environment goes along; the same hashes make the same text on every run.
    path = os.pathsep.join(entry or "." for entry in sys.path)
    env = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = subprocess.run(  # noqa: S603 - our own module
                command, input=raw, stdout=out, stderr=err, timeout=seconds, env=env, check=False
            ).returncode
            return Converted(reason=_failure(kind, code, _tail(err))) if code else _result(kind, out)
    except subprocess.TimeoutExpired:
        return Converted(reason=f"converting it took more than {seconds:g} s")
    except OSError as error:  # of our own disk or system: the file is not to blame, and must not go missing for it
        raise StorageError(f"cannot convert files (TMPDIR names where): {error.strerror or error}") from error


def _failure(kind: Format, code: int, complaint: str) -> str:
    last = complaint.strip().rpartition("\n")[2]
    name = last.partition(":")[0].rpartition(".")[2]
    if name in ("ModuleNotFoundError", "ImportError", "MissingDependencyException"):
        return f'to read {kind}: pip install "careerbot[formats]"'
    if f"[Errno {errno.ENOSPC}]" in last:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if name == "MemoryError":
        return f"converting it needs more than {MAX_MEMORY >> 20} MB of memory"
    if code == -signal.SIGXCPU:
        return f"converting it took more than {MAX_SECONDS} s"
    cause = name if re.fullmatch(r"[A-Za-z]\w*", name) and code > 0 else "the converter crashed"
    return f"damaged: this {kind} cannot be read ({cause})"


def _tail(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
    return file.read().decode("utf-8", "replace")


def _result(kind: Format, out: IO[bytes]) -> Converted:
    out.seek(0)
    try:
        found = json.loads(out.read(_MAX_OUTPUT))
        text, as_of, reason = (str(found[name]) for name in ("text", "as_of", "reason"))
    except (ValueError, KeyError, TypeError):
        return Converted(reason=f"damaged: this {kind} cannot be read (no result)")
    return Converted(clean(text), as_of if is_date(as_of) else "", reason)


def _is_table(raw: bytes) -> bool:
    """Whether plain text is separated values beyond doubt: three rows or more, all of three cells or more alike."""
    text = raw.decode(decoding.marked(raw) or "utf-8-sig", "replace")
    first = text.lstrip().partition("\n")[0]
    for mark in ",;\t":
        # Prose has a blank after its commas.
        if first.count(mark) < 2 or (mark != "\t" and mark + " " in first):
            continue
        with contextlib.suppress(csv.Error):
            rows = _rows(text, mark)
            if len(rows) > 2 and len(rows[0]) > 2 and {len(row) for row in rows} == {len(rows[0])} and all(rows[0]):
                return True
    return False


def _separator(text: str) -> str:
    """The mark that cuts the most of the first rows into equally many cells, two at least."""

    def score(mark: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in _rows(head, mark) if len(row) > 1)
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    head = text if len(text) < 20_000 else text[:20_000].rpartition("\n")[0]
    return max(",;\t", key=score)


def _rows(text: str, mark: str) -> list[list[str]]:
    """The rows that are not empty; cells are one line each and safe inside a Markdown table."""
    read = csv.reader(io.StringIO(clean(text), newline=""), delimiter=mark)
    rows = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in read]
    return [row for row in rows if any(row)]


def _limit() -> None:
    """Caps on this process. Systems without `resource` have the limit on time alone."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_FSIZE, _MAX_OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    # The first ends the process with a signal that tells why; the second with one that cannot be ignored.
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS + 1))


def main(arguments: Sequence[str]) -> None:
    """Convert the bytes on stdin, of the kind that is named, into the fields of `Converted` as JSON on stdout."""
    _limit()
    from careerbot import converters

    logging.disable()
    raw = sys.stdin.buffer.read()
    with contextlib.redirect_stdout(sys.stderr):  # what a library prints is no part of the result
        try:
            text, as_of = converters.CONVERTERS[arguments[0]](raw)
            text = clean(text)
            if not text.strip():
                raise InputError("no text in it")
            if len(text) > MAX_CHARACTERS:
                raise InputError(f"{len(text):,} characters of text, more than {MAX_CHARACTERS:,}")
            result = Converted(text, as_of)
        except InputError as refusal:
            result = Converted(reason=str(refusal))
    sys.stdout.write(json.dumps(asdict(result)))


if __name__ == "__main__":
    main(sys.argv[1:])
