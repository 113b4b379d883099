"""Topics: a question goes to the group that asks for the same, however it is worded."""

from __future__ import annotations

import numpy as np
import pytest

from careerbot.embedding import Vectors
from careerbot.topics import learn, unit


def _rows(*rows: tuple[float, ...]) -> Vectors:
    return unit(np.array(rows, dtype=np.float32))


def test_how_people_talk_counts_less_than_what_they_want() -> None:
    """Both groups vary along the third direction, so a question far along it still goes by the first two."""
    tones = np.linspace(-1, 1, 20)
    bread = _rows(*((1.0, 0.2, tone) for tone in tones))
    honey = _rows(*((0.2, 1.0, tone) for tone in tones[:12]))  # asked for in one tone more often
    asked = _rows((0.2, 0.35, 0.95))[0]  # rather about honey, in the tone in which bread is asked for
    plain = [float(asked @ unit(group.mean(axis=0))) for group in (bread, honey)]
    matrix, means = learn((bread, honey))
    turned = means @ unit(matrix @ asked)
    assert plain[0] > plain[1]
    assert turned[1] > turned[0]


def test_one_way_to_ask_for_each_leaves_the_vectors_as_they_are() -> None:
    groups = [_rows((1, 0, 0)), _rows((0.6, 0.8, 0)), _rows((0, 0, 1))]
    matrix, means = learn(groups)
    np.testing.assert_allclose(means, np.concatenate(groups), atol=1e-6)
    np.testing.assert_allclose(unit(matrix @ groups[1][0]), groups[1][0], atol=1e-6)


def test_few_questions_turn_little() -> None:
    """Of two questions the difference is chance: hundreds are needed before a direction is shortened much."""
    random = np.random.default_rng(1)

    def turned(ways: int) -> float:
        noise = np.zeros((ways, 50))
        noise[:, 49] = random.normal(size=ways)
        matrix, _ = learn([unit(np.eye(50)[place] + noise).astype(np.float32) for place in range(2)])
        return float(np.linalg.norm(matrix[:, 49]) / np.linalg.norm(matrix[:, 20]))

    assert turned(2) > 0.6
    assert turned(500) < 0.35


@pytest.mark.parametrize("ways", [1, 5, 40])
def test_what_is_learned_is_finite_and_of_length_one(ways: int) -> None:
    random = np.random.default_rng(2)
    groups = [unit(random.normal(size=(ways, 8))).astype(np.float32) for _ in range(6)]
    groups.append(np.repeat(groups[0][:1], 3, axis=0))  # the same question three times
    matrix, means = learn(groups)
    assert np.isfinite(matrix).all()
    assert matrix.shape == (8, 8)
    assert means.shape == (7, 8)
    assert matrix.dtype == means.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(means, axis=1), 1, atol=1e-5)


def test_a_vector_of_zeros_stays() -> None:
    assert unit(np.zeros(3, np.float32)).tolist() == [0, 0, 0]
