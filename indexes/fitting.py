"""Learning the weights of the spaces from pairs of titles that viewers watched both of.

Logistic regression of "watched both" against random pairs on the cosines of the spaces: its
coefficients are the weights (the score is linear in them). Cross-validated by title: a pair is
judged by weights that were learned without any pair of its first title. A coefficient below zero
means that the space misleads here: it gets no weight, and the others are fitted again.
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
RESAMPLES = 1000
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
    """95 % interval of `auc − auc_now` (bootstrap over pairs)."""
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
        cosines: (n, 4), in the order of `FUSED`; NaN where the two do not share the space.
        watched: (n,), whether the pair was watched by the same viewers.
        titles: (n, 2), a number for each title, given at random.
        now: the weights in use.

    Raises:
        Invalid: `too_few_pairs`.
    """
    values, truth, folds = cosines.astype(np.float64), watched, titles % FOLDS
    if truth.sum() < MIN_PAIRS or (~truth).sum() < MIN_PAIRS:
        raise Invalid(
            "too_few_pairs",
            f"{int(truth.sum())} co-watched pairs of known titles can be used; give at least "
            f"{MIN_PAIRS}",
        )
    scores = np.zeros(len(truth))
    for fold in range(FOLDS):
        judged, unseen = folds[:, 0] == fold, (folds != fold).all(axis=1)
        if judged.any():
            scores[judged] = _scores(_learn(values[unseen], truth[unseen]), values[judged])
    before = _scores(_row(now), values)
    low, high = _interval(truth, scores, before)
    learned, present = _auc(truth, scores), _auc(truth, before)
    weights = checked(dict(zip(FUSED, _learn(values, truth).tolist(), strict=True)))
    return Fit(weights, learned, present, learned - present, low, high, int(truth.sum()))


def _learn(values: Matrix, truth: npt.NDArray[np.bool_]) -> Matrix:
    """Weights ≥ 0, (4,), summing to 1. All equal when nothing at all can be learned."""
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
        merits = [cross_val_score(m, part, truth, cv=3, scoring="roc_auc").mean() for m in models]
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
    """Mann & Whitney's U by ranks, ties counting half, as a share of all pairs."""
    from scipy.stats import rankdata

    positive = int(truth.sum())
    above = rankdata(scores)[truth].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (len(truth) - positive)))


def _interval(truth: npt.NDArray[np.bool_], scores: Matrix, before: Matrix) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    gains: list[float] = []
    while len(gains) < RESAMPLES:
        rows = rng.integers(0, len(truth), len(truth))
        if 0 < truth[rows].sum() < len(rows):
            gains.append(_auc(truth[rows], scores[rows]) - _auc(truth[rows], before[rows]))
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(low), float(high)
