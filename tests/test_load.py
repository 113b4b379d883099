from __future__ import annotations

import asyncio

import pytest

from careerbot import Careerbot
from evals.load import first_words, load, served

# Gradio leaves event loops open.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def test_many_people_are_answered_and_a_wrong_question_is_an_error(bot: Careerbot) -> None:
    questions = ["What does a baker earn?", "How long is an apprenticeship?"]
    with served(bot) as address:
        held = asyncio.run(load(address, questions, users=10, each=2, pause=0.01))
        wrong = asyncio.run(load(address, ["?"], users=2, each=1, pause=0))
    assert (len(held.seconds), held.errors) == (20, 0)
    assert wrong.errors == 2
    assert max(held.seconds) <= held.wall


def test_first_words_are_timed_for_every_question(bot: Careerbot) -> None:
    taken = first_words(bot, ["What does a baker earn?", "What does an electrician earn?"])
    assert len(taken) == 2
    assert all(value > 0 for value in taken)
