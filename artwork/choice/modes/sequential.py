"""Is the policy worse than the control? A test that may be looked at any time, however often.

Normal-mixture sequential test (Robbins 1970; Johari, Koomen, Pekelis & Walsh 2017, "Peeking at A/B
tests", eq. 4) with an estimated variance, as an asymptotic confidence sequence (Howard, Ramdas,
McAuliffe & Sekhon 2021; Waudby-Smith et al. 2024). Decisions of one viewer are alike, so the
variance is taken between groups of viewers (random groups; Wolter 2007), never below that of
independent decisions.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
BUCKETS = 64
"""Groups of viewers, by their keyed hash."""
ALPHA = 0.05
MIXTURE_SD = 0.05
"""Standard deviation of the differences that are looked for best, in rewards."""
LEAST = 200
"""Decisions on each side before anything is concluded: the estimates are not normal earlier."""
LEAST_BUCKETS = 16


@dataclass(frozen=True, slots=True)
class Side:
    """Sums of one side by bucket, (BUCKETS,): decisions, rewards and squared rewards, integers."""

    n: I64
    r: I64
    """In 2⁻¹⁰."""
    q: I64
    """In 2⁻²⁰."""

    @property
    def decisions(self) -> int:
        return int(self.n.sum())

    @property
    def mean(self) -> float | None:
        """Reward per decision."""
        return int(self.r.sum()) / 1024 / self.decisions if self.decisions else None

    def variance(self) -> float:
        """Of the mean; at least one decision."""
        total, mean = self.decisions, self.mean or 0.0
        # One reward more than there was: few and equal rewards do not pass for certainty.
        square = (int(self.q.sum()) / 1024**2 + 1) / total
        apart = max(square - mean**2, 0.0) / total
        used = self.n > 0
        count = int(used.sum())
        if count < 2:
            return apart
        residuals = self.r[used] / 1024 - mean * self.n[used]
        return max(apart, count / (count - 1) * float(residuals @ residuals) / total**2)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Policy less control, in reward per decision; `low` to `high` holds at all times at once with
    probability 1 − `ALPHA`. None while too little is known."""

    difference: float | None
    low: float | None
    high: float | None

    def broken(self, margin: float) -> bool:
        """Is the policy worse by more than the margin?"""
        return self.high is not None and self.high < -margin


def compare(policy: Side, control: Side, alpha: float = ALPHA) -> Evidence:
    """What the sums of both sides tell."""
    if policy.mean is None or control.mean is None:
        return Evidence(None, None, None)
    difference = policy.mean - control.mean
    sides = (policy, control)
    if any(s.decisions < LEAST or int((s.n > 0).sum()) < LEAST_BUCKETS for s in sides):
        return Evidence(difference, None, None)
    radius = _radius(policy.variance() + control.variance(), alpha)
    return Evidence(difference, difference - radius, difference + radius)


def _radius(variance: float, alpha: float) -> float:
    """Where the mixture's likelihood ratio reaches 1/α."""
    wide = variance + MIXTURE_SD**2
    log_ratio = math.log(1 / alpha) + 0.5 * math.log(wide / variance)
    return math.sqrt(2 * variance * wide / MIXTURE_SD**2 * log_ratio)
