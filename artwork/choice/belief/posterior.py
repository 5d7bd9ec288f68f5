"""The belief: Bayesian linear regression of reward with intercepts for group within title.

`reward = xᵀθ + φ_g + ε`, `φ_g ~ N(ψ_t, σ²/τ)`, `ψ_t ~ N(0, σ²/κ)`, `θ ~ N(0, σ² Λ⁻¹)`,
`ε ~ N(0, σ²/w)`: the hybrid linear model of Li et al. 2010 ("A contextual-bandit approach to
personalized news article recommendation") with one more level, sampled from its posterior as by
Agrawal & Goyal 2013. φ and ψ are integrated out in closed form, so that what is kept is d × d
however many pictures there are. All of it is a function of the integer sums
(`artwork.choice.belief.sums`).
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dsymm, dsymv, dsyr

from artwork.choice.belief.sums import SCALE, Sums, TitleSums

F64 = npt.NDArray[np.float64]

KEPT_TITLES = 5_000
"""Beliefs kept ready, 8 kB each: those used last."""
WIDE = 256
"""With more arms than this no covariance is made: its root costs K³, 40 s for 10,000 of them."""
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
    unit: float = 1.0
    """What a row of now weighs; σ² is in the same unit."""

    def packed(self) -> F64:
        """(4 + d,)."""
        return np.array([self.tau, self.kappa, self.sigma2, self.unit, *self.scale])

    @classmethod
    def unpacked(cls, data: F64) -> "Prior":
        return cls(data[4:].copy(), *data[:4].tolist())


@dataclass(slots=True, eq=False)
class TitleBelief:
    """One title's sums as floats, k groups and one more row of zeros for a group never seen."""

    index: dict[str, int]
    n: F64
    """(k+1,)."""
    c: F64
    """(k+1, d)."""
    s: F64
    """(k+1,)."""
    N: F64
    """(k+1,) n + τ."""
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
        index = {group: i for i, group in enumerate(sums.groups)}
        return cls(index, n, c, s, n, 0.0, s, 0.0)._summed(prior)

    def _summed(self, prior: Prior) -> "TitleBelief":
        self.N = self.n + prior.tau
        shrink = prior.tau / self.N
        self.h = prior.kappa + float(shrink @ self.n)
        self.u, self.v = shrink @ self.c, float(shrink @ self.s)
        return self

    def renewed(self, sums: TitleSums, group: str, prior: Prior) -> "TitleBelief | None":
        """With one group's row as the sums now have it: the bits of `of`, in less time.

        None where the groups are others than they were.
        """
        k = self.index.get(group, -1)
        if k < 0 or len(sums.groups) != len(self.index):
            return None
        self.n[k], self.s[k] = int(sums.n[k]) / SCALE, int(sums.s[k]) / SCALE**2
        np.divide(sums.c[k], SCALE**2, out=self.c[k])
        return self._summed(prior)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The joint belief about the arms' expected rewards: Gaussian."""

    mean: F64
    """(K,)."""
    cov: F64
    """(K, K), includes σ²."""

    @property
    def spread(self) -> F64:
        """(K,) standard deviations."""
        out: F64 = np.sqrt(np.diag(self.cov))
        return out

    def moves(self, rng: np.random.Generator, draws: int) -> F64:
        """(draws, K) joint draws, less the mean."""
        root = np.linalg.cholesky(self.cov)
        out: F64 = rng.standard_normal((draws, len(self.mean))) @ root.T
        return out


@dataclass(frozen=True, slots=True, eq=False)
class WideScores:
    """As `Scores`, of so many arms that their covariance would be too large:
    `factor factorᵀ + diag(noise²)`."""

    mean: F64
    """(K,)."""
    factor: F64
    """(K, d + 1): what the arms share through θ and through their title."""
    noise: F64
    """(K,): what each has for itself."""

    @property
    def spread(self) -> F64:
        """(K,) standard deviations."""
        out: F64 = np.sqrt(np.sum(self.factor**2, axis=1) + self.noise**2)
        return out

    def moves(self, rng: np.random.Generator, draws: int) -> F64:
        """(draws, K) joint draws, less the mean."""
        shared = rng.standard_normal((draws, self.factor.shape[1])) @ self.factor.T
        out: F64 = rng.standard_normal((draws, len(self.mean)))
        out *= self.noise
        out += shared
        return out


class Posterior:
    """`θ ~ N(m, σ² P)`, kept by rank-one steps, made anew from the sums by `rebuild`."""

    def __init__(self, prior: Prior, P: F64, m: F64) -> None:
        self.prior = prior
        self._P = np.array(P, np.float64, order="C")
        """S⁻¹, of which only the lower triangle is kept up to date: half the work of a row."""
        self.m = m
        """(d,)."""
        self._titles: OrderedDict[str, TitleBelief] = OrderedDict()
        self._moved: tuple[str, str] | None = None
        """The title and group of the row learned last: its belief is not yet renewed."""

    @classmethod
    def rebuild(cls, sums: Sums, prior: Prior) -> "Posterior":
        """The posterior of these sums: the same bits for the same sums."""
        A, y, _, _ = eliminated(sums, flat(sums), prior)
        S = A + np.diag(prior.scale)
        P = np.linalg.inv(S)
        P = (P + P.T) / 2
        return cls(prior, P, P @ y)

    @property
    def P(self) -> F64:
        """(d, d) S⁻¹, a copy."""
        lower = np.tril(self._P)
        full: F64 = lower + np.tril(self._P, -1).T
        return full

    def let_go(self) -> None:
        """Free the beliefs kept ready, one by one: for another thread than one that is waited for.

        All at once they are milliseconds in which no thread of the process runs.
        """
        while self._titles:
            self._titles.popitem()

    def _title(self, sums: Sums, title: str) -> TitleBelief:
        self._renew(sums)
        found = self._titles.get(title)
        if found is not None:
            self._titles.move_to_end(title)
        else:
            if len(self._titles) >= KEPT_TITLES:
                self._titles.popitem(last=False)
            found = TitleBelief.of(sums.titles.get(title), sums.dim, self.prior)
            self._titles[title] = found
        return found

    def _renew(self, sums: Sums) -> None:
        if self._moved is None:
            return
        (title, group), self._moved = self._moved, None
        found = self._titles.pop(title, None)
        if found is not None and title in sums.titles:
            renewed = found.renewed(sums.titles[title], group, self.prior)
            if renewed is not None:
                self._titles[title] = renewed

    def scores(self, sums: Sums, title: str, groups: Sequence[str], x: F64) -> Scores | WideScores:
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
        if len(N) > WIDE:
            through = np.column_stack([z @ np.linalg.cholesky(self._P), share / np.sqrt(h)])
            sigma = np.sqrt(self.prior.sigma2)
            return WideScores(mean, sigma * through, sigma / np.sqrt(N))
        D = np.multiply.outer(share, share) / h
        D.flat[:: len(N) + 1] += 1 / N
        Pz: F64 = dsymm(1.0, self._P.T, z.T)
        return Scores(mean, self.prior.sigma2 * (z @ Pz + D))

    def parts(self, sums: Sums, title: str, groups: Sequence[str], x: F64) -> tuple[F64, F64]:
        """What the means of `scores` are made of: they are the rows' sums.

        Returns:
            (K, d) what each feature contributes, z ∘ m: a feature counts from what is usual of its
            picture and title, for what is usual is in the second: (K,) the intercepts, what
            picture and title earned beyond that.
        """
        belief = self._title(sums, title)
        rows = [belief.index.get(group, -1) for group in groups]
        tau, h = self.prior.tau, belief.h
        N = belief.N[rows]
        z = x - belief.c[rows] / N[:, None] - (tau / (N * h))[:, None] * belief.u
        return z * self.m, (belief.s[rows] + tau * belief.v / h) / N

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
        Pz: F64 = dsymv(1.0, self._P.T, z)
        gain = w / (1 + w * (float(z @ Pz) + D))
        dsyr(-gain, Pz, a=self._P.T, overwrite_a=1)
        self.m += (gain * (r - mean)) * Pz
        self._moved = title, group

    def correct(
        self, sums: Sums, title: str, group: str, x: F64, *, delta: float, w: float
    ) -> None:
        """Learn that a row folded earlier earned `delta` more: S stays, only m moves."""
        z, _, _ = self._of_one(self._title(sums, title), group, x)
        self.m += (w * delta) * dsymv(1.0, self._P.T, z)
        self._moved = title, group


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """The groups of all titles as floats, title by title in the order of their ids."""

    n: F64
    """(G,)."""
    c: F64
    """(G, d)."""
    s: F64
    """(G,)."""
    first: npt.NDArray[np.int64]
    """(T,) where each title's groups begin."""


def flat(sums: Sums) -> Flat:
    """The sums of all groups that there are, in one order."""
    titles = [sums.titles[name] for name in sorted(sums.titles) if sums.titles[name].groups]
    if not titles:
        return Flat(np.zeros(0), np.zeros((0, sums.dim)), np.zeros(0), np.zeros(0, np.int64))
    n, c, s = (np.concatenate([getattr(title, name) for title in titles]) for name in "ncs")
    sizes = np.array([len(title.groups) for title in titles])
    return Flat(n / SCALE, c / SCALE**2, s / SCALE**2, np.cumsum(sizes) - sizes)


def eliminated(sums: Sums, groups: Flat, prior: Prior) -> tuple[F64, F64, float, float]:
    """The sums with φ and ψ integrated out: `S − Λ` (d, d), `y` (d,), what is left of `q`, and
    `Σ_g log(τ/N_g) + Σ_t log(κ/h_t)`."""
    A, y, q = sums.A / SCALE**3, sums.b / SCALE**3, sums.q / SCALE**3
    if not len(groups.n):
        return A, y, q, 0.0
    N = groups.n + prior.tau
    share = prior.tau / N
    h = prior.kappa + np.add.reduceat(share * groups.n, groups.first)
    u = np.add.reduceat(share[:, None] * groups.c, groups.first, axis=0)
    v = np.add.reduceat(share * groups.s, groups.first)
    A, y = _take_away(A, y, groups.c, N, groups.s)
    A, y = _take_away(A, y, u, h, v)
    q -= float(np.sum(groups.s**2 / N)) + float(np.sum(v**2 / h))
    return A, y, q, float(np.sum(np.log(share)) + np.sum(np.log(prior.kappa / h)))


def _take_away(S: F64, y: F64, rows: F64, divisors: F64, values: F64) -> tuple[F64, F64]:
    """`S − Σ row rowᵀ/divisor` and `y − Σ row value/divisor`, in a fixed order."""
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        scaled = part / divisors[start : start + _CHUNK, None]
        S = S - part.T @ scaled
        y = y - values[start : start + _CHUNK] @ scaled
    return S, y
