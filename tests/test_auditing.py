"""What an audit finds: precision first, so most cases are what must not be told as a disagreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from conftest import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from careerbot import Document
from careerbot.auditing import Audit, audit, lines
from careerbot.chunking import chunks, views
from careerbot.conflicts import Rows
from careerbot.datatypes import Wording
from careerbot.embedding import Vectors

TODAY = date(2026, 11, 22)
WAGE = "The median wage of bakers is $40,000 a year."
LASTS = "All training of bakers takes 6-12 months."
OTHER = "The median wage of bakers is $46,000 a year."


def document(name: str, *blocks: str, as_of: str = "", place: str = "", wordings: Sequence[Wording] = ()) -> Document:
    text = "\n\n".join(("# Title", *blocks))
    return Document(name, name.title(), text, f"{name}.md", as_of=as_of, place=place, wordings=tuple(wordings))


def audited(*documents: Document, today: date = TODAY, years: int = 3, names: frozenset[str] = frozenset()) -> Audit:
    held = [chunk for one in documents for chunk in chunks(one)]
    vectors = WordEncoder().encode([views(chunk)[0] for chunk in held])

    def cosines(ones: Rows, others: Rows) -> Vectors:
        return np.asarray(vectors[ones] @ vectors[others].T)

    return audit(documents, held, cosines, names, today, years)


def disagreeing(*documents: Document, names: frozenset[str] = frozenset()) -> list[list[str]]:
    return [[value.value for value in group.values] for group in audited(*documents, names=names).disagreements]


def asked(*quotes: str) -> list[Wording]:
    return [Wording(quote, ("How long is the jex?", "How much time is there?")) for quote in quotes]


def test_each_side_has_its_value_date_source_and_section_newest_first() -> None:
    found = audited(
        document("old", "## Pay", WAGE, as_of="2019"),
        document("none", OTHER),
        document("new", OTHER.replace("46", "49"), as_of="2024-05"),
    )
    (group,) = found.disagreements
    assert group.about == "annual median wage bakers year"
    assert [(held.value, held.date, held.document, held.title, held.section) for held in group.values] == [
        ("$49,000", "2024-05", "new", "New", ("Title",)),
        ("$40,000", "2019", "old", "Old", ("Pay",)),
        ("$46,000", "", "none", "None", ("Title",)),
    ]
    assert group.values[1].quote == WAGE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(WAGE, WAGE, id="same-value"),
        pytest.param(WAGE, WAGE.replace("$40,000", "$40,200"), id="round-number"),
        pytest.param(WAGE, OTHER.replace("median", "mean"), id="other-statistic"),
        pytest.param(WAGE, OTHER.replace("a year", "a month"), id="other-period"),
        pytest.param(WAGE, OTHER.replace("$", "€"), id="other-currency"),
        pytest.param(WAGE, "Guild members report a median income near $46,000 a year.", id="other-words"),
        pytest.param(WAGE, OTHER.replace("bakers", "bakers in Oregon"), id="other-place"),
        pytest.param("Training takes 6-12 months.", "Training takes 10 months.", id="inside-a-range"),
        pytest.param("Training takes 6 to 12 months.", "Training takes 9-18 months.", id="ranges-overlap"),
        pytest.param("Training takes 6 months or two years.", "Training takes 9 months.", id="several-values-span"),
        pytest.param("The exam has 100 questions.", "The exam has 40 tasks.", id="other-things-counted"),
        pytest.param("Step 3: choose an oven.", "Step 2: choose an oven.", id="numbers-of-steps"),
        pytest.param("The JEX lasts 2 hours in all.", "The MEX lasts 3 hours in all.", id="other-names"),
    ],
)
def test_what_is_no_disagreement(one: str, other: str) -> None:
    assert disagreeing(document("a", one), document("b", other), names=frozenset({"jex", "mex"})) == []


@pytest.mark.parametrize(
    ("one", "other", "values"),
    [
        pytest.param(WAGE, OTHER, ["$40,000", "$46,000"], id="value"),
        pytest.param(LASTS, LASTS.replace("6-12", "18-24"), ["6-12 months", "18-24 months"], id="ranges"),
        pytest.param("The exam has 100 questions.", "The exam has 150 questions.", ["100", "150"], id="counts"),
        pytest.param("The exam costs $399.", "The exam costs $425.", ["$399", "$425"], id="close-but-not-round"),
        pytest.param(WAGE, OTHER.replace("bakers", "bakers in France"), ["$40,000", "$46,000"], id="place-of-document"),
    ],
)  # fmt: skip
def test_what_is_a_disagreement(one: str, other: str, values: list[str]) -> None:
    assert disagreeing(document("a", one, place="France"), document("b", other, place="France")) == [values]


@pytest.mark.parametrize(
    ("one", "other", "values"),
    [
        pytest.param("JEX (first exam)", "MEX (second exam)", [], id="headings-that-name-different-things"),
        pytest.param("JEX", "JEX and MEX", [["2 hours", "4 hours"]], id="headings-that-share-a-name"),
        pytest.param("How it was", "How it is", [["2 hours", "4 hours"]], id="headings-that-name-nothing"),
    ],
)
def test_what_stands_alike_in_one_document_under_two_headings(one: str, other: str, values: list[list[str]]) -> None:
    blocks = (f"## {one}", "- 2 hours time limit", f"## {other}", "- 4 hours time limit")
    assert disagreeing(document("a", *blocks), names=frozenset({"jex", "mex"})) == values


def test_the_number_of_a_step_is_no_figure_without_a_date() -> None:
    assert (
        audited(document("a", "- Step 1: knead for 9 minutes.\n- Chapter 2 tells how to bake.")).undated[0].figures == 1
    )


def test_documents_about_different_places_do_not_disagree() -> None:
    assert disagreeing(document("a", WAGE, place="France"), document("b", OTHER, place="Canada")) == []


def test_a_shared_question_joins_statements_in_other_words() -> None:
    one, other = "You are given four hours.", "A time limit of 3 hours applies to candidates."
    held = (document("a", one, wordings=asked(one)), document("b", other, wordings=asked(other)))
    assert disagreeing(*held) == [["four hours", "3 hours"]]
    assert disagreeing(*(replace(document, wordings=()) for document in held)) == []


def test_rows_of_tables_disagree_where_they_begin_alike() -> None:
    tables = [
        f"| State | Median wage a year |\n|---|---|\n| Oregon | ${one},000 |\n| Vermont | ${other},000 |"
        for one, other in ((40, 50), (45, 50))
    ]
    found = audited(*(document(f"d{at}", table) for at, table in enumerate(tables))).disagreements
    assert [(group.about, [held.value for held in group.values]) for group in found] == [
        ("median annual Oregon", ["$40,000", "$45,000"])
    ]


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param(("- A licence costs $40\n- A licence costs $60",), id="items-of-one-list"),
        pytest.param(("| Kind | Fee |\n|---|---|\n| Short | $40 |\n| Short | $60 |",), id="rows-of-one-table"),
        pytest.param(("Rye takes 4 hours to bake.", "Wheat takes 2 hours to bake."), id="other-words"),
        pytest.param(("In 2019 a loaf cost $4.", "In 2024 a loaf cost $6."), id="other-years"),
    ],
)
def test_one_document_tells_things_apart(blocks: tuple[str, ...]) -> None:
    assert disagreeing(document("a", *blocks)) == []


def test_one_document_disagrees_with_itself_in_the_same_words() -> None:
    assert disagreeing(document("a", WAGE, "## Again", OTHER)) == [["$40,000", "$46,000"]]


def test_what_could_not_all_be_compared_is_told() -> None:
    texts = [f"Baker {'x' * at} waits for {at + 1} hours." for at in range(60)]
    found = audited(document("a", *texts, wordings=asked(*texts)))
    assert found.not_compared == 10
    assert "  10 figures were not compared with all others: too many are of one kind" in list(lines(found, 3))


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_a_group_has_at_least_two_values_and_no_statement_twice(amounts: list[int]) -> None:
    texts = [f"The median wage of bakers is ${amount}0,000 a year." for amount in amounts]
    groups = audited(*(document(f"d{at}", text) for at, text in enumerate(texts))).disagreements
    assert all(len({held.value for held in group.values}) > 1 for group in groups)
    shown = [held.document for group in groups for held in group.values]
    assert len(shown) == len(set(shown))
    assert bool(groups) == (len(set(amounts)) > 1)


@pytest.mark.parametrize(
    ("text", "as_of", "dated"),
    [
        pytest.param("In 2022 a loaf cost $4.", "2025", "2022", id="year-of-the-figure-goes-first"),
        pytest.param("A loaf costs $4.", "2023-10", "2023-10", id="date-of-the-document"),
        pytest.param("A loaf costs $4.", "2023-11", "", id="three-years-are-not-more"),
        pytest.param("A loaf costs $4.", "2023", "", id="a-year-counts-from-its-end"),
        pytest.param("A loaf costs $4.", "2022", "2022", id="year-only"),
        pytest.param("By 2032 a loaf costs $4.", "2020", "2020", id="a-year-to-come-dates-nothing"),
        pytest.param("There are two ways to knead.", "2001", "", id="a-number-word-is-no-old-figure"),
    ],
)
def test_which_figures_are_old(text: str, as_of: str, dated: str) -> None:
    assert [held.date for held in audited(document("a", text, as_of=as_of)).older] == [dated] * bool(dated)


def test_years_move_what_is_old() -> None:
    held = document("a", "A loaf costs $4.", as_of="2019-11")
    assert [len(audited(held, years=years).older) for years in (6, 7)] == [1, 0]


def test_figures_without_a_date_are_counted_by_document() -> None:
    found = audited(document("a", "A loaf costs $4 or $5.", "In 2024 it cost $3."), document("b", WAGE, as_of="2025"))
    assert [(held.document, held.figures) for held in found.undated] == [("a", 2)]
    assert found.older == ()


@pytest.mark.parametrize(
    ("question", "answer", "nowhere"),
    [
        pytest.param("What do bakers earn?", "See above.", True, id="see-above"),
        pytest.param("What do bakers earn?", "Please refer to section 3.", True, id="other-section"),
        pytest.param("What do bakers earn?", "As described above.", True, id="as-described"),
        pytest.param("What do bakers earn?", "What bakers earn.", True, id="the-question-again"),
        pytest.param("How long is the exam?", "How long is the exam?", True, id="asked-twice"),
        pytest.param("What do bakers earn?", "Bakers earn $16, see above.", False, id="an-answer-that-points-too"),
        pytest.param("What do bakers earn?", "Bakers earn little.", False, id="an-answer"),
        pytest.param("Do bakers work nights?", "Yes, bakers work nights.", False, id="yes"),
        pytest.param("Is rye or wheat harder?", "Rye.", False, id="one-of-two"),
        pytest.param("Where do bakers start?", "See above.\n\nMost start in May.", False, id="one-answer-is-enough"),
        pytest.param("Where do bakers start?", "See below.\n\n### Villages\n\nIn May.", False, id="deeper-heading"),
        pytest.param("Pay", "See above.", False, id="heading-that-does-not-ask"),
    ],
)  # fmt: skip
def test_which_questions_lead_nowhere(question: str, answer: str, nowhere: bool) -> None:
    found = audited(document("a", f"## {question}", answer, "## Bread", "Bread is baked.")).nowhere
    assert [(held.title, held.section) for held in found] == ([("A", (question,))] if nowhere else [])


@pytest.mark.parametrize(
    ("blocks", "empty"),
    [
        pytest.param(("## Pay", "## Hours", "Long."), [("Pay",)], id="next-of-the-same-level"),
        pytest.param(("## Pay", "### Wages", "Low."), [], id="a-deeper-one-is-content"),
        pytest.param(("## Pay", "### Wages", "## Hours", "Long."), [("Pay", "Wages")], id="the-deepest-is-told"),
        pytest.param(("Bread.", "## Hours"), [("Hours",)], id="at-the-end"),
        pytest.param(("## Pay", "<!-- to write -->", "---", "## Hours", "Long."), [("Pay",)], id="comment-and-rule"),
        pytest.param(("## Pay", "TBD", "## Hours", "To be announced."), [("Pay",), ("Hours",)], id="placeholder"),
        pytest.param((), [("Title",)], id="title-alone"),
        pytest.param(("## Pay", "| a |\n|---|\n| 1 |", "## Hours", "- Long"), [], id="table-and-list"),
    ],
)
def test_which_sections_are_empty(blocks: tuple[str, ...], empty: list[tuple[str, ...]]) -> None:
    assert [held.section for held in audited(document("a", *blocks)).empty] == empty


def test_a_heading_of_plain_text_may_be_over_the_next_one() -> None:
    text = "Baker\n\nTraining and pay\n\nPay\n\nBakers earn little, and so do those who help them.\n"
    plain = replace(document("a"), text=text)
    assert [chunk.headings for chunk in chunks(plain)][-1] == ("Baker", "Pay")
    assert audited(plain).empty == ()


def test_nothing_is_found_in_no_documents() -> None:
    assert list(lines(audited(), 3)) == [
        "Disagreements: 0",
        "Figures older than 3 years: 0",
        "Figures without a date: 0",
        "Questions that lead nowhere: 0",
        "Empty sections: 0",
    ]


def test_figures_of_one_statement_are_one_line() -> None:
    found = audited(document("a", "## Bread", "In 2019 a loaf cost $4, a roll $1.", as_of="2020"))
    assert [line for line in lines(found, 3) if "$" in line] == [
        "  $4, $1 (2019) A › Bread: “In 2019 a loaf cost $4, a roll $1.”"
    ]
