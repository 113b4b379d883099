from __future__ import annotations

from pathlib import Path

import pytest
from conftest import bot_over

from careerbot import Document, Status
from careerbot.occupations import FILE, occupations, subjects


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("What does a plumber earn?", ("plumber",)),
        ("how much do PLUMBERS make", ("plumber",)),
        ("What is a plumber's wage?", ("plumber",)),
        ("what do plumbers’ helpers do", ("plumber",)),
        ("What do firemen and policewomen earn?", ("fireman", "policewoman")),
        ("What do actresses and secretaries earn?", ("actress", "secretary")),
        ("Is a truck driver paid more than a taxi driver?", ("truck driver", "taxi driver")),
        ("How do I become a physical therapist?", ("physical therapist",)),
        ("How do I become a therapist?", ("therapist",)),
        ("I'm a nurse, how long does it take?", ()),
        ("im currently a teacher can i do it", ()),
        ("As a former librarian, would I like it?", ()),
        ("I used to be a truck driver. Is it hard?", ()),
        ("my wife is a dentist, is it worth it", ()),
        ("I worked as a tired waitress", ()),
        ("Does the driver have a licence?", ()),
        ("What does the exam cost?", ()),
        ("", ()),
    ],
)
def test_the_occupations_that_are_asked_about(text: str, named: tuple[str, ...]) -> None:
    assert occupations(text) == named


def test_the_list_is_in_order_without_doubles_and_in_lower_case() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines))
    assert all(line == line.lower().strip() for line in lines)
    assert len(lines) > 400


def test_a_title_says_what_it_is_about_by_its_rare_words() -> None:
    assert subjects(("How to Become a Beekeeper: 5 Step Guide", "Training")) == {"beekeep"}


GUIDE = Document(
    "baker",
    "Baker",
    "# Baker\n\n## Wage\n\nA baker earns $16.80 an hour.\n\n## Training\n\nTraining takes two years.\n\n"
    "## Partners\n\nA baker buys flour of millers and is visited by a butcher now and then.\n",
    "baker.md",
)


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("What does a baker buy of millers?", True),
        ("What does a plumber buy of millers?", False),
        ("How long does plumber training take?", False),
        ("How long does training take?", True),
        ("I'm a plumber. How long does the training take?", True),
        ("Can a plumber become a baker, and how long does training take?", True),
        ("Does a butcher visit now and then?", True),
    ],
)
def test_a_question_about_another_occupation_is_not_answered(tmp_path: Path, question: str, answered: bool) -> None:
    answer = bot_over(tmp_path / "index", [GUIDE], threshold=1e-9).ask(question)
    assert (answer.status is not Status.NOT_IN_SOURCES) == answered
    if not answered:
        assert "nothing about a plumber" in answer.text
