"""Hyperparameters from the sums alone: empirical Bayes on a fixed grid.

With θ, ψ and φ integrated out, the rewards' likelihood is closed (the notation of DESIGN §3, all
precisions in units of 1/σ², n = Σ w, `R` what is left of Σ w r²):

    R = q − Σ_g s_g²/N_g − Σ_t v_t²/h_t − yᵀ S⁻¹ y
    2 log p = log|Λ| − log|S| + Σ_g log(τ/N_g) + Σ_t log(κ/h_t) − n log(2π σ²) − R/σ²

One scale for each block of features, τ and κ are moved in steps of half an octave of a standard
deviation, one after the other, while that makes the rewards likelier; σ² follows in closed form.
A hyperprior about the defaults keeps few rows from meaning much. Every fit starts from the
defaults: equal sums give equal bits, whatever was believed before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtrs

from artwork.choice.belief.posterior import F64, Prior, eliminated, flat
from artwork.choice.belief.sums import Sums

STEP = 0.5
"""Octaves of a standard deviation between neighbours on the grid."""
REACH = 12
"""Steps from the default to the ends of the grid."""
HYPER_SD = 2.0
"""Octaves: how far a standard deviation is expected to be from its default."""
NOISE_ROWS = 50.0
"""The default σ² counts as much as so many rows."""
PASSES = 3


def fitted(sums: Sums, base: Prior, blocks: Mapping[str, slice]) -> Prior:
    """The prior under which these sums are likeliest, starting from `base`."""
    search = Search(sums, base, blocks)
    best, value = dict.fromkeys((*blocks, "group", "title"), 0), -np.inf
    value = search.value(best)
    for _ in range(PASSES):
        before = dict(best)
        for name in best:
            value = search.climb(best, name, value)
        if best == before:
            break
    return search.prior(best, noise=True)


@dataclass(slots=True)
class _Reduced:
    """What is left of the sums without groups and titles, for one τ and κ."""

    A: F64
    y: F64
    q: float
    log: float
    """Σ log(τ/N) + Σ log(κ/h)."""


@dataclass(eq=False)
class Search:
    sums: Sums
    base: Prior
    blocks: Mapping[str, slice]
    _reduced: dict[tuple[int, int], _Reduced] = field(default_factory=dict)
    _left: dict[tuple[int, ...], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.flat = flat(self.sums)
        self.rows = float(self.flat.n.sum())

    def climb(self, best: dict[str, int], name: str, value: float) -> float:
        """Move one step after the other while that is better; the value reached."""
        start = best[name]
        for step in (1, -1):
            while abs(best[name] + step) <= REACH:
                best[name] += step
                found = self.value(best)
                if found <= value:
                    best[name] -= step
                    break
                value = found
            if best[name] != start:
                break
        return value

    def prior(self, steps: Mapping[str, int], *, noise: bool = False) -> Prior:
        scale = self.base.scale.copy()
        for name, where in self.blocks.items():
            scale[where] *= _precision(steps[name])
        found = replace(
            self.base,
            scale=scale,
            tau=self.base.tau * _precision(steps["group"]),
            kappa=self.base.kappa * _precision(steps["title"]),
        )
        return replace(found, sigma2=self._noise(steps)) if noise else found

    def _noise(self, steps: Mapping[str, int]) -> float:
        left = self._left[tuple(steps.values())]
        old = self.base.sigma2 / self.base.unit
        return self.base.unit * (left + NOISE_ROWS * old) / (self.rows + NOISE_ROWS)

    def value(self, steps: Mapping[str, int]) -> float:
        """log p of the rewards at the best σ², and the hyperprior's; up to a constant."""
        prior = self.prior(steps)
        reduced = self._without_groups(steps, prior)
        root, _ = dpotrf(reduced.A + np.diag(prior.scale), lower=1)
        half, _ = dtrtrs(root, reduced.y, lower=1)
        left = max(reduced.q - float(half @ half), 0.0)
        self._left[tuple(steps.values())] = left
        determinants = float(np.log(prior.scale).sum() - 2 * np.log(np.diag(root)).sum())
        noise = left + NOISE_ROWS * self.base.sigma2 / self.base.unit
        octaves = STEP * np.array(list(steps.values())) / HYPER_SD
        likely = determinants + reduced.log - (self.rows + NOISE_ROWS) * float(np.log(noise))
        return float(0.5 * (likely - float(octaves @ octaves)))

    def _without_groups(self, steps: Mapping[str, int], prior: Prior) -> _Reduced:
        key = (steps["group"], steps["title"])
        found = self._reduced.get(key)
        if found is None:
            A, y, q, log = eliminated(self.sums, self.flat, prior)
            found = self._reduced[key] = _Reduced(A, y, q, log)
        return found


def _precision(steps: int) -> float:
    """The factor of a precision whose standard deviation moves so many steps."""
    return float(2.0 ** (-2 * STEP * steps))
