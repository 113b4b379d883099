"""Answer → one message of the chat: statements with markers that open their sources, dates and disagreements. Pure.

All that is not ours is escaped; the markup is Markdown with a few HTML elements, in which Markdown still acts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from careerbot.chunking import cells
from careerbot.datatypes import Answer, Citation, Disagreement
from careerbot.figures import figures
from careerbot.passages import seal
from careerbot.rendering import MARKS, blocks, escape_html, escape_markdown, quoted, source_line, written_by

_MARKS = re.compile(MARKS)
_DIGITS = re.compile(r"\d+")
NOT_STATED = "<span class='blank'>not stated</span>"
"""What a cell shows where the documents say nothing."""

_MARKUP = re.compile(r"[\\`*_{}\[\]~|!]")


def message(answer: Answer) -> str:
    """The answer as Markdown for the chat, with each source and its quotation one click away."""
    parts = []
    if is_read_otherwise(answer):
        parts.append(f"*Answering: {escape_markdown(answer.searched_question)}*")
    parts.append("\n".join(_block(held, answer.citations) for held in blocks(answer.text)).strip("\n"))
    if written := written_by(answer):
        parts.append(f"*{escape_markdown(written)}*")
    parts += [_card(disagreement, answer.citations) for disagreement in answer.disagreements]
    if answer.citations:
        listed = "".join(_source(citation) for citation in answer.citations)
        many = f"{len(answer.citations)} sources" if len(answer.citations) > 1 else "1 source"
        parts.append(f'<details class="sources"><summary>{many}</summary>{listed}</details>')
    return "\n\n".join(parts)


def is_read_otherwise(answer: Answer) -> bool:
    """Whether the question was read in other words than it was asked in."""
    return answer.searched_question.strip() != answer.question.strip()


def passage_link(document: str, start: int, quotation: str, label: str, title: str) -> str:
    """A marker that opens a quotation where it begins in a document; a link of its own without scripts."""
    place = {"document": document, "start": start, "end": start + len(quotation), "seal": seal(quotation)}
    where = escape_html(urlencode(place))
    return f'<a class="cite" href="passage?{where}" title="{escape_html(title)}">{escape_html(label)}</a>'


def dated(as_of: str) -> str:
    """A badge with the date of a figure's source, for a line of Markdown or for HTML."""
    inert = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", escape_html(as_of or "undated"))
    return f'<span class="dated">{inert}</span>'


def _link(citation: Citation) -> str:
    title = f"Source {citation.number}: {citation.title}"
    return passage_link(citation.source, citation.start, citation.quote, f"[{citation.number}]", title)


def _block(lines: Sequence[str], citations: Sequence[Citation]) -> str:
    """A line of an answer, or a table of it."""
    if len(lines) == 1:
        return _line(lines[0], citations)
    last, cited = _cut(lines[-1], citations)
    head, _, *rows = map(cells, (*lines[:-1], last))
    links = "".join(_link(citation) for citation in cited)
    return f"\n{grid(head, rows, links + (f' {dated(cited[0].as_of)}' if cited else ''))}\n"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table as HTML on one line, the first cell of a row its label; `caption` is HTML that stands below it."""
    names = "".join(f"<th scope='col'>{escape_html(name)}</th>" for name in head)
    body = "".join(
        f"<tr><th scope='row'>{escape_html(label)}</th>{''.join(f'<td>{_given(cell)}</td>' for cell in held)}</tr>"
        for label, *held in rows
    )
    below = f"<caption>{caption}</caption>" if caption else ""
    return (
        f"<div class='wide'><table class='compared'>{below}<thead><tr>{names}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _given(cell: str) -> str:
    return escape_html(cell) if cell.strip("–") else NOT_STATED


def _line(line: str, citations: Sequence[Citation]) -> str:
    """One line of an answer: our bullets and markers become markup, the rest is text."""
    bullet = "- " if line.startswith("- ") else ""
    body, cited = _cut(line.removeprefix(bullet), citations)
    badge = f"\u00a0{dated(cited[0].as_of)}" if cited and any(letter.isdigit() for letter in body) else ""
    shown = escape_markdown(body) + "".join(_link(citation) for citation in cited) + badge
    # A line after a list's item needs an empty one before it, or it would belong to the item.
    return bullet + shown if bullet else f"\n{shown}\n"


def _cut(line: str, citations: Sequence[Citation]) -> tuple[str, list[Citation]]:
    """What a line says, and what its markers cite. A document's own "see [7]" at the end of a line is no marker."""
    marks = _MARKS.search(line)
    if marks is None:
        return line, []
    numbers = [int(number) for number in _DIGITS.findall(marks.group())]
    end = line[: marks.start()].rpartition(" ")[2] + marks.group()
    quoted_itself = any(end in " ".join(citation.quote.split()) for citation in citations)
    if quoted_itself or not all(0 < number <= len(citations) for number in numbers):
        return line, []
    return line[: marks.start() + 1], [citations[number - 1] for number in numbers]


def _card(disagreement: Disagreement, citations: Sequence[Citation]) -> str:
    """The values that sources give for the same thing, side by side."""
    names = ["Value", "As of", "Statistic", "Source"]
    rows = []
    for stated in disagreement.values:
        citation = citations[stated.citation - 1]
        named = next((f.statistic for f in figures(citation.quote) if f.text == stated.value and f.statistic), "")
        held = (escape_html(stated.value), escape_html(stated.as_of or "undated"), escape_html(named))
        rows.append([*held, f"{escape_html(citation.title)} {_link(citation)}"])
    if not any(row[2] for row in rows):
        for row in (names, *rows):
            del row[2]
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    about = escape_html(disagreement.about)
    return (
        f'<table class="disagreement"><caption>The sources disagree: {about}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _source(citation: Citation) -> str:
    line, quote = escape_html(source_line(citation)), escape_html(quoted(citation))
    return f"<p>{_link(citation)} {line}</p><blockquote>“{quote}”</blockquote>"
