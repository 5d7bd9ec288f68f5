"""A catalogue and its history on day one: the history first, the pictures later, a kill between."""

import time
from pathlib import Path
from typing import Any

from content.records import open_engine
from tests.e2e.service import Service, running
from tests.e2e.test_forget import WORLD, furnish
from tests.shelf import publish, submit
from tests.waiting import LONG_S

NEW = "newcomer"


def tastes(service: Service, users: range) -> list[dict[str, Any] | None]:
    found = [service.http.get(f"/v1/users/viewer-{n}/export").json() for n in users]
    assert all(each["held"]["watch_events"] == 1 for each in found)
    return [each["taste"] for each in found]


def test_history_sent_before_the_pictures_counts_after_a_kill_and_once(tmp_path: Path) -> None:
    data, users = tmp_path / "data", range(20)
    furnish(data)
    records = open_engine(f"sqlite:///{data / 'state.db'}")
    submit(records, NEW)
    items = [
        {"user": f"viewer-{n}", "title_id": NEW, "value": 1.0, "event_id": f"e{n}"} for n in users
    ]
    service = Service(data).start()
    try:
        assert service.http.post("/v1/events", json={"items": items}).status_code == 202
        body = {"user": "viewer-0", "title_ids": list(WORLD)}
        assert service.http.post("/v1/artwork", json=body).status_code == 200
        assert tastes(service, users) == [None] * len(users)
        looks = next(iter(WORLD.values()))
        publish(records, NEW, looks, facts={name: {"brightness": 0.9} for name in looks})
    finally:
        service.kill()  # perhaps before, perhaps after it was told of the pictures
    with running(data) as service:
        deadline = time.monotonic() + LONG_S
        while None in (found := tastes(service, users)):
            assert time.monotonic() < deadline, service.log()
            time.sleep(0.1)
        assert all(taste == found[0] and taste["events"] == 1 for taste in found if taste)
        again = service.http.post("/v1/events", json={"items": items})
        assert again.json()["accepted"] == len(users)
        page = service.http.post("/v1/artwork", json=body | {"user": "viewer-1"}).json()["items"]
        where = f"/v1/decisions/{page[0]['decision_id']}"
        told = service.http.get(where, params={"explain": True}).json()
        assert told["explanation"]["taste"]
        rebuilt = service.http.post("/v1/rebuild", json={}).json()
        assert rebuilt["same_sums"] and rebuilt["same_posterior"], rebuilt
        assert [t["events"] for t in tastes(service, users) if t] == [1] * len(users)
    records.dispose()
