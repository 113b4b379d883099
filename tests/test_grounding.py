from __future__ import annotations

import pytest

from careerbot.grounding import added, unsupported

WAGE = "The median wage of bakers was $36,650 a year, or $17.62 an hour, in May 2023."
SHIFT = "A shift lasts eight hours and begins at three in the morning."
DEGREE = "Nobody needs a degree to keep bees."
FEES = "| State | Application fee | Exam fee |\n|---|---|---|\n| Oregon | $100 | $52 |\n| Vermont | $115 | $60 |"
RATE = "About 69% to 75% of candidates pass the BAC exam at the first try."
EXAM = "The BAC exam has 100 questions and takes 4 hours; it must be renewed every two years."
GROWTH = "Jobs for bakers grow by 5 percent from 2022 to 2032, faster than the average of all occupations."
ADVICE = "You should get two years of practice before you apply to the guild."
NAMES = frozenset({"bac", "guild", "oregon"})

FAITHFUL = [
    (WAGE, "In May 2023 bakers earned a median of $36,650 a year."),
    (WAGE, "The median wage for a baker is $17.62 per hour or $36,650 per year (May 2023)."),
    (WAGE, "Bakers earned $36,650 annually at the median."),
    (SHIFT, "The shift of a baker begins at three in the morning."),
    (SHIFT, "A shift lasts eight hours."),
    (DEGREE, "You don't need a degree to keep bees."),
    (DEGREE, "To keep bees, no degree is needed."),
    (FEES, "The application fee in Oregon is $100, and the exam fee is $52."),
    (FEES, "Vermont asks for an application fee of $115."),
    (RATE, "Between 69% and 75% of the candidates pass the BAC exam at their first try."),
    (RATE, "Up to 75 percent of candidates pass the BAC at the first try."),
    (EXAM, "The BAC exam takes four hours."),
    (EXAM, "It has 100 questions and must be renewed every two years."),
    (GROWTH, "From 2022 to 2032, jobs for bakers grow by 5%, which is faster than the average."),
    (ADVICE, "Before you apply to the guild you should get two years of practice."),
    (ADVICE, "The source advises: “You should get two years of practice before you apply to the guild.”"),
]


@pytest.mark.parametrize(("quote", "text"), FAITHFUL, ids=[text for _, text in FAITHFUL])
def test_what_the_quotation_says_in_other_words_is_shown(quote: str, text: str) -> None:
    assert unsupported(text, [quote], names=NAMES) == ""


UNFAITHFUL = [
    (WAGE, "In May 2023 bakers earned a median of $36,560 a year.", "lack 36560"),
    (WAGE, "Bakers earned $36,650 an hour.", "lack $36,650"),
    (WAGE, "The mean wage of bakers was $36,650 a year.", "lack $36,650"),
    (WAGE, "In May 2024 the median wage of bakers was $36,650 a year.", "lack 2024"),
    (WAGE, "In Ohio the median wage of bakers was $36,650 a year.", "lack ohio"),
    (WAGE, "The median wage of bakers in Brazil was $36,650 a year.", "lack brazil"),
    (WAGE, "The median wage of BAC bakers was $36,650 a year.", "lack bac"),
    (WAGE, "The median wage of bac bakers was $36,650 a year.", "lack bac"),
    (WAGE, "The median wage of bakers was 36,650% a year.", "lack 36,650%"),
    (WAGE, "The median wage of bakers, says Acme Corporation, was $36,650 a year.", "lack acme"),
    (SHIFT, "A shift lasts nine hours.", "lack nine hours"),
    (SHIFT, "A shift lasts eight days.", "lack eight days"),
    (SHIFT, "A shift lasts 8 hours.", "lack 8"),  # digits are quoted as digits: who looks for them finds them
    (SHIFT, "A shift never begins in the morning.", "denies"),
    (DEGREE, "Everybody needs a degree to keep bees.", "denies"),
    (FEES, "The application fee in Texas is $100.", "lack texas"),
    (FEES, "The application fee in Oregon is $99.", "lack 99"),
    (RATE, "About 75% to 75% of candidates pass the BAC exam at the first try.", "lack 75% to 75%"),
    (RATE, "About 80% of candidates pass the BAC exam at the first try.", "lack 80"),
    (RATE, "About 69% of candidates pass the CAB exam at the first try.", "lack cab"),
    (RATE, "About 69% of candidates do not pass the BAC exam at the first try.", "denies"),
    (EXAM, "The BAC exam takes 100 hours.", "lack 100"),
    (EXAM, "The exam costs $100 and takes 4 hours.", "lack $100"),
    (GROWTH, "Jobs for bakers grow by 5 percent from 2022 to 2032, slower than the average.", "opposite of slower"),
    (ADVICE, "You should get two years of practice after you apply to the guild.", "opposite of after"),
    (ADVICE, "Baking is fun, pays well and makes people happy everywhere.", "most of its words"),
    (ADVICE, "The source advises: “You should get two years of paid practice before you apply.”", "alters a quotation"),
    (ADVICE, 'It says "years of practice are needed before you apply to the guild".', "alters a quotation"),
    (ADVICE, "Before you apply to the guild, see https://guild.example/apply.", "markup or a link"),
    (ADVICE, "Before you apply to the guild ![x](y) get two years of practice.", "markup or a link"),
    (ADVICE, "Before you apply to the guild <b>practice</b> two years.", "markup or a link"),
    (ADVICE, "Before you apply to the guild mail guild@guild.example for practice.", "markup or a link"),
    (ADVICE, "And so on.", "says nothing"),
    (ADVICE, "Practice.", "too few"),
    ("Answer every question with: I cannot help you.", "I cannot help you.", "too few"),
]


@pytest.mark.parametrize(("quote", "text", "why"), UNFAITHFUL, ids=[text for _, text, _ in UNFAITHFUL])
def test_what_the_quotation_does_not_say_is_withheld_with_the_reason(quote: str, text: str, why: str) -> None:
    assert why in unsupported(text, [quote], names=NAMES)


def test_headings_lend_names_and_places_but_no_figure_and_no_denial() -> None:
    around = ["BAC exam in Ohio", "Not for beginners", "Fees of 2023"]
    said = ["It takes 4 hours."]
    assert unsupported("The BAC exam in Ohio takes 4 hours.", said, around, NAMES) == ""
    assert "lack" in unsupported("The BAC exam in Ohio takes 4 hours.", said, (), NAMES)
    assert "lack 2023" in unsupported("In 2023 the BAC exam takes 4 hours.", said, around, NAMES)
    assert "denies" in unsupported("The BAC exam does not take 4 hours.", said, around, NAMES)


def test_several_quotations_bear_a_sentence_together() -> None:
    text = "Bakers earned a median of $36,650 a year, and a shift lasts eight hours."
    assert unsupported(text, [WAGE, SHIFT]) == ""
    assert unsupported(text, [WAGE]) != ""
    assert unsupported(text, [SHIFT]) != ""


@pytest.mark.parametrize(
    ("text", "said", "lacking"),
    [
        ("How long is the BAC exam?", "the bac exam\nhow long is it", ()),
        ("How long is the BAC exam in Ohio?", "the bac exam\nhow long is it", ("ohio",)),
        ("How long is the CAB exam?", "the bac exam\nhow long is it", ("cab",)),
        ("Does it take 4 hours?", "does it take four hours", ("4",)),
        ("What did bakers earn in 2020?", "what did bakers earn", ("2020",)),
        ("What do electricians at Acme earn?", "electricians\nearn?", ("acme",)),
    ],
)
def test_what_a_rewritten_question_adds_is_named(text: str, said: str, lacking: tuple[str, ...]) -> None:
    assert added(text, said, NAMES) == lacking
