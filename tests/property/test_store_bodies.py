"""The embedded engine and the server's twin answer alike, whatever was written before."""

import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from content.types import F32, Space
from indexes.store import Query, StoredPoint, Stores, VectorStore, Where
from indexes.store_edge import EdgeStores
from indexes.store_server import ServerStores
from tests.property.test_conditions import KEYS, PAYLOADS, trees

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes:UserWarning", "ignore:Local mode:UserWarning"
)
DIMS: dict[Space, int] = {"visual": 8, "audio": 5}
# Few directions, so that ties are common.
DIRECTIONS: dict[Space, list[F32]] = {
    space: [
        (row / np.linalg.norm(row)).astype(np.float32)
        for row in np.random.default_rng(dim).normal(size=(4, dim))
    ]
    for space, dim in DIMS.items()
}
spaces = st.sampled_from(list(DIMS))
chosen = st.dictionaries(spaces, st.integers(0, 3))
writes = st.one_of(
    st.tuples(st.just("put"), st.integers(0, len(KEYS) - 1), chosen),
    st.tuples(st.just("delete"), st.integers(0, len(KEYS) - 1), st.none()),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty shard: copying one is faster than making one."""
    folder: Path = tmp_path_factory.mktemp("bodies")
    EdgeStores().create("t", folder / "template", DIMS).close()
    return folder


@given(
    st.lists(writes, min_size=1, max_size=15),
    st.lists(st.tuples(spaces, st.integers(0, 3), st.integers(1, 12), trees), max_size=6),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bodies_agree(template: Path, done: list[Any], asked: list[Any]) -> None:
    name = uuid.uuid4().hex
    shutil.copytree(template / "template", template / name)
    memory: Stores = ServerStores(QdrantClient(":memory:"))
    pair = [EdgeStores().open(name, template / name), memory.create(name, template, DIMS)]
    for store in pair:
        for kind, n, held in done:
            if kind == "delete":
                store.delete([KEYS[n]])
            else:
                vectors = {space: DIRECTIONS[space][i] for space, i in held.items()}
                store.upsert([StoredPoint(KEYS[n], vectors, PAYLOADS[n])])
    edge, twin = pair
    assert edge.versions("default").keys() == twin.versions("default").keys()
    for space, i, limit, condition in asked:
        query = Query(space, DIRECTIONS[space][i], len(KEYS), Where(condition))
        assert ranked(edge, query)[:limit] == ranked(twin, query)[:limit]
        assert ranked(edge, query) == ranked(edge, query, exact=False)
    edge.close()


def ranked(store: VectorStore, query: Query, *, exact: bool = True) -> list[tuple[float, str]]:
    (hits,) = store.query([query], exact=exact)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    return sorted((-round(hit.score, 5) + 0.0, hit.id) for hit in hits)
