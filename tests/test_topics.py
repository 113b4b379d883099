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


def test_one_way_to_ask_for_each_leaves_the_vectors_nearly_as_they_are() -> None:
    groups = [_rows((1, 0, 0)), _rows((0.6, 0.8, 0)), _rows((0, 0, 1))]
    matrix, means = learn(groups)
    np.testing.assert_allclose(means, np.concatenate(groups), atol=0.01)
    np.testing.assert_allclose(unit(matrix @ groups[1][0]), groups[1][0], atol=0.01)


def test_a_topic_that_is_asked_for_in_many_ways_is_not_cut_short_by_a_narrow_one() -> None:
    """In eight planes a broad topic spans a right angle, at whose end a narrow one stands: no mean tells them apart."""
    random = np.random.default_rng(3)

    def asked(ways: int) -> list[Vectors]:
        angles = [random.uniform(*ends, ways) for _ in range(8) for ends in ((0.0, 1.5), (1.5, 1.6))]
        found = [np.zeros((ways, 16), np.float32) for _ in angles]
        for at, (rows, angle) in enumerate(zip(found, angles, strict=True)):
            rows[:, at // 2 * 2], rows[:, at // 2 * 2 + 1] = np.cos(angle), np.sin(angle)
        return found

    groups, later = asked(600), asked(200)
    matrix, prototypes = learn(groups)

    def right(compared: Vectors) -> float:
        own = np.repeat(np.arange(len(later)), [len(group) for group in later])
        return float(np.mean((np.concatenate(later) @ matrix.T @ compared.T).argmax(axis=1) == own))

    means = unit(np.stack([group.mean(axis=0) for group in groups]) @ matrix.T)
    assert right(prototypes) > right(means) + 0.03


def test_the_same_is_learned_each_time() -> None:
    random = np.random.default_rng(4)
    groups = [unit(random.normal(size=(9, 8))).astype(np.float32) for _ in range(70)]
    for one, other in zip(learn(groups), learn(groups), strict=True):
        assert one.tobytes() == other.tobytes()


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
