"""The composition root: the one place that knows how a question becomes a checked answer.

question + history ─conversation→ reading ─retrieval→ hits ─answering→ draft ─checking→ Answer ─suggesting→ Answer
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import islice
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from careerbot import answering, checking, conversation, questions, retrieval, spelling, suggesting
from careerbot.confidence import Background
from careerbot.config import Settings, read_settings
from careerbot.datatypes import Answer, Citation, Disagreement, Draft, Quote, StatedValue, Status
from careerbot.embedding import Encoder, QueryEncoder, SentenceEncoder, Vectors
from careerbot.errors import InputError
from careerbot.index import Index, Watch, open_index
from careerbot.places import home, places
from careerbot.questions import Question
from careerbot.words import content_words, search_terms, stem

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

_SPACES = re.compile(r"[^\S\n]+")
_SUGGESTIONS_TRIED = 6
_CHECKED_AHEAD = 3_000  # questions, some 25 ms each
_READ_FOR_PLACE = 20_000  # characters


@dataclass(frozen=True, slots=True)
class _Asked:
    """What flows along the chain: the question as asked, then what each step adds."""

    text: str
    history: tuple[str, ...]
    started: float
    reading: str = ""
    questions: tuple[Question, ...] = ()
    vectors: tuple[Vectors, ...] = ()
    parts: tuple[answering.Part, ...] = ()
    draft: Draft | None = None
    answer: Answer | None = None


class Careerbot:
    """Answers questions from one index. Make it with `Careerbot.open`.

    Each question is answered from one generation of the index: a new one is taken up by the next
    question, and one that cannot be used is told in the log while the old one goes on. `index` is the
    generation that the newest question is answered from; it stays whole for who holds it.
    """

    def __init__(self, index: Index, encoder: Encoder, settings: Settings) -> None:
        self.index = index
        self.encoder = encoder
        self.settings = settings
        self._watch = Watch(index)
        self._moving = threading.Lock()
        self._served = _Served(index, encoder, settings)

    @classmethod
    def open(cls, index: str | Path | None = None, settings: Settings | None = None) -> Careerbot:
        """Open an index for asking. `index` overrules the folder that the settings name.

        Raises IndexUnusable when there is no index or it does not fit the encoder.
        """
        settings = settings or read_settings()
        encoder = SentenceEncoder(settings.encoder)
        held = open_index(Path(index or settings.index), encoder)
        return cls(held, QueryEncoder(held.exported, encoder) if held.exported else encoder, settings)

    def ask(self, question: str, history: Sequence[object] = ()) -> Answer:
        """The checked answer to a question. `history` holds the earlier turns, oldest first.

        Turns are strings (what the user said), LangChain messages, or {"role", "content"} mappings;
        only the user's are read. Raises InputError when the question is empty or too long.
        """
        return self.profile(question, history)[0]

    def profile(self, question: str, history: Sequence[object] = ()) -> tuple[Answer, dict[str, float]]:
        """The answer, and the milliseconds that each step took, in their order."""
        served, taken = self._newest(), {}
        asked: Any = {"question": question, "history": history}
        for name, step in served.steps.items():
            started = time.perf_counter()
            asked = step(asked)
            taken[name] = (time.perf_counter() - started) * 1000
        return asked, taken

    def stream(self, question: str, history: Sequence[object] = ()) -> Iterator[Answer]:
        """The answer as it grows, statement by statement; all of it is checked.

        The last is complete: it has the suggestions too, which are looked for while the text is read.
        """
        served = self._newest()
        asked = served.checked({"question": question, "history": history})
        assert asked.answer is not None  # noqa: S101 - set by the last step
        shown = ""
        for line in asked.answer.text.splitlines(keepends=True):
            shown += line
            if shown.strip():
                yield replace(asked.answer, text=shown.rstrip())
        yield served.suggest(asked)

    def read(self, question: str, history: Sequence[object] = ()) -> str:
        """The question as it is read after the earlier turns: spelled right, and standing alone."""
        return self._newest().read({"question": question, "history": history}).reading

    def parts(self, question: str, history: Sequence[object] = ()) -> tuple[answering.Part, ...]:
        """What is found for each question of a message, before anything is chosen (for measuring)."""
        served = self._newest()
        return served.searched({"question": question, "history": history}).parts

    @cached_property
    def chain(self) -> Runnable[Mapping[str, Any], Answer]:
        """The steps as a LangChain Runnable: {"question", "history"} → Answer."""
        from langchain_core.runnables import RunnableLambda

        # What a function of a chain gives back is run in its place if it is a chain itself.
        return RunnableLambda(lambda _: self._newest().chain, name="careerbot")

    def check_suggestions(self, stop: Callable[[], bool] = lambda: False) -> int:
        """Check what may be suggested before anybody asks, taking half the time at most; how many were checked.

        A server does this in the background; without it the first answers wait for their suggestions.
        """
        checked = 0
        while True:
            served = self._served
            checked += served.check_suggestions(lambda held=served: stop() or held is not self._served)  # type: ignore[misc]
            if stop() or served is self._served:
                return checked

    def _newest(self) -> _Served:
        """What the question that begins now is answered from, to its end. While one opens it, others go on."""
        if self._watch.moved() and self._moving.acquire(blocking=False):
            try:
                newer = self._watch.newer(self.encoder)
                if newer is not None:
                    self._served, self.index = _Served(newer, self.encoder, self.settings), newer
            finally:
                self._moving.release()
        return self._served


class _Served:
    """The steps over one generation of the index, with what is known of it alone."""

    def __init__(self, index: Index, encoder: Encoder, settings: Settings) -> None:
        self.index = index
        self.encoder = encoder
        self.settings = settings
        self._quoted: dict[str, tuple[Quote, ...]] = {}

    @cached_property
    def chain(self) -> Runnable[Mapping[str, Any], Answer]:
        from langchain_core.runnables import RunnableLambda

        return reduce(or_, (RunnableLambda(step, name=name) for name, step in self.steps.items()))

    @property
    def steps(self) -> dict[str, Callable[[Any], Any]]:
        """From a question to its answer; each takes what the one before gives."""
        return {
            "read": self.read,
            "encode": self.encode,
            "search": self.search,
            "write": self.write,
            "check": self.check,
            "suggest": self.suggest,
        }

    def searched(self, asked: Mapping[str, Any]) -> _Asked:
        """What is found, before anything is chosen."""
        return self.search(self.encode(self.read(asked)))

    def checked(self, asked: Mapping[str, Any]) -> _Asked:
        """With the answer, which has no suggestions yet."""
        return self.check(self.write(self.searched(asked)))

    def read(self, asked: Mapping[str, Any]) -> _Asked:
        started = time.perf_counter()
        text = asked.get("question")
        if not isinstance(text, str):
            raise InputError(f"a question must be text, not {type(text).__name__}")
        conversation.check_question(text, self.settings.max_question_chars)
        turns = tuple(user_turns(asked.get("history") or ()))[-self.settings.max_turns :]
        vocabulary, names = self.index.vocabulary, self.index.names
        spaced = [_SPACES.sub(" ", turn).strip() for turn in (*turns, text)]
        corrected = [spelling.correct(turn, vocabulary) for turn in spaced]
        reading = conversation.standalone(corrected[-1], corrected[:-1], names)
        return _Asked(text, turns, started, reading, questions.understand(reading, names))

    def encode(self, asked: _Asked) -> _Asked:
        """Each part is the mean of what it asks, and of all of it with the story around."""
        pairs = [(questions.focus(question.text), question.text) for question in asked.questions]
        vectors = self._encoded(list(dict.fromkeys(text for pair in pairs for text in pair)))
        means = [vectors[focused] + vectors[whole] for focused, whole in pairs]
        return replace(asked, vectors=tuple(mean / np.linalg.norm(mean) for mean in means))

    def search(self, asked: _Asked) -> _Asked:
        parts = []
        for question, vector in zip(asked.questions, asked.vectors, strict=True):
            query = retrieval.Query(vector, tuple(search_terms(question.text)))
            hits = retrieval.hybrid(self.index, query, self.settings)
            parts.append(answering.Part(question, hits, self._background(query.vector)))
        return replace(asked, parts=tuple(parts))

    def _encoded(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """The vectors of some texts; a wording's is in the index."""
        known = {text: vector for text in texts if (vector := self.index.known(text)) is not None}
        new = [text for text in texts if text not in known]
        return known | dict(zip(new, self.encoder.encode(new) if new else (), strict=True))

    def _background(self, vector: Vectors) -> Background:
        return Background(
            self._frequency, self._passages, self.index.names, self._places, self.index.nearest_gap(vector)
        )

    @cached_property
    def _frequency(self) -> dict[str, int]:
        """Passages per stem: as many as its most frequent word has."""
        found: dict[str, int] = {}
        for word, count in self.index.vocabulary.items():
            found[stem(word)] = max(count, found.get(stem(word), 0))
        return found

    @cached_property
    def _passages(self) -> int:
        return sum(chunk.part is None for chunk in self.index.chunks)

    @cached_property
    def _places(self) -> frozenset[str]:
        """What whole documents are about: their stated places, else the country that they name most."""
        stated = [places(held.place) or (home(held.text[:_READ_FOR_PLACE]),) for held in self.index.documents.values()]
        return frozenset(place for named in stated for place in named if place)

    def write(self, asked: _Asked) -> _Asked:
        return replace(
            asked,
            draft=answering.write(
                asked.parts, self.index.documents, self.index.similar, self.index.names, self.settings
            ),
        )

    def check(self, asked: _Asked) -> _Asked:
        assert asked.draft is not None  # noqa: S101 - set by write
        draft = checking.check(asked.draft, self.index.documents)
        answer = self._answer(asked, draft) if draft.statements else self._refusal(asked, draft)
        return replace(asked, answer=replace(answer, confidence=draft.confidence))

    def suggest(self, asked: _Asked) -> Answer:
        assert asked.answer is not None  # noqa: S101 - set by check
        answer = replace(asked.answer, suggestions=self._suggestions(asked, asked.answer))
        return replace(answer, latency_ms=(time.perf_counter() - asked.started) * 1000)

    def _suggestions(self, asked: _Asked, answer: Answer) -> tuple[str, ...]:
        """Questions to ask next, each checked to be answered by the statement that it was found with."""
        turns = {turn.casefold() for turn in (*asked.history, asked.text)}
        near = suggesting.questions_near(asked.parts[0].hits, answer.citations)
        good = (
            text
            for text, chunk in islice(near, _SUGGESTIONS_TRIED)
            if text.casefold() not in turns
            and any(suggesting.stands_in(chunk, held.document, held.start, held.end) for held in self._quotes(text))
        )
        return tuple(islice(good, self.settings.suggestions))

    def check_suggestions(self, stop: Callable[[], bool]) -> int:
        self.encoder.encode(["warm up"])
        asked = dict.fromkeys(suggesting.question_of(chunk) for chunk in self.index.chunks if chunk.part is not None)
        checked = 0
        for question in islice(filter(None, asked), _CHECKED_AHEAD if self.settings.suggestions else 0):
            if stop():
                break
            started = time.perf_counter()
            self._quotes(question)
            checked += 1
            time.sleep(time.perf_counter() - started)
        return checked

    def _quotes(self, question: str) -> tuple[Quote, ...]:
        """What answers a question alone, none where it is not answered in full; found once for each question."""
        if question not in self._quoted:
            draft = self.write(self.searched({"question": question})).draft
            said = draft.statements if draft is not None and not draft.missing else ()
            self._quoted[question] = tuple(quote for statement in said for quote in statement.quotes)
        return self._quoted[question]

    def _refusal(self, asked: _Asked, draft: Draft) -> Answer:
        if not content_words(asked.reading):  # "and that one?" with nothing before it
            text = "What is this about? Please name it; nothing that was said before tells."
            return Answer(asked.text, asked.reading, text, Status.NOT_IN_SOURCES)
        text = "The sources don't say." + _nothing_about("They", draft.missing)
        nearby = suggesting.nearby(asked.parts[0].hits)
        if nearby:
            text += " Covered nearby: " + "; ".join(nearby) + "."
        return Answer(asked.text, asked.reading, text, Status.NOT_IN_SOURCES, missing=draft.missing)

    def _answer(self, asked: _Asked, draft: Draft) -> Answer:
        citations: dict[Quote, Citation] = {}
        lines = []
        for statement in draft.statements:
            numbers = []
            for quote in statement.quotes:
                if quote not in citations:
                    citations[quote] = self._citation(len(citations) + 1, quote)
                numbers.append(citations[quote].number)
            lines.append(statement.text + " " + "".join(f"[{number}]" for number in numbers))
        if lacking := _nothing_about("The sources", draft.missing):
            lines.append(lacking.strip())
        return Answer(
            asked.text,
            asked.reading,
            "\n".join(lines),
            Status.PARTIAL if draft.missing else Status.ANSWERED,
            tuple(citations.values()),
            self._disagreements(draft, citations),
            draft.missing,
        )

    def _citation(self, number: int, quote: Quote) -> Citation:
        held = self.index.documents[quote.document]
        return Citation(
            number,
            held.id,
            held.title,
            held.publisher,
            held.as_of,
            quote.section,
            quote.text,
            quote.start,
            quote.end,
            held.path,
        )

    def _disagreements(self, draft: Draft, citations: Mapping[Quote, Citation]) -> tuple[Disagreement, ...]:
        found = []
        for about, sides in draft.sides:
            held = [(value, citations[draft.statements[at].quotes[0]]) for value, at in sides]
            found.append(Disagreement(about, tuple(StatedValue(value, c.as_of, c.number) for value, c in held)))
        return tuple(found)


def _nothing_about(who: str, missing: Sequence[str]) -> str:
    """What is missing as a sentence; without what holds a figure, since no quotation could back it."""
    named = [name for name in missing if not any(letter.isdigit() for letter in name)]
    return f" {who} say nothing about {', '.join(named)}." if named else ""


def user_turns(history: Sequence[object]) -> Iterator[str]:
    """What the user said in the earlier turns, oldest first. Raises InputError for anything else."""
    if isinstance(history, (str, Mapping)) or not isinstance(history, Iterable):
        raise InputError(f"a history must be a list of turns, not {type(history).__name__}")
    for turn in history:
        role = turn.get("role") if isinstance(turn, Mapping) else getattr(turn, "type", "human")
        content = turn.get("content") if isinstance(turn, Mapping) else getattr(turn, "content", turn)
        if isinstance(role, str) and role not in ("user", "human"):
            continue
        if role is None or not isinstance(content, str):
            raise InputError(f"a turn of the history must be text, not {type(turn).__name__}")
        if not conversation.is_empty(content):
            yield content
