"""The draw: a distribution, its floor, and answers that follow it."""

import math

import numpy as np
import pytest
from scipy import stats

from artwork.choice.belief.policy import EXPLORATION, Hyperparameters, draw, mix, policy_id, seed_of
from artwork.choice.belief.posterior import Scores


def _scores(means: list[float], sd: float = 0.1) -> Scores:
    k = len(means)
    cov = sd**2 * (0.7 * np.eye(k) + 0.3)
    return Scores(np.array(means), cov)


def _seed(i: int) -> bytes:
    return seed_of(b"a secret", f"decision {i}")


@pytest.mark.parametrize("floor", [0.0, 0.02, 1.0])
def test_the_distribution_sums_to_one_and_keeps_the_floor(floor: float) -> None:
    drawn = draw(_scores([0.1, 0.5, -3.0]), _seed(1), draws=256, floor=floor)
    assert math.isclose(drawn.pmf.sum(), 1.0, rel_tol=1e-15)
    assert drawn.pmf.min() >= floor / 3
    assert drawn.counts.sum() == 256
    assert np.array_equal(drawn.pmf, mix(drawn.counts, floor))


def test_one_arm_is_certain() -> None:
    drawn = draw(_scores([0.3]), _seed(2), draws=256, floor=0.02)
    assert (drawn.chosen, drawn.pmf.tolist()) == (0, [1.0])


def test_the_same_seed_gives_the_same_draw_and_another_secret_another() -> None:
    a, b = (draw(_scores([0.1, 0.12, 0.14]), _seed(3), draws=256, floor=0.1) for _ in "ab")
    assert (a.chosen, a.counts.tolist()) == (b.chosen, b.counts.tolist())
    assert seed_of(b"one", "d") != seed_of(b"two", "d")


def test_a_draw_is_the_plain_formula_on_a_fresh_philox_stream_whatever_was_drawn_before() -> None:
    scores = _scores([0.1, 0.12, 0.14])
    for i, draws in enumerate([1, 255, 256]):
        seed = _seed(i)
        rng = np.random.Generator(np.random.Philox(key=int.from_bytes(seed, "big")))
        moved = EXPLORATION * scores.moves(rng, draws - draws // 2)
        best = [*(scores.mean + moved).argmax(axis=1)]
        best += [*(scores.mean - moved[: draws // 2]).argmax(axis=1)]
        counts = np.bincount(best, minlength=3).astype(np.uint16)
        chosen = int(mix(counts, 0.1).cumsum().searchsorted(rng.random(), side="right"))
        drawn = draw(scores, seed, draws=draws, floor=0.1)
        assert (drawn.chosen, drawn.counts.tolist()) == (chosen, counts.tolist())


def test_counts_agree_with_the_closed_form_for_two_arms() -> None:
    # P(first wins) = Φ(difference / its sd); the difference's variance is 2 · 0.7 · sd².
    exact = stats.norm.cdf(0.02 / (EXPLORATION * 0.1 * math.sqrt(1.4)))
    wins = [draw(_scores([0.52, 0.5]), _seed(i), draws=4096, floor=0).counts[0] for i in range(20)]
    assert np.mean(wins) / 4096 == pytest.approx(exact, abs=5 * math.sqrt(0.25 / 4096 / 20))


def test_served_answers_follow_the_logged_distribution() -> None:
    scores = _scores([0.10, 0.15, 0.05, 0.12, -0.4])
    expected, served = np.zeros(5), np.zeros(5)
    for i in range(4000):
        drawn = draw(scores, _seed(i), draws=64, floor=0.1)
        expected += drawn.pmf
        served[drawn.chosen] += 1
    assert stats.chisquare(served, expected).pvalue > 0.01


def test_a_policy_is_named_for_all_that_shapes_it() -> None:
    base = policy_id(Hyperparameters(), 256, {"play": 0.3})
    assert base == policy_id(Hyperparameters(), 256, {"play": 0.3})
    others = {
        policy_id(Hyperparameters(noise_sd=0.4), 256, {"play": 0.3}),
        policy_id(Hyperparameters(), 128, {"play": 0.3}),
        policy_id(Hyperparameters(), 256, {"play": 0.4}),
    }
    assert len(others | {base}) == 4
