"""A series of amounts as a Plotly figure. Plotly was chosen because Gradio shows its figures from its own
files, without a request to another host, and it draws ranges, which Gradio's native plots do not."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import accumulate
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from careerbot import tables
from careerbot.words import tokens

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BAR, _GAP, _LINE, _SMALL, _EDGE = 16, 10, 18, 15, 6  # pixels: a bar, the gap below it, a line, one of the source
_LETTERS, _SMALL_LETTERS = 44, 52  # in a line, so that it fits on a narrow screen
_LONGEST = 88  # letters of a label and of a cell; the whole is told when a pointer is over the bar
_MOST = 100  # bars
_GREY = "#767676"  # read on white and on black alike
_BLUE = "#2f6fb0"
_LARGER = {"minutes": (("weeks", 10080), ("days", 1440), ("hours", 60)), "months": (("years", 12),)}


def chart(series: tables.Series, source: str) -> Figure:
    """Bars in the table's order under their labels and the words of their cells; below the axis stands the source."""
    from plotly.graph_objects import Bar, Figure, Layout

    bars = series.bars[:_MOST]
    unit, size = _unit(series)
    labels = [_label(bar) for bar in bars]
    ends = [end - _GAP for end in accumulate(_LINE * len(label) + _BAR + _GAP for label in labels)]
    title = _wrapped(series.name if unit.casefold() in series.name.casefold() else f"{series.name} ({unit})", 4)
    note = _note(len(bars), len(series.table.rows), source)
    below = 26 + _LINE * len(title)
    words = {"showarrow": False, "xref": "paper", "x": 0, "xanchor": "left", "align": "left"}
    above = [
        {"text": _text(label), "y": end - _BAR, "yanchor": "bottom", **words}
        for label, end in zip(labels, ends, strict=True)
    ]
    under = {"text": _text(note), "yref": "paper", "y": 0, "yanchor": "top", "yshift": -below, "font": {"size": 11}}
    return Figure(
        Bar(
            y=[end - _BAR / 2 for end in ends],
            width=_BAR,
            orientation="h",
            marker={"color": "rgba(47, 111, 176, 0.5)", "line": {"color": _BLUE, "width": 1}},
            hovertext=[_text(_wrapped(f"{bar.row.label}: {bar.text}", 12)) for bar in bars],
            hoverinfo="text",
            **_extent(bars, size),
        ),
        Layout(
            template="none",
            height=ends[-1] + _GAP + below + _SMALL * len(note) + 2 * _EDGE,
            margin={"l": 16, "r": 16, "t": _EDGE, "b": below + _SMALL * len(note) + _EDGE},
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            font={"color": _GREY, "size": 13},
            dragmode=False,
            xaxis=_axis(bars, size) | {"title": {"text": _text(title), "standoff": 6}},
            yaxis={"range": [ends[-1] + _GAP, 0], "visible": False},
            annotations=[*above, under | words],
        ),
    )


def _axis(bars: Sequence[tables.Bar], size: float) -> dict[str, Any]:
    """The axis of amounts; zero is on it, whatever they are."""
    low, high = min(0, *(bar.low for bar in bars)) / size, max(0, *(bar.high for bar in bars)) / size
    room = 0.04 * (high - low) or 1
    return {
        "range": [low - room if low else 0, high + room],
        "nticks": 5 if high - low < 1e6 else 3,  # long numbers would run into each other
        "tickangle": 0,
        "tickformat": ",",
        "gridcolor": "rgba(118, 118, 118, 0.25)",
        "zerolinecolor": _GREY,
    }


def _extent(bars: Sequence[tables.Bar], size: float) -> dict[str, Any]:
    """Where bars begin and end: ranges alone float; beside other amounts they are lines at a bar's end."""
    if all(bar.low < bar.high and bar.amount in (bar.low, bar.high) for bar in bars):
        return {"base": [bar.low / size for bar in bars], "x": [(bar.high - bar.low) / size for bar in bars]}
    drawn: dict[str, Any] = {"x": [bar.amount / size for bar in bars]}
    if any(bar.low < bar.high for bar in bars):
        drawn["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [(bar.high - bar.amount) / size for bar in bars],
            "arrayminus": [(bar.amount - bar.low) / size for bar in bars],
            "color": _GREY,
            "thickness": 2,
        }
    return drawn


def _unit(series: tables.Series) -> tuple[str, float]:
    """The unit of the axis and how many of the series' units it has.

    Time is told in the unit that the column names, else in the largest that every amount has one of.
    """
    least = min((abs(bar.amount) for bar in series.bars if bar.amount), default=0)
    units = (*_LARGER.get(series.unit, ()), (series.unit, 1))
    words = tokens(series.name)
    named = [held for held in units if held[0] in words or held[0].removesuffix("s") in words]
    unit, size = next((held for held in named or units if named or least >= held[1]), units[-1])
    return {"percent": "%", "count": ""}.get(unit, unit.removeprefix("count of ")), size


def _label(bar: tables.Bar) -> list[str]:
    """The lines above a bar; the words of the cell are not broken where they fit on a line of their own."""
    label, text = f"{_cut(bar.row.label)}:", _cut(bar.text)
    return [f"{label} {text}"] if len(label) + len(text) < _LETTERS else wrap(label, _LETTERS) + wrap(text, _LETTERS)


def _note(drawn: int, rows: int, source: str) -> list[str]:
    """What stands below: how many rows are drawn where it is not all, and the source."""
    missing = [f"{drawn} of {rows} rows are drawn."] if drawn < rows else []
    return missing + _wrapped(f"Source: {source}", 8, _SMALL_LETTERS)


def _cut(text: str) -> str:
    """The beginning and the end of what is too long: labels that begin alike often differ there."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST * 2 // 3]}…{text[1 - _LONGEST // 3 :]}"


def _wrapped(text: str, lines: int, letters: int = _LETTERS) -> list[str]:
    return wrap(text.strip(), letters, max_lines=lines, placeholder="…")


def _text(lines: Sequence[str]) -> str:
    """Lines for Plotly, which reads some HTML in texts, but `&quot;` and `&#x27;` it shows as they are."""
    return "<br>".join(escape(line, quote=False) for line in lines)
