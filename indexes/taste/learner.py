"""Learning the map, and choosing how: penalties of the blocks and the stretch of what is mapped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from indexes.taste.contents import Content
from indexes.taste.design import Design
from indexes.taste.factors import MIN_VIEWERS, counts, title_factors
from indexes.taste.leaving_out import (
    Bools,
    Fold,
    Indices,
    folds,
    recall,
    together,
    true_neighbours,
)
from indexes.taste.mapping import Mapped, Normal
from indexes.taste.places import F64

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
STRETCHES = (0.6, 0.75, 0.87, 1.0)
START = 3.0
START_STRETCH = 0.87
ROUNDS = 2
"""Of going through the blocks, one choice at a time."""
INNER = 3
"""Parts of what is learned from, by which the choice is made."""
ENOUGH = 1e-3
"""A choice that finds less than so much more is not taken: the more careful one stays."""


@dataclass(frozen=True)
class Parameters:
    """How the map is learned."""

    penalties: Mapping[str, float]
    stretch: float


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """`own` are the factors (n, dim) of the titles numbered `having`, ascending."""

    design: Design
    mapped: Mapped
    having: Indices
    own: F64

    def factors(self, contents: Sequence[Content], stretch: float) -> F64:
        """(n, dim) of all these titles: their own where they have one, else the mapped."""
        found = self.mapped.factors(self.design.rows(contents), stretch)
        found[self.having] = self.own
        return found


def having_viewers(watched: Any) -> Indices:
    """The titles that may have a factor of their own."""
    found: Indices = np.flatnonzero(counts(watched) >= MIN_VIEWERS)
    return found


def choose(contents: Sequence[Content], watched: Any, seed: int) -> Parameters:
    """The parameters that find most of the true neighbours of titles left out.

    Left-out titles are also among those to be ranked, as new titles are in use: what is mapped and
    what is watched must have lengths that can be compared.
    """
    design = Design.fit(contents)
    rows = design.rows(contents)
    parts = folds(watched, INNER, seed)
    trials = [_Trial.of(design.blocks, rows, watched, part, seed) for part in parts]
    best = Parameters(dict.fromkeys(design.blocks, START), START_STRETCH)
    most = _found(trials, best)
    for _ in range(ROUNDS):
        for tried in _neighbours(best):
            if (found := _found(trials, tried(best))) > most + ENOUGH:
                best, most = tried(best), found
    return best


def learn(contents: Sequence[Content], watched: Any, parameters: Parameters, seed: int) -> Learned:
    """The map and the titles' own factors, from all events given."""
    having = having_viewers(watched)
    design = Design.fit(contents)
    own = title_factors(watched[:, having], seed)
    rows = design.rows([contents[i] for i in having])
    mapped = Normal.of(rows, own).solve(design.blocks, parameters.penalties)
    return Learned(design, mapped, having, own)


def _neighbours(first: Parameters) -> list[Callable[[Parameters], Parameters]]:
    """One other choice each: of a penalty, or of the stretch."""
    steps: list[Callable[[Parameters], Parameters]] = []
    for name in first.penalties:
        steps += [partial(_with_penalty, name, penalty) for penalty in PENALTIES]
    return steps + [partial(_with_stretch, stretch) for stretch in STRETCHES]


def _with_penalty(name: str, penalty: float, now: Parameters) -> Parameters:
    return replace(now, penalties={**now.penalties, name: penalty})


def _with_stretch(stretch: float, now: Parameters) -> Parameters:
    return replace(now, stretch=stretch)


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """One part left out, ready to be asked under any parameters."""

    blocks: Mapping[str, int]
    normal: Normal
    own: F64
    own_columns: Indices
    new_rows: F64
    new_columns: Indices
    asked: Indices
    """Columns of the titles asked with."""
    truth: Bools
    depth: int

    @classmethod
    def of(
        cls, blocks: Mapping[str, int], rows: F64, watched: Any, fold: Fold, seed: int
    ) -> "_Trial":
        viewers = counts(watched)
        ranked = np.flatnonzero(viewers > 0)
        having = np.setdiff1d(np.flatnonzero(viewers >= MIN_VIEWERS), fold.out)
        new = np.setdiff1d(ranked, having)
        own = title_factors(watched[:, having], seed)
        truth, _ = true_neighbours(together(watched, fold.asked, ranked), fold.depth // 2)
        return cls(
            blocks=blocks,
            normal=Normal.of(rows[having], own),
            own=own,
            own_columns=np.searchsorted(ranked, having),
            new_rows=rows[new],
            new_columns=np.searchsorted(ranked, new),
            asked=np.searchsorted(ranked, fold.asked),
            truth=truth,
            depth=fold.depth,
        )

    def recall(self, parameters: Parameters) -> F64:
        mapped = self.normal.solve(self.blocks, parameters.penalties)
        placed = np.empty((len(self.own) + len(self.new_rows), self.own.shape[1]))
        placed[self.own_columns] = self.own
        placed[self.new_columns] = mapped.factors(self.new_rows, parameters.stretch)
        scores = placed[self.asked] @ placed.T
        scores[np.arange(len(self.asked)), self.asked] = -np.inf
        return recall(scores, self.truth, self.depth)


def _found(trials: Sequence[_Trial], parameters: Parameters) -> float:
    return float(np.concatenate([trial.recall(parameters) for trial in trials]).mean())
