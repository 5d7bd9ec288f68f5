"""The embedded body: Qdrant's own segments in this process (qdrant-edge-py 0.9).

Every call holds the GIL (measured: a spinning thread keeps 10 % of its speed meanwhile), so it
belongs in the index process. `optimize()` is never called here: it would stall every answer.
Scores are dot products of unit vectors: unlike the engine's Cosine, Dot stores what it was given.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import qdrant_edge as edge

from content.errors import Conflict
from content.types import F32, SPACES, Space
from indexes.fields import TITLE_FIELDS, Kind
from indexes.filters_edge import filter_of
from indexes.store import (
    HNSW_EF,
    OVERSAMPLING,
    PAGE,
    Query,
    Scored,
    StoredPoint,
    VectorStore,
    Where,
    check_points,
    check_query,
)

APPROXIMATE = edge.SearchParams(
    hnsw_ef=HNSW_EF,
    quantization=edge.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING),
)


class EdgeStore:
    """One shard; this process is its only opener (the engine locks its log)."""

    def __init__(self, shard: Any, dims: Mapping[Space, int]) -> None:
        self._shard = shard
        self._dims = dims

    def upsert(self, points: Sequence[StoredPoint]) -> None:
        check_points(points, self._dims)
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
        for query in queries:
            check_query(query, self._dims)
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
        request = edge.CountRequest(exact=True, filter=filter_of(Where(tenant=tenant)))
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
                    filter=filter_of(Where(tenant=tenant)),
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
        declare(shard, TITLE_FIELDS)
        return EdgeStore(shard, dict(dims))

    def open(self, name: str, folder: Path) -> VectorStore:
        path = folder / "shard"
        shard = load(path)
        declare(shard, TITLE_FIELDS)  # a generation of an earlier release may lack some
        return EdgeStore(shard, dims_of(path))

    def publish(self, name: str) -> None:
        """Nobody else reads these shards."""

    def destroy(self, name: str, folder: Path) -> None:
        shutil.rmtree(folder / "shard", ignore_errors=True)


def load(path: Path) -> Any:
    """The shard at `path`, this process being its only opener.

    Raises:
        Conflict: `index_in_use`.
    """
    try:
        return edge.EdgeShard.load(str(path))
    except Exception as error:  # the binding has no types of its own
        if "WouldBlock" not in str(error):
            raise
        raise Conflict(
            "index_in_use",
            f"the shard {path} is open already; stop the other process (one index process owns a "
            "data folder), or ask it instead",
        ) from error


def dims_of(path: Path) -> dict[Space, int]:
    """The spaces of a shard and their dimensions, as its folder says."""
    named = json.loads((path / "edge_config.json").read_text())["vectors"]
    return {space: int(named[space]["size"]) for space in SPACES if space in named}


def declare(shard: Any, fields: Mapping[str, Kind]) -> None:
    """Index those of the payload fields that are not yet, durably.

    Each costs several syncs of the disk, so an empty shard has only the title's own; up to some
    thousands of points the engine reads the others as fast from the payload.
    """
    missing = fields.keys() - shard.info().payload_schema.keys()
    for field in sorted(missing):
        shard.update(edge.UpdateOperation.create_field_index(field, _index(field, fields[field])))
    if missing:
        shard.flush()


def _index(field: str, kind: Kind) -> Any:
    # Links of the graph for each value keep it whole under a filter; facts are too many for that.
    linked = field in TITLE_FIELDS
    if kind == "keyword":
        return edge.KeywordIndexParams(enable_hnsw=linked)
    if kind == "integer":
        return edge.IntegerIndexParams(lookup=True, range=True, enable_hnsw=linked)
    return edge.FloatIndexParams(enable_hnsw=linked)


def _array(values: Sequence[float]) -> F32:
    return np.asarray(values, dtype=np.float32)


def _request(query: Query, exact: bool) -> Any:
    return edge.QueryRequest(
        limit=query.limit,
        query=edge.Query.Nearest(query.vector.tolist(), using=query.space),
        filter=filter_of(query.where),
        with_payload=False,
        params=edge.SearchParams(exact=True) if exact else APPROXIMATE,
    )
