"""How near words and pictures come to each mood in the space of the text encoder: zero-shot.

A mood's own sentence stands for it. Cosines are set against those of neutral sentences, so that
no mood wins because its sentence is near to everything.
"""

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from content.mood.vocabulary import MOODS
from content.synopsis import chunks
from content.types import F32

if TYPE_CHECKING:
    from content.encoders.models import Models

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

    def __init__(self, models: "Models") -> None:
        self._models = models

    def of_words(self, vectors: F32) -> F64:
        """Of what is said or told: `vectors` (n, dim), unit norm, one a chunk, n ≥ 1."""
        anchors, level = self._words
        return _affinity((vectors @ anchors.T).mean(0), level)

    def of_text(self, text: str) -> F64 | None:
        """Of a synopsis; None when it is blank."""
        pieces = chunks(text, self._models)
        return self.of_words(self._models.text.encode(pieces)) if pieces else None

    def of_picture(self, vector: F32) -> dict[str, F64]:
        """Of what a picture is taken to show (`Picture.meaning`): `concept` by ConSE, or `match`
        by a cross-modal encoder, whose cosines are brought to the spread of one unit."""
        anchors, level = self._sights
        if not self._models.cross_modal:
            return {"concept": _affinity(anchors @ vector, level)}
        above = anchors @ vector - level
        return {"match": _affinity(above * (SPREAD / max(float(above.std()), 1e-6)), 0 * level)}

    @cached_property
    def _words(self) -> tuple[F32, F32]:
        encode = self._models.text.encode
        return _anchors(encode([mood.meaning for mood in MOODS]), encode(NEUTRAL_WORDS))

    @cached_property
    def _sights(self) -> tuple[F32, F32]:
        prompts = [f"a photo of {mood.sights}" for mood in MOODS]
        encode = self._models.picture_words
        return _anchors(encode(prompts), encode(NEUTRAL_SIGHTS))


@lru_cache(maxsize=2)
def meaning_by(models: "Models") -> Meaning:
    """The one of these models: it keeps the moods' vectors."""
    return Meaning(models)


def _anchors(anchors: F32, neutral: F32) -> tuple[F32, F32]:
    """The moods' vectors (moods, dim), and each one's mean cosine with what is neutral."""
    return anchors, (anchors @ neutral.T).mean(1)


def _affinity(cosines: npt.NDArray[np.floating], level: F32) -> F64:
    above = (np.asarray(cosines, np.float64) - level) / SPREAD
    centred: F64 = np.clip(above - above.mean(), -LIMIT, LIMIT)
    return centred
