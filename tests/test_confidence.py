from __future__ import annotations

import dataclasses

import pytest
from conftest import UNGUIDED, hit
from hypothesis import given
from hypothesis import strategies as st

from careerbot import Document
from careerbot.candidates import Candidate, rank
from careerbot.confidence import Background, judge, signals
from careerbot.datatypes import Gap, Wanted, Wording
from careerbot.questions import Question, read

TEXT = """\
# Baker

## Pay of bakers in Vermont

A baker earned $35,000 in 2021. The trade grows 4% from 2020 to 2030.

## Exams

The JEX exam costs $90. A shift lasts eight hours. Bread is baked at night.

## Wages in Ohio

The mean wage of bakers was $36,000. Ovens in Chile are large. Wages of bakers vary by town.

## What drives the price of a course

The course costs $700 in Lima.
"""
BAKER = Document("baker", "Baker", TEXT, "baker.md")
NAMES = {"jex", "mex"}
KNOWN = Background(
    {"baker": 1, "jex": 1, "mex": 1, "exam": 1, "cost": 1, "pay": 1},
    frozenset({"wage"}),
    4,
    NAMES,
    places=frozenset(),
    titles=("Baker",),
    wanted=UNGUIDED,
)


def guided(topic: str, cosine: float, known: float = 0.5, beyond: float = 0.4) -> Wanted:
    return Wanted({}, known, Gap(topic, (f"what about {topic}",)), beyond, cosine)


def asked(text: str, *statements: str, score: float = 0.9) -> tuple[Question, list[Candidate]]:
    question = read(text, NAMES)
    return question, rank(question, [hit(BAKER, found, score) for found in statements])


def probability(text: str, *statements: str, background: Background = KNOWN) -> float:
    question, ranked = asked(text, *statements)
    return judge(question, ranked, ranked, background).probability


@pytest.mark.parametrize(
    ("text", "statement", "missing"),
    [
        pytest.param("What does a baker earn in Peru?", "A baker earned", "Peru", id="place"),
        pytest.param("What does a baker earn in Vermont?", "A baker earned", "", id="place-in-the-heading"),
        pytest.param("What did a baker earn in 2014?", "A baker earned", "2014", id="year"),
        pytest.param("What did a baker earn in 2021?", "A baker earned", "", id="year-that-is-stated"),
        pytest.param("How much does the trade grow until 2027?", "The trade", "", id="year-inside-a-period"),
        pytest.param("How much does the trade grow until 2040?", "The trade", "2040", id="year-after-a-period"),
        pytest.param("What does MEX cost?", "The JEX", "MEX", id="name-of-something-else"),
        pytest.param("What does JEX cost?", "The JEX", "", id="name-that-is-stated"),
        pytest.param("Why do bakers earn so little?", "The mean wage", "the reason", id="amount-without-its-reason"),
        pytest.param("What does a baker's pay depend on?", "The mean wage", "the reason", id="what-it-depends-on"),
        pytest.param("Why do bakers earn so little?", "Wages of bakers", "", id="reason-of-an-amount"),
        pytest.param("Why is the course expensive?", "The course", "", id="reason-in-the-heading"),
        pytest.param("Why is bread baked at night?", "Bread is", "", id="reason-of-no-amount"),
        pytest.param("Which exam costs under $20?", "The JEX", "anything within that limit", id="limit"),
        pytest.param("Which exam costs under $20,000?", "The JEX", "", id="limit-that-is-kept"),
        pytest.param("What does MEX cost in Peru in 2014?", "The JEX", "Peru, 2014, MEX", id="all-three"),
    ],
)
def test_a_place_year_or_name_that_no_statement_speaks_of_refuses_and_is_named(
    text: str, statement: str, missing: str
) -> None:
    question, ranked = asked(text, statement)
    verdict = judge(question, ranked, ranked, KNOWN)
    assert verdict.missing == missing
    assert (verdict.probability == 0) == bool(missing)


@pytest.mark.parametrize(
    ("text", "others", "missing"),
    [
        pytest.param("When is bread baked at QQX?", [], "", id="name-that-no-document-has"),
        pytest.param("When is bread baked at JEX?", [], "JEX", id="name-of-the-documents"),
        pytest.param("When is bread baked at JEX?", ["The JEX"], "", id="name-under-the-same-headings"),
        pytest.param("When is bread baked at MEX?", ["The JEX"], "MEX", id="other-name-under-the-same-headings"),
        pytest.param("When is bread baked at JEX?", ["A baker earned"], "JEX", id="other-headings"),
        pytest.param("When is bread baked in Peru?", ["The JEX"], "Peru", id="place"),
    ],
)
def test_a_name_may_stand_in_any_statement_under_the_same_headings(text: str, others: list[str], missing: str) -> None:
    question, ranked = asked(text, "Bread is", *others)
    chosen = [held for held in ranked if held.chunk.text.startswith("Bread is")]
    verdict = judge(question, ranked, chosen, KNOWN)
    assert verdict.missing == missing
    assert (verdict.probability == 0) == bool(missing)


def test_only_names_of_the_documents_are_missing() -> None:
    question, ranked = asked("When is bread baked at MEX?", "Bread is")
    assert judge(question, ranked, ranked, KNOWN).missing == "MEX"
    assert judge(question, ranked, ranked, dataclasses.replace(KNOWN, names=frozenset({"jex"}))).missing == ""


def test_a_wording_does_not_make_a_statement_speak_of_a_name() -> None:
    worded = dataclasses.replace(BAKER, wordings=(Wording("Bread is baked at night.", ("When is MEX?",)),))
    question = read("When is MEX baked?", NAMES)
    ranked = rank(question, [hit(worded, "Bread is")])
    assert judge(question, ranked, ranked, KNOWN).missing == "MEX"
    assert signals(question, ranked, ranked, KNOWN)["covered"] == pytest.approx(1)  # it is asked for so


def test_a_place_must_stand_in_the_statement_that_gives_the_amount() -> None:
    apart, chilean = ["The mean wage", "Ovens in Chile"], dataclasses.replace(KNOWN, places=frozenset({"chile"}))
    assert probability("What do bakers earn in Chile?", *apart) == 0
    assert probability("What do bakers earn in Chile?", *apart, background=chilean) > 0
    assert probability("What do bakers earn in Ohio?", *apart) > 0  # it stands in the heading


def test_a_place_that_a_whole_document_is_about_need_not_be_repeated() -> None:
    peruvian = dataclasses.replace(KNOWN, places=frozenset({"peru"}))
    assert probability("What does a baker earn in Peru?", "A baker earned", background=peruvian) > 0


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        pytest.param("How much does a baker earn?", "A shift", id="money-asked-and-a-duration-found"),
        pytest.param("How long is the exam?", "The JEX", id="duration-asked-and-money-found"),
        pytest.param("How many bakers are there?", "Bread is", id="number-asked-and-none-found"),
        pytest.param("What percentage of bakers pass?", "The JEX", id="percentage-asked-and-money-found"),
    ],
)
def test_without_the_kind_of_amount_asked_for_nothing_is_probable(text: str, statement: str) -> None:
    assert probability(text, statement) == 0


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        pytest.param("Do bakers earn well?", True, id="yes-or-no"),
        pytest.param("Which baker is paid better?", True, id="which"),
        pytest.param("Which badge does a baker have to earn?", True, id="earning-a-badge"),
        pytest.param("What does a baker earn?", False, id="what"),
        pytest.param("Which baker is paid the most?", False, id="extreme"),
    ],
)
def test_only_a_question_for_an_amount_is_not_answered_without_one(text: str, answers: bool) -> None:
    assert (probability(text, "Bread is") > 0) is answers


def test_without_statements_nothing_is_probable() -> None:
    question, ranked = asked("What does a baker earn?", "A baker")
    assert judge(question, ranked, [], KNOWN).probability == 0


def test_a_known_gap_that_is_nearer_than_any_statement_is_named() -> None:
    question, ranked = asked("When does a baker retire?", "A baker", score=0.5)
    near, far = (dataclasses.replace(KNOWN, wanted=guided("retirement of bakers", cosine)) for cosine in (0.9, 0.4))
    assert judge(question, ranked, ranked, near).missing == "retirement of bakers"
    assert judge(question, ranked, ranked, far).missing == ""
    assert judge(question, ranked, ranked, near).probability < judge(question, ranked, ranked, far).probability


def test_a_nearer_statement_is_more_probable() -> None:
    far, near = (asked("How is bread baked?", "Bread is", score=score) for score in (0.2, 0.9))
    assert judge(*far, far[1], KNOWN).probability < judge(*near, near[1], KNOWN).probability


def test_signals_say_what_is_covered() -> None:
    question, ranked = asked("How is bread baked at sea?", "Bread is", "A shift")
    found = signals(question, ranked, ranked, KNOWN)
    assert found["covered"] == pytest.approx(2 / 3)  # bread, baked; not sea: all are equally rare
    assert (found["unit"], found["names"], found["unknown"]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        pytest.param("What do bakers pay for an exam?", 0, id="words-of-the-documents"),
        pytest.param("What wages do bakers pay?", 0, id="words-that-people-ask-with"),
        pytest.param("What wages do bakers pay at sea?", 1 / 3, id="one"),
        pytest.param("What wages do wizards pay to elves at sea in winter?", 1, id="more-than-three-count-as-three"),
    ],
)
def test_words_that_neither_documents_nor_people_use_are_unknown(text: str, unknown: float) -> None:
    question, ranked = asked(text, "Bread is")
    assert signals(question, ranked, ranked, KNOWN)["unknown"] == pytest.approx(unknown)


def test_unknown_words_make_an_answer_less_probable() -> None:
    known = dataclasses.replace(KNOWN, asked={"toast"}, wanted=guided("retirement", 0.4))
    unknown = dataclasses.replace(known, asked=frozenset())
    question, ranked = asked("How is bread toasted?", "Bread is")
    assert judge(question, ranked, ranked, unknown).probability < judge(question, ranked, ranked, known).probability


@pytest.mark.parametrize(
    ("names", "places", "silent"),
    [
        pytest.param(("ovens chile",), frozenset(), 0, id="of-two-words-that-are-both-there"),
        pytest.param(("ovens peru",), frozenset(), 1, id="of-two-words-of-which-one-is"),
        pytest.param(("united", "states"), frozenset({"united states"}), 0, id="of-what-the-documents-are-about"),
        pytest.param(("united", "states"), frozenset({"france"}), 1, id="of-another-country"),
    ],
)
def test_names_that_are_not_spoken_of(names: tuple[str, ...], places: frozenset[str], silent: float) -> None:
    question, ranked = asked("How large are the ovens?", "Ovens in Chile")
    background = dataclasses.replace(KNOWN, places=places)
    assert signals(dataclasses.replace(question, names=names), ranked, ranked, background)["names"] == silent


def test_the_words_of_a_question_share_its_weight_by_their_rarity() -> None:
    background = dataclasses.replace(KNOWN, frequency={"baker": 3, "bread": 1})
    shares = background.shares(read("Do bakers bake bread at sea?"))
    assert set(shares) == {"baker", "bake", "bread", "sea"}
    assert shares["baker"] < shares["bread"] < shares["sea"] == shares["bake"]
    assert sum(shares.values()) == pytest.approx(1)


def test_a_question_without_content_words_has_one_share() -> None:
    assert KNOWN.shares(read("what is it?")) == {"": 1}


def test_the_story_around_a_question_has_no_share() -> None:
    shares = KNOWN.shares(read("I own three goats and a tractor. How long do bakers sleep by day?"))
    assert not {"goat", "tractor"} & set(shares)
    assert {"baker", "sleep"} <= set(shares)


STATEMENTS = ["A baker earned", "The trade", "The JEX", "A shift", "Bread is"]


@given(
    st.lists(st.sampled_from("how much does a baker earn JEX MEX in Peru 2014 ? bread why".split()), max_size=12),
    st.lists(st.sampled_from(STATEMENTS), min_size=1, unique=True),
    st.floats(0, 1.5),
    st.sampled_from([-1.0, 0.3, 0.9]),
)
def test_any_probability_lies_between_0_and_1(
    words: list[str], statements: list[str], score: float, gap: float
) -> None:
    question, ranked = asked(" ".join(words), *statements, score=score)
    verdict = judge(question, ranked, ranked, dataclasses.replace(KNOWN, wanted=guided("gap", gap)))
    assert 0 <= verdict.probability <= 1


@pytest.mark.parametrize(
    ("text", "statement", "answers"),
    [
        pytest.param("How much is the JEX exam?", "The JEX exam costs", True, id="name-and-amount-in-one-statement"),
        pytest.param("How much is the MEX exam?", "The JEX exam costs", False, id="amount-of-another-name"),
        pytest.param("What does a baker earn a year?", "A baker earned", True, id="period-left-open"),
        pytest.param("How long is a shift?", "A baker earned", False, id="amount-of-another-kind"),
        pytest.param("What is the median wage?", "The mean wage", False, id="a-mean-is-no-median"),
        pytest.param("What is the mean wage?", "The mean wage", True, id="the-statistic-asked-for"),
        pytest.param("What is the median wage?", "A baker earned", True, id="statistic-left-open"),
    ],
)
def test_the_amount_must_be_the_one_that_is_asked_for(text: str, statement: str, answers: bool) -> None:
    assert (probability(text, statement) > 0) is answers


SPELLED = Document(
    "spelled", "Exams", "# Exams\n\nThe Joint Examination (JEX) is oral. The JEB is the Joint Exam Board.\n", "s.md"
)


@pytest.mark.parametrize(
    ("text", "statement", "missing", "sure"),
    [
        pytest.param("What does JEB stand for?", "The JEB", "", True, id="words-are-given"),
        pytest.param("What is the JEB?", "The JEB", "", True, id="what-is"),
        pytest.param("What does JEX stand for?", "The Joint", "what JEX stands for", False, id="words-are-not-its-own"),
        pytest.param("What is the JEX?", "The Joint", "", False, id="what-is-may-be-answered-otherwise"),
    ],
)
def test_the_words_of_an_acronym_answer_what_it_means(text: str, statement: str, missing: str, sure: bool) -> None:
    names = {"jex", "jeb"}
    question = read(text, names)
    ranked = rank(question, [hit(SPELLED, statement, 0.1)])
    verdict = judge(question, ranked, ranked, dataclasses.replace(KNOWN, names=names))
    assert (verdict.missing, verdict.probability >= 0.9) == (missing, sure)
