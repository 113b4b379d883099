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
from itertools import islice, takewhile
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from careerbot import answering, checking, composing, conversation, questions, retrieval, spelling, suggesting
from careerbot.candidates import REMEMBERED, remember
from careerbot.confidence import Background
from careerbot.config import Settings, read_settings
from careerbot.datatypes import Answer, Draft, Quote, Status, Wanted, Writing
from careerbot.embedding import Encoder, SentenceEncoder, Vectors
from careerbot.errors import InputError
from careerbot.index import Index, Watch, open_index
from careerbot.places import home, places
from careerbot.questions import Question
from careerbot.words import search_terms, stem

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from careerbot.models import ChatModel

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
    deadline: float
    reading: str = ""
    reader: Writing | None = None
    """The model that was asked how to read the question."""

    questions: tuple[Question, ...] = ()
    vectors: tuple[Vectors, ...] = ()
    parts: tuple[answering.Part, ...] = ()
    draft: Draft | None = None
    answer: Answer | None = None


class Careerbot:
    """Answers questions from one index. Make it with `Careerbot.open`.

    Each question is answered from one generation of the index: a new one is taken up by the next
    question, and one that cannot be used is told in the log while the old one goes on. `index` is the
    generation that the newest question is answered from; it stays whole for who holds it. `model` is
    the chat model that words the answers; None where the sources speak for themselves.
    """

    def __init__(self, index: Index, encoder: Encoder, settings: Settings, model: ChatModel | None = None) -> None:
        self.index = index
        self.encoder = encoder
        self.settings = settings
        self.model = model
        self._watch = Watch(index)
        self._moving = threading.Lock()
        self._served = _Served(index, encoder, settings, model)

    @classmethod
    def open(cls, index: str | Path | None = None, settings: Settings | None = None) -> Careerbot:
        """Open an index for asking. `index` overrules the folder that the settings name.

        Raises IndexUnusable when there is no index or it does not fit the encoder, and InputError when
        the settings name a chat model that cannot be used.
        """
        settings = settings or read_settings()
        encoder = SentenceEncoder(settings.encoder)
        held = open_index(Path(index or settings.index), encoder, by_exported=True)
        return cls(held, held.encoder(encoder), settings, _chat_model(settings))

    def without_model(self) -> Careerbot:
        """The same, quoting only."""
        return Careerbot(self.index, self.encoder, self.settings)

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
        While a model is asked, its text may be empty, or the same as before; when the model fails
        after its first sentence, the text begins anew.
        """
        served = self._newest()
        asked = served.searched({"question": question, "history": history})
        shown = ""
        for draft in served.drafts(asked):
            asked = served.check(replace(asked, draft=draft))
            answer = asked.answer
            assert answer is not None  # noqa: S101 - set by check
            if draft.writing and not draft.statements:
                yield replace(answer, text="", status=Status.PARTIAL)  # nothing yet
                continue
            if not answer.text.startswith(shown) or answer.text == shown:
                shown = answer.text
                yield answer
            for line in answer.text[len(shown) :].splitlines(keepends=True):
                shown += line
                if shown.strip():
                    yield replace(answer, text=shown.rstrip())
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
        """Check what may be suggested, and read all statements, before anybody asks; how many questions were checked.

        It takes half the time at most. A server does this in the background; without it the first answers wait
        for their suggestions, and for what is read of statements that none has met before.
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
                    self._served, self.index = _Served(newer, self.encoder, self.settings, self.model), newer
            finally:
                self._moving.release()
        return self._served


class _Served:
    """The steps over one generation of the index, with what is known of it alone."""

    def __init__(self, index: Index, encoder: Encoder, settings: Settings, model: ChatModel | None) -> None:
        self.index = index
        self.encoder = encoder
        self.settings = settings
        self._model = model
        self._extractive = answering.Extractive(index.documents, index.similar, index.names, settings)
        self._writer = _writer(self._extractive, index, model)
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

    def read(self, asked: Mapping[str, Any]) -> _Asked:
        started, deadline = time.perf_counter(), time.monotonic() + self.settings.model_seconds
        text = asked.get("question")
        if not isinstance(text, str):
            raise InputError(f"a question must be text, not {type(text).__name__}")
        conversation.check_question(text, self.settings.max_question_chars)
        turns = tuple(user_turns(asked.get("history") or ()))[-self.settings.max_turns :]
        spaced = [_SPACES.sub(" ", turn).strip() for turn in (*turns, text)]
        worded, reader = self._reworded(spaced, deadline)
        reading = worded or self._standalone(spaced)
        understood = questions.understand(reading, self.index.names)
        return _Asked(text, turns, started, deadline, reading, reader, understood)

    def _standalone(self, turns: Sequence[str]) -> str:
        """The last turn, spelled right and standing alone."""
        *earlier, turn = (spelling.correct(turn, self.index.vocabulary) for turn in turns)
        return conversation.standalone(turn, earlier, self.index.names)

    def _reworded(self, turns: Sequence[str], deadline: float) -> tuple[str, Writing | None]:
        """A follow-up as a model words it, "" where none does, and who was asked."""
        if self._model is None or len(turns) < 2:
            return "", None
        from careerbot.generating import reworded

        return reworded(self._model, turns, self.index.names, self.settings.model_seconds, deadline)

    def encode(self, asked: _Asked) -> _Asked:
        """Each part is the mean of what it asks, and of all of it with the story around."""
        pairs = [(questions.focus(question.text), question.text) for question in asked.questions]
        vectors = self._encoded(list(dict.fromkeys(text for pair in pairs for text in pair)))
        means = [vectors[focused] + vectors[whole] for focused, whole in pairs]
        return replace(asked, vectors=tuple(mean / np.linalg.norm(mean) for mean in means))

    def search(self, asked: _Asked) -> _Asked:
        found = self._found(asked)
        before = self._quoted_before(asked)
        if before is None:
            return found
        parts = (replace(part, hits=retrieval.beside(part.hits, before)) for part in found.parts)
        return replace(found, parts=tuple(parts))

    def _found(self, asked: _Asked) -> _Asked:
        parts = []
        for question, vector in zip(asked.questions, asked.vectors, strict=True):
            wanted = self.index.wanted(vector)
            query = retrieval.Query(vector, tuple(search_terms(question.text)), wanted.votes)
            hits = retrieval.hybrid(self.index, query, self.settings)
            parts.append(answering.Part(question, hits, self._background(wanted)))
        return replace(asked, parts=tuple(parts))

    def _quoted_before(self, asked: _Asked) -> Quote | None:
        """What the turn before was answered with first, if the question takes its topic along."""
        if not asked.history or not conversation.takes_along(asked.reading):
            return None
        reading = self._standalone([_SPACES.sub(" ", turn).strip() for turn in asked.history])
        before = replace(asked, reading=reading, questions=questions.understand(reading, self.index.names))
        draft = self._extractive.draft(self._found(self.encode(before)).parts)
        return draft.statements[0].quotes[0] if draft.statements else None

    def _encoded(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """The vectors of some texts; a wording's is in the index."""
        known = {text: vector for text in texts if (vector := self.index.known(text)) is not None}
        new = [text for text in texts if text not in known]
        return known | dict(zip(new, self.encoder.encode(new) if new else (), strict=True))

    def _background(self, wanted: Wanted) -> Background:
        index = self.index
        return Background(self._frequency, index.asked, self._passages, index.names, self._places, self._titles, wanted)

    @cached_property
    def _titles(self) -> tuple[str, ...]:
        return tuple(held.title for held in self.index.documents.values())

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
        *_, draft = self.drafts(asked)
        return replace(asked, draft=draft)

    def drafts(self, asked: _Asked) -> Iterator[Draft]:
        """What the writer proposes, as it grows."""
        return self._writer.drafts((*asked.history, asked.text), asked.parts, asked.deadline)

    def check(self, asked: _Asked) -> _Asked:
        assert asked.draft is not None  # noqa: S101 - set by write
        draft = checking.check(asked.draft, self.index.documents, self.index.names)
        draft = replace(draft, writing=draft.writing or asked.reader)
        if draft.statements:
            answer = composing.answer(asked.text, asked.reading, draft, self.index.documents)
        else:
            answer = composing.refusal(asked.text, asked.reading, draft, asked.parts[0].hits)
        return replace(asked, answer=answer)

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
        ahead = islice(filter(None, asked), _CHECKED_AHEAD if self.settings.suggestions else 0)
        checked = _at_leisure(self._quotes, ahead, stop)
        _at_leisure(remember, islice(self.index.chunks, REMEMBERED), stop)
        return checked

    def _quotes(self, question: str) -> tuple[Quote, ...]:
        """What answers a question alone, none where it is not answered in full; found once for each question."""
        if question not in self._quoted:
            draft = self._extractive.draft(self.searched({"question": question}).parts)
            said = () if draft.missing else draft.statements
            self._quoted[question] = tuple(quote for statement in said for quote in statement.quotes)
        return self._quoted[question]


def _at_leisure(call: Callable[[Any], object], held: Iterable[Any], stop: Callable[[], bool]) -> int:
    """Call with one after the other, half of the time at most, until it is to stop; with how many."""
    called = 0
    for one in takewhile(lambda _: not stop(), held):
        started = time.perf_counter()
        call(one)
        called += 1
        time.sleep(time.perf_counter() - started)
    return called


def _chat_model(settings: Settings) -> ChatModel | None:
    if not settings.model:
        return None
    from careerbot.models import ChatModel  # brings LangChain and a provider's library

    return ChatModel(settings)


def _writer(extractive: answering.Extractive, index: Index, model: ChatModel | None) -> answering.Writer:
    if model is None:
        return extractive
    from careerbot.generating import Generative

    return Generative(extractive, model, index.documents, index.names)


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
