"""Fitting the taste map: is there enough to learn from, what was learned, does it pay?"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from content.errors import Conflict
from indexes.taste import evaluation
from indexes.taste.contents import Content
from indexes.taste.evaluation import BASELINES, Score, Tally
from indexes.taste.factors import counts
from indexes.taste.learner import choose, having_viewers, learn
from indexes.taste.leaving_out import Indices
from indexes.taste.model import TasteMap
from indexes.weights import Weights

LEAST_TITLES = 60
"""Titles with five viewers or more: fewer cannot be left out by fifths and judged."""
LEAST_VIEWERS = 50
"""Of viewers who watched two titles or more: only they tell which titles belong together."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """`figures` are of titles left out whole, by name of the way they were ranked."""

    map: TasteMap
    figures: dict[str, dict[str, float]]
    gains: dict[str, dict[str, float]]
    """Of recall over each baseline, with its 95 % interval."""

    @property
    def worse_than(self) -> list[str]:
        """The baselines that it does not beat beyond chance."""
        return [name for name, gain in self.gains.items() if gain["low"] <= 0]


def fit(
    contents: Sequence[Content],
    watched: Any,
    weights: Weights,
    seed: int,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> Fitted:
    """Learn the map and judge it.

    Args:
        watched: scipy sparse (viewers, titles) of 0 and 1, columns in the order of `contents`,
            whose ids ascend.
        weights: of the fused score in use, the plain content that it is judged beside.

    Raises:
        Conflict: `taste_too_little_watched`.
    """
    check_enough(watched)
    ways: dict[str, Score] = {
        "taste": evaluation.taste,
        "popularity": evaluation.popularity,
        "genres": evaluation.genres,
        "content": partial(evaluation.content, weights),
        "random": evaluation.chance,
    }
    tallies = evaluation.judged(contents, watched, ways, seed, on_progress)
    parameters = choose(contents, watched, seed)
    learned = learn(contents, watched, parameters, seed)
    told = {
        "seed": seed,
        "penalties": dict(parameters.penalties),
        "stretch": parameters.stretch,
        "data": digest(contents, watched),
        "titles": int((counts(watched) > 0).sum()),
        "own": len(learned.having),
        "viewers": len(_telling(watched)),
    }
    taste_map = TasteMap.of(learned, [c.title_id for c in contents], parameters, told)
    return Fitted(taste_map, _figures(tallies), _gains(tallies))


def check_enough(watched: Any) -> None:
    """Raises Conflict: `taste_too_little_watched`."""
    titles, viewers = len(having_viewers(watched)), len(_telling(watched))
    if titles < LEAST_TITLES or viewers < LEAST_VIEWERS:
        raise Conflict(
            "taste_too_little_watched",
            f"{titles} titles have five viewers or more and {viewers} viewers have watched two "
            f"titles or more; at least {LEAST_TITLES} and {LEAST_VIEWERS} are needed",
        )


def digest(contents: Sequence[Content], watched: Any) -> str:
    """SHA-256 (hex) of all that is learned from, viewers by what they watched alone."""
    hashed = hashlib.sha256()
    for c in contents:
        vectors = {space: v.data.astype("<f4").tobytes() for space, v in sorted(c.vectors.items())}
        hashed.update(repr((c.title_id, c.genres, c.year, c.facts, vectors)).encode())
    rows = watched.tocsr()
    rows.sort_indices()
    parts = np.split(rows.indices, rows.indptr[1:-1])
    for row in sorted(part.astype("<i4").tobytes() for part in parts):
        hashed.update(row + b"\x1e")
    return hashed.hexdigest()


def _telling(watched: Any) -> Indices:
    found: Indices = np.flatnonzero(np.asarray(watched.sum(axis=1)).ravel() >= 2)
    return found


def _figures(tallies: dict[str, Tally]) -> dict[str, dict[str, float]]:
    return {name: tally.figures() for name, tally in tallies.items()}


def _gains(tallies: dict[str, Tally]) -> dict[str, dict[str, float]]:
    return {name: evaluation.gain(tallies["taste"], tallies[name]) for name in BASELINES}
