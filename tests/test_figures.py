from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot.figures import figures, literal_numbers, number, period_of, statistic_of

Measured = tuple[float, float | None, str]


def measured(text: str) -> list[Measured]:
    return [(figure.amount, figure.upper, figure.unit) for figure in figures(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Bakers earn $1,200.50.", (1200.5, None, "$"), id="full-stop-after-an-amount"),
        pytest.param("Bakers earn $2000 then.", (2000, None, "$"), id="amount-that-looks-like-a-year"),
        pytest.param("It costs $500+.", (500, None, "$"), id="at-least"),
        pytest.param("It costs £9.50.", (9.5, None, "£"), id="pounds"),
        pytest.param("It costs € 40.", (40, None, "€"), id="space-after-the-sign"),
        pytest.param("from $1,200–$1,500", (1200, 1500, "$"), id="range-with-a-dash"),
        pytest.param("$1,200 to $1,500", (1200, 1500, "$"), id="range-in-words"),
        pytest.param("$50k a year", (50_000, None, "$"), id="thousands-as-k"),
        pytest.param("$50k-60k a year", (50_000, 60_000, "$"), id="range-with-k-twice"),
        pytest.param("$50-60k a year", (50_000, 60_000, "$"), id="range-with-k-once"),
        pytest.param("$1.5 million a year", (1_500_000, None, "$"), id="million-is-not-cut-off"),
        pytest.param("$2 to $3 billion", (2e9, 3e9, "$"), id="range-with-billion-once"),
        pytest.param("$900 to $1.2 million", (900, 1_200_000, "$"), id="scale-of-the-upper-end-only"),
        pytest.param("a loss of -$40", (-40, None, "$"), id="minus-sign"),
    ],
)
def test_money(text: str, expected: Measured) -> None:
    assert measured(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("7.1% more", (7.1, None, "percent"), id="sign"),
        pytest.param("twelve per cent", (12, None, "percent"), id="words"),
        pytest.param("5 to 7%", (5, 7, "percent"), id="range"),
        pytest.param("5%–7%", (5, 7, "percent"), id="range-with-two-signs-is-not-negative"),
        pytest.param("by -5 percent", (-5, None, "percent"), id="decline"),
        pytest.param("| Growth | −5% |", (-5, None, "percent"), id="typographic-minus-in-a-table"),
    ],
)
def test_percentages(text: str, expected: Measured) -> None:
    assert measured(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("15 minutes", (15, None, "minutes"), id="minutes"),
        pytest.param("a four-hour exam", (240, None, "minutes"), id="hyphen-and-word"),
        pytest.param("1 hour 30 minutes", (90, None, "minutes"), id="hours-and-minutes"),
        pytest.param("5 hours and 40 mins", (340, None, "minutes"), id="hours-and-minutes-with-and"),
        pytest.param("2 weeks", (20_160, None, "minutes"), id="weeks"),
        pytest.param("four to six years", (48, 72, "months"), id="range-in-words"),
        pytest.param("9-12 months", (9, 12, "months"), id="range"),
        pytest.param("6 months to 2 years", (6, 24, "months"), id="each-end-has-its-own-unit"),
        pytest.param("3 weeks to 2 months", (30_240, None, "minutes"), id="units-that-do-not-compare"),
        pytest.param("1.5 years", (18, None, "months"), id="decimal"),
        pytest.param("3 1/2 years", (42, None, "months"), id="fraction-is-not-three-numbers"),
        pytest.param("2½ years", (30, None, "months"), id="half-sign"),
        pytest.param("forty-five hours", (2700, None, "minutes"), id="compound-number-word-is-not-a-range"),
        pytest.param("2000 hours on the job", (120_000, None, "minutes"), id="hours-that-look-like-a-year"),
        pytest.param("2000 to 4,000 hours", (120_000, 240_000, "minutes"), id="range-that-begins-like-a-year"),
        pytest.param("two semesters", (9, None, "months"), id="semesters"),
    ],
)
def test_durations(text: str, expected: Measured) -> None:
    assert measured(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("about 1,200 bakers", [1200], id="thousands"),
        pytest.param("twelve ovens and 3 mixers", [12, 3], id="reading-order"),
        pytest.param("two hundred ovens", [200], id="hundred"),
        pytest.param("one hundred thousand loaves", [100_000], id="scales-multiply"),
        pytest.param("one of the ovens", [], id="one-is-mostly-no-number"),
        pytest.param("NFPA-70 and A1 and 3D", [], id="numbers-inside-names"),
        pytest.param("since 2019, from 2016 to 2026, 2024-34, 2024–2034", [], id="years-date-and-do-not-count"),
        pytest.param("the 90th percentile", [], id="rank-of-a-percentile"),
        pytest.param("the 10th Revision", [], id="ordinal"),
        pytest.param("no number at all", [], id="none"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_counts(text: str, expected: list[float]) -> None:
    assert measured(text) == [(amount, None, "count") for amount in expected]


def test_several_kinds_in_one_sentence_keep_their_order_and_spans() -> None:
    text = "In 2024, 100 questions take 4 hours, cost $399 and 70% pass."
    found = figures(text)
    assert [(figure.text, figure.unit) for figure in found] == [
        ("100", "count"),
        ("4 hours", "minutes"),
        ("$399", "$"),
        ("70%", "percent"),
    ]
    assert [figure.year for figure in found] == ["2024"] * 4
    assert [figure.start for figure in found] == [text.index(figure.text) for figure in found]


def test_what_the_text_does_not_state_is_none() -> None:
    (figure,) = figures("Bakers earn $16.")
    assert (figure.upper, figure.statistic, figure.period, figure.year) == (None, None, None, None)


def test_two_years_in_a_text_date_no_figure() -> None:
    (figure,) = figures("In 2019 as in 2024 bakers earned $16.")
    assert figure.year is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Bakers earn $24 per hour or $50,000 per year.",
            [("$24", None, "hour", None), ("$50,000", None, "year", None)],
            id="two-periods",
        ),
        pytest.param(
            "The median is $30 in 2024, the mean $35 in 2023.",
            [("$30", "median", None, "2024"), ("$35", "mean", None, "2023")],
            id="two-statistics-and-years",
        ),
        pytest.param(
            "In 2024 the median wage was $30 in Lyon, $28 in Wien",
            [("$30", "median", None, "2024"), ("$28", "median", None, "2024")],
            id="what-the-text-says-once-holds-for-all",
        ),
    ],
)
def test_each_figure_has_what_its_own_clause_names(
    text: str, expected: list[tuple[str, str | None, str | None, str | None]]
) -> None:
    assert [(figure.text, figure.statistic, figure.period, figure.year) for figure in figures(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "10th-90th percentile: $29,000-$63,000 a year",
            [("$29,000", 29_000, "10th percentile"), ("$63,000", 63_000, "90th percentile")],
            id="sign-twice",
        ),
        pytest.param(
            "| 25th–75th percentile | $29k–63k |",
            [("$29k", 29_000, "25th percentile"), ("63k", 63_000, "75th percentile")],
            id="sign-once",
        ),
        pytest.param(
            "| Raise, 10th to 90th percentile | 5-9% |",
            [("5", 5, "10th percentile"), ("9%", 9, "90th percentile")],
            id="percentages",
        ),
    ],
)
def test_a_range_from_one_percentile_to_another_gives_a_figure_for_each(
    text: str, expected: list[tuple[str, float, str]]
) -> None:
    found = figures(text)
    assert [(figure.text, figure.amount, figure.statistic) for figure in found] == expected
    assert [figure.upper for figure in found] == [None, None]
    assert [text[figure.start : figure.end] for figure in found] == [figure.text for figure in found]


@pytest.mark.parametrize(
    ("text", "upper", "statistic"),
    [
        pytest.param("10th-90th percentile: over $29,000", None, None, id="one-amount"),
        pytest.param("90th percentile: $29,000-$63,000", 63_000, "90th percentile", id="one-percentile"),
        pytest.param("bakers earn $29,000-$63,000", 63_000, None, id="no-percentile"),
    ],
)
def test_any_other_amount_is_one_figure(text: str, upper: float | None, statistic: str | None) -> None:
    (figure,) = figures(text)
    assert (figure.amount, figure.upper, figure.statistic) == (29_000, upper, statistic)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("the median wage", "median", id="median"),
        pytest.param("on average", "mean", id="average-is-the-mean"),
        pytest.param("avg wage", "mean", id="avg-is-the-mean"),
        pytest.param("the mean wage", "mean", id="mean"),
        pytest.param("I mean the wage", None, id="i-mean"),
        pytest.param("what do you mean by wage", None, id="you-mean"),
        pytest.param("I mean the median wage", "median", id="i-mean-another-statistic"),
        pytest.param("a typical wage", "typical", id="typical"),
        pytest.param("the 90th percentile", "90th percentile", id="percentile"),
        pytest.param("the 50th percentile", "median", id="50th-percentile-is-the-median"),
        pytest.param("from the 10th to the 90th percentile", None, id="two-percentiles"),
        pytest.param("median and mean", None, id="two-statistics"),
        pytest.param("the 10th Revision of 19th-century rules", None, id="ordinal-without-a-percentile"),
        pytest.param("grows faster than average", None, id="average-that-is-compared-with"),
        pytest.param("slower than the average", None, id="the-average-that-is-compared-with"),
        pytest.param("in middle school", None, id="middle-school"),
        pytest.param("the wage", None, id="none"),
    ],
)
def test_statistic(text: str, expected: str | None) -> None:
    assert statistic_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("$16 an hour", "hour", id="an-hour"),
        pytest.param("hourly", "hour", id="hourly"),
        pytest.param("$16/hr", "hour", id="slash"),
        pytest.param("annual wage", "year", id="annual"),
        pytest.param("annually", "year", id="annually"),
        pytest.param("$900 per month", "month", id="month"),
        pytest.param("$16 an hour or $33,000 a year", None, id="two-periods"),
        pytest.param("a shift of eight hours", None, id="duration-is-no-period"),
    ],
)
def test_period(text: str, expected: str | None) -> None:
    assert period_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,200", 1200),
        ("3.5", 3.5),
        ("3 1/2", 3.5),
        ("six", 6),
        ("Twenty-Five", 25),
        ("50k", 50_000),
        ("1.5M", 1_500_000),
        ("2 million", 2_000_000),
        ("two-hundred thousand", 200_000),
    ],
)
def test_number(text: str, expected: float) -> None:
    assert number(text) == expected


def test_literal_numbers_lose_only_their_thousands_commas() -> None:
    assert list(literal_numbers("$1,234,567.89 of 2024, 12,5 and 3.")) == ["1234567.89", "2024", "12", "5", "3"]


def test_literal_numbers_tell_a_longer_number_that_ends_the_same() -> None:
    assert set(literal_numbers("$48,780")).isdisjoint(literal_numbers("$148,780"))


WORDS = ["$", "€", "%", " ", "-", "–", "to", "5", "12", "1,200", ".", "1/2", "six", "forty", "hundred", "k", "million",
         "hours", "min", "month", "years", "2024", "90th", "percentile", "and", "|", "½", "١"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_figures_are_exact_slices_in_order_that_never_overlap(text: str) -> None:
    end = 0
    for figure in figures(text):
        assert text[figure.start : figure.end].strip() == figure.text
        assert figure.start >= end
        end = figure.end


@pytest.mark.faults
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1 " * 40_000, id="many-numbers"),
        pytest.param("1; 2 or " * 10_000, id="many-clauses"),
        pytest.param("1" * 20_000, id="one-long-number"),
        pytest.param("1,111" * 20_000, id="commas"),
        pytest.param("$1-" * 50_000, id="open-ranges"),
        pytest.param("one hundred " * 20_000, id="number-words"),
        pytest.param(" " * 300_000, id="blanks"),
        pytest.param("10th " * 50_000, id="ordinals"),
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    started = time.process_time()
    figures(text)
    assert time.process_time() - started < 4


@pytest.mark.parametrize(
    "word", [pytest.param("İzmir", id="letter-that-two-stand-for"), pytest.param("ÉCLAIR", id="accent")]
)
def test_letters_before_an_amount_do_not_move_it(word: str) -> None:
    text = f"{word}: MEDIAN WAGE OF BAKERS $1,200 PER MONTH"
    (figure,) = figures(text)
    assert text[figure.start : figure.end] == figure.text == "$1,200"
    assert (figure.statistic, figure.period) == ("median", "month")
