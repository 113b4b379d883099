from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import bot_over
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable

from careerbot import Answer, Careerbot, Document, InputError, Settings, Status, figures
from careerbot.datatypes import Figure, Gap, Wording
from careerbot.figures import literal_numbers
from careerbot.pipeline import user_turns

GUIDE = """\
# Electrician guide

## Pay

The median wage of electricians was $61,590 a year. The mean wage of electricians was $67,810 a year.

## Why do electricians earn well?

Electricians earn well because few people want the risk.

## Exams

The JEX exam costs $90. The JEX exam takes four hours. The MEX exam costs $140. The MEX exam takes five hours.

## Duties

The duties of an electrician are:

- reading plans
- pulling cable
- testing every circuit

## Fees

The following table shows the licence fee of each state.

| State | Licence fee | Renewal fee |
|---|---|---|
| Oregon | $100 | $52 |
| Vermont | $115 | $60 |
| Nevada | $80 | $35 |
"""
BAKER = """\
# Baker

## Hours

Most bakers start at three in the morning. A shift of a baker lasts eight hours.

## Pay of bakers

A baker earns $16.80 an hour on average.

## School

The school in Lyon takes thirty pupils. Training as a baker takes two years.

Do bakers need a degree?
"""


def wage(name: str, amount: str, as_of: str = "") -> Document:
    return Document(name, name, f"# {name}\n\nThe median wage of electricians was {amount} a year.\n", name, "", as_of)


DOCUMENTS = [
    Document("guide", "Guide", GUIDE, "guide.md", "Trades Office", "2023-05", "United States"),
    Document("baker", "Baker", BAKER, "baker.md", as_of="2019"),
    wage("undated", "$54,000"),
    wage("old", "$56,180", "2019"),
    wage("yearbook", "$61,590", "2024"),
]
HOURS = Document(
    "hours",
    "Hours",
    "# Hours of bakers\n\n## When do bakers sleep?\n\nBakers sleep in the afternoon.\n\n"
    "## What do bakers wear?\n\nBakers wear white caps.\n",
    "hours.md",
)
RETIRING = Gap("retirement of bakers", ("When does a baker retire?", "at what age do bakers retire"))
TEXTS = {held.id: held.text for held in DOCUMENTS}


@pytest.fixture(scope="module")
def careers(tmp_path_factory: pytest.TempPathFactory) -> Careerbot:
    """Withholds no answer for being unsure, but those that cannot be right."""
    return bot_over(tmp_path_factory.mktemp("careers"), DOCUMENTS, threshold=1e-6)


def sources(answer: Answer) -> list[str]:
    return [citation.source for citation in answer.citations]


class TestAnswers:
    @pytest.mark.parametrize(
        ("question", "figure"),
        [
            pytest.param("How much does a baker earn?", "$16.80", id="money"),
            pytest.param("How much do bakers earn an hour?", "$16.80", id="money-by-the-hour"),
            pytest.param("How long does the JEX exam take?", "four hours", id="duration"),
            pytest.param("What is the mean wage of electricians?", "$67,810", id="statistic"),
            pytest.param("What is the licence fee in Vermont?", "$115", id="cell-of-a-table"),
            pytest.param("what does mex cost", "$140", id="name-in-lower-case"),
            pytest.param("How  much\tdoes a baker   earn?", "$16.80", id="extra-spaces"),
            pytest.param("How much does a bakr ern?", "$16.80", id="misspelt"),
            pytest.param("Nice, how much does a baker earn?", "$16.80", id="begins-like-a-place"),
        ],
    )
    def test_the_figure_asked_for_leads(self, careers: Careerbot, question: str, figure: str) -> None:
        answer = careers.ask(question)
        assert figure in answer.text.splitlines()[0]
        assert figure in answer.citations[0].quote
        assert answer.status is Status.ANSWERED

    def test_spaces_are_read_as_one(self, careers: Careerbot) -> None:
        answer = careers.ask("  How   long\tis\u00a0the JEX exam? ")
        assert answer.searched_question == "How long is the JEX exam?"

    def test_a_citation_says_where_it_stands(self, careers: Careerbot) -> None:
        answer = careers.ask("What is the mean wage of electricians?")
        assert answer.text == "The mean wage of electricians was $67,810 a year. [1]"
        (citation,) = answer.citations
        assert (citation.number, citation.source, citation.title) == (1, "guide", "Guide")
        assert (citation.publisher, citation.as_of, citation.path) == ("Trades Office", "2023-05", "guide.md")
        assert citation.section == ("Electrician guide", "Pay")
        assert GUIDE[citation.start : citation.end] == citation.quote

    def test_a_question_for_several_things_gives_the_whole_list(self, careers: Careerbot) -> None:
        assert careers.ask("What are the duties of an electrician?").text == (
            "The duties of an electrician are:\n- reading plans\n- pulling cable\n- testing every circuit [1]"
        )

    @pytest.mark.parametrize(
        ("question", "state"),
        [("Which state has the highest licence fee?", "Vermont"), ("What is the cheapest licence fee?", "Nevada")],
        ids=["highest", "cheapest"],
    )
    def test_the_extreme_of_a_table_leads(self, careers: Careerbot, question: str, state: str) -> None:
        assert careers.ask(question).text.startswith(state)

    def test_a_limit_leaves_out_the_rows_beyond_it(self, careers: Careerbot) -> None:
        answer = careers.ask("Which states have a licence fee of at least $100?")
        assert answer.text.endswith("\nOregon | $100 | $52\nVermont | $115 | $60 [1]")
        assert "Nevada" not in answer.text

    def test_rows_compared_are_one_statement(self, careers: Careerbot) -> None:
        answer = careers.ask("Compare the licence fee in Vermont and Oregon")
        assert answer.text.endswith("\nOregon | $100 | $52\nVermont | $115 | $60 [1]")
        (citation,) = answer.citations
        assert citation.quote.startswith("| State | Licence fee | Renewal fee |")

    def test_names_compared_are_both_answered(self, careers: Careerbot) -> None:
        answer = careers.ask("JEX or MEX, which exam costs more?")
        assert "The JEX exam costs $90." in answer.text
        assert "The MEX exam costs $140." in answer.text
        assert answer.disagreements == ()

    def test_two_questions_in_one_message_are_both_answered(self, careers: Careerbot) -> None:
        answer = careers.ask("What does a baker earn, and how long does training take?")
        assert [line.split(" [")[0] for line in answer.text.splitlines()] == [
            "A baker earns $16.80 an hour on average.",
            "Training as a baker takes two years.",
        ]
        assert answer.status is Status.ANSWERED

    def test_a_question_inside_a_long_story_is_answered(self, careers: Careerbot) -> None:
        story = "I worked in a shop for ten years, and my knees hurt. My wife sings. {} We have two dogs. It rains."
        answer = careers.ask(story.format("How long does training as a baker take?"))
        assert answer.text.splitlines()[0] == "Training as a baker takes two years. [1]"

    def test_values_that_differ_are_shown_newest_first_and_undated_last(self, careers: Careerbot) -> None:
        answer = careers.ask("What is the median wage of electricians?")
        (disagreement,) = answer.disagreements
        assert disagreement.about == "annual median wage electricians year"
        assert [(side.value, side.as_of) for side in disagreement.values] == [
            ("$61,590", "2024"),
            ("$56,180", "2019"),
            ("$54,000", ""),
        ]
        quotes = {citation.number: citation.quote for citation in answer.citations}
        assert all(side.value in quotes[side.citation] for side in disagreement.values)

    def test_sources_that_agree_are_cited_together(self, careers: Careerbot) -> None:
        answer = careers.ask("What is the median wage of electricians?")
        assert answer.text.splitlines()[0].endswith("$61,590 a year. [1][2]")
        assert sources(answer)[:2] == ["yearbook", "guide"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("question", "missing", "said"),
        [
            pytest.param("What is the licence fee in Peru?", ("Peru",), " They say nothing about Peru.", id="place"),
            pytest.param(
                "What was the median wage of electricians in 2011?", ("2011",), "", id="year-is-no-quoted-figure"
            ),
            pytest.param("Does the school in Lyon teach JEX?", ("JEX",), " They say nothing about JEX.", id="name"),
        ],
    )
    def test_what_no_statement_speaks_of_refuses_and_is_named(
        self, careers: Careerbot, question: str, missing: tuple[str, ...], said: str
    ) -> None:
        answer = careers.ask(question)
        assert answer.status is Status.NOT_IN_SOURCES
        assert answer.missing == missing
        assert answer.citations == ()
        assert answer.text.startswith(f"The sources don't say.{said} Covered nearby: ")

    def test_one_question_of_two_that_is_not_answered_is_named(self, careers: Careerbot) -> None:
        answer = careers.ask("What does a baker earn, and what is the licence fee in Peru?")
        assert answer.status is Status.PARTIAL
        assert answer.missing == ("Peru",)
        assert answer.text.splitlines()[0] == "A baker earns $16.80 an hour on average. [1]"
        assert answer.text.endswith("The sources say nothing about Peru.")

    def test_a_year_that_is_missing_is_told_without_being_named(self, careers: Careerbot) -> None:
        answer = careers.ask("What does a baker earn, and what was the median wage of electricians in 2011?")
        assert answer.missing == ("2011",)
        assert answer.text.endswith("The sources say nothing about the rest.")

    def test_a_question_of_two_is_quoted_without_the_story_before_it(
        self, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        bot = bot_over(tmp_path_factory.mktemp("two"), DOCUMENTS, threshold=0.4)
        answer = bot.ask("I am tired of it all. What does a baker earn, and how tall is the mayor?")
        assert answer.missing == ("how tall is the mayor",)
        assert answer.text.endswith("The sources say nothing about “how tall is the mayor”.")

    def test_a_gap_that_the_operator_knows_is_named(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        bot = bot_over(tmp_path_factory.mktemp("gaps"), DOCUMENTS, [RETIRING], threshold=0.4)
        assert bot.ask("When does a baker retire?").missing == ("retirement of bakers",)
        assert bot.ask("When do the bees swarm?").missing == ()

    def test_without_certainty_nothing_is_said(self, careers: Careerbot) -> None:
        sure = Careerbot(careers.index, careers.encoder, Settings(answer_threshold=1))
        answer = sure.ask("How much does a baker earn?")
        assert (answer.status, answer.missing) == (Status.NOT_IN_SOURCES, ())
        assert answer.text.startswith("The sources don't say. Covered nearby: ")

    @pytest.mark.parametrize(
        ("question", "message"),
        [
            pytest.param("", "the question is empty", id="nothing"),
            pytest.param(" ?! ", "the question is empty", id="punctuation"),
            pytest.param("x" * 10_001, "the question has 10,001 characters; at most 10,000", id="too-long"),
            pytest.param(7, "a question must be text, not int", id="number"),
            pytest.param(None, "a question must be text, not NoneType", id="none"),
        ],
    )
    def test_what_is_no_question_is_refused(self, careers: Careerbot, question: str, message: str) -> None:
        with pytest.raises(InputError, match=message):
            careers.ask(question)


class TestConversation:
    @pytest.mark.parametrize(
        ("turns", "reading", "found"),
        [
            pytest.param(
                ["What does the JEX exam cost?", "And MEX?"], "What does the MEX exam cost?", "$140", id="swapped-name"
            ),
            pytest.param(
                ["How long does the JEX exam take?", "What does it cost?"],
                "What does it cost? (about: JEX, long, exam take)",
                "The JEX exam costs $90.",
                id="carried-topic",
            ),
            pytest.param(
                ["What does the JEX exam cost?", "How long does training as a baker take?"],
                "How long does training as a baker take?",
                "two years",
                id="topic-switch-stands-alone",
            ),
            pytest.param(
                ["What is the MEX exam?", "is it hard?", "and is it worth it?", "how long is it?"],
                "how long is it? (about: MEX, worth, hard, exam)",
                "five hours",
                id="pronoun-over-three-turns",
            ),
        ],
    )
    def test_a_follow_up(self, careers: Careerbot, turns: list[str], reading: str, found: str) -> None:
        answer = careers.ask(turns[-1], turns[:-1])
        assert answer.question == turns[-1]
        assert answer.searched_question == reading
        assert found in answer.text.splitlines()[0]

    @pytest.mark.parametrize(
        "history",
        [
            pytest.param(["What does the JEX exam cost?"], id="strings"),
            pytest.param(("What does the JEX exam cost?",), id="tuple"),
            pytest.param(deque(["What does the JEX exam cost?"]), id="deque"),
            pytest.param(
                [
                    SystemMessage("Baker, baker."),
                    HumanMessage("What does the JEX exam cost?"),
                    AIMessage("A baker earns $16.80."),
                ],
                id="langchain-messages",
            ),
            pytest.param(
                [
                    {"role": "user", "content": "What does the JEX exam cost?"},
                    {"role": "assistant", "content": "A baker earns $16.80."},
                ],
                id="mappings",
            ),
            pytest.param(
                ["What does the JEX exam cost?", {"role": "assistant", "content": None}, AIMessage([{"type": "x"}])],
                id="what-others-said-need-not-be-text",
            ),
            pytest.param(["What does the JEX exam cost?", "", " ?! "], id="empty-turns-do-not-count"),
        ],
    )
    def test_every_form_of_history_is_read_alike(self, careers: Careerbot, history: list[object]) -> None:
        assert careers.ask("And MEX?", history).searched_question == "What does the MEX exam cost?"

    @pytest.mark.parametrize(
        "history",
        [
            pytest.param([7], id="number"),
            pytest.param([object()], id="object"),
            pytest.param([None], id="none"),
            pytest.param([{"text": "What does the JEX exam cost?"}], id="mapping-of-another-form"),
            pytest.param([{"content": "What does the JEX exam cost?"}], id="mapping-without-a-role"),
            pytest.param([HumanMessage([{"type": "image"}])], id="picture"),
            pytest.param([["What does the JEX exam cost?"]], id="list-in-a-list"),
        ],
    )
    def test_foreign_turns_are_refused(self, careers: Careerbot, history: list[object]) -> None:
        with pytest.raises(InputError, match="a turn of the history must be text, not "):
            careers.ask("And MEX?", history)

    def test_a_follow_up_that_takes_its_topic_along_looks_beside_what_was_quoted(self, careers: Careerbot) -> None:
        before = careers.ask("What does the JEX exam cost?").citations[0]
        follow_up = careers.read("how long is it?", ["What does the JEX exam cost?"])
        assert follow_up == "how long is it? (about: JEX exam cost)"
        (alone,), (beside,) = (
            careers.parts(*asked) for asked in ((follow_up,), ("how long is it?", ["What does the JEX exam cost?"]))
        )
        known = {hit.chunk.id: hit.score for hit in alone.hits}
        gained = {hit.chunk.document for hit in beside.hits if hit.score > known[hit.chunk.id]}
        assert gained == {before.source}

    def test_a_question_that_stands_alone_does_not(self, careers: Careerbot) -> None:
        asked = "How much honey does a beekeeper sell?"
        assert careers.parts(asked, ["What does the JEX exam cost?"]) == careers.parts(asked)

    @pytest.mark.parametrize("history", ["What does the JEX exam cost?", {"role": "user", "content": "x"}, 7])
    def test_one_turn_is_no_history(self, careers: Careerbot, history: list[object]) -> None:
        with pytest.raises(InputError, match=r"a history must be a list of turns, not (str|dict|int)$"):
            careers.ask("And MEX?", history)

    def test_only_the_last_turns_are_read(self, careers: Careerbot) -> None:
        forgetful = Careerbot(careers.index, careers.encoder, Settings(max_turns=2, answer_threshold=0))
        history = ["What does the JEX exam cost?", "is it hard?", "is it long?"]
        assert "JEX" in careers.ask("why?", history).searched_question
        assert "JEX" not in forgetful.ask("why?", history).searched_question

    def test_user_turns_come_oldest_first(self) -> None:
        assert list(user_turns(["one", AIMessage("no"), {"role": "user", "content": "two"}])) == ["one", "two"]


class TestChain:
    def test_the_chain_is_a_runnable(self, careers: Careerbot) -> None:
        assert isinstance(careers.chain, Runnable)
        answer = careers.chain.invoke({"question": "How much does a baker earn?"})
        assert "$16.80" in answer.text

    def test_a_batch_answers_in_order(self, careers: Careerbot) -> None:
        asked: list[Mapping[str, Any]] = [{"question": f"What does {name} cost?"} for name in ("JEX", "MEX", "JEX")]
        first = [answer.text.splitlines()[0] for answer in careers.chain.batch(asked)]
        assert first == ["The JEX exam costs $90. [1]", "The MEX exam costs $140. [1]", "The JEX exam costs $90. [1]"]

    def test_one_bad_question_does_not_spoil_a_batch(self, careers: Careerbot) -> None:
        good, bad = careers.chain.batch([{"question": "JEX cost"}, {"question": ""}], return_exceptions=True)
        assert isinstance(good, Answer)
        assert isinstance(bad, InputError)

    def test_a_stream_grows_line_by_line_into_the_answer(self, careers: Careerbot) -> None:
        question = "What are the duties of an electrician?"
        grown = list(careers.stream(question))
        assert same(grown[-1], careers.ask(question))
        lines = grown[-1].text.splitlines()
        assert [answer.text for answer in grown[:-1]] == ["\n".join(lines[:n]) for n in range(1, len(lines) + 1)]
        assert len(lines) == 4
        assert {answer.suggestions for answer in grown[:-1]} == {()}  # they come last: the text does not wait for them

    def test_the_latency_is_measured(self, careers: Careerbot) -> None:
        assert careers.ask("How much does a baker earn?").latency_ms > 0


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers are identical but for the time that they took."""
    return all(getattr(one, name) == getattr(other, name) for name in one.__slots__ if name != "latency_ms")


WORDS = (
    "how much long many does do is are what which why when JEX MEX exam cost take baker bakers earn an hour year "
    "electricians median mean wage licence fee Vermont Oregon Peru highest lowest compare list duties school Lyon in "
    "and or , ? . training 2011 they it 🥖 zqx"
).split()
QUESTIONS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join)


@pytest.fixture(scope="session")
def said_all(tmp_path_factory: pytest.TempPathFactory) -> Careerbot:
    return bot_over(tmp_path_factory.mktemp("all"), DOCUMENTS, threshold=0)


class TestEveryAnswer:
    @settings(max_examples=60, deadline=None)
    @given(question=QUESTIONS, history=st.lists(QUESTIONS, max_size=2))
    def test_quotes_are_exact_and_hold_every_figure(
        self, said_all: Careerbot, question: str, history: list[str]
    ) -> None:
        assume(re.search(r"\w", question))
        answer = said_all.ask(question, history)
        for citation in answer.citations:
            assert TEXTS[citation.source][citation.start : citation.end] == citation.quote
        assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
        if answer.status is not Status.NOT_IN_SOURCES:
            shown = re.sub(r" (?:\[\d+\])+$", "", answer.text, flags=re.M)
            quoted = {number for citation in answer.citations for number in literal_numbers(citation.quote)}
            assert set(literal_numbers(shown)) <= quoted
            marks = {int(mark) for mark in re.findall(r"\[(\d+)\]", answer.text)}
            assert marks == {citation.number for citation in answer.citations} != set()
        assert not re.search(r"\?|:$|following table", answer.text.replace("The duties of an electrician are:", ""))
        assert same(answer, said_all.ask(question, history))

    @pytest.mark.parametrize(
        "question",
        [
            pytest.param("How much does a baker earn?", id="money"),
            pytest.param("What are the duties of an electrician?", id="list"),
            pytest.param("JEX or MEX, which exam costs more?", id="names"),
            pytest.param("Which state has the highest licence fee?", id="extreme"),
            pytest.param("What is the licence fee in Vermont?", id="place"),
            pytest.param("What does a baker earn, and how long does training take?", id="two-questions"),
            pytest.param("What is the median wage of electricians?", id="sources-differ"),
            pytest.param("Do bakers need a degree?", id="yes-or-no"),
        ],
    )
    def test_case_punctuation_and_spaces_change_no_source(self, said_all: Careerbot, question: str) -> None:
        expected = said_all.ask(question)
        bare = question.removesuffix("?")
        for variant in (
            question.lower(), question.upper(), bare, f"{bare}??", f"{bare} ?", f"{bare}...", f"  {question}\n",
            question.replace(" ", "  "), question.replace(" ", "\u00a0"),
        ):  # fmt: skip
            answer = said_all.ask(variant)
            assert [citation.quote for citation in answer.citations] == [c.quote for c in expected.citations], variant
            assert answer.status == expected.status
            assert answer.question == variant


_ASKED = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from conftest import WordEncoder
from careerbot import Careerbot, Settings
from careerbot.index import open_index
folder = Path(sys.argv[2])
bot = Careerbot(open_index(folder, WordEncoder()), WordEncoder(), Settings(index=folder, answer_threshold=0))
assert bot.ask("What does a baker earn?").citations
assert list(bot.stream("What does a baker earn?"))[-1].citations
print(sorted({"langsmith", "langchain_core"} & set(sys.modules)))
"""


def test_no_question_is_reported_to_a_tracing_host_that_the_environment_names(bot: Careerbot) -> None:
    """Who asks by the chain traces it as any chain; who asks the bot loads nothing that could."""
    environment = {**os.environ, "LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true"}
    command = [sys.executable, "-c", _ASKED, str(Path(__file__).parent), str(bot.index.folder.parent)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_each_step_is_timed_in_its_order(bot: Careerbot) -> None:
    answer, taken = bot.profile("What does a baker earn?")
    assert list(taken) == ["read", "encode", "search", "write", "check", "suggest"]
    assert sum(taken.values()) == pytest.approx(answer.latency_ms, rel=0.2, abs=1)
    assert answer.citations == bot.ask("What does a baker earn?").citations


def test_what_is_suggested_is_answered_when_it_is_asked(tmp_path: Path) -> None:
    bot = bot_over(tmp_path, [HOURS], threshold=1e-6)
    answer = bot.ask("When do bakers sleep?")
    assert answer.suggestions == ("What do bakers wear?",)
    assert bot.ask(answer.suggestions[0]).text == "Bakers wear white caps. [1]"
    assert "What do bakers wear?" not in bot.ask("What do bakers wear?").suggestions


def test_what_statements_say_is_read_before_anybody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paid = Document("paid", "Paid", "# Pay\n\nA glazier of the north wing earns $41,730 a year.\n", "paid.md")
    bot = bot_over(tmp_path, [paid], threshold=1e-6)
    read: list[str] = []
    find = figures.figures

    def told(text: str) -> tuple[Figure, ...]:
        read.append(text)
        return find(text)

    monkeypatch.setattr("careerbot.candidates.figures", told)
    bot.check_suggestions(stop=lambda: True)
    assert read == []
    bot.check_suggestions()
    assert read == ["A glazier of the north wing earns $41,730 a year."]
    assert "$41,730" in bot.ask("How much does a glazier earn?").text
    assert len(read) == 1


def test_suggestions_that_are_checked_ahead_are_those_that_are_found_while_asking(tmp_path: Path) -> None:
    ahead, asked = (bot_over(tmp_path / name, [HOURS], threshold=1e-6) for name in ("ahead", "asked"))
    assert ahead.check_suggestions(stop=lambda: True) == 0
    assert ahead.check_suggestions() == 2  # the questions of HOURS
    question = "When do bakers sleep?"
    assert ahead.ask(question).suggestions == asked.ask(question).suggestions


def test_what_is_suggested_does_not_depend_on_what_was_asked_before(tmp_path: Path) -> None:
    """A wording of two statements, of which one answer has room for one only."""
    worn = "Bakers wear white caps at work, and they wear long white aprons over their clothes all the time."
    ovens = "Ovens glow in the night while the whole town sleeps, and their doors open and close for hours and hours."
    wording = "What do bakers wear at work?"
    documents = [
        Document(
            name,
            name,
            f"# {name}\n\n## One\n\n{text}\n\n## Two\n\n{near}\n",
            name,
            wordings=(Wording(text, (wording,)),),
        )
        for name, text, near in (
            ("caps", worn, "Caps are washed on Mondays."),
            ("ovens", ovens, "Ovens glow blue in Peru."),
        )
    ]
    bot = bot_over(tmp_path, documents)
    short = Settings(answer_threshold=1e-6, answer_words=20, keep_ratio=0.6)
    expected = {"Do ovens glow blue in Peru?": (), "When are caps washed?": (wording,)}
    for order in (list(expected), list(expected)[::-1]):
        asked = Careerbot(bot.index, bot.encoder, short)
        assert {question: asked.ask(question).suggestions for question in order} == expected


def test_what_is_not_surely_answered_is_not_suggested(tmp_path: Path) -> None:
    bot = bot_over(tmp_path, [HOURS], threshold=1.0)
    assert bot.ask("When do bakers sleep?").suggestions == ()


@pytest.mark.parametrize("question", ["why?", "And what about that one?", "how is it"])
def test_a_question_that_names_nothing_is_asked_back(tmp_path: Path, question: str) -> None:
    answer = bot_over(tmp_path, [HOURS], threshold=0.3).ask(question)
    assert answer.status is Status.NOT_IN_SOURCES
    assert answer.text.startswith("What is this about?")
    assert answer.citations == ()
