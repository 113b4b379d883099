"""Error bars and paired tests, all scipy's: how far a figure of some hundred questions can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sums = NDArray[np.float64]
Statistic = Callable[..., Sums]

RESAMPLES = 10_000
SEED = 20240517
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its 95 % interval (None where there is none) over `n` items of `groups` facts."""

    value: float
    low: float | None
    high: float | None
    n: int
    groups: int | None = None


@dataclass(frozen=True, slots=True)
class Paired:
    """Two runs over the same cases: which became wrong, which right, and McNemar's exact p (two-sided)."""

    n: int
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    p: float

    @property
    def is_drop(self) -> bool:
        """Whether the second run is worse, beyond chance at 5 %."""
        return self.p < LEVEL and len(self.lost) > len(self.gained)


def wilson(flags: Sequence[bool | None]) -> Measure | None:
    """The share of True with Wilson's score interval; None values are left out, no values give None."""
    from scipy.stats import binomtest

    held = [flag for flag in flags if flag is not None]
    if not held:
        return None
    interval = binomtest(sum(held), len(held)).proportion_ci(method="wilson")
    return Measure(sum(held) / len(held), float(interval.low), float(interval.high), len(held))


def clustered(groups: Sequence[str], columns: Sequence[Sequence[float]], statistic: Statistic) -> Measure | None:
    """A statistic of column sums with a percentile bootstrap that draws whole groups of cases.

    `groups` names the fact of each of n cases, `columns` holds k sequences of n numbers, and
    `statistic` maps k sums to a figure, elementwise over arrays. Wordings of one fact fall together,
    so they are drawn together. None for no cases; no interval for fewer than two groups.
    """
    from scipy.stats import bootstrap

    if not groups:
        return None
    names = sorted(set(groups))
    at = np.array([names.index(group) for group in groups])
    sums = [np.bincount(at, weights=np.asarray(column, float), minlength=len(names)) for column in columns]
    value = float(statistic(*(held.sum() for held in sums)))
    if len(names) < 2:
        return Measure(value, None, None, len(groups), len(names))

    def over(*drawn: Sums, axis: int) -> Sums:
        return statistic(*(held.sum(axis=axis) for held in drawn))

    found = bootstrap(
        sums, over, paired=True, vectorized=True, n_resamples=RESAMPLES, method="percentile", rng=SEED
    ).confidence_interval
    low, high = (None if math.isnan(end) else float(end) for end in (found.low, found.high))
    return Measure(value, low, high, len(groups), len(names))


def mean(groups: Sequence[str], values: Sequence[float | None]) -> Measure | None:
    """The mean of the values that are not None, bootstrapped over groups."""
    held = [(group, value) for group, value in zip(groups, values, strict=True) if value is not None]
    return clustered([group for group, _ in held], [[value for _, value in held], [1.0] * len(held)], ratio)


def ratio(part: Sums, whole: Sums) -> Sums:
    """part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) != 0)


def harmonic(both: Sums, one: Sums, other: Sums) -> Sums:
    """F1 of the precision both / one and the recall both / other."""
    return ratio(2 * both, one + other)


def pair(before: Mapping[str, bool], after: Mapping[str, bool]) -> Paired:
    """McNemar's exact test over the cases that both runs hold: a binomial test of the discordant ones."""
    from scipy.stats import binomtest

    common = [name for name in before if name in after]
    lost = tuple(name for name in common if before[name] and not after[name])
    gained = tuple(name for name in common if after[name] and not before[name])
    changed = len(lost) + len(gained)
    p = float(binomtest(len(lost), changed, 0.5).pvalue) if changed else 1.0
    return Paired(len(common), lost, gained, p)
