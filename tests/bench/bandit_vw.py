"""Vowpal Wabbit in the worlds of `bandit`: one example a decision, a line for each picture.

Namespaces: U the viewer's taste (the same numbers that Keyart has) and, with `ids`, their id; P the
picture's descriptor, I its id, T its title's, C the circumstances; L the products of taste
and descriptor and their cosine, as Keyart has them.
"""

import numpy as np

from artwork.choice.belief.features import BLOCKS, LIKED, assemble
from artwork.choice.belief.sums import I16, SCALE
from tests.bench.bandit_worlds import Sight

_LIKING = slice(BLOCKS["interplay"].start, BLOCKS["match"].stop)


class VowpalWabbit:
    """`options` after `--cb_explore_adf`; `liking` gives the products as features of their own."""

    def __init__(self, seed: int, options: str, *, liking: bool = True, ids: bool = False) -> None:
        from vowpalwabbit import Workspace

        self._workspace = Workspace(
            f"--cb_explore_adf {options} --quiet --random_seed {seed + 1} -b 20"
        )
        self._rng = np.random.default_rng(seed)
        self._liking, self._ids = liking, ids
        self._pictures: dict[int, list[str]] = {}
        self._open: dict[int, tuple[list[str], float]] = {}

    def choose(self, sight: Sight) -> int:
        lines = self._lines(sight)
        pmf = np.array(self._workspace.predict(lines))
        chosen = int(min(np.searchsorted(np.cumsum(pmf), self._rng.random()), len(pmf) - 1))
        self._open[sight.number] = lines, float(pmf[chosen])
        return chosen

    def shown(self, sight: Sight, chosen: int) -> None:
        pass

    def hint(self, sight: Sight, chosen: int, click: float) -> None:
        pass

    def learn(self, sight: Sight, chosen: int, reward: float) -> None:
        lines, propensity = self._open.pop(sight.number)
        lines = list(lines)
        lines[chosen + 1] = f"0:{-reward:.4f}:{propensity:.6f} {lines[chosen + 1]}"
        self._workspace.learn(lines)

    def _lines(self, sight: Sight) -> list[str]:
        pictures = self._pictures.get(sight.title)
        if pictures is None:
            pictures = self._pictures[sight.title] = [
                f"|P {_numbers(own)} |I i{sight.title}_{k} |T t{sight.title}"
                for k, own in enumerate(sight.descriptors)
            ]
        taste = np.zeros(LIKED, np.int16) if sight.taste is None else sight.taste[:LIKED]
        viewer = f" v{sight.viewer}" if self._ids else ""
        circumstances = " ".join(f"{i}:{v:.3f}" for i, v in enumerate(sight.here.block) if v)
        shared = f"shared |U c:1 {_numbers(taste)}{viewer} |C {circumstances}"
        if not self._liking:
            return [shared, *pictures]
        liked = assemble(sight.descriptors, sight.taste, sight.here)[:, _LIKING]
        both = zip(pictures, liked, strict=True)
        return [shared, *(f"{line} |L {_numbers(row)}" for line, row in both)]


def _numbers(units: I16) -> str:
    return " ".join(f"{i}:{v / SCALE:.4f}" for i, v in enumerate(units.tolist()) if v)
