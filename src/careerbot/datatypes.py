"""The nouns that flow through careerbot: frozen values with tuples inside.

Every offset in this module counts characters (Python string indices) of `Document.text`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """How far the sources answer a question."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    NOT_IN_SOURCES = "not_in_sources"


class Kind(StrEnum):
    """What a piece of a document is."""

    PROSE = "prose"
    LIST = "list"
    TABLE = "table"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Wording:
    """Questions that people ask when a statement is the answer; used for search, never shown as an answer.

    `by` names the model that wrote them, with the day; it is empty for the operator's own, of which
    full questions may be suggested.
    """

    quote: str
    asked: tuple[str, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A topic that the documents are known not to cover, and how people ask for it."""

    topic: str
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a unit vector asks for, by its nearness to what people are known to ask for (see `topics`).

    `votes` holds for each row how likely in [0, 1] a topic is asked for that it answers, and `known` the
    cosine of the nearest topic (-1 where there are no wordings). `gap` is the nearest topic known not to
    be covered, `beyond` its cosine, and `cosine` that of the nearest way to ask for any gap, as their
    vectors are, not turned (None and -1 where there are no gaps).
    """

    votes: dict[int, float]
    known: float
    gap: Gap | None
    beyond: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Document:
    """One source. `text` is what every offset refers to; what is not known of it is empty.

    `copies` are the paths of other files that hold the same text.
    """

    id: str
    title: str
    text: str
    path: str
    publisher: str = ""
    as_of: str = ""
    place: str = ""
    wordings: tuple[Wording, ...] = ()
    copies: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of everything that an index says of the document (64 hex digits)."""
        held = {name: value for name, value in asdict(self).items() if name != "copies" or value}
        held["wordings"] = [{name: value for name, value in wording.items() if value} for wording in held["wordings"]]
        return hashlib.sha256(json.dumps(held).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a document, and what stands there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One block of a document under its headings. The sections of a document tile its text.

    `body` is the part without headings and white space; `parts` are its quotable units in
    reading order: sentences of prose, items of a list, body rows of a table. `lead` is what the
    parts need to be understood: the sentence that introduces a list, the header row of a table.
    """

    document: str
    headings: tuple[str, ...]
    kind: Kind
    start: int
    end: int
    body: Span
    parts: tuple[Span, ...]
    lead: Span | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A unit of search: `document.text[start:end] == text`.

    A *statement* is one sentence, list item or table row; a *passage* is the whole block that
    statements stand in (`part` is then None). Headings, lead and `asked`, the wordings of
    `Wording`, and `expanded`, those that a model wrote, are searched but are no part of `text`.
    """

    document: str
    section: int
    part: int | None
    kind: Kind
    start: int
    end: int
    text: str
    headings: tuple[str, ...]
    lead: Span | None = None
    asked: tuple[str, ...] = ()
    expanded: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Of the place alone, which tells chunks of one index apart; they are looked up thousands of times."""
        return hash((self.document, self.start, self.part))

    @property
    def wordings(self) -> tuple[str, ...]:
        """All that is searched in its place, whoever wrote it."""
        return tuple(dict.fromkeys((*self.asked, *self.expanded))) if self.expanded else self.asked

    @property
    def id(self) -> str:
        """Unique in an index and the same in every build of the same text."""
        return f"{self.document}/{self.section}" + ("" if self.part is None else f"/{self.part}")


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount that a text states. What the text does not state is None, never guessed."""

    amount: float
    unit: str
    start: int
    end: int
    text: str
    upper: float | None = None
    statistic: str | None = None
    period: str | None = None
    year: str | None = None


class Hit(NamedTuple):
    """A chunk that a search found. `rank` counts from 1; scores compare within one search only.

    `cosine` compares across searches: that of the chunk or of its nearest wording. A tuple, not a dataclass,
    since each question brings hundreds, which are made in a third of the time.
    """

    chunk: Chunk
    score: float
    rank: int
    cosine: float = 0.0


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement comes from. `quote` is exactly `document.text[start:end]`."""

    number: int
    source: str
    title: str
    publisher: str
    as_of: str
    section: tuple[str, ...]
    quote: str
    start: int
    end: int
    path: str


@dataclass(frozen=True, slots=True)
class StatedValue:
    """One side of a disagreement: the value as written, its date, and the citation that holds it."""

    value: str
    as_of: str
    citation: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Different values for the same thing, newest first, undated last."""

    about: str
    values: tuple[StatedValue, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """What a chat model had to do with an answer.

    `name` is the one it goes by, `host` where questions and quotations are sent. `failed` says why its
    words are not shown, and is empty where they are. `withheld` counts its sentences that failed the
    checks. In a refusal it had to do with the reading of the question alone.
    """

    name: str
    host: str
    failed: str = ""
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer. Every figure in `text` stands in the quote of one of its citations.

    `writing` is None where no chat model was asked.
    """

    question: str
    searched_question: str
    text: str
    status: Status
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    missing: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    latency_ms: float = 0.0
    confidence: float = 0.0
    """How surely the sources answer, from 0 to 1; an answer below the threshold is withheld."""

    writing: Writing | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """An exact piece of a document, before it is numbered as a citation."""

    document: str
    section: tuple[str, ...]
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that an answer says. `pieces` are its verbatim parts, each standing in `quotes[0]`.

    `text` joins the pieces with punctuation only; `quotes[1:]` say the same elsewhere. Of what a chat
    model `worded` there are no pieces: `text` says what the quotes say together.
    """

    text: str
    pieces: tuple[str, ...]
    quotes: tuple[Quote, ...]
    worded: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer proposes; nothing of it is shown before it has been checked.

    `sides` groups the positions in `statements` that give different values for the same thing.
    """

    statements: tuple[Statement, ...]
    sides: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    missing: tuple[str, ...] = ()
    confidence: float = 0.0
    writing: Writing | None = None
