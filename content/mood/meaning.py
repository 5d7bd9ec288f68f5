"""How near words and pictures come to each mood in the space of the text encoder: zero-shot.

A mood's own sentence stands for it. Cosines are set against those of neutral sentences, so that
no mood wins because its sentence is near to everything.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from content.mood.vocabulary import MOODS
from content.types import F32

if TYPE_CHECKING:
    from content.encoders.text import TextEncoder

F64 = npt.NDArray[np.float64]

SPREAD = 0.08
"""Of cosines about their neutral level: one unit of affinity."""
LIMIT = 2.5
NEUTRAL_WORDS = (
    "A man tells a woman where he has been.",
    "They talk about the day and what is to be done.",
    "The story of some people and what happens to them.",
    "He opens the door and goes to the table.",
    "It is three o'clock and she is at home.",
    "A film about a town and those who live there.",
)
NEUTRAL_SIGHTS = (
    "a photo of a thing",
    "a photo of a person",
    "a photo of a room",
    "a photo of a place outdoors",
    "a photo of an animal",
    "a photo of clothes",
    "a photo of a tool",
    "a photo of a vehicle",
)


class Meaning:
    """Affinities (moods,) in the vocabulary's order: about −2.5..2.5, 0 for what is neutral."""

    def __init__(self, text: "TextEncoder") -> None:
        self._text = text

    def of_words(self, vectors: F32) -> F64:
        """Of what is said or told: `vectors` (n, 384), unit norm, one a chunk, n ≥ 1."""
        anchors, level = self._words
        return _affinity((vectors @ anchors.T).mean(0), level)

    def of_concept(self, concept: F32) -> F64:
        """Of what a picture is taken to show: its ConSE vector (384,), unit norm."""
        anchors, level = self._sights
        return _affinity(anchors @ concept, level)

    @cached_property
    def _words(self) -> tuple[F32, F32]:
        return self._anchors([mood.meaning for mood in MOODS], NEUTRAL_WORDS)

    @cached_property
    def _sights(self) -> tuple[F32, F32]:
        prompts = [f"a photo of {mood.sights}" for mood in MOODS]
        return self._anchors(prompts, NEUTRAL_SIGHTS)

    def _anchors(self, sentences: Sequence[str], neutral: Sequence[str]) -> tuple[F32, F32]:
        """The moods' vectors (moods, 384), and each one's mean cosine with what is neutral."""
        anchors = self._text.encode(sentences)
        return anchors, (anchors @ self._text.encode(neutral).T).mean(1)


def _affinity(cosines: npt.NDArray[np.floating], level: F32) -> F64:
    above = (np.asarray(cosines, np.float64) - level) / SPREAD
    centred: F64 = np.clip(above - above.mean(), -LIMIT, LIMIT)
    return centred
