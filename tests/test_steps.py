from __future__ import annotations

import pytest
from conftest import hit

from careerbot import Document
from careerbot.candidates import rank
from careerbot.questions import read
from careerbot.steps import in_steps

BAKING = Document(
    "baking",
    "Baking",
    """# Baking

## How to become a baker

### Step 1: School

The first step for a baker is a school for bakers. Bakers learn to weigh there.

### Step 2: Practice

Practice in a bakery is the second step for a baker.

### Step 3: Examination

The last step for a baker is an examination.

## How to open a bakery

### 1. Licence

A bakery needs a licence first.

## Bread

Bread is baked by a baker.
""",
    "baking.md",
)
FIRST, WEIGH = "The first step", "Bakers learn"
SECOND, THIRD, LICENCE, BREAD = "Practice in", "The last step", "A bakery needs", "Bread is"
HOW = "How do I become a baker?"


def told(question: str, found: list[tuple[str, float]], words: float = 100) -> list[str]:
    hits = [hit(BAKING, text, score) for text, score in found]
    asked = read(question)
    return [group[0].chunk.text for group in in_steps(asked, rank(asked, hits), words)]


def test_steps_are_told_in_their_order_with_the_best_statement_of_each() -> None:
    found = [(SECOND, 1.0), (WEIGH, 0.5), (FIRST, 0.9), (BREAD, 0.8), (THIRD, 0.3)]
    assert [text.split()[0] for text in told(HOW, found)] == ["The", "Practice", "The"]
    assert told(HOW, found)[0].startswith(FIRST)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([(FIRST, 1.0), (WEIGH, 0.9), (LICENCE, 0.8), (BREAD, 0.7)], id="one-step-of-two-sequences"),
        pytest.param([(BREAD, 1.0)], id="no-step"),
        pytest.param([], id="nothing-found"),
    ],
)
def test_one_step_alone_is_no_procedure(found: list[tuple[str, float]]) -> None:
    assert told(HOW, found) == []


@pytest.mark.parametrize(
    "question",
    ["Does a baker need a school?", "How much does it cost to become a baker?", "Why become a baker?"],
)
def test_another_question_is_not_answered_by_steps(question: str) -> None:
    assert told(question, [(FIRST, 1.0), (SECOND, 0.9), (THIRD, 0.8)]) == []


def test_steps_end_where_the_words_do() -> None:
    found = [(FIRST, 1.0), (SECOND, 0.9), (THIRD, 0.8)]
    assert [text[:9] for text in told(HOW, found, words=22)] == ["The first", "Practice "]


def test_one_step_near_is_enough_where_the_whole_way_is_asked_for() -> None:
    found = [*[(BREAD, 1.0)] * 7, (THIRD, 0.9), (BREAD, 0.8), (FIRST, 0.3)]
    assert told(HOW, found) == []
    assert [text[:13] for text in told("How do I become a baker from scratch?", found)] == [FIRST[:13], "The last step"]
    assert told("How do I become a baker from scratch?", found[:-1]) == []
