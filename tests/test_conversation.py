from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot import InputError
from careerbot.conversation import check_question, is_empty, standalone

NAMES = frozenset({"jex", "mex", "fox", "d'arcy"})
JEX = "What does the JEX exam cost?"
PERU = "What does a baker earn in Peru?"


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        pytest.param([JEX, "And MEX?"], "What does the MEX exam cost?", id="new-name"),
        pytest.param([JEX, "what about the mex"], "What does the mex exam cost?", id="new-name-in-lower-case"),
        pytest.param([JEX, "MEX"], "What does the MEX exam cost?", id="name-alone"),
        pytest.param([JEX, "And D’Arcy?"], "What does the D'Arcy exam cost?", id="name-with-a-curly-apostrophe"),
        pytest.param([JEX, "And MEX?", "And FOX?"], "What does the FOX exam cost?", id="names-swapped-twice"),
        pytest.param(
            [PERU, "How would it look if I moved to Ohio?"],
            "How would it look if I moved to Ohio? (about: baker earn)",
            id="new-place-and-a-pronoun",
        ),
        pytest.param([PERU, "and in Ohio?"], "What does a baker earn in Ohio?", id="new-place"),
        pytest.param(
            [PERU, "what about New Zealand"], "What does a baker earn in New Zealand?", id="place-of-two-words"
        ),
        pytest.param(
            [PERU, "and in Ohio?", "and in Chile?"], "What does a baker earn in Chile?", id="places-swapped-twice"
        ),
        pytest.param(
            ["What do bakers earn?", "and in Ohio?"], "What do bakers earn in Ohio?", id="place-where-none-was-named"
        ),
        pytest.param(
            ["How much do bakers make at the median", "what about New York or Ohio"],
            "How much do bakers make at the median in New York or Ohio?",
            id="places-without-a-preposition",
        ),
        pytest.param(
            ["I love bread. What do bakers earn? I am 45.", "and near Ohio?"],
            "What do bakers earn near Ohio?",
            id="place-for-the-sentence-that-asks",
        ),
        pytest.param(
            ["What do bakers earn? How long is the training?", "and in Ohio?"],
            "and in Ohio? (about: bakers earn, long, training)",
            id="place-for-one-of-two-questions",
        ),
        pytest.param(
            ["Is baking hard?", "how long does it take?", "and in Ohio?"],
            "and in Ohio? (about: long, take, baking hard)",
            id="place-after-a-topic-that-was-taken-along",
        ),
        pytest.param(
            ["What do untrained bakers earn?", "and trained ones?"],
            "What do trained bakers earn?",
            id="word-of-the-same-form",
        ),
        pytest.param(
            ["What do untrained bakers earn?", "and holidays?"],
            "and holidays? (about: untrained bakers earn)",
            id="word-of-another-form-is-a-topic",
        ),
        pytest.param(["Tell me the joys of baking", "and the woes?"], "Tell me the woes of baking", id="noun-for-noun"),
        pytest.param(
            ["How long does an evening course in baking take?", "and the diploma?"],
            "How long does the diploma in baking take?",
            id="noun-for-a-noun-of-two-words",
        ),
        pytest.param(
            ["How much does the course cost?", "and the diploma one"],
            "How much does the diploma cost?",
            id="noun-before-a-verb",
        ),
        pytest.param(["What does a baker earn?", "and an actuary?"], "What does an actuary earn?", id="occupation"),
        pytest.param(
            ["How much do bakers make?", "what about actuaries?"], "How much do actuaries make?", id="occupations"
        ),
        pytest.param(
            ["Is the course or the diploma better?", "and the badge?"],
            "and the badge? (about: course, diploma better)",
            id="two-nouns-to-choose-from",
        ),
        pytest.param([PERU, "why?"], "why? (about: What does a baker earn in Peru)", id="reason-of-an-amount"),
        pytest.param(["Is baking hard?", "why?"], "why? (about: baking hard)", id="reason-of-anything-else"),
        pytest.param([JEX, "is it dear?", "why?"], "why? (about: JEX, dear, exam cost)", id="reason-of-a-follow-up"),
        pytest.param([JEX, "And MEX?", "how long?"], "how long? (about: MEX exam cost)", id="topic-of-the-swapped"),
    ],
)
def test_a_turn_that_only_names_something_new_asks_the_same_of_it(turns: list[str], expected: str) -> None:
    assert standalone(turns[-1], turns[:-1], NAMES) == expected


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        pytest.param(
            ["Tell me of the Long Exam, and the JEX.", "is it hard?"],
            "is it hard? (about: Long Exam, JEX)",
            id="capitals-as-they-were-written",
        ),
        pytest.param([JEX, "how long is it?"], "how long is it? (about: JEX exam cost)", id="pronoun"),
        pytest.param(
            [JEX, "which one is cheapest?"], "which one is cheapest? (about: JEX exam cost)", id="the-least-of-it"
        ),
        pytest.param([JEX, "which is the best?"], "which is the best? (about: JEX exam cost)", id="the-best-of-them"),
        pytest.param([JEX, "which town pays more?"], "which town pays more? (about: JEX exam cost)", id="more-than-it"),
        pytest.param([JEX, "where?"], "where? (about: JEX exam cost)", id="one-word"),
        pytest.param(
            ["How long does training as a baker take?", "Is that paid?"],
            "Is that paid? (about: long, training, baker take)",
            id="topic-without-a-name",
        ),
        pytest.param(
            ["What does a baker earn?", "and at night?"], "and at night? (about: baker earn)", id="opening-with-and"
        ),
        pytest.param([JEX, "and the FOX fee?"], "and the FOX fee? (about: exam cost)", id="new-name-cancels-the-old"),
        pytest.param(["JEX fee", "is the fee high?"], "is the fee high? (about: JEX)", id="words-repeated-are-not"),
        pytest.param(
            [
                "Do bakers work at night?",
                "I finish my course in June and never held a job. Would they let me do it now?",
            ],
            "I finish my course in June and never held a job. Would they let me do it now? (about: bakers work, night)",
            id="story-around-a-short-question",
        ),
    ],
)
def test_a_turn_that_leans_back_takes_the_topic_along(turns: list[str], expected: str) -> None:
    assert standalone(turns[-1], turns[:-1], NAMES) == expected


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        pytest.param("Different question: why is it hard?", "why is it hard?", id="colon"),
        pytest.param("Ok, new topic. how long?", "how long?", id="two-sentences"),
        pytest.param("On another note, is bread paid?", "is bread paid?", id="on-another-note"),
        pytest.param("Changing the subject, and wages?", "and wages?", id="opening-with-and"),
    ],
)
def test_a_turn_that_says_so_leaves_the_topic(turn: str, expected: str) -> None:
    assert standalone(turn, [JEX], NAMES) == expected


@pytest.mark.parametrize(
    ("turn", "earlier", "expected"),
    [
        pytest.param("Different question", [JEX], "Different question (about: JEX exam cost)", id="nothing-follows"),
        pytest.param("Different question: how long?", [], "Different question: how long?", id="nothing-to-leave"),
    ],
)
def test_what_leaves_no_topic(turn: str, earlier: list[str], expected: str) -> None:
    assert standalone(turn, earlier, NAMES) == expected


def test_the_turn_after_a_switch_leans_on_the_new_topic() -> None:
    turns = [JEX, "Different question: how long is a baker's shift?", "is it hard?"]
    assert standalone(turns[-1], turns[:-1], NAMES) == "is it hard? (about: long, baker's shift)"


def test_only_the_sentence_that_asks_decides_whether_a_turn_leans_back() -> None:
    story = "We moved to the coast with three children and an old dog."
    assert standalone(f"{story} And what does the MEX badge cost?", [JEX], NAMES).endswith(" (about: exam)")
    alone = "And thanks for that. How long does training as a baker take?"
    assert standalone(alone, [JEX], NAMES) == alone


def test_a_pronoun_finds_its_name_over_three_turns() -> None:
    turns = [JEX, "how long is it?", "and is it hard?", "can I repeat it?"]
    assert standalone(turns[-1], turns[:-1], NAMES).startswith("can I repeat it? (about: JEX, ")


@pytest.mark.parametrize(
    ("turn", "earlier"),
    [
        pytest.param("How long does training as a baker take?", [JEX], id="other-topic"),
        pytest.param("what job pays best", [JEX], id="the-best-of-what-it-names-itself"),
        pytest.param("Which town pays the most?", [JEX], id="the-most-of-what-it-names-itself"),
        pytest.param("How many questions does MEX have?", [JEX], id="other-name-with-its-own-question"),
        pytest.param(
            "How much do they earn in their first winter at a small village bakery without a degree or licence?",
            [JEX],
            id="long-turn-with-pronouns",
        ),
        pytest.param("And MEX?", [], id="first-turn"),
        pytest.param("And MEX?", ["", "?!"], id="earlier-turns-are-empty"),
        pytest.param("", [], id="empty"),
    ],
)
def test_a_turn_that_stands_alone_is_left_as_it_is(turn: str, earlier: list[str]) -> None:
    assert standalone(turn, earlier, NAMES) == turn


def test_a_topic_switch_is_what_the_next_turn_leans_on() -> None:
    turns = [JEX, "How long does training as a baker take?", "Is that paid?"]
    assert "jex" not in standalone(turns[-1], turns[:-1], NAMES)


TURNS = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from([JEX, "And MEX?", "it?", "and D’Arcy", "what about fox's", "why", "new topic: why?"]),
    ),
    min_size=1,
    max_size=6,
)


@given(TURNS)
def test_any_turn_keeps_its_own_words_or_is_swapped_into_the_question_before(turns: list[str]) -> None:
    *earlier, turn = turns
    reading = standalone(turn, earlier, NAMES)
    before = standalone(earlier[-1], earlier[:-1], NAMES) if earlier else ""
    carried = reading.startswith(f"{turn.strip()} (about: ") and reading.endswith(")")
    switched = "topic" in turn and turn.endswith(reading)
    assert reading == turn or carried or switched or len(reading.split()) == len(before.split())


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param(" \n\t", True, id="white-space"),
        pytest.param("?!…", True, id="punctuation"),
        pytest.param("🥖", True, id="picture"),
        pytest.param("7", False, id="number"),
        pytest.param("工资", False, id="other-script"),
    ],
)
def test_what_counts_as_empty(text: str, empty: bool) -> None:
    assert is_empty(text) == empty


def test_an_empty_question_is_refused_with_an_example() -> None:
    with pytest.raises(InputError, match=r"the question is empty; ask in your own words, for example: .+\?$"):
        check_question("?!", 100)


def test_a_question_may_be_as_long_as_the_limit_and_no_longer() -> None:
    check_question("x" * 1000, 1000)
    with pytest.raises(InputError, match="the question has 1,001 characters; at most 1,000 are read"):
        check_question("x" * 1001, 1000)
