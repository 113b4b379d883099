"""Plain text becomes Markdown line by line, and no line is lost, moved or changed in its words."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from careerbot.plaintext import as_markdown


def marked(text: str) -> list[str]:
    """The lines as Markdown, without the empty ones."""
    return [line for _, line in as_markdown(text.split("\n")) if line.strip()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Baker\n\nBakers rise.", ["# Baker", "Bakers rise."], id="first-line-is-the-title"),
        pytest.param("\n\nBaker\n\nBakers rise.", ["# Baker", "Bakers rise."], id="title-after-empty-lines"),
        pytest.param("\ufeffBaker\n\nBakers rise.", ["# Baker", "Bakers rise."], id="byte-order-mark"),
        pytest.param(
            "Bakers rise.\n\nHours\n\nEight a day.", ["Bakers rise.", "## Hours", "Eight a day."], id="short-line-apart"
        ),
        pytest.param(
            "Bakers rise.\nHours\n\nEight a day.", ["Bakers rise.", "Hours", "Eight a day."], id="not-apart-above"
        ),
        pytest.param(
            "Bakers rise.\n\nHours\nEight a day.", ["Bakers rise.", "Hours", "Eight a day."], id="not-apart-below"
        ),
        pytest.param(
            "Bakers rise.\nHours\nA shift of a baker takes about eight hours a day.",
            ["Bakers rise.", "## Hours", "A shift of a baker takes about eight hours a day."],
            id="short-line-above-a-long-one",
        ),
        pytest.param(
            "Bakers rise.\nHow long is it?\nEight hours.",
            ["Bakers rise.", "## How long is it?", "Eight hours."],
            id="question",
        ),
        pytest.param("Bakers rise.\nTools\n• a peel", ["Bakers rise.", "## Tools", "- a peel"], id="above-a-list"),
        pytest.param(
            "Bakers rise.\nPay\n| a | b |\n|---|---|",
            ["Bakers rise.", "## Pay", "| a | b |", "|---|---|"],
            id="above-a-table",
        ),
        pytest.param(
            "Bakers rise.\nStep 2: Find a School\n\nBread\n\nIt is sold.",
            ["Bakers rise.", "Step 2: Find a School", "## Bread", "It is sold."],
            id="step-that-is-not-apart",
        ),
        pytest.param(
            "Bakers rise.\n\nStep 2: Find a School\n\nBakers do.",
            ["Bakers rise.", "## Step 2: Find a School", "Bakers do."],
            id="step-apart",
        ),
    ],
)
def test_headings(text: str, expected: list[str]) -> None:
    assert marked(text) == expected


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Bakers rise early.", id="full-stop"),
        pytest.param("Bakers need:", id="colon"),
        pytest.param("Rise early!", id="exclamation"),
        pytest.param("Earn $9 an hour", id="amount"),
        pytest.param("Growth of 7%", id="percent"),
        pytest.param("Hours: eight", id="label-with-its-text"),
        pytest.param("Bakers1,200", id="glued-number"),
        pytest.param("early in the day", id="lower-case"),
        pytest.param("Word " * 15, id="too-many-words"),
        pytest.param("W" * 91, id="too-long"),
    ],
)
def test_a_line_apart_that_states_something_is_no_heading(line: str) -> None:
    assert marked(f"Baker\n\n{line}\n\nBread is sold.") == ["# Baker", line, "Bread is sold."]


@pytest.mark.parametrize(
    "text", ["Bakers rise.\n\nThe End", "Bakers rise.\n\nThe End\n\n \n"], ids=["last-line", "blank-lines-below"]
)
def test_a_last_line_names_nothing(text: str) -> None:
    assert marked(text) == ["Bakers rise.", "The End"]


def test_the_title_is_the_first_line_only() -> None:
    assert marked("Baker\n\nHours\n\nEight a day.") == ["# Baker", "## Hours", "Eight a day."]
    assert marked("Bakers rise.\n\nHours\n\nEight a day.")[1] == "## Hours"


@pytest.mark.parametrize("bullet", "•‣◦▪·")
def test_bullets_become_dashes_and_keep_their_depth(bullet: str) -> None:
    assert marked(f"{bullet} flour\n  {bullet} rye\n    ground") == ["- flour", "  - rye", "    ground"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Ohio pay: $9\nJobs: 5\nIowa pay: $8\nJobs: 4",
            ["- Ohio pay: $9", "  Jobs: 5", "- Iowa pay: $8", "  Jobs: 4"],
            id="two-records-of-two",
        ),
        pytest.param(
            "Name: Ann\nTown: Lyon\nPay: low\nName: Bob\nTown: Nice\nPay: fair",
            ["- Name: Ann", "  Town: Lyon", "  Pay: low", "- Name: Bob", "  Town: Nice", "  Pay: fair"],
            id="two-records-of-three",
        ),
        pytest.param(
            "Ohio pay: $9\nJobs: 5\nIowa pay: $8\nJobs: 4\nUtah pay: $7",
            ["- Ohio pay: $9", "  Jobs: 5", "- Iowa pay: $8", "  Jobs: 4", "- Utah pay: $7"],
            id="last-record-is-short",
        ),
        pytest.param(
            "Ohio pay: $9\nJobs: 5\nIowa pay: $8\nJobs: 4\nBread is sold.",
            ["- Ohio pay: $9", "  Jobs: 5", "- Iowa pay: $8", "  Jobs: 4", "Bread is sold."],
            id="text-below",
        ),
        pytest.param(
            "\n".join(f"L{number % 6}: x" for number in range(12)),
            [f"{'  ' if number % 6 else '- '}L{number % 6}: x" for number in range(12)],
            id="six-lines-at-most",
        ),
    ],
)
def test_labels_that_repeat_make_records(text: str, expected: list[str]) -> None:
    assert marked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Ohio pay: $9\nJobs: 5\nIowa pay: $8", id="one-record-and-a-half"),
        pytest.param("Ohio pay: $9\nJobs: 5\nIowa pay: $8\nShops: 4", id="no-label-repeats"),
        pytest.param("Ohio pay: $9\nJobs: 5\n\nIowa pay: $8\nJobs: 4", id="empty-line-between"),
        pytest.param("Ohio pay:\nJobs:\nIowa pay:\nJobs:", id="labels-without-text"),
        pytest.param("Ohio pay: $9\nJobs: 5\nIowa pay: $8\n" + "Jobs: " + "x" * 62, id="text-too-long-for-a-field"),
        pytest.param("\n".join(f"L{number % 7}: x" for number in range(14)), id="seven-lines"),
        pytest.param("- Ohio pay: $9\n- Jobs: 5\n- Iowa pay: $8\n- Jobs: 4", id="a-list-already"),
    ],
)
def test_other_labels_stay_lines(text: str) -> None:
    assert marked(text) == [line for line in text.split("\n") if line]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("StatePay\nOhio$9\nIowa$8", ["|StatePay", "|---|", "|Ohio$9", "|Iowa$8"], id="amounts"),
        pytest.param("TownGrowth\nLyon7%\nNice4%", ["|TownGrowth", "|---|", "|Lyon7%", "|Nice4%"], id="percent"),
        pytest.param(
            "TownBakers\nLyon1,200\nNice1,100\nBrest1,000",
            ["|TownBakers", "|---|", "|Lyon1,200", "|Nice1,100", "|Brest1,000"],
            id="thousands",
        ),
        pytest.param(
            "StatePay\nOhio and all the other states around it together$9\nIowa$8",
            ["|StatePay", "|---|", "|Ohio and all the other states around it together$9", "|Iowa$8"],
            id="header-above-a-long-row-is-no-heading",
        ),
        pytest.param(
            "Baker pay\n\nStatePay\nOhio$9\nIowa$8\n\nBread is sold.",
            ["# Baker pay", "|StatePay", "|---|", "|Ohio$9", "|Iowa$8", "Bread is sold."],
            id="between-other-things",
        ),
        pytest.param(
            "StatePay\nOhio$9\nIowa$8\n\nStateFee\nOhio$2\nIowa$1",
            ["|StatePay", "|---|", "|Ohio$9", "|Iowa$8", "|StateFee", "|---|", "|Ohio$2", "|Iowa$1"],
            id="two-tables",
        ),
    ],
)
def test_rows_of_glued_cells_make_a_table_under_their_header(text: str, expected: list[str]) -> None:
    assert marked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("StatePay\nOhio$9", id="one-row"),
        pytest.param("StatePay\nOhio$9\nIowa 8", id="a-row-that-is-not-glued"),
        pytest.param("StatePay\nOhio $9\nIowa $8", id="cells-with-spaces"),
        pytest.param("StatePay\nOhio$9\n\nIowa$8", id="empty-line-between"),
    ],
)
def test_other_lines_with_amounts_stay_lines(text: str) -> None:
    assert marked(text) == [line for line in text.split("\n") if line]


def test_a_text_with_one_markdown_heading_is_markdown_and_stays_as_it_is() -> None:
    lines = ["Baker", "", "Hours", "", "Ohio$9", "Iowa$8", "Utah$7", "### Pay", "Jobs: 5", "A: 1", "Jobs: 4", "A: 2"]
    assert as_markdown(lines) == list(enumerate(lines))


def test_an_empty_line_is_put_in_where_something_new_starts() -> None:
    assert as_markdown(["Baker", "Bakers rise at three in the morning, every day.", "• flour", "Bread is sold."]) == [
        (0, "# Baker"),
        (1, ""),
        (1, "Bakers rise at three in the morning, every day."),
        (2, ""),
        (2, "- flour"),
        (3, ""),
        (3, "Bread is sold."),
    ]


LINES = st.lists(
    st.sampled_from(
        [
            "",
            "Baker",
            "Bakers rise.",
            "How long?",
            "Ohio pay: $9",
            "Jobs: 5",
            "StatePay",
            "Ohio$9",
            "• flour",
            "  • rye",
            "1. first",
            "| a | b |",
            "|---|---|",
            "\ufeffHours",
            "   It is early, so bakers nap at noon, every one of them.",
            "a\rb",
            "Step 1: Bake",
        ]
    )
    | st.text().map(lambda text: text.replace("\n", " ")),
    min_size=1,
    max_size=15,
)


@given(LINES)
@example([""])
@example(["StatePay", "Ohio$9", "Iowa$8", "Jobs: 5", "A: 1", "Jobs: 4", "A: 2"])
def test_every_line_stands_for_itself_in_order(lines: list[str]) -> None:
    found = as_markdown(lines)
    numbers = [number for number, _ in found]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(len(lines)))
    last = dict(found)  # what was put in before a line has its number and comes first
    assert [re.findall(r"\w+", last[number]) for number in range(len(lines))] == [
        re.findall(r"\w+", line) for line in lines
    ]
    put_in = [line for (number, line), (after, _) in itertools.pairwise(found) if number == after]
    assert set(put_in) <= {"", "|---|"}


@given(LINES)
def test_no_line_holds_a_line_end_that_would_shift_the_rest(lines: list[str]) -> None:
    assert not [line for _, line in as_markdown(lines) if re.search(r"[\r\n]", line)]


@pytest.mark.faults
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["Jobs: 5"] * 50_000, id="one-label"),
        pytest.param(["Ohio pay: $9", "Jobs: 5"] * 25_000, id="records"),
        pytest.param([f"L{number}: x" for number in range(50_000)], id="labels-that-never-repeat"),
        pytest.param(["Ohio$9"] * 50_000, id="glued-rows"),
        pytest.param(["Ohio$9" * 100_000] * 3, id="long-glued-rows"),
        pytest.param(["Head", ""] * 50_000, id="headings-apart"),
        pytest.param([""] * 100_000, id="empty-lines"),
        pytest.param([":" * 500_000], id="colons"),
    ],
)
def test_hostile_lines_take_linear_time(lines: list[str]) -> None:
    started = time.process_time()
    assert len(as_markdown(lines)) >= len(lines)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        pytest.param("Baking: a guide\n\nBread is old.", True, id="with-a-colon-inside"),
        pytest.param("Bread is old.\n\nBakers bake.", False, id="a-sentence"),
        pytest.param("Baking: a guide\nBread is old.", False, id="not-apart"),
        pytest.param("Baking: a guide\n\n", False, id="nothing-below"),
    ],
)
def test_a_first_line_that_stands_apart_is_the_title(text: str, marked: bool) -> None:
    assert as_markdown(text.split("\n"))[0][1].startswith("# ") is marked
