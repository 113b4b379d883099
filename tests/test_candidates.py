from __future__ import annotations

import dataclasses

import pytest
from conftest import hit
from hypothesis import given
from hypothesis import strategies as st

from careerbot import Document
from careerbot.candidates import gives_amount, rank, unweighed
from careerbot.datatypes import Wording
from careerbot.questions import read
from careerbot.words import stem

TEXT = """\
# Electrician

## Pay

Electricians like their work. Do electricians earn well?
The median wage of electricians was $61,590 a year. The mean wage of electricians was $67,810 a year.
The 10th percentile of their wages was $38,470 a year. Electricians earned $30.20 an hour.

**Is a degree needed?**

The table below shows the licence fee of each state.

| State | Licence fee (2023) | Places |
|---|---|---|
| Oregon | $100 | 52 |
| Vermont | $115 | 60 |
| Nevada | $80 | 35 |

## Duties

You need:

- good colour vision
- a driving licence

## Exams

JEX costs $90. MEX costs $140. Fees differ, since boards set them. In Vermont it costs $115. A course takes two years.

In 2031 there will be more work. In 2024 there was less of it.

Answer these questions before you sign. Source: Board of Trades.

Source: Board of Trades, code 29.

Source: Board of Wages, May 2024.

Wages of electricians

Wages of 24 electricians

Please see the guide on this page for more.
"""
GUIDE = Document("guide", "Guide", TEXT, "guide.md")
NAMES = {"jex", "mex"}


def order(question: str, *texts: str, scores: tuple[float, ...] = ()) -> list[str]:
    """The statements that begin with the texts as they are ranked, all found with the same score."""
    hits = [hit(GUIDE, text, score) for text, score in zip(texts, scores or [0.8] * len(texts), strict=True)]
    return [
        next(text for text in texts if held.chunk.text.startswith(text)) for held in rank(read(question, NAMES), hits)
    ]


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        pytest.param("What is the median wage?", "The median", "The mean", id="other-statistic"),
        pytest.param("What is the mean wage?", "The mean", "The median", id="other-statistic-turned-round"),
        pytest.param("What is the mean wage?", "The mean", "Electricians earned", id="unnamed-statistic"),
        pytest.param("the mean, not the median wage", "The mean", "The median", id="denied-statistic"),
        pytest.param("What do the lowest 10 percent earn?", "The 10th", "The median", id="share-of-the-paid"),
        pytest.param("What do they earn per hour?", "Electricians earned", "The median", id="other-period"),
        pytest.param("What does it cost a month?", "JEX", "Electricians earned", id="period-left-open"),
        pytest.param("What do they get per hour?", "Electricians earned", "JEX", id="period-that-is-named"),
        pytest.param("Is there work in 2024?", "In 2024", "In 2031", id="year-that-is-named"),
        pytest.param("What does it pay?", "The median", "Electricians like", id="no-amount"),
        pytest.param("How long is the course?", "A course", "JEX", id="amount-of-another-kind"),
        pytest.param("Why is the fee so high?", "Fees differ", "JEX costs", id="reason-before-the-amount"),
        pytest.param("What does MEX cost?", "MEX", "JEX", id="other-name"),
        pytest.param("What does it cost in Vermont?", "In Vermont", "JEX", id="other-place"),
        pytest.param("licence fee in Vermont", "| Vermont", "| Oregon", id="other-row"),
    ],
)
def test_the_statement_that_fits_goes_before_the_one_that_does_not(question: str, right: str, wrong: str) -> None:
    assert order(question, wrong, right) == [right, wrong]
    assert order(question, right, wrong) == [right, wrong]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Do electricians earn", id="question"),
        pytest.param("**Is a degree", id="question-in-bold"),
        pytest.param("The table below", id="caption"),
        pytest.param("You need:", id="bare-introduction"),
        pytest.param("Answer these", id="introduction-of-questions"),
        pytest.param("Source: Board of Trades.", id="name-of-a-source"),
        pytest.param("Source: Board of Wages, May 2024.", id="source-with-a-year"),
        pytest.param("Wages of electricians", id="label"),
        pytest.param("Please see", id="pointer-to-elsewhere"),
    ],
)
def test_what_answers_nothing_is_never_a_candidate(text: str) -> None:
    assert rank(read("Do electricians earn well?"), [hit(GUIDE, text)]) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Wages of 24", id="line-with-a-figure"),
        pytest.param("a driving", id="list-item"),
        pytest.param("Source: Board of Trades, code 29", id="source-with-a-number"),
        pytest.param("| Oregon", id="row"),
        pytest.param("A course", id="sentence"),
    ],
)
def test_what_states_something_is_a_candidate(text: str) -> None:
    assert len(rank(read("Do electricians earn well?"), [hit(GUIDE, text)])) == 1


def test_a_whole_passage_is_never_a_candidate() -> None:
    found = hit(GUIDE, "A course takes")
    passage = found._replace(chunk=dataclasses.replace(found.chunk, part=None))
    assert len(rank(read("How long is the course?"), [found, passage])) == 1


@pytest.mark.parametrize(
    ("question", "first"),
    [
        pytest.param("Which state has the highest fee?", "| Vermont", id="highest"),
        pytest.param("Which state has the lowest fee?", "| Nevada", id="lowest"),
    ],
)
def test_the_extreme_row_of_a_table_leads(question: str, first: str) -> None:
    texts, scores = ("| Oregon", "| Vermont", "| Nevada"), (0.9, 0.8, 0.8)
    assert order(question, *texts, scores=scores)[0] == first


@pytest.mark.parametrize(
    ("question", "first"),
    [
        pytest.param("Which state has the second highest fee?", ["| Vermont", "| Oregon"], id="second-highest"),
        pytest.param("Which state has the second lowest fee?", ["| Nevada", "| Oregon"], id="second-lowest"),
        pytest.param("Which state has the second best pay?", ["| Vermont", "| Oregon"], id="second-best-with-pay"),
    ],
)
def test_the_second_of_a_table_leads_with_the_first(question: str, first: list[str]) -> None:
    other = ({"| Vermont", "| Nevada"} - set(first)).pop()
    found = order(question, "| Oregon", first[0], other, scores=(0.8, 0.8, 0.9))
    assert (sorted(found[:2]), found[2]) == (sorted(first), other)


def test_what_is_beyond_the_limit_of_a_question_is_no_candidate() -> None:
    rows = ("| Oregon", "| Vermont", "| Nevada")
    assert order("Which states have a licence fee of at least $100?", *rows) == ["| Oregon", "| Vermont"]
    assert order("Which states have a licence fee below $100?", *rows, "A course") == ["| Nevada", "A course"]


def test_a_limit_that_nothing_keeps_leaves_what_there_is() -> None:
    assert len(order("Which states have a fee over $5,000?", "| Oregon", "| Vermont")) == 2


def test_a_row_that_is_not_the_extreme_goes_behind_what_comes_near() -> None:
    texts, scores = ("| Oregon", "| Vermont", "| Nevada", "The median"), (0.9, 0.8, 0.8, 0.7)
    assert order("Which state has the highest fee?", *texts, scores=scores)[:2] == ["| Vermont", "The median"]


def test_a_name_of_three_parts_is_spoken_of_by_the_first_two() -> None:
    chunk = dataclasses.replace(hit(GUIDE, "A course").chunk, text="Welders use the MIL-2-A norm; see the X-Y.")
    context = unweighed(chunk).context
    assert {"mil-2-a", "mil-2", "x-y"} <= context
    assert not {"mil", "x"} & context


def test_two_rows_have_no_extreme() -> None:
    assert order("Which state has the highest fee?", "| Oregon", "| Nevada", scores=(0.8, 0.9))[0] == "| Nevada"


def test_a_table_far_from_the_question_has_no_extreme() -> None:
    texts, scores = ("The median", "| Oregon", "| Vermont", "| Nevada"), (1.2, 0.6, 0.6, 0.6)
    assert order("What is the highest wage?", *texts, scores=scores)[0] == "The median"


def test_an_amount_near_the_top_goes_first_where_an_amount_is_asked_for() -> None:
    texts, scores = ("Electricians like", "Electricians earned"), (1.2, 0.9)
    assert order("How much do electricians earn?", *texts, scores=scores)[0] == "Electricians earned"
    assert order("What is the pay of electricians?", *texts, scores=scores)[0] == "Electricians earned"
    assert order("Why do electricians earn well?", *texts, scores=scores)[0] == "Electricians like"


def test_a_yes_or_no_question_about_money_does_not_demand_an_amount() -> None:
    texts, scores = ("Electricians like", "A course"), (0.82, 0.8)
    assert order("Do electricians earn well?", *texts, scores=scores)[0] == "Electricians like"
    found = [hit(GUIDE, "Electricians like")]
    plain, asked = (rank(read(text), found)[0] for text in ("Do electricians earn well?", "What do electricians earn?"))
    assert asked.score < plain.score


@pytest.mark.parametrize(
    ("question", "text", "gives"),
    [
        pytest.param("What is the median wage?", "The median", True, id="median"),
        pytest.param("What is the median wage?", "The mean", False, id="a-mean-is-no-median"),
        pytest.param("What is the median wage?", "Electricians earned", True, id="statistic-left-open"),
        pytest.param("What is the mean wage?", "The median", True, id="a-median-does-for-a-mean"),
        pytest.param("What do the bottom tenth earn?", "The 10th", True, id="bottom-tenth"),
        pytest.param("What do the top tenth earn?", "The 10th", False, id="other-percentile"),
        pytest.param("What is the monthly wage?", "The median", False, id="other-period"),
        pytest.param("What does MEX cost?", "JEX", False, id="other-name"),
        pytest.param("How long is the course?", "A course", True, id="duration"),
    ],
)
def test_what_gives_the_amount(question: str, text: str, gives: bool) -> None:
    asked = read(question, NAMES)
    (candidate,) = rank(asked, [hit(GUIDE, text)])
    assert gives_amount(asked, candidate) is gives


def test_wordings_are_topics_of_a_statement_and_not_what_it_speaks_of() -> None:
    asked = dataclasses.replace(GUIDE, id="asked", wordings=(Wording("A course takes two years.", ("MEX lessons",)),))
    (candidate,) = rank(read("MEX lessons", NAMES), [hit(asked, "A course")])
    assert candidate.said.about - set(map(stem, candidate.context)) == {"mex", "lesson"}
    assert set(map(stem, candidate.context)) <= candidate.said.about
    assert {"exams", "course", "years"} <= candidate.context
    assert not gives_amount(read("How long is MEX?", NAMES), candidate)


def test_a_list_found_by_its_introduction_lifts_its_items_when_several_things_are_asked_for() -> None:
    hits = [hit(GUIDE, "You need:", 1.0), hit(GUIDE, "a driving", 0.4), hit(GUIDE, "A course", 0.6)]
    several = rank(read("What things do I need?"), hits)
    one = rank(read("Why do I need it?"), hits)
    assert [held.chunk.text for held in several] == ["a driving licence", "A course takes two years."]
    assert [held.chunk.text for held in one] == ["A course takes two years.", "a driving licence"]


def test_the_figures_of_a_row_are_read_with_the_words_of_its_header() -> None:
    (row,) = rank(read("licence fee"), [hit(GUIDE, "| Oregon")])
    assert [(figure.text, figure.unit) for figure in row.figures] == [("$100", "$"), ("52", "count")]


def test_a_currency_in_the_header_is_that_of_the_numbers_below_it_and_of_no_others() -> None:
    header = "| Job | Wage ($) | Fee (€) | Weeks | Cost |\n|---|---|---|---|---|\n"
    text = header + "| Baker | 14.50 | 120 | 3 | about $9 for 2 |\n"
    table = Document("wages", "Wages", text, "wages.csv")
    (row,) = rank(read("What does a baker earn?"), [hit(table, "| Baker")])
    found = [(figure.text, figure.unit) for figure in row.figures]
    assert found == [("14.50", "$"), ("120", "€"), ("3", "count"), ("$9", "$"), ("2", "count")]


@given(st.permutations(["The median", "The mean", "The 10th", "Electricians earned", "JEX", "MEX", "A course"]))
def test_the_order_of_the_hits_does_not_matter(texts: list[str]) -> None:
    expected = order("What is the median wage?", *sorted(texts))
    assert order("What is the median wage?", *texts) == expected
