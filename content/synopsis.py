"""The words of a title as a vector."""

import re

import numpy as np

from content.encoders.models import Models
from content.types import F32, Vector

MAX_CHUNKS = 64
"""About 12,000 words are read; more is no synopsis."""
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][\"'”’)])\s+|\n\s*\n|(?<=[。！？])")


def encode_synopsis(text: str, models: Models) -> Vector | None:
    """The synopsis-space vector of `text`, unit norm; None when it is blank.

    Longer than the model reads at once: the mean of its chunks' vectors by their length, made a
    unit again. The transcript has no share in it: a title is compared by what is told of it, with
    or without media, and a reindex makes this vector from the synopsis alone.
    """
    pieces = chunks(text, models)[:MAX_CHUNKS]
    if not pieces:
        return None
    unit = pooled(models.text.encode(pieces), pieces)
    return Vector(unit, models.text.spec.fingerprint)


def pooled(vectors: F32, pieces: list[str]) -> F32:
    """The mean of (n, dim) vectors weighted by their pieces' characters, (dim,), unit norm."""
    weights = [len(piece) for piece in pieces]
    mean = np.average(vectors.astype(np.float64), axis=0, weights=weights)
    unit: F32 = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit


def chunks(text: str, models: Models) -> list[str]:
    """Whole sentences in order, as many together as the text encoder reads at once.

    Only a sentence that is too long by itself is cut between tokens. Blank text: none.
    """
    found: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        if not sentence.strip():
            continue
        joined = f"{found[-1]} {sentence}" if found else sentence
        pieces = models.text.chunks(joined)
        if len(pieces) > 1:
            found += models.text.chunks(sentence)
        else:
            found[-1:] = pieces
    return found
