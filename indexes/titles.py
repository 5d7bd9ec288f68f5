"""Similar titles: the score over the spaces that both titles have."""

from collections.abc import Sequence
from functools import partial

from content.errors import Invalid
from content.types import Space
from indexes.ranking import DECIMALS, rank
from indexes.schema import SIMILAR_SPACES, Comparison, Hit, SimilarSpace
from indexes.store import StoredPoint, VectorStore, Where
from indexes.weights import Weights, fused_score


def similar(
    store: VectorStore,
    title: StoredPoint,
    weights: Weights,
    *,
    space: SimilarSpace,
    limit: int,
    where: Where,
) -> list[Hit]:
    """The titles most like a stored one, never itself.

    `fused` is `Σ w_m cos_m / Σ w_m` over the spaces both have; a title that lacks the space asked
    for has no neighbours in it.

    Raises:
        Invalid: `unknown_space`.
    """
    if space not in SIMILAR_SPACES:
        raise Invalid("unknown_space", f"{space!r} is not one of {', '.join(SIMILAR_SPACES)}")
    counting = [each for each, weight in weights.items() if weight > 0]
    wanted: Sequence[Space] = counting if space == "fused" else (space,)
    vectors = {name: title.vectors[name] for name in wanted if name in title.vectors}
    score = partial(fused_score, weights if space == "fused" else {space: 1.0})
    return rank(store, vectors, score, limit=limit, where=where)


def compare(title: StoredPoint, other: StoredPoint, weights: Weights) -> Comparison:
    """How alike two stored titles are."""
    shared = [space for space in weights if space in title.vectors and space in other.vectors]
    cosines = {s: round(float(title.vectors[s] @ other.vectors[s]), DECIMALS) for s in shared}
    named: dict[str, float] = {str(space): cosine for space, cosine in cosines.items()}
    if not sum(weights[space] for space in shared):
        return Comparison(None, named)
    return Comparison(round(fused_score(weights, cosines), DECIMALS), named)
