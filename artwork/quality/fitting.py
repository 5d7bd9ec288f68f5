"""Learning the weights of the sub-scores from what shown pictures earned.

Ridge regression of a picture's mean reward on its sub-scores, both about their title's mean: a
title that everybody plays says nothing of its pictures, a picture that earned more than the others
of its title does. Judged by titles that were held out: does the overall score put of two pictures
of a title the one that earned more first?
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork.quality.weights import SCORES, Weights, checked
from content.errors import Conflict

FOLDS = 5
MIN_TITLES = 20
"""Fewer titles with two pictures that were shown teach nothing that can be checked."""
STRENGTHS = (1.0, 30.0, 1000.0)
"""Of the penalty, in showings: chosen by cross-validation within the part learned from."""
Z_95 = 1.96

F64 = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fit:
    """What was learned, beside the weights in use. Agreement: of two pictures of a held-out title,
    the chance that the better scored one earned more, pairs counting by how often they were shown.
    """

    weights: dict[str, float]
    agreement: float
    agreement_now: float
    """Of the weights in use, on the same pairs."""
    gain: float
    gain_low: float
    gain_high: float
    """95 % interval of the difference, titles being the independent witnesses."""
    titles: int
    pictures: int
    decisions: int

    @property
    def better(self) -> bool:
        """Is the gain there beyond chance?"""
        return self.gain_low > 0


@dataclass(frozen=True, slots=True, eq=False)
class Earned:
    """Pictures that were shown: n rows."""

    scores: F64
    """(n, k) in the order of `SCORES`; NaN where a sub-score is not known."""
    reward: F64
    """(n,) mean reward of its decisions, 0..1."""
    shown: F64
    """(n,) decisions that showed it, 1 or more."""
    title: Ints
    """(n,) a number for each title."""


def fit(earned: Earned, now: Weights) -> Fit:
    """Fit the weights to what was earned.

    Args:
        now: the weights in use.

    Raises:
        Conflict: `too_few_decisions`.
    """
    known = _comparable(earned)
    titles = np.unique(known.title)
    if len(titles) < MIN_TITLES:
        raise Conflict(
            "too_few_decisions",
            f"of {len(titles)} titles two pictures or more were shown; {MIN_TITLES} are needed",
        )
    scores = _filled(known)
    fold_of = np.searchsorted(titles, known.title) % FOLDS
    judged = np.empty(len(scores))
    for fold in range(FOLDS):
        held = fold_of == fold
        judged[held] = scores[held] @ _learn(_part(known, ~held), scores[~held])
    before = scores @ np.array([now.get(name, 0.0) for name in SCORES])
    learned, present, spans = _compared(known, judged, before)
    weights = dict(zip(SCORES, _learn(known, scores).tolist(), strict=True))
    return Fit(
        weights=checked(weights) if any(weights.values()) else dict(now),
        agreement=learned,
        agreement_now=present,
        gain=learned - present,
        gain_low=learned - present - spans,
        gain_high=learned - present + spans,
        titles=len(titles),
        pictures=len(scores),
        decisions=int(known.shown.sum()),
    )


def _comparable(earned: Earned) -> Earned:
    """Without titles of which only one picture was shown."""
    titles, counts = np.unique(earned.title, return_counts=True)
    return _part(earned, np.isin(earned.title, titles[counts > 1]))


def _part(earned: Earned, chosen: npt.NDArray[np.bool_]) -> Earned:
    return Earned(
        earned.scores[chosen], earned.reward[chosen], earned.shown[chosen], earned.title[chosen]
    )


def _filled(earned: Earned) -> F64:
    """An unknown sub-score says nothing: it gets the mean of those known."""
    known = ~np.isnan(earned.scores)
    means = np.nan_to_num(earned.scores).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, earned.scores, means)


def _learn(earned: Earned, scores: F64) -> F64:
    """(k,) weights by ridge regression, the penalty chosen on titles left out of each part."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold, cross_val_score

    x, y = (_about_title(v, earned) for v in (scores, earned.reward[:, None]))
    spread = np.sqrt(np.average(x**2, axis=0, weights=earned.shown))
    # What does not differ within titles teaches nothing.
    used = (spread > 1e-3) & bool(np.abs(y).max() > 1e-9)
    if not used.any():
        return np.zeros(x.shape[1])
    x = x[:, used] / spread[used]
    models = [Ridge(alpha=strength, fit_intercept=False) for strength in STRENGTHS]
    merits = [
        cross_val_score(
            model,
            x,
            y[:, 0],
            groups=earned.title,
            cv=GroupKFold(3),
            params={"sample_weight": earned.shown},
            scoring="neg_mean_squared_error",
        ).mean()
        for model in models
    ]
    best = models[int(np.argmax(merits))].fit(x, y[:, 0], sample_weight=earned.shown)
    weights = np.zeros(scores.shape[1])
    weights[used] = best.coef_ / spread[used]
    return weights


def _about_title(values: F64, earned: Earned) -> F64:
    """Less the mean over the title's pictures, weighted by showings."""
    number = np.unique(earned.title, return_inverse=True)[1].ravel()
    total = np.bincount(number, earned.shown)
    columns = [np.bincount(number, earned.shown * column) / total for column in values.T]
    return np.asarray(values - np.stack(columns, axis=1)[number], np.float64)


def _compared(earned: Earned, judged: F64, before: F64) -> tuple[float, float, float]:
    """Agreement of either score, and half the interval of their difference: a ratio of sums over
    titles (Cochran 1977, §6.3)."""
    rows = []
    for title in np.unique(earned.title):
        mine = np.flatnonzero(earned.title == title)
        first, second = (mine[side] for side in np.triu_indices(len(mine), 1))
        shown = earned.shown
        weight = shown[first] * shown[second] / (shown[first] + shown[second])
        sign = np.sign(earned.reward[first] - earned.reward[second])
        weight = weight * (sign != 0)
        agrees = [
            (weight * (1 + sign * np.sign(s[first] - s[second])) / 2).sum()
            for s in (judged, before)
        ]
        rows.append((*agrees, weight.sum()))
    learned, present, total = np.array(rows).T
    if total.sum() == 0:
        return 0.5, 0.5, 1.0
    shares = learned.sum() / total.sum(), present.sum() / total.sum()
    error = (learned - present) - (shares[0] - shares[1]) * total
    variance = len(rows) / (len(rows) - 1) * float((error**2).sum()) / float(total.sum()) ** 2
    return float(shares[0]), float(shares[1]), Z_95 * variance**0.5
