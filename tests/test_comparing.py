from __future__ import annotations

import pytest
from conftest import hit, likeness

from careerbot import Document
from careerbot.candidates import Candidate, rank
from careerbot.comparing import adds_nothing, same, sides, subject
from careerbot.datatypes import Wording
from careerbot.questions import read

NAMES = {"jex", "mex"}


def document(text: str, name: str = "guide") -> Document:
    return Document(name, name, f"# Title\n\n{text}\n", f"{name}.md")


def candidates(question: str, *texts: str, scores: tuple[float, ...] = ()) -> list[Candidate]:
    """Each text as the only sentence of a document of its own."""
    found = zip(texts, scores or [1.0] * len(texts), strict=True)
    hits = [hit(document(text, f"d{number}"), text, score) for number, (text, score) in enumerate(found)]
    return rank(read(question, NAMES), hits)


def values(question: str, *texts: str, scores: tuple[float, ...] = ()) -> set[str]:
    ranked = candidates(question, *texts, scores=scores)
    return {figure.text for _, figure in sides(read(question, NAMES), ranked, likeness, NAMES, ())}


WAGE = "What is the median wage of welders?"
FIRST = "The median wage of welders was $48,000 a year."


@pytest.mark.parametrize(
    ("other", "contradicts"),
    [
        pytest.param("The median wage of welders was $45,000 a year.", True, id="other-value"),
        pytest.param("The median wage of welders was $48,000 a year in all.", False, id="same-value"),
        pytest.param("The mean wage of welders was $51,000 a year.", False, id="other-statistic"),
        pytest.param("The median wage of welders was $23.10 an hour.", False, id="other-period"),
        pytest.param("The median wage of welders was $45,000 as reported.", True, id="period-left-open"),
        pytest.param("The median wage of welders was $23 as reported.", False, id="period-left-open-of-another-size"),
        pytest.param("The wage of welders was $45,000 a year.", False, id="statistic-left-open"),
        pytest.param("The median wage of welders was €45,000 a year.", False, id="other-currency"),
        pytest.param("The median wage of welders rose 4% a year.", False, id="other-unit"),
        pytest.param("Bakers say: half of us took home a median $45,000 a year.", False, id="about-something-else"),
        pytest.param("The median wage of welders was high.", False, id="no-value"),
    ],
)
def test_what_contradicts(other: str, contradicts: bool) -> None:
    assert values(WAGE, FIRST, other, scores=(1.0, 0.9)) == ({"$48,000", "$45,000"} if contradicts else set())


def test_the_best_statement_comes_first_and_each_value_once() -> None:
    texts = (
        FIRST,
        "The median wage of welders is $45,000 a year.",
        "The median wage of all welders is $45,000 a year.",
    )
    found = sides(read(WAGE), candidates(WAGE, *texts, scores=(1.0, 0.9, 0.8)), likeness, NAMES, ())
    assert [figure.text for _, figure in found] == ["$48,000", "$45,000"]
    assert subject(found) == "annual median wage welders year"


def test_what_sides_are_about_keeps_its_acronyms() -> None:
    texts = ("The JEX exam of welders lasts 2 hours.", "The JEX exam of welders lasts 3 hours.")
    question = "How long is the JEX exam?"
    found = sides(read(question, NAMES), candidates(question, *texts), likeness, NAMES, ())
    assert subject(found) == "JEX exam welders lasts hours"


def test_a_measure_that_is_all_that_sides_share_is_told_in_the_order_of_the_text() -> None:
    texts = ("The annual mean is $48,000.", "The annual mean was $45,000.")
    question = read("What is the annual mean?", NAMES)
    found = sides(question, candidates(question.text, *texts), likeness, NAMES, ())
    assert subject(found) == "annual mean"


def test_the_place_that_sides_share_says_what_they_are_about() -> None:
    texts = ("The annual mean in Peru is $48,000.", "The annual mean of Peru was $45,000.")
    question = read("What is the annual mean in Peru?", NAMES)
    found = sides(question, candidates(question.text, *texts), likeness, NAMES, ())
    assert subject(found) == "annual mean Peru"


def test_a_statement_far_below_the_best_contradicts_nothing() -> None:
    other = "The median wage of welders was $45,000 a year."
    assert values(WAGE, FIRST, other, scores=(1.0, 0.0)) == set()


def test_what_gives_the_statistic_asked_for_may_be_further_below() -> None:
    texts = ("The wage of welders was $48,000 a year.", "The wage of welders was $45,000 a year.")
    assert values("What is the wage of welders?", *texts, scores=(1.0, 0.2)) == set()
    assert values(WAGE, *(text.replace("wage", "median wage") for text in texts), scores=(1.0, 0.2)) != set()


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("Why is the median wage of welders what it is?", id="why"),
        pytest.param("List the wages of welders", id="several"),
        pytest.param("Is the work of welders hard?", id="yes-or-no"),
        pytest.param("Which wage of welders is highest?", id="extreme"),
    ],
)
def test_a_question_that_asks_for_no_single_value_has_no_sides(question: str) -> None:
    assert values(question, FIRST, "The median wage of welders was $45,000 a year.") == set()


def test_a_question_for_several_amounts_of_one_statistic_has_sides() -> None:
    other = "The median wage of welders was $45,000 a year."
    assert values("List the median wages of welders", FIRST, other) == {"$48,000", "$45,000"}


@pytest.mark.parametrize(
    ("wording", "expected"),
    [
        pytest.param("pay of a welder", ["$48,000", "$45,000"], id="shared"),
        pytest.param("pay of half of us", [], id="another"),
        pytest.param("pay of a welder|half|us|home|took", [], id="one-of-many"),
        pytest.param("", [], id="none"),
    ],
)
def test_statements_that_people_ask_for_in_the_same_words_are_alike(wording: str, expected: list[str]) -> None:
    other = "Half of us took home a median $45,000 a year."
    asked = (("pay of a welder", "welder wage", "wage", "what they earn"), tuple(filter(None, wording.split("|"))))
    hits = [
        hit(Document(name, name, f"# Title\n\n{text}\n", name, wordings=(Wording(text, held),)), text, score)
        for name, text, held, score in zip("ab", (FIRST, other), asked, (1.0, 0.9), strict=True)
    ]
    found = sides(read(WAGE), rank(read(WAGE), hits), likeness, NAMES, ())
    assert [figure.text for _, figure in found] == expected


@pytest.mark.parametrize(
    ("question", "texts", "disagree"),
    [
        pytest.param(
            "How many questions has the JEX?",
            ("The JEX exam of MEX has 90 questions.", "The FEX exam of MEX has 80 questions."),
            False,
            id="what-they-share-is-not-what-they-are-about",
        ),
        pytest.param(
            "How many members has the JEX?",
            ("The JEX guild has 90 members.", "The JEX guild has 80 exams."),
            False,
            id="other-things-counted",
        ),
        pytest.param(
            "How many members has the JEX?",
            ("The JEX guild has 90 members.", "The JEX guild has 80 members."),
            True,
            id="the-same-counted",
        ),
        pytest.param(
            "What do welders earn in Oregon?",
            ("Welders in Oregon earn $40,000.", "Welders in Nevada earn $48,000."),
            False,
            id="other-place",
        ),
        pytest.param(
            "What do welders earn in Oregon?",
            ("Welders in Oregon earn $40,000.", "Welders earn $48,000."),
            False,
            id="a-place-and-none",
        ),
        pytest.param(
            "What do welders earn?",
            ("Welders in Chile earn $40,000.", "Welders earn $48,000."),
            True,
            id="the-place-that-all-is-about",
        ),
        pytest.param(
            "How long does it take?",
            ("A diploma for welders takes 2 years.", "A badge for welders takes 4 months, a diploma 3 years."),
            False,
            id="one-of-several-figures",
        ),
        pytest.param(
            "How long does it take?",
            ("A diploma for welders takes 2 years.", "A diploma for welders takes 3 years."),
            True,
            id="one-figure-each",
        ),
        pytest.param(
            "Does a diploma take 2 years or 3 years?",
            ("A diploma for welders takes 2 years.", "A diploma for welders takes 3 years."),
            True,
            id="yes-or-no-between-amounts",
        ),
        pytest.param(
            "What are the wages in Oregon?",
            ("Welders in Oregon earn $40,000.", "Welders in Oregon earn $48,000."),
            True,
            id="several-of-one-place",
        ),
    ],
)
def test_a_disagreement_is_about_one_thing(question: str, texts: tuple[str, str], disagree: bool) -> None:
    names = NAMES | {"fex"}
    hits = [hit(document(text, f"d{at}"), text, 1 - at / 10) for at, text in enumerate(texts)]
    asked = read(question, names)
    assert bool(sides(asked, rank(asked, hits), lambda one, other: 1.0, names, {"chile"})) is disagree


@pytest.mark.parametrize(
    ("one", "other", "disagree"),
    [
        pytest.param("Small charts take 5 minutes.", "Large charts take 20 minutes.", False, id="two-things"),
        pytest.param("Dues are $70 a year.", "All dues are $90 a year.", True, id="one-period"),
        pytest.param("Dues are $70 a year.", "All dues are $90 in all.", False, id="a-period-and-none"),
        pytest.param("The median is $70 in all.", "The median is $90 for all.", True, id="one-statistic"),
    ],
)
def test_one_document_disagrees_with_itself_about_one_measure_only(one: str, other: str, disagree: bool) -> None:
    held = document(f"{one}\n\n{other}")
    asked = read("How much is it?" if "$" in one else "How long does it take?")
    ranked = rank(asked, [hit(held, one, 1.0), hit(held, other, 0.9)])
    assert bool(sides(asked, ranked, lambda first, second: 1.0, NAMES, ())) is disagree


def test_exams_of_different_names_never_contradict_each_other() -> None:
    question = "How much does the exam cost?"
    assert values(question, "The JEX exam costs $90 in all.", "The MEX exam costs $140 in all.") == set()
    assert values(question, "The JEX exam costs $90 in all.", "The JEX exam costs $140 in all.") == {"$90", "$140"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "| Welders | Wage |\n|---|---|\n| Welders here | $48,000 |\n| Welders there | $45,000 |", id="table"
        ),
        pytest.param("- Welders here earn $48,000\n- Welders there earn $45,000", id="list"),
    ],
)
def test_members_of_one_table_or_list_never_contradict_each_other(text: str) -> None:
    question = "How much do welders earn?"
    held = document(text)
    members = [hit(held, line.removeprefix("- ")) for line in text.split("\n") if "Welders" in line and "$" in line]
    ranked = rank(read(question), members)
    assert len(ranked) == 2
    assert sides(read(question), ranked, lambda one, other: 1.0, NAMES, ()) == ()


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        pytest.param("Welders earn $20 an hour.", "Most welders earn $20 an hour.", True, id="same-figure-and-words"),
        pytest.param("Welders earn $20 an hour.", "Welders earn $21 an hour.", False, id="other-figure"),
        pytest.param("Welders earn $20 an hour.", "Ovens cost $20.", False, id="same-figure-of-something-else"),
        pytest.param("Welders earn $20 an hour.", "Welders earn 20 an hour.", False, id="other-unit"),
        pytest.param("Welders wear heavy gloves.", "Welders wear heavy gloves!", True, id="no-figures"),
        pytest.param("Welders need a degree.", "Welders do not need a degree.", False, id="denial"),
        pytest.param("Welders wear heavy gloves.", "Welders wear heavy boots with steel.", False, id="other-thing"),
    ],
)
def test_what_says_the_same(one: str, other: str, alike: bool) -> None:
    first, second = (candidates("welders", text)[0] for text in (one, other))
    assert same(first, second) == same(second, first) == alike


TABLE = document("| Where | Wage |\n|---|---|\n| Welders here | $48,000 |\n| Welders there | $45,000 |")


@pytest.mark.parametrize(
    ("sentence", "score", "expected"),
    [
        pytest.param("Welders earn $40,000.", 1.0, ["$40,000", "$48,000"], id="two-rows-are-no-two-other-values"),
        pytest.param("Welders there earn $45,000.", 0.7, [], id="what-repeats-another-row-speaks-of-that-row"),
        pytest.param("Welders here earn $47,000.", 0.7, ["$48,000", "$47,000"], id="another-source-contradicts-a-row"),
    ],
)
def test_a_table_and_another_source(sentence: str, score: float, expected: list[str]) -> None:
    question = read("How much do welders earn?")
    rows = [hit(TABLE, "| Welders here", 0.9), hit(TABLE, "| Welders there", 0.8)]
    ranked = rank(question, [*rows, hit(document(sentence, "other"), sentence, score)])
    found = sides(question, ranked, lambda one, other: 1.0, NAMES, ())
    assert [figure.text for _, figure in found] == expected


@pytest.mark.parametrize(
    ("one", "other", "nothing"),
    [
        pytest.param("Welders earn $23 an hour.", "Welders earn $23 an hour or $48,000 a year.", True, id="part-of-it"),
        pytest.param("Welders earn $23 an hour or $48,000 a year.", "Welders earn $23 an hour.", False, id="more"),
        pytest.param("Welders earn $23 an hour.", "A mask for work in a tank costs $23.", False, id="other-words"),
        pytest.param("Welders earn well.", "Welders earn $23 an hour.", False, id="no-amount"),
    ],
)
def test_a_statement_of_the_same_document_that_repeats_amounts_adds_nothing(
    one: str, other: str, nothing: bool
) -> None:
    held = document(f"{one} {other}")
    first, second = (candidate for text in (one, other) for candidate in rank(read(WAGE, NAMES), [hit(held, text)]))
    assert adds_nothing(first, second) is nothing


def test_another_document_that_repeats_an_amount_confirms_it() -> None:
    first, second = candidates(WAGE, "Welders earn $23 an hour.", "Welders earn $23 an hour or $48,000 a year.")
    assert not adds_nothing(first, second)
