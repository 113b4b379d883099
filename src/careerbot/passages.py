"""Documents as HTML: a passage in its surroundings with the quotation marked, and a whole document. Pure.

Everything that comes from a document is escaped; the only markup is ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from careerbot.datatypes import Document, Kind, Section, Span

Marks = Callable[[str, int, int], Iterable[tuple[int, int]]]
"""Which ranges of `text[start:end]` are marked, in order and apart from each other."""

_AROUND = 1
"""Blocks before and after the one that is quoted."""

_BAR = re.compile(r"(?<!\\)\|")
_NUMBER = re.compile(r"(\d{1,9})[.)]\s+$")


def seal(quotation: str) -> str:
    """Twelve characters that a link carries, by which another text in the place of its quotation is noticed."""
    return hashlib.sha256(quotation.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def passage(document: Document, sections: Sequence[Section], start: int, end: int) -> str:
    """The blocks that hold a quotation with those around them, and the quotation marked; empty where none do."""
    held = [at for at, section in enumerate(sections) if section.start < end and start < section.end]
    if not held:
        return ""
    around = sections[max(0, held[0] - _AROUND) : held[-1] + _AROUND + 1]
    return _html(document, around, lambda _, first, last: [(max(first, start), min(last, end))])


def whole(document: Document, sections: Sequence[Section], find: str = "") -> tuple[str, int]:
    """A whole document, with every place marked where some words stand, and how many there are.

    Case does not matter, nor does what white space parts the words.
    """
    wanted = re.compile(r"\s+".join(re.escape(word) for word in find.split()) or "(?!)", re.IGNORECASE)

    def found(text: str, first: int, last: int) -> Iterable[tuple[int, int]]:
        return (match.span() for match in wanted.finditer(text, first, last))

    html = _html(document, sections, found, lambda path: _marked(path, 0, len(path), found))
    return html, html.count("<mark>")


def source_heading(document: Document) -> str:
    """Title, publisher and date of a document."""
    dated = f"as of {document.as_of}" if document.as_of else "undated"
    known = ", ".join(part for part in (document.publisher, dated) if part)
    return f"<h2>{escape(document.title)}</h2><p class='edition'>{escape(known)}</p>"


def _html(document: Document, sections: Sequence[Section], marks: Marks, heading: Callable[[str], str] = escape) -> str:
    parts = []
    for headings, blocks in groupby(sections, key=lambda section: section.headings):
        path = headings[1:] or headings
        if path:
            parts.append(f"<h3>{heading(' › '.join(path))}</h3>")
        parts += [_block(document.text, block, marks) for block in blocks]
    return "".join(parts)


def _block(text: str, section: Section, marks: Marks) -> str:
    if section.kind is Kind.TABLE:
        return _table(text, section, marks)
    if section.kind is Kind.LIST:
        return _list(text, section, marks)
    return f"<p>{_marked(text, section.body.start, section.body.end, marks)}</p>"


def _list(text: str, section: Section, marks: Marks) -> str:
    """Items with their own numbers, which need not begin at 1 or follow each other."""
    items: list[tuple[str, str]] = []
    at = section.body.start
    for part in section.parts:
        number = _NUMBER.search(text, at, part.start)
        at = part.end
        items.append((number[1] if number else "", _marked(text, part.start, part.end, marks)))
    parts = []
    for numbered, held in groupby(items, key=lambda item: item[0] != ""):
        tag = "ol" if numbered else "ul"
        listed = (f'<li value="{int(number)}">{item}</li>' if number else f"<li>{item}</li>" for number, item in held)
        parts.append(f"<{tag}>{''.join(listed)}</{tag}>")
    return "".join(parts)


def _table(text: str, section: Section, marks: Marks) -> str:
    head = f"<thead>{_row(text, section.lead, 'th', marks)}</thead>" if section.lead is not None else ""
    body = "".join(_row(text, part, "td", marks) for part in section.parts)
    return f"<div class='wide'><table>{head}<tbody>{body}</tbody></table></div>"


def _row(text: str, row: Span, tag: str, marks: Marks) -> str:
    shown = (_marked(text, start, end, marks).replace("\\|", "|") for start, end in _cells(text, row))
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in shown) + "</tr>"


def _cells(text: str, row: Span) -> Iterator[tuple[int, int]]:
    """Where the cells of a row stand (`chunking.cells` tells what they say), without the white space around them."""
    start = row.start + row.text.startswith("|")
    end = row.end - (row.text.endswith("|") and not row.text.endswith("\\|"))
    at = start
    for bar in _BAR.finditer(text, start, end):
        yield _trimmed(text, at, bar.start())
        at = bar.end()
    yield _trimmed(text, at, max(at, end))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    held = text[start:end]
    first = start + len(held) - len(held.lstrip())
    return first, max(first, start + len(held.rstrip()))


def _marked(text: str, start: int, end: int, marks: Marks) -> str:
    parts = []
    at = start
    for first, last in marks(text, start, end):
        if first < last:
            parts.append(f"{escape(text[at:first])}<mark>{escape(text[first:last])}</mark>")
            at = last
    return "".join(parts) + escape(text[at:end])
