"""What is suggested next: full questions, one of each section, none of what is cited."""

from __future__ import annotations

import pytest

from careerbot.datatypes import Chunk, Citation, Hit, Kind
from careerbot.suggesting import nearby, questions_near


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


def test_the_statement_of_a_question_comes_with_it() -> None:
    hits = [_hit(1, 20, ("Why?",)), _hit(2, 40, ("How?",))]
    assert [(question, chunk.section) for question, chunk in questions_near(hits, [])] == [("Why?", 1), ("How?", 2)]


def test_headings_nearby_hold_no_figures_and_come_once() -> None:
    hits = [_hit(1, 0, heading="Exams"), _hit(2, 9, heading="Pay in 2024"), _hit(3, 18, heading="Exams")]
    assert nearby(hits) == ("Exams",)
    assert nearby([]) == ()
