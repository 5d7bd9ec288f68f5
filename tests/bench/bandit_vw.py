"""Vowpal Wabbit in the worlds of `bandit`: one example a decision, a line for each picture.

Namespaces: U the viewer's taste (the same numbers that Keyart has) and a constant; P the
picture's descriptor, I its id, T its title's, C the circumstances; L the products of taste
and descriptor and their cosine, as Keyart has them.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import Any

import numpy as np

from artwork.choice.belief.features import BLOCKS, DESCRIPTOR, LIKED, assemble
from artwork.choice.belief.sums import I16, SCALE
from tests.bench.bandit_worlds import Sight

_LIKING = slice(BLOCKS["interplay"].start, BLOCKS["match"].stop)


_WORDS: list[dict[int, str]] = [
    {0: ""} for _ in range(max(DESCRIPTOR, _LIKING.stop - _LIKING.start))
]
"""What is told of the i-th number at each of its values, made once, for it is told so often."""


class VowpalWabbit:
    """`options` after `--cb_explore_adf`; `liking` gives the products as features of their own.

    What is told of a decision is parsed once, and what was parsed is learned from (the same bits as
    from text, in four fifths of the time).
    """

    def __init__(self, seed: int, options: str, liking: bool) -> None:
        from vowpalwabbit import Workspace

        self._workspace = Workspace(f"--cb_explore_adf {options} --quiet --random_seed {seed + 1}")
        self._rng = np.random.default_rng(seed)
        self._liking = liking
        self._pictures: dict[int, list[str]] = {}
        self._here: dict[int, str] = {}
        self._open: dict[int, tuple[list[Any], float]] = {}

    def choose(self, sight: Sight) -> int:
        examples = self._workspace.parse(self._lines(sight))
        pmf = self._workspace.predict(examples)
        chosen = min(bisect_left(list(accumulate(pmf)), self._rng.random()), len(pmf) - 1)
        self._open[sight.number] = examples, pmf[chosen]
        return chosen

    def shown(self, sight: Sight, chosen: int) -> None:
        pass

    def hint(self, sight: Sight, chosen: int, click: float) -> None:
        pass

    def learn(self, sight: Sight, chosen: int, reward: float) -> None:
        examples, propensity = self._open.pop(sight.number)
        examples[chosen + 1].set_label_string(f"0:{-reward:.4f}:{propensity:.6f}")
        self._workspace.learn(examples)
        self._workspace.finish_example(examples)

    def _lines(self, sight: Sight) -> list[str]:
        pictures = self._pictures.get(sight.title)
        if pictures is None:
            pictures = self._pictures[sight.title] = [
                f"|P {_numbers(own)} |I i{sight.title}_{k} |T t{sight.title}"
                for k, own in enumerate(sight.descriptors)
            ]
        taste = "" if sight.taste is None else _numbers(sight.taste[:LIKED])
        here = self._here.get(id(sight.here))  # a world keeps each as long as it lives
        if here is None:
            told = (f"{i}:{v:.3f}" for i, v in enumerate(sight.here.block) if v)
            here = self._here[id(sight.here)] = " ".join(told)
        shared = f"shared |U c:1 {taste} |C {here}"
        if not self._liking:
            return [shared, *pictures]
        liked = assemble(sight.descriptors, sight.taste, sight.here)[:, _LIKING]
        both = zip(pictures, liked, strict=True)
        return [shared, *(f"{line} |L {_numbers(row)}" for line, row in both)]


def _numbers(units: I16) -> str:
    told = []
    for i, value in enumerate(units.tolist()):
        word = _WORDS[i].get(value)
        if word is None:
            word = _WORDS[i][value] = f"{i}:{value / SCALE:.4f}"
        told.append(word)
    return " ".join(told)
