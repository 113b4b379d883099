"""M8 and M9: what a confidence is worth. Computed only where every row carries one.

Whether a question is answerable is what a confidence should tell (AUROC, Brier, calibration);
whether a given answer is right is what following it risks (AURC, coverage).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BINS = 10
RISKS = (0.02, 0.05)


def curve(confidences: Sequence[float], right: Sequence[bool]) -> tuple[tuple[float, float], ...]:
    """(coverage, risk) after each answer, the surest first: the share given, the share wrong of these."""
    order = np.argsort(-np.asarray(confidences, float), kind="stable")
    wrong = np.cumsum(~np.asarray(right, bool)[order])
    given = np.arange(1, len(order) + 1)
    return tuple((float(n / len(order)), float(k / n)) for n, k in zip(given, wrong, strict=True))


def risk(confidences: Sequence[float], right: Sequence[bool]) -> dict[str, float]:
    """AURC, the mean risk over coverages, and the largest coverage at a risk of at most 2 % and 5 %."""
    points = curve(confidences, right)
    if not points:
        return {}
    found = {"M8 AURC": float(np.mean([one for _, one in points]))}
    for most in RISKS:
        covered = [coverage for coverage, one in points if one <= most]
        found[f"M8 coverage at {most:.0%} risk"] = max(covered, default=0.0)
    return found


def calibration(confidences: Sequence[float], answerable: Sequence[bool]) -> dict[str, float]:
    """AUROC, Brier score and expected calibration error over ten bins of equal mass.

    AUROC is left out where only one kind of question occurs.
    """
    from sklearn.metrics import brier_score_loss, roc_auc_score

    given, true = np.asarray(confidences, float), np.asarray(answerable, int)
    if not len(given):
        return {}
    found = {"M8 AUROC": float(roc_auc_score(true, given))} if len(set(true)) == 2 else {}
    bins = [held for held in np.array_split(np.argsort(given, kind="stable"), BINS) if len(held)]
    gaps = [abs(float(given[held].mean() - true[held].mean())) * len(held) for held in bins]
    return {
        **found,
        "M9 Brier": float(brier_score_loss(true, given, pos_label=1)),
        "M9 ECE (10 bins)": sum(gaps) / len(given),
    }
