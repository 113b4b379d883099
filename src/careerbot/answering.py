"""Choosing: hits → a draft of verbatim statements. How the hits were found is not known here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from careerbot.chunking import cells
from careerbot.config import Settings
from careerbot.datatypes import Chunk, Document, Draft, Figure, Hit, Kind, Quote, Statement
from careerbot.figures import figures
from careerbot.questions import Question
from careerbot.words import FUNCTION_WORDS, stem, tokens

_SHORT_ITEM = 7  # words; a shorter list item is quoted with the sentence that introduces it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement that may be quoted, with what choosing looks at."""

    chunk: Chunk
    score: float
    figures: tuple[Figure, ...]
    stems: frozenset[str]
    context: frozenset[str] = field(repr=False)

    @property
    def section(self) -> tuple[str, int]:
        return self.chunk.document, self.chunk.section


def write(
    question: Question, hits: Sequence[Hit], documents: Mapping[str, Document], settings: Settings
) -> Draft:
    """The best statements for a question, the one that answers it first."""
    ranked = rank(question, hits)
    chosen = _choose(question, ranked, settings)
    statements = [_statement(question, group, ranked, documents) for group in chosen]
    statements = [_with_agreeing(statement, group[0], ranked) for statement, group in zip(statements, chosen, strict=True)]
    return Draft(tuple(statements))


def rank(question: Question, hits: Sequence[Hit]) -> list[Candidate]:
    """The quotable statements among the hits, best first, weighed by what the question asks for."""
    found = [_candidate(question, hit) for hit in hits if _quotable(hit.chunk)]
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.chunk.id))


def _quotable(chunk: Chunk) -> bool:
    """Questions and bare introductions answer nothing."""
    return chunk.part is not None and not chunk.text.rstrip().endswith(("?", ":"))


def _candidate(question: Question, hit: Hit) -> Candidate:
    chunk = hit.chunk
    own = tokens(chunk.text)
    around = tokens(" ".join((*chunk.headings[1:], chunk.lead.text if chunk.lead else "")))
    context = frozenset(own) | frozenset(around)
    held = figures(_figure_text(chunk))
    stems = frozenset(stem(word) for word in own if word not in FUNCTION_WORDS)
    return Candidate(chunk, round(hit.score + _bonus(question, held, context), 6), held, stems, context)


def _figure_text(chunk: Chunk) -> str:
    if chunk.kind is Kind.TABLE and chunk.lead is not None:
        return "; ".join(f"{name}: {cell}" for name, cell in zip(cells(chunk.lead.text), cells(chunk.text), strict=False))
    return chunk.text


def _bonus(question: Question, held: Sequence[Figure], context: frozenset[str]) -> float:
    bonus = 0.0
    if question.units:
        bonus += 0.06 if any(figure.unit in question.units for figure in held) else -0.12
    if question.names:
        absent = sum(name not in context for name in question.names)
        bonus -= 0.15 * absent / len(question.names)
    if question.statistic and held and held[0].statistic not in (None, question.statistic):
        bonus -= 0.15
    if question.period and held and held[0].period not in (None, question.period):
        bonus -= 0.05
    return bonus


def _choose(question: Question, ranked: Sequence[Candidate], settings: Settings) -> list[list[Candidate]]:
    """Groups of candidates, each to become one statement: a sentence, a list, rows of one table."""
    groups: dict[tuple[str, int, int], list[Candidate]] = {}
    words = 0
    for candidate in ranked:
        if candidate.score < settings.keep_ratio * ranked[0].score:
            break
        if any(_same(candidate, member) for group in groups.values() for member in group):
            continue
        grouped = candidate.chunk.kind in (Kind.LIST, Kind.TABLE)
        key = (*candidate.section, -1 if grouped else candidate.chunk.part or 0)
        if key not in groups and len(groups) >= settings.max_statements:
            continue
        cost = len(candidate.chunk.text.split())
        if words and words + cost > settings.answer_words:
            continue
        groups.setdefault(key, []).append(candidate)
        words += cost
    return [_whole_list(question, group, ranked, settings) for group in groups.values()]


def _whole_list(
    question: Question, group: list[Candidate], ranked: Sequence[Candidate], settings: Settings
) -> list[Candidate]:
    """A question for several things takes the whole list that it hit, as far as the words allow."""
    if group[0].chunk.kind is not Kind.LIST or not question.several or group[0].score < 0.95 * ranked[0].score:
        return group
    words = 0
    taken: list[Candidate] = []
    for candidate in ranked:
        if candidate.section == group[0].section:
            words += len(candidate.chunk.text.split())
            if taken and words > settings.answer_words:
                break
            taken.append(candidate)
    return taken


def _same(one: Candidate, other: Candidate) -> bool:
    """Whether two statements say the same: the same amounts, and mostly the same words."""
    if {(f.amount, f.upper, f.unit) for f in one.figures} != {(f.amount, f.upper, f.unit) for f in other.figures}:
        return False
    smaller = min(len(one.stems), len(other.stems)) or 1
    return len(one.stems & other.stems) / smaller >= (0.6 if one.figures else 0.75)


def _with_agreeing(statement: Statement, shown: Candidate, ranked: Sequence[Candidate]) -> Statement:
    """The statement with the quotes of other sources that say the same."""
    quotes = list(statement.quotes)
    for other in ranked:
        if other.chunk.document not in {quote.document for quote in quotes} and _same(other, shown):
            quotes.append(_quote(other.chunk))
    return Statement(statement.text, statement.pieces, tuple(quotes[:3]))


def _quote(chunk: Chunk) -> Quote:
    return Quote(chunk.document, chunk.headings, chunk.start, chunk.end, chunk.text)


def _statement(
    question: Question, group: Sequence[Candidate], ranked: Sequence[Candidate], documents: Mapping[str, Document]
) -> Statement:
    chunks = sorted((candidate.chunk for candidate in group), key=lambda chunk: chunk.start)
    if chunks[0].kind is Kind.TABLE:
        return _rows(chunks, documents[chunks[0].document])
    if chunks[0].kind is Kind.LIST:
        return _list(chunks, documents[chunks[0].document])
    text = _plain(chunks[0].text)
    return Statement(text, (text,), (_quote(chunks[0]),))


def _rows(chunks: Sequence[Chunk], document: Document) -> Statement:
    """Table rows as "label – header: cell; …", quoted from the header to the last row."""
    lead = chunks[0].lead
    names = cells(lead.text) if lead else ()
    lines, pieces = [], []
    for chunk in chunks:
        label, *values = cells(chunk.text)
        pairs = [(names[at] if at < len(names) else "", value) for at, value in enumerate(values, start=1) if value]
        lines.append(f"{label} – " + "; ".join(f"{name}: {value}" if name else value for name, value in pairs))
        pieces += [label, *(piece for pair in pairs for piece in pair if piece)]
    quote = _slice(document, chunks[0].headings, lead.start if lead else chunks[0].start, chunks[-1].end)
    return Statement(_bulleted(lines), tuple(pieces), (quote,))


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


def nearby(hits: Sequence[Hit], most: int = 3) -> tuple[str, ...]:
    """What the sources cover close to a question: headings of the best hits, without figures in them."""
    found = dict.fromkeys(
        hit.chunk.headings[-1] for hit in hits[:20] if hit.chunk.headings and not any(c.isdigit() for c in hit.chunk.headings[-1])
    )
    return tuple(found)[:most]
