"""Similar titles: the score over the spaces that both titles have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from content.errors import Invalid
from content.types import F32, Space
from indexes.diversity import diversified, likeness
from indexes.pool import Pool
from indexes.question import Question
from indexes.ranking import DECIMALS
from indexes.schema import SIMILAR_SPACES, Comparison, Hit, SimilarSpace, point_id
from indexes.store import Query, StoredPoint, VectorStore, Where
from indexes.taste.places import asked as asked_with
from indexes.weights import Weights, fused_score

NOWHERE = 1e-6
"""A middle shorter than this points nowhere."""
UNLIKE = 0.5
"""How much the middle of what is disliked counts against that of what is liked: twice the liked
less the disliked, as Qdrant's `average_vector` strategy has it (Rocchio 1971)."""

F64 = npt.NDArray[np.float64]
Weighted = Sequence[tuple[Mapping[Space, F32], float]]
"""Calibrated vectors and how much they count, above 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a question's titles are in the generation that is asked."""

    liked: Weighted
    unliked: Weighted = field(default_factory=tuple)

    def toward(self, space: Space) -> F32 | None:
        """Where to look: the middle of what is liked, away from that of what is not.

        By those which have the space (Rocchio 1971), at length 1; in `taste` as long as it comes,
        up to 1, since lengths count there. None where nothing that is liked has the space, or all
        cancel each other out.
        """
        if len(self.liked) == 1 and not self.unliked:
            vector = self.liked[0][0].get(space)
            return None if vector is None else asked_with(space, vector)
        middle = _middle(space, self.liked)
        if middle is None:
            return None
        away = _middle(space, self.unliked)
        if away is not None:
            middle = middle - UNLIKE * away
        length = float(np.linalg.norm(middle))
        if length < NOWHERE:
            return None
        found: F32 = (middle / (max(1.0, length) if space == "taste" else length)).astype(
            np.float32
        )
        return found


def answers(
    store: VectorStore, question: Question, examples: Examples, weights: Weights, where: Where
) -> list[Hit]:
    """One more than the page that is asked for, where there are more.

    `fused` is `Σ w_m cos_m / Σ w_m` over the spaces that the examples and an answer have. A space
    of weight 0 brings no title in and counts nowhere, but its cosine is told, as `compare` tells
    it.
    """
    counting = asked(question.space, weights)
    told = weights if question.space == "fused" else counting
    found = {space: examples.toward(space) for space in told}
    vectors = {space: vector for space, vector in found.items() if vector is not None}
    pool = Pool.of(
        store,
        {space: vectors[space] for space in counting if space in vectors},
        partial(fused_score, counting),
        depth=question.depth,
        where=where,
        exact=question.exact,
    )
    hits = _page(store, pool, question, counting, where.tenant)
    idle = {space: vectors[space] for space in vectors if space not in counting}
    return _told(store, hits, idle, where) if idle and hits else hits


def asked(space: SimilarSpace, weights: Weights) -> dict[Space, float]:
    """The spaces whose nearest are asked for, and how much each counts.

    Raises:
        Invalid: `unknown_space`.
    """
    if space == "fused":
        return {each: weight for each, weight in weights.items() if weight > 0}
    if space not in SIMILAR_SPACES:
        raise Invalid("unknown_space", f"{space!r} is not one of {', '.join(SIMILAR_SPACES)}")
    return {space: 1.0}


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


def _middle(space: Space, examples: Weighted) -> F64 | None:
    """None where no example has the space."""
    having = [(vectors[space], weight) for vectors, weight in examples if space in vectors]
    if not having:
        return None
    rows = np.stack([asked_with(space, vector) for vector, _ in having]).astype(np.float64)
    middle: F64 = np.average(rows, axis=0, weights=[weight for _, weight in having])
    return middle


def _page(
    store: VectorStore, pool: Pool, question: Question, counting: Weights, tenant: str
) -> list[Hit]:
    """Where titles are to differ, the list is of the `depth` best candidates."""
    after, more = question.after, question.limit + 1
    if question.diversity == 0:
        behind = None if after is None else (after.score, after.title_id)
        return pool.page(store, more, behind)
    hits = pool.page(store, question.depth)
    keys = [point_id(hit.title_id, tenant) for hit in hits]
    stored = store.get(keys, vectors=True)
    there = [(hit, stored[key]) for hit, key in zip(hits, keys, strict=True) if key in stored]
    alike = likeness([point.vectors for _, point in there], counting)
    order = diversified([hit.score for hit, _ in there], alike, question.diversity)
    before = 0 if after is None else after.rank
    return [there[n][0] for n in order[before : before + more]]


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
