"""What a reindex costs artwork: open loop, idle and while the catalogue is reindexed, taking turns.

The catalogue has made vectors; some of its titles are of an earlier text encoder each time, so that
a reindex understands them anew, copies all, builds a graph and asks its gates. Artwork is asked for
by new viewers, of other titles that have made pictures; every answer is a durable decision.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import sqlalchemy as sa

from content.records import writing
from content.tables import vectors
from samples.service import Service
from samples.worlds import synthetic_embeddings
from tests.bench.arrivals import Outcome, Plan, run_apart
from tests.e2e.made_catalogue import MadeCatalogue, prepared
from tests.shelf import publish
from workers.parts import Parts

TITLES, STALE = 5_000, 200
SHOWN, PICTURES = 40, 12
RATE, WINDOW_S, WARM_S = 50.0, 10.0, 3.0
IDLE_WINDOWS, ROUNDS = 6, 2
VIEWERS = 20_000
IDLE, BUSY = "idle", "during a reindex"

Row = dict[str, object]


def run() -> list[Row]:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        parts = prepared(data)
        catalogue = MadeCatalogue(data, TITLES, parts.fingerprints)
        catalogue.fill(parts)
        for title, pictures in synthetic_embeddings(SHOWN, PICTURES, seed=1).items():
            publish(parts.engine, title, pictures)
        # Words understood anew take a title's made sound away, and no film gives it back.
        settings = {"KEYART_LOG_LEVEL": "warning", "KEYART_REINDEX_LOSS": "1"}
        with Service(data, settings) as service:
            catalogue.index(parts)
            rows = _measured(service, parts)
        parts.close()
    return rows


def _measured(service: Service, parts: Parts) -> list[Row]:
    asking = _Asking(service)
    asking.window(WARM_S)
    _reindex(service, lambda: None)  # of the first generation: made anew where nothing was yet
    spent: dict[str, list[Outcome]] = {IDLE: [], BUSY: []}
    jobs = []
    for number in range(ROUNDS):
        for state in (IDLE, BUSY) if number % 2 == 0 else (BUSY, IDLE):
            if state == IDLE:
                spent[IDLE] += [asking.window(WINDOW_S) for _ in range(IDLE_WINDOWS)]
                continue
            _outdate(parts)
            jobs.append(_reindex(service, lambda: spent[BUSY].append(asking.window(WINDOW_S))))
            time.sleep(WARM_S)
    p99 = {state: _percentile(outcomes, 99) for state, outcomes in spent.items()}
    ratio: Row = {
        "what": "artwork's p99, during / idle (bar 2)",
        "p99 ms": f"{p99[BUSY] / p99[IDLE]:.2f} ×",
    }
    return [*(_row(state, outcomes) for state, outcomes in spent.items()), ratio, *_took(jobs)]


class _Asking:
    """For artwork, each window by viewers who have not been there."""

    def __init__(self, service: Service) -> None:
        port = service.http.base_url.port
        assert port is not None
        self._port, self._seen = port, 0

    def window(self, seconds: float) -> Outcome:
        viewers = range(self._seen, self._seen + int(RATE * seconds) + 1)
        self._seen = viewers.stop
        requests = [
            ("GET", f"/v1/titles/title-{v % SHOWN:02d}/artwork?user=viewer-{v}&device=tv", "")
            for v in viewers
        ]
        return run_apart(Plan(self._port, requests, seconds, RATE, seed=self._seen))


def _outdate(parts: Parts) -> None:
    """As if an earlier encoder had read some titles' synopses."""
    v = vectors.c
    with writing(parts.engine).begin() as connection:
        some = connection.execute(
            sa.select(v.title_id).where(v.space == "synopsis").distinct().limit(STALE)
        ).scalars()
        mine = v.title_id.in_(list(some)) & (v.space == "synopsis")
        connection.execute(sa.update(vectors).where(mine).values(fingerprint="earlier@1:384:x"))


def _reindex(service: Service, meanwhile: Callable[[], object]) -> dict[str, Any]:
    """The job once it is done; `meanwhile` again and again until then."""
    job_id = service.http.post("/v1/reindex").raise_for_status().json()["job_id"]
    job: dict[str, Any] = {"state": "queued"}
    while job["state"] in {"queued", "running"}:
        meanwhile()
        with contextlib.suppress(httpx.TimeoutException):
            job = dict(service.http.get(f"/v1/jobs/{job_id}").json())
        time.sleep(0.1)
    assert job["state"] == "done", job
    return job


def _percentile(outcomes: list[Outcome], share: float) -> float:
    return float(np.percentile(np.concatenate([one.ms for one in outcomes]), share))


def _row(state: str, outcomes: list[Outcome]) -> Row:
    late = np.concatenate([one.late_ms for one in outcomes])
    count = sum(len(one.ms) for one in outcomes)
    return {
        "what": f"artwork, new viewers, {state}",
        "requests": count,
        "p50 ms": f"{_percentile(outcomes, 50):.1f}",
        "p99 ms": f"{_percentile(outcomes, 99):.1f}",
        "failed": sum(one.failed for one in outcomes),
        "client late p99 ms": f"{np.percentile(late, 99):.1f}",
    }


def _took(jobs: list[dict[str, Any]]) -> Iterator[Row]:
    """How long the reindexes were at each of their operations."""
    for job in jobs:
        at = [np.datetime64(job[name].rstrip("Z")) for name in ("created_at", "updated_at")]
        seconds = (at[1] - at[0]) / np.timedelta64(1, "s")
        parts = ", ".join(
            f"{name} {took['titles']}: {took['wall_s']:.0f}" for name, took in job["took"].items()
        )
        yield {"what": f"reindex of {TITLES + SHOWN} titles: {seconds:.0f} s ({parts})"}
