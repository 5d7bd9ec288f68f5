"""Learning the weights of the spaces from pairs of titles that viewers watched both of.

Logistic regression of "watched both" against random pairs on the cosines of the spaces: its
coefficients are the weights (the score is linear in them). Cross-validated by title: a pair is
judged by weights that were learned without any pair of its rarer title (its other one may be in
most pairs, as what everybody has watched is). A coefficient below zero means that the space
misleads here: it gets no weight, and the others are fitted again.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from content.errors import Invalid
from content.types import F32, Space
from indexes.weights import FUSED, Weights, checked

FOLDS = 5
MIN_PAIRS = 20
"""Fewer co-watched pairs than this teach nothing that can be checked."""
SPLITS = 3
"""Of the part learned from, to choose how strong the penalty is."""
Z_95 = 1.96
STRENGTHS = (0.03, 1.0, 30.0)
"""Of the inverse penalty: chosen by cross-validation."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """What was learned, beside what is shipped. AUC: the chance that a co-watched pair scores
    above a random one, both judged out of the part learned from."""

    weights: dict[Space, float]
    auc: float
    auc_now: float
    """Of the weights in use, on the same pairs."""
    gain: float
    gain_low: float
    gain_high: float
    """95 % interval of `auc − auc_now`. Pairs that share a title are no independent witnesses:
    see `_interval`."""
    pairs: int
    """Co-watched pairs that were used."""

    @property
    def better(self) -> bool:
        """Is the gain there beyond chance?"""
        return self.gain_low > 0


def fit(
    cosines: F32, watched: npt.NDArray[np.bool_], titles: npt.NDArray[np.int64], now: Weights
) -> Fit:
    """Fit the weights.

    Args:
        cosines: (n, 5), in the order of `FUSED`; NaN where the two do not share the space. Pairs
            that share none are left out.
        watched: (n,), whether the pair was watched by the same viewers.
        titles: (n, 2), a number for each title, given at random.
        now: the weights in use.

    Raises:
        Invalid: `too_few_pairs`, also when too few are left that can be judged.
    """
    usable = ~np.isnan(cosines).all(axis=1)
    values, truth, pairs = cosines[usable].astype(np.float64), watched[usable], titles[usable]
    _check_enough(truth, "can be used")
    scores = _judged(values, truth, pairs)
    judged = ~np.isnan(scores)
    _check_enough(truth[judged], "can be judged by others: too many share their titles")
    known, before = truth[judged], _scores(_row(now), values[judged])
    low, high = _interval(known, scores[judged], before, pairs[judged])
    learned, present = _auc(known, scores[judged]), _auc(known, before)
    weights = checked(dict(zip(FUSED, _learn(values, truth).tolist(), strict=True)))
    return Fit(weights, learned, present, learned - present, low, high, int(known.sum()))


def _check_enough(truth: npt.NDArray[np.bool_], what: str) -> None:
    together, apart = int(truth.sum()), int((~truth).sum())
    if min(together, apart) < MIN_PAIRS:
        raise Invalid(
            "too_few_pairs",
            f"{together} co-watched and {apart} random pairs of known titles {what}; "
            f"at least {MIN_PAIRS} of each are needed",
        )


def _judged(values: Matrix, truth: npt.NDArray[np.bool_], titles: npt.NDArray[np.int64]) -> Matrix:
    """The score (n,) of each pair by weights learned without its rarer title; NaN where what is
    left teaches nothing."""
    names, often = np.unique(titles, return_counts=True)
    counts = often[np.searchsorted(names, titles)]
    rarer = titles[np.arange(len(titles)), counts.argmin(axis=1)]
    scores = np.full(len(truth), np.nan)
    for fold in range(FOLDS):
        judged = rarer % FOLDS == fold
        strict = ~np.isin(titles, rarer[judged]).any(axis=1)
        # Where a title that most have watched is the rarer of its pair with another such one,
        # its other pairs may still teach.
        for rest in (strict, ~judged):
            left = truth[rest]
            if judged.any() and min(left.sum(), (~left).sum()) >= SPLITS:
                scores[judged] = _scores(_learn(values[rest], left), values[judged])
                break
    return scores


def _learn(values: Matrix, truth: npt.NDArray[np.bool_]) -> Matrix:
    """Weights ≥ 0, (5,), summing to 1. All equal when nothing at all can be learned."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    columns = list(range(values.shape[1]))
    weights = np.zeros(values.shape[1])
    filled = _filled(values, truth)
    while columns:
        models = [
            LogisticRegression(C=strength, solver="newton-cholesky") for strength in STRENGTHS
        ]
        part = filled[:, columns]
        merits = [
            cross_val_score(m, part, truth, cv=SPLITS, scoring="roc_auc").mean() for m in models
        ]
        best = models[int(np.argmax(merits))].fit(part, truth)
        if (best.coef_[0] > 0).all():
            weights[columns] = best.coef_[0] / best.coef_[0].sum()
            return weights
        columns = [c for c, value in zip(columns, best.coef_[0], strict=True) if value > 0]
    return np.full(values.shape[1], 1 / values.shape[1])


def _filled(values: Matrix, truth: npt.NDArray[np.bool_]) -> Matrix:
    """A missing space says nothing: it gets the mean of its class-balanced known cosines."""
    filled = values.copy()
    for column in range(values.shape[1]):
        known = ~np.isnan(values[:, column])
        sides = [values[known & side, column] for side in (truth, ~truth)]
        means = [side.mean() for side in sides if side.size]
        filled[~known, column] = np.mean(means) if means else 0.0
    return filled


def _scores(weights: Matrix, values: Matrix) -> Matrix:
    """The fused score of each row, as queries compute it."""
    known = ~np.isnan(values)
    total = (known * weights).sum(axis=1)
    raw = (np.nan_to_num(values) * weights).sum(axis=1)
    scores: Matrix = np.divide(raw, total, out=np.zeros(len(values)), where=total > 0)
    return scores


def _row(weights: Weights) -> Matrix:
    return np.array([weights.get(space, 0.0) for space in FUSED])


def _auc(truth: npt.NDArray[np.bool_], scores: Matrix) -> float:
    """The chance that a true one scores above a false one, ties counting half."""
    return float(_shares(truth, scores)[truth].mean())


def _shares(truth: npt.NDArray[np.bool_], scores: Matrix) -> Matrix:
    """(n,) of each true one the share of false ones below, of a false one that of true ones above;
    ties count half."""
    places = np.unique(scores, return_inverse=True)[1]
    shares = []
    for others in (~truth, truth):
        counts = np.bincount(places, others)
        shares.append(((np.cumsum(counts) - counts / 2) / others.sum())[places])
    found: Matrix = np.where(truth, shares[0], 1 - shares[1])
    return found


def _interval(
    truth: npt.NDArray[np.bool_], scores: Matrix, before: Matrix, titles: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Of the difference of two AUC of the same pairs: each pair's share in it (DeLong et al. 1988,
    doi:10.2307/2531595), correlated where pairs share a title (Aronow et al. 2015,
    doi:10.1093/pan/mpv018)."""
    gain = _shares(truth, scores) - _shares(truth, before)
    own = np.zeros(len(truth))
    for side in (truth, ~truth):
        own[side] = (gain[side] - gain[side].mean()) / side.sum()
    names, index = np.unique(titles, return_inverse=True)
    by_title = np.bincount(index.ravel(), np.repeat(own, 2), minlength=len(names))
    alone = float((own**2).sum())
    # Summed by title each pair stands with itself twice: once too often.
    spread = Z_95 * max(alone, float((by_title**2).sum()) - alone) ** 0.5
    middle = float(gain[truth].mean())
    return middle - spread, middle + spread
