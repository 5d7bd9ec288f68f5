"""The test that may be looked at any time: false alarms, power, and figures by hand."""

import numpy as np
import pytest

from artwork.choice.modes.sequential import ALPHA, BUCKETS, LEAST, Side, compare

LOOKS, STEP = 60, 100
"""So many times it is looked at, after so many more decisions each."""


def stream(
    rng: np.random.Generator, mean: float, share: float, *, spread: float, worth: float = 1.0
) -> list[Side]:
    """One side as it grows, at each look: 400 viewers with hit rates of their own."""
    n = np.cumsum(rng.multinomial(round(STEP * share), [1 / 400] * 400, size=LOOKS), axis=0)
    rates = np.clip(mean + spread * rng.standard_normal(400), 0, 1)
    fresh = np.diff(n, axis=0, prepend=0)
    hits = np.cumsum(rng.binomial(fresh, rates), axis=0)
    buckets = np.arange(400) % BUCKETS
    sides = []
    for at in range(LOOKS):
        count, hit = (
            np.bincount(buckets, weights=v[at], minlength=BUCKETS).astype(np.int64)
            for v in (n, hits)
        )
        r = round(1024 * worth)
        sides.append(Side(count, hit * r, hit * r * r))
    return sides


def alarms(seed: int, *, drop: float, spread: float, mean: float, runs: int, worth: float) -> float:
    rng = np.random.default_rng(seed)
    fired = 0
    for _ in range(runs):
        policy = stream(rng, mean - drop, 0.8, spread=spread, worth=worth)
        control = stream(rng, mean, 0.2, spread=spread, worth=worth)
        pairs = zip(policy, control, strict=True)
        fired += any(compare(a, b).broken(0.0) for a, b in pairs)
    return fired / runs


@pytest.mark.parametrize(
    ("mean", "spread", "worth"), [(0.3, 0.0, 1.0), (0.3, 0.2, 1.0), (0.02, 0.0, 0.1)]
)
def test_equal_sides_hardly_ever_raise_an_alarm(mean: float, spread: float, worth: float) -> None:
    rate = alarms(11, drop=0.0, spread=spread, mean=mean, runs=150, worth=worth)
    assert rate <= ALPHA


def test_a_planted_drop_is_found() -> None:
    assert alarms(12, drop=0.15, spread=0.1, mean=0.4, runs=60, worth=1.0) >= 0.9


def test_a_better_policy_raises_none_and_a_margin_is_kept_to() -> None:
    rng = np.random.default_rng(3)
    policy = stream(rng, 0.25, 0.8, spread=0.0)[-1]
    control = stream(rng, 0.40, 0.2, spread=0.0)[-1]
    found = compare(policy, control)
    assert found.broken(0.0)
    assert not found.broken(0.2)
    assert not compare(control, policy).broken(0.0)


def test_the_mean_and_its_variance_by_hand() -> None:
    n, r = np.zeros(BUCKETS, np.int64), np.zeros(BUCKETS, np.int64)
    n[:2], r[:2] = (3, 1), (1024, 1024)  # 1 of 3 hits, and 1 of 1
    side = Side(n, r, r * 1024)
    assert (side.decisions, side.mean) == (4, 0.5)
    residuals = np.array([1 - 0.5 * 3, 1 - 0.5 * 1])
    between = 2 / 1 * float(residuals @ residuals) / 16
    alone = ((2 + 1) / 4 - 0.25) / 4
    assert side.variance() == pytest.approx(max(between, alone))


def test_too_little_concludes_nothing() -> None:
    few = np.zeros(BUCKETS, np.int64)
    few[:] = LEAST // BUCKETS
    zero = np.zeros(BUCKETS, np.int64)
    found = compare(Side(few, zero, zero), Side(few, few * 1024, few * 1024**2))
    assert found.difference == -1
    assert (found.low, found.high) == (None, None)
    assert not found.broken(0.0)
    assert compare(Side(zero, zero, zero), Side(few, few, few)).difference is None
