"""Fits the refusal of `careerbot.confidence`: prints the coefficients of its two logistic regressions.

    python -m evals.fit --index .careerbot     the corpus with its wordings and gaps (the guided fit)
    python -m evals.fit --index FOLDER         an index of the documents with gaps alone, and one of them alone

Only the splits tune and calibrate are read. Refusals weigh twice: there are a quarter as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from careerbot import answering, confidence
from careerbot.pipeline import Careerbot
from evals.cases import SUITES, Case, load_cases

_ABOUT = ("cosine",)
_ANSWERED = ("lead", "gap", "score", "margin", "covered", "lead_covered", "names", "unit")
_GUIDED = (*_ANSWERED, "unknown", "known", "beyond", "elsewhere")
_REFUSAL_WEIGHT = 2.0

Signals = dict[str, float]


def signals_of(bot: Careerbot, case: Case) -> Signals | None:
    """The signals of the part of a case that is nearest to the documents; None where nothing was found."""
    found = []
    for part in bot.parts(case.turns[-1], case.turns[:-1]):
        selection = answering.select(
            part, bot.index.documents, bot.index.similar, bot.index.names, bot.settings, bot.settings.max_statements
        )
        if selection.chosen:
            found.append(confidence.signals(part.question, selection.ranked, selection.chosen, part.background))
    return max(found, key=lambda signals: signals["cosine"]) if found else None


def fitted(rows: Sequence[Signals], answerable: Sequence[bool], names: Sequence[str]) -> dict[str, float]:
    """The intercept and weights of a logistic regression on the raw values of some signals."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    values: NDArray[np.float64] = np.array([[row[name] for name in names] for row in rows])
    wanted = np.array(answerable)
    scaler = StandardScaler().fit(values)
    model: Any = LogisticRegression(C=1.0).fit(
        scaler.transform(values), wanted, sample_weight=np.where(wanted, 1.0, _REFUSAL_WEIGHT)
    )
    weights = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - (weights * scaler.mean_).sum())
    return {
        "intercept": round(intercept, 3),
        **{name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)},
    }


def main(index: Annotated[Path, typer.Option(help="Folder of the index.")] = Path(".careerbot")) -> None:
    """Print both fits as Python dictionaries."""
    bot = Careerbot.open(index)
    cases = [
        case
        for case in load_cases(sorted(SUITES.glob("*.jsonl")))
        if case.split != "test" and case.category != "adversarial"
    ]
    pairs = [(case, signals) for case in cases if (signals := signals_of(bot, case)) is not None]
    answered = _GUIDED if any(chunk.wordings for chunk in bot.index.chunks) else _ANSWERED
    for title, names, strangers in (("about", _ABOUT, True), ("answered", answered, False)):
        kept = [
            (signals, case.answerable)
            for case, signals in pairs
            if case.answerable or (case.category == "out_of_domain") == strangers
        ]
        used = [name for name in names if len({signals[name] for signals, _ in kept}) > 1]
        typer.echo(f"{title}: {fitted([s for s, _ in kept], [a for _, a in kept], used)}")


if __name__ == "__main__":
    typer.run(main)
