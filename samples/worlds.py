"""Simulated viewers with hidden tastes over given pictures.

A world knows pictures only as vectors; it never sees the policy's features, so it can stand before
a `Personalizer` in this process or before a server reached over HTTP.

A viewer has a hidden taste in the principal axes of the pictures' looks. They watch titles whose
pictures they like, and take a title when its picture pleases them:
`P(reward) = sigmoid(base + pull · taste·look + quality(picture))`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WorldSpec:
    """How strongly the hidden taste and a picture's own quality move a viewer."""

    viewers: int = 200
    axes: int = 4
    base: float = -1.6
    pull: float = 1.3
    quality_sd: float = 0.4
    watches: int = 10


class World:
    """`pictures`: title → picture id → vector (any length, the same for all)."""

    def __init__(
        self,
        pictures: Mapping[str, Mapping[str, npt.NDArray[np.floating]]],
        seed: int,
        spec: WorldSpec | None = None,
    ) -> None:
        self.spec = spec or WorldSpec()
        rng = np.random.default_rng(seed)
        self.names = [(title, picture) for title in pictures for picture in pictures[title]]
        self.titles = list(pictures)
        self.vectors = np.array([pictures[t][p] for t, p in self.names], np.float64)
        """(pictures, length) as given."""
        self.looks = _principal(self.vectors, self.spec.axes)
        """(pictures, axes), each axis of unit variance."""
        self.tastes = rng.standard_normal((self.spec.viewers, self.looks.shape[1]))
        self.tastes /= np.sqrt(self.looks.shape[1])
        quality = self.spec.quality_sd * rng.standard_normal(len(self.names))
        appeal = self.tastes @ self.looks.T
        self.probability: F64 = 1 / (
            1 + np.exp(-(self.spec.base + self.spec.pull * appeal + quality))
        )
        """(viewers, pictures) of a reward."""
        self._at = {name: i for i, name in enumerate(self.names)}
        self._of = {
            title: [i for i, (t, _) in enumerate(self.names) if t == title] for title in self.titles
        }

    def look(self, title: str, picture: str) -> F64:
        """(axes,), each of unit variance over all pictures."""
        found: F64 = self.looks[self._at[title, picture]]
        return found

    def chance(self, viewer: int, title: str, picture: str) -> float:
        """The probability of a reward."""
        return float(self.probability[viewer, self._at[title, picture]])

    def watched(self, viewer: int, rng: np.random.Generator) -> list[tuple[str, float]]:
        """Titles the viewer watched, the likelier the better they like them, and how far."""
        liking = np.array(
            [self.tastes[viewer] @ self.looks[self._of[t]].mean(axis=0) for t in self.titles]
        )
        keys = 3 * liking / (liking.std() + 1e-9) + rng.gumbel(size=len(self.titles))
        best = np.argsort(-keys)[: self.spec.watches]
        return [(self.titles[i], float(rng.uniform(0.6, 1.0))) for i in best]

    def uniform(self, viewer: int, title: str) -> float:
        """The take fraction of a picture chosen blindly."""
        return float(self.probability[viewer, self._of[title]].mean())

    def best_single(self, viewer: int, title: str) -> float:
        """Of the one picture that is best for all viewers together."""
        rows = self._of[title]
        best = rows[int(np.argmax(self.probability[:, rows].mean(axis=0)))]
        return float(self.probability[viewer, best])

    def oracle(self, viewer: int, title: str) -> float:
        """Of the picture that is best for this viewer."""
        return float(self.probability[viewer, self._of[title]].max())


def _principal(vectors: F64, axes: int) -> F64:
    centred = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(axes, int(np.sum(sizes > 1e-9 * sizes[0])))
    scores = left[:, :kept] * sizes[:kept]
    return np.asarray(scores / (scores.std(axis=0) + 1e-12))


def synthetic_embeddings(
    titles: int, pictures: int, seed: int, axes: int = 4
) -> dict[str, dict[str, npt.NDArray[np.float32]]]:
    """Unit-norm, rectified (1280,) vectors with a few real degrees of freedom, as pooled network
    features have: a genre's look, a picture's own variation, and much in common."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((axes, 1280))
    common = np.abs(rng.standard_normal(1280)) * 1.5
    out: dict[str, dict[str, npt.NDArray[np.float32]]] = {}
    for t in range(titles):
        genre = 0.6 * rng.standard_normal(axes)
        row = out.setdefault(f"title-{t:02d}", {})
        for p in range(pictures):
            look = genre + 0.8 * rng.standard_normal(axes)
            raw = np.maximum(
                common + 0.5 * look @ directions + 0.3 * rng.standard_normal(1280), 0.0
            )
            row[f"{t:02d}-{p:02d}"] = (raw / np.linalg.norm(raw)).astype(np.float32)
    return out
