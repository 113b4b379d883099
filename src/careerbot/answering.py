"""Choosing: hits → a draft of verbatim statements. How the hits were found is not known here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from itertools import islice
from typing import Protocol

from careerbot.candidates import Candidate, gives_amount, rank
from careerbot.chunking import cells
from careerbot.comparing import Similar, adds_nothing, same, sides, subject
from careerbot.confidence import Background, judge
from careerbot.config import Settings
from careerbot.datatypes import Chunk, Document, Draft, Figure, Hit, Kind, Quote, Statement
from careerbot.questions import Question, asking
from careerbot.steps import in_steps
from careerbot.words import stem, stems, tokens

_SPOKEN = 0.06  # what a further statement of a document that is quoted already must be better by
_COVERAGE = 0.3  # what a statement gains that speaks of all that nothing chosen speaks of
_SIBLING = 0.8  # share of the best row's or item's score that another of the same table or list needs
_AMOUNTLESS = 0.93  # that share where an amount is asked for which the other does not give
_WHOLE_LIST = 1.5  # times the words of an answer that a list may have which answers by itself
_EACH = re.compile(r"\b(?:by|each|every|per|across|all(?: the)?)((?: [\w-]+){1,3})", re.I)
_MOST_QUOTES = 3
_SHORT_ITEM = 7  # words; a shorter list item is quoted with the sentence that introduces it


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a message, what a search found for it, and what the index knows beside that."""

    question: Question
    hits: tuple[Hit, ...]
    background: Background


@dataclass(frozen=True, slots=True)
class Selection:
    """What may be quoted for one part: all candidates ranked, the differing values, the chosen groups."""

    ranked: tuple[Candidate, ...]
    differing: tuple[tuple[Candidate, Figure], ...]
    groups: tuple[tuple[Candidate, ...], ...]

    @property
    def chosen(self) -> tuple[Candidate, ...]:
        """The candidates of all groups, the one that answers first in front."""
        return tuple(candidate for group in self.groups for candidate in group)


class Writer(Protocol):
    """Who words what was found. All of it is checked before it is shown, whoever it is."""

    def drafts(self, turns: Sequence[str], parts: Sequence[Part], deadline: float) -> Iterator[Draft]:
        """Drafts as they grow, the last one whole.

        `turns` are the user's, the question last; `deadline` is a time of `time.monotonic`.
        """


@dataclass(frozen=True, slots=True)
class Extractive:
    """The writer that quotes: what `write` takes beside the parts."""

    documents: Mapping[str, Document]
    similar: Similar
    names: Collection[str]
    settings: Settings

    def drafts(self, turns: Sequence[str], parts: Sequence[Part], deadline: float) -> Iterator[Draft]:
        """One whole draft; it needs no turns and takes no time to speak of."""
        yield self.draft(parts)

    def draft(self, parts: Sequence[Part]) -> Draft:
        """What the sources say, in their own words."""
        return write(parts, self.documents, self.similar, self.names, self.settings)


def select(
    part: Part,
    documents: Mapping[str, Document],
    similar: Similar,
    names: Collection[str],
    settings: Settings,
    most: int,
) -> Selection:
    """The candidates for one part of a question, in at most `most` statements and all differing values."""
    ranked = rank(part.question, part.hits)
    differing = _newest_first(sides(part.question, ranked, similar, names, part.background.places), documents)
    groups = in_steps(part.question, ranked, _WHOLE_LIST * settings.answer_words)
    if not groups:
        groups = [[candidate] for candidate, _ in differing]
        groups += _choose(part, ranked, settings, most, groups)
    return Selection(tuple(ranked), differing, tuple(tuple(group) for group in groups))


def write(
    parts: Sequence[Part],
    documents: Mapping[str, Document],
    similar: Similar,
    names: Collection[str],
    settings: Settings,
) -> Draft:
    """The best statements for the parts of a question, the one that answers first in front.

    A part that the sources do not answer gives no statement; the draft names what it lacks.
    """
    chosen: list[list[Candidate]] = []
    pool: list[Candidate] = []
    found: list[tuple[tuple[Candidate, Figure], ...]] = []
    missing: list[str] = []
    confidence = 0.0
    for at, part in enumerate(parts):
        if chosen and at and not part.question.asked:
            break  # several clauses as a whole are searched for what none of them finds
        most = max(2, settings.max_statements // len(parts))
        selection = select(part, documents, similar, names, settings, most)
        verdict = judge(part.question, selection.ranked, selection.chosen, part.background)
        confidence = max(confidence, verdict.probability)
        if verdict.probability < settings.answer_threshold:
            if part.question.asked:
                missing.append(verdict.missing or (asking(part.question.asked).strip(" ?") if len(parts) > 1 else ""))
            continue
        if not chosen and not part.question.asked:
            missing = []  # the message as a whole is answered
        pool += selection.ranked
        found += [selection.differing] if selection.differing else []
        shown = [member for group in chosen for member in group]
        new = [list(group) for group in selection.groups if not any(same(group[0], member) for member in shown)]
        chosen += new or (_next(selection.ranked, shown, settings) if shown and parts[0].question.asked else [])
    merged = _merged(chosen)
    if parts[0].question.compares or not parts[0].question.asked:
        merged = [_both_sides(group, parts[0].question.names, pool) for group in merged]
    equal: dict[object, list[Candidate]] = {}
    for candidate in pool:
        equal.setdefault(candidate.said.values, []).append(candidate)
    statements = [
        _with_agreeing(_statement(group, documents), group, equal.get(group[0].said.values, ())) for group in merged
    ]
    numbers = {candidate.chunk.id: number for number, group in enumerate(merged) for candidate in group}
    named = tuple(
        (subject(differing), tuple((figure.text, numbers[candidate.chunk.id]) for candidate, figure in differing))
        for differing in found
        if all(candidate.chunk.id in numbers for candidate, _ in differing)
    )
    return Draft(tuple(statements), named, tuple(name for name in dict.fromkeys(missing) if name), confidence)


def _next(ranked: Sequence[Candidate], shown: Sequence[Candidate], settings: Settings) -> list[list[Candidate]]:
    """The best candidate that is not shown yet: two questions of one message rarely ask for one statement."""
    enough = settings.keep_ratio * ranked[0].score
    near = (held for held in ranked if held.score >= enough and not any(same(held, one) for one in shown))
    return [[held] for held in islice(near, 1)]


def _newest_first(
    found: tuple[tuple[Candidate, Figure], ...], documents: Mapping[str, Document]
) -> tuple[tuple[Candidate, Figure], ...]:
    """Sides by the date of their document, the newest first, the undated last."""
    return tuple(sorted(found, key=lambda side: documents[side[0].chunk.document].as_of, reverse=True))


def _merged(groups: Iterable[list[Candidate]]) -> list[list[Candidate]]:
    """Rows of one table and items of one list that several parts chose become one statement."""
    merged: dict[object, list[Candidate]] = {}
    for group in groups:
        chunk = group[0].chunk
        key = group[0].section if chunk.kind in (Kind.LIST, Kind.TABLE) else chunk.id
        held = merged.setdefault(key, [])
        held += [candidate for candidate in group if candidate.chunk.id not in {other.chunk.id for other in held}]
    return list(merged.values())


def _both_sides(group: list[Candidate], names: Sequence[str], pool: Iterable[Candidate]) -> list[Candidate]:
    """The rows of a table with those that are labelled with another of the names that are compared."""
    if group[0].chunk.kind is not Kind.TABLE:
        return group
    rows = {held.chunk.id: held for held in pool if held.section == group[0].section}
    labels = {name: set(tokens(cells(row.chunk.text)[0])) for name, row in rows.items()}
    told = set[str]().union(*(labels[held.chunk.id] for held in group))
    lacking = set(names) - told
    if len(lacking) == len(names):
        return group
    return group + [rows[name] for name, label in labels.items() if not label.isdisjoint(lacking)]


class _Choice:
    """What is chosen so far, and what a further statement would be worth beside it.

    After the best one, a document that has not spoken yet goes before one that has: what another
    source says of the same thing is worth more than what the same source says of the next thing.
    And what speaks of words of the question that nothing chosen speaks of goes before what does not
    (coverage, as in Lin and Bilmes 2011): the other half of a comparison, the second fact asked for.
    The same fact about another thing than the question names is worth nothing.
    """

    def __init__(self, part: Part, settings: Settings, most: int, taken: Sequence[Sequence[Candidate]]) -> None:
        self.groups: dict[tuple[str, int, int], list[Candidate]] = {}
        self.shown: list[Candidate] = []
        self._words, self._most_words = 0, settings.answer_words
        self._most_groups = most - len(taken)
        self._left = part.background.shares(part.question)
        self._names = frozenset(part.background.names)
        self._asked = self._names.intersection(part.question.names)
        self._documents: set[str] = set()
        for group in taken:
            for candidate in group:
                self._show(candidate)

    def add(self, candidate: Candidate) -> None:
        """Take a candidate in."""
        self.groups.setdefault(_group(candidate.chunk, self.groups), []).append(candidate)
        self._show(candidate)

    def has_room(self, candidate: Candidate) -> bool:
        """Whether there are words, and a group, left for a candidate; where there are none, there never will be."""
        if self._words and self._words + candidate.said.words > self._most_words:
            return False
        return len(self.groups) < self._most_groups or _group(candidate.chunk, self.groups) in self.groups

    def _show(self, candidate: Candidate) -> None:
        self.shown.append(candidate)
        self._words += candidate.said.words
        about = candidate.said.about
        self._left = {word: share for word, share in self._left.items() if word not in about}
        self._documents.add(candidate.chunk.document)

    def worth(self, candidate: Candidate) -> float:
        """How much a candidate adds, which becomes less with each that is taken in."""
        about = candidate.said.about
        return self._worth(candidate, sum(share for word, share in self._left.items() if word in about))

    def at_most(self, candidate: Candidate) -> float:
        """What a candidate is worth if it speaks of all that is left, for which it need not be read."""
        return self._worth(candidate, sum(self._left.values()))

    def _worth(self, candidate: Candidate, new: float) -> float:
        return candidate.score + _COVERAGE * new - (_SPOKEN if candidate.chunk.document in self._documents else 0)

    def is_of_another(self, candidate: Candidate) -> bool:
        """Whether it names something that the first does not, and nothing that the question names or leaves open.

        A sentence under the headings of the first speaks of the same thing, whatever it names.
        """
        if not (self._asked and self.shown):
            return False
        first, said = self.shown[0], candidate.said
        if candidate.chunk.kind is Kind.PROSE and candidate.chunk.headings == first.chunk.headings:
            return False
        spoken = {part for name in said.context & self._names for part in (name, *name.split("-"))}
        if spoken & self._asked or not said.own & self._names - first.said.context:
            return False
        return not any(word in said.about for word in self._left)

    def repeats(self, candidate: Candidate) -> bool:
        """Whether what is chosen says it already."""
        return any(
            same(candidate, one) or adds_nothing(candidate, one) or _leans_on(one.chunk, candidate.chunk)
            for one in self.shown
        )


def _best_first(left: Sequence[Candidate], choice: _Choice) -> Iterator[tuple[Candidate, float]]:
    """The candidate that is worth most of those left, with that, again and again; at first the one that answers.

    Nothing becomes worth more by a choice, so only what comes to the top is weighed anew (Minoux 1978).
    """
    rest = 0
    if left and not choice.shown:
        yield left[0], choice.worth(left[0])
        rest = 1
    queue = [(-choice.at_most(left[at]), at) for at in range(rest, len(left))]
    heapify(queue)
    while queue:
        known, at = queue[0]
        if not choice.has_room(left[at]):
            heappop(queue)
        elif (worth := choice.worth(left[at])) < -known:
            heapreplace(queue, (-worth, at))
        else:
            heappop(queue)
            yield left[at], worth


def _choose(
    part: Part,
    ranked: Sequence[Candidate],
    settings: Settings,
    most: int,
    taken: Sequence[Sequence[Candidate]] = (),
) -> list[list[Candidate]]:
    """Groups of candidates, each to become one statement: a sentence, a list, rows of one table."""
    question = part.question
    choice = _Choice(part, settings, most, taken)
    first = {candidate.said.id for candidate in choice.shown}
    enough = settings.keep_ratio * ranked[0].score if ranked else 0.0
    left = [held for held in ranked if held.score >= enough - _COVERAGE and held.said.id not in first]
    most_asked = _most_asked(question, ranked)
    shares = part.background.shares(question) if question.compares else {}
    for best, worth in _best_first(left, choice):
        if choice.shown and worth < enough:
            break
        if choice.repeats(best) or choice.is_of_another(best):
            continue
        told = frozenset().union(*(other.stems for other in choice.shown)) if shares else frozenset()
        compared = shares.keys() & best.stems - told
        beside = choice.groups.get(_group(best.chunk, choice.groups))
        if beside and not compared and best.said.id not in most_asked:
            near = _AMOUNTLESS if question.amount and not gives_amount(question, best) else _SIBLING
            if question.extreme or best.score < near * beside[0].score:
                continue
        choice.add(best)
    return [_whole_list(question, group, ranked, settings) for group in choice.groups.values()]


def _most_asked(question: Question, ranked: Sequence[Candidate]) -> set[str]:
    """The rows or items that "the highest" or "the top three" asks for: the first so many of each table or list.

    Of those that keep to a limit, all.
    """
    bound = question.bound
    if bound and not question.extreme:
        return {candidate.said.id for candidate in ranked if bound.within(candidate.figures)}
    by_section: dict[tuple[str, int], list[str]] = {}
    for candidate in ranked if question.extreme else ():
        by_section.setdefault(candidate.section, []).append(candidate.said.id)
    return {one for held in by_section.values() for one in held[: question.extremes]}


def _group(chunk: Chunk, groups: Collection[tuple[str, int, int]]) -> tuple[str, int, int]:
    """Rows of one table, items of one list and a sentence with one that leans on it become one statement."""
    if chunk.kind in (Kind.LIST, Kind.TABLE):
        return chunk.document, chunk.section, -1
    part = chunk.part or 0
    before = (chunk.document, chunk.section, part - 1)
    return before if chunk.lead is not None and before in groups else (chunk.document, chunk.section, part)


def _leans_on(chunk: Chunk, other: Chunk) -> bool:
    """Whether a sentence of prose is quoted together with another, the one before it."""
    prose = chunk.kind not in (Kind.LIST, Kind.TABLE)
    return prose and chunk.lead is not None and (chunk.document, chunk.lead.start) == (other.document, other.start)


def _whole_list(
    question: Question, group: list[Candidate], ranked: Sequence[Candidate], settings: Settings
) -> list[Candidate]:
    """A list of which several items answer best is given whole, as far as the words allow: part would pass for all.

    So is a table of which most rows answer, and a list or table of which several things are asked for.
    """
    if group[0].chunk.kind is Kind.TABLE:
        rows = sum(candidate.section == group[0].section for candidate in ranked)
        begun = len(group) > max(2, rows // 2) and not (question.extreme or question.names)
    else:
        begun = len(group) > 1 and group[0].chunk.kind is Kind.LIST and not (question.amount or question.names)
    if not (begun or _asks_whole(question, group[0].chunk)) or group[0].score < 0.95 * ranked[0].score:
        return group
    words, taken = 0, list[Candidate]()
    for candidate in ranked:
        if candidate.section == group[0].section:
            words += candidate.said.words
            if taken and words > _WHOLE_LIST * settings.answer_words:
                break
            taken.append(candidate)
    return taken


def _asks_whole(question: Question, chunk: Chunk) -> bool:
    """Whether the whole list or table is asked for: "the types of …", "tuition by school type" of its first column."""
    if chunk.kind is Kind.LIST:
        return (question.several and not question.meaning) or question.steps
    if chunk.kind is not Kind.TABLE or chunk.lead is None or question.extreme:
        return False
    each = {stem(word) for words in _EACH.findall(question.text) for word in words.split()}
    return bool(each & stems(cells(chunk.lead.text)[0]))


def _with_agreeing(statement: Statement, group: Sequence[Candidate], equal: Sequence[Candidate]) -> Statement:
    """The statement with the quotes of other sources that say all of it: none says a whole list or table.

    `equal` are the candidates with the same values, best first.
    """
    quotes = list(statement.quotes)
    told = {quote.document for quote in quotes}
    for other in equal if len(group) == 1 else ():
        if len(quotes) == _MOST_QUOTES:
            break
        if other.chunk.document not in told and same(other, group[0]):
            quotes.append(_quote(other.chunk))
            told.add(other.chunk.document)
    return Statement(statement.text, statement.pieces, tuple(quotes))


def _quote(chunk: Chunk) -> Quote:
    return Quote(chunk.document, chunk.headings, chunk.start, chunk.end, chunk.text)


def _statement(group: Sequence[Candidate], documents: Mapping[str, Document]) -> Statement:
    chunks = sorted((candidate.chunk for candidate in group), key=lambda chunk: chunk.start)
    if chunks[0].kind is Kind.TABLE:
        return _rows(chunks, documents[chunks[0].document])
    if chunks[0].kind is Kind.LIST:
        return _list(chunks, documents[chunks[0].document])
    first = chunks[0].lead or chunks[0]
    quote = _slice(documents[chunks[0].document], chunks[0].headings, first.start, chunks[-1].end)
    text = _plain(quote.text)
    return Statement(text, (text,), (quote,))


def _rows(chunks: Sequence[Chunk], document: Document) -> Statement:
    """One table row as "label – header: cell; …", several as a Markdown table, quoted from the header to the last."""
    lead = chunks[0].lead
    names = cells(lead.text) if lead else ()
    quote = _slice(document, chunks[0].headings, lead.start if lead else chunks[0].start, chunks[-1].end)
    if len(chunks) > 1 and len(names) > 1:
        return _table([names, *(cells(chunk.text) for chunk in chunks)], quote)
    lines, pieces = [], []
    for chunk in chunks:
        label, *values = cells(chunk.text)
        pairs = [(names[at] if at < len(names) else "", value) for at, value in enumerate(values, start=1) if value]
        told = "; ".join(f"{name}: {value}" if name else value for name, value in pairs)
        lines.append(f"{label} – {told}" if told else label)
        pieces += [label, *(piece for pair in pairs for piece in pair if piece)]
    return Statement(_bulleted(lines), tuple(pieces), (quote,))


def _table(rows: Sequence[Sequence[str]], quote: Quote) -> Statement:
    """A header and its rows side by side: as they stand, or as columns where those are fewer; a dash for a blank."""
    width = max(map(len, rows))
    filled = [[cell.replace("|", "\\|") for cell in (*row, *[""] * width)][:width] for row in rows]
    columns = [column for column in zip(*filled, strict=True) if any(column[1:])]
    head, *body = columns if len(rows) < len(columns) else zip(*columns, strict=True)
    lines = [" | ".join(cell or "–" for cell in row) for row in (head, ["---"] * len(head), *body)]
    return Statement("\n".join(lines), tuple(cell for row in (head, *body) for cell in row if cell), (quote,))


def _list(chunks: Sequence[Chunk], document: Document) -> Statement:
    """List items; with the sentence that introduces them where there are several or one is short."""
    lead = chunks[0].lead
    items = [_plain(chunk.text) for chunk in chunks]
    alone = len(chunks) == 1
    if lead is None or (alone and len(items[0].split()) >= _SHORT_ITEM):
        quote = _slice(document, chunks[0].headings, chunks[0].start, chunks[-1].end)
        return Statement(_bulleted(items), tuple(items), (quote,))
    intro = _plain(lead.text)
    quote = _slice(document, chunks[0].headings, lead.start, chunks[-1].end)
    text = f"{intro} {items[0]}" if alone else f"{intro}\n" + "\n".join(f"- {item}" for item in items)
    return Statement(text, (intro, *items), (quote,))


def _bulleted(lines: Iterable[str]) -> str:
    lines = list(lines)
    return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


def _slice(document: Document, headings: tuple[str, ...], start: int, end: int) -> Quote:
    return Quote(document.id, headings, start, end, document.text[start:end])


def _plain(text: str) -> str:
    """A quotation on one line: line breaks inside it are shown as spaces."""
    return " ".join(text.split())
