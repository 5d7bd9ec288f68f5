"""Similar titles: the score over the spaces that both titles have."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from content.errors import Invalid
from content.types import F32, Space
from indexes.ranking import DECIMALS, rank
from indexes.schema import SIMILAR_SPACES, Comparison, Hit, SimilarSpace, point_id
from indexes.store import Query, StoredPoint, VectorStore, Where
from indexes.taste.places import asked as asked_with
from indexes.weights import Weights, fused_score

NOWHERE = 1e-6
"""A middle shorter than this points nowhere."""


def similar(
    store: VectorStore,
    title: StoredPoint,
    weights: Weights,
    *,
    space: SimilarSpace,
    limit: int,
    where: Where,
    exact: bool = False,
) -> list[Hit]:
    """The titles most like a stored one, never itself.

    `fused` is `Σ w_m cos_m / Σ w_m` over the spaces both have; a title that lacks the space asked
    for has no neighbours in it. A space of weight 0 brings no title in and counts nowhere, but its
    cosine is told, as `compare` tells it.

    Raises:
        Invalid: `unknown_space`.
    """
    asked = _asked(space, weights)
    have = {name: asked_with(name, vector) for name, vector in title.vectors.items()}
    vectors = {name: have[name] for name in asked if name in have}
    hits = rank(store, vectors, partial(fused_score, asked), limit=limit, where=where, exact=exact)
    if space != "fused" or not hits:
        return hits
    idle = {s: have[s] for s in weights.keys() - asked.keys() if s in have}
    return _told(store, hits, idle, where) if idle else hits


def near(
    store: VectorStore,
    liked: Sequence[tuple[StoredPoint, float]],
    weights: Weights,
    *,
    space: SimilarSpace,
    limit: int,
    where: Where,
) -> list[Hit]:
    """The titles nearest to the middle of several, each counting by its weight (above 0).

    In a space the middle is that of the titles which have it (Rocchio 1971 without negatives), at
    length 1; in `taste` as long as it comes, since lengths count there. Those liked may be among
    the answers.

    Raises:
        Invalid: `unknown_space`.
    """
    asked = _asked(space, weights)
    vectors = {name: middle for name in asked if (middle := _middle(name, liked)) is not None}
    return rank(store, vectors, partial(fused_score, asked), limit=limit, where=where)


def _asked(space: SimilarSpace, weights: Weights) -> Weights:
    """The spaces whose nearest are asked for, and how much each counts.

    Raises:
        Invalid: `unknown_space`.
    """
    if space == "fused":
        return {each: weight for each, weight in weights.items() if weight > 0}
    if space not in SIMILAR_SPACES:
        raise Invalid("unknown_space", f"{space!r} is not one of {', '.join(SIMILAR_SPACES)}")
    return {space: 1.0}


def _middle(space: Space, liked: Sequence[tuple[StoredPoint, float]]) -> F32 | None:
    """None where no title has the space, or they cancel each other out."""
    having = [(point.vectors[space], weight) for point, weight in liked if space in point.vectors]
    if not having:
        return None
    rows = np.stack([asked_with(space, vector) for vector, _ in having]).astype(np.float64)
    middle = np.average(rows, axis=0, weights=[weight for _, weight in having])
    length = float(np.linalg.norm(middle))
    if length < NOWHERE:
        return None
    found: F32 = (middle if space == "taste" else middle / length).astype(np.float32)
    return found


def _told(
    store: VectorStore, hits: list[Hit], vectors: Mapping[Space, F32], where: Where
) -> list[Hit]:
    """The same hits with their cosines in further spaces, which do not count."""
    keys = {point_id(hit.title_id, where.tenant): hit.title_id for hit in hits}
    within = replace(where, only=frozenset(keys))
    lists = store.query([Query(s, vector, len(keys), within) for s, vector in vectors.items()])
    told: dict[str, dict[str, float]] = {hit.title_id: dict(hit.scores) for hit in hits}
    for space, found in zip(vectors, lists, strict=True):
        for each in found:
            told[keys[each.id]][space] = round(each.score, DECIMALS)
    return [replace(hit, scores=told[hit.title_id]) for hit in hits]


def compare(title: StoredPoint, other: StoredPoint, weights: Weights) -> Comparison:
    """How alike two stored titles are."""
    shared = [space for space in weights if space in title.vectors and space in other.vectors]
    cosines = {
        s: round(float(asked_with(s, title.vectors[s]) @ other.vectors[s]), DECIMALS)
        for s in shared
    }
    named: dict[str, float] = {str(space): cosine for space, cosine in cosines.items()}
    if not sum(weights[space] for space in shared):
        return Comparison(None, named)
    return Comparison(round(fused_score(weights, cosines), DECIMALS), named)
