"""What a story is about: zero-shot themes, by a text encoder alone.

Every theme of `content.theme_vocabulary` has three describing sentences. A text's evidence for a
theme is its mean cosine with the two nearest of them, less what the sentences of all the other
themes have on average (some sentences are near to everything), over the vocabulary's own spread.
The score is that evidence as a probability (Platt 1999), fitted on the tuning half of
`samples/themes.json`; `python -m tests.bench themes` prints the accuracy on the other half.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from content.theme_vocabulary import THEMES
from content.types import F32

NEAREST = 2
"""Of a theme's sentences that count."""
SLOPE, EVEN_AT = 1.28, 3.03
"""Of the logistic curve, in standard deviations: 0.5 at `EVEN_AT`."""
LEAST = 0.2
MOST = 5
"""Themes below the one score, or beyond that many, are not told."""


class WordEncoder(Hashable, Protocol):
    """What is needed of `content.encoders.text`."""

    def encode(self, texts: Any, /) -> F32: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Vocabulary:
    names: tuple[str, ...]
    sentences: F32
    """(themes, sentences, dim)."""
    mean: F32
    """(themes,), of the nearness of all other themes' sentences."""
    spread: float


def theme_scores(
    vectors: F32, encoder: WordEncoder, weights: F32 | None = None
) -> list[dict[str, Any]]:
    """The themes of a text, likeliest first, as `{theme, score}`, score 0..1; at most `MOST`.

    Args:
        vectors: (n, dim) unit vectors of the text's pieces, made by `encoder`.
        weights: (n,) of the pieces; equal when not given.
    """
    if len(vectors) == 0:
        return []
    vocabulary = _vocabulary(encoder)
    scores = np.average(evidence(vectors, encoder), axis=0, weights=weights)
    scores = 1 / (1 + np.exp(-SLOPE * (scores - EVEN_AT)))
    order = np.argsort(-scores, kind="stable")[:MOST]
    return [
        {"theme": vocabulary.names[k], "score": round(float(scores[k]), 3)}
        for k in order
        if scores[k] >= LEAST
    ]


def evidence(vectors: F32, encoder: WordEncoder) -> F32:
    """(n, themes) in standard deviations, as the vocabulary is ordered; 0: no nearer than usual."""
    vocabulary = _vocabulary(encoder)
    return (_nearness(vectors, vocabulary.sentences) - vocabulary.mean) / vocabulary.spread


@lru_cache(maxsize=2)
def _vocabulary(encoder: WordEncoder) -> _Vocabulary:
    texts = [text for sentences in THEMES.values() for text in sentences]
    flat = encoder.encode(texts)
    sentences = flat.reshape(len(THEMES), -1, flat.shape[1])
    near = _nearness(flat, sentences).reshape(len(THEMES), -1, len(THEMES))
    # A theme's own sentences are no background to it.
    others = [np.delete(near[:, :, k], k, axis=0).ravel() for k in range(len(THEMES))]
    mean = np.array([values.mean() for values in others], np.float32)
    spread = float(np.mean([values.std() for values in others]))
    return _Vocabulary(tuple(THEMES), sentences, mean, spread)


def _nearness(vectors: F32, sentences: F32) -> F32:
    cosines = np.einsum("nd,tkd->ntk", vectors, sentences)
    nearest: F32 = np.sort(cosines, axis=-1)[..., -NEAREST:].mean(-1)
    return nearest
