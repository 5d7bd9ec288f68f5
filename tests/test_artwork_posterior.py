"""The closed form against the full joint Gaussian posterior of every unknown."""

import numpy as np
import pytest

from artwork.choice.belief.posterior import F64, Posterior, Prior
from artwork.choice.belief.sums import SCALE, Sums, to_units


def _random_rows(seed: int, dim: int, rows: int) -> list[tuple[str, str, F64, float, float]]:
    """(title, group, x, r, w) with every number a multiple of 2⁻¹⁰."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(rows):
        title = f"t{rng.integers(3)}"
        x = np.rint(rng.uniform(-1, 1, dim) * SCALE) / SCALE
        group = f"{title}-g{rng.integers(4)}"
        r, w = rng.integers(0, SCALE + 1) / SCALE, rng.integers(1, SCALE + 1) / SCALE
        out.append((title, group, x, float(r), float(w)))
    return out


def _sums(rows: list[tuple[str, str, F64, float, float]], dim: int) -> Sums:
    sums = Sums(dim)
    for title, group, x, r, w in rows:
        sums.add(title, group, np.rint(x * SCALE).astype(np.int64), to_units(r), to_units(w))
    return sums


def _prior(dim: int, seed: int = 9) -> Prior:
    rng = np.random.default_rng(seed)
    return Prior(rng.uniform(0.5, 3.0, dim), tau=4.0, kappa=2.5, sigma2=0.3)


def _joint(
    rows: list[tuple[str, str, F64, float, float]],
    prior: Prior,
    arms: list[tuple[str, str, F64]],
) -> tuple[F64, F64]:
    """Mean and covariance of the arms' scores from the precision matrix over (θ, ψ, φ)."""
    dim = len(prior.scale)
    titles = sorted({row[0] for row in rows} | {arm[0] for arm in arms})
    groups = sorted({row[:2] for row in rows} | {arm[:2] for arm in arms})
    psi = {title: dim + i for i, title in enumerate(titles)}
    phi = {group: dim + len(titles) + i for i, group in enumerate(groups)}
    size = dim + len(titles) + len(groups)
    J, y = np.zeros((size, size)), np.zeros(size)
    J[range(dim), range(dim)] = prior.scale
    for title in titles:
        J[psi[title], psi[title]] += prior.kappa
    for title, group in groups:
        a = np.zeros(size)
        a[phi[title, group]], a[psi[title]] = 1.0, -1.0
        J += prior.tau * np.outer(a, a)
    for title, group, x, r, w in rows:
        a = np.zeros(size)
        a[:dim], a[phi[title, group]] = x, 1.0
        J += w * np.outer(a, a)
        y += w * r * a
    Q = np.zeros((len(arms), size))
    for k, (title, group, x) in enumerate(arms):
        Q[k, :dim], Q[k, phi[title, group]] = x, 1.0
    inverse = np.linalg.inv(J)
    return Q @ inverse @ y, prior.sigma2 * Q @ inverse @ Q.T


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [0, 1, 7, 60])
def test_scores_equal_the_full_joint_posterior(seed: int, rows: int) -> None:
    dim = 6
    data = _random_rows(seed, dim, rows)
    prior = _prior(dim)
    posterior, sums = Posterior.rebuild(_sums(data, dim), prior), _sums(data, dim)
    rng = np.random.default_rng(seed + 100)
    # g8 and g9 were never shown; t9 is a title that nobody knows.
    for title in ("t0", "t1", "t9"):
        groups = [f"{title}-g{i}" for i in (0, 1, 2, 3, 8, 9)]
        x = rng.uniform(-1, 1, (len(groups), dim))
        arms = [(title, group, x[k]) for k, group in enumerate(groups)]
        mean, cov = _joint(data, prior, arms)
        scores = posterior.scores(sums, title, groups, x)
        np.testing.assert_allclose(scores.mean, mean, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(scores.cov, cov, rtol=1e-12, atol=1e-13)


def test_a_case_worked_by_hand() -> None:
    # x = 0 leaves θ out; unit precisions make φ's prior variance 1 + 1 = 2, shared part 1. One
    # showing that earned 1 with noise variance 1: φ | r has mean 2/3 and variance 2 − 4/3 = 2/3.
    # A sister picture has covariance 1 with φ: mean 1/3, variance 2 − 1/3 = 5/3.
    prior = Prior(np.ones(1), tau=1.0, kappa=1.0, sigma2=1.0)
    sums = Sums(1)
    sums.add("t", "a", np.zeros(1, np.int64), SCALE)
    scores = Posterior.rebuild(sums, prior).scores(sums, "t", ["a", "b"], np.zeros((2, 1)))
    np.testing.assert_allclose(scores.mean, [2 / 3, 1 / 3], rtol=1e-14)
    np.testing.assert_allclose(scores.cov, [[2 / 3, 1 / 3], [1 / 3, 5 / 3]], rtol=1e-14)


def test_rank_one_steps_and_corrections_equal_a_rebuild() -> None:
    dim, prior = 8, _prior(8)
    sums = Sums(dim)
    posterior = Posterior.rebuild(sums, prior)
    rng = np.random.default_rng(3)
    for title, group, x, r, w in _random_rows(3, dim, 300):
        units = np.rint(x * SCALE).astype(np.int64)
        posterior.fold(sums, title, group, x, r=0.0, w=w)
        sums.add(title, group, units, 0, to_units(w))
        if rng.random() < 0.5:
            posterior.correct(sums, title, group, x, delta=r, w=w)
            sums.correct(title, group, units, before=0, after=to_units(r), w=to_units(w))
    again = Posterior.rebuild(sums, prior)
    np.testing.assert_allclose(posterior.P, again.P, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(posterior.m, again.m, rtol=1e-10, atol=1e-12)


def test_taking_rows_away_equals_never_having_seen_them() -> None:
    data = _random_rows(5, 4, 80)
    kept, gone = _sums(data[:50], 4), _sums(data[50:], 4)
    prior = _prior(4)
    forgotten, never = (
        Posterior.rebuild(_sums(data, 4) - gone, prior),
        Posterior.rebuild(kept, prior),
    )
    assert np.array_equal(forgotten.m, never.m)
    assert np.array_equal(forgotten.P, never.P)


def test_the_beliefs_kept_ready_are_those_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artwork.choice.belief.posterior.KEPT_TITLES", 3)
    posterior, x = Posterior.rebuild(Sums(2), _prior(2)), np.zeros((1, 2))
    for title in "abcade":
        posterior.scores(Sums(2), title, ["g"], x)
    assert list(posterior._titles) == ["a", "d", "e"]
