"""Lines of plain text → the same lines as Markdown: headings, lists, records, tables whose cells are glued. Pure.

Nothing is added to what is quoted: every Markdown line carries the number of the line it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from careerbot.words import unglued

ITEM = re.compile(r"\s*(?:[-*+•‣◦▪·]|\d{1,3}[.)])\s+")
_BULLET = re.compile(r"^(\s*)[•‣◦▪·]\s")
_FIELD = re.compile(r"([^:]{2,60}): \S.{0,60}")
_LONGEST_RECORD = 6  # lines
_MARKS = {
    "title": "# ",
    "heading": "## ",
    "record": "- ",
    "field": "  ",
    "glued header": "|",
    "glued row": "|",
    "item": "",
    "row": "",
    "text": "",
}
_GOES_ON = {("record", "field"), ("field", "record"), ("glued header", "glued row")}


def is_markdown(lines: Sequence[str]) -> bool:
    """Whether lines have a heading of Markdown; all others are plain text, whose headings have no levels."""
    return any(re.match(r"\ufeff?#{1,6}\s", line) for line in lines)


def as_markdown(lines: Sequence[str]) -> list[tuple[int, str]]:
    """The lines as Markdown, each with the number of the line it comes from.

    In plain text, bullets and headings get Markdown's marks, and an empty line is put in (with the
    number of the line after it) wherever plain text starts something new without one.
    """
    # A lone carriage return would be a line end to the parser, and the line numbers would drift.
    marked = [_BULLET.sub(r"\1- ", line.lstrip("\ufeff")).replace("\r", " ") for line in lines]
    if is_markdown(marked):
        return list(enumerate(marked))
    built: list[tuple[int, str]] = []
    before = ""
    for number, (line, kind) in enumerate(zip(marked, _kinds(marked), strict=True)):
        if number and kind != before and (before, kind) not in _GOES_ON:
            built.append((number, ""))
        if (before, kind) == ("glued header", "glued row"):
            built.append((number, "|---|"))
        built.append((number, _MARKS[kind] + line.strip() if _MARKS[kind] else line))
        before = kind
    return built


def _kinds(lines: Sequence[str]) -> list[str]:
    """What each line is: a key of `_MARKS`."""
    kinds: list[str] = []
    asked = False  # the last line that is not empty is a heading that asks: what follows answers
    for line, above, below in zip(lines, ["", *lines[:-1]], _below(lines), strict=True):
        kind = _kind(line, below, kinds[-1] if kinds else "", not above.strip())
        if kind == "heading" and asked and not line.strip().endswith("?"):
            kind = "text"
        kinds.append(kind)
        asked = (kind == "heading" and line.strip().endswith("?")) if line.strip() else asked
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if kinds and (kinds[first] == "heading" or _is_title(lines, first)):
        kinds[first] = "title"
    for begin, end in _runs(lines, kinds):
        kinds[begin:end] = _records(lines[begin:end]) or _glued(lines[begin:end]) or kinds[begin:end]
    return kinds


def _below(lines: Sequence[str]) -> list[tuple[str, bool]]:
    """For each line the next one that is not empty, stripped, and whether an empty one stands before it."""
    found = [("", True)]
    for line in reversed(lines[1:]):
        found.append((line.strip(), False) if line.strip() else (found[-1][0], True))
    return found[::-1]


def _kind(line: str, below: tuple[str, bool], before: str, apart: bool) -> str:
    if ITEM.match(line) or line.lstrip().startswith("|"):
        return "item" if ITEM.match(line) else "row"
    if before == "item" and line[:2].isspace() and line.strip():
        return "item"  # an item that goes on
    return "heading" if _is_heading(line.strip(), *below, apart) else "text"


def _is_heading(line: str, below: str, gap_below: bool, gap_above: bool) -> bool:
    """A short line that names what follows: no full stop, no amounts, something below; standing apart says enough."""
    if (
        not line
        or not below
        or len(line) > 90
        or len(line.split()) > 14
        or not (line[0].isupper() or line[0].isdigit())
    ):
        return False
    if re.search(r"[.,;:!…]$|[$%€£]|: ", _unstepped(line)) or unglued(line) != line:
        return False
    if not gap_below and unglued(below) != below:
        return False  # the header of a table
    if line.endswith("?") or (gap_above and gap_below):
        return True
    return len(below) > 40 or ":" in below or below[:1] == "|" or bool(ITEM.match(below + " "))


def _is_title(lines: Sequence[str], first: int) -> bool:
    """Whether a short first line stands apart and ends as no sentence does: "Baking: a guide"."""
    line = lines[first].strip()
    apart = first + 1 < len(lines) and not lines[first + 1].strip() and any(held.strip() for held in lines[first + 1 :])
    return apart and line[:1].isalnum() and len(line) <= 90 and line[-1] not in ".,;:!…" and unglued(line) == line


def _unstepped(line: str) -> str:
    return re.sub(r"^(?:step|part|chapter)\s+\d+\s*[:.]?\s*", "", line, flags=re.IGNORECASE)


def _runs(lines: Sequence[str], kinds: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of neighbouring lines that are text."""
    begin = 0
    for number in range(len(lines) + 1):
        if number == len(lines) or kinds[number] != "text" or not lines[number].strip():
            if number > begin:
                yield begin, number
            begin = number + 1


def _records(lines: Sequence[str]) -> list[str] | None:
    """Lines whose labels repeat are records: "Ohio pay: $9", "Jobs: 5", "Iowa pay: $8", "Jobs: 4"."""
    matched = [_FIELD.fullmatch(line.strip()) for line in lines]
    first = next((at for at, field in enumerate(matched) if field), len(lines))
    labels = [field[1] for field in takewhile(bool, matched[first:]) if field]
    for size in range(2, min(_LONGEST_RECORD, len(labels) // 2) + 1):
        if all(labels[at] == labels[at - size] for at in range(size, len(labels)) if at % size):
            marked = ["field" if at % size else "record" for at in range(len(labels))]
            return ["text"] * first + marked + ["text"] * (len(lines) - first - len(labels))
    return None


def _glued(lines: Sequence[str]) -> list[str] | None:
    """Rows of a table whose cells lost what stood between them: "StatePay", "Ohio$9", "Iowa$8"."""
    glued = [unglued(line) != line for line in lines]
    first = glued.index(True, 1) if any(glued[1:]) else len(lines)
    if len(lines) - first > 1 and all(glued[first:]):
        return ["text"] * (first - 1) + ["glued header"] + ["glued row"] * (len(lines) - first)
    return None
