"""The embedded body: Qdrant's own segments in this process (qdrant-edge-py 0.9).

Every call holds the GIL (measured: a spinning thread keeps 10 % of its speed meanwhile), so it
belongs in the index process. `optimize()` is never called here: it would stall every answer.
Scores are dot products of unit vectors: unlike the engine's Cosine, Dot stores what it was given.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import qdrant_edge as edge

from content.types import F32, Space
from indexes.schema import maturity_rank
from indexes.store import (
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    PAGE,
    Query,
    Scored,
    StoredPoint,
    VectorStore,
    Where,
)


class EdgeStore:
    """One shard; this process is its only opener (the engine locks its log)."""

    def __init__(self, shard: Any) -> None:
        self._shard = shard

    def upsert(self, points: Sequence[StoredPoint]) -> None:
        converted = [
            edge.Point(
                point.id,
                {space: data.tolist() for space, data in point.vectors.items()},
                dict(point.payload),
            )
            for point in points
        ]
        self._shard.update(edge.UpdateOperation.upsert_points(converted))
        self._shard.flush()  # the engine's log counts as unsynced until here

    def delete(self, ids: Sequence[str]) -> None:
        self._shard.update(edge.UpdateOperation.delete_points(list(ids)))
        self._shard.flush()

    def query(self, queries: Sequence[Query], *, exact: bool = True) -> list[list[Scored]]:
        if not queries:
            return []
        requests = [_request(query, exact) for query in queries]
        answers = self._shard.query_batch(edge.QueryBatchRequest(requests))
        return [[Scored(str(hit.id), hit.score) for hit in answer] for answer in answers]

    def get(self, ids: Sequence[str], *, vectors: bool) -> dict[str, StoredPoint]:
        records = self._shard.retrieve(list(ids), True, vectors)
        return {
            str(record.id): StoredPoint(
                str(record.id),
                {space: _array(values) for space, values in (record.vector or {}).items()},
                record.payload or {},
            )
            for record in records
        }

    def versions(self, tenant: str) -> dict[str, int]:
        return {
            record.payload["title_id"]: record.payload["version"] for record in self._walk(tenant)
        }

    def count(self, tenant: str) -> int:
        request = edge.CountRequest(exact=True, filter=_filter(Where(tenant=tenant)))
        return cast(int, self._shard.count(request))

    def close(self) -> None:
        self._shard.flush()
        self._shard.close()

    def _walk(self, tenant: str) -> Iterator[Any]:
        offset = None
        while True:
            records, offset = self._shard.scroll(
                edge.ScrollRequest(
                    offset=offset,
                    limit=PAGE,
                    filter=_filter(Where(tenant=tenant)),
                    with_payload=["title_id", "version"],
                    with_vector=False,
                )
            )
            yield from records
            if offset is None:
                return


class EdgeStores:
    """Shards in `folder/shard` of each generation."""

    def create(self, name: str, folder: Path, dims: Mapping[Space, int]) -> VectorStore:
        path = folder / "shard"
        path.mkdir(parents=True)
        params: Any = {
            space: edge.EdgeVectorParams(size=dim, distance=edge.Distance.Dot)
            for space, dim in dims.items()
        }
        shard = edge.EdgeShard.create(str(path), edge.EdgeConfig(vectors=params))
        schema = dict.fromkeys(KEYWORD_FIELDS, edge.PayloadSchemaType.Keyword)
        schema |= dict.fromkeys(INTEGER_FIELDS, edge.PayloadSchemaType.Integer)
        for field, kind in schema.items():
            shard.update(edge.UpdateOperation.create_field_index(field, kind))
        shard.flush()
        return EdgeStore(shard)

    def open(self, name: str, folder: Path) -> VectorStore:
        return EdgeStore(edge.EdgeShard.load(str(folder / "shard")))

    def destroy(self, name: str, folder: Path) -> None:
        shutil.rmtree(folder / "shard", ignore_errors=True)


def _array(values: Sequence[float]) -> F32:
    return np.asarray(values, dtype=np.float32)


def _request(query: Query, exact: bool) -> Any:
    return edge.QueryRequest(
        limit=query.limit,
        query=edge.Query.Nearest(query.vector.tolist(), using=query.space),
        filter=_filter(query.where),
        with_payload=False,
        params=edge.SearchParams(exact=exact),
    )


def _filter(where: Where) -> Any:
    wanted = where.filter
    must: Any = [_equals("tenant", where.tenant)]
    if wanted.genre is not None:
        must.append(_equals("genres", wanted.genre))
    if wanted.language is not None:
        must.append(_equals("language", wanted.language))
    if wanted.maturity_max is not None:
        most = edge.RangeFloat(lte=float(maturity_rank(wanted.maturity_max)))
        must.append(edge.FieldCondition("maturity_rank", range=most))
    if where.only is not None:
        must.append(edge.HasIdCondition(set(where.only)))
    must_not: Any = [edge.HasIdCondition({where.excluding})] if where.excluding else None
    return edge.Filter(must=must, must_not=must_not)


def _equals(field: str, value: str) -> Any:
    return edge.FieldCondition(field, match=edge.MatchValue(value))
