"""Similar titles: the score over the spaces that both titles have."""

from collections.abc import Mapping

from content.errors import Invalid
from content.types import Space
from indexes.ranking import Cosines, rank
from indexes.schema import SIMILAR_SPACES, Hit, SimilarSpace
from indexes.store import StoredPoint, VectorStore, Where

WEIGHTS: Mapping[Space, float] = {"visual": 0.45, "audio": 0.15, "synopsis": 0.4}
"""Of the fused score. The cosines of sound spread about three times as far as those of the other
two (standard deviation 0.34 against 0.11 on real clips), so they count a third: each space then
moves the score about as much. Query weights: changing them needs no new generation."""


def similar(
    store: VectorStore, title: StoredPoint, *, space: SimilarSpace, limit: int, where: Where
) -> list[Hit]:
    """The titles most like a stored one, never itself.

    `fused` is `Σ w_m cos_m / Σ w_m` over the spaces both have; a title that lacks the space asked
    for has no neighbours in it.

    Raises:
        Invalid: `unknown_space`.
    """
    if space not in SIMILAR_SPACES:
        raise Invalid("unknown_space", f"{space!r} is not one of {', '.join(SIMILAR_SPACES)}")
    wanted = WEIGHTS if space == "fused" else (space,)
    vectors = {name: title.vectors[name] for name in wanted if name in title.vectors}
    return rank(store, vectors, fused_score, limit=limit, where=where)


def fused_score(cosines: Cosines) -> float:
    """The weighted mean over the spaces given (at least one), in -1..1."""
    total = sum(WEIGHTS[space] for space in cosines)
    return sum(WEIGHTS[space] * cosine for space, cosine in cosines.items()) / total
