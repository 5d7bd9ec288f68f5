"""Graphs: built by a process of their own on a side copy, and what arrives meanwhile is carried."""

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from content.types import F32, Space
from indexes import builder, building, store_edge
from indexes.builds import Builds
from indexes.generations import Generations
from indexes.graph import BUILD_FROM, DUE_SHARE, Graph, is_due
from indexes.readers import Readers
from indexes.schema import point_id
from indexes.service import IndexService
from indexes.shard import active
from indexes.store import Coverage, Query, StoredPoint, VectorStore, Where
from indexes.store_edge import EdgeStore, EdgeStores
from tests.index_points import DIMS, FINGERPRINTS, catalogue
from tests.waiting import until

WIDE: dict[Space, int] = {"visual": 16}


def points(numbers: range, version: int = 1, seed: int = 0) -> list[StoredPoint]:
    made = []
    for n in numbers:
        row = np.random.default_rng((seed, n)).normal(size=16)
        vector = (row / np.linalg.norm(row)).astype(np.float32)
        payload = {"tenant": "default", "title_id": f"t{n}", "version": version}
        made.append(StoredPoint(point_id(f"t{n}"), {"visual": vector}, payload))
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EdgeStore]:
    made = EdgeStores().create("g", tmp_path / "g", WIDE)
    assert isinstance(made, EdgeStore)
    made.upsert(points(range(600)))
    yield made
    made.close()


def found(store: VectorStore, vector: F32, *, exact: bool) -> list[str]:
    (hits,) = store.query([Query("visual", vector, 10, Where())], exact=exact)
    return [hit.id for hit in hits]


def test_a_built_graph_finds_what_exact_search_does(store: EdgeStore, tmp_path: Path) -> None:
    assert store.coverage().graph is None
    graph = store.build()
    assert graph is not None
    assert (graph.points, graph.int8) == (600, False)
    assert graph.recall["visual"] >= 0.98
    assert store.coverage().outside == 0
    asked = points(range(40), seed=9)
    same = [
        len(
            set(found(store, p.vectors["visual"], exact=True))
            & set(found(store, p.vectors["visual"], exact=False))
        )
        for p in asked
    ]
    assert np.mean(same) >= 9.8
    assert active(tmp_path / "g").name == "shard-1"
    assert not (tmp_path / "g" / "shard").exists()
    # Later writes lie beside the graph and are found with it.
    late = points(range(600, 620), seed=4)
    store.upsert(late)
    store.delete([point_id("t0")])
    assert found(store, late[0].vectors["visual"], exact=False)[0] == late[0].id
    assert point_id("t0") not in found(store, points(range(1))[0].vectors["visual"], exact=False)
    assert store.coverage().outside == 21
    store.close()
    again = EdgeStores().open("g", tmp_path / "g")
    assert again.coverage().graph == graph
    assert again.coverage().outside == 19  # one is gone and one is not known any more
    assert again.count("default") == 619
    again.close()


def test_what_is_written_meanwhile_is_carried(
    store: EdgeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {f"t{n}": 1 for n in range(600)}
    begun = building.run

    def run(shard: Path, **kwargs: object) -> Graph | None:
        for start in range(0, 1200, 100):  # more than is carried at once
            store.upsert(points(range(start, start + 100), version=2, seed=1))
        store.delete([point_id(f"t{n}") for n in range(50)])
        expected.update({f"t{n}": 2 for n in range(1200)})
        for n in range(50):
            del expected[f"t{n}"]
        return begun(shard, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "run", run)
    assert store.build() is not None
    assert store.versions("default") == expected
    newest = points(range(700, 701), seed=1)[0].vectors["visual"]
    assert found(store, newest, exact=False)[0] == point_id("t700")
    assert store.coverage().outside == 1150  # every id written meanwhile that is still there


def test_writers_and_readers_go_on_while_it_builds(store: EdgeStore) -> None:
    acknowledged: dict[str, int] = {}
    stop = threading.Event()
    empty: list[int] = []

    def write() -> None:
        for version in range(2, 10_000):
            if stop.is_set():
                return
            batch = points(range(version % 500, version % 500 + 3), version)
            store.upsert(batch)
            acknowledged.update({p.payload["title_id"]: version for p in batch})

    def read() -> None:
        vector = points(range(1))[0].vectors["visual"]
        while not stop.is_set():
            empty.append(10 - len(found(store, vector, exact=False)))

    threads = [threading.Thread(target=write), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    assert store.build() is not None
    stop.set()
    for thread in threads:
        thread.join()
    stored = store.versions("default")
    assert acknowledged
    assert all(stored[title] == version for title, version in acknowledged.items())
    assert empty
    assert not any(empty)


def test_no_switch_falls_between_finding_the_shard_and_reading_it(
    store: EdgeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    entering, closed = threading.Event(), threading.Event()
    enter, close = Readers.enter, store_edge._Held.close

    def slowly(readers: Readers) -> None:
        if threading.current_thread().name == "reader":
            entering.set()
            closed.wait(0.5)
        enter(readers)

    def told(held: store_edge._Held) -> None:
        close(held)
        closed.set()

    def unbuilt(*_: object, **__: object) -> Graph:
        reader.start()
        assert entering.wait(20)
        return Graph(600, int8=False, ef=64, recall={}, seconds=0.0, built_us=0)

    vector = points(range(1))[0].vectors["visual"]
    answers: list[list[str]] = []
    reader = threading.Thread(
        target=lambda: answers.append(found(store, vector, exact=True)), name="reader"
    )
    monkeypatch.setattr(Readers, "enter", slowly)
    monkeypatch.setattr(store_edge._Held, "close", told)
    monkeypatch.setattr(building, "run", unbuilt)
    assert store.build() is not None
    reader.join()
    assert len(answers[0]) == 10


def test_closing_stops_a_build_and_leaves_the_old(
    store: EdgeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = threading.Event()
    original = building.run

    def run(shard: Path, *, int8: bool, stop: threading.Event) -> Graph | None:
        entered.set()
        stop.wait()
        return original(shard, int8=int8, stop=stop)

    monkeypatch.setattr(building, "run", run)
    outcome: list[Graph | None] = []
    thread = threading.Thread(target=lambda: outcome.append(store.build()))
    thread.start()
    assert entered.wait(20)
    store.close()
    thread.join()
    assert outcome == [None]
    assert sorted(path.name for path in (tmp_path / "g").iterdir()) == ["shard"]
    again = EdgeStores().open("g", tmp_path / "g")
    assert again.count("default") == 600
    again.close()


def test_a_graph_that_finds_too_little_is_not_taken(
    store: EdgeStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(building, "RECALL_MIN", 1.01)
    with caplog.at_level(logging.WARNING):
        assert store.build() is None
    assert "search stays exact" in caplog.text
    assert store.coverage().graph is None
    assert store.count("default") == 600


def test_a_half_made_side_copy_is_gone_when_the_folder_is_opened(
    store: EdgeStore, tmp_path: Path
) -> None:
    store.close()
    (tmp_path / "g" / "shard-1" / "segments").mkdir(parents=True)
    again = EdgeStores().open("g", tmp_path / "g")
    assert not (tmp_path / "g" / "shard-1").exists()
    assert again.count("default") == 600
    again.close()


def test_it_is_due_by_size_and_share() -> None:
    assert not is_due(BUILD_FROM - 1, BUILD_FROM - 1)
    assert is_due(BUILD_FROM, BUILD_FROM)
    assert not is_due(BUILD_FROM, int(BUILD_FROM * DUE_SHARE))
    assert is_due(BUILD_FROM, int(BUILD_FROM * DUE_SHARE) + 1)


def test_a_build_that_fails_is_not_tried_again_at_once() -> None:
    looked = threading.Semaphore(0)
    tried: list[str] = []

    class Full:
        def coverage(self) -> Coverage:
            looked.release()
            return Coverage(BUILD_FROM, BUILD_FROM, None)

        def build(self) -> None:
            tried.append("build")
            raise OSError(28, "No space left on device")

    stores = SimpleNamespace(stores=lambda: [("g", Full())])
    builds = Builds(cast(Generations, stores), every_s=0.001)
    for _ in range(5):
        assert looked.acquire(timeout=20)
    assert tried == ["build"]
    builds.ask("g")
    for _ in range(3):
        assert looked.acquire(timeout=20)
    builds.close()
    builds.join()
    assert tried == ["build", "build"]


def test_a_service_builds_on_demand_and_tells_how_well_it_finds(tmp_path: Path) -> None:
    service = IndexService(tmp_path, EdgeStores())
    service.ensure(FINGERPRINTS)
    service.upsert(catalogue(200))
    service.build("first")
    until(lambda: service.generations()[0].graph is not None)
    (info,) = service.generations()
    assert info.graph is not None
    assert set(info.graph.recall) == set(DIMS)
    assert (info.graph.points, info.outside) == (200, 0)
    for name in ("t0000", "t0003"):
        near = service.similar(name, space="fused", limit=5)
        assert near == service.similar(name, space="fused", limit=5, exact=True)
    service.close()
    assert not [path for path in Path("/proc").glob("[0-9]*") if builds(path, tmp_path)]


def builds(process: Path, folder: Path) -> bool:
    try:
        command = (process / "cmdline").read_bytes()
    except OSError:
        return False
    return b"indexes.builder" in command and os.fsencode(folder) in command


@pytest.mark.parametrize(
    ("found", "ef"), [((0.97, 0.985, 0.996), 256), ((0.98, 0.985, 0.992), 1024)]
)
def test_the_builder_aims_above_what_others_must_find(
    monkeypatch: pytest.MonkeyPatch, found: tuple[float, ...], ef: int
) -> None:
    tried = dict(zip(builder.EFS, (*found, found[-1], found[-1]), strict=True))
    monkeypatch.setattr(builder, "_sample", lambda *_: [])
    monkeypatch.setattr(builder, "_recall", lambda _shard, _space, _sample, ef: tried[ef])
    assert builder._measured(None, ["visual"]) == (ef, {"visual": tried[ef]})
