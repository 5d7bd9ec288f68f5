"""Search by words: a text vector against what is told of a title and what its pictures show."""

from collections.abc import Mapping

import numpy as np

from content.errors import Invalid
from content.types import F32, Space
from indexes.calibration import Calibration
from indexes.ranking import Cosines, rank
from indexes.schema import Hit, check_vector
from indexes.store import VectorStore, Where

TRUST: Mapping[Space, float] = {"synopsis": 1.0, "concept": 0.75}
"""How far a match in a space counts. Pictures are discounted: the concept space knows nouns only
and recognises some of them wrongly, and its vectors resemble each other more."""


def search(
    store: VectorStore, calibration: Calibration, words: F32, *, limit: int, where: Where
) -> list[Hit]:
    """The titles whose synopsis *or* pictures match, the better of the two deciding.

    `words` is the raw text vector, float32 (dim of the synopsis space,), any length but zero.

    Raises:
        Invalid: `invalid_vector`.
    """
    spaces = [space for space in TRUST if space in calibration.spaces]
    for space in spaces:
        check_vector(words, calibration.spaces[space].mean.shape[0], "the query vector")
    norm = float(np.linalg.norm(words))
    if norm == 0.0:
        raise Invalid("invalid_vector", "the query vector is zero: it points nowhere")
    unit = (words / norm).astype(np.float32)
    vectors = {space: calibration.apply(space, unit) for space in spaces}
    return rank(store, vectors, words_score, limit=limit, where=where)


def words_score(cosines: Cosines) -> float:
    """The best trusted cosine, in -1..1."""
    return max(TRUST[space] * cosine for space, cosine in cosines.items())
