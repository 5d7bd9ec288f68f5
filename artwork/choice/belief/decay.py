"""How much an older decision still counts: forward decay by a half-life (Cormode et al. 2009,
"Forward decay: a practical time decay model for streaming systems").

A row of time t weighs `2^((t − L) / half-life)` in units of 2⁻¹⁰, at most 1, fixed while the
landmark L stands. L is the end of an epoch of one half-life: rows of the present epoch weigh
between ½ and 1, those of earlier ones ever less, and eleven epochs back nothing. When an epoch is
over the ledger is folded again with the next landmark (`artwork.choice.learning.renewal`).
"""

from bisect import bisect_left
from dataclasses import replace
from functools import lru_cache
from math import floor, log2, sqrt

import numpy as np

from artwork.choice.belief.posterior import Prior
from artwork.choice.belief.sums import I64, SCALE

DAY_US = 24 * 3600 * 1_000_000
_NOW = sqrt(0.5)
"""What a row of the middle of the present epoch weighs: the priors are scaled by it, and σ² is."""


def half_life_us(days: float | None) -> int | None:
    return None if days is None else round(days * DAY_US)


def epoch_end(half_life: int, at_us: int) -> int:
    """The landmark of a moment: the end of its epoch, in µs."""
    return (at_us // half_life + 1) * half_life


def outlived(landmark_us: int, half_life: int, now_us: int) -> bool:
    """Must the landmark move? Not for a clock that is a little back, but for one long wrong."""
    return not landmark_us - 2 * half_life <= now_us < landmark_us


class Decay:
    """The weights of rows at one landmark; without one all are 1."""

    def __init__(self, half_life: int | None, landmark_us: int | None) -> None:
        self.landmark_us = landmark_us
        if half_life is None or landmark_us is None:
            self.landmark_us = None
            self._ages: list[int] = []
        else:
            self._ages = _ages(half_life)

    def weight(self, at_us: int) -> int:
        """Of a decision made at a moment: 0..1024 units. The same bits everywhere: no float."""
        if self.landmark_us is None:
            return SCALE
        return SCALE - bisect_left(self._ages, self.landmark_us - at_us)

    def weights(self, at_us: I64) -> I64:
        """`weight` of each."""
        if self.landmark_us is None:
            return np.full(len(at_us), SCALE, np.int64)
        ages = np.array(self._ages, np.int64)
        return SCALE - np.searchsorted(ages, self.landmark_us - at_us).astype(np.int64)

    def prior(self, prior: Prior) -> Prior:
        """The prior in the units of the weights.

        With sums, precisions and σ² all in units in which a row of now weighs g, the belief is
        that of now: the same mean, and the variance of a row of now is σ².
        """
        if self.landmark_us is None:
            return prior
        return replace(
            prior,
            scale=prior.scale * _NOW,
            tau=prior.tau * _NOW,
            kappa=prior.kappa * _NOW,
            sigma2=prior.sigma2 * _NOW,
            unit=_NOW,
        )


@lru_cache(maxsize=4)
def _ages(half_life: int) -> list[int]:
    """(1024,) ascending: a row older than the k-th of these, in µs before L, weighs 1024 − k − 1
    units or less."""
    return [floor(half_life * log2(SCALE / (units - 0.5))) for units in range(SCALE, 0, -1)]
