"""Tables of the documents as data: what can be charted, and what can be put side by side. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from careerbot.chunking import cells
from careerbot.datatypes import Chunk, Figure, Kind
from careerbot.figures import figures, period_of, statistic_of
from careerbot.words import FUNCTION_WORDS, content_words, stem, stems, tokens

_FEWEST = 3
"""Bars of a chart, and items that make a list a table."""

_NOUN_ENDS = re.compile(r"[(,:]| (?:of|for|in|by|at|to) ")
_SAYS_LITTLE = frozenset("category grade group item kind level measure metric name type".split())
"""Nouns that name things of any kind: a "Type" of schools and one of ovens are not compared."""

_NUMBERING = frozenset({"#", "no", "no.", "nr", "nr.", "rank"})
_ASIDE = re.compile(r" ?\([^()\d]*\)$")
_COUNTED = re.compile(r"\s+([^\W\d_]+)")
_NOTHING_GIVEN = frozenset({"", "not given", "none given", "not stated", "unknown"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its label, its other cells, and where it stands in the document."""

    label: str
    cells: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a list whose items are alike. `first` names the labels, for a list in the words of its heading.

    `columns[i]` names `cells[i]` of every row; a row that was written shorter ends with empty cells.
    """

    document: str
    headings: tuple[str, ...]
    first: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """What a row states in one column: `text` is the cell as written.

    `amount` lies between `low` and `high`, which are the same where no range is given; of a bare
    range it is the end that is written first.
    """

    row: Row
    text: str
    amount: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """What can be charted of a table: the amounts of one unit in the column that `name` names, in its order.

    `unit` is a currency sign, also with a period ("$ per year") where the column does not name it,
    "percent", "minutes", "months", "count", or "count of pupils".
    """

    table: Table
    name: str
    unit: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a row of a document says in one column; the row stands at `start` to `end` of the document."""

    text: str
    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Options side by side: `rows` gives for each attribute and each option what the documents state, or nothing."""

    options: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[Cell, ...], ...]], ...]


def tables(chunks: Iterable[Chunk]) -> tuple[Table, ...]:
    """The tables and the alike lists among the chunks of an index, in reading order."""
    found = (
        _table(list(parts)) if kind is Kind.TABLE else _alike(list(parts))
        for (_, _, kind), parts in groupby(
            (chunk for chunk in chunks if chunk.part is not None and chunk.kind in (Kind.TABLE, Kind.LIST)),
            key=lambda chunk: (chunk.document, chunk.section, chunk.kind),
        )
    )
    return tuple(table for table in found if table is not None)


def _table(parts: Sequence[Chunk]) -> Table | None:
    names = cells(parts[0].lead.text) if parts[0].lead is not None else ()
    if len(names) < 2:
        return None
    first = int(len(names) > 2 and names[0].casefold() in _NUMBERING)  # numbers are no labels: they stand last
    rows = []
    for chunk in parts:
        held = (*cells(chunk.text), *[""] * len(names))[: len(names)]
        if any(held):
            held = held[first:] + held[:first]
            rows.append(Row(held[0], held[1:], chunk.start, chunk.end))
    names = names[first:] + names[:first]
    return Table(parts[0].document, parts[0].headings, names[0], names[1:], tuple(rows)) if rows else None


def _alike(parts: Sequence[Chunk]) -> Table | None:
    """A list of items such as "Baking pays $30,000 a year": the same words between a label and an amount.

    An item with no amount or several is left out.
    """
    stated = [(chunk, held[0]) for chunk in parts if len(held := figures(chunk.text)) == 1]
    if len(stated) < _FEWEST:
        return None
    before = [chunk.text[: figure.start].split() for chunk, figure in stated]
    same = list(takewhile(lambda words: len(set(words)) == 1, zip(*map(reversed, before), strict=False)))
    shared = min(len(same), *(len(words) - 1 for words in before))
    name = " ".join(before[0][len(before[0]) - shared :]) if shared > 0 else ""
    labels = [" ".join(words[: len(words) - shared]) for words in before]
    if not content_words(name) or len(set(labels)) < len(labels):
        return None
    rows = tuple(
        Row(label, (" ".join(chunk.text[figure.start :].split()).rstrip("."),), chunk.start, chunk.end)
        for label, (chunk, figure) in zip(labels, stated, strict=True)
    )
    return Table(parts[0].document, parts[0].headings, _heading(parts[0].headings), (name,), rows)


def _heading(headings: tuple[str, ...]) -> str:
    return headings[-1] if headings else ""


def standing_at(found: Iterable[Table], document: str, start: int, end: int) -> Table | None:
    """The first table of which a row stands, in whole or in part, between two characters of a document."""
    return next(
        (
            table
            for table in found
            if table.document == document and any(row.start < end and start < row.end for row in table.rows)
        ),
        None,
    )


def series(table: Table, question: str = "") -> Series | None:
    """The amounts of a table as one chart: of the column nearest to a question, else of most rows, else the first.

    None where no column has at least three amounts of one unit; a count is charted when nothing else
    is there. A column of ranges around the amounts of another is drawn with it.
    """
    columns = [held for at in range(len(table.columns)) if (held := _column(table, at)) is not None]
    if not columns:
        return None
    asked = stems(question) - stems(table.first)  # "… by school type" asks for no number of schools
    measure = {statistic_of(question), period_of(question)} - {None}

    def nearness(held: Series) -> tuple[int, bool, bool, int]:
        near = len(asked & {stem(word) for word in tokens(held.name)})
        near += len(measure & {statistic_of(held.name), period_of(held.name)})
        return near, near > 0 or not held.unit.startswith("count"), not _has_ranges(held), len(held.bars)

    best = max(columns, key=nearness)
    return next((both for spans in columns if (both := _bounded(best, spans)) is not None), best)


def _has_ranges(held: Series) -> bool:
    return any(bar.low < bar.high for bar in held.bars)


def _bounded(stated: Series, spans: Series) -> Series | None:
    """Amounts within the ranges of another column; None where a range is missing or lies elsewhere."""
    if stated.unit != spans.unit or _has_ranges(stated) or not _has_ranges(spans):
        return None
    by_row = {bar.row: bar for bar in spans.bars}
    bars = [(bar, by_row[bar.row]) for bar in stated.bars if bar.row in by_row]
    if len(bars) < len(stated.bars) or not all(span.low <= bar.amount <= span.high for bar, span in bars):
        return None
    both = (replace(bar, text=f"{bar.text} ({span.text})", low=span.low, high=span.high) for bar, span in bars)
    return replace(stated, name=f"{stated.name}; {spans.name}", bars=tuple(both))


def _column(table: Table, at: int) -> Series | None:
    stated = [(row, figure) for row in table.rows if row.label and (figure := _amount(row.cells[at])) is not None]
    units = [_unit(figure, row.cells[at], table.columns[at], row.label) for row, figure in stated]
    stems = [stem(unit) for unit in units]  # "1 pupil" beside "30 pupils"
    usual, count = Counter(stems).most_common(1)[0] if stems else ("", 0)
    if count < _FEWEST:
        return None
    unit = max((unit for unit in units if stem(unit) == usual), key=len)
    bars = tuple(
        Bar(row, row.cells[at], figure.amount, *sorted((figure.amount, _end(figure))))
        for (row, figure), own in zip(stated, stems, strict=True)
        if own == usual
    )
    return Series(table, table.columns[at], unit, bars)


def _amount(cell: str) -> Figure | None:
    """The amount that a cell states: the only one outside brackets. "$20 or $41,600" states none to be charted."""
    stated = [
        figure
        for figure in figures(cell)
        if cell.count("(", 0, figure.start) <= cell.count(")", 0, figure.start)
        and math.isfinite(figure.amount + _end(figure))
    ]
    return stated[0] if len(stated) == 1 else None


def _end(figure: Figure) -> float:
    return figure.amount if figure.upper is None else figure.upper


def _unit(figure: Figure, cell: str, column: str, label: str) -> str:
    """What makes amounts comparable: their unit, the period of a wage, the things that are counted."""
    if figure.unit == "count":
        counted = _COUNTED.match(cell, figure.end)
        word = counted[1].lower() if counted else ""
        return f"count of {word}" if word and word not in FUNCTION_WORDS else "count"
    if figure.unit.isalpha():
        return figure.unit
    named = period_of(column)
    period = figure.period or named or period_of(label)
    return figure.unit if period in (None, named) else f"{figure.unit} per {period}"


def kinds(found: Iterable[Table]) -> dict[str, tuple[str, ...]]:
    """What can be compared: each kind of thing with its options, in reading order.

    Tables are of one kind whose first columns are named by the same noun: "State", "Coding certification".
    Kinds with a single option are left out.
    """
    names: dict[tuple[str, ...], str] = {}
    options: dict[tuple[str, ...], dict[str, str]] = {}
    for table in found:
        kind = _kind(table)
        names.setdefault(_stems(kind), kind)
        held = options.setdefault(_stems(kind), {})
        for option, _ in _options(table):
            held.setdefault(_folded(option), option)
    return {names[key]: tuple(held.values()) for key, held in options.items() if key and len(held) > 1}


def _kind(table: Table) -> str:
    """The noun that names the labels: "State", "Role" of "Advanced role for bakers"; else the heading, as it is."""
    heading = _heading(table.headings)
    if table.first in ("", heading) or table.first.endswith("?"):
        return table.first or heading
    words = [word for word in _NOUN_ENDS.split(table.first)[0].split() if content_words(word)]
    taken = words[-2:] if words and words[-1].lower() in _SAYS_LITTLE else words[-1:]
    kind = " ".join(taken) or table.first
    return kind[:1].upper() + kind[1:]


def _options(table: Table) -> list[tuple[str, Row]]:
    """The labelled rows by their names: "CPC" for "CPC (AAPC)", where no other row of the table is called so.

    Only what is written in capitals is a name without its brackets: teachers (primary) are not all teachers.
    """
    rows = [row for row in table.rows if row.label]
    short = [_ASIDE.sub("", row.label).rstrip() for row in rows]
    short = [name if name.isupper() else row.label for name, row in zip(short, rows, strict=True)]
    often = Counter(map(_folded, short))
    return [(name if often[_folded(name)] == 1 else row.label, row) for name, row in zip(short, rows, strict=True)]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in tokens(text))


def compare(found: Iterable[Table], kind: str, options: Sequence[str]) -> Comparison:
    """What the tables of one kind state about some options: every attribute that any of them has.

    A cell holds what each row of the documents states, in reading order; it is empty where none does.
    """
    chosen = {_folded(option): option for option in options}
    places = {option: at for at, option in enumerate(chosen)}
    rows: dict[str, tuple[str, list[list[Cell]]]] = {}
    for table in found:
        if _stems(_kind(table)) != _stems(kind):
            continue
        for option, row in _options(table):
            if _folded(option) not in places:
                continue
            for column, text in zip(table.columns, row.cells, strict=True):
                _, held = rows.setdefault(_folded(column), (column, [[] for _ in chosen]))
                if _is_given(text):
                    held[places[_folded(option)]].append(Cell(text, table.document, row.start, row.end))
    return Comparison(
        tuple(chosen.values()),
        tuple((column, tuple(map(tuple, held))) for column, held in rows.values() if any(held)),
    )


def _is_given(text: str) -> bool:
    """Whether a cell says something: a dash or "Not given" does not, "Varies" and "N/A" do."""
    return _folded(text).strip(" -–—−.…?") not in _NOTHING_GIVEN
