"""Diversity: maximal marginal relevance, so that a franchise does not fill the row.

Carbonell & Goldstein 1998 (doi:10.1145/290941.291025): the next answer is the one that maximises
`(1 − d) · score − d · (its likeness to the most alike of those before)`. Likeness among answers is
the fused score of `titles`, by their own vectors: the engines' own MMR knows one space only.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from content.types import F32, Space
from indexes.taste.places import asked

F64 = npt.NDArray[np.float64]


def diversified(scores: Sequence[float] | F64, alike: F64, diversity: float) -> list[int]:
    """All of the candidates, in the order in which they are answered.

    Args:
        scores: (n,) of the candidates, best first: of equals the first is taken.
        alike: (n, n), −1..1; the diagonal does not matter.
        diversity: 0..1; with 0 the order stays as it is.

    Returns:
        Every index below n once; the first is 0.
    """
    relevance = (1.0 - diversity) * np.asarray(scores, float)
    nearest = np.full(len(relevance), -np.inf)
    order: list[int] = []
    left = np.ones(len(relevance), bool)
    while left.any():
        value = relevance - diversity * nearest if order else np.asarray(scores, float)
        taken = int(np.where(left, value, -np.inf).argmax())
        order.append(taken)
        left[taken] = False
        nearest = np.maximum(nearest, alike[taken])
    return order


def likeness(vectors: Sequence[Mapping[Space, F32]], weights: Mapping[Space, float]) -> F64:
    """(n, n) fused scores of titles among themselves, over the spaces that two of them share.

    0 where they share none of those that count.
    """
    count = len(vectors)
    total, weight = np.zeros((count, count)), np.zeros((count, count))
    for space, each in weights.items():
        have = [n for n, one in enumerate(vectors) if space in one]
        if not have or each <= 0:
            continue
        rows = np.stack([asked(space, vectors[n][space]) for n in have]).astype(np.float64)
        total[np.ix_(have, have)] += each * (rows @ rows.T)
        weight[np.ix_(have, have)] += each
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
