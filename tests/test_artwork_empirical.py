"""Hyperparameters by empirical Bayes: the evidence against brute force, and its choices."""

from itertools import pairwise

import numpy as np
import pytest

from artwork.choice.belief.empirical import HYPER_SD, NOISE_ROWS, REACH, STEP, Search, fitted
from artwork.choice.belief.features import BLOCKS, DIM
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.belief.posterior import F64, Prior
from artwork.choice.belief.sums import SCALE, Sums, to_units
from artwork.choice.learning.learner import Learner
from artwork.choice.record.ledger import Entry

BLOCK = {"first": slice(0, 2), "second": slice(2, 5)}
Row = tuple[str, str, F64, float, float]


def _rows(seed: int, count: int, weights: bool = True) -> list[Row]:
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        title = f"t{rng.integers(3)}"
        x = np.rint(rng.uniform(-1, 1, 5) * SCALE) / SCALE
        w = float(rng.integers(300, SCALE + 1)) / SCALE if weights else 1.0
        r = float(rng.integers(0, SCALE + 1)) / SCALE
        out.append((title, f"{title}-{rng.integers(4)}", x, r, w))
    return out


def _sums(rows: list[Row]) -> Sums:
    sums = Sums(5)
    for title, group, x, r, w in rows:
        sums.add(title, group, np.rint(x * SCALE).astype(np.int64), to_units(r), to_units(w))
    return sums


def _brute(rows: list[Row], prior: Prior, base: Prior, octaves: F64) -> float:
    """The objective from the covariance of all rewards at once, at the best σ²."""
    titles = np.array([row[0] for row in rows])
    groups = np.array([row[1] for row in rows])
    X, r, w = (np.array([row[i] for row in rows]) for i in (2, 3, 4))
    C = X @ np.diag(1 / prior.scale) @ X.T + np.diag(1 / w)
    C += (groups[:, None] == groups) / prior.tau + (titles[:, None] == titles) / prior.kappa
    n = w.sum() + NOISE_ROWS
    # Up to what depends on the weights alone.
    noise = float(r @ np.linalg.solve(C, r)) + NOISE_ROWS * base.sigma2
    likely = -float(np.linalg.slogdet(C)[1]) - n * np.log(noise)
    return 0.5 * (likely - float(octaves @ octaves))


BASE = Prior(np.array([2.0, 2.0, 5.0, 5.0, 5.0]), tau=4.0, kappa=2.5, sigma2=0.1)


@pytest.mark.parametrize("weights", [False, True])
def test_the_evidence_equals_the_gaussian_marginal_of_all_rewards(weights: bool) -> None:
    rows = _rows(1, 40, weights)
    search = Search(_sums(rows), BASE, BLOCK)
    found, wanted = [], []
    for steps in ([0, 0, 0, 0], [3, 0, 0, 0], [0, -4, 0, 0], [0, 0, 2, 0], [1, -1, -2, 5]):
        named = dict(zip((*BLOCK, "group", "title"), steps, strict=True))
        found.append(search.value(named))
        octaves = STEP * np.array(steps) / HYPER_SD
        wanted.append(_brute(rows, search.prior(named), BASE, octaves))
    between = [b - a for a, b in pairwise(found)]
    assert between == pytest.approx([b - a for a, b in pairwise(wanted)], abs=1e-9)


def test_the_noise_is_what_is_left_of_the_rewards() -> None:
    rng = np.random.default_rng(2)
    sums = Sums(5)
    for i in range(4000):
        x = np.rint(rng.uniform(-1, 1, 5) * SCALE).astype(np.int64)
        reward = 0.5 + 0.2 * x[0] / SCALE + 0.08 * rng.standard_normal()
        sums.add("t", f"g{i % 3}", x, to_units(float(np.clip(reward, 0, 1))))
    assert np.sqrt(fitted(sums, BASE, BLOCK).sigma2) == pytest.approx(0.08, rel=0.12)


def test_blocks_that_tell_nothing_are_believed_to() -> None:
    rng = np.random.default_rng(3)
    sums = Sums(5)
    for i in range(3000):
        x = np.rint(rng.uniform(-1, 1, 5) * SCALE).astype(np.int64)
        mean = 0.5 + 0.3 * (x[0] - x[1]) / SCALE
        sums.add(f"t{i % 7}", f"g{i % 35}", x, to_units(float(np.clip(mean, 0, 1) > rng.random())))
    prior = fitted(sums, BASE, BLOCK)
    told, silent = (prior.scale[part][0] / BASE.scale[part][0] for part in BLOCK.values())
    assert silent > 8 * told
    assert prior.tau > 8 * BASE.tau
    assert silent <= 2.0 ** (2 * STEP * REACH)


def test_nothing_learned_leaves_the_defaults() -> None:
    prior = fitted(Sums(5), BASE, BLOCK)
    assert np.array_equal(prior.packed(), BASE.packed())


def test_equal_sums_give_equal_bits_whatever_came_before() -> None:
    rows = _rows(4, 200)
    forth, back = _sums(rows), _sums(rows[::-1])
    stored = Sums.unpacked(forth.packed())
    wanted = fitted(forth, BASE, BLOCK).packed()
    assert np.array_equal(fitted(back, BASE, BLOCK).packed(), wanted)
    assert np.array_equal(fitted(stored, BASE, BLOCK).packed(), wanted)


def test_weights_of_another_unit_give_the_same_belief() -> None:
    """All rows weigh half: what a row of now weighs is half, and the prior is in its unit."""
    rows = [(*row[:4], 1.0) for row in _rows(5, 300)]
    half = Prior(BASE.scale / 2, BASE.tau / 2, BASE.kappa / 2, BASE.sigma2 / 2, unit=0.5)
    whole = Search(_sums(rows), BASE, BLOCK)
    light = Search(_sums([(*row[:4], 0.5) for row in rows]), half, BLOCK)
    steps = dict.fromkeys((*BLOCK, "group", "title"), 0)
    for search in (whole, light):
        search.value(steps)
    a, b = whole.prior(steps, noise=True), light.prior(steps, noise=True)
    assert b.sigma2 == pytest.approx(a.sigma2 / 2, rel=0.05)


def _entries(count: int) -> list[Entry]:
    rng = np.random.default_rng(6)
    out = []
    for seq in range(count):
        x = rng.integers(-SCALE, SCALE + 1, DIM).astype(np.int16)
        title = f"t{rng.integers(4)}"
        where = (title, f"{title}-{rng.integers(5)}", x)
        out.append(Entry(seq, *where, None, 0))
        if rng.random() < 0.3 + 0.2 * x[BLOCKS["match"]][0] / SCALE:
            out.append(Entry(seq, *where, 0, SCALE))
    return out


def test_a_restart_between_two_fits_changes_no_bit() -> None:
    through, stopped = Learner(Hyperparameters()), Learner(Hyperparameters())
    for n, entry in enumerate(_entries(400)):
        through.apply(entry)
        stopped.apply(entry)
        if n in (150, 300):
            stopped = Learner.unpacked(Hyperparameters(), stopped.packed())
    assert stopped.packed() == through.packed()
    base = Hyperparameters().prior()
    assert not np.array_equal(through.posterior.prior.scale, base.scale)
