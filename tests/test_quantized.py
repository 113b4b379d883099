"""Comparing all vectors in a quarter of their bytes loses none of the nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from careerbot.quantized import GRAPH, SCALES, Quantized, write

Vectors = NDArray[np.float32]


def _unit(vectors: NDArray[np.float64]) -> Vectors:
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return unit


def _nearest(vectors: Vectors, vector: Vectors, most: int) -> set[int]:
    """By brute force: the nearest, and all that are as near as the last of them."""
    cosines = np.vecdot(vectors, vector)
    return set(np.flatnonzero(cosines >= np.sort(cosines)[::-1][:most][-1]).tolist())


def _quantized(folder: Path, vectors: Vectors) -> Quantized:
    folder.mkdir(exist_ok=True)
    write(folder, vectors)
    return Quantized(folder)


def test_none_of_the_nearest_is_lost_and_few_others_are_kept(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    vectors = _unit(random.normal(size=(5_000, 384)))
    held = _quantized(tmp_path, vectors)
    for query in _unit(random.normal(size=(50, 384)) + 2 * vectors[:50]):
        found = held.may_be_nearest(query, 100)
        assert _nearest(vectors, query, 100) <= set(found.tolist())
        assert found.tolist() == sorted(found.tolist())
        assert len(found) < 300


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 40), st.integers(1, 70), st.floats(0.1, 8))
def test_none_is_lost_whatever_the_vectors_are(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, dimension: int, most: int, power: float
) -> None:
    random = np.random.default_rng(seed)
    drawn = random.normal(size=(count, dimension))
    vectors = _unit(np.sign(drawn) * np.abs(drawn) ** power)  # from equal numbers to one large one
    vectors[count // 2 :] = vectors[: count - count // 2]  # half of them twice
    held = _quantized(tmp_path_factory.mktemp("held"), vectors)
    for query in (vectors[0], -vectors[-1], _unit(random.normal(size=dimension))):
        assert _nearest(vectors, query, most) <= set(held.may_be_nearest(query, most).tolist())


def test_the_largest_numbers_do_not_overflow(tmp_path: Path) -> None:
    ones = _unit(np.ones((1, 384)))
    vectors = np.concatenate([ones, -ones, _unit(np.eye(384))])
    held = _quantized(tmp_path, vectors)
    assert held.may_be_nearest(ones[0], 1).tolist() == [0]
    assert held.may_be_nearest(-ones[0], 1).tolist() == [1]
    assert held.may_be_nearest(vectors[7], 1).tolist() == [7]


def test_it_takes_a_quarter_of_the_bytes(tmp_path: Path) -> None:
    vectors = _unit(np.random.default_rng(4).normal(size=(1_000, 384)))
    write(tmp_path, vectors)
    assert sum((tmp_path / name).stat().st_size for name in (GRAPH, SCALES)) < 0.27 * vectors.nbytes
