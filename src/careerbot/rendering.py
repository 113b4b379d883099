"""Answer → JSON, and text of documents for a line, a Markdown page or HTML. Pure; it stays text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from careerbot.chunking import cells
from careerbot.datatypes import Answer, Citation, Disagreement

_SHOWN_ROWS = 4
_MARK = re.compile(r"^\s*(?:[-*+•‣◦▪·]|\d{1,3}[.)])\s+", re.MULTILINE)
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|!~&]")
_LINE_MARK = re.compile(r"^(\d{0,9})([-+=:.)])", re.M)
_ESCAPED = re.compile(r"\\([-\\`*_{}\[\]<>#|!~&+=:.)])|&#(46|58|64);")
MARKS = r" (?:\[\d{1,9}\])+$"
"""The markers at the end of a statement."""

_TABLE = re.compile(rf"^[^\n]+\n---(?: \| ---)+\n(?:[^\n]+\n)*?[^\n]*{MARKS}", re.MULTILINE)
_ADDRESS = re.compile(r"://|@|(?<=www)\.", re.IGNORECASE)


def as_json(answer: Answer, id: str = "") -> dict[str, Any]:  # noqa: A002 - the contract's name
    """The answer as the JSON object that terminal, Python and web share; `model` is there where one was asked."""
    return {
        "id": id,
        "question": answer.question,
        "searched_question": answer.searched_question,
        "status": answer.status.value,
        "answer": answer.text,
        "citations": [
            {
                "number": citation.number,
                "source": citation.source,
                "title": citation.title,
                "publisher": citation.publisher,
                "as_of": citation.as_of,
                "section": list(citation.section),
                "quote": citation.quote,
                "start": citation.start,
                "end": citation.end,
                "path": citation.path,
            }
            for citation in answer.citations
        ],
        "disagreements": [
            {
                "about": disagreement.about,
                "values": [
                    {"value": value.value, "as_of": value.as_of, "citation": value.citation}
                    for value in disagreement.values
                ],
            }
            for disagreement in answer.disagreements
        ],
        "missing": list(answer.missing),
        "suggestions": list(answer.suggestions),
        "latency_ms": round(answer.latency_ms, 1),
    } | ({"model": asdict(answer.writing)} if answer.writing else {})


def blocks(text: str) -> Iterator[list[str]]:
    """The lines of an answer, each by itself; those of a Markdown table together, the markers behind its last cell."""
    end = 0
    for table in _TABLE.finditer(text):
        if table.start() > end:
            yield from ([line] for line in text[end : table.start() - 1].split("\n"))
        yield table.group().split("\n")
        end = table.end() + 1
    if end <= len(text):
        yield from ([line] for line in text[end:].split("\n"))


def written_by(answer: Answer) -> str:
    """What a chat model had to do with an answer, as a sentence; "" where none was asked."""
    writing = answer.writing
    if writing is None:
        return ""
    who = f"{writing.name} at {writing.host}"
    if writing.failed:
        return f"Without model: {who} was asked, but {writing.failed}."
    if not answer.text:
        return f"Asking {who} …"
    if not answer.citations:
        return f"How to read the question was asked of {who}."
    withheld = f" Left out, since they failed: {writing.withheld}." if writing.withheld else ""
    return f"Worded by {who}; each sentence was checked against its quotations.{withheld}"


def disagreed(disagreement: Disagreement) -> str:
    """The values that sources give for the same thing, side by side on one line, each with its date and citation."""
    values = (
        f"{stated.value} ({f'as of {stated.as_of}' if stated.as_of else 'undated'}) [{stated.citation}]"
        for stated in disagreement.values
    )
    about = f" ({disagreement.about})" if disagreement.about else ""
    return f"The sources disagree{about}: {' · '.join(values)}"


def source_line(citation: Citation) -> str:
    """Where a quotation stands: title, publisher, date and section on one line."""
    dated = f"as of {citation.as_of}" if citation.as_of else "undated"
    known = ", ".join(part for part in (citation.publisher, dated) if part)
    path = " › ".join(citation.section[1:] or citation.section)
    return f"{citation.title} ({known})" + (f" › {path}" if path else "")


def quoted(citation: Citation) -> str:
    """The quotation for reading: on one line, of a long table its header and its last row."""
    lines = [line for line in citation.quote.split("\n") if line.strip()]
    if len(lines) > 2 and all(line.lstrip().startswith("|") for line in lines):
        rows = [" | ".join(cells(line)) for line in (lines[0], *lines[2:])]
        return " / ".join(rows if len(rows) <= _SHOWN_ROWS else [rows[0], "…", rows[-1]])
    return " ".join(_MARK.sub("· ", citation.quote).split())


def escape_markdown(text: str) -> str:
    """Text of documents and people for a Markdown page: no markup, link, image or HTML in it acts."""
    # Indentation would make code blocks; Markdown shows no other. A line may begin with a mark of lists or tables.
    flush = "\n".join(line.lstrip(" \t") for line in re.split(r"\r\n?|\n", text))
    escaped = _MARKUP.sub(r"\\\g<0>", flush)
    # Web and mail addresses become links without any markup; a character reference prevents it.
    plain = _ADDRESS.sub(lambda match: f"&#{ord(match.group()[0])};" + match.group()[1:], escaped)
    return _LINE_MARK.sub(r"\1\\\2", plain)


def escape_html(text: str) -> str:
    """The same on one line inside an HTML element of ours."""
    flat = html.escape(" ".join(text.split()))
    return _ADDRESS.sub(lambda match: f"&#{ord(match.group()[0])};" + match.group()[1:], flat)


def unescape_markdown(text: str) -> str:
    """What `escape_markdown` was given, but for indentation."""
    return _ESCAPED.sub(lambda match: match[1] or chr(int(match[2])), text)
