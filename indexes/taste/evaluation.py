"""How well a map finds the neighbours of titles that nobody has watched, beside plainer ways.

Nested: what is left out to be judged takes no part in any choice, of parameters either.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from content.types import Space
from indexes.calibration import Calibration
from indexes.taste.contents import Content
from indexes.taste.factors import counts
from indexes.taste.learner import choose, learn
from indexes.taste.leaving_out import Fold, folds, interval, ndcg, recall, shown
from indexes.taste.places import F64
from indexes.weights import Weights

PARTS = 5
BASELINES = ("popularity", "genres", "content")
"""What a map must find more than: the most watched; genre Jaccard, ties by popularity; the fused
score of the content spaces, as it is in use."""

Score = Callable[["Question"], F64]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One fold as a way of ranking sees it: contents of all, events of those known."""

    asked: Sequence[Content]
    known: Sequence[Content]
    watched: Any
    """Scipy sparse (viewers, known)."""
    seed: int

    @property
    def popularity(self) -> F64:
        """(known,): viewers, scaled below 1e-6 to break ties only."""
        viewers = counts(self.watched)
        found: F64 = 1e-6 * viewers / (viewers.max() + 1.0)
        return found


@dataclass
class Tally:
    """What one way of ranking found: a number for each title asked with."""

    recall: list[F64] = field(default_factory=list)
    ndcg: list[F64] = field(default_factory=list)
    shown: int = 0
    ranked: int = 0

    def add(self, scores: F64, fold: Fold) -> None:
        self.recall.append(recall(scores, fold.truth, fold.depth))
        self.ndcg.append(ndcg(scores, fold.truth))
        self.shown += int(shown(scores).sum())
        self.ranked += scores.shape[1]

    @property
    def recalls(self) -> F64:
        return np.concatenate(self.recall)

    def figures(self) -> dict[str, float]:
        """Means with 95 % intervals, and the share of titles among anybody's first ten."""
        gains = np.concatenate(self.ndcg)
        (low, high), (ndcg_low, ndcg_high) = interval(self.recalls), interval(gains)
        figures = {
            **{"recall": float(self.recalls.mean()), "recall_low": low, "recall_high": high},
            **{"ndcg": float(gains.mean()), "ndcg_low": ndcg_low, "ndcg_high": ndcg_high},
            "coverage": self.shown / max(self.ranked, 1),
        }
        return {name: round(value, 4) for name, value in figures.items()}


def judged(
    contents: Sequence[Content],
    watched: Any,
    ways: Mapping[str, Score],
    seed: int,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> dict[str, Tally]:
    """Every way through every fold.

    Args:
        watched: scipy sparse (viewers, titles) of 0 and 1, columns in the order of `contents`.
    """
    tallies = {name: Tally() for name in ways}
    for number, fold in enumerate(folds(watched, PARTS, seed)):
        question = Question(
            [contents[i] for i in fold.asked],
            [contents[i] for i in fold.known],
            watched[:, fold.known],
            1000 * seed + number,
        )
        for name, score in ways.items():
            tallies[name].add(score(question), fold)
        on_progress((number + 1) / (PARTS + 1))
    return tallies


def gain(better: Tally, other: Tally) -> dict[str, float]:
    """Of recall, title by title, with its 95 % interval."""
    difference = better.recalls - other.recalls
    low, high = interval(difference)
    return {
        "gain": round(float(difference.mean()), 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def taste(question: Question) -> F64:
    """By a map learned from the titles known."""
    parameters = choose(question.known, question.watched, question.seed)
    learned = learn(question.known, question.watched, parameters, question.seed)
    rows = learned.design.rows(question.asked)
    new = learned.mapped.factors(rows, parameters.stretch)
    scores: F64 = new @ learned.factors(question.known, parameters.stretch).T
    return scores


def popularity(question: Question) -> F64:
    """The most watched first, whatever is asked with."""
    return np.tile(question.popularity, (len(question.asked), 1))


def genres(question: Question) -> F64:
    """Jaccard index of the genres, ties by popularity."""
    column = {genre: k for k, genre in enumerate({g for c in question.known for g in c.genres})}
    asked, known = (_having(column, side) for side in (question.asked, question.known))
    shared = asked @ known.T
    either = np.array([len(set(c.genres)) for c in question.asked])[:, None] + known.sum(axis=1)
    found: F64 = shared / np.maximum(either - shared, 1.0) + question.popularity
    return found


def _having(column: Mapping[str, int], contents: Sequence[Content]) -> F64:
    marked = np.zeros((len(contents), len(column)))
    for i, content in enumerate(contents):
        marked[i, [column[genre] for genre in content.genres if genre in column]] = 1.0
    return marked


def chance(question: Question) -> F64:
    """Any order."""
    rng = np.random.default_rng(question.seed)
    return rng.random((len(question.asked), len(question.known)))


def space(name: Space, question: Question) -> F64:
    """Cosines in one space, as a generation of the titles known would calibrate it; a title that
    lacks it is last."""
    asked, known = _calibrated(name, question)
    cosines: F64 = np.nan_to_num(asked @ known.T, nan=-2.0)
    return cosines


def content(weights: Weights, question: Question) -> F64:
    """The fused score over the spaces both have."""
    total = np.zeros((len(question.asked), len(question.known)))
    counted = np.zeros_like(total)
    for name, weight in weights.items():
        if name == "taste" or weight <= 0:
            continue
        asked, known = _calibrated(name, question)
        cosines = asked @ known.T
        total += weight * np.nan_to_num(cosines)
        counted += weight * ~np.isnan(cosines)
    return np.where(counted > 0, total / np.maximum(counted, 1e-12), -2.0)


def _calibrated(name: Space, question: Question) -> tuple[F64, F64]:
    """(asked, dim), (known, dim); NaN for a title without it."""
    there = [c.vectors[name].data for c in question.known if name in c.vectors]
    if not there:
        return np.full((len(question.asked), 1), np.nan), np.full((len(question.known), 1), np.nan)
    constants = Calibration.fit({name: np.stack(there)})
    missing = np.full(len(there[0]), np.nan)
    sides = [
        np.stack([
            constants.apply(name, c.vectors[name].data) if name in c.vectors else missing
            for c in side
        ])
        for side in (question.asked, question.known)
    ]  # fmt: skip
    return sides[0].astype(np.float64), sides[1].astype(np.float64)
