"""Topics: groups of questions that ask for one thing, and which of them a question belongs to. Pure.

People word one question in many ways. What differs within a group is how they talk; what differs
between the groups is what they want. So vectors are turned before they are compared: at first the
directions in which a group varies are shortened (whitened by the covariance within the groups), which
is linear discriminant analysis (Fisher 1936; as a metric for cosines: Hatch et al. 2006). From there
the turn and a prototype of each group are learned together, so that a question is nearer to its own
group than to all others: a softmax over cosines (Wang et al. 2017, NormFace), by Adam (Kingma and Ba 2015).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careerbot.embedding import Vectors

_SHRINKAGE = 0.1
"""Share of the mean variance that is added to each direction, beside what few questions ask for."""

_TEMPERATURE = 0.05  # of the softmax over cosines
_ROUNDS, _AT_ONCE = 6, 512
_RATE, _FIRST, _SECOND = 1e-3, 0.9, 0.999  # of Adam: its step, and how slowly it forgets
_LENGTH = 3.0  # by which the turn stretches a vector at most: cosines do not change by it, the share of a step does


def learn(groups: Sequence[Vectors]) -> tuple[Vectors, Vectors]:
    """A square matrix that turns a vector so (`matrix @ vector`), and the prototype of each group, of length 1.

    `groups` holds an array of unit vectors (ways to ask, dimensions) for each topic, none of them empty.
    The fewer ways to ask there are, the nearer the prototypes stay to the turned means.
    """
    means = np.stack([group.mean(axis=0, dtype=np.float64) for group in groups])
    matrix = _whitening(groups, means)
    turn = (matrix * (_LENGTH / np.linalg.norm(matrix, 2))).astype(np.float32)
    prototypes = unit(means @ matrix.T).astype(np.float32)
    vectors = np.concatenate(groups).astype(np.float32)
    own = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    moments = [(np.zeros_like(held), np.zeros_like(held)) for held in (turn, prototypes)]
    for step, rows in enumerate(_batches(len(vectors)), start=1):
        slopes = _slopes(turn, prototypes, vectors[rows], own[rows])
        for held, slope, (first, second) in zip((turn, prototypes), slopes, moments, strict=True):
            first += (1 - _FIRST) * (slope - first)
            second += (1 - _SECOND) * (slope**2 - second)
            spread = np.sqrt(second / (1 - _SECOND**step)) + 1e-8
            held -= _RATE * first / (1 - _FIRST**step) / spread
    return turn, unit(prototypes).astype(np.float32)


def _whitening(groups: Sequence[Vectors], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix after which the groups vary by as much in every direction, around their means."""
    apart = np.concatenate([group - mean for group, mean in zip(groups, means, strict=True)])
    dimension, free = apart.shape[1], len(apart) - len(groups)
    covariance = apart.T @ apart / max(free, 1)
    level = float(np.trace(covariance)) / dimension or 1.0
    # With fewer questions than dimensions the covariance is mostly chance: then little is turned.
    covariance += level * (_SHRINKAGE + dimension / max(free, 1)) * np.eye(dimension)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))


def _batches(count: int) -> Iterator[NDArray[np.int64]]:
    """The places of all questions in batches, in another order in each round and the same each time."""
    chance = np.random.default_rng(0)
    for _ in range(_ROUNDS):
        order = chance.permutation(count)
        yield from (order[start : start + _AT_ONCE] for start in range(0, count, _AT_ONCE))


def _slopes(turn: Vectors, prototypes: Vectors, vectors: Vectors, own: NDArray[np.int64]) -> tuple[Vectors, Vectors]:
    """How the mean cross entropy of some questions rises with the turn and with the prototypes."""
    turned = vectors @ turn.T
    near, centres = unit(turned), unit(prototypes)
    chances = near @ centres.T / _TEMPERATURE
    chances -= chances.max(axis=1, keepdims=True)
    np.exp(chances, out=chances)
    chances /= chances.sum(axis=1, keepdims=True)
    chances[np.arange(len(own)), own] -= 1
    chances /= _TEMPERATURE * len(own)
    return _unscaled(chances @ centres, near, turned).T @ vectors, _unscaled(chances.T @ near, centres, prototypes)


def _unscaled(slope: Vectors, units: Vectors, vectors: Vectors) -> Vectors:
    """The slope by some vectors, from that by the same with length 1."""
    across = slope - units * (slope * units).sum(axis=1, keepdims=True)
    return np.asarray(across / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def unit(vectors: NDArray[np.floating[Any]]) -> NDArray[Any]:
    """The vectors (last axis) with length 1; a vector of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths))
