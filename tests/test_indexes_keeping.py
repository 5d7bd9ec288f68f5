"""Snapshots, putting one back, and moving to a server: whole, verified, and gone on with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from qdrant_client import QdrantClient
from typer.testing import CliRunner

from api.cli import app
from content.errors import Conflict, Invalid, KeyartError, NotFound, Unavailable
from indexes import moving, snapshots
from indexes.moving import Moved, move
from indexes.schema import Filter
from indexes.service import IndexService
from indexes.store import StoredPoint
from indexes.store_edge import EdgeStores
from indexes.store_server import ServerStore, ServerStores
from tests.index_points import FINGERPRINTS, catalogue, point
from workers import keeping
from workers.settings import Settings

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes:UserWarning", "ignore:Local mode:UserWarning"
)


def filled(folder: Path, count: int = 40) -> IndexService:
    service = IndexService(folder, EdgeStores())
    service.ensure(FINGERPRINTS)
    service.upsert(catalogue(count))
    service.begin("next", FINGERPRINTS, None)
    service.upsert_into("next", catalogue(5))
    service.set_weights({"visual": 1.0})
    return service


def told(service: IndexService) -> tuple[Any, ...]:
    filtered = Filter(genre="drama")
    return (
        [(info.name, info.state, info.points) for info in service.generations()],
        service.weights(),
        service.similar("t0003", space="visual", limit=8),
        service.similar("t0003", space="fused", limit=8, filter=filtered),
    )


def assert_alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    """Alike to 1e-5: engines sum in another order."""
    assert one[:2] == other[:2]
    for left, right in zip(one[2:], other[2:], strict=True):
        assert [hit.title_id for hit in left] == [hit.title_id for hit in right]
        scores = [hit.score for hit in right]
        assert [hit.score for hit in left] == pytest.approx(scores, abs=1e-5)


def test_a_snapshot_is_of_one_moment_and_comes_back(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    service = filled(settings.index_folder)
    expected = told(service)
    assert service.snapshot(str(tmp_path / "kept")) == 45
    service.upsert([point(3, ["audio"], version=2)])
    service.delete(["t0001"])
    service.drop("next")
    with pytest.raises(Conflict, match="snapshot_exists"):
        service.snapshot(str(tmp_path / "kept"))
    with pytest.raises(NotFound, match="unknown_folder"):
        service.snapshot(str(tmp_path / "no" / "where"))
    with pytest.raises(Invalid, match="snapshot_inside"):
        service.snapshot(str(settings.index_folder / "kept"))
    assert told(service) != expected
    service.close()
    assert keeping.restore(settings, tmp_path / "kept") == 45
    again = IndexService(settings.index_folder, EdgeStores())
    assert told(again) == expected
    again.close()
    assert sorted(path.name for path in settings.data.iterdir()) == ["index"]
    assert keeping.restore(settings, tmp_path / "kept") == 45  # a snapshot is not used up


def test_what_a_killed_restore_left_goes_with_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=tmp_path / "data")
    service = filled(settings.index_folder)
    expected = told(service)
    service.snapshot(str(tmp_path / "kept"))
    service.delete(["t0001"])
    service.close()
    with monkeypatch.context() as killed:
        killed.setattr(snapshots, "clear", lambda _folder: None)
        keeping.restore(settings, tmp_path / "kept")
    assert len(list(settings.data.iterdir())) == 2
    again = IndexService(settings.index_folder, EdgeStores())
    assert told(again) == expected
    again.close()
    assert [path.name for path in settings.data.iterdir()] == ["index"]


def test_what_is_no_snapshot_or_in_use_is_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    filled(settings.index_folder).close()
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match="not_a_snapshot"):
        keeping.restore(settings, tmp_path / "empty")
    with FileLock(settings.index_folder / "lock"), pytest.raises(Conflict, match="index_in_use"):
        keeping.restore(settings, tmp_path / "empty")
    elsewhere = Settings(data=tmp_path / "data", qdrant_url="http://127.0.0.1:1")
    with pytest.raises(Conflict, match="snapshot_elsewhere"):
        keeping.restore(elsewhere, tmp_path / "empty")
    with pytest.raises(Unavailable, match="index_unavailable"):
        keeping.snapshot(settings, tmp_path / "kept")


def test_a_snapshot_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = filled(tmp_path / "index")

    def full(_folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "sync_tree", full)
    with pytest.raises(OSError, match="No space"):
        service.snapshot(str(tmp_path / "kept"))
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    service.close()


def test_a_move_goes_on_where_it_was_and_changes_nothing_when_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "PAGE", 8)
    service = filled(tmp_path / "index")
    expected = told(service)
    service.close()
    client = QdrantClient(":memory:")
    target = ServerStores(client)
    sent = 0
    upsert = ServerStore.upsert

    def interrupted(store: ServerStore, points: Sequence[StoredPoint]) -> None:
        nonlocal sent
        if sent >= 16:
            raise Unavailable("index_unavailable", "gone")
        upsert(store, points)
        sent += len(points)

    monkeypatch.setattr(ServerStore, "upsert", interrupted)
    with pytest.raises(Unavailable):
        move(EdgeStores(), target, tmp_path / "index")
    assert not client.get_aliases().aliases  # nobody is led to half of it
    monkeypatch.setattr(ServerStore, "upsert", upsert)
    stray = StoredPoint(point(999).id, {}, {"tenant": "default", "title_id": "x", "version": 1})
    target.open("first", tmp_path).upsert([stray])
    seen: list[tuple[str, int]] = []
    moved = move(EdgeStores(), target, tmp_path / "index", lambda *each: seen.append(each))
    whole, side = Moved("first", 40, 24, 1), Moved("next", 5, 5, 0)
    assert moved == [whole, Moved("first.shots", 0, 0, 0), side, Moved("next.shots", 0, 0, 0)]
    assert ("first", 40) in seen
    assert [m.sent for m in move(EdgeStores(), target, tmp_path / "index")] == [0] * 4
    assert client.count("keyart").count == 40
    moved_to = IndexService(tmp_path / "index", target)
    assert_alike(told(moved_to), expected)
    moved_to.close()


def test_a_point_that_comes_back_otherwise_stops_the_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "index", 3).close()
    target = ServerStores(QdrantClient(":memory:"))
    upsert = ServerStore.upsert

    def bent(store: ServerStore, points: Sequence[StoredPoint]) -> None:
        turned = [
            StoredPoint(p.id, {s: np.roll(v, 1) for s, v in p.vectors.items()}, p.payload)
            for p in points
        ]
        upsert(store, turned)

    monkeypatch.setattr(ServerStore, "upsert", bent)
    with pytest.raises(KeyartError, match="move_differs"):
        move(EdgeStores(), target, tmp_path / "index")


def test_the_commands_say_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_DATA", str(tmp_path / "data"))
    run = CliRunner().invoke
    answer = run(app, ["snapshot", str(tmp_path / "kept")])
    assert (answer.exit_code, "index_unavailable" in answer.output) == (2, True)
    answer = run(app, ["restore", str(tmp_path / "kept")])
    assert (answer.exit_code, "not_a_snapshot" in answer.output) == (1, True)
    filled(tmp_path / "data" / "index", 3).close()
    answer = run(app, ["migrate", "--to", "http://127.0.0.1:1"])
    assert (answer.exit_code, "KEYART_QDRANT_URL" in answer.output) == (2, True)
