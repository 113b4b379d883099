"""Hand-outs: answers as a page to give away, in Markdown or HTML, and whether its quotations still hold. Pure.

A Markdown hand-out tells `check` in comments what it is and where each quotation comes from:

    <!-- careerbot hand-out -->
    <!-- careerbot {"source": "baker", "as_of": "2019", "words": "5a0e3f7c2b91"} -->
    > A baker earns $16.80 an hour on average.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from careerbot.chunking import cells
from careerbot.datatypes import Answer, Citation, Document
from careerbot.errors import InputError
from careerbot.rendering import blocks, disagreed, escape_markdown, quoted, source_line, unescape_markdown, written_by

_COMMENT = "<!-- careerbot "
_HAND_OUT = "<!-- careerbot hand-out -->"
# Where comments are shown as text, an id in one must not become a link; nor may it end the comment.
_ACTIVE = re.compile(r"[^\w {}\":,\\-]", re.ASCII)
_LINE_END = re.compile(r"\r\n?|\n")
_QUOTED = re.compile(r"^\s*> ?")
_HEADING = re.compile(r"#{1,6}\s")
# A quotation that ends within a word or a figure is another one: "$100" does not stand in "$1000" or "$100.50".
_PARTED = re.compile(r"(?<=\w)(?=\w)|(?<=\d)(?=[.,]\d)|(?<=\d[.,])(?=\d)")
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#111;"
    "background:#fff}h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem;break-after:avoid}"
    "h1,h2,p,blockquote{overflow-wrap:anywhere}blockquote{margin:.2rem 0 .8rem 1rem;padding-left:.7rem;"
    "border-left:3px solid #767676}p.source{margin:.6rem 0 0;break-after:avoid}p.day{color:#555}"
    "article{break-inside:avoid-page}table{border-collapse:collapse}thead{font-weight:600}"
    "td{border:1px solid #767676;padding:.2rem .5rem;vertical-align:top}"
)
_HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A quotation of a hand-out: `reason` says why it does not hold any more, and is empty where it does.

    `source` is the id of its document, empty where the hand-out does not say; `quote` is on one line.
    """

    source: str
    quote: str
    reason: str


def as_markdown(answers: Sequence[Answer], day: str, title: str = "careerbot") -> str:
    """Answers with their quotations, dates and sources, in a form that `check` can read. `day` is YYYY-MM-DD."""
    parts = [f"# {_flat(title)}: answers of {day}", f"{_promise(answers)} {_CHECK}", _HAND_OUT]
    for answer in answers:
        parts.append(f"## {_flat(answer.question)}")
        if reading := _reading(answer):
            parts.append(f"*Answering: {_flat(reading)}*")
        # One paragraph a line: line breaks would be lost in an editor that trims lines.
        for lines in blocks(answer.text):
            parts += _markdown_block(lines)
        parts += [_flat(disagreed(held)) for held in answer.disagreements]
        if written := written_by(answer):
            parts.append(f"*{_flat(written)}*")
        parts += [_markdown_source(citation) for citation in answer.citations]
    return "\n\n".join(parts) + "\n"


def _markdown_block(lines: Sequence[str]) -> list[str]:
    """The paragraphs of a line, or the one of a table."""
    if len(lines) == 1:
        return [line for line in escape_markdown(lines[0]).split("\n") if line.strip()]
    head, rule, *rows = lines
    return ["\n".join([_markdown_row(head), rule, *map(_markdown_row, rows)])]


def _markdown_row(line: str) -> str:
    return " | ".join(map(escape_markdown, cells(line)))


_PROMISED = "Every statement is a quotation from the source that is named with it."
_PROMISED_LESS = "Every statement is a quotation from the source that is named with it, or was checked against it."
_CHECK = "`careerbot check FILE` tells which quotations the documents still hold."


def _promise(answers: Sequence[Answer]) -> str:
    """What holds of all statements of some answers."""
    return _PROMISED_LESS if any(answer.writing and not answer.writing.failed for answer in answers) else _PROMISED


def _flat(text: str) -> str:
    return escape_markdown(" ".join(text.split()))


def _reading(answer: Answer) -> str:
    """How the question was read, where that differs from how it was asked."""
    searched = answer.searched_question.strip()
    return searched if searched != answer.question.strip() else ""


def _markdown_source(citation: Citation) -> str:
    words = _fingerprint(" ".join(citation.quote.split()))
    told = json.dumps({"source": citation.source, "as_of": citation.as_of, "words": words})
    told = _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", told)
    # Two spaces keep the rows of a table apart, and are white space to `check`.
    lines = (f"> {line}  " if line.strip() else ">" for line in escape_markdown(citation.quote).split("\n"))
    quote = "\n".join(lines).rstrip()
    return f"\\[{citation.number}\\] {_flat(source_line(citation))}\n\n{_COMMENT}{told} -->\n{quote}"


def _fingerprint(flat: str) -> str:
    """12 hex digits by which words that were edited by mistake are noticed; no protection against forgery."""
    return hashlib.sha256(flat.encode()).hexdigest()[:12]


def as_html(answers: Sequence[Answer], day: str, title: str = "careerbot") -> str:
    """The same as one page that needs nothing else, for printing."""
    head = f"{_HEAD}<title>{escape(title)}: answers of {day}</title><style>{_STYLE}</style>"
    body = f"<h1>{escape(title)}</h1><p class='day'>Made on {day}. {_promise(answers)}</p>"
    articles = "".join(_article(answer) for answer in answers)
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}{articles}</body></html>'


def _article(answer: Answer) -> str:
    """One question with its answer and sources."""
    reading = _reading(answer)
    read = f"<p><em>Answering: {escape(reading)}</em></p>" if reading else ""
    said = "".join(map(_html_block, blocks(answer.text)))
    disputes = "".join(f"<p>{escape(disagreed(held))}</p>" for held in answer.disagreements)
    told = "".join(
        f"<p class='source'>[{held.number}] {escape(source_line(held))}</p>"
        f"<blockquote>“{escape(quoted(held))}”</blockquote>"
        for held in answer.citations
    )
    written = f"<p><em>{escape(written_by(answer))}</em></p>" if answer.writing else ""
    return f"<article><h2>{escape(answer.question)}</h2>{read}{said}{disputes}{written}{told}</article>"


def _html_block(lines: Sequence[str]) -> str:
    if len(lines) == 1:
        return f"<p>{escape(lines[0])}</p>" if lines[0].strip() else ""
    head, _, *rows = ("".join(f"<td>{escape(cell)}</td>" for cell in cells(line)) for line in lines)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def check(text: str, documents: Mapping[str, Document]) -> tuple[Checked, ...]:
    """Whether the quotations of a Markdown hand-out still stand in the documents (by id), in its order.

    White space may differ. Raises InputError when the text is no hand-out.
    """
    lines = _LINE_END.split(text)
    if not any(line.lstrip().startswith(_COMMENT) for line in lines):
        raise InputError("no hand-out: expected one saved as Markdown, and none of its careerbot comments is there")
    held = [(_told(comment), " ".join(unescape_markdown(quote).split())) for comment, quote in _quotations(lines)]
    # Each document is read once, however often it is quoted.
    named = {told["source"] for told, _ in held} & documents.keys()
    texts = {name: " ".join(documents[name].text.split()) for name in named}
    return tuple(
        Checked(told["source"], quote, _broken(told, quote) or _gone(told, quote, documents, texts))
        for told, quote in held
    )


def _quotations(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The comment before each quotation, and its words; either is empty where the other stands alone.

    A quotation goes on over empty lines, and over a line without ">" as it does in every Markdown viewer.
    """
    comment, going_on = "", False
    quote: list[str] = []
    for line in lines:
        own = line.lstrip().startswith(_COMMENT)
        if _QUOTED.match(line) or (going_on and line.strip() and not own and not _HEADING.match(line)):
            quote.append(_QUOTED.sub("", line))
            going_on = True
            continue
        going_on = False
        if line.strip():
            if comment or quote:
                yield comment, "\n".join(quote)
            comment, quote = (line.strip() if own and line.strip() != _HAND_OUT else ""), []
    if comment or quote:
        yield comment, "\n".join(quote)


def _told(comment: str) -> dict[str, str]:
    """What a comment says of its quotation; what it does not say is empty."""
    try:
        held = json.loads(comment.removeprefix(_COMMENT).removesuffix("-->"))
    except (ValueError, RecursionError):
        held = {}
    known = held if isinstance(held, dict) else {}
    return {name: known[name] if isinstance(known.get(name), str) else "" for name in ("source", "as_of", "words")}


def _broken(told: Mapping[str, str], quote: str) -> str:
    """Why a quotation is not as it was made, whatever the documents say."""
    if not told["source"]:
        return "the hand-out does not tell its source"
    if not quote:
        return "the quotation is missing"
    return "" if told["words"] == _fingerprint(quote) else "its words were changed in the hand-out"


def _gone(told: Mapping[str, str], quote: str, documents: Mapping[str, Document], texts: Mapping[str, str]) -> str:
    """Why the documents do not hold a quotation any more."""
    document = documents.get(told["source"])
    if document is None:
        return "the document is not loaded any more"
    if not _stands(quote, texts[document.id]):
        return "the document does not say this any more"
    if document.as_of != told["as_of"]:
        then, now = told["as_of"] or "undated", document.as_of or "undated"
        return f"its date is {then} in the hand-out and {now} in the documents"
    return ""


def _stands(quote: str, text: str) -> bool:
    """Whether a text says a quotation without going on in the middle of a word or a figure."""
    start = text.find(quote)
    while start >= 0:
        if not _PARTED.match(text, start) and not _PARTED.match(text, start + len(quote)):
            return True
        start = text.find(quote, start + 1)
    return False
