"""Ranking over several spaces: candidates from each space's nearest, then exact scores for all.

A title that is near in one space is scored in every space it shares with the query, so no score
depends on which list it came from (the union and rescoring of Fagin et al. 2003's threshold
algorithm, without its stopping rule). In a catalogue no larger than `DEPTH_MIN` it is exhaustive.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace

from content.types import Space
from indexes.store import AnyQuery, Scored, VectorStore

DEPTH_MIN = 100
DEPTH_PER_RESULT = 4
"""Each space proposes max(100, 4 · limit) candidates."""
DECIMALS = 6
"""Scores are rounded here, so that engines which sum in another order still agree on ties."""

Cosines = Mapping[Space, float]


def candidates(
    store: VectorStore, queries: Sequence[AnyQuery], *, exact: bool
) -> dict[str, dict[str, float]]:
    """Point id to its score in every space asked for that it has, for all that any list proposes.

    A list that is cut at its query's limit is completed: what another one proposes is scored, too.
    """
    lists = store.query(queries, exact=exact)
    if any(len(found) == q.limit for q, found in zip(queries, lists, strict=True)):
        lists = _rescore(store, queries, lists, single=len(queries) == 1)
    scores: dict[str, dict[str, float]] = {}
    for query, found in zip(queries, lists, strict=True):
        for hit in found:
            scores.setdefault(hit.id, {})[query.space] = round(hit.score, DECIMALS)
    return scores


def leading(scores: Mapping[str, float], limit: int) -> list[str]:
    """The ids that may be among the first `limit`, whatever the order of ties."""
    if len(scores) <= limit:
        return list(scores)
    least = heapq.nlargest(limit, scores.values())[-1]
    return [key for key, value in scores.items() if value >= least]


def titles_of(store: VectorStore, ids: list[str]) -> dict[str, str]:
    """Point id to title id. Only for the few that may be answered: payloads are slow to read."""
    return {key: point.payload["title_id"] for key, point in store.get(ids, vectors=False).items()}


def _rescore(
    store: VectorStore, queries: Sequence[AnyQuery], lists: list[list[Scored]], *, single: bool
) -> list[list[Scored]]:
    """Every candidate of any list, scored in every space."""
    if single:
        return lists
    union = frozenset(hit.id for found in lists for hit in found)
    return store.query(
        [
            replace(query, limit=len(union), where=replace(query.where, only=union))
            for query in queries
        ]
    )
