from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot.charting import chart
from careerbot.tables import Bar, Row, Series, Table

Drawn = dict[str, Any]
"""A figure as the browser gets it."""


def drawn(
    *rows: tuple[str, str, float] | tuple[str, str, float, float, float],
    name: str = "Fee",
    unit: str = "$",
    source: str = "Trades Office",
    left_out: int = 0,
) -> Drawn:
    """The chart of rows with label, cell and amount, and maybe low and high."""
    bars = tuple(
        Bar(Row(label, (text,), at, at + 1), text, *(amounts if len(amounts) == 3 else amounts * 3))
        for at, (label, text, *amounts) in enumerate(rows)
    )
    others = tuple(Row("other", ("Varies",), 900 + at, 901 + at) for at in range(left_out))
    table = Table("d", (), "State", (name,), (*(bar.row for bar in bars), *others))
    held: Drawn = json.loads(chart(Series(table, name, unit, bars), source).to_json())
    return held


def labels(held: Drawn) -> list[str]:
    """What stands above the bars, from the top down, on one line each."""
    return [note["text"].replace("<br>", " ") for note in held["layout"]["annotations"][:-1]]


def below(held: Drawn) -> str:
    return str(held["layout"]["annotations"][-1]["text"].replace("<br>", " "))


def title(held: Drawn) -> str:
    return str(held["layout"]["xaxis"]["title"]["text"].replace("<br>", " "))


def texts(held: Drawn) -> Iterator[str]:
    """Every text that Plotly is given to show."""
    yield from (note["text"] for note in held["layout"]["annotations"])
    yield from held["data"][0]["hovertext"]
    yield held["layout"]["xaxis"]["title"]["text"]


THREE = (("Oregon", "$100", 100.0), ("Utah", "$20 (2024)", 20.0), ("Ohio", "$60", 60.0))
LONG = "An apprenticeship of four years as an electrician in the north of the country with a"


def test_bars_stand_in_the_order_of_the_table_with_label_and_cell_as_written() -> None:
    held = drawn(*THREE)
    assert labels(held) == ["Oregon: $100", "Utah: $20 (2024)", "Ohio: $60"]
    assert held["data"][0]["x"] == [100, 20, 60]
    places = held["data"][0]["y"]
    bottom, top = held["layout"]["yaxis"]["range"]
    assert top == 0 < places[0] < places[1] < places[2] < bottom


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(THREE, id="short"),
        pytest.param(((LONG, "$1 " + LONG, 1.0), ("b", "$2", 2.0), (LONG * 9, "$3", 3.0)), id="long"),
        pytest.param(tuple((f"Oven number {at}", f"${at}", float(at)) for at in range(50)), id="fifty"),
    ],
)
def test_nothing_is_drawn_over_anything_else(rows: tuple[tuple[str, str, float], ...]) -> None:
    held = drawn(*rows)
    bar, notes = held["data"][0], held["layout"]["annotations"][:-1]
    free = 0.0
    for place, note in zip(bar["y"], notes, strict=True):
        assert note["y"] - 16 * (note["text"].count("<br>") + 1) >= free
        assert note["y"] <= place - bar["width"] / 2
        free = place + bar["width"] / 2
    margin, height = held["layout"]["margin"], held["layout"]["height"]
    assert height - margin["t"] - margin["b"] == held["layout"]["yaxis"]["range"][0] > free


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Utah", "Utah", id="the-same"),
        pytest.param(LONG * 2 + "tester", LONG * 2 + "drill", id="that-differ-at-the-end"),
        pytest.param("x" * 34 + " in Utah", "x" * 34 + " in Ohio", id="that-begin-alike"),
        pytest.param(LONG + " one " + LONG, LONG + " two " + LONG, id="that-differ-in-the-middle"),
    ],
)
def test_labels_that_look_alike_are_bars_of_their_own(one: str, other: str) -> None:
    held = drawn((one, "$1", 1.0), (other, "$2", 2.0), ("c", "$3", 3.0))
    assert held["data"][0]["x"] == [1, 2, 3]
    assert len(set(held["data"][0]["y"])) == 3


def test_labels_that_differ_after_34_letters_are_told_apart() -> None:
    held = drawn((LONG * 2 + " tester", "$1", 1.0), (LONG * 2 + " drill", "$1", 1.0), ("c", "$3", 3.0))
    first, second, _ = labels(held)
    assert first.endswith(" tester: $1")
    assert second.endswith(" drill: $1")
    assert max(map(len, (first, second))) < 100


@pytest.mark.parametrize("label", ["2019", "2024-05-01", "1e3", "$x$", "-"])
def test_labels_that_look_like_numbers_or_dates_move_no_bar(label: str) -> None:
    plain, odd = drawn(("a", "$1", 1.0), *THREE), drawn((label, "$1", 1.0), *THREE)
    assert plain["data"][0]["y"] == odd["data"][0]["y"]
    assert labels(odd)[0] == f"{label}: $1"


HOSTILE = "<b>x</b> <a href=\"https://evil.example\">y</a><br> &lt;i&gt; 'q' & <script>"
SAFE = (
    '&lt;b&gt;x&lt;/b&gt; &lt;a href="https://evil.example"&gt;y&lt;/a&gt;&lt;br&gt; '
    "&amp;lt;i&amp;gt; 'q' &amp; &lt;script&gt;"
)


def test_markup_in_labels_cells_titles_and_sources_is_text() -> None:
    held = drawn((HOSTILE, HOSTILE, 1.0), *THREE, name=HOSTILE, source=HOSTILE)
    assert labels(held)[0] == f"{SAFE}: {SAFE}"
    assert below(held) == f"Source: {SAFE}"
    assert title(held) == f"{SAFE} ($)"
    assert held["data"][0]["hovertext"][0].replace("<br>", " ") == f"{SAFE}: {SAFE}"


@given(st.text(max_size=300), st.text(max_size=300))
def test_plotly_is_given_no_markup_and_only_entities_that_it_reads(label: str, source: str) -> None:
    for text in texts(drawn((f"x{label}", f"$1 {label}", 1.0), *THREE, name=label, source=source)):
        assert "<" not in text.replace("<br>", "")
        assert re.findall(r"&(?!(?:amp|lt|gt);)", text) == []


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        pytest.param("Fee", "$", "Fee ($)", id="currency"),
        pytest.param("Fee (€)", "€", "Fee (€)", id="named-already"),
        pytest.param("Pay", "$ per hour", "Pay ($ per hour)", id="period"),
        pytest.param("Growth", "percent", "Growth (%)", id="percent"),
        pytest.param("Jobs", "count", "Jobs", id="plain-count"),
        pytest.param("Places", "count of pupils", "Places (pupils)", id="things-that-are-counted"),
        pytest.param("", "$", "($)", id="column-without-a-name"),
    ],
)
def test_the_axis_names_column_and_unit(name: str, unit: str, expected: str) -> None:
    assert title(drawn(*THREE, name=name, unit=unit)) == expected


@pytest.mark.parametrize(
    ("name", "unit", "amounts", "expected", "x"),
    [
        pytest.param("Exam", "minutes", (240, 90, 60), "Exam (hours)", [4, 1.5, 1], id="an-hour-at-least"),
        pytest.param("Exam", "minutes", (240, 90, 45), "Exam (minutes)", [240, 90, 45], id="less-than-an-hour"),
        pytest.param("Exam", "minutes", (0, 120, 60), "Exam (hours)", [0, 2, 1], id="nothing-is-less-but-no-time"),
        pytest.param("Rest in days", "minutes", (10080, 1440, 720), "Rest in days", [7, 1, 0.5], id="named-in-days"),
        pytest.param("Months", "months", (24, 12, 36), "Months", [24, 12, 36], id="named-in-months"),
        pytest.param("Sunday rest", "minutes", (60, 60, 60), "Sunday rest (hours)", [1, 1, 1], id="a-word-with-day"),
        pytest.param("School", "months", (24, 18, 12), "School (years)", [2, 1.5, 1], id="a-year-at-least"),
    ],
)
def test_time_is_told_in_a_unit_that_can_be_read(
    name: str, unit: str, amounts: tuple[float, ...], expected: str, x: list[float]
) -> None:
    held = drawn(*(("a", f"{amount} units", float(amount)) for amount in amounts), name=name, unit=unit)
    assert title(held) == expected
    assert held["data"][0]["x"] == x


def test_ranges_alone_float_from_one_end_to_the_other() -> None:
    bar = drawn(("a", "$5 – $9", 5, 5, 9), ("b", "$2 – $3", 2, 2, 3), ("c", "-1 to -4", -1, -4, -1))["data"][0]
    assert bar["base"] == [5, 2, -4]
    assert bar["x"] == [4, 1, 3]
    assert "error_x" not in bar


def test_ranges_beside_amounts_are_lines_from_low_to_high() -> None:
    bar = drawn(("a", "4-6 months", 4, 4, 6), ("b", "2 years", 24, 24, 24), ("c", "$3 ($1-$9)", 3, 1, 9))["data"][0]
    assert bar["x"] == [4, 24, 3]
    assert "base" not in bar
    assert bar["error_x"]["array"] == [2, 0, 6]
    assert bar["error_x"]["arrayminus"] == [0, 0, 2]
    assert bar["error_x"]["symmetric"] is False


def test_amounts_within_ranges_do_not_float() -> None:
    bar = drawn(("a", "$3 ($1-$9)", 3, 1, 9), ("b", "$4 ($2-$5)", 4, 2, 5), ("c", "$6 ($5-$9)", 6, 5, 9))["data"][0]
    assert bar["x"] == [3, 4, 6]
    assert bar["error_x"]["arrayminus"] == [2, 2, 1]


def test_a_cell_that_does_not_fit_beside_its_label_stands_on_a_line_of_its_own() -> None:
    held = drawn(("Baking of rye bread in the north", "$50,000 - $70,000", 5e4, 5e4, 7e4), *THREE)
    assert held["layout"]["annotations"][0]["text"] == "Baking of rye bread in the north:<br>$50,000 - $70,000"


def test_a_range_is_told_in_the_unit_of_the_axis() -> None:
    held = drawn(("a", "1-2 years", 12, 12, 24), ("b", "3 years", 36, 36, 36), ("c", "1 year", 12), unit="months")
    assert held["data"][0]["error_x"]["array"] == [1, 0, 0]
    assert held["layout"]["xaxis"]["range"][1] == pytest.approx(3 * 1.04)


@pytest.mark.parametrize(
    "amounts",
    [
        pytest.param((1.0, 2.0, 3.0), id="positive"),
        pytest.param((-1.0, -2.0, -3.0), id="negative"),
        pytest.param((-1.0, 0.0, 3.0), id="both"),
        pytest.param((0.0, 0.0, 0.0), id="zero"),
        pytest.param((5e9, 1.0, 0.001), id="of-every-size"),
    ],
)
def test_the_axis_holds_zero_and_every_amount(amounts: tuple[float, ...]) -> None:
    low, high = drawn(*((f"row {at}", f"${at}", at) for at in amounts))["layout"]["xaxis"]["range"]
    assert low <= min(0, *amounts) <= max(0, *amounts) <= high
    assert low < high


def test_the_source_stands_below_in_lines_that_fit_a_narrow_screen() -> None:
    held = drawn(*THREE, source="Trades Office (as of 2023-05) › Licence fees › " + LONG)
    assert below(held) == f"Source: Trades Office (as of 2023-05) › Licence fees › {LONG}"
    assert max(map(len, held["layout"]["annotations"][-1]["text"].split("<br>"))) <= 52
    assert -held["layout"]["annotations"][-1]["yshift"] < held["layout"]["margin"]["b"]


@pytest.mark.parametrize(
    ("rows", "left_out", "said"),
    [
        pytest.param(3, 0, "", id="all"),
        pytest.param(3, 2, "3 of 5 rows are drawn. ", id="rows-without-an-amount"),
        pytest.param(5000, 0, "100 of 5000 rows are drawn. ", id="more-than-anyone-reads"),
    ],
)
def test_it_is_told_when_not_all_rows_are_drawn(rows: int, left_out: int, said: str) -> None:
    held = drawn(*((f"row {at}", f"${at}", float(at)) for at in range(rows)), left_out=left_out)
    assert below(held) == f"{said}Source: Trades Office"
    assert len(held["data"][0]["x"]) == len(labels(held)) == min(rows, 100)


def test_long_texts_are_cut_but_told_whole_enough_under_a_pointer() -> None:
    held = drawn((LONG * 3, "$1 " + LONG * 3, 1.0), *THREE, source="Office " * 500, name="Fee " * 500)
    assert all(text.count("<br>") < 12 for text in texts(held))
    assert "…" in labels(held)[0]
    assert len(held["data"][0]["hovertext"][0]) > len(labels(held)[0])
