"""Pictures in the space of words: ConSE (Norouzi et al. 2013, arXiv:1312.5650).

The ten likeliest classes of a picture weight the vectors of "a photo of a LABEL". It knows the
nouns of ImageNet and nothing of actions, style or people.
"""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from content.types import F32

if TYPE_CHECKING:
    from content.encoders.text import TextEncoder

TOP = 10
PROMPT = "a photo of a {}"


class ConceptEncoder:
    """Class probabilities to the synopsis space. Label vectors are made when first needed."""

    def __init__(self, text: "TextEncoder") -> None:
        self._text = text
        self._labels = labels()
        self._vectors: dict[int, F32] = {}

    def encode(self, likeliest: F32) -> F32:
        """(n, TOP, 2), as of `likeliest`, to vectors (n, dim of the text encoder), unit norm."""
        if not len(likeliest):
            return np.zeros((0, self._text.spec.dim), np.float32)
        return np.stack([self._one(row) for row in likeliest])

    def _one(self, row: F32) -> F32:
        best, weights = row[:, 0], row[:, 1] / row[:, 1].sum()
        mixed = weights @ np.stack([self._label(int(index)) for index in best])
        unit: F32 = (mixed / np.linalg.norm(mixed)).astype(np.float32)
        return unit

    def _label(self, index: int) -> F32:
        if index not in self._vectors:
            self._vectors[index] = self._text.encode([PROMPT.format(self._labels[index])])[0]
        return self._vectors[index]


def likeliest(probabilities: F32) -> F32:
    """Of class probabilities (n, 1000) the TOP of each row, best first: (n, TOP, 2), a class's
    number and its probability. All that a picture's `concept` is made of, whatever the text
    encoder."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    found: F32 = np.stack([best, np.take_along_axis(probabilities, best, 1)], -1).astype(np.float32)
    return found


def labels() -> list[str]:
    """The 1000 class names of ILSVRC 2012 in their order, from the tables packaged with timm."""
    synsets = label_file("imagenet_synsets.txt").read_text("utf-8").split()
    lemmas = label_file("imagenet_synset_to_lemma.txt").read_text("utf-8").splitlines()
    names = dict(line.split("\t", 1) for line in lemmas)
    return [names[synset].split(",")[0].strip() for synset in synsets]


def label_file(name: str) -> Path:
    """A table of timm's, without importing timm (and torchvision with it)."""
    spec = importlib.util.find_spec("timm")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "data" / "_info" / name
