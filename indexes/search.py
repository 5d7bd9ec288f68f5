"""Search by words: their vectors against what is told of a title, its pictures and its sound."""

from collections.abc import Mapping

import numpy as np

from content.errors import Invalid
from content.types import F32, Space, Vectors
from indexes.calibration import Calibration
from indexes.ranking import Cosines, rank
from indexes.schema import Hit, check_vector
from indexes.store import VectorStore, Where

TRUST: Mapping[Space, float] = {"synopsis": 1.0, "concept": 0.75, "visual": 2.0, "audio": 1.5}
"""How far a match in a space counts. `concept` is discounted: it knows nouns only and recognises
some of them wrongly, and its vectors resemble each other more. `visual` and `audio` are searched
only where one encoder knows pictures (or sound) and words: matches have cosines of about 0.3 there
(Radford et al. 2021; Wu et al. 2023), of about 0.6 between texts."""

OWN_WORDS: frozenset[Space] = frozenset({"visual", "audio"})
"""Spaces in which words lie apart from what they describe (the modality gap, Liang et al. 2022)."""


def search(
    store: VectorStore,
    calibration: Calibration,
    words: Vectors,
    *,
    limit: int,
    where: Where,
    exact: bool = False,
) -> list[Hit]:
    """The titles of which any space matches, the best trusted one deciding.

    `words` are raw vectors of the same text, float32 (dim of the space,), any length but zero;
    spaces that this generation does not search are left out.

    Raises:
        Invalid: `invalid_vector`.
    """
    spaces = [space for space in TRUST if space in calibration.spaces and space in words]
    vectors = {space: _query(calibration, space, words[space].data) for space in spaces}
    if not vectors:
        return []
    return rank(store, vectors, words_score, limit=limit, where=where, exact=exact)


def words_score(cosines: Cosines) -> float:
    """The best trusted cosine, in -1..1."""
    best = max(TRUST[space] * cosine for space, cosine in cosines.items())
    return min(1.0, max(-1.0, best))


def _query(calibration: Calibration, space: Space, words: F32) -> F32:
    check_vector(words, calibration.spaces[space].mean.shape[0], "the query vector")
    norm = float(np.linalg.norm(words))
    if norm == 0.0:
        raise Invalid("invalid_vector", "the query vector is zero: it points nowhere")
    unit = (words / norm).astype(np.float32)
    # The mean m of what is stored is none of words, so only the stored x has it taken off: the
    # score is (q·x − q·m) / |x − m|. Plain cosine ranks by the first term; the second is the same
    # for all titles; the length lifts those that stand apart from the mean.
    return unit if space in OWN_WORDS else calibration.apply(space, unit)
