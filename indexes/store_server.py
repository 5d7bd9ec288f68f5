"""The body for a Qdrant server or cluster: one collection `keyart-{generation}` each.

The alias `keyart` leads to the live one, so that other clients of the cluster need not ask us.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from content.errors import Conflict, Unavailable
from content.types import F32, SPACES, Space
from indexes.cluster import Cluster
from indexes.fields import FIELDS, TITLE_FIELDS, Kind
from indexes.filters_server import filter_of
from indexes.graph import Graph
from indexes.sparse import BY_RARITY, SPARSE_SPACES, Sparse, SparseSpace
from indexes.store import (
    HNSW_EF,
    OVERSAMPLING,
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

ALIAS = "keyart"
CLAIM = "collection"
"""A file in the generation's folder, made before its collection: only then is that ours to remove.
Names are alike everywhere (`first`), and a server may be shared."""


class ServerStore:
    """One collection. The client is shared by all and outlives the store."""

    def __init__(
        self,
        client: QdrantClient,
        collection: str,
        dims: Mapping[Space, int] | None = None,
        sparse: tuple[SparseSpace, ...] = (),
    ) -> None:
        self._client = client
        self._collection = collection
        self._dims = dims
        self._sparse = sparse

    def upsert(self, points: Sequence[StoredPoint]) -> None:
        check_points(points, self._known(), self._sparse)
        converted = [
            models.PointStruct(
                id=point.id,
                vector=_named(point),
                payload=dict(point.payload),
            )
            for point in points
        ]
        with _reachable():
            self._client.upsert(self._collection, converted, wait=True)

    def delete(self, ids: Sequence[str]) -> None:
        with _reachable():
            self._client.delete(self._collection, models.PointIdsList(points=list(ids)), wait=True)

    def delete_where(self, where: Where) -> None:
        with _reachable():
            self._client.delete(
                self._collection, models.FilterSelector(filter=filter_of(where)), wait=True
            )

    def query(self, queries: Sequence[AnyQuery], *, exact: bool = True) -> list[list[Scored]]:
        if not queries:
            return []
        known = self._known()
        for query in queries:
            check_query(query, known, self._sparse)
        requests = [_request(query, exact) for query in queries]
        with _reachable():
            answers = self._client.query_batch_points(self._collection, requests)
        return [[Scored(str(hit.id), hit.score) for hit in a.points] for a in answers]

    def get(self, ids: Sequence[str], *, vectors: bool) -> dict[str, StoredPoint]:
        with _reachable():
            records = self._client.retrieve(
                self._collection, list(ids), with_payload=True, with_vectors=vectors
            )
        return {str(record.id): _stored(record) for record in records}

    def versions(self, tenant: str) -> dict[str, int]:
        return {
            payload["title_id"]: payload["version"]
            for record in self._walk(tenant)
            if (payload := record.payload) is not None
        }

    def count(self, tenant: str) -> int:
        with _reachable():
            return self._client.count(
                self._collection, filter_of(Where(tenant=tenant)), exact=True
            ).count

    def having(self, tenant: str) -> dict[Space, int]:
        own = filter_of(Where(tenant=tenant))
        found: dict[Space, int] = {}
        for space in self._known():
            wanted = models.Filter(must=[own, models.HasVectorCondition(has_vector=space)])
            with _reachable():
                found[space] = self._client.count(self._collection, wanted, exact=True).count
        return found

    def bytes(self) -> int | None:
        return None

    def page(
        self, after: str | None, limit: int, *, vectors: bool = True
    ) -> tuple[list[StoredPoint], str | None]:
        with _reachable():
            records, following = self._client.scroll(
                *(self._collection, None, limit),
                offset=after,
                with_payload=True,
                with_vectors=vectors,
            )
        points = [_stored(record) for record in records]
        return points, None if following is None else str(following)

    def snapshot(self, folder: Path) -> None:
        raise Conflict(
            "snapshot_elsewhere",
            f"the vectors are in the Qdrant server's collection {self._collection}: use its own "
            "snapshots, which it makes while it serves",
        )

    def coverage(self) -> Coverage:
        with _reachable():
            points = self._client.count(self._collection, exact=True).count
        return Coverage(points, 0, None)

    def build(self) -> Graph | None:
        """The server's optimizers build its graphs by themselves."""
        return None

    def close(self) -> None:
        """Nothing to release: writes were acknowledged by the server one by one."""

    def _known(self) -> Mapping[Space, int]:
        """The collection's spaces; asked for once, and only when they are needed."""
        if self._dims is None:
            with _reachable():
                params = self._client.get_collection(self._collection).config.params
            named = params.vectors if isinstance(params.vectors, dict) else {}
            self._dims = {space: named[space].size for space in SPACES if space in named}
            rare = params.sparse_vectors or {}
            self._sparse = tuple(space for space in SPARSE_SPACES if space in rare)
        return self._dims

    def _walk(self, tenant: str) -> Iterator[models.Record]:
        offset: models.ExtendedPointId | None = None
        while True:
            with _reachable():
                records, offset = self._client.scroll(
                    self._collection,
                    scroll_filter=filter_of(Where(tenant=tenant)),
                    limit=PAGE,
                    offset=offset,
                    with_payload=["title_id", "version"],
                    with_vectors=False,
                )
            yield from records
            if offset is None:
                return


class ServerStores:
    """Collections of one server.

    Args:
        layout: arguments of `create_collection` for those made here (`Cluster.layout`).
    """

    def __init__(self, client: QdrantClient, layout: Mapping[str, Any] | None = None) -> None:
        self._client = client
        self._layout = dict(layout or {})

    @classmethod
    def of(cls, cluster: Cluster) -> "ServerStores":
        return cls(cluster.connect(), cluster.layout())

    def create(
        self, name: str, folder: Path, dims: Mapping[Space, int], layout: Layout = TITLES
    ) -> VectorStore:
        collection = _collection(name)
        if self._is_there(name):
            raise _others(collection)
        _claim(folder)
        with _reachable():
            self._client.create_collection(
                collection,
                vectors_config={
                    space: models.VectorParams(
                        size=dim, distance=models.Distance.DOT, on_disk=layout.on_disk or None
                    )
                    for space, dim in dims.items()
                },
                sparse_vectors_config={
                    space: models.SparseVectorParams(
                        modifier=models.Modifier.IDF if space in BY_RARITY else None
                    )
                    for space in layout.sparse
                },
                **self._layout,
            )
        self._declare(collection, layout)
        return ServerStore(self._client, collection, dict(dims), layout.sparse)

    def resume(
        self, name: str, folder: Path, dims: Mapping[Space, int], layout: Layout = TITLES
    ) -> VectorStore:
        """The store of this name, made where there is none, completed where it was half made.

        Raises:
            Conflict: `collection_exists`, when it was made from another folder.
        """
        if not self._is_there(name):
            return self.create(name, folder, dims, layout)
        if not (folder / CLAIM).exists():
            raise _others(_collection(name))
        self._declare(_collection(name), layout)
        return self.open(name, folder, layout)

    def open(self, name: str, folder: Path, layout: Layout = TITLES) -> VectorStore:
        _claim(folder)  # a generation of an earlier release lacks it
        return ServerStore(self._client, _collection(name))

    def _declare(self, collection: str, layout: Layout) -> None:
        fields = FIELDS if layout.fields is TITLE_FIELDS else layout.fields
        with _reachable():
            for field, kind in fields.items():
                self._client.create_payload_index(collection, field, _index(field, kind), wait=True)

    def publish(self, name: str) -> None:
        made = models.CreateAlias(collection_name=_collection(name), alias_name=ALIAS)
        with _reachable():  # one request: the alias leads to the old or the new, never nowhere
            self._client.update_collection_aliases(
                [
                    models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=ALIAS)),
                    models.CreateAliasOperation(create_alias=made),
                ]
            )

    def destroy(self, name: str, folder: Path) -> None:
        if (folder / CLAIM).exists() and self._is_there(name):
            with _reachable():
                self._client.delete_collection(_collection(name))

    def _is_there(self, name: str) -> bool:
        with _reachable():
            return self._client.collection_exists(_collection(name))


APPROXIMATE = models.SearchParams(
    hnsw_ef=HNSW_EF,
    quantization=models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING),
)


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except UnexpectedResponse as error:
        if error.status_code not in (401, 403):
            raise _unavailable(error) from error
        raise Unavailable(
            "index_unavailable",
            f"the Qdrant server refused the API key ({error.status_code}); check "
            "KEYART_QDRANT_API_KEY",
        ) from error
    except (ApiException, httpx.TransportError, grpc.RpcError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        "index_unavailable",
        f"the Qdrant server did not answer ({type(error).__name__}: {error}); "
        "check KEYART_QDRANT_URL and that it runs",
    )


def _claim(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CLAIM).touch()


def _others(collection: str) -> Conflict:
    return Conflict(
        "collection_exists",
        f"the Qdrant server has a collection {collection} that this data folder did not make: "
        "another Keyart uses the server, or did; give this one a server of its own, or delete it",
    )


def _collection(name: str) -> str:
    return f"keyart-{name}"


def _index(field: str, kind: Kind) -> models.PayloadSchemaParams:
    linked = field in TITLE_FIELDS  # as in `store_edge`
    if kind == "keyword":
        return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, enable_hnsw=linked)
    if kind == "integer":
        return models.IntegerIndexParams(
            type=models.IntegerIndexType.INTEGER, lookup=True, range=True, enable_hnsw=linked
        )
    return models.FloatIndexParams(type=models.FloatIndexType.FLOAT, enable_hnsw=linked)


def _named(point: StoredPoint) -> Any:
    dense = {space: data.tolist() for space, data in point.vectors.items()}
    return {**dense, **{space: _sparse(values) for space, values in point.sparse.items()}}


def _sparse(values: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(values.indices), values=list(values.values))


def _stored(record: models.Record) -> StoredPoint:
    named: Mapping[str, Any] = record.vector if isinstance(record.vector, dict) else {}
    dense: dict[Space, F32] = {s: np.asarray(named[s], np.float32) for s in SPACES if s in named}
    sparse = {s: _known_sparse(named[s]) for s in SPARSE_SPACES if s in named}
    return StoredPoint(str(record.id), dense, record.payload or {}, sparse)


def _known_sparse(values: models.SparseVector) -> Sparse:
    return Sparse.of(dict(zip(values.indices, values.values, strict=True)))


def _request(query: AnyQuery, exact: bool) -> models.QueryRequest:
    vector = _sparse(query.vector) if isinstance(query, SparseQuery) else query.vector.tolist()
    return models.QueryRequest(
        query=vector,
        using=query.space,
        limit=query.limit,
        filter=filter_of(query.where),
        with_payload=False,
        params=models.SearchParams(exact=True) if exact else APPROXIMATE,
    )
