"""Artwork and similarity over HTTP, idle and while titles are being ingested.

One client in this process, one request after the other, on the same two cores as the service; a
bare `/healthz` beside it in the same run is the floor of the HTTP stack. Idle and busy rounds take
turns (idle, busy, busy, idle …), so that neither state owns the service's or the machine's better
minutes.
"""

import itertools
import json
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from samples.demo import CATALOG
from samples.fetch import fetch
from samples.service import Service

REQUESTS, PAGES = 2000, 200
"""In each state, all rounds together."""
ROUNDS = 4
SETTLE_S = 2.0
"""Waited after work began, or ended, before it is timed."""
IDLE, BUSY = "idle", "while ingesting"

Row = dict[str, object]


def run() -> list[Row]:
    clips = fetch(Path(".cache/samples").resolve())
    with TemporaryDirectory() as folder:
        service = Service(
            Path(folder), {"KEYART_MEDIA_ROOTS": str(Path(".cache/samples").resolve())}
        )
        with service:
            rows = [_ingest(service.http, clips)]
            rows += _load(service.http, clips)
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def _ingest(http: httpx.Client, clips: dict[str, Path]) -> Row:
    entries = [e for e in json.loads(CATALOG.read_text()) if e["file"] in clips]
    began = time.perf_counter()
    jobs = [_submit(http, e["title"], clips[e["file"]]) for e in entries]
    for job in jobs:
        while _runs(http, f"/v1/jobs/{job}"):
            time.sleep(0.2)
    took_s = time.perf_counter() - began
    titles = [http.get(f"/v1/titles/{e['title']['id']}").json() for e in entries]
    media_s = sum(title["duration_s"] for title in titles)
    return {
        "what": f"ingest {len(titles)} titles, {media_s:.0f} s of footage, one at a time",
        "per second": f"{media_s / took_s:.2f} × real time",
        "p50 ms": f"{1000 * took_s / len(titles):.0f} a title",
    }


def _load(http: httpx.Client, clips: dict[str, Path]) -> list[Row]:
    titles = [item["id"] for item in http.get("/v1/titles", params={"limit": 200}).json()["items"]]
    ready = [t for t in titles if http.get(_artwork(t)).status_code == 200]
    chance = np.random.default_rng(0)
    page = {"aspect": "16:9", "title_ids": ready, "context": {"device": "tv"}}
    calls: dict[str, tuple[Callable[[], httpx.Response], int, int]] = {
        "bare /healthz": (lambda: http.get("/healthz"), REQUESTS, 1),
        "artwork of one title": (
            lambda: http.get(_artwork(ready[chance.integers(len(ready))])), REQUESTS, 1
        ),
        f"artwork of a page of {len(ready)}": (
            lambda: http.post("/v1/artwork", json=page), PAGES, len(ready)
        ),
        "similar titles": (
            lambda: http.get(f"/v1/titles/{ready[0]}/similar"), REQUESTS // 2, 1
        ),
    }  # fmt: skip
    spent: dict[tuple[str, str], list[np.ndarray]] = {}
    for number in range(ROUNDS):
        for state in (IDLE, BUSY) if number % 2 == 0 else (BUSY, IDLE):
            with _Busy(http, clips, number) if state == BUSY else nullcontext():
                time.sleep(SETTLE_S)
                for what, (call, times, _) in calls.items():
                    spent.setdefault((what, state), []).append(_timed(call, times // ROUNDS))
    ms = {key: np.concatenate(rounds) for key, rounds in spent.items()}
    rows = [
        _row(f"{what}, {state}", ms[what, state], ms["bare /healthz", state], each)
        for state in (IDLE, BUSY)
        for what, (_, _, each) in calls.items()
    ]
    idle, busy = (np.percentile(ms["artwork of one title", state], 99) for state in (IDLE, BUSY))
    return [*rows, {"what": "artwork's p99, busy / idle (bar 3)", "p99 ms": f"{busy / idle:.2f} ×"}]


def _row(what: str, ms: np.ndarray, floor: np.ndarray, each: int) -> Row:
    p50, p99 = np.percentile(ms, [50, 99])
    return {
        "what": what,
        "per second": f"{1000 * each / ms.mean():.0f}",
        "p50 ms": f"{p50:.2f}",
        "p99 ms": f"{p99:.2f}",
        "p50 / bare": f"{p50 / np.median(floor):.1f}",
    }


def _timed(call: Callable[[], httpx.Response], times: int) -> np.ndarray:
    """Milliseconds of each call, the first tenth left out."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        answer = call()
        spent.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    return np.array(spent[times // 10 :])


class _Busy:
    """Keeps the worker ingesting while it is entered."""

    def __init__(self, http: httpx.Client, clips: dict[str, Path], number: int) -> None:
        self._stop = threading.Event()
        self._base_url, self._number = http.base_url, number
        self._path = max(clips.values(), key=lambda path: path.stat().st_size)
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        with httpx.Client(base_url=self._base_url, timeout=60) as http:
            for n in itertools.count():
                title = {"id": f"busy-{self._number}-{n}", "name": "Busy", "synopsis": "Work."}
                job = f"/v1/jobs/{_submit(http, title, self._path)}"
                while not self._stop.wait(0.2) and _runs(http, job):
                    pass
                if self._stop.is_set():
                    http.delete(job)
                    while _runs(http, job):
                        time.sleep(0.2)
                    return


def _runs(http: httpx.Client, job: str) -> bool:
    return http.get(job).json()["state"] in {"queued", "running"}


def _submit(http: httpx.Client, title: dict[str, object], path: Path) -> str:
    answer = http.post("/v1/titles", json={**title, "media": str(path)})
    answer.raise_for_status()
    return str(answer.json()["job_id"])


def _artwork(title_id: str) -> str:
    return f"/v1/titles/{title_id}/artwork?aspect=16:9&device=tv"
