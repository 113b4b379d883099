"""What a keeper of documents should look at: values that disagree, old figures, dead ends, empty sections. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from careerbot.candidates import POINTER, Candidate, quotable, stating, unweighed
from careerbot.chunking import empty_headings
from careerbot.conflicts import Cosines, KindOfFigure, Told, about, conflicts, left_out, told_by
from careerbot.datatypes import Chunk, Document, Figure, Kind
from careerbot.wanted import asks_yes_no, compares
from careerbot.words import stems

_LOOK_ELSEWHERE = re.compile(
    r"^\W*(?:please )?(?:(?:see|refer to|read|check|go to|continue (?:to|with))\b.*\b"
    r"(?:above|below|earlier|later|previous|next|section|chapter|page|question|answer|part|appendix)\b"
    r"|(?:as )?(?:already )?(?:mentioned|described|explained|answered|discussed|covered|noted) "
    r"(?:above|below|earlier|elsewhere|before)\W*$)",
    re.I,
)
_MOST_WORDS = 15  # of a sentence that only points; a longer one says something as well
_SHOWN_CHARS = 100  # of a statement
_NUMBERED = re.compile(
    r"\b(?:step|chapter|part|section|lesson|unit|level|page|table|question|tip|number|no\.)\s*#?$", re.I
)
_PLACEHOLDER = re.compile(r"\W*(?:tbd|tba|todo|to (?:be|do) \w+|coming soon|n/?a)?\W*", re.I)


@dataclass(frozen=True, slots=True)
class Stated:
    """A value where it stands, as written, with its date ("" where none is known)."""

    value: str
    date: str
    document: str
    title: str
    section: tuple[str, ...]
    quote: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Different values for what seems to be one thing, newest first, undated last."""

    about: str
    values: tuple[Stated, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A section, and what it says."""

    document: str
    title: str
    section: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Undated:
    """How many figures of a document have no date, neither their own nor that of the document."""

    document: str
    title: str
    figures: int


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings. `not_compared` counts the figures that were too many of one kind to compare all of them."""

    disagreements: tuple[Conflict, ...]
    older: tuple[Stated, ...]
    undated: tuple[Undated, ...]
    nowhere: tuple[Place, ...]
    empty: tuple[Place, ...]
    not_compared: int


def audit(
    documents: Sequence[Document],
    chunks: Sequence[Chunk],
    cosines: Cosines,
    names: Collection[str],
    today: date,
    years: int = 3,
) -> Audit:
    """Read all documents for what should be looked at.

    `chunks` are those of all documents in reading order, `names` those of `words.names`; a figure is
    old when it was already `years` years old before `today`.
    """
    by_id = {document.id: document for document in documents}
    homes = {document.id: document.place for document in documents}
    told: dict[KindOfFigure, list[Told]] = defaultdict(list)
    older: list[Stated] = []
    undated: dict[str, int] = defaultdict(int)
    for row, chunk in enumerate(chunks):
        held = _measured(unweighed(chunk)) if quotable(chunk) else None
        if held is None or not held.figures:
            continue
        for kind, stated in told_by(row, held):
            told[kind].append(stated)
        for figure in held.figures:
            if figure.unit == "count" and not figure.text[0].isdigit():
                continue  # "two ways to begin" has no date to become old
            dated = _date(figure, by_id[chunk.document], today)
            undated[chunk.document] += not dated
            if dated and _age(dated, today) > 12 * years:
                older.append(_stated(held, figure, by_id, today))
    groups = [group for held in told.values() for group in conflicts(held, cosines, names, homes)]
    shown = [_conflict(group, by_id, today) for group in groups]
    return Audit(
        tuple(sorted(shown, key=lambda held: (-len({value.document for value in held.values}), held.about))),
        tuple(sorted(older, key=lambda held: held.date)),
        tuple(Undated(name, by_id[name].title, count) for name, count in undated.items() if count),
        tuple(_nowhere(chunks, by_id)),
        tuple(_empty(documents, chunks, by_id)),
        sum(left_out(held) for held in told.values()),
    )


def _measured(held: Candidate) -> Candidate:
    """Without the figures that only number something: "Step 3"."""
    if held.chunk.kind is Kind.TABLE:  # there the places of figures are not those in the text
        return held
    return stating(held, [stated for stated in held.figures if not _NUMBERED.search(held.chunk.text[: stated.start])])


def _conflict(group: Sequence[Told], documents: Mapping[str, Document], today: date) -> Conflict:
    values = dict.fromkeys(_stated(told.held, told.figure, documents, today) for told in group)
    newest = sorted(values, key=lambda value: value.date, reverse=True)
    return Conflict(about(group), tuple(newest))


def _stated(held: Candidate, figure: Figure, documents: Mapping[str, Document], today: date) -> Stated:
    document = documents[held.chunk.document]
    section = held.chunk.headings[1:] or held.chunk.headings
    return Stated(figure.text, _date(figure, document, today), document.id, document.title, section, held.chunk.text)


def _date(figure: Figure, document: Document, today: date) -> str:
    """The year of a figure, else the date of its document; a year to come tells nothing of the age of a forecast."""
    if figure.year is not None and int(figure.year[:4]) <= today.year:
        return figure.year[:4] if document.as_of[:4] != figure.year[:4] else document.as_of
    return document.as_of


def _age(dated: str, today: date) -> int:
    """Full months since a date; a year counts from its end, since a figure may be as young as that."""
    month = int(dated[5:7]) if len(dated) > 4 else 12
    return 12 * (today.year - int(dated[:4])) + today.month - month


def _nowhere(chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> Iterator[Place]:
    """The headings that ask, under which stands no answer."""
    for (name, path), held in groupby(_asking(chunks), key=lambda item: item[0]):
        statements = [chunk.text for _, chunk in held if chunk.part is not None]
        if statements and all(_leads_nowhere(path[-1], text) for text in statements):
            yield Place(name, documents[name].title, path[1:] or path, " ".join(statements))


def _asking(chunks: Iterable[Chunk]) -> Iterator[tuple[tuple[str, tuple[str, ...]], Chunk]]:
    """The chunks under a heading that asks, with its document and its path; deeper headings belong to it."""
    for chunk in chunks:
        asks = next((at for at, heading in enumerate(chunk.headings, start=1) if heading.rstrip().endswith("?")), 0)
        if asks:
            yield (chunk.document, chunk.headings[:asks]), chunk


def _leads_nowhere(question: str, text: str) -> bool:
    """Whether a statement only points elsewhere, or says the words of the question again."""
    if len(text.split()) <= _MOST_WORDS and (POINTER.search(text) or _LOOK_ELSEWHERE.search(text)):
        return True
    words = stems(text)
    asked = stems(question)
    if not words or not words <= asked:
        return False
    return text.rstrip().endswith("?") or not (asks_yes_no(question) or compares(question))


def _empty(documents: Sequence[Document], chunks: Sequence[Chunk], by_id: Mapping[str, Document]) -> Iterator[Place]:
    """The headings with nothing below, or nothing but a mark that something is to come."""
    for document in documents:
        for path in empty_headings(document):
            yield Place(document.id, document.title, path[1:] or path)
    for (name, path), held in groupby(chunks, key=lambda chunk: (chunk.document, chunk.headings)):
        texts = [chunk.text for chunk in held if chunk.part is None]
        if path and all(_PLACEHOLDER.fullmatch(text) and any(map(str.isalpha, text)) for text in texts):
            yield Place(name, by_id[name].title, path[1:] or path, " ".join(texts))


def lines(found: Audit, years: int) -> Iterator[str]:
    """The findings for people to read, one value or place a line."""
    yield f"Disagreements: {len(found.disagreements)}"
    for conflict in found.disagreements:
        yield f"  {conflict.about}"
        yield from (f"    {_line([value])}" for value in conflict.values)
    if found.not_compared:
        yield f"  {found.not_compared:,} figures were not compared with all others: too many are of one kind"
    yield f"Figures older than {years} years: {len(found.older)}"
    for _, values in groupby(found.older, key=lambda value: (value.date, value.document, value.section, value.quote)):
        yield f"  {_line(list(values))}"
    yield f"Figures without a date: {sum(held.figures for held in found.undated)}"
    yield from (f"  {held.figures} in {held.title}; give it an as_of date in sources.toml" for held in found.undated)
    yield f"Questions that lead nowhere: {len(found.nowhere)}"
    yield from (f"  {place.title} › {' › '.join(place.section)}: “{place.text}”" for place in found.nowhere)
    yield f"Empty sections: {len(found.empty)}"
    yield from (f"  {' › '.join((place.title, *place.section))}" for place in found.empty)


def _line(values: Sequence[Stated]) -> str:
    """The values of one statement, of one date."""
    first = values[0]
    where = " › ".join((first.title, *first.section))
    quote = first.quote if len(first.quote) <= _SHOWN_CHARS else first.quote[: _SHOWN_CHARS - 1] + "…"
    return f"{', '.join(value.value for value in values)} ({first.date or 'undated'}) {where}: “{quote}”"
