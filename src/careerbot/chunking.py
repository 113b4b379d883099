"""Document → Sections → Chunks. Pure: the same text gives the same pieces, with exact spans.

Structure is read by markdown-it-py, whose block tokens carry line numbers. Plain text is first
translated line by line into Markdown, so that line numbers still hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from markdown_it import MarkdownIt
from markdown_it.token import Token

from careerbot.datatypes import Chunk, Document, Kind, Section, Span
from careerbot.plaintext import ITEM, as_markdown, is_markdown
from careerbot.words import stems, unglued

MAX_ITEM_WORDS = 60
"""A longer list item is quoted sentence by sentence."""

SETTINGS = {"version": 5, "max_item_words": MAX_ITEM_WORDS}
"""What the manifest records: an index that was cut otherwise is built again. `version` counts changes of code."""

_PARSER = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])  # blocks are all that is read
_SENTENCE_END = re.compile(r"(?:[!?…]|(?<![ap]\.m)\.|\.(?!\s+[a-z]))[\"'”’)\]]*(?=\s)")  # "6 a.m. and later" goes on
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|cf|approx|No|St|Mt|Dr|Mr|Mrs|Ms|Prof|Inc|Ltd|Co|Jr|Sr|U\.S|U\.K|[A-Z])\.$"
)
_LONGEST_ABBREVIATION = 8
_OPENING = re.compile(r"\s+(?:The|A|An|In|On|It|This|That|They|However|Most|Some|Many)\b")
_POINTING = re.compile(
    r"(?:It|They|This|These|That|Those|Such|He|She|Its|Their|But|However|Another|Each|Both|In fact)\b"
)
"""What begins a sentence that is not understood without the one before it."""

_COMMENT = re.compile(r"(?:<!--(?:(?!-->)[\s\S])*-->\s*)+")
_BLANK = " \t\r\n\f\v\u00a0\ufeff"
_NOT_BLANK = re.compile(rf"[^{_BLANK}]")
_SHORTEST_SENTENCE = 3
"""Words; "Yes." says nothing without the sentence after it."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A block between two line numbers; `parts` are the line ranges of its items or rows."""

    kind: Kind
    headings: tuple[str, ...]
    first: int
    last: int
    parts: tuple[tuple[int, int], ...] = ()
    header: int | None = None


def sections(document: Document) -> tuple[Section, ...]:
    """The blocks of a document in reading order; together they tile its text without gaps."""
    lines = document.text.split("\n")
    ends = list(accumulate((len(line) + 1 for line in lines), initial=0))
    ends[-1] = len(document.text)
    marked = as_markdown(lines)
    offsets = [ends[number] for number, _ in marked] + [len(document.text)]
    built: list[Section] = []
    start = 0
    for block in _blocks(_PARSER.parse("\n".join(line for _, line in marked))):
        section = _section(document, block, offsets, start, built[-1] if built else None)
        if section is not None:
            built.append(section)
            start = section.end
    if built:
        built[-1] = replace(built[-1], end=len(document.text))
    return tuple(built)


def chunks(document: Document) -> tuple[Chunk, ...]:
    """Every section as a passage, followed by its statements where it has several."""
    asked: dict[str, tuple[str, ...]] = {}
    expanded: dict[str, tuple[str, ...]] = {}
    for wording in document.wordings:
        held = expanded if wording.by else asked
        held[wording.quote] = tuple(dict.fromkeys((*held.get(wording.quote, ()), *wording.asked)))
    return tuple(
        replace(chunk, asked=asked.get(chunk.text, ()), expanded=expanded.get(chunk.text, ()))
        if chunk.part is not None
        else chunk
        for number, section in enumerate(sections(document))
        for chunk in _chunks(section, number)
    )


def empty_headings(document: Document) -> tuple[tuple[str, ...], ...]:
    """The headings, each as the last of those over it, under which nothing stands but rules and comments.

    None in plain text: a heading there may be over the next one.
    """
    if not is_markdown(document.text.split("\n")):
        return ()
    tokens = _PARSER.parse("\n".join(line for _, line in as_markdown(document.text.split("\n"))))
    held = [(tokens[at], path) for at, path in _under_headings(tokens) if not _says_nothing(tokens[at])]
    following = [token for token, _ in held[1:]] + [None]
    return tuple(
        path
        for (token, path), after in zip(held, following, strict=True)
        if token.type == "heading_open" and (after is None or (after.type == "heading_open" and after.tag <= token.tag))
    )


def plain_title(text: str) -> str:
    """The first line of plain text that has a title; empty for other text and for Markdown."""
    lines = text.split("\n")
    first = "" if is_markdown(lines) else next((line for _, line in as_markdown(lines) if line.strip()), "")
    return first.removeprefix("# ").strip() if first.startswith("# ") else ""


def cells(row: str) -> tuple[str, ...]:
    """The cells of a Markdown table row, without the white space around them."""
    inner = row.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return tuple(cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner))


def row_text(header: str, row: str) -> str:
    """A table row as "header: cell; header: cell". Cells beyond the header's stand alone."""
    names, values = cells(header), cells(row)
    return "; ".join(
        f"{names[at]}: {value}" if at < len(names) and names[at] else value for at, value in enumerate(values) if value
    )


def views(chunk: Chunk) -> tuple[str, str]:
    """What is searched of a chunk: its own words, and the same under its headings and lead."""
    own = unglued(chunk.text)
    lead = ""
    if chunk.lead is not None:
        if chunk.kind is not Kind.TABLE:
            lead = chunk.lead.text + " "
        elif chunk.part is not None:
            own = row_text(unglued(chunk.lead.text), own)
    path = " > ".join(searched_under(chunk))
    return own, f"{path}: {lead}{own}" if path else lead + own


def searched_under(chunk: Chunk) -> tuple[str, ...]:
    """The headings under which a chunk is searched.

    The title, which every chunk of a document has, is one of these only where no other word tells what it is about.
    """
    title, *headings = chunk.headings or ("",)
    lead = chunk.lead.text if chunk.lead else ""
    named = _path_stems(title)
    told = named & _path_stems(" ".join(headings)) or named & stems(f"{lead} {unglued(chunk.text)}")
    return tuple(headings) if headings and told else chunk.headings


_path_stems = lru_cache(maxsize=1024)(stems)  # all chunks of a section stand under the same headings


def _chunks(section: Section, number: int) -> Iterator[Chunk]:
    body = section.body
    passage = Chunk(
        section.document, number, None, section.kind, body.start, body.end, body.text, section.headings, section.lead
    )
    yield passage
    before: Span | None = None
    for index, part in enumerate(section.parts):
        lead = before if section.lead is None and _POINTING.match(part.text) else section.lead
        yield replace(passage, part=index, start=part.start, end=part.end, text=part.text, lead=lead)
        before = part if section.kind in (Kind.PROSE, Kind.QUESTION) else None


def _section(
    document: Document, block: _Block, offsets: Sequence[int], start: int, before: Section | None
) -> Section | None:
    text = document.text
    body = _span(text, offsets[block.first], offsets[block.last])
    if not body.text:
        return None
    if block.kind is Kind.TABLE:
        rows = [_span(text, offsets[a], offsets[b]) for a, b in block.parts]
        lead = _span(text, offsets[block.header], offsets[block.header + 1]) if block.header is not None else None
        parts = [row for row in rows if row.text]
    elif block.kind is Kind.LIST:
        lead = _lead_in(before, block.headings)
        parts = [part for a, b in block.parts for part in _item(text, offsets[a], offsets[b])]
    else:
        lead, parts = None, list(sentences(text, body.start, body.end))
    return Section(document.id, block.headings, block.kind, start, offsets[block.last], body, tuple(parts), lead)


def _lead_in(before: Section | None, headings: tuple[str, ...]) -> Span | None:
    """The sentence that introduces a list: the last one before it, when it ends with a colon."""
    if before is None or before.headings != headings or not before.parts:
        return None
    last = before.parts[-1]
    return last if last.text.endswith(":") else None


def _item(text: str, start: int, end: int) -> Iterator[Span]:
    mark = ITEM.match(text, start, end)
    item = _span(text, mark.end() if mark else start, end)
    if not item.text:
        return
    if len(item.text.split()) > MAX_ITEM_WORDS:
        yield from sentences(text, item.start, item.end)
    else:
        yield item


def sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of `text[start:end]`. Lines that are not wrapped prose stand alone."""
    for first, last in _lines_joined(text, start, end):
        begin = first
        for stop in _SENTENCE_END.finditer(text, first, last):
            near = max(begin, stop.end() - _LONGEST_ABBREVIATION)
            # After "U.S." a new sentence starts with a capitalised function word: "The", "In", "A", …
            if _ABBREVIATION.search(text, near, stop.end()) and not _OPENING.match(text, stop.end(), last):
                continue
            short = len(text[begin : stop.end()].split()) < _SHORTEST_SENTENCE
            if short and _NOT_BLANK.search(text, stop.end(), last):
                continue
            yield _span(text, begin, stop.end())
            begin = stop.end()
        rest = _span(text, begin, last)
        if rest.text:
            yield rest


def _lines_joined(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges of lines that are one running text: a line of 50 to 110 characters goes on in the next."""
    begin = line_start = start
    while (at := text.find("\n", line_start, end)) >= 0:
        line = text[line_start:at].strip(_BLANK)
        line_start = at + 1
        after = text[at + 1 : at + 2]
        if not (50 <= len(line) <= 110 and line[-1] not in ".:!?" and (after.islower() or after in "(0123456789")):
            yield begin, at
            begin = at + 1
    yield begin, end


def _span(text: str, start: int, end: int) -> Span:
    """`text[start:end]` without the white space at either end."""
    while start < end and text[start] in _BLANK:
        start += 1
    while end > start and text[end - 1] in _BLANK:
        end -= 1
    return Span(start, end, text[start:end])


def _under_headings(tokens: Sequence[Token]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The places of the outermost tokens, each with the headings over it; a heading stands under itself."""
    headings: list[tuple[int, str]] = []
    for index, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        if token.type == "heading_open":
            level = int(token.tag[1])
            headings = [held for held in headings if held[0] < level]
            headings.append((level, tokens[index + 1].content.strip()))
        yield index, tuple(title for _, title in headings)


def _says_nothing(token: Token) -> bool:
    return token.type == "hr" or (token.type == "html_block" and _COMMENT.fullmatch(token.content.strip()) is not None)


def _blocks(tokens: Sequence[Token]) -> Iterator[_Block]:
    for index, path in _under_headings(tokens):
        token = tokens[index]
        first, last = token.map or (0, 0)
        if token.type == "heading_open":
            continue
        if token.type == "table_open":
            yield _table(tokens, index, path)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield _Block(Kind.LIST, path, first, last, tuple(_items(tokens, index)))
        else:
            asked = bool(path) and path[-1].endswith("?")
            yield _Block(Kind.QUESTION if asked else Kind.PROSE, path, first, last)


def _inside(tokens: Sequence[Token], index: int) -> Iterator[Token]:
    """The tokens between the opening token at `index` and its closing one."""
    for at in range(index + 1, len(tokens)):
        if tokens[at].level == tokens[index].level and tokens[at].nesting < 0:
            return
        yield tokens[at]


def _table(tokens: Sequence[Token], index: int, path: tuple[str, ...]) -> _Block:
    rows = [token.map for token in _inside(tokens, index) if token.type == "tr_open" and token.map]
    first, last = tokens[index].map or (0, 0)
    return _Block(Kind.TABLE, path, first, last, tuple((a, b) for a, b in rows[1:]), header=rows[0][0])


def _items(tokens: Sequence[Token], index: int) -> Iterator[tuple[int, int]]:
    """Line ranges of a list's items; an item that holds a list gives its own lines, then the inner ones.

    What stands between an inner list and the next item is a range of its own.
    """
    _, end = tokens[index].map or (0, 0)
    opened = [token.map for token in _inside(tokens, index) if token.type == "list_item_open" and token.map]
    for number, (first, last) in enumerate(opened):
        following = opened[number + 1][0] if number + 1 < len(opened) else end
        yield first, min(last, following)
        yield min(last, following), following
