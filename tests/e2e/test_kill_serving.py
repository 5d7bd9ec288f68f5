"""kill -9 of the whole process group while pictures are chosen and rewarded: whatever was answered
is there after the restart, once, and what is learned is what the ledger says."""

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest
import sqlalchemy as sa

from artwork.tables import decisions, impressions, rewards
from content.records import open_engine
from samples.worlds import synthetic_embeddings
from tests.e2e.service import Service
from tests.shelf import publish
from tests.waiting import until
from workers.settings import Settings

TITLES, CALLERS = 6, 4


@dataclass
class Answered:
    """What the service said was done."""

    decisions: list[str] = field(default_factory=list)
    rewards: list[tuple[str, float]] = field(default_factory=list)
    """Event ids and values."""


def call(base: httpx.URL, number: int, stop: threading.Event, answered: Answered) -> None:
    """Choose and reward until the service is gone; note only what was answered."""
    titles = [f"title-{t:02d}" for t in range(TITLES)]
    try:
        with httpx.Client(base_url=base, timeout=60) as http:
            for n in range(10_000):
                if stop.is_set():
                    return
                body = {"aspect": "16:9", "title_ids": titles, "user": f"{number}-{n}"}
                page = http.post("/v1/artwork", json=body)
                assert page.status_code == 200, page.text
                made = [item["decision_id"] for item in page.json()["items"]]
                answered.decisions += made
                events = [
                    {"decision_id": each, "kind": "play", "value": 1.0, "event_id": f"play {each}"}
                    for each in made[::2]
                ]
                told = http.post("/v1/rewards", json={"items": events})
                assert told.status_code == 202, told.text
                answered.rewards += [(str(e["event_id"]), 1.0) for e in events]
    except httpx.TransportError:
        return  # killed: what was under way was not answered


def under_load(answered: Answered) -> None:
    """Return once rewards of now have been answered."""
    seen = len(answered.rewards)
    until(lambda: len(answered.rewards) > seen)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("kills", "seed"), [(1, 1), pytest.param(20, 2, marks=pytest.mark.proof)])
def test_no_answered_decision_or_reward_is_lost(tmp_path: Path, kills: int, seed: int) -> None:
    service, answered = Service(tmp_path / "data").start(), Answered()
    engine = open_engine(Settings(data=service.data).records_url)
    for title, pictures in synthetic_embeddings(TITLES, 4, seed=seed).items():
        publish(engine, title, pictures)
    chance = random.Random(seed)
    for kill in range(kills):
        stop = threading.Event()
        callers = [
            threading.Thread(
                target=call, args=(service.http.base_url, kill * CALLERS + c, stop, answered)
            )
            for c in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        under_load(answered)
        time.sleep(chance.uniform(0.05, 0.5))
        service.kill()
        stop.set()
        for caller in callers:
            caller.join()
        service.start()
    kept(engine, answered)
    rebuilt = service.http.post("/v1/rebuild").json()
    assert rebuilt["same_sums"] and rebuilt["same_posterior"], rebuilt
    assert service.stop() == 0
    engine.dispose()


def kept(engine: sa.Engine, answered: Answered) -> None:
    """Every answered row is there, once; the order is dense."""
    assert answered.decisions and answered.rewards
    with engine.connect() as connection:
        ids = connection.scalars(sa.select(decisions.c.id)).all()
        told = dict(connection.execute(sa.select(rewards.c.event_id, rewards.c.value)).all())
        seqs = [
            seq
            for table in (decisions, impressions, rewards)
            for seq in connection.scalars(sa.select(table.c.seq))
        ]
    assert set(answered.decisions) <= set(ids) and len(ids) == len(set(ids))
    assert all(told.get(event_id) == value for event_id, value in answered.rewards)
    np.testing.assert_array_equal(np.sort(seqs), np.arange(1, len(seqs) + 1))
