"""The map from content to factors: ridge regression with a penalty for each block of columns.

Gantner et al. 2010 (doi:10.1109/ICDM.2010.129) map attributes to the factors of titles that nobody
has watched yet; a penalty a block lets what tells more of taste count more (group-wise ridge).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from indexes.taste.places import F64

KEPT = 0.25
"""The power of a mapped factor's own length; the rest is that of watched titles: `stretched`."""

Penalties = Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """The normal equations of one fit, so that other penalties cost a solve each."""

    gram: F64
    moment: F64
    x_mean: F64
    y_mean: F64
    length: float
    """Root mean square length of the factors."""

    @classmethod
    def of(cls, rows: F64, factors: F64) -> "Normal":
        """Of titles that have factors: rows (n, d), factors (n, dim)."""
        x, y = rows - rows.mean(axis=0), factors - factors.mean(axis=0)
        length = float(np.sqrt(np.mean(np.sum(factors**2, axis=1))))
        return cls(x.T @ x, x.T @ y, rows.mean(axis=0), factors.mean(axis=0), length)

    def solve(self, blocks: Mapping[str, int], penalties: Penalties) -> "Mapped":
        """The coefficients under these penalties, one for each block."""
        ridge = np.concatenate([np.full(width, penalties[b]) for b, width in blocks.items()])
        solved = np.linalg.solve(self.gram + np.diag(ridge), self.moment)
        coefficients = solved.astype(np.float64, copy=False)
        return Mapped(coefficients, self.y_mean - self.x_mean @ coefficients, self.length)


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """`coefficients` (d, dim), `constant` (dim,)."""

    coefficients: F64
    constant: F64
    length: float

    def factors(self, rows: F64, stretch: float) -> F64:
        """(n, dim) of content rows (n, d)."""
        return stretched(rows @ self.coefficients + self.constant, stretch * self.length)


def stretched(factors: F64, length: float) -> F64:
    """Factors brought nearer to `length`, the fourth root of their own being kept.

    What is mapped is an expectation, shorter than the factor would be by all that content does not
    tell. Left so, new titles are no one's neighbours; at full length they are everyone's.
    """
    lengths = np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1e-9)
    found: F64 = factors / lengths * lengths**KEPT * length ** (1 - KEPT)
    return found
