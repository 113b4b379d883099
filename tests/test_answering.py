from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from conftest import UNGUIDED, hit, likeness
from hypothesis import given
from hypothesis import strategies as st

from careerbot import Document, Settings
from careerbot.answering import Part, _best_first, _Choice, write
from careerbot.candidates import Candidate, rank
from careerbot.checking import holds
from careerbot.confidence import Background
from careerbot.datatypes import Draft, Hit, Statement
from careerbot.questions import understand

GUIDE = Document(
    "guide",
    "Guide",
    """\
# Electrician

## Pay

The median wage of electricians was $61,590 a year. Electricians like their work.
Electricians climb ladders every day. Electricians test
every circuit twice.

## Fees

| State | Licence fee | Renewal fee |
|---|---|---|
| Oregon | $100 | $52 |
| Vermont | $115 | |
| Nevada | $80 | $35 |

## Duties in 2023

The duties of an electrician are:

- reading plans
- pulling cable through walls, floors and ceilings of old houses
- testing every circuit

## Exams

The JEX exam costs $90. The MEX exam costs $140.

## Tools

- pliers
- gloves

## Clothes

Electricians wear gloves. Electricians wear thick gloves on ladders. Goggles protect the eyes from sparks.

## Shifts

| Shift | Wage |
|---|---|
| Night shift | $24 |
| Day shift | $20 |
| Early shift | $20 |

## Badges

The FOX badge is green. It lasts two years. Badges are free.
""",
    "guide.md",
    as_of="2023-05",
)
OLD = Document("old", "Old", "# Talk\n\nThe median wage of electricians was $56,180 a year.\n", "old.md", as_of="2019")
UNDATED = Document("undated", "Talk", "# Talk\n\nThe median wage of electricians is $54,000 a year.\n", "u.md")
YEARBOOK = Document(
    "yearbook", "Yearbook", "# Yearbook\n\nThe median wage of all electricians was $61,590 a year.\n", "y.md"
)
DOCUMENTS = {held.id: held for held in (GUIDE, OLD, UNDATED, YEARBOOK)}
NAMES = {"jex", "mex", "mex-j"}
BACKGROUND = Background({"jex": 1, "mex": 1}, frozenset(), 9, NAMES, frozenset(), (), UNGUIDED)
ALL = [
    hit(GUIDE, text)
    for text in (
        "The median", "Electricians like", "Electricians climb", "Electricians test", "| Oregon", "| Vermont",
        "| Nevada", "The duties", "reading", "pulling", "testing", "The JEX", "The MEX", "pliers", "gloves",
    )
] + [hit(held, "The median") for held in (OLD, UNDATED, YEARBOOK)]  # fmt: skip


def draft(
    question: str,
    *found: list[Hit],
    threshold: float = 0,
    documents: Mapping[str, Document] = DOCUMENTS,
    **given: int,
) -> Draft:
    """What is written about a message; `found` are the hits of each of its questions.

    Several clauses as a whole, which come last, find nothing unless it is given.
    """
    asked = understand(question, NAMES)
    if len(asked) > 1 and not asked[-1].asked and len(found) == len(asked) - 1:
        found = (*found, [])
    assert len(asked) == len(found)
    parts = [Part(one, tuple(hits), BACKGROUND) for one, hits in zip(asked, found, strict=True)]
    settings = Settings(answer_threshold=threshold, **given)  # type: ignore[arg-type]
    return write(parts, documents, likeness, NAMES, settings)


def only(written: Draft) -> Statement:
    (statement,) = written.statements
    return statement


def test_a_sentence_is_quoted_as_it_stands() -> None:
    said = only(draft("Do they like it?", [hit(GUIDE, "Electricians like")]))
    (quote,) = said.quotes
    assert said.text == quote.text == "Electricians like their work."
    assert quote.section == ("Electrician", "Pay")


def test_a_line_break_is_shown_as_a_space_and_quoted_as_it_is() -> None:
    said = only(draft("What do they test?", [hit(GUIDE, "Electricians test")]))
    assert said.text == "Electricians test every circuit twice."
    assert said.quotes[0].text == "Electricians test\nevery circuit twice."


def test_rows_of_one_table_become_one_statement_quoted_from_the_header_to_the_last_row() -> None:
    said = only(draft("Compare the licence fees", [hit(GUIDE, "| Nevada", 0.9), hit(GUIDE, "| Oregon", 0.95)]))
    assert said.text == "State | Licence fee | Renewal fee\n--- | --- | ---\nOregon | $100 | $52\nNevada | $80 | $35"
    assert said.pieces == (
        "State", "Licence fee", "Renewal fee", "Oregon", "$100", "$52", "Nevada", "$80", "$35",
    )  # fmt: skip
    (quote,) = said.quotes
    assert quote.text.startswith("| State | Licence fee | Renewal fee |")
    assert quote.text.endswith("| Nevada | $80 | $35 |")
    assert "Vermont" in quote.text  # it stands between the two


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        pytest.param("What is the licence fee by state?", 3, id="by-the-first-column"),
        pytest.param("What does a licence cost in each state?", 3, id="each"),
        pytest.param("What is the licence fee?", 1, id="no-column-named"),
        pytest.param("What is the licence fee by age?", 1, id="by-something-else"),
        pytest.param("Which has the lowest fee across states?", 1, id="one-row-asked-for"),
    ],
)
def test_a_table_is_given_whole_when_it_is_asked_for_by_its_first_column(question: str, rows: int) -> None:
    found = [hit(GUIDE, "| Oregon", 1.0), hit(GUIDE, "| Vermont", 0.3), hit(GUIDE, "| Nevada", 0.3)]
    said = only(draft(question, found)).text
    assert sum(state in said for state in ("Oregon", "Vermont", "Nevada")) == rows


def test_a_blank_beside_other_rows_is_a_dash() -> None:
    found = [hit(GUIDE, "| Oregon", 1.0), hit(GUIDE, "| Vermont", 0.9)]
    assert only(draft("Compare the licence fees", found)).text.endswith("\nOregon | $100 | $52\nVermont | $115 | –")


WIDE = Document(
    "wide",
    "Wide",
    """\
# Exams

| Exam | Fee | Length | Retakes | Language | Note |
|---|---|---|---|---|---|
| JEX (junior) | $90 | 2 hours |  | English | A \\| B |
| MEX (master) | $140 |  |  | English | C |
| FEX (foreign) | $150 | 3 hours | two | Spanish | D |
""",
    "w.md",
)


def test_fewer_rows_than_columns_stand_side_by_side_without_what_none_of_them_states() -> None:
    found = [hit(WIDE, "| JEX", 1.0), hit(WIDE, "| MEX", 0.9)]
    said = only(draft("Compare the exams", found, documents={"wide": WIDE}))
    assert said.text.split("\n") == [
        "Exam | JEX (junior) | MEX (master)",
        "--- | --- | ---",
        "Fee | $90 | $140",
        "Length | 2 hours | –",
        "Language | English | English",
        "Note | A \\| B | C",
    ]
    assert holds(said, {"wide": WIDE})


@pytest.mark.parametrize(
    ("label", "shown"),
    [pytest.param("JEX", 2, id="one-side-found"), pytest.param("FEX", 1, id="of-neither-side")],
)
def test_a_comparison_has_the_rows_of_all_that_is_compared(label: str, shown: int) -> None:
    rows = [hit(WIDE, "| " + held, 1.0 if held == label else 0.2) for held in ("JEX", "MEX", "FEX")]
    written = draft("Compare JEX and MEX", rows, [], [], documents={"wide": WIDE})
    assert sum(held in only(written).text for held in ("JEX", "MEX", "FEX")) == shown


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        pytest.param("What are they paid?", 4, id="whole"),
        pytest.param("What are the highest paid?", 1, id="the-most-is-asked-for"),
    ],
)
def test_a_table_of_which_most_rows_answer_is_given_whole(question: str, rows: int) -> None:
    table = Document(
        "t",
        "T",
        "# T\n\n| Shift | Wage |\n|---|---|\n| Night | $24 |\n| Day | $20 |\n| Early | $21 |\n| Late | $22 |\n",
        "t.md",
    )
    names = ("Night", "Day", "Early", "Late")
    found = [hit(table, "| " + held, 1.0 if held != "Late" else 0.4) for held in names]
    said = only(draft(question, found, documents={"t": table})).text
    assert sum(held in said for held in names) == rows


def test_an_empty_cell_is_left_out() -> None:
    assert only(draft("fee in Vermont", [hit(GUIDE, "| Vermont")])).text == "Vermont – Licence fee: $115"


def test_a_row_much_worse_than_the_first_is_left_out() -> None:
    found = [hit(GUIDE, "| Nevada", 1.0), hit(GUIDE, "| Oregon", 0.75)]
    assert "Oregon" not in only(draft("licence fee", found)).text


def test_a_question_for_several_things_gives_the_whole_list_with_its_introduction() -> None:
    found = [hit(GUIDE, "testing", 0.9), hit(GUIDE, "reading", 0.3), hit(GUIDE, "pulling", 0.2)]
    said = only(draft("What are the duties?", found))
    assert said.text == (
        "The duties of an electrician are:\n- reading plans\n"
        "- pulling cable through walls, floors and ceilings of old houses\n- testing every circuit"
    )
    assert said.quotes[0].text.startswith("The duties of an electrician are:\n\n- reading")
    assert said.quotes[0].text.endswith("- testing every circuit")


def test_a_list_of_which_two_items_answer_best_is_given_whole() -> None:
    found = [hit(GUIDE, "testing", 0.9), hit(GUIDE, "reading", 0.85), hit(GUIDE, "pulling", 0.2)]
    assert only(draft("Why plans?", found)).text.count("\n- ") == 3


def test_a_question_for_one_thing_gives_one_item_only() -> None:
    found = [hit(GUIDE, "reading", 0.9), hit(GUIDE, "testing", 0.3), hit(GUIDE, "pulling", 0.2)]
    assert only(draft("Why plans?", found)).text == "The duties of an electrician are: reading plans"


@pytest.mark.parametrize(
    ("item", "text"),
    [
        pytest.param("reading", "The duties of an electrician are: reading plans", id="short-item-with-introduction"),
        pytest.param(
            "pulling",
            "pulling cable through walls, floors and ceilings of old houses",
            id="long-item-speaks-for-itself",
        ),
        pytest.param("pliers", "pliers", id="list-without-introduction"),
    ],
)
def test_one_item_of_a_list(item: str, text: str) -> None:
    assert only(draft("Why this?", [hit(GUIDE, item)])).text == text


def test_a_list_without_introduction_is_a_list() -> None:
    said = only(draft("What are the tools?", [hit(GUIDE, "pliers"), hit(GUIDE, "gloves", 0.9)]))
    assert said.text == "- pliers\n- gloves"


def test_sources_that_agree_are_cited_together() -> None:
    said = only(draft("What is the median wage?", [hit(GUIDE, "The median"), hit(YEARBOOK, "The median", 0.9)]))
    assert [quote.document for quote in said.quotes] == ["guide", "yearbook"]
    assert "$61,590" in said.quotes[1].text


def test_different_values_become_sides_newest_first_and_undated_last() -> None:
    found = [hit(UNDATED, "The median", 1.0), hit(OLD, "The median", 0.95), hit(GUIDE, "The median", 0.9)]
    written = draft("What is the median wage of electricians?", found)
    ((about, sides),) = written.sides
    assert about == "annual median wage electricians year"
    assert [value for value, _ in sides] == ["$61,590", "$56,180", "$54,000"]
    assert [written.statements[at].quotes[0].document for _, at in sides] == ["guide", "old", "undated"]


def test_exams_of_other_names_are_no_sides() -> None:
    written = draft("What does the exam cost?", [hit(GUIDE, "The JEX", 1.0), hit(GUIDE, "The MEX", 0.99)])
    assert written.sides == ()
    assert len(written.statements) == 2


def test_two_questions_are_both_answered_in_their_order() -> None:
    question = "What is the median wage, and what does JEX cost?"
    written = draft(question, [hit(GUIDE, "The median")], [hit(GUIDE, "The JEX")])
    assert [said.text for said in written.statements] == [
        "The median wage of electricians was $61,590 a year.",
        "The JEX exam costs $90.",
    ]
    assert written.missing == ()


def test_a_question_that_is_not_answered_is_named_as_it_was_asked() -> None:
    question = "What does JEX cost, and how long is it?"
    written = draft(question, [hit(GUIDE, "The JEX")], [hit(GUIDE, "The JEX")], threshold=0.01)
    assert written.missing == ("how long is it",)
    assert [said.text for said in written.statements] == ["The JEX exam costs $90."]


def test_a_single_question_that_is_not_answered_need_not_be_repeated() -> None:
    written = draft("How long is the JEX exam?", [hit(GUIDE, "The JEX")], threshold=0.01)
    assert (written.statements, written.missing) == ((), ())


def test_several_clauses_as_a_whole_are_heard_only_where_none_is_answered() -> None:
    question, whole = "Is JEX hard, and what does JEX cost?", [hit(GUIDE, "The MEX"), hit(GUIDE, "The JEX")]
    assert only(draft(question, [], [hit(GUIDE, "The JEX")], whole)).text == "The JEX exam costs $90."
    unanswered = draft(question, [], [], whole, threshold=0.01)
    assert "The JEX exam costs $90." in [said.text for said in unanswered.statements]
    assert unanswered.missing == ()


def test_nothing_but_the_clauses_is_missing() -> None:
    written = draft("Is JEX hard, and what does JEX cost?", [], [], [], threshold=0.01)
    assert written.missing == ("Is JEX hard", "what does JEX cost")


def test_a_comparison_is_answered_as_a_whole_and_by_its_parts() -> None:
    jex, mex = hit(GUIDE, "The JEX"), hit(GUIDE, "The MEX")
    written = draft("Compare the JEX and MEX exams", [mex], [jex], [mex])
    assert [said.text for said in written.statements] == ["The MEX exam costs $140.", "The JEX exam costs $90."]


def test_the_part_of_a_comparison_that_is_not_answered_is_named_and_the_whole_is_not() -> None:
    written = draft("Compare the JEX and MEX exams", [], [hit(GUIDE, "The JEX")], [], threshold=0.01)
    assert only(written).text == "The JEX exam costs $90."
    assert written.missing == ("Compare MEX exams",)


def test_rows_that_two_questions_chose_become_one_statement() -> None:
    question = "What is the fee in Oregon, and what is the fee in Nevada?"
    written = draft(question, [hit(GUIDE, "| Oregon")], [hit(GUIDE, "| Nevada")])
    assert only(written).text.split("\n")[2:] == ["Oregon | $100 | $52", "Nevada | $80 | $35"]


def test_one_statement_that_answers_two_questions_is_said_once() -> None:
    written = draft("Is JEX hard, and what does JEX cost?", [hit(GUIDE, "The JEX")], [hit(GUIDE, "The JEX")])
    assert only(written).text == "The JEX exam costs $90."


@pytest.mark.parametrize(("score", "said"), [pytest.param(0.7, 2, id="near"), pytest.param(0.2, 1, id="far-behind")])
def test_a_second_question_whose_best_statement_is_shown_already_has_its_next_best(score: float, said: int) -> None:
    found = [hit(GUIDE, "The FOX", 1.0), hit(GUIDE, "Badges are", score)]
    written = draft("What is the FOX badge, and where is the FOX badge?", found[:1], found)
    assert [one.text for one in written.statements] == ["The FOX badge is green.", "Badges are free."][:said]


def test_another_source_is_heard_before_the_next_sentence_of_the_same() -> None:
    other = dataclasses.replace(OLD, id="other", text="# Talk\n\nElectricians own dogs.\n")
    found = [hit(GUIDE, "Electricians like", 1.0), hit(GUIDE, "Electricians climb", 0.93), hit(other, "Elec", 0.9)]
    part = Part(understand("What of them?")[0], tuple(found), BACKGROUND)
    said = write([part], DOCUMENTS | {"other": other}, likeness, NAMES, Settings(answer_threshold=0)).statements
    assert [one.quotes[0].document for one in said] == ["guide", "other", "guide"]


@pytest.mark.parametrize(
    ("question", "second"),
    [
        pytest.param("How do electricians wear goggles?", "Goggles protect", id="word-not-covered-yet"),
        pytest.param("How do electricians wear them?", "Electricians wear thick", id="nothing-else-to-cover"),
    ],
)
def test_what_speaks_of_a_word_that_nothing_chosen_speaks_of_goes_before_what_does_not(
    question: str, second: str
) -> None:
    known = Background({"electrician": 9, "wear": 9, "glove": 9}, frozenset(), 9, NAMES, frozenset(), (), UNGUIDED)
    found = [hit(GUIDE, "Electricians wear gloves", 1.0), hit(GUIDE, "Electricians wear thick", 0.95)]
    part = Part(understand(question)[0], (*found, hit(GUIDE, "Goggles", 0.85)), known)
    given = Settings(answer_threshold=0, max_statements=2)
    first, other = write([part], DOCUMENTS, lambda one, two: 0.0, NAMES, given).statements
    assert first.text == "Electricians wear gloves."
    assert other.text.startswith(second)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        pytest.param(
            "Is the night shift paid better than the day shift?",
            "Shift | Wage\n--- | ---\nNight shift | $24\nDay shift | $20",
            id="the-other-row-of-a-comparison",
        ),
        pytest.param("What is the night shift paid?", "Night shift – Wage: $24", id="no-comparison"),
        pytest.param("Is the night shift paid better than others?", "Night shift – Wage: $24", id="no-new-words"),
    ],
)
def test_a_comparison_takes_the_row_that_covers_what_is_compared_with(question: str, text: str) -> None:
    rows = [hit(GUIDE, "| Night", 1.0), hit(GUIDE, "| Early", 0.75), hit(GUIDE, "| Day", 0.7)]
    assert only(draft(question, rows)).text == text


def test_a_sentence_that_leans_on_the_one_before_is_quoted_with_it() -> None:
    said = only(draft("How long is the badge good for?", [hit(GUIDE, "It lasts")]))
    assert said.text == said.quotes[0].text == "The FOX badge is green. It lasts two years."


def test_two_sentences_of_which_one_leans_on_the_other_are_said_once() -> None:
    found = [hit(GUIDE, "The FOX", 1.0), hit(GUIDE, "It lasts", 0.95)]
    assert only(draft("Why that badge?", found)).text == "The FOX badge is green. It lasts two years."
    found = [hit(GUIDE, "It lasts", 1.0), hit(GUIDE, "The FOX", 0.95)]
    assert only(draft("Why that badge?", found)).text == "The FOX badge is green. It lasts two years."


def test_what_scores_far_below_the_best_is_left_out() -> None:
    found = [hit(GUIDE, "Electricians like", 1.0), hit(GUIDE, "Electricians climb", 0.5)]
    assert len(draft("What of them?", found).statements) == 1


def test_no_more_is_said_than_the_settings_allow() -> None:
    found = [hit(GUIDE, text) for text in ("Electricians like", "Electricians climb", "The JEX", "The MEX")]
    assert len(draft("What of them?", found, max_statements=2).statements) == 2
    assert len(draft("What of them?", found).statements) == 4


EXAMS = Document(
    "exams",
    "Exams",
    """\
# Exams

## JEX

The JEX lasts two hours. The MEX came later. The JEX is hard.

## MEX

The MEX lasts three hours. The MEX needs tools.

## MEX-J

The MEX-J lasts one hour.
""",
    "e.md",
)


@pytest.mark.parametrize(
    ("question", "beginnings", "said"),
    [
        pytest.param("How long does the JEX last?", ("The JEX lasts", "The MEX lasts"), 1, id="the-same-of-another"),
        pytest.param("How long do exams last?", ("The JEX lasts", "The MEX lasts"), 2, id="none-is-named"),
        pytest.param("How long does the JEX last?", ("The JEX lasts", "The MEX came"), 2, id="under-the-same-headings"),
        pytest.param("How long does the MEX last?", ("The MEX lasts", "The MEX-J"), 2, id="a-kind-of-it"),
        pytest.param("How long is the JEX, with tools?", ("The JEX lasts", "The MEX needs"), 2, id="left-open-so-far"),
    ],
)
def test_a_further_statement_is_about_what_is_asked_about(question: str, beginnings: list[str], said: int) -> None:
    found = [hit(EXAMS, text, 1 - 0.1 * at) for at, text in enumerate(beginnings)]
    written = draft(question, found, documents={"exams": EXAMS})
    assert len(written.statements) == said


@pytest.mark.parametrize("hits", [[], [hit(GUIDE, "The duties")]], ids=["no-hits", "nothing-quotable"])
def test_nothing_to_quote_gives_an_empty_draft(hits: list[Hit]) -> None:
    assert draft("What of them?", hits).statements == ()


QUESTIONS = ["What is the median wage?", "What are the duties?", "Compare the fees", "Why?", "highest fee", "JEX cost"]


@given(
    st.sampled_from(QUESTIONS),
    st.lists(st.tuples(st.sampled_from(ALL), st.floats(0.5, 1)), unique_by=lambda pair: pair[0].chunk.id),
)
def test_whatever_is_found_is_quoted_exactly_and_once(question: str, found: list[tuple[Hit, float]]) -> None:
    written = draft(question, [one._replace(score=score) for one, score in found])
    for said in written.statements:
        for quote in said.quotes:
            assert DOCUMENTS[quote.document].text[quote.start : quote.end] == quote.text
        assert len({quote.document for quote in said.quotes}) == len(said.quotes)
    assert len({said.text for said in written.statements}) == len(written.statements)


@given(
    st.sampled_from(QUESTIONS),
    st.lists(st.tuples(st.sampled_from(ALL), st.floats(0.5, 1)), unique_by=lambda pair: pair[0].chunk.id),
    st.lists(st.booleans(), min_size=len(ALL), max_size=len(ALL)),
)
def test_the_next_best_is_what_weighing_all_anew_would_find(
    question: str, found: list[tuple[Hit, float]], taken: list[bool]
) -> None:
    (asked, *_) = understand(question, NAMES)
    part = Part(asked, tuple(one._replace(score=score) for one, score in found), BACKGROUND)
    left = rank(asked, part.hits)
    settings = Settings(answer_words=40)
    choice, anew = _Choice(part, settings, 3, ()), _Choice(part, settings, 3, ())

    def expected() -> Candidate | None:
        fitting = [held for held in left if anew.has_room(held)]
        return max(fitting, key=anew.worth) if anew.shown and fitting else next(iter(fitting), None)

    for number, (best, _) in enumerate(_best_first(tuple(left), choice)):
        assert best is expected()
        left.remove(best)
        if number == 0 or taken[number]:
            choice.add(best)
            anew.add(best)
    assert expected() is None


def test_a_row_of_one_cell_is_shown_without_a_dash() -> None:
    page = Document("page", "Page", "Pay\n\nStatePay\nOhio$9\nIowa$8\n", "page.txt")
    found = {"page": page}
    parts = [Part(understand("Ohio pay", NAMES)[0], (hit(page, "Ohio"),), BACKGROUND)]
    assert [said.text for said in write(parts, found, likeness, NAMES, Settings(answer_threshold=0)).statements] == [
        "Ohio$9"
    ]
