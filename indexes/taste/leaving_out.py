"""Titles left out whole: what is asked of a ranking, and what it found.

A title's true neighbours are those most watched together with it: the highest cosine between the
columns of who watched what (Sarwar et al. 2001, doi:10.1145/371920.372071), of all events, those of
the left-out title too. The ranking must not have seen any event of the titles left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from indexes.taste.factors import MIN_VIEWERS, counts
from indexes.taste.places import F64

DEPTH = 100
"""Places of a ranking that are looked at; in a catalogue below 1,000 titles a tenth of it."""
LEAST_DEPTH = 10
TOP = 10
"""Places for nDCG and coverage."""
MOST_ASKED = 400
"""Left-out titles of a fold that are asked with, drawn at random from more."""

Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Titles by their number: those left out, those learned from, and what is asked."""

    out: Indices
    """Left out whole: none of their events may be seen."""
    known: Indices
    """All others that anybody watched, ascending; they are to be ranked."""
    asked: Indices
    """Of `out`, those whose true neighbours can be told: five viewers or more."""
    depth: int
    truth: Bools
    """(asked, known): the depth / 2 true neighbours."""


def folds(watched: Any, count: int, seed: int) -> Iterator[Fold]:
    """All titles that anybody watched, in `count` parts at random, each left out once.

    Args:
        watched: scipy sparse (viewers, titles) of 0 and 1.
    """
    viewers = counts(watched)
    rng = np.random.default_rng(seed)
    seen = rng.permutation(np.flatnonzero(viewers > 0))
    for part in range(count):
        out = np.sort(seen[part::count])
        known = np.setdiff1d(seen, out)
        able = out[viewers[out] >= MIN_VIEWERS]
        if len(able) > MOST_ASKED:
            able = np.sort(rng.choice(able, MOST_ASKED, replace=False))
        depth = int(min(DEPTH, max(LEAST_DEPTH, len(known) // 10)))
        truth, found = true_neighbours(together(watched, able, known), depth // 2)
        yield Fold(out, known, able[found], depth, truth[found])


def together(watched: Any, titles: Indices, others: Indices) -> F64:
    """(titles, others): cosines of co-watching, 0 of a title with itself."""
    viewers = np.maximum(counts(watched), 1.0)
    shared = (watched[:, titles].T @ watched[:, others]).toarray()
    cosines: F64 = shared / np.sqrt(np.outer(viewers[titles], viewers[others]))
    cosines[titles[:, None] == others[None, :]] = 0.0
    return cosines


def true_neighbours(cosines: F64, count: int) -> tuple[Bools, Bools]:
    """The `count` highest of each row that are above 0, ties by column; which rows have any."""
    truth: Bools = np.logical_and(hits_of(cosines, count), cosines > 0)
    return truth, np.asarray(truth.any(axis=1))


def hits_of(scores: F64, depth: int) -> Bools:
    """(n, m): whether among the `depth` highest of its row, ties by column."""
    chosen = np.zeros(scores.shape, bool)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    np.put_along_axis(chosen, order, values=True, axis=1)
    return chosen


def recall(scores: F64, truth: Bools, depth: int) -> F64:
    """(n,): the share of the true ones among the `depth` highest, 0..1."""
    found: F64 = (hits_of(scores, depth) & truth).sum(axis=1) / truth.sum(axis=1)
    return found


def ndcg(scores: F64, truth: Bools) -> F64:
    """(n,): nDCG of the first ten, a true neighbour gaining 1 (Järvelin & Kekäläinen 2002)."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    gains = np.take_along_axis(truth, order, axis=1)
    worth = 1.0 / np.log2(np.arange(2, 2 + gains.shape[1]))
    best = np.array([worth[: min(len(worth), n)].sum() for n in truth.sum(axis=1)])
    found: F64 = (gains * worth).sum(axis=1) / best
    return found


def shown(scores: F64) -> Bools:
    """(m,): which columns are among the first ten of any row."""
    found: Bools = np.asarray(hits_of(scores, TOP).any(axis=0))
    return found


def interval(values: F64, seed: int = 0, rounds: int = 1000) -> tuple[float, float]:
    """95 % interval of the mean (percentile bootstrap over the rows, Efron 1979)."""
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(rounds)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
