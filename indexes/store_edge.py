"""The embedded body: Qdrant's own segments in this process (qdrant-edge-py 0.9).

Every call holds the GIL (measured: a spinning thread keeps 10 % of its speed meanwhile), so it
belongs in the index process. `optimize()`, which holds it for minutes, runs in the builder alone:
on a side copy, which takes over when the writes since have been carried to it.
"""

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import qdrant_edge as edge

from content.types import F32, Space
from indexes import building
from indexes.filters_edge import filter_of
from indexes.graph import INT8_FROM, Graph
from indexes.readers import Readers
from indexes.search_params import EXACT, approximate
from indexes.shard import (
    activate,
    active,
    clear_others,
    copy,
    create,
    declare,
    destroy,
    dims_of,
    load,
    side,
    size_of,
    sparse_of,
)
from indexes.sparse import Sparse, SparseSpace
from indexes.store import (
    PAGE,
    TITLES,
    AnyQuery,
    Coverage,
    Layout,
    Scored,
    SparseQuery,
    StoredPoint,
    VectorStore,
    Where,
    check_points,
    check_query,
)

CARRY = 256
"""Points carried over to a built shard at once."""


class EdgeStore:
    """One shard; this process is its only opener (the engine locks its log)."""

    def __init__(
        self,
        folder: Path,
        shard: Any,
        dims: Mapping[Space, int],
        sparse: tuple[SparseSpace, ...] = (),
    ) -> None:
        self._folder = folder
        self._held = _Held(shard)
        self._switch = threading.Lock()
        self._dims = dims
        self._sparse = sparse
        self._graph = Graph.read(active(folder))
        self._writing = threading.Lock()
        self._building = threading.Lock()
        self._stop = threading.Event()
        self._since: set[str] = set()
        """Ids written since the graph was built, as far as this process knows."""
        self._changed: set[str] | None = None
        """Ids written since the side copy was made, those carried to it taken out; None while no
        build runs."""
        self._meanwhile: set[str] = set()
        """The same, those carried to it included."""

    def upsert(self, points: Sequence[StoredPoint]) -> None:
        check_points(points, self._dims, self._sparse)
        with self._writing:
            _put(self._held.shard, points)
            self._note([point.id for point in points])

    def delete(self, ids: Sequence[str]) -> None:
        with self._writing:
            _remove(self._held.shard, ids)
            self._note(ids)

    def delete_where(self, where: Where) -> None:
        with self._writing:
            shard = self._held.shard
            fitting = [str(r.id) for r in _scrolled(shard, where, with_payload=False)]
            _remove(shard, fitting)
            self._note(fitting)

    def query(self, queries: Sequence[AnyQuery], *, exact: bool = True) -> list[list[Scored]]:
        if not queries:
            return []
        for query in queries:
            check_query(query, self._dims, self._sparse)
        params = EXACT if exact or self._graph is None else approximate(self._graph.ef)
        requests = [_request(query, params) for query in queries]
        with self._reading() as shard:
            answers = shard.query_batch(edge.QueryBatchRequest(requests))
        return [[Scored(str(hit.id), hit.score) for hit in answer] for answer in answers]

    def get(self, ids: Sequence[str], *, vectors: bool) -> dict[str, StoredPoint]:
        with self._reading() as shard:
            return _get(shard, ids, vectors=vectors)

    def versions(self, tenant: str) -> dict[str, int]:
        with self._reading() as shard:
            return {
                record.payload["title_id"]: record.payload["version"]
                for record in _scrolled(
                    shard, Where(tenant=tenant), with_payload=["title_id", "version"]
                )
            }

    def count(self, tenant: str) -> int:
        request = edge.CountRequest(exact=True, filter=filter_of(Where(tenant=tenant)))
        with self._reading() as shard:
            return cast(int, shard.count(request))

    def having(self, tenant: str) -> dict[Space, int]:
        own = filter_of(Where(tenant=tenant))
        requests = {
            space: edge.CountRequest(
                exact=True, filter=edge.Filter(must=[own, edge.HasVectorCondition(space)])
            )
            for space in self._dims
        }
        with self._reading() as shard:
            return {space: cast(int, shard.count(asked)) for space, asked in requests.items()}

    def bytes(self) -> int | None:
        return size_of(active(self._folder))

    def page(
        self, after: str | None, limit: int, *, vectors: bool = True
    ) -> tuple[list[StoredPoint], str | None]:
        asked = edge.ScrollRequest(
            offset=after, limit=limit, with_payload=True, with_vector=vectors
        )
        with self._reading() as shard:
            records, following = shard.scroll(asked)
        return [_stored(each) for each in records], None if following is None else str(following)

    def snapshot(self, folder: Path) -> None:
        with self._writing:
            self._held.shard.flush()
            copy(active(self._folder), folder)

    def coverage(self) -> Coverage:
        with self._reading() as shard:
            points = int(shard.info().points_count)
        inside = self._graph.points if self._graph is not None else 0
        return Coverage(points, min(points, max(points - inside, len(self._since))), self._graph)

    def build(self) -> Graph | None:
        with self._building:
            if self._stop.is_set():
                return None
            path = side(self._folder)
            try:
                self._copy(path)
                int8 = self.coverage().points >= INT8_FROM
                graph = building.run(path, int8=int8, stop=self._stop)
                if graph is not None:
                    self._take_over(path, graph)
            finally:
                with self._writing:
                    self._changed = None
                if active(self._folder) != path:
                    shutil.rmtree(path, ignore_errors=True)
            return graph

    def close(self) -> None:
        self._stop.set()
        with self._building, self._writing:
            self._held.close()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._switch:  # else it could be closed between being found and being entered
            held = self._held
            held.readers.enter()
        try:
            yield held.shard
        finally:
            held.readers.leave()

    def _note(self, ids: Sequence[str]) -> None:
        self._since.update(ids)
        if self._changed is not None:
            self._changed.update(ids)
            self._meanwhile.update(ids)

    def _copy(self, path: Path) -> None:
        """A side copy of all that was acknowledged; writers wait, readers do not."""
        shutil.rmtree(path, ignore_errors=True)
        with self._writing:
            self._held.shard.flush()
            shutil.copytree(active(self._folder), path)
            (path / "graph.json").unlink(missing_ok=True)  # of the graph before
            self._changed, self._meanwhile = set(), set()

    def _take_over(self, path: Path, graph: Graph) -> None:
        """Carry what was written meanwhile, then switch: from here on the built shard answers."""
        built = load(path)
        self._carry(built, wait_below=CARRY)
        with self._writing:
            self._carry(built, wait_below=0)
            activate(path)  # the moment it happens, also for whoever opens the folder next
            with self._switch:
                old, self._held = self._held, _Held(built)
            self._graph, self._since, self._changed = graph, self._meanwhile, None
        old.close()
        clear_others(self._folder)

    def _carry(self, built: Any, *, wait_below: int) -> None:
        """Give the built shard what changed, until at most `wait_below` ids are left to carry."""
        assert self._changed is not None
        while len(self._changed) > wait_below:
            ids = [self._changed.pop() for _ in range(min(CARRY, len(self._changed)))]
            stored = _get(self._held.shard, ids, vectors=True)
            _put(built, list(stored.values()))
            _remove(built, [key for key in ids if key not in stored])


class _Held:
    """An open shard, closed when its last reader has left."""

    def __init__(self, shard: Any) -> None:
        self.shard = shard
        self.readers = Readers()
        self._closed = False

    def close(self) -> None:
        self.readers.gone()
        if not self._closed:
            self.shard.flush()
            self.shard.close()
        self._closed = True


class EdgeStores:
    """Shards in each generation's own folder."""

    def create(
        self, name: str, folder: Path, dims: Mapping[Space, int], layout: Layout = TITLES
    ) -> VectorStore:
        return EdgeStore(folder, create(folder, dims, layout), dict(dims), layout.sparse)

    def open(self, name: str, folder: Path, layout: Layout = TITLES) -> VectorStore:
        path = active(folder)
        shard = load(path)
        clear_others(folder)
        declare(shard, layout.fields)  # a generation of an earlier release may lack some
        return EdgeStore(folder, shard, dims_of(path), sparse_of(path))

    def publish(self, name: str) -> None:
        """Nobody else reads these shards."""

    def destroy(self, name: str, folder: Path) -> None:
        destroy(folder)


def _put(shard: Any, points: Sequence[StoredPoint]) -> None:
    converted = [
        edge.Point(
            point.id,
            _named(point),
            dict(point.payload),
        )
        for point in points
    ]
    if converted:
        shard.update(edge.UpdateOperation.upsert_points(converted))
        shard.flush()  # the engine's log counts as unsynced until here


def _named(point: StoredPoint) -> Any:
    dense = {space: data.tolist() for space, data in point.vectors.items()}
    return {**dense, **{space: _sparse(values) for space, values in point.sparse.items()}}


def _sparse(values: Sparse) -> Any:
    return edge.SparseVector(list(values.indices), list(values.values))


def _remove(shard: Any, ids: Sequence[str]) -> None:
    if ids:
        shard.update(edge.UpdateOperation.delete_points(list(ids)))
        shard.flush()


def _get(shard: Any, ids: Sequence[str], *, vectors: bool) -> dict[str, StoredPoint]:
    records = (_stored(record) for record in shard.retrieve(list(ids), True, vectors))
    return {point.id: point for point in records}


def _stored(record: Any) -> StoredPoint:
    vectors: dict[Space, F32] = {}
    sparse: dict[SparseSpace, Sparse] = {}
    for space, values in (record.vector or {}).items():
        if isinstance(values, edge.SparseVector):
            sparse[space] = Sparse(tuple(values.indices), tuple(values.values))
        else:
            vectors[space] = _array(values)
    return StoredPoint(str(record.id), vectors, record.payload or {}, sparse)


def _scrolled(shard: Any, where: Where, *, with_payload: Any) -> Iterator[Any]:
    offset = None
    while True:
        records, offset = shard.scroll(
            edge.ScrollRequest(
                offset=offset,
                limit=PAGE,
                filter=filter_of(where),
                with_payload=with_payload,
                with_vector=False,
            )
        )
        yield from records
        if offset is None:
            return


def _array(values: Sequence[float]) -> F32:
    return np.asarray(values, dtype=np.float32)


def _request(query: AnyQuery, params: Any) -> Any:
    vector = _sparse(query.vector) if isinstance(query, SparseQuery) else query.vector.tolist()
    return edge.QueryRequest(
        limit=query.limit,
        query=edge.Query.Nearest(vector, using=query.space),
        filter=filter_of(query.where),
        with_payload=False,
        params=params,
    )
