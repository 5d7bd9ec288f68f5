"""Retrieval measured: recall at 10 and mean average precision, with 95 % intervals.

Calibrations are cross-fitted: each half of the items is searched by constants fitted on the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from content.types import F32, Space
from indexes.calibration import Calibration
from indexes.weights import Weights

Matrix = npt.NDArray[np.float64]
TOP = 10
RESAMPLES = 2000


@dataclass(frozen=True)
class Corpus:
    """Items with vectors: `rows[space]` maps an item's number to its raw unit vector."""

    rows: Mapping[Space, Mapping[int, F32]]
    size: int
    groups: Sequence[int] | None = None
    """(size,): items of one group stay in one half; None: each is its own."""

    def cosines(self) -> dict[Space, Matrix]:
        """(n, n) as queries see them: half by half, calibrated by constants fitted on the other.

        So no item is among those that its constants were fitted on. NaN where two items lie in
        different halves or one lacks the space.
        """
        halves = self._halves()
        found = {space: np.full((self.size, self.size), np.nan) for space in self.rows}
        for space, rows in self.rows.items():
            for half in (False, True):
                fitted = Calibration.fit({space: [v for n, v in rows.items() if halves[n] != half]})
                own = [n for n in rows if halves[n] == half]
                data = np.stack([fitted.apply(space, rows[n]) for n in own]).astype(np.float64)
                found[space][np.ix_(own, own)] = data @ data.T
        return found

    def _halves(self) -> npt.NDArray[np.bool_]:
        """(size,): which half an item is in."""
        groups = np.arange(self.size) if self.groups is None else np.asarray(self.groups)
        names = np.random.default_rng(0).permutation(np.unique(groups))
        return np.asarray(np.isin(groups, names[::2]))


def fuse(cosines: Mapping[Space, Matrix], weights: Weights) -> Matrix:
    """`Σ w cos / Σ w` over shared spaces; NaN where two share none that counts."""
    used = [space for space in cosines if weights.get(space, 0.0) > 0]
    known = sum(weights[s] * ~np.isnan(cosines[s]) for s in used)
    total = sum(weights[s] * np.nan_to_num(cosines[s]) for s in used)
    return np.where(np.asarray(known) > 0, total / np.maximum(known, 1e-12), np.nan)


def guessed(cosines: Matrix) -> Matrix:
    """Random scores for the same candidates."""
    drawn = np.random.default_rng(0).random(cosines.shape)
    return np.where(np.isnan(cosines), np.nan, drawn)


@dataclass(frozen=True)
class Quality:
    """One value for each query that had something to find."""

    recall: Matrix
    precision: Matrix
    queries: npt.NDArray[np.int64]

    def row(self) -> dict[str, str]:
        return {
            "queries": str(len(self.queries)),
            f"recall@{TOP}": told(self.recall),
            "mAP": told(self.precision),
        }


def measure(scores: Matrix, relevant: npt.NDArray[np.bool_]) -> Quality:
    """Every item asks for the others. `relevant`: (n, n); NaN scores are not candidates.

    recall@10 is the share of the first ten that is relevant, of as many as there could be.
    """
    recalls, precisions, queries = [], [], []
    for query in range(len(scores)):
        row = scores[query].copy()
        row[query] = np.nan
        order = np.argsort(-row, kind="stable")[: int((~np.isnan(row)).sum())]
        hits = relevant[query][order]
        if not hits.any():
            continue
        recalls.append(hits[:TOP].sum() / min(TOP, hits.sum()))
        ranks = np.flatnonzero(hits) + 1
        precisions.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
        queries.append(query)
    return Quality(np.array(recalls), np.array(precisions), np.array(queries))


def told(values: Matrix) -> str:
    """Mean and its 95 % interval by bootstrap over queries."""
    low, high = interval(values)
    return f"{values.mean():.3f} ({low:.3f}–{high:.3f})"


def interval(values: Matrix) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def lead(better: Quality, other: Quality) -> str:
    """Difference of the mean precision on the queries of both, paired, with its interval."""
    shared = np.intersect1d(better.queries, other.queries)
    left = better.precision[np.searchsorted(better.queries, shared)]
    right = other.precision[np.searchsorted(other.queries, shared)]
    low, high = interval(left - right)
    return f"{(left - right).mean():+.3f} ({low:+.3f} to {high:+.3f}), {len(shared)} queries"


def same(labels: Sequence[object]) -> npt.NDArray[np.bool_]:
    """(n, n): do two items have the same label?"""
    codes = np.array([hash(label) for label in labels])
    return np.asarray(codes[:, None] == codes[None, :])
