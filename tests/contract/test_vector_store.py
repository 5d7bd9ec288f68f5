"""One suite over every vector store: embedded, the client's in-memory twin, a real server."""

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient

from content.errors import Conflict, Invalid, Unavailable
from content.types import MATURITIES
from indexes.cluster import Cluster
from indexes.conditions import Equals, Ids, Not
from indexes.grammar import parse
from indexes.question import Question
from indexes.schema import SIMILAR_SPACES, Filter, TitlePoint, payload_of, point_id
from indexes.sparse import Sparse
from indexes.store import Query, SparseQuery, StoredPoint, Stores, VectorStore, Where
from indexes.store_edge import EdgeStores
from indexes.store_server import ServerStores
from indexes.titles import Examples, answers
from indexes.weights import DEFAULT
from tests.index_points import DIMS, catalogue, point, vectors

# The twin says which of the server's features are only speed.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes:UserWarning", "ignore:Local mode:UserWarning"
)
QDRANT_URL = os.environ.get("QDRANT_URL")
BODIES = ["edge", "memory", *(["server"] if QDRANT_URL else [])]


def make_stores(body: str) -> Stores:
    if body == "edge":
        return EdgeStores()
    if body == "memory":
        return ServerStores(QdrantClient(":memory:"))
    return ServerStores.of(Cluster(str(QDRANT_URL), os.environ.get("QDRANT_API_KEY")))


def stored(item: TitlePoint) -> StoredPoint:
    return StoredPoint(item.id, {s: v.data for s, v in item.vectors.items()}, payload_of(item))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], VectorStore]]:
    made: list[tuple[Stores, VectorStore, str, Path]] = []

    def open_one(body: str) -> VectorStore:
        stores, name = make_stores(body), f"test-{uuid.uuid4().hex}"
        store = stores.create(name, tmp_path / name, DIMS)
        made.append((stores, store, name, tmp_path / name))
        return store

    yield open_one
    for stores, store, name, folder in made:
        store.close()
        stores.destroy(name, folder)


@pytest.fixture(params=BODIES)
def store(request: pytest.FixtureRequest, opened: Callable[[str], VectorStore]) -> VectorStore:
    return opened(request.param)


def ids(store: VectorStore, seed: int = 0, *, limit: int = 100, where: Where) -> set[str]:
    query = Query("synopsis", vectors(seed)["synopsis"].data, limit, where)
    found = store.get([hit.id for hit in store.query([query])[0]], vectors=False)
    return {point.payload["title_id"] for point in found.values()}


def test_stored_points_come_back_bit_for_bit_and_missing_spaces_stay_missing(
    store: VectorStore,
) -> None:
    items = catalogue(10)
    store.upsert([stored(item) for item in items])
    back = store.get([item.id for item in items] + [point_id("nobody")], vectors=True)
    assert set(back) == {item.id for item in items}
    for item in items:
        assert dict(back[item.id].payload) == payload_of(item)
        assert set(back[item.id].vectors) == set(item.vectors)
        for space, vector in item.vectors.items():
            np.testing.assert_array_equal(back[item.id].vectors[space], vector.data)
    bare = store.get([items[0].id], vectors=False)[items[0].id]
    assert not bare.vectors
    assert bare.payload["version"] == 1


def test_upsert_replaces_wholly(store: VectorStore) -> None:
    store.upsert([stored(point(1, genres=("drama",)))])
    store.upsert([stored(point(1, ["synopsis"], version=2))])
    back = store.get([point_id("t0001")], vectors=True)[point_id("t0001")]
    assert set(back.vectors) == {"synopsis"}
    assert back.payload["version"] == 2
    assert back.payload["genres"] == []
    assert store.count("default") == 1


def test_vectors_are_counted_by_space_and_tenant(store: VectorStore) -> None:
    assert store.having("default") == dict.fromkeys(DIMS, 0)
    items = catalogue(20)
    store.upsert([stored(item) for item in items])
    store.upsert([stored(point(30, ["audio"], tenant="other"))])
    truth = {space: sum(space in item.vectors for item in items) for space in DIMS}
    assert store.having("default") == truth
    assert store.having("other") == {**dict.fromkeys(DIMS, 0), "audio": 1}
    assert store.bytes() is None or (store.bytes() or 0) > 10_000


def test_a_point_without_any_vector_is_kept_and_never_found(store: VectorStore) -> None:
    store.upsert([stored(point(1, [])), stored(point(2))])
    assert store.count("default") == 2
    assert ids(store, where=Where()) == {"t0002"}


def test_cosines_are_those_of_numpy_best_first(store: VectorStore) -> None:
    items = catalogue(60)
    store.upsert([stored(item) for item in items])
    wanted = vectors(1000)
    answers = store.query([Query(space, wanted[space].data, 15, Where()) for space in DIMS])
    for space, hits in zip(DIMS, answers, strict=True):
        truth = {
            item.id: float(item.vectors[space].data @ wanted[space].data)
            for item in items
            if space in item.vectors
        }
        best = sorted(truth, key=truth.__getitem__, reverse=True)[:15]
        assert [hit.id for hit in hits] == best
        assert [hit.score for hit in hits] == pytest.approx([truth[t] for t in best], abs=1e-5)


def test_sparse_vectors_come_back_and_are_found_by_their_rarity(store: VectorStore) -> None:
    told = [{3: 1.0, 9: 0.5}, {3: 2.0}, {3: 0.25, 70: 1.5}, {}]
    rows = [
        replace(stored(point(k, [])), sparse={"words": Sparse.of(each)} if each else {})
        for k, each in enumerate(told)
    ]
    store.upsert(rows)
    back = store.get([row.id for row in rows], vectors=True)
    assert [dict(back[row.id].sparse) for row in rows] == [dict(row.sparse) for row in rows]
    asked = SparseQuery("words", Sparse.of({3: 1.0, 70: 1.0}), 10, Where())
    (hits,) = store.query([asked])
    # Of the points that have such a vector at all: three.
    rarity = {n: np.log(1 + (3 - df + 0.5) / (df + 0.5)) for n, df in ((3, 3), (70, 1))}
    truth = {
        r.id: sum(e.get(n, 0.0) * rarity[n] for n in rarity)
        for r, e in zip(rows, told, strict=True)
    }
    best = sorted((key for key in truth if truth[key]), key=lambda key: -truth[key])
    assert [hit.id for hit in hits] == best
    assert [hit.score for hit in hits] == pytest.approx([truth[key] for key in best], abs=1e-4)
    store.delete_where(Where(Equals("tenant", "default"), only=frozenset({rows[2].id})))
    (left,) = store.query([asked])
    assert {hit.id for hit in left} == {rows[0].id, rows[1].id}


@pytest.mark.parametrize("values", [((3, 3), (1.0, 1.0)), ((1,), (float("nan"),)), ((1,), ())])
def test_sparse_vectors_that_are_none_are_refused(store: VectorStore, values: tuple) -> None:
    bad = replace(stored(point(1, [])), sparse={"words": Sparse(*values)})
    with pytest.raises(Invalid, match="invalid_vector"):
        store.upsert([bad])
    odd = replace(bad, sparse={"mood": Sparse((1,), (1.0,))})
    with pytest.raises(Invalid, match="unknown_space"):
        store.upsert([odd])
    assert store.count("default") == 0


def test_filters(store: VectorStore) -> None:
    items = [item for item in catalogue(60) if "synopsis" in item.vectors]
    store.upsert([stored(item) for item in items])
    rank = MATURITIES.index
    for wanted in (
        Filter(),
        Filter(genre="comedy"),
        Filter(genre="drama", language="en"),
        Filter(language="fr", maturity_max="16"),
        Filter(maturity_max="all"),
        Filter(genre="western"),
    ):
        expected = {
            item.title_id
            for item in items
            if (wanted.genre is None or wanted.genre in item.genres)
            and (wanted.language is None or wanted.language == item.language)
            and (wanted.maturity_max is None or rank(item.maturity) <= rank(wanted.maturity_max))
        }
        assert ids(store, where=Where(wanted.conditions())) == expected


def test_genres_and_languages_are_found_in_whatever_case(store: VectorStore) -> None:
    new = [stored(point(1, genres=("Sci-Fi", "War"))), stored(point(2, genres=("sci-fi",)))]
    old = stored(point(3))  # of before, as it was told alone
    payload = {**old.payload, "genres": ["Sci-Fi"], "language": "pt-BR"}
    store.upsert([*new, replace(old, payload=payload)])
    for told, found in (
        ("Sci-Fi", {1, 2, 3}),
        ("sci-fi", {1, 2}),
        ("SCI-FI", {1, 2}),
        ("war", {1}),
    ):
        expected = {f"t{n:04}" for n in found}
        for asked in (parse(f"genre:{told}"), Filter(genre=told).conditions()):
            assert ids(store, where=Where(asked)) == expected, told
    for told in ("pt-BR", "PT_br", "por-br"):
        assert ids(store, where=Where(parse(f"language:{told}"))) == {"t0003"}


def test_tenants_do_not_see_each_other(store: VectorStore) -> None:
    store.upsert([stored(point(1)), stored(point(1, tenant="other")), stored(point(2))])
    assert store.count("default") == 2
    assert store.versions("other") == {"t0001": 1}
    assert ids(store, where=Where(tenant="other")) == {"t0001"}


def test_only_and_excluding(store: VectorStore) -> None:
    store.upsert([stored(point(i)) for i in range(6)])
    some = frozenset(point_id(f"t{i:04d}") for i in (1, 2, 3))
    assert ids(store, where=Where(only=some)) == {"t0001", "t0002", "t0003"}
    others = Not(Ids.of_titles(["t0002"]))
    assert ids(store, where=Where(others, only=some)) == {"t0001", "t0003"}
    assert ids(store, where=Where(only=frozenset())) == set()


def test_delete_and_versions_over_many_pages(store: VectorStore) -> None:
    for start in range(0, 2100, 700):
        store.upsert([stored(point(i, ["audio"], version=i)) for i in range(start, start + 700)])
    store.delete([point_id("t0007"), point_id("nobody")])
    assert store.versions("default") == {f"t{i:04d}": i for i in range(2100) if i != 7}
    assert store.count("default") == 2099


def test_no_query_is_no_work(store: VectorStore) -> None:
    assert store.query([]) == []


def test_bodies_agree_in_scores_and_order(opened: Callable[[str], VectorStore]) -> None:
    items = catalogue(50)
    # Twins: the same vectors under other names, so that ties have to be broken by id.
    items += [
        TitlePoint(f"twin{i}", 1, items[i].vectors, items[i].genres, items[i].language)
        for i in range(10)
    ]
    bodies = [opened(body) for body in BODIES]
    for body in bodies:
        body.upsert([stored(item) for item in items])
    for item in items[::4]:
        for space in SIMILAR_SPACES:
            found = [
                answers(
                    body,
                    Question(space=space, limit=20),
                    Examples([(body.get([item.id], vectors=True)[item.id].vectors, 1.0)]),
                    DEFAULT,
                    Where(Not(Ids((item.id,)))),
                )
                for body in bodies
            ]
            for other in found[1:]:
                assert [h.title_id for h in other] == [h.title_id for h in found[0]]
                for left, right in zip(found[0], other, strict=True):
                    assert left.score == pytest.approx(right.score, abs=1e-5)
                    assert left.scores == pytest.approx(right.scores, abs=1e-5)


def broken(space: str, data: object) -> StoredPoint:
    return StoredPoint(point_id("t9"), {space: np.asarray(data)}, payload_of(point(9)))  # type: ignore[dict-item]


UNIT = np.eye(1, 12, dtype=np.float32)[0]


@pytest.mark.parametrize(
    ("space", "data", "code", "taught"),
    [
        ("audio", np.where(UNIT > 0, np.nan, UNIT), "invalid_vector", "NaN"),
        ("audio", np.where(UNIT > 0, np.inf, UNIT), "invalid_vector", "infinity"),
        ("audio", 2 * UNIT, "invalid_vector", "norm 2.0000; divide it"),
        ("audio", 0 * UNIT, "invalid_vector", "norm 0.0000"),
        ("audio", UNIT[:11], "invalid_vector", "another encoder"),
        ("audio", UNIT.astype(np.float64), "invalid_vector", "float64"),
        ("smell", UNIT, "unknown_space", "reindex to add a space"),
    ],
)
def test_refusals_leave_nothing(
    store: VectorStore, space: str, data: np.ndarray, code: str, taught: str
) -> None:
    data = data.astype(np.float32) if taught != "float64" else data
    with pytest.raises(Invalid) as caught:
        store.upsert([stored(point(1)), broken(space, data)])
    assert caught.value.code == code
    assert taught in caught.value.detail
    assert store.count("default") == 0
    with pytest.raises(Invalid) as caught:
        store.query([Query(space, data, 5, Where())])  # type: ignore[arg-type]
    assert caught.value.code == code


def test_approximate_search_over_what_has_no_graph_is_exact(store: VectorStore) -> None:
    store.upsert([stored(item) for item in catalogue(40)])
    query = Query("synopsis", vectors(3)["synopsis"].data, 10, Where())
    (exact,), (near,) = store.query([query]), store.query([query], exact=False)
    assert [hit.id for hit in near] == [hit.id for hit in exact]
    assert [hit.score for hit in near] == pytest.approx([hit.score for hit in exact], abs=1e-5)


def test_the_alias_leads_to_what_was_published_last(tmp_path: Path) -> None:
    client = QdrantClient(":memory:")
    stores = ServerStores(client)
    for name in ("one", "two"):
        stores.create(name, tmp_path, DIMS).upsert([stored(point(1))])
        for _ in range(2):
            stores.publish(name)
        aliases = {each.alias_name: each.collection_name for each in client.get_aliases().aliases}
        assert aliases == {"keyart": f"keyart-{name}"}
        assert client.count("keyart").count == 1


def test_a_collection_that_another_folder_made_is_left_alone(tmp_path: Path) -> None:
    client = QdrantClient(":memory:")
    ours, theirs = (ServerStores(client) for _ in range(2))
    theirs.create("first", tmp_path / "theirs", DIMS).upsert([stored(point(1))])
    for _ in range(2):
        for make in (ours.create, ours.resume):
            with pytest.raises(Conflict, match="collection_exists"):
                make("first", tmp_path / "ours", DIMS)
        ours.destroy("first", tmp_path / "ours")  # as is done with what is half made
    assert theirs.open("first", tmp_path / "theirs").count("default") == 1
    theirs.destroy("first", tmp_path / "theirs")
    assert not client.collection_exists("keyart-first")
    assert ours.create("first", tmp_path / "ours", DIMS).count("default") == 0


def test_a_second_opener_is_told_who_it_disturbs(tmp_path: Path) -> None:
    stores = EdgeStores()
    first = stores.create("g", tmp_path / "g", DIMS)
    with pytest.raises(Conflict) as caught:
        stores.open("g", tmp_path / "g")
    assert caught.value.code == "index_in_use"
    assert "stop the other process" in caught.value.detail
    first.close()
    stores.open("g", tmp_path / "g").close()


def test_a_cluster_is_asked_for_as_configured(tmp_path: Path) -> None:
    seen: list[tuple[str, str | None, dict[str, Any]]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # is there such a collection?
            content = json.dumps({"result": {"exists": False}, "status": "ok", "time": 0}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, self.headers.get("api-key"), body))
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cluster = Cluster(f"http://127.0.0.1:{server.server_port}", "secret", None, False, 3, 2, 2)
        with pytest.raises(Unavailable, match="KEYART_QDRANT_API_KEY"):
            ServerStores.of(cluster).create("g", tmp_path, {"audio": 12})
        server.shutdown()
    (path, key, body) = seen[0]
    assert (path.split("?")[0], key) == ("/collections/keyart-g", "secret")
    assert (body["shard_number"], body["replication_factor"]) == (3, 2)
    assert body["write_consistency_factor"] == 2
    assert body["quantization_config"]["scalar"]["type"] == "int8"
    assert body["vectors"]["audio"]["size"] == 12


def test_an_absent_server_is_unavailable(tmp_path: Path) -> None:
    stores = ServerStores.of(Cluster("http://127.0.0.1:1"))
    with pytest.raises(Unavailable) as caught:
        stores.create("any", tmp_path / "any", DIMS)
    assert caught.value.code == "index_unavailable"
    assert "KEYART_QDRANT_URL" in caught.value.detail


def test_an_edge_shard_is_reopened_with_all_it_held(tmp_path: Path) -> None:
    stores, folder = EdgeStores(), tmp_path / "g"
    first = stores.create("g", folder, DIMS)
    first.upsert([stored(item) for item in catalogue(20)])
    first.close()
    again = stores.open("g", folder)
    assert again.count("default") == 20
    again.close()
