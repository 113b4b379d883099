"""What the page says: replies, examples, comparisons and hand-outs, without a server or a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import WordEncoder
from test_messages import HOSTILE, Elements, page, words

from careerbot import Careerbot, InputError, Settings, Status, tables, tabs
from careerbot.building import build
from careerbot.index import open_index
from careerbot.loading import load
from careerbot.messages import message
from careerbot.page import (
    EXAMPLES,
    MAX_MESSAGE_CHARS,
    MOST_HANDED_OUT,
    example_questions,
    handed_out,
    reply,
)

PAY = "What does a baker earn?"


def said(text: object, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": text}


def last(bot: Careerbot, *turns: dict[str, Any]) -> str:
    """What is shown in the end for a conversation."""
    return list(reply(bot, turns))[-1][0]


def bot_over_text(folder: Path, text: str) -> Careerbot:
    (folder / "diver.md").write_text(text, encoding="utf-8")
    build(load([folder / "diver.md"]).documents, WordEncoder(), folder / "index")
    index = open_index(folder / "index", WordEncoder())
    return Careerbot(index, WordEncoder(), Settings(index=folder / "index", answer_threshold=0))


@pytest.fixture(scope="module")
def hostile_bot(tmp_path_factory: pytest.TempPathFactory) -> Careerbot:
    text = (
        "# Diver <b>bold</b>\n\n## Does a diver earn <i>much</i>?\n\n"
        "A diver earns $25 an hour ![p](https://evil.example/p.png) <img src=x onerror=alert(1)> "
        '<form action="https://evil.example"> [login](https://evil.example) as www.evil.example says.\n\n'
        "## Fees of <script>alert(1)</script>\n\n| Town<br> | Fee <i> |\n|---|---|\n"
        "| <img src=x> | $1 <a href=//evil.example> |\n| [Lyon](https://evil.example) | $2 |\n"
    )
    return bot_over_text(tmp_path_factory.mktemp("hostile"), text)


class TestReply:
    def test_an_answer_grows_to_the_answer_with_its_sources(self, bot: Careerbot) -> None:
        *growing, (shown, answer) = reply(bot, [said("What do bakers and electricians earn?")])
        assert growing
        assert [given for _, given in growing] == [None] * len(growing)
        assert answer is not None
        assert shown == message(answer)
        said_so_far = [words(page(text.split("<details")[0]).text) for text, _ in growing]
        assert len(set(said_so_far)) == 3
        assert all(longer.startswith(shorter) for shorter, longer in pairwise(said_so_far))

    def test_all_of_it_is_shown_before_its_suggestions_are_looked_for(self, bot: Careerbot) -> None:
        growing = reply(bot, [said(PAY)])
        first, answer = next(growing)
        assert (first, answer) == (last(bot, said(PAY)), None)

    def test_what_is_shown_is_what_was_answered(self, bot: Careerbot) -> None:
        assert last(bot, said(PAY)) == message(bot.ask(PAY))
        assert "A baker earns $16.80 an hour on average." in page(last(bot, said(PAY))).text

    def test_a_message_may_come_as_gradio_hands_it_over(self, bot: Careerbot) -> None:
        assert last(bot, said([{"type": "text", "text": PAY}])) == last(bot, said(PAY))

    def test_a_question_is_read_as_it_was_typed(self, bot: Careerbot) -> None:
        """The page keeps it with its markup escaped."""
        assert last(bot, said("What does a \\*baker\\* earn?")) == message(bot.ask("What does a *baker* earn?"))

    def test_only_what_the_user_said_is_read_as_history(self, bot: Careerbot) -> None:
        turns = (said(PAY), said("Swarms are caught in May.", "assistant"), said("and an electrician?"))
        assert last(bot, *turns) == message(bot.ask("and an electrician?", [PAY]))

    def test_a_hostile_document_stays_text(self, hostile_bot: Careerbot) -> None:
        replies = [text for text, _ in reply(hostile_bot, [said("What does a diver earn an hour?")])]
        assert "A diver earns 25 an hour p https evil example" in [words(page(text).text) for text in replies][-1]

    @pytest.mark.parametrize("text", HOSTILE)
    def test_a_hostile_message_stays_text(self, bot: Careerbot, text: str) -> None:
        for shown, _ in reply(bot, [said(PAY), said(f"and {text}")]):
            page(shown)

    def test_a_message_of_the_longest_length_is_read_and_one_more_is_one_line(self, bot: Careerbot) -> None:
        longest = ("baker " * MAX_MESSAGE_CHARS)[:MAX_MESSAGE_CHARS]
        assert "characters" not in last(bot, said(longest))
        assert list(reply(bot, [said(longest + "s")])) == [
            ("the message has 1,001 characters; at most 1,000 are read", None)
        ]

    @pytest.mark.parametrize(
        "turns",
        [
            pytest.param([], id="no-message"),
            pytest.param([said("Hello", "assistant")], id="no-message-of-the-user"),
            pytest.param([said("")], id="nothing-said"),
            pytest.param([said("   ")], id="white-space"),
            pytest.param([said(None)], id="no-text"),
            pytest.param([said([{"type": "file"}])], id="a-file"),
            pytest.param([{"role": "user"}], id="no-content"),
        ],
    )
    def test_what_is_no_question_is_answered_in_one_line(self, bot: Careerbot, turns: list[dict[str, Any]]) -> None:
        ((shown, answer),) = reply(bot, turns)
        assert answer is None
        assert "question" in shown
        assert "\n" not in shown

    def test_long_earlier_messages_do_not_refuse_a_short_question(self, bot: Careerbot) -> None:
        assert "16.80" in last(bot, said("x" * 5_000), said(PAY))

    def test_who_asks_too_much_is_told_so_before_anything_is_asked(self, bot: Careerbot) -> None:
        def refuse() -> None:
            raise InputError("at most 2 questions *a* minute")

        assert list(reply(bot, [said("")], refuse)) == [("at most 2 questions \\*a\\* minute", None)]

    def test_each_question_is_admitted_once(self, bot: Careerbot) -> None:
        admitted: list[str] = []
        list(reply(bot, [said(PAY), said("and an electrician?")], lambda: admitted.append("one")))
        assert admitted == ["one"]


class TestHandOut:
    def test_it_holds_the_answers_that_the_chat_gave(self, bot: Careerbot) -> None:
        turns = [said(PAY), said("Yes.", "assistant"), said("and an electrician?")]
        given = list(handed_out(bot, turns, [PAY, "and an electrician?"]))
        assert [message(answer) for answer in given] == [last(bot, turns[0]), last(bot, *turns)]

    def test_what_is_not_wanted_is_left_out_and_still_read_as_history(self, bot: Careerbot) -> None:
        (answer,) = handed_out(bot, [said(PAY), said("and an electrician?")], ["and an electrician?"])
        assert message(answer) == last(bot, said(PAY), said("and an electrician?"))

    @pytest.mark.parametrize("text", ["", "  ", "x" * (MAX_MESSAGE_CHARS + 1)], ids=["empty", "blank", "too-long"])
    def test_what_could_not_be_asked_is_left_out(self, bot: Careerbot, text: str) -> None:
        assert [answer.question for answer in handed_out(bot, [said(text), said(PAY)], [text, PAY])] == [PAY]

    def test_a_long_history_is_cut_as_it_was_for_the_chat(self, bot: Careerbot) -> None:
        turns = [said("baker " * 500), said("and an electrician?")]
        (answer,) = handed_out(bot, turns, ["and an electrician?"])
        assert message(answer) == last(bot, *turns)

    def test_a_long_conversation_is_asked_anew_from_its_end_only(self, bot: Careerbot) -> None:
        """Or one event of 100,000 made-up turns would keep the server busy for hours."""
        questions = [f"What does baker {number} earn?" for number in range(MOST_HANDED_OUT + 30)]
        given = handed_out(bot, [said(question) for question in questions], questions)
        assert [answer.question for answer in given] == questions[30:]

    @pytest.mark.parametrize("wanted", [[], ["Never asked?"]])
    def test_nothing_wanted_is_nothing(self, bot: Careerbot, wanted: list[str]) -> None:
        assert list(handed_out(bot, [said(PAY)], wanted)) == []


def test_what_is_loaded_is_told_though_two_newer_indexes_took_its_files(tmp_path: Path) -> None:
    bot = bot_over_text(tmp_path, "# Diver\n\nA diver dives.\n")
    told = tabs.loaded(bot.index)
    assert told.startswith("Indexed on ")
    assert told.endswith("\n\n- Diver (undated, 1 sections)")
    tabs.loaded.cache_clear()
    shutil.rmtree(bot.index.folder)
    assert tabs.loaded(bot.index) == told.split("\n\n")[1]


class TestExamples:
    def test_they_are_found_without_asking_a_model(self, bot: Careerbot) -> None:
        asked: list[object] = []
        model: Any = SimpleNamespace(name="toy", host="x", stream=asked.append, whole=asked.append)
        worded = Careerbot(bot.index, bot.encoder, bot.settings, model)
        assert example_questions(worded) == example_questions(bot)
        assert asked == []

    def test_each_comes_with_its_topic(self, bot: Careerbot) -> None:
        assert example_questions(bot) == [
            ("How to Become an Electrician", "What does an electrician earn?"),
            ("Baker", "What does a baker earn?"),
            ("Baker", "Which schools teach baking?"),
        ]

    def test_they_are_no_more_than_fit_and_none_twice(self, tmp_path: Path) -> None:
        topics = "ovens flour wages hours schools shops".split()
        for name in ("one", "two"):
            asked = [f"## Which {topic} matter {name}?\n\nThe {topic} of {name} matter." for topic in topics]
            (tmp_path / f"{name}.md").write_text("\n\n".join([f"# {name}", *asked]))
        build(load([tmp_path]).documents, WordEncoder(), tmp_path / ".index")
        many = Careerbot(open_index(tmp_path / ".index", WordEncoder()), WordEncoder(), Settings(answer_threshold=0))
        found = example_questions(many)
        assert len(found) == len(set(found)) == EXAMPLES

    def test_none_is_much_like_another(self, tmp_path: Path) -> None:
        asked = "".join(f"## What does a baker earn in year {year}?\n\nIt is ${year}.\n\n" for year in (1, 2, 3))
        assert len(example_questions(bot_over_text(tmp_path, f"# Pay\n\n{asked}"))) == 1

    def test_every_example_is_answered(self, bot: Careerbot) -> None:
        assert Status.NOT_IN_SOURCES not in {bot.ask(question).status for _, question in example_questions(bot)}

    def test_without_headings_the_topic_is_the_document(self, tmp_path: Path) -> None:
        (tmp_path / "wordings.jsonl").write_text('{"asked": ["What is $25?"], "quotes": {"diver": ["It is $25."]}}')
        assert example_questions(bot_over_text(tmp_path, "It is $25.\n")) == [("diver", "What is $25?")]

    def test_documents_that_ask_nothing_have_none(self, tmp_path: Path) -> None:
        assert example_questions(bot_over_text(tmp_path, "# Diver\n\nA diver earns $25.\n")) == []


@pytest.fixture
def compared() -> Callable[[Careerbot], str]:
    def html(bot: Careerbot) -> str:
        found = tables.tables(bot.index.chunks)
        ((kind, options),) = tables.kinds(found).items()
        return tabs.comparison(bot.index.documents, tables.compare(found, kind, options))

    return html


class TestComparison:
    def test_every_cell_has_its_date_and_opens_its_row(
        self, bot: Careerbot, compared: Callable[[Careerbot], str]
    ) -> None:
        html = compared(bot)
        assert [" ".join(Elements(row).text.split()) for row in html.split("<tr>")[1:]] == [
            "Oregon Vermont",
            "Application fee $100 [source] 2023-05 $115 [source] 2023-05",
            "Exam fee $52 [source] 2023-05 $60 [source] 2023-05",
        ]
        text = bot.index.documents["electrician-guide"].text
        row = "| Vermont | $115 | $60 |"
        start = text.index(row)
        assert html.count(f"passage?document=electrician-guide&amp;start={start}&amp;end={start + len(row)}") == 2

    def test_what_no_table_tells_is_said_not_to_be_stated(
        self, tmp_path: Path, compared: Callable[[Careerbot], str]
    ) -> None:
        text = "# Fees\n\n| Town | Fee | Exam |\n|---|---|---|\n| Lyon | $1 | - |\n| Graz | $2 | $3 |\n"
        html = compared(bot_over_text(tmp_path, text))
        assert html.count("<span class='blank'>not stated</span>") == 1
        assert "undated" in html

    def test_a_hostile_table_stays_text(self, hostile_bot: Careerbot, compared: Callable[[Careerbot], str]) -> None:
        shown = Elements(compared(hostile_bot))
        assert shown.tags <= set("div table thead tbody tr th td a span br".split())
        assert {name for _, attributes in shown.found for name in attributes} <= {"class", "scope", "href", "title"}
        assert [
            a["href"] for tag, a in shown.found if tag == "a" and not (a["href"] or "").startswith("passage?")
        ] == []
        assert "<img src=x>" in shown.text
