"""Pictures, titles and viewers of a simulated catalogue, as a house would hold them.

What moves a viewer is hidden: a taste in the latent factors of the pictures. A policy sees what it
would see in production: a picture's vector (1,280 rectified numbers) and its facts (each a noisy
view of some factors), and what a viewer watched. No part of this is made from the policy's
features. The vectors are told as looks, by a projection fitted on the titles that are there before
the first decision, to all policies alike.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from artwork.choice.belief.features import FACTS, descriptor
from artwork.choice.belief.looks import Projection
from artwork.choice.belief.sums import I16
from artwork.choice.events.taste import History, taste_of

F64 = npt.NDArray[np.float64]

FACTORS = 6
"""Latent looks; tastes differ much in the first and little in the last."""
NUISANCE = 10
"""Further factors of a picture's vector that nobody has a taste for."""
SPREAD = np.array([1.0, 0.9, 0.8, 0.6, 0.4, 0.3])
DAY_US = 24 * 3600 * 1_000_000
EPOCH_US = 1_767_571_200_000_000
"""2026-01-05, 00:00 UTC."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    looks: F64
    """(titles, K, factors), each of unit variance: hidden."""
    descriptors: I16
    """(titles, K, 33): what the policy is told of them."""

    @property
    def means(self) -> I16:
        """(titles, 33), of a title's pictures: what watching it tells."""
        return np.rint(self.descriptors.mean(axis=1)).astype(np.int16)


def catalogue(titles: int, pictures: int, known: int, rng: np.random.Generator) -> Catalogue:
    """Titles with a genre's look each, pictures that vary about it; `known` of them at first."""
    genre = 0.6 * rng.standard_normal((titles, 1, FACTORS))
    looks = genre + 0.8 * rng.standard_normal((titles, pictures, FACTORS))
    nuisance = 0.25 * rng.standard_normal((titles, 1, NUISANCE))
    nuisance = nuisance + 0.25 * rng.standard_normal((titles, pictures, NUISANCE))
    shape = rng.standard_normal((FACTORS + NUISANCE, 1280))
    common = 1.2 * np.abs(rng.standard_normal(1280))
    # Each fact leans on three factors; a third of them on nothing that matters.
    loads = np.zeros((len(FACTS), FACTORS))
    for row in loads[: 2 * len(FACTS) // 3]:
        row[rng.choice(FACTORS, 3, replace=False)] = 0.8 * rng.standard_normal(3)
    vectors = np.empty((titles, pictures, 1280), np.float32)
    facts: list[list[dict[str, float]]] = [[] for _ in range(titles)]
    for t in range(titles):
        for p in range(pictures):
            hidden = np.concatenate([looks[t, p], nuisance[t, p]])
            raw = common + 0.4 * hidden @ shape + 0.3 * rng.standard_normal(1280)
            raw = np.maximum(raw, 0.0)
            told = loads @ looks[t, p] + 0.5 * rng.standard_normal(len(FACTS))
            facts[t].append(dict(zip(FACTS, (1 / (1 + np.exp(-told))).tolist(), strict=True)))
            vectors[t, p] = raw / np.linalg.norm(raw)
    by = Projection.of(vectors[:known].reshape(-1, 1280))
    found = [
        [descriptor(facts[t][p], vectors[t, p], by) for p in range(pictures)] for t in range(titles)
    ]
    return Catalogue(looks, np.array(found))


@dataclass(eq=False)
class Audience:
    """Viewers with hidden tastes, and what each has watched (which nobody's choice changes)."""

    tastes: F64
    """(viewers, factors): what the viewer likes more than others do."""
    titles: list[list[int]]
    """Watched, the newest first."""
    values: list[list[float]]
    occurred_us: list[list[int]]

    def taste(self, viewer: int, means: I16, at_us: int) -> I16 | None:
        """As the service derives it from stored watch events."""
        seen = self.titles[viewer]
        if not seen:
            return None
        when = np.array(self.occurred_us[viewer], np.float64)
        return taste_of(History(np.array(self.values[viewer]), means[seen], when), at_us)

    def watch(self, viewer: int, title: int, value: float, at_us: int) -> None:
        for row, item in ((self.titles, title), (self.values, value), (self.occurred_us, at_us)):
            row[viewer].insert(0, item)


def audience(viewers: int, shelf: Catalogue, watches: int, rng: np.random.Generator) -> Audience:
    """Viewers who watched about `watches` titles in the last 60 days, some of them none."""
    tastes = SPREAD * rng.standard_normal((viewers, FACTORS)) / np.sqrt(np.sum(SPREAD**2))
    empty: list[list[list[int]]] = [[[] for _ in range(viewers)] for _ in range(3)]
    made = Audience(tastes, empty[0], empty[1], empty[2])  # type: ignore[arg-type]
    counts = np.minimum(rng.geometric(1 / (watches + 1), viewers) - 1, 3 * watches)
    ages = [np.sort(rng.integers(0, 60, n))[::-1] for n in counts]
    looks = shelf.looks.mean(axis=1)
    for viewer, days in enumerate(ages):
        for title in liked(tastes[viewer], looks, len(days), rng):
            at_us = EPOCH_US - int(days[len(made.titles[viewer])]) * DAY_US
            made.watch(viewer, int(title), float(rng.uniform(0.3, 1.0)), at_us)
    return made


def liked(taste: F64, looks: F64, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Titles that a viewer watches: the likelier the better they like its look, `looks` (titles,
    factors)."""
    liking = looks @ taste
    keys = 2.0 * liking / (liking.std() + 1e-9) + rng.gumbel(size=len(liking))
    return np.argsort(-keys)[:count]
