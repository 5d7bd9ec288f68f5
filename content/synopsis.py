"""The words of a title as a vector."""

import numpy as np

from content.encoders.models import Models
from content.types import Vector

MAX_CHUNKS = 64
"""About 12,000 words are read; more is no synopsis."""


def encode_synopsis(text: str, models: Models) -> Vector | None:
    """The synopsis-space vector of `text`, unit norm; None when it is blank.

    Longer than the model reads at once: the mean of the pieces' vectors, made a unit again.
    """
    if not text.strip():
        return None
    pieces = models.text.chunks(text)[:MAX_CHUNKS]
    if not pieces:
        return None
    mean = models.text.encode(pieces).astype(np.float64).mean(0)
    unit = (mean / np.linalg.norm(mean)).astype(np.float32)
    return Vector(unit, models.text.spec.fingerprint)
