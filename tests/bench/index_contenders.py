"""Ways to search vectors in the bench of the index: each builds, opens, and answers ids."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from content.types import F32, SPACES, Space
from indexes.conditions import Equals
from indexes.graph import INT8_FROM, Graph
from indexes.schema import Filter, TitlePoint, point_id
from indexes.store import Query, StoredPoint, Where
from indexes.store_edge import EdgeStore, EdgeStores

M, EF_CONSTRUCT, EF = 16, 128, 128
"""One setting for all that have a graph."""
GENRES = 10


class Contender(Protocol):
    """Built once, opened again, asked one query at a time."""

    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None: ...
    def open(self, spaces: list[F32], folder: Path) -> None: ...
    def query(self, vector: F32, k: int, genre: int | None) -> list[int]: ...


class Numpy:
    """Exact: one matrix product."""

    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None:
        self._genres = genres

    def open(self, spaces: list[F32], folder: Path) -> None:
        self._rows = spaces[0]

    def query(self, vector: F32, k: int, genre: int | None) -> list[int]:
        scores = self._rows @ vector
        if genre is not None:
            scores = np.where(self._genres == genre, scores, -2)
        best = np.argpartition(-scores, k)[:k]
        return list(best[np.argsort(-scores[best])])


class Hnswlib:
    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None:
        import hnswlib

        self._genres = genres
        for n, rows in enumerate(spaces):
            index = hnswlib.Index(space="ip", dim=rows.shape[1])
            index.init_index(len(rows), M=M, ef_construction=EF_CONSTRUCT)
            index.add_items(rows, num_threads=1)
            index.save_index(str(folder / f"{n}.hnsw"))

    def open(self, spaces: list[F32], folder: Path) -> None:
        import hnswlib

        self._all = []
        for n, rows in enumerate(spaces):
            index = hnswlib.Index(space="ip", dim=rows.shape[1])
            index.load_index(str(folder / f"{n}.hnsw"))
            index.set_ef(EF)
            index.set_num_threads(1)
            self._all.append(index)

    def query(self, vector: F32, k: int, genre: int | None) -> list[int]:
        allowed = None if genre is None else (lambda row: bool(self._genres[row] == genre))
        labels, _ = self._all[0].knn_query(vector, k=k, num_threads=1, filter=allowed)
        return list(labels[0])


class Faiss:
    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self._genres = genres
        for n, rows in enumerate(spaces):
            index = faiss.IndexHNSWFlat(rows.shape[1], M, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = EF_CONSTRUCT
            index.add(rows)
            faiss.write_index(index, str(folder / f"{n}.faiss"))

    def open(self, spaces: list[F32], folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self._faiss: Any = faiss
        self._all = [faiss.read_index(str(folder / f"{n}.faiss")) for n in range(len(spaces))]

    def query(self, vector: F32, k: int, genre: int | None) -> list[int]:
        params = self._faiss.SearchParametersHNSW(efSearch=EF)
        if genre is not None:
            allowed = np.flatnonzero(self._genres == genre).astype(np.int64)
            params.sel = self._faiss.IDSelectorBatch(allowed)
        return list(self._all[0].search(vector[None], k, params=params)[1][0])


class Client:
    """qdrant-client's local mode: plain numpy behind the server's interface."""

    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None:
        from qdrant_client import QdrantClient, models

        self._models: Any = models
        self._client = QdrantClient(":memory:")
        params = models.VectorParams(size=spaces[0].shape[1], distance=models.Distance.DOT)
        config = {str(n): params for n in range(len(spaces))}
        self._client.create_collection("c", vectors_config=config)
        for start in range(0, len(genres), 1000):
            points = [
                models.PointStruct(
                    id=i,
                    vector={str(n): rows[i].tolist() for n, rows in enumerate(spaces)},
                    payload={"genre": str(genres[i])},
                )
                for i in range(start, min(start + 1000, len(genres)))
            ]
            self._client.upsert("c", points)

    def open(self, spaces: list[F32], folder: Path) -> None: ...

    def query(self, vector: F32, k: int, genre: int | None) -> list[int]:
        m = self._models
        match = m.FieldCondition(key="genre", match=m.MatchValue(value=str(genre)))
        wanted = None if genre is None else m.Filter(must=[match])
        hits = self._client.query_points(
            "c", query=vector.tolist(), using="0", limit=k, query_filter=wanted
        )
        return [int(hit.id) for hit in hits.points]


class BareEdge:
    """qdrant-edge-py as it comes: the shard that Keyart built, asked without Keyart."""

    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None:
        keyart = Keyart()
        keyart.build(spaces, genres, folder)
        self.graph, self._rows = keyart.graph, keyart.rows

    def open(self, spaces: list[F32], folder: Path) -> None:
        import qdrant_edge

        self._edge: Any = qdrant_edge
        self._shard = qdrant_edge.EdgeShard.load(str(next((folder / "g").glob("shard*"))))

    def query(self, vector: F32, k: int, genre: int | None) -> list[int]:
        e = self._edge
        condition = e.FieldCondition("genres", match=e.MatchValue(str(genre)))
        request = e.QueryRequest(
            limit=k,
            query=e.Query.Nearest(vector.tolist(), using=SPACES[0]),
            filter=None if genre is None else e.Filter(must=[condition]),
            params=e.SearchParams(
                hnsw_ef=self.graph.ef,
                quantization=e.QuantizationSearchParams(rescore=True, oversampling=2.0),
            ),
        )
        return [self._rows[str(hit.id)] for hit in self._shard.query(request)]


class Keyart:
    """The store in process: its checks, its conditions, its tenant."""

    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None:
        names: list[Space] = list(SPACES[: len(spaces)])
        ids = [point_id(f"t{i}") for i in range(len(genres))]
        self.rows = {key: i for i, key in enumerate(ids)}
        store = EdgeStores().create("g", folder / "g", dict.fromkeys(names, spaces[0].shape[1]))
        assert isinstance(store, EdgeStore)
        begun = time.perf_counter()
        for start in range(0, len(ids), 256):
            store.upsert(
                [
                    StoredPoint(
                        ids[i],
                        {name: rows[i] for name, rows in zip(names, spaces, strict=True)},
                        _payload(i, int(genres[i])),
                    )
                    for i in range(start, min(start + 256, len(ids)))
                ]
            )
        self.filled_s = time.perf_counter() - begun
        graph = store.build()
        assert graph is not None, "the graph finds too little"
        assert graph.int8 == (len(ids) >= INT8_FROM)
        self.graph: Graph = graph
        store.close()

    def open(self, spaces: list[F32], folder: Path) -> None:
        self._store = EdgeStores().open("g", folder / "g")

    def query(self, vector: F32, k: int, genre: int | None) -> list[int]:
        wanted = None if genre is None else Equals("genres", str(genre))
        (hits,) = self._store.query([Query(SPACES[0], vector, k, Where(wanted))], exact=False)
        return [self.rows[hit.id] for hit in hits]


def _payload(i: int, genre: int) -> dict[str, Any]:
    return {
        "tenant": "default",
        "title_id": f"t{i}",
        "version": 1,
        "genres": [str(genre)],
        "year": 1950 + i % 70,
    }


class Served:
    """The index process through its socket: similar titles of one space."""

    building = False

    def build(self, spaces: list[F32], genres: F32, folder: Path) -> None:
        self._spawn(folder)
        dim = spaces[0].shape[1]
        prints = dict.fromkeys(SPACES[: len(spaces)], f"made@1:{dim}:abc")
        self._client.ensure(prints)
        from content.types import Vector

        for start in range(0, len(genres), 256):
            self._client.upsert(
                [
                    TitlePoint(
                        f"t{i}",
                        1,
                        {s: Vector(rows[i], prints[s]) for s, rows in zip(prints, spaces)},  # noqa: B905
                        (str(genres[i]),),
                        year=1950 + i % 70,
                    )
                    for i in range(start, min(start + 256, len(genres)))
                ]
            )
        self._client.build("first")
        while self._client.generations()[0].graph is None:
            time.sleep(0.5)
        self._client.close()
        self._process.terminate()
        self._process.wait()

    def open(self, spaces: list[F32], folder: Path) -> None:
        self._spawn(folder)
        if self.building:
            self._client.build("first")
            time.sleep(2)

    def query(self, vector: F32, k: int, genre: int | None) -> list[int]:
        name = f"t{int(vector[0])}"  # of the title that is asked for: see `index_runner`
        wanted = Filter() if genre is None else Filter(genre=str(genre))
        hits = self._client.similar(name, space="visual", limit=k, filter=wanted)
        return [int(hit.title_id[1:]) for hit in hits]

    def _spawn(self, folder: Path) -> None:
        from indexes.client import IndexClient

        command = [sys.executable, "-m", "indexes.server", "--socket", str(folder / "s")]
        command += ["--folder", str(folder / "index"), "--parent", str(os.getpid())]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self._client = IndexClient(folder / "s", timeout_s=120)
        while not self._client.ready():
            time.sleep(0.02)

    def stop(self) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid


class ServedBuilding(Served):
    """The same, while the next graph is being built."""

    building = True


CONTENDERS: dict[str, type[Contender]] = {
    "numpy exact": Numpy,
    "hnswlib": Hnswlib,
    "faiss HNSW": Faiss,
    "qdrant-client local": Client,
    "bare edge, int8": BareEdge,
    "keyart, in process": Keyart,
    "keyart, socket": Served,
    "keyart, socket, building": ServedBuilding,
}
