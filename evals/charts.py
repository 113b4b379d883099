"""Charts as inline SVG: no script, no font and no picture from elsewhere. Every text in them is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from evals.intervals import Measure

_LABEL, _PLOT, _VALUE = 230, 380, 150  # widths in pixels
_ROW = 24  # height of a bar with its gap


def bars(title: str, rows: Sequence[tuple[str, Measure]]) -> str:
    """Shares in [0, 1] as horizontal bars with their 95 % intervals."""
    height = _ROW * (len(rows) + 1)
    parts = [_grid(height)]
    for at, (label, held) in enumerate(rows):
        y = at * _ROW
        parts.append(_text(_LABEL - 8, y + 16, label, "end"))
        parts.append(
            f'<rect class="bar" x="{_LABEL}" y="{y + 4}" width="{_PLOT * held.value:.1f}" height="{_ROW - 8}"/>'
        )
        if held.low is not None and held.high is not None:
            parts.append(_line(_LABEL + _PLOT * held.low, y + 12, _LABEL + _PLOT * held.high, y + 12, "error"))
        parts.append(_text(_LABEL + _PLOT + 8, y + 16, f"{held.value:.3f}  n={held.n}", "start"))
    return _svg(title, _LABEL + _PLOT + _VALUE, height, "".join(parts))


def curve(title: str, points: Sequence[tuple[float, float]], x: str, y: str) -> str:
    """A line through points of the unit square, the axes named."""
    width, height, left, low = 420, 260, 50, 30
    places = " ".join(f"{left + a * width:.1f},{height * (1 - b):.1f}" for a, b in points)
    inner = (
        _line(left, height, left + width, height, "grid")
        + _line(left, 0, left, height, "grid")
        + f'<polyline class="curve" points="{places}"/>'
        + _text(left + width, height + 20, f"{x} (0 to 1)", "end")
        + _text(left + 6, 14, f"{y} (0 to 1)", "start")
    )
    return _svg(title, left + width + 20, height + low, inner)


def _grid(height: int) -> str:
    lines = []
    for tick in range(0, 101, 25):
        x = _LABEL + _PLOT * tick / 100
        lines.append(_line(x, 0, x, height - _ROW, "grid") + _text(x, height - 6, f"{tick} %", "middle"))
    return "".join(lines)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, width: int, height: int, inner: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">{inner}</svg></figure>'
    )
