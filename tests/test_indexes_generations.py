"""Generations: built beside the live one, verified, cut over, dropped, and found after a kill."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from content.errors import Conflict, Invalid, NotFound, Unavailable
from indexes.calibration import Calibration
from indexes.generation import RECORD
from indexes.generations import POINTER, Generations
from indexes.schema import Filter
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.index_points import DIMS, FINGERPRINTS, OTHER_FINGERPRINTS, catalogue, point, unit

Reopen = Callable[[], IndexService]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def reopen(folder: Path) -> Iterator[Reopen]:
    opened: list[IndexService] = []

    def again() -> IndexService:
        for service in opened:
            service.close()
        opened[:] = [IndexService(folder, EdgeStores())]
        return opened[0]

    yield again
    for service in opened:
        service.close()


@pytest.fixture
def service(reopen: Reopen) -> IndexService:
    opened = reopen()
    opened.ensure(FINGERPRINTS)
    return opened


def states(service: IndexService) -> dict[str, str]:
    return {info.name: info.state for info in service.generations()}


def test_ensure_makes_the_first_and_then_keeps_it(service: IndexService, reopen: Reopen) -> None:
    assert service.ensure(OTHER_FINGERPRINTS) == "first"
    assert states(service) == {"first": "live"}
    service.upsert(catalogue(10))
    again = reopen()
    assert again.ensure(FINGERPRINTS) == "first"
    assert again.count() == 10
    (info,) = again.generations()
    assert (info.points, info.fingerprints) == (10, FINGERPRINTS)


def test_a_copy_that_comes_late_brings_nothing_back(service: IndexService) -> None:
    """Versions tell nothing here: a title that is made anew counts them from 1 again."""
    read = [point(n, version=3, genres=("of-old",)) for n in (1, 2, 3)]
    service.upsert(read)
    service.begin("next", FINGERPRINTS, None)
    service.delete(["t0001", "t0002"])
    service.upsert([point(1, version=1, genres=("anew",))])
    service.upsert_into("next", read)  # the batch that was read before
    expected = {"t0001": 1, "t0003": 3}
    found = service.verify("next", expected)
    assert (found.complete, found.extra) == (True, ())
    service.cut_over("next")
    hits = service.similar("t0003", space="fused", limit=9, filter=Filter(genre="of-old"))
    assert hits == []


def test_what_verify_misses_may_be_copied_though_it_was_deleted(service: IndexService) -> None:
    """As where a deletion broke off before the records knew of it."""
    service.upsert([point(1), point(2)])
    service.begin("next", FINGERPRINTS, None)
    service.delete(["t0001"])
    service.upsert_into("next", [point(1), point(2)])
    assert service.verify("next", {"t0001": 1, "t0002": 1}).missing == ("t0001",)
    service.upsert_into("next", [point(1)])
    assert service.verify("next", {"t0001": 1, "t0002": 1}).complete


def test_a_reindex_from_begin_to_drop(service: IndexService, reopen: Reopen) -> None:
    items = catalogue(30)
    service.upsert(items)
    fitted = Calibration.fit({"visual": [unit(np.ones(24, np.float32))] * 20})
    service.begin("next", FINGERPRINTS, fitted)
    expected = {item.title_id: item.version for item in items}
    assert service.verify("next", expected).missing == tuple(sorted(expected))
    with pytest.raises(Conflict, match="generation_unfinished"):
        service.cut_over("next")
    service.upsert_into("next", items[:20])
    service.upsert([point(500)])  # goes to both meanwhile
    service.delete(["t0003"])
    service.upsert_into("next", items[20:])
    del expected["t0003"]
    found = service.verify("next", expected)
    assert (found.missing, found.stale, found.extra) == ((), (), ("t0500",))
    assert states(service) == {"first": "live", "next": "ready"}
    before = service.vectors("t0000")["visual"]
    for _ in range(2):
        service.cut_over("next")
        assert states(service) == {"first": "retired", "next": "live"}
    assert service.count() == 30
    assert not np.array_equal(service.vectors("t0000")["visual"], before)
    service.begin("next", FINGERPRINTS, None)  # a resumed job may say it again
    again = reopen()
    assert states(again) == {"first": "retired", "next": "live"}
    for _ in range(2):
        again.drop("first")
    assert states(again) == {"next": "live"}
    with pytest.raises(NotFound, match="title_not_indexed"):
        again.vectors("t0003")


def test_refusals(service: IndexService) -> None:
    service.begin("next", FINGERPRINTS, None)
    with pytest.raises(Conflict, match="generation_differs"):
        service.begin("next", OTHER_FINGERPRINTS, None)
    with pytest.raises(Conflict, match="generation_live"):
        service.drop("first")
    for name in ("", "../up", "a/b", ".", "x" * 65):
        with pytest.raises(Invalid, match="invalid_generation"):
            service.begin(name, FINGERPRINTS, None)
    for call in (
        lambda: service.cut_over("unknown"),
        lambda: service.upsert_into("unknown", [point(1)]),
        lambda: service.verify("unknown", {}),
    ):
        with pytest.raises(NotFound, match="unknown_generation"):
            call()
    service.verify("next", {})
    service.cut_over("next")
    with pytest.raises(Conflict, match="generation_retired"):
        service.cut_over("first")
    with pytest.raises(Invalid, match="calibration_mismatch"):
        service.begin("third", OTHER_FINGERPRINTS, Calibration.default({"visual": 7}))
    assert set(states(service)) == {"first", "next"}


def test_one_generation_is_live_though_the_engine_is_not_told(
    service: IndexService, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def publish(_stores: EdgeStores, name: str) -> None:
        told.append(name)
        if len(told) == 1:
            raise Unavailable("index_unavailable", "the server is away")

    service.begin("next", FINGERPRINTS, None)
    service.verify("next", {})
    monkeypatch.setattr(EdgeStores, "publish", publish)
    with pytest.raises(Unavailable):
        service.cut_over("next")
    assert states(service) == {"first": "retired", "next": "live"}
    service.cut_over("next")
    assert told == ["next", "next"]


def test_two_encoders_never_share_a_generation(service: IndexService) -> None:
    theirs = point(1, fingerprints=OTHER_FINGERPRINTS)
    with pytest.raises(Conflict, match="fingerprint_mismatch") as caught:
        service.upsert([point(2), theirs])
    assert "made@2" in caught.value.detail
    assert service.count() == 0
    service.begin("next", OTHER_FINGERPRINTS, None)
    with pytest.raises(Conflict, match="fingerprint_mismatch"):
        service.upsert_into("next", [point(2)])
    service.upsert_into("next", [theirs])
    assert service.verify("next", {"t0001": 1}).complete
    assert states(service)["next"] == "ready"
    # A title published meanwhile is missing from the new generation, which must not go live so.
    service.upsert([point(2)])
    assert states(service)["next"] == "building"
    assert service.verify("next", {"t0001": 1, "t0002": 1}).missing == ("t0002",)
    with pytest.raises(Conflict, match="generation_unfinished"):
        service.cut_over("next")


def test_a_copy_never_replaces_a_newer_version_but_an_upsert_may(service: IndexService) -> None:
    service.begin("next", FINGERPRINTS, None)
    service.upsert([point(1, version=3, genres=("new",))])
    service.upsert_into("next", [point(1, version=2, genres=("old",))])
    assert service.verify("next", {"t0001": 3}).complete
    assert service.verify("first", {"t0001": 4}).stale == ("t0001",)
    service.upsert([point(1, version=2)])  # version 3 was withdrawn
    for generation in ("first", "next"):
        assert service.verify(generation, {"t0001": 3}).stale == ("t0001",)


def test_half_made_and_half_dropped_folders_go(
    service: IndexService, reopen: Reopen, folder: Path
) -> None:
    service.begin("next", FINGERPRINTS, None)
    service.upsert([point(1)])
    service.close()
    home = folder / "generations"
    shutil.copytree(home / "next", home / "half")
    (home / "half" / RECORD).unlink()
    (home / "empty").mkdir()
    (folder / f".{POINTER}.new").write_text("half")
    again = reopen()
    assert states(again) == {"first": "live", "next": "building"}
    assert again.verify("next", {"t0001": 1}).complete
    assert sorted(path.name for path in home.iterdir()) == ["first", "next"]


def test_a_kill_between_pointer_and_records(
    service: IndexService, reopen: Reopen, folder: Path
) -> None:
    service.begin("next", FINGERPRINTS, None)
    service.verify("next", {})
    service.close()
    (folder / POINTER).write_text("next")  # as if killed just after the pointer was replaced
    assert states(reopen()) == {"first": "retired", "next": "live"}


def test_a_first_start_killed_before_its_pointer(reopen: Reopen) -> None:
    killed = reopen()
    killed.begin("first", OTHER_FINGERPRINTS, None)
    again = reopen()
    assert again.ensure(FINGERPRINTS) == "first"
    assert again.generations()[0].fingerprints == FINGERPRINTS


def test_a_drop_waits_for_its_readers(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "index", EdgeStores())
    generations.ensure(FINGERPRINTS)
    generations.begin("next", FINGERPRINTS, None).become("ready")
    with generations.reading() as held:
        assert held is not None
        generations.cut_over("next")
        dropping = threading.Thread(target=generations.drop, args=("first",))
        dropping.start()
        dropping.join(timeout=0.2)
        assert dropping.is_alive()
        assert held.store.count("default") == 0  # still open
    dropping.join(timeout=60)
    assert not dropping.is_alive()
    assert [generation.name for generation in generations.all()] == ["next"]
    generations.close()


def test_no_answer_mixes_generations_and_readers_never_go_without(service: IndexService) -> None:
    """Titles live in two groups; each generation makes another group the neighbours."""
    items = [point(i, ["synopsis"]) for i in range(40)]
    service.upsert([*items, point(100, ["synopsis"])])
    expected = {item.title_id: 1 for item in items} | {"t0100": 1}
    wrong: list[object] = []
    answers = 0
    stop = threading.Event()

    def moved(generation: int) -> Calibration:
        calibration = Calibration.default(DIMS)
        calibration.spaces["synopsis"].mean[:] = 0.2 * (generation % 2)
        return calibration

    service.begin("even", FINGERPRINTS, moved(0))
    service.upsert_into("even", [*items, point(100, ["synopsis"])])
    service.verify("even", expected)
    service.cut_over("even")
    service.begin("odd", FINGERPRINTS, moved(1))
    service.upsert_into("odd", [*items, point(100, ["synopsis"])])
    service.verify("odd", expected)
    even = service.similar("t0100", space="synopsis", limit=40)
    service.cut_over("odd")
    odd = service.similar("t0100", space="synopsis", limit=40)
    assert [hit.score for hit in even] != [hit.score for hit in odd]
    service.drop("even")
    service.drop("first")

    def read() -> None:
        nonlocal answers
        while not stop.is_set():
            answer = service.similar("t0100", space="synopsis", limit=40)
            answers += 1
            if answer not in (even, odd):
                wrong.append(answer)
            time.sleep(0.001)  # let the writer have the engine, too

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    last = "odd"
    for turn in range(3):
        name = f"turn{turn}"
        service.begin(name, FINGERPRINTS, moved(turn))
        service.upsert_into(name, [*items, point(100, ["synopsis"])])
        service.verify(name, expected)
        service.cut_over(name)
        enough = answers + 8
        while answers < enough:  # on a crowded machine, too
            time.sleep(0.001)
        service.drop(last)
        last = name
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert answers > 20
