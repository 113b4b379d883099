"""What is suggested: at first what most statements answer, next what is not cited; full questions only."""

from __future__ import annotations

import pytest

from careerbot.datatypes import Chunk, Citation, Hit, Kind
from careerbot.suggesting import nearby, questions_near, questions_to_begin, topic_of


def _hit(section: int, start: int, asked: tuple[str, ...] = (), heading: str = "Pay", part: int | None = 0) -> Hit:
    chunk = Chunk("bread", section, part, Kind.PROSE, start, start + 9, "A sentence.", ("Bakers", heading), None, asked)
    return Hit(chunk, 1.0, 1)


CITED = Citation(1, "bread", "Bread", "", "", (), "A sentence.", 0, 9, "bread.md")


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        pytest.param(
            [_hit(1, 20, ("what do bakers earn?", "What do bakers earn?"))], ["What do bakers earn?"], id="full"
        ),
        pytest.param([_hit(1, 20, ("bakers pay",))], [], id="no-fragment"),
        pytest.param([_hit(1, 20, heading="Is baking hard?")], ["Is baking hard?"], id="heading-that-asks"),
        pytest.param([_hit(1, 20, ("Why?",)), _hit(1, 40, ("How?",))], ["Why?"], id="one-of-each-section"),
        pytest.param([_hit(1, 20, ("Why?",)), _hit(2, 40, ("Why?",))], ["Why?"], id="each-question-once"),
        pytest.param([_hit(0, 0, ("Why?",)), _hit(0, 20, ("How?",))], [], id="none-of-a-cited-section"),
        pytest.param([_hit(1, 20, ("Why?",), part=None)], [], id="no-passage"),
    ],
)
def test_questions_near_what_was_found(hits: list[Hit], expected: list[str]) -> None:
    assert [question for question, _ in questions_near(hits, [CITED])] == expected


def _stating(start: int, *asked: str, headings: tuple[str, ...] = ("Bread", "Pay"), part: int | None = 0) -> Chunk:
    return Chunk("bread", 0, part, Kind.PROSE, start, start + 9, "A sentence.", headings, None, asked)


FAQ = ("Bread", "Questions", "Is it hard?")


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([_stating(0, "bakers pay"), _stating(9, "Why?", part=None)], [], id="no-fragment-no-passage"),
        pytest.param(
            [_stating(0, "Who bakes?"), _stating(9, "What is paid?"), _stating(20, "What is paid?")],
            [("Pay", "What is paid?"), ("Pay", "Who bakes?")],
            id="most-statements-first",
        ),
        pytest.param(
            [
                _stating(0, "What is paid?", "Who bakes?"),
                _stating(9, "What is paid?"),
                _stating(20, "Who trains?", headings=("Bread", "Training")),
                _stating(30, "Where is flour?"),
            ],
            [("Pay", "What is paid?"), ("Training", "Who trains?"), ("Pay", "Where is flour?")],
            id="a-topic-has-its-second-after-all-others-and-no-statement-answers-two",
        ),
        pytest.param(
            [_stating(0, "What does a baker earn?"), _stating(9, "What does a young baker earn?")],
            [("Pay", "What does a baker earn?")],
            id="none-much-like-another",
        ),
        pytest.param(
            [_stating(at, "Is it hard?", headings=FAQ) for at in (0, 9)] + [_stating(20, "Is it hard?")],
            [("Pay", "Is it hard?")],
            id="rather-a-chapter-than-questions-of-all-kinds",
        ),
        pytest.param([_stating(0, headings=FAQ)], [("Questions", "Is it hard?")], id="heading-that-asks"),
        pytest.param([_stating(0, "Why?", headings=())], [("", "Why?")], id="document-without-headings"),
        pytest.param([_stating(0, f"Why {'so ' * 30}long?")], [], id="no-long-one"),
    ],
)
def test_questions_to_begin_with(chunks: list[Chunk], expected: list[tuple[str, str]]) -> None:
    assert [(topic_of(chunk), question) for question, chunk in questions_to_begin(chunks)] == expected


def test_the_statement_of_a_question_comes_with_it() -> None:
    hits = [_hit(1, 20, ("Why?",)), _hit(2, 40, ("How?",))]
    assert [(question, chunk.section) for question, chunk in questions_near(hits, [])] == [("Why?", 1), ("How?", 2)]


def test_headings_nearby_hold_no_figures_and_come_once() -> None:
    hits = [_hit(1, 0, heading="Exams"), _hit(2, 9, heading="Pay in 2024"), _hit(3, 18, heading="Exams")]
    assert nearby(hits) == ("Exams",)
    assert nearby([]) == ()
