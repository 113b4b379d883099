"""The tabs beside the chat that need no conversation: options side by side, and the documents in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from html import escape
from typing import Any

import gradio as gr

from careerbot import chunking, generations, messages, passages, rendering, tables
from careerbot.contents import sizes
from careerbot.datatypes import Answer, Citation, Document
from careerbot.index import Index
from careerbot.pipeline import Careerbot

MOST_COMPARED = 5

LATEST: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "always_last"}
"""Events of choices: by default, what is chosen while the choice before is being served would be lost."""

_PICK = "Pick two to five. Every cell is a quotation; an empty one says that no table tells."


@lru_cache(maxsize=1)
def tables_of(index: Index) -> tuple[tables.Table, ...]:
    """The tables of an index; the next question may be answered from a newer one."""
    return tables.tables(index.chunks)


def pictured(index: Index, answer: Answer) -> tuple[tables.Series, Citation] | None:
    """What is drawn of the first source that is a table with amounts, where it still stands in the index."""
    for citation in answer.citations:
        held = index.documents.get(citation.source)
        if held is None or held.text[citation.start : citation.end] != citation.quote:
            continue  # answered from the index before
        table = tables.standing_at(tables_of(index), citation.source, citation.start, citation.end)
        series = tables.series(table, answer.searched_question) if table is not None else None
        if series is not None:
            return series, citation
    return None


def follow(bot: Careerbot, page: gr.Blocks, offered: Callable[[], Any], shown: Any) -> None:
    """Offer anew what is shown when the page is opened over another index than the server was started with."""
    first = bot.index

    def opened() -> Any:
        if bot.index is first:  # what a quick visitor has chosen by now stays
            return [gr.skip() for _ in shown] if isinstance(shown, list) else gr.skip()
        return offered()

    page.load(opened, None, shown, queue=False, show_progress="hidden", api_visibility="private")


def compare(bot: Careerbot, page: gr.Blocks) -> None:
    """Two to five options of the tables of one kind, every cell with its source."""

    def offered() -> tuple[Any, ...]:
        kinds = tables.kinds(tables_of(bot.index))
        first, held = next(iter(kinds.items()), (None, ()))
        return (
            gr.Markdown(_PICK if kinds else "The documents hold no table of which two rows could be compared."),
            gr.Dropdown(list(kinds), value=first, label="What to compare", visible=bool(kinds)),
            gr.CheckboxGroup(list(held), value=[], label="Options", visible=bool(kinds)),
        )

    told, kind, options = offered()
    shown = gr.HTML()

    def turned(name: str) -> tuple[Any, str]:
        return gr.CheckboxGroup(choices=list(tables.kinds(tables_of(bot.index)).get(name, ())), value=[]), ""

    def compared(name: str, chosen: list[str]) -> str:
        if not 2 <= len(chosen or []) <= MOST_COMPARED:
            return f"<p role='status'>Pick two to five; {len(chosen or [])} picked.</p>"
        index = bot.index
        return comparison(index.documents, tables.compare(tables_of(index), name, chosen))

    follow(bot, page, offered, [told, kind, options])
    kind.input(turned, kind, [options, shown], **LATEST)
    options.input(compared, [kind, options], shown, **LATEST)


def whole_table(table: tables.Table) -> str:
    """A table of a document as HTML."""
    return messages.grid((table.first, *table.columns), ((row.label, *row.cells) for row in table.rows))


def comparison(documents: Mapping[str, Document], held: tables.Comparison) -> str:
    """A comparison as an HTML table: each cell with its date and a marker that opens its row."""
    head = "".join(f"<th scope='col'>{escape(option)}</th>" for option in held.options)
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th>"
        + "".join(f"<td>{_cell(documents, cell)}</td>" for cell in cells)
        + "</tr>"
        for name, cells in held.rows
    )
    return (
        "<div class='wide'><table class='compared'>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(documents: Mapping[str, Document], cells: Sequence[tables.Cell]) -> str:
    if not cells:
        return messages.NOT_STATED
    said = []
    for cell in cells:
        document = documents[cell.document]
        row = document.text[cell.start : cell.end]
        link = messages.passage_link(cell.document, cell.start, row, "[source]", document.title)
        said.append(f"{escape(cell.text)} {link}\u00a0{messages.dated(document.as_of)}")
    return "<br>".join(said)


def documents(bot: Careerbot, page: gr.Blocks) -> None:
    """What is loaded and what changed, and each document in full with search."""

    def offered() -> tuple[Any, ...]:
        held = bot.index.documents.values()
        names = [(f"{one.title} ({one.as_of})" if one.as_of else one.title, one.id) for one in held]
        return gr.Markdown(loaded(bot.index)), gr.Dropdown(names, value=None, label="Read a document in full")

    told, chosen = offered()
    find = gr.Textbox(label="Find in it", max_length=100, visible=False)
    shown = gr.HTML()

    def read(name: str | None, words: str) -> tuple[Any, str]:
        document = bot.index.documents.get(name or "")
        if document is None:
            gone = "<p role='status'>This document is no longer loaded; reload the page.</p>" if name else ""
            return gr.Textbox(visible=False), gone
        text, places = passages.whole(document, chunking.sections(document), str(words or "")[:100])
        count = f"<p role='status'>{places} places</p>" if words else ""
        heading = passages.source_heading(document)
        return gr.Textbox(visible=True), f"{heading}{count}<div class='document' tabindex='0'>{text}</div>"

    follow(bot, page, offered, [told, chosen])
    gr.on([chosen.input, find.submit], read, [chosen, find], [find, shown], **LATEST)


@lru_cache(maxsize=1)
def loaded(index: Index) -> str:
    """The edition of an index and a line for each of its documents, as Markdown."""
    sections, _ = sizes(index.chunks)
    lines = []
    with suppress(*generations.DAMAGE):  # deleted by now: two newer ones were made since the last question
        lines += [generations.edition(index.folder, rendering.escape_markdown), ""]
    for name, document in index.documents.items():
        told = (document.publisher, document.as_of or "undated", f"{sections[name]} sections")
        known = ", ".join(part for part in told if part)
        lines.append(f"- {rendering.escape_markdown(f'{document.title} ({known})')}")
    return "\n".join(lines)
