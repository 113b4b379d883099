from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot.chunking import chunks
from careerbot.datatypes import Document
from careerbot.tables import Comparison, Series, Table, compare, kinds, series, standing_at, tables


def document(text: str, name: str = "guide") -> Document:
    return Document(name, name, f"# Title\n\n{text}\n", f"{name}.md")


def found(*texts: str) -> tuple[Table, ...]:
    """The tables of documents that are named "d0", "d1", …"""
    return tables(chunk for number, text in enumerate(texts) for chunk in chunks(document(text, f"d{number}")))


def grid(*rows: str) -> str:
    """A Markdown table of rows such as "Oregon | $100"; the first one is its header."""
    dashes = "---|" * (rows[0].count("|") + 1)
    return "\n".join([f"| {rows[0]} |", f"|{dashes}", *(f"| {row} |" for row in rows[1:])])


def only(text: str) -> Table:
    (table,) = found(text)
    return table


def charted(*rows: str, question: str = "") -> Series:
    held = series(only(grid(*rows)), question)
    assert held is not None
    return held


def bars(held: Series) -> list[tuple[str, str]]:
    return [(bar.row.label, bar.text) for bar in held.bars]


def cells(held: Comparison) -> dict[str, list[list[str]]]:
    return {name: [[cell.text for cell in option] for option in options] for name, options in held.rows}


FEES = grid("State | Application fee | Exam fee", "Oregon | $100 | $52", "Vermont | $115 | $60", "Utah | $90 | $48")


def test_a_table_keeps_its_order_and_where_each_row_stands() -> None:
    text = document(FEES).text
    table = only(FEES)
    assert (table.document, table.headings, table.first) == ("d0", ("Title",), "State")
    assert table.columns == ("Application fee", "Exam fee")
    assert [(row.label, row.cells) for row in table.rows] == [
        ("Oregon", ("$100", "$52")),
        ("Vermont", ("$115", "$60")),
        ("Utah", ("$90", "$48")),
    ]
    assert [text[row.start : row.end] for row in table.rows] == text.split("\n")[4:7]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(["A | B | C", "Oregon | $1"], [("Oregon", ("$1", ""))], id="fewer-cells-than-the-header"),
        pytest.param(["A | B", "Oregon | $1 | $2"], [("Oregon", ("$1",))], id="more-cells-than-the-header"),
        pytest.param(["A | B", " | $1"], [("", ("$1",))], id="without-a-label-it-is-still-a-row"),
        pytest.param(["A | B", "Oregon | ", " | "], [("Oregon", ("",))], id="nothing-but-blanks-is-no-row"),
        pytest.param(["# | A | B", "1 | Oregon | $1"], [("Oregon", ("$1", "1"))], id="numbers-of-rows-are-no-labels"),
        pytest.param(["Rank | Pay", "1 | $1"], [("1", ("$1",))], id="numbers-when-nothing-else-could-be-the-label"),
        pytest.param([" | B", "Oregon | $1"], [("Oregon", ("$1",))], id="corner-without-a-name"),
    ],
)
def test_odd_rows(rows: list[str], expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(row.label, row.cells) for row in only(grid(*rows)).rows] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Bakers rise early.", id="prose"),
        pytest.param("| State |\n|---|\n| Oregon |\n| Utah |", id="one-column"),
        pytest.param(grid("State | Fee"), id="header-only"),
        pytest.param(grid("State | Fee", " | "), id="blank-rows-only"),
    ],
)
def test_what_is_no_table(text: str) -> None:
    assert found(text) == ()


def test_two_documents_with_the_same_table_are_two_tables() -> None:
    assert [table.document for table in found(FEES, FEES)] == ["d0", "d1"]


def test_two_tables_after_each_other_are_two_tables() -> None:
    assert [len(table.rows) for table in found(f"{FEES}\n\n{grid('Tool | Price', 'Saw | $9')}")] == [3, 1]


LIST = "## What do bakeries pay?\n\n- Rye baking pays $30,000 a year.\n- Milling pays $28,000 to $31,000 a year."


def test_a_list_of_like_items_is_a_table_in_the_words_of_its_items() -> None:
    table = only(f"{LIST}\n- Pastry pays $35,000 a year, mostly.")
    assert (table.first, table.columns) == ("What do bakeries pay?", ("pays",))
    assert [(row.label, row.cells) for row in table.rows] == [
        ("Rye baking", ("$30,000 a year",)),
        ("Milling", ("$28,000 to $31,000 a year",)),
        ("Pastry", ("$35,000 a year, mostly",)),
    ]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("", id="two-items-are-no-table"),
        pytest.param("- Ovens cost $900.", id="other-words-before-the-amount"),
        pytest.param("- Milling pays $20,000 elsewhere.", id="the-same-label-twice"),
        pytest.param("- Pays $20,000 elsewhere.", id="no-label"),
        pytest.param("- $20,000 elsewhere.", id="an-amount-first"),
    ],
)
def test_lists_that_are_no_table(item: str) -> None:
    assert found(f"{LIST}\n{item}") == ()


def test_words_that_say_nothing_make_no_list_a_table() -> None:
    assert found("- a school of 30 pupils\n- a guild of 12 bakers\n- a street of 9 mills") == ()


def test_items_without_an_amount_or_with_several_are_left_out() -> None:
    table = only(f"{LIST}\n- Pastry pays $35,000 a year.\n- All pay more in Lyon.\n- Rolls pay $1 or $2.")
    assert [row.label for row in table.rows] == ["Rye baking", "Milling", "Pastry"]


@pytest.mark.parametrize(
    ("start", "end", "stands"),
    [
        pytest.param("| Vermont", "$60 |", True, id="a-row"),
        pytest.param("$115", "$60", True, id="a-part-of-a-row"),
        pytest.param("| State", "$48 |", True, id="the-whole-table"),
        pytest.param("# Title", "Title", False, id="what-stands-before-it"),
        pytest.param("| State", "fee |", False, id="its-header"),
    ],
)
def test_the_table_of_a_citation(start: str, end: str, stands: bool) -> None:
    text = document(FEES).text
    held = standing_at(found(FEES), "d0", text.index(start), text.index(end) + len(end))
    assert (held is not None) == stands


def test_the_table_of_another_document_is_not_that_of_a_citation() -> None:
    first, second = found(FEES, FEES)
    row = first.rows[0]
    assert standing_at((first, second), "d1", row.start, row.end) is second
    assert standing_at((first, second), "d2", row.start, row.end) is None


def test_the_first_column_of_amounts_is_charted_in_the_order_of_the_table() -> None:
    held = charted(
        "State | Town | Fee | Tax", "Oregon | Bend | $9 | $1", "Utah | Lehi | $5 | $2", "Ohio | Troy | $7 | $3"
    )
    assert (held.name, held.unit) == ("Fee", "$")
    assert bars(held) == [("Oregon", "$9"), ("Utah", "$5"), ("Ohio", "$7")]
    assert [(bar.low, bar.amount, bar.high) for bar in held.bars] == [(9, 9, 9), (5, 5, 5), (7, 7, 7)]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        pytest.param("", "Hourly mean wage", id="the-first-when-nothing-is-asked"),
        pytest.param("What do bakers earn?", "Hourly mean wage", id="the-first-when-no-column-is-named"),
        pytest.param("How long do bakers train?", "Training", id="the-column-that-is-named"),
        pytest.param("What do bakers earn a year?", "Annual median wage", id="the-period-that-is-asked"),
        pytest.param("What is the wage in the middle?", "Annual median wage", id="the-statistic-that-is-asked"),
        pytest.param("How many are employed?", "Employed", id="a-count-that-is-named"),
    ],
)
def test_the_column_that_a_question_asks_for(question: str, name: str) -> None:
    held = charted(
        "Job | Employed | Hourly mean wage | Annual median wage | Training | Growth of employment",
        "Baker | 90 | $16 | $33,000 | 2 years | 1%",
        "Miller | 40 | $18 | $36,000 | 3 years | 2%",
        "Cook | 70 | $15 | $31,000 | 1 year | 3%",
        question=question,
    )
    assert held.name == name


def test_of_two_columns_that_are_as_near_the_one_that_more_rows_have_is_drawn() -> None:
    rows = ("Baker | $16 | $33,000", "Miller | $18 | $36,000", "Cook | $15 | $31,000", "Waiter | – | $28,000")
    held = charted("Job | Hourly pay | Yearly pay", *rows, question="What is the pay by job?")
    assert (held.name, len(held.bars)) == ("Yearly pay", 4)


def test_what_the_rows_are_is_not_what_is_asked_of_them() -> None:
    held = charted(
        "School type | Schools that answered | Tuition",
        "Public | 34 | $4,000",
        "Private | 8 | $16,000",
        "Evening | 7 | $12,000",
        question="What is the tuition by school type?",
    )
    assert held.name == "Tuition"


def test_a_count_is_charted_when_nothing_else_is_there() -> None:
    assert charted("Town | Ovens", "Lyon | 30", "Wien | 12", "Bern | 9").unit == "count"


@pytest.mark.parametrize(
    ("column", "drawn", "unit"),
    [
        pytest.param(["$5", "$6", "$7", "Not given", ""], ["$5", "$6", "$7"], "$", id="blanks"),
        pytest.param(["$5", "$6", "$7", "Free", "6%"], ["$5", "$6", "$7"], "$", id="mixed-units"),
        pytest.param(["$5", "$6", "€8", "$7"], ["$5", "$6", "$7"], "$", id="mixed-currencies"),
        pytest.param(
            ["$9 an hour", "$8/hr", "$7 hourly", "$9,000 a year"],
            ["$9 an hour", "$8/hr", "$7 hourly"],
            "$ per hour",
            id="mixed-periods",
        ),
        pytest.param(["$5", "$6", "$20 or $41,600", "$7"], ["$5", "$6", "$7"], "$", id="two-amounts-in-a-cell"),
        pytest.param(
            ["$5 (members)", "$6 ($9 later)", "$7 (2 parts)"],
            ["$5 (members)", "$6 ($9 later)", "$7 (2 parts)"],
            "$",
            id="amounts-aside-in-brackets",
        ),
        pytest.param(
            ["2 hours", "5 hr 40 min", "45 minutes"],
            ["2 hours", "5 hr 40 min", "45 minutes"],
            "minutes",
            id="hours-and-minutes-are-one-amount",
        ),
        pytest.param(
            ["30 pupils", "1 pupil", "5 essays", "2 pupils"],
            ["30 pupils", "1 pupil", "2 pupils"],
            "count of pupils",
            id="other-things-that-are-counted",
        ),
        pytest.param(["30 of them", "9", "12 in all"], ["30 of them", "9", "12 in all"], "count", id="counts-alone"),
        pytest.param(["-$5", "$0", "$5"], ["-$5", "$0", "$5"], "$", id="negative-and-zero"),
        pytest.param(["7%, fast", "8%", "9%"], ["7%, fast", "8%", "9%"], "percent", id="words-around"),
    ],
)
def test_a_column_is_charted_in_its_commonest_unit_and_as_written(
    column: list[str], drawn: list[str], unit: str
) -> None:
    held = charted("Thing | Value", *(f"row {number} | {cell}" for number, cell in enumerate(column)))
    assert held.unit == unit
    assert [bar.text for bar in held.bars] == drawn


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(["$5", "$6"], id="too-few"),
        pytest.param(["$5", "$6", "7%", "8%"], id="too-few-of-each-unit"),
        pytest.param(["30 pupils", "5 essays", "2 ovens"], id="counts-of-different-things"),
        pytest.param(["$5 or 6%", "$6 or 7%", "$7 or 8%"], id="several-amounts-in-every-cell"),
        pytest.param(["Varies", "Not given", ""], id="no-amounts"),
        pytest.param(["1" * 400, "2" * 400, "3" * 400], id="numbers-beyond-measure"),
    ],
)
def test_what_cannot_be_charted(column: list[str]) -> None:
    rows = (f"row {number} | {cell}" for number, cell in enumerate(column))
    assert series(only(grid("Thing | Value", *rows))) is None


def test_a_row_without_a_label_is_not_drawn() -> None:
    assert bars(charted("A | B", "x | $1", " | $2", "y | $3", "z | $4")) == [("x", "$1"), ("y", "$3"), ("z", "$4")]


@pytest.mark.parametrize(
    ("column", "labels", "unit"),
    [
        pytest.param("Annual pay", ("Mean", "Annual mean", "Median"), "$", id="the-column-names-it"),
        pytest.param(
            "Value", ("Mean annual pay", "Median annual pay", "Yearly top"), "$ per year", id="labels-name-it"
        ),
    ],
)
def test_the_period_of_an_amount(column: str, labels: tuple[str, ...], unit: str) -> None:
    held = charted(f"Pay | {column}", *(f"{label} | $30,000" for label in labels))
    assert (held.unit, len(held.bars)) == (unit, 3)


def test_hourly_and_yearly_pay_in_one_column_are_not_one_chart() -> None:
    rows = ["Hourly pay | $16", "Annual pay | $33,000", "Annual pay in Lyon | $35,000", "Annual pay in Wien | $31,000"]
    assert [label for label, _ in bars(charted("Measure | Value", *rows))] == [row.split(" | ")[0] for row in rows[1:]]


def test_ranges_keep_both_ends_and_state_no_middle() -> None:
    held = charted("Oven | Price", "a | $5 - $9", "b | $60k to 85k", "c | $7", "d | 6% off")
    assert [(bar.low, bar.amount, bar.high) for bar in held.bars] == [(5, 5, 9), (60_000, 60_000, 85_000), (7, 7, 7)]


def test_a_range_that_is_written_downwards_has_its_lower_end_first() -> None:
    held = charted("Oven | Time", "a | 6-4 months", "b | 2 months", "c | 1 month")
    assert (held.bars[0].low, held.bars[0].amount, held.bars[0].high) == (4, 6, 6)


WITH_RANGE = ("School | Fee | Range", "Lyon | $20 | $10 – $30", "Wien | $25 | $15 – $40", "Lyon | $9 | $9 – $9")


def test_a_column_of_ranges_is_drawn_around_the_amounts_beside_it() -> None:
    held = charted(*WITH_RANGE)
    assert held.name == "Fee; Range"
    assert [(bar.low, bar.amount, bar.high) for bar in held.bars] == [(10, 20, 30), (15, 25, 40), (9, 9, 9)]
    assert held.bars[0].text == "$20 ($10 – $30)"


def test_amounts_are_charted_rather_than_ranges_that_stand_before_them() -> None:
    held = charted("School | Range | Fee", "Lyon | $10 – $30 | $20", "Wien | $15 – $40 | $25", "Bern | $5 – $9 | $8")
    assert held.name == "Fee; Range"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(("S | Fee | Range", *WITH_RANGE[1:], "Bern | $90 | $10 – $30"), id="an-amount-outside-its-range"),
        pytest.param(("S | Fee | Range", *WITH_RANGE[1:], "Bern | $90 | "), id="an-amount-without-a-range"),
        pytest.param(("S | Fee | Time", "a | $2 | 1-3%", "b | $2 | 1-3%", "c | $2 | 1-3%"), id="other-unit"),
        pytest.param(("S | Fee | Sum", "a | $2 | $2", "b | $3 | $3", "c | $4 | $4"), id="no-ranges"),
    ],
)
def test_a_column_that_does_not_bound_another_is_not_drawn_with_it(rows: tuple[str, ...]) -> None:
    held = charted(*rows)
    assert held.name == "Fee"
    assert all(bar.low == bar.high for bar in held.bars)


def test_ranges_alone_are_drawn_when_they_are_asked_for() -> None:
    assert charted(*WITH_RANGE, question="What is the range?").name == "Range"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        pytest.param("State", "State", id="noun"),
        pytest.param("Higher role for bakers", "Role", id="what-it-is-for-is-no-part-of-it"),
        pytest.param("Baker's licence (by law)", "Licence", id="brackets"),
        pytest.param("School type", "School type", id="a-noun-that-says-little"),
        pytest.param("Type", "Type", id="nothing-else"),
        pytest.param("MOS code", "Code", id="two-words"),
        pytest.param("MOS", "MOS", id="capitals-stay"),
        pytest.param("Which oven?", "Which oven?", id="question"),
        pytest.param("", "Title", id="no-name-takes-the-heading"),
        pytest.param("The", "The", id="a-function-word-alone"),
    ],
)
def test_kinds_are_called_as_the_first_column_is(header: str, kind: str) -> None:
    assert kinds(found(grid(f"{header} | Fee", "a | $1", "b | $2"))) == {kind: ("a", "b")}


def test_tables_of_one_kind_pool_their_options_each_once() -> None:
    texts = (
        grid("US state | Fee", "Oregon | $1", "Utah | $2"),
        grid("States | Jobs", "UTAH | 5", "Ohio | 6"),
        grid("Tool | Price", "Saw | $9"),
    )
    assert kinds(found(*texts)) == {"State": ("Oregon", "Utah", "Ohio")}


def test_a_table_that_nothing_names_cannot_be_compared() -> None:
    assert kinds(tables(chunks(Document("d", "d", grid(" | Fee", "a | $1", "b | $2"), "d.md")))) == {}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param(["JEX (Junior Exam)", "MEX (Guild)"], ("JEX", "MEX"), id="short-name-in-capitals"),
        pytest.param(["JEX (Lyon)", "JEX (Wien)"], ("JEX (Lyon)", "JEX (Wien)"), id="that-differ-only-in-brackets"),
        pytest.param(["JEX (Lyon)", "JEX"], ("JEX (Lyon)", "JEX"), id="one-without-brackets"),
        pytest.param(["School (public)", "Guild"], ("School (public)", "Guild"), id="part-of-what-is-named"),
        pytest.param(["PAY (2019)", "Guild"], ("PAY (2019)", "Guild"), id="years-tell-apart"),
        pytest.param(["PAY (mean) of bakers", "x"], ("PAY (mean) of bakers", "x"), id="brackets-inside"),
        pytest.param(["(JEX)", "x"], ("(JEX)", "x"), id="brackets-only"),
    ],
)
def test_the_names_of_options(labels: list[str], expected: tuple[str, ...]) -> None:
    assert kinds(found(grid("Exam | Fee", *(f"{label} | $1" for label in labels)))) == {"Exam": expected}


EXAMS = (
    grid("Exam | Fee | Length", "JEX (Junior Exam) | $90 | 4 hours", "MEX | $140 | Not given"),
    grid("Guild exam | FEE | Open to", "MEX (Guild) | $150 | Varies", "JEX | — | N/A"),
    grid("Oven | Fee", "MEX | $1", "JEX | $2"),
)


def test_options_side_by_side_hold_what_every_document_states() -> None:
    held = compare(found(*EXAMS), "Exam", ["MEX", "JEX"])
    assert held.options == ("MEX", "JEX")
    assert cells(held) == {
        "Fee": [["$140", "$150"], ["$90"]],
        "Length": [[], ["4 hours"]],
        "Open to": [["Varies"], ["N/A"]],
    }


def test_every_cell_stands_where_it_says() -> None:
    texts = {f"d{number}": document(text).text for number, text in enumerate(EXAMS)}
    for name in ("Exam", "Oven"):
        for _, options in compare(found(*EXAMS), name, ["MEX", "JEX"]).rows:
            for option, cell in ((option, cell) for option, held in zip("MJ", options, strict=True) for cell in held):
                row = texts[cell.document][cell.start : cell.end]
                assert cell.text in row
                assert row.startswith(f"| {option}EX")


@pytest.mark.parametrize("blank", ["", "-", "–", "---", "…", "Not given.", "not stated", "NONE GIVEN", "?"])
def test_a_cell_that_gives_nothing_is_blank(blank: str) -> None:
    held = compare(found(grid("Exam | Fee", f"JEX | {blank}", "MEX | $1")), "Exam", ["JEX", "MEX"])
    assert cells(held) == {"Fee": [[], ["$1"]]}


@pytest.mark.parametrize("told", ["None", "No", "0", "Varies", "N/A", "✓", "Free"])
def test_a_cell_that_says_something_is_no_blank(told: str) -> None:
    assert cells(compare(found(grid("Exam | Fee", f"JEX | {told}")), "Exam", ["JEX"])) == {"Fee": [[told]]}


def test_rows_with_the_same_label_are_all_told() -> None:
    table = found(grid("State | Year | Fee", "Utah | 2019 | $5", "Utah | 2020 | $6", "Ohio | 2020 | $7"))
    assert cells(compare(table, "State", ["Utah"])) == {"Year": [["2019", "2020"]], "Fee": [["$5", "$6"]]}


def test_an_attribute_that_no_option_has_is_left_out() -> None:
    table = found(grid("State | Fee | Tax", "Utah | $5 | ", "Ohio | $7 | $1"))
    assert cells(compare(table, "State", ["Utah"])) == {"Fee": [["$5"]]}


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        pytest.param(
            "Exam", ["JEX", "jex"], {"Fee": [["$90"]], "Length": [["4 hours"]], "Open to": [["N/A"]]}, id="twice"
        ),
        pytest.param("Exam", ["<b>"], {}, id="an-option-that-is-not-there"),
        pytest.param("Nothing", ["JEX"], {}, id="a-kind-that-is-not-there"),
        pytest.param("Exam", [], {}, id="none"),
    ],
)
def test_what_is_asked_of_a_comparison(kind: str, options: list[str], expected: dict[str, list[list[str]]]) -> None:
    assert cells(compare(found(*EXAMS), kind, options)) == expected


CELL = st.sampled_from(
    ["", " ", "-", "JEX", "JEX (a)", "MEX", "$5", "$5-9", "-$3", "2 or 3", "7%", "5 hr 40 min", "\\|"]
)


@given(st.lists(st.lists(CELL, min_size=1, max_size=5).map(" | ".join), min_size=2, max_size=8))
def test_any_table_can_be_charted_and_compared(rows: list[str]) -> None:
    held = found(grid(*rows))
    for table in held:
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
        drawn = series(table)
        if drawn is not None:
            assert len(drawn.bars) >= 3
            assert all(bar.low <= bar.amount <= bar.high for bar in drawn.bars)
            places = [bar.row.start for bar in drawn.bars]
            assert places == sorted(set(places))
    for kind, options in kinds(held).items():
        compared = compare(held, kind, options)
        assert compared.options == options
        assert all(len(row) == len(options) and any(row) for _, row in compared.rows)


@pytest.mark.faults
@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("(" * 100_000, id="brackets"),
        pytest.param("A " * 50_000 + "(b)", id="words"),
        pytest.param("A" + " (" * 50_000, id="blanks-and-brackets"),
        pytest.param("1 " * 20_000, id="numbers"),
    ],
)
def test_hostile_cells_take_linear_time(cell: str) -> None:
    held = found(grid("A | B", f"{cell} | {cell}", "b | c"))
    started = time.process_time()
    kinds(held)
    series(held[0])
    assert time.process_time() - started < 4
