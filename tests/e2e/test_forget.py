"""Forgetting on the real service: kill -9 in the middle, a restored backup, no trace in a file."""

import contextlib
import random
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest

from artwork.choice.events.taste import viewer_of
from content import migrate
from content.records import open_engine
from samples.worlds import synthetic_embeddings
from tests.e2e.service import Service
from tests.shelf import publish

USER = "hester.prynne@example.org"
PATH = f"/v1/users/{USER}"
WORLD = synthetic_embeddings(4, 6, seed=2)


def furnish(data: Path) -> None:
    """Titles with pictures in the records, as if they had been understood."""
    data.mkdir()
    engine = open_engine(f"sqlite:///{data / 'state.db'}")
    migrate.upgrade(engine)
    for title, pictures in WORLD.items():
        publish(engine, title, pictures, aspects=("16:9",))
    engine.dispose()


def live(service: Service, user: str) -> None:
    event = {"user": user, "title_id": next(iter(WORLD)), "value": 1.0}
    assert service.http.post("/v1/events", json=event).status_code == 202
    body = {"user": user, "title_ids": list(WORLD)}
    page = service.http.post("/v1/artwork", json=body).json()["items"]
    query = {"user": user, "aspect": "16:9"}
    service.http.get(f"/v1/titles/{next(iter(WORLD))}/artwork", params=query)
    rewards = [{"decision_id": e["decision_id"], "kind": "play", "value": 1.0} for e in page]
    assert service.http.post("/v1/rewards", json={"items": rewards}).status_code == 202


def held(service: Service) -> dict[str, int] | None:
    answer = service.http.get(f"{PATH}/export")
    return answer.json()["held"] if answer.status_code == 200 else None


WHOLE = {"decisions": 4, "impressions": 5, "rewards": 4, "watch_events": 1}


@pytest.mark.parametrize(("kills", "seed"), [(1, 1), pytest.param(12, 2, marks=pytest.mark.proof)])
def test_nothing_or_all_and_no_trace(tmp_path: Path, kills: int, seed: int) -> None:
    data, chance = tmp_path / "data", random.Random(seed)
    furnish(data)
    service = Service(data, {"KEYART_LOG_LEVEL": "debug"}).start()
    live(service, "bob")
    for _ in range(kills):
        live(service, USER)
        assert held(service) == WHOLE
        asked = threading.Thread(target=ask, args=(str(service.http.base_url),))
        asked.start()
        time.sleep(chance.uniform(0, 0.1))
        service.kill()
        asked.join()
        service.start()
        begun = list((data / "forgotten").glob("*.json"))  # complete by now, if begun
        assert held(service) in ((None,) if begun else (WHOLE,))
        service.http.delete(PATH)
        shutil.rmtree(data / "forgotten")
    forgets(service)
    assert service.stop() == 0, service.log()


@pytest.mark.proof
def test_a_restored_backup_forgets_at_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    furnish(data)
    service = Service(data).start()
    live(service, "bob")
    live(service, USER)
    copy(data / "state.db", tmp_path / "backup.db")
    service.http.delete(PATH)
    service.stop()
    copy(tmp_path / "backup.db", data / "state.db")
    assert traces(data) == ["state.db"]
    service.start()
    assert held(service) is None and traces(data) == []
    forgets(service)
    assert service.stop() == 0, service.log()


def forgets(service: Service) -> None:
    """The viewer comes, is forgotten with proof, and nothing in the data folder tells of them."""
    live(service, USER)
    answer = service.http.delete(PATH, params={"prove": True}).json()
    assert answer["certificate"]["removed"] == WHOLE
    assert answer["proof"]["holds"] and answer["overwritten"]
    assert traces(service.data) == []
    assert service.http.get(f"{PATH}/export").status_code == 404
    assert service.http.get("/v1/users/bob/export").json()["held"] == WHOLE
    assert "hester" not in (service.data / "serve.log").read_text()
    assert "/users/*" in (service.data / "serve.log").read_text()


def ask(url: str) -> None:
    with contextlib.suppress(httpx.TransportError):  # killed
        httpx.delete(url + PATH, timeout=30.0)


def copy(source: Path, target: Path) -> None:
    """A backup as SQLite makes it: of a running database too, its log included."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old.close()
    new.close()


def traces(data: Path) -> list[str]:
    """Files of the data folder that hold the viewer's id or pseudonym, as bytes or as hex."""
    pseudonym = viewer_of((data / "secret.key").read_bytes(), "default", USER)
    needles = (USER.encode(), pseudonym, pseudonym.hex().encode())
    files = [path for path in data.rglob("*") if path.is_file()]
    return [p.name for p in files if any(needle in p.read_bytes() for needle in needles)]
