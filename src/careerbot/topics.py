"""Topics: groups of questions that ask for one thing, and which of them a question belongs to. Pure.

People word one question in many ways. What differs within a group is how they talk; what differs
between the groups is what they want. So vectors are compared after the directions in which a group
varies are shortened (whitened by the covariance within the groups), with the mean of each group:
linear discriminant analysis (Fisher 1936; as a metric for cosines: Hatch et al. 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careerbot.embedding import Vectors

_SHRINKAGE = 0.1
"""Share of the mean variance that is added to each direction, beside what few questions ask for."""


def learn(groups: Sequence[Vectors]) -> tuple[Vectors, Vectors]:
    """A square matrix that turns a vector so (`matrix @ vector`), and the turned mean of each group, of length 1.

    `groups` holds an array of unit vectors (ways to ask, dimensions) for each topic, none of them empty.
    """
    means = np.stack([group.mean(axis=0, dtype=np.float64) for group in groups])
    apart = np.concatenate([group - mean for group, mean in zip(groups, means, strict=True)])
    dimension, free = means.shape[1], len(apart) - len(groups)
    covariance = apart.T @ apart / max(free, 1)
    level = float(np.trace(covariance)) / dimension or 1.0
    # With fewer questions than dimensions the covariance is mostly chance: then little is turned.
    covariance += level * (_SHRINKAGE + dimension / max(free, 1)) * np.eye(dimension)
    matrix = np.linalg.inv(np.linalg.cholesky(covariance))
    return matrix.astype(np.float32), unit(means @ matrix.T).astype(np.float32)


def unit(vectors: NDArray[np.floating[Any]]) -> NDArray[Any]:
    """The vectors (last axis) with length 1; a vector of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths))
