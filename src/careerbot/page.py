"""The page of the web app: chat, comparison, documents and hand-out, built with Gradio.

A conversation lives in the browser alone. What the tabs need of it is asked anew: the same
question with the same history over the same index has the same answer.
"""

from __future__ import annotations

import datetime
import functools
import os
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, get_type_hints

import anyio.to_thread

from careerbot import charting, handout, messages, rendering, suggesting
from careerbot.datatypes import Answer, Chunk
from careerbot.errors import CareerbotError, InputError
from careerbot.feedback import Feedback
from careerbot.index import Index
from careerbot.pipeline import Careerbot

# What Gradio reads when it is imported: it reports nothing, and keeps no statistics of what is asked.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
import gradio as gr
from gradio.blocks import BlocksConfig

from careerbot import tabs

MAX_MESSAGE_CHARS = 1_000
MOST_HANDED_OUT = 20
EXAMPLES = 6
_TRIED = 60  # questions, until that many examples are answered
_ON_PAGE = 80  # messages of a conversation that stay on the page: all of them are sent with each question
_SHOWN_READING = 90  # characters

_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "system-ui", "sans-serif")

THEME = gr.themes.Default(
    primary_hue="blue", secondary_hue="blue", neutral_hue="slate", font=_FONTS, font_mono=("ui-monospace", "monospace")
).set(
    input_placeholder_color="*neutral_500",
    input_placeholder_color_dark="*neutral_400",
    block_title_text_color="*neutral_600",
    block_title_text_color_dark="*neutral_300",
)
"""Fonts of the reader's system, and blue: Gradio's orange is too pale to be read on white."""

RATINGS = ("Like", "Dislike", "Wrong source", "Not what I asked", "Something is missing")
"""What may be said of an answer: the first two are Gradio's thumbs."""

Message = dict[str, Any]
Admit = Callable[[gr.Request], None]
"""Raises InputError when an address asks more than it may."""


class _Page(gr.Blocks):
    """Takes no file or component, which Gradio would read or fetch from anywhere, and logs nothing that is sent."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.default_config = _Parts(self)

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *further: Any, **named: Any) -> Any:
        """What the handlers get of a request. Raises gr.Error for what they do not take."""
        try:
            if _names_file(inputs):
                raise ValueError
            return await super().preprocess_data(block_fn, inputs, *further, **named)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):  # gr.Error is a ValueError
            raise gr.Error("what was sent is not what this app takes", print_exception=False) from None


class _Parts(BlocksConfig):
    """What the page consists of. A visitor's copy holds no values: links that restore them are not offered here.

    Gradio makes and holds them for each visitor, and the conversation with them.
    """

    def __copy__(self) -> Any:
        own = super().__copy__()  # type: ignore[no-untyped-call]
        own.config_for_block = lambda *_: {}
        return own


def _names_file(held: object) -> bool:
    """Whether values of a request hold a file or a component, however deep."""
    pending = [held]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if "path" in one or "component" in one:
                return True
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return False


def blocks(bot: Careerbot, admit: Admit) -> Any:
    """The whole page."""
    with _Page(title=bot.settings.title, analytics_enabled=False) as page:
        gr.Markdown(
            f"# {rendering.escape_markdown(bot.settings.title)}\nAsk in your own words. {_promise(bot)}: click its "
            "number to see it in its document. What no document says is not answered." + _model_told(bot)
        )
        with gr.Tab("Chat"):
            chat = _chat(bot, page, admit)
        with gr.Tab("Compare"):
            tabs.compare(bot, page)
        with gr.Tab("Documents"):
            tabs.documents(bot, page)
        with gr.Tab("Hand-out") as tab:
            _handout(bot, chat, tab, admit)
        _program(bot, admit)
    return page


def _promise(bot: Careerbot) -> str:
    return "Every statement is a quotation" if bot.model is None else "Every statement is checked against quotations"


def _model_told(bot: Careerbot) -> str:
    """Who words the answers, and where questions go for it: told before anything is asked."""
    if bot.model is None:
        return ""
    who = rendering.escape_markdown(f"{bot.model.name} at {bot.model.host}")
    return (
        f"\n\nA language model ({who}) words the answers from quotations; each sentence is checked against them. "
        "Your questions and the quotations are sent there."
    )


def _chat(bot: Careerbot, page: gr.Blocks, admit: Admit) -> Any:
    with gr.Row(elem_id="talk"):
        with gr.Column(scale=3, min_width=320):
            chat, correct, box = _conversation(bot)
        with gr.Accordion("Picture", visible=False, elem_id="picture") as picture:
            plot = gr.Plot(show_label=False, label="Picture")
            with gr.Accordion("The table itself", open=False):
                table = gr.HTML()
    shown = [chat, correct, picture, plot, table]

    def asked(text: str, turns: list[Message]) -> tuple[Any, list[Message]]:
        return gr.Textbox(value="", **_STOP), [*(turns or [])[-_ON_PAGE:], _said(str(text))]

    def chosen(event: gr.SelectData, turns: list[Message]) -> tuple[Any, list[Message]]:
        text = event.value["text"] if isinstance(event.value, dict) else event.value
        return gr.Textbox(**_STOP), [*(turns or [])[-_ON_PAGE:], _said(str(text))]

    def answered(turns: list[Message], request: gr.Request) -> Generator[tuple[Any, ...], None, None]:
        nothing = (gr.Button(visible=False), gr.Accordion(visible=False), gr.skip(), gr.skip())
        first = True
        for content, answer in reply(bot, turns, lambda: admit(request)):
            said: Message = {"role": "assistant", "content": content}
            drawn = nothing if first else (gr.skip(),) * 4
            if answer is not None:
                said["options"] = [{"value": question} for question in answer.suggestions]
                drawn = (_correction(answer), *_picture(bot.index, answer))
            first = False
            yield [*turns, said], *drawn

    def reread(turns: list[Message]) -> str:
        last = [_words(turn) for turn in turns if turn.get("role") == "user"]
        return bot.read(last[-1], last[:-1]) if last else ""

    def emptied() -> tuple[Any, Any]:
        return gr.Button(visible=False), gr.Accordion(visible=False)

    unlisted: dict[str, Any] = {"queue": False, "api_visibility": "private"}
    tabs.follow(bot, page, lambda: gr.Chatbot(examples=_examples(bot)), chat)
    picks = [chat.example_select, chat.option_select]
    typed = box.submit(asked, [box, chat], [box, chat], **unlisted)
    picked = gr.on(picks, chosen, chat, [box, chat], **unlisted)
    answers = [event.then(_stoppable(answered), chat, shown, api_visibility="private") for event in (typed, picked)]
    for answer in answers:
        # Also after an answer that was stopped, once Gradio has ended it: what is asked before would be dropped.
        answer.then(lambda: gr.Textbox(**_ASK), None, box, **unlisted)
    gr.on(picks, None, js="() => careerbotFocus()")
    box.stop(None, cancels=answers, **unlisted)
    chat.clear(emptied, None, [correct, picture], cancels=answers, **unlisted)
    if bot.settings.feedback is not None:
        _rated(bot, chat, Feedback(bot.settings.feedback), admit)
    correct.click(reread, chat, box, api_visibility="private").then(None, js="() => careerbotFocus(true)")
    return chat


def _conversation(bot: Careerbot) -> tuple[Any, Any, Any]:
    """What was said, the button that corrects how it was read, and the box for the next question."""
    chat = gr.Chatbot(
        height="max(19rem, 100dvh - 19rem)",
        show_label=False,
        label="Conversation",
        autoscroll=False,  # to the end, past the beginning of an answer; page.js scrolls to the question
        placeholder="**What would you like to know?**\n\nBegin with one of these, or ask below.",
        buttons=["copy"],
        latex_delimiters=[],
        examples=_examples(bot),
        feedback_options=RATINGS,
    )
    correct = gr.Button(size="sm", visible=False, elem_id="correct")
    box = gr.Textbox(
        label="Your question",
        show_label=False,
        placeholder="Your question",
        max_length=MAX_MESSAGE_CHARS,
        submit_btn="Ask",
        autofocus=True,
        elem_id="question",
    )
    return chat, correct, box


def _stoppable(handler: Callable[..., Generator[Any, None, None]]) -> Callable[..., AsyncIterator[Any]]:
    """The handler's steps, each in a thread of its own that is left alone when the answer is stopped.

    Gradio waits for a thread that is at work, for as long as a language model thinks.
    """

    @functools.wraps(handler)
    async def steps(*given: Any) -> AsyncIterator[Any]:
        held, stopped = handler(*given), threading.Event()

        def following() -> Any:
            step = next(held, None)
            if stopped.is_set():
                held.close()
            return step

        try:
            while (step := await anyio.to_thread.run_sync(following, abandon_on_cancel=True)) is not None:
                yield step
        finally:
            stopped.set()
            with suppress(ValueError):  # a thread is at work on it, and closes it when it has got so far
                held.close()

    return steps


_ASK: dict[str, Any] = {"submit_btn": "Ask", "stop_btn": False}
_STOP: dict[str, Any] = {"submit_btn": False, "stop_btn": "Stop"}
"""The button in the box: to ask, or to stop the answer that is being given."""


def _correction(answer: Answer) -> Any:
    """The button that puts the reading of a question into the box, where it can be corrected."""
    read = answer.searched_question
    shown = read if len(read) <= _SHOWN_READING else read[: _SHOWN_READING - 1] + "…"
    return gr.Button(f"Read as “{shown}”: correct it", visible=messages.is_read_otherwise(answer))


def _rated(bot: Careerbot, chat: Any, feedback: Feedback, admit: Admit) -> None:
    """Keep the thumbs of the chat, which Gradio shows only where they are kept."""

    last = gr.State("")

    def rated(event: gr.LikeData, turns: list[Message], before: str, request: gr.Request) -> str:
        at = event.index if isinstance(event.index, int) else event.index[0]
        told = f"{at} {event.liked}" if event.liked in (True, False, *RATINGS) else ""  # a thumb that is taken back
        if told in ("", before):  # Gradio tells each reason twice
            return told
        asked = [turn[:MAX_MESSAGE_CHARS] for turn in _asked(turns[: at + 1])]
        reason = event.liked if isinstance(event.liked, str) else ""
        try:
            admit(request)
            shown = bot.ask(_limited(asked[-1]), asked[:-1]).text if asked else ""
            feedback.add(asked, shown, liked=event.liked is True, reason=reason if reason in RATINGS else "")
        except CareerbotError as error:
            raise gr.Error(str(error), print_exception=False) from error
        gr.Info("Thank you, this was kept on the server.")
        return told

    chat.like(rated, [chat, last], last, concurrency_limit=1, trigger_mode="multiple", api_visibility="private")


def _picture(index: Index, answer: Answer) -> tuple[Any, Any, Any]:
    """The chart of an answer with its name, and the table that it is drawn of; hidden where there is none."""
    if (found := tabs.pictured(index, answer)) is None:
        return gr.Accordion(visible=False), gr.skip(), gr.skip()
    series, citation = found
    name = series.table.headings[-1] if series.table.headings else citation.title
    return (
        gr.Accordion(label=f"Picture: {name}", visible=True),
        gr.Plot(value=charting.chart(series, rendering.source_line(citation))),
        tabs.whole_table(series.table),
    )


def _handout(bot: Careerbot, chat: Any, tab: Any, admit: Admit) -> None:
    gr.Markdown("The answers of this conversation as a page to print or to give away, with quotations and sources.")
    chosen = gr.CheckboxGroup([], label=f"Answers, the last {MOST_HANDED_OUT} at most", visible=False)
    with gr.Row():
        buttons = [gr.Button(name, interactive=False) for name in ("Print", "Save as a page", "Save as Markdown")]
    # The browser writes the files: nothing that was asked is stored on the server.
    html, markdown = gr.Textbox(visible=False), gr.Textbox(visible=False)
    shown = gr.HTML("<p>Nothing has been asked yet.</p>")

    def offered(turns: list[Message], request: gr.Request) -> tuple[Any, ...]:
        asked = list(dict.fromkeys(_asked(turns)[-MOST_HANDED_OUT:]))
        return gr.CheckboxGroup(choices=asked, value=asked, visible=bool(asked)), *made(turns, asked, request)

    def made(turns: list[Message], wanted: list[str], request: gr.Request) -> tuple[Any, ...]:
        try:
            admit(request)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        answers = list(handed_out(bot, turns, wanted))
        states = [gr.Button(interactive=bool(answers)) for _ in buttons]
        if not answers:
            return *states, "", "", "<p>Nothing has been asked yet, or nothing is chosen.</p>"
        held = (answers, datetime.date.today().isoformat(), bot.settings.title)
        page = handout.as_html(*held)
        body = page[page.index("<body>") + 6 : page.index("</body>")]
        return *states, page, handout.as_markdown(*held), f"<div class='handout'>{body}</div>"

    outputs = [*buttons, html, markdown, shown]
    tab.select(offered, chat, [chosen, *outputs], api_visibility="private")
    chosen.input(made, [chat, chosen], outputs, **tabs.LATEST)
    buttons[0].click(None, js="() => window.print()")
    buttons[1].click(None, html, js="text => careerbotSave(text, 'careerbot.html', 'text/html')")
    buttons[2].click(None, markdown, js="text => careerbotSave(text, 'careerbot.md', 'text/markdown')")


def handed_out(bot: Careerbot, turns: Sequence[Message], wanted: Sequence[str]) -> Iterator[Answer]:
    """The answers to those of the last questions that are wanted; what could not be asked has none."""
    asked = _asked(turns)
    for at, text in [*enumerate(asked)][-MOST_HANDED_OUT:]:
        if text in (wanted or ()):
            with suppress(InputError):
                yield bot.ask(_limited(text), [turn[:MAX_MESSAGE_CHARS] for turn in asked[:at]])


def _program(bot: Careerbot, admit: Admit) -> None:
    def ask(question: str, history: list[str] | None = None, request: gr.Request | None = None) -> dict[str, Any]:
        """Answer one question as JSON.

        Args:
            question: The question, in your own words.
            history: The user's earlier turns, oldest first.
        """
        try:
            if request is not None:
                admit(request)
            if not isinstance(history, list | None):
                raise InputError(f"a history must be a list of turns, not {type(history).__name__}")
            return rendering.as_json(bot.ask(_limited(question), [_limited(turn) for turn in history or []]))
        except CareerbotError as error:
            raise gr.Error(str(error), print_exception=False) from error

    ask.__annotations__ = get_type_hints(ask)  # read by Gradio for each question, which evaluates texts each time
    gr.api(ask, api_name="ask")  # type: ignore[attr-defined]


def example_questions(bot: Careerbot) -> list[tuple[str, str]]:
    """Topics of the documents, each with a question to begin with that they answer."""
    quoting = bot.without_model()  # nobody has asked yet
    offered = islice(suggesting.questions_to_begin(bot.index.chunks), _TRIED)
    answered = ((question, chunk) for question, chunk in offered if quoting.ask(question).citations)
    return [(_topic(bot.index, chunk), question) for question, chunk in islice(answered, EXAMPLES)]


def _examples(bot: Careerbot) -> list[Any]:
    """The same for the start of a conversation; the topic stands on a line of its own."""
    return [{"text": asked, "display_text": f"{topic}\n{asked}"} for topic, asked in example_questions(bot)]


def _topic(index: Index, chunk: Chunk) -> str:
    """The topic of a statement; the title of its document where it has none, or a question that stands for itself."""
    topic = suggesting.topic_of(chunk)
    return index.documents[chunk.document].title if not topic or topic.endswith("?") else topic


def reply(
    bot: Careerbot, turns: Sequence[Message], admit: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, Answer | None]]:
    """The answer to the last message as growing Markdown, the last one with the whole answer.

    A user's mistake is answered, not raised; it has no answer beside it.
    """
    asked = _asked(turns)
    try:
        admit()
        if not asked:
            raise InputError("there is no question yet")
        answer = None
        for answer in bot.stream(_limited(asked[-1]), [turn[:MAX_MESSAGE_CHARS] for turn in asked[:-1]]):
            yield messages.message(answer), None  # at once: the last one takes a while to come
        if answer is not None:
            yield messages.message(answer), answer
    except CareerbotError as error:
        yield rendering.escape_markdown(str(error)), None


def _asked(turns: Sequence[Message]) -> list[str]:
    return [_words(turn) for turn in turns or [] if turn.get("role") == "user"]


def _said(text: str) -> Message:
    """What the user said, as a message in which no markup acts."""
    return {"role": "user", "content": rendering.escape_markdown(text)}


def _words(message: Message) -> str:
    """What the user said in a message as Gradio hands it over: a string, or a list of text parts."""
    content = message.get("content")
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return rendering.unescape_markdown(content) if isinstance(content, str) else ""


def _limited(text: object) -> str:
    if not isinstance(text, str):
        raise InputError(f"a message must be text, not {type(text).__name__}")
    if len(text) > MAX_MESSAGE_CHARS:
        raise InputError(f"the message has {len(text):,} characters; at most {MAX_MESSAGE_CHARS:,} are read")
    return text
