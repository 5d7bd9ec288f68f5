"""The belief: Bayesian linear regression of reward with intercepts for group within title.

`reward = xᵀθ + φ_g + ε`, `φ_g ~ N(ψ_t, σ²/τ)`, `ψ_t ~ N(0, σ²/κ)`, `θ ~ N(0, σ² Λ⁻¹)`,
`ε ~ N(0, σ²/w)`: the hybrid linear model of Li et al. 2010 ("A contextual-bandit approach to
personalized news article recommendation") with one more level, sampled from its posterior as by
Agrawal & Goyal 2013. φ and ψ are integrated out in closed form, so that what is kept is d × d
however many pictures there are. All of it is a function of the integer sums
(`artwork.choice.sums`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork.choice.sums import SCALE, Sums, TitleSums

F64 = npt.NDArray[np.float64]

KEPT_TITLES = 5_000
"""Beliefs kept ready, 6 kB each."""
_CHUNK = 64
"""Rows of one product in `rebuild`: few enough that no BLAS splits it over threads, so that the
bits do not depend on the number of cores."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Precisions in units of 1/σ²: `scale` (d,) is Λ's diagonal; τ of groups, κ of titles."""

    scale: F64
    tau: float
    kappa: float
    sigma2: float


@dataclass(frozen=True, slots=True, eq=False)
class TitleBelief:
    """One title's sums as floats, k groups and one more row of zeros for a group never seen."""

    index: dict[str, int]
    N: F64
    """(k+1,) n + τ."""
    c: F64
    """(k+1, d)."""
    s: F64
    """(k+1,)."""
    h: float
    u: F64
    """(d,)."""
    v: float

    @classmethod
    def of(cls, sums: TitleSums | None, dim: int, prior: Prior) -> "TitleBelief":
        if sums is None:
            sums = TitleSums.empty(dim)
        k = len(sums.groups)
        n, c, s = np.zeros(k + 1), np.zeros((k + 1, dim)), np.zeros(k + 1)
        n[:k], c[:k], s[:k] = sums.n / SCALE, sums.c / SCALE**2, sums.s / SCALE**2
        N = n + prior.tau
        shrink = prior.tau / N
        return cls(
            {group: i for i, group in enumerate(sums.groups)},
            N,
            c,
            s,
            prior.kappa + float(shrink @ n),
            shrink @ c,
            float(shrink @ s),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The joint belief about the arms' expected rewards: Gaussian."""

    mean: F64
    """(K,)."""
    cov: F64
    """(K, K), includes σ²."""


class Posterior:
    """`θ ~ N(m, σ² P)`, kept by rank-one steps, made anew from the sums by `rebuild`."""

    def __init__(self, prior: Prior, P: F64, m: F64) -> None:
        self.prior = prior
        self.P = P
        """(d, d) S⁻¹."""
        self.m = m
        """(d,)."""
        self._titles: dict[str, TitleBelief] = {}

    @classmethod
    def rebuild(cls, sums: Sums, prior: Prior) -> "Posterior":
        """The posterior of these sums: the same bits for the same sums."""
        S = sums.A / SCALE**3 + np.diag(prior.scale)
        y = sums.b / SCALE**3
        rows: list[F64] = []
        divisors: list[float] = []
        values: list[float] = []
        for name in sorted(sums.titles):
            title = TitleBelief.of(sums.titles[name], sums.dim, prior)
            rows += [title.c[:-1], title.u[None]]
            divisors += [*title.N[:-1], title.h]
            values += [*title.s[:-1], title.v]
        if rows:
            S, y = _take_away(S, y, np.concatenate(rows), np.array(divisors), np.array(values))
        P = np.linalg.inv(S)
        P = (P + P.T) / 2
        return cls(prior, P, P @ y)

    def _title(self, sums: Sums, title: str) -> TitleBelief:
        found = self._titles.get(title)
        if found is None:
            if len(self._titles) >= KEPT_TITLES:
                self._titles.clear()
            found = TitleBelief.of(sums.titles.get(title), sums.dim, self.prior)
            self._titles[title] = found
        return found

    def scores(self, sums: Sums, title: str, groups: Sequence[str], x: F64) -> Scores:
        """What is believed of the expected rewards of K different groups of one title.

        Args:
            x: (K, d) features as floats in [-1, 1].
        """
        belief = self._title(sums, title)
        rows = [belief.index.get(group, -1) for group in groups]
        tau, h = self.prior.tau, belief.h
        N = belief.N[rows]
        z = x - belief.c[rows] / N[:, None] - (tau / (N * h))[:, None] * belief.u
        mean = z @ self.m + (belief.s[rows] + tau * belief.v / h) / N
        share = tau / N
        D = np.multiply.outer(share, share) / h
        D.flat[:: len(N) + 1] += 1 / N
        return Scores(mean, self.prior.sigma2 * (z @ self.P @ z.T + D))

    def _of_one(self, belief: TitleBelief, group: str, x: F64) -> tuple[F64, float, float]:
        """As `scores` for one arm, without θ's part of the variance: z (d,), mean, D.

        Apart, because each row learned needs it and arrays of one row cost as much as of twelve.
        """
        row = belief.index.get(group, -1)
        tau, h, N = self.prior.tau, belief.h, float(belief.N[row])
        z = x - belief.c[row] / N - (tau / (N * h)) * belief.u
        mean = float(z @ self.m) + (float(belief.s[row]) + tau * belief.v / h) / N
        return z, mean, (tau / N) ** 2 / h + 1 / N

    def fold(self, sums: Sums, title: str, group: str, x: F64, *, r: float, w: float) -> None:
        """Learn one row by a rank-one step; `sums` are those *before* the row."""
        z, mean, D = self._of_one(self._title(sums, title), group, x)
        Pz = self.P @ z
        gain = w / (1 + w * (float(z @ Pz) + D))
        step = np.multiply.outer(Pz, Pz)
        step *= gain
        self.P -= step
        self.m += (gain * (r - mean)) * Pz
        self._titles.pop(title, None)

    def correct(
        self, sums: Sums, title: str, group: str, x: F64, *, delta: float, w: float
    ) -> None:
        """Learn that a row folded earlier earned `delta` more: S stays, only m moves."""
        z, _, _ = self._of_one(self._title(sums, title), group, x)
        self.m += (w * delta) * (self.P @ z)
        self._titles.pop(title, None)


def _take_away(S: F64, y: F64, rows: F64, divisors: F64, values: F64) -> tuple[F64, F64]:
    """`S − Σ row rowᵀ/divisor` and `y − Σ row value/divisor`, in a fixed order."""
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        scaled = part / divisors[start : start + _CHUNK, None]
        S = S - part.T @ scaled
        y = y - values[start : start + _CHUNK] @ scaled
    return S, y
