"""Artwork and similarity over HTTP, idle and while titles are being ingested.

One client in this process, one request after the other, on the same two cores as the service; a
bare `/healthz` beside it in the same run is the floor of the HTTP stack.
"""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from samples.demo import CATALOG
from samples.fetch import fetch
from samples.service import Service

REQUESTS = 1000
PAGES = 100

Row = dict[str, object]


def run() -> list[Row]:
    clips = fetch(Path(".cache/samples").resolve())
    with TemporaryDirectory() as folder:
        service = Service(
            Path(folder), {"KEYART_MEDIA_ROOTS": str(Path(".cache/samples").resolve())}
        )
        with service:
            rows = [_ingest(service.http, clips)]
            rows += _load(service.http, "idle")
            busy = _Busy(service.http, clips)
            rows += _load(service.http, "while ingesting")
            busy.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def _ingest(http: httpx.Client, clips: dict[str, Path]) -> Row:
    entries = [e for e in json.loads(CATALOG.read_text()) if e["file"] in clips]
    began = time.perf_counter()
    jobs = [_submit(http, e["title"], clips[e["file"]]) for e in entries]
    for job in jobs:
        while http.get(f"/v1/jobs/{job}").json()["state"] not in {"done", "failed", "cancelled"}:
            time.sleep(0.2)
    took_s = time.perf_counter() - began
    titles = [http.get(f"/v1/titles/{e['title']['id']}").json() for e in entries]
    media_s = sum(title["duration_s"] for title in titles)
    return {
        "what": f"ingest {len(titles)} titles, {media_s:.0f} s of footage, one at a time",
        "per second": f"{media_s / took_s:.2f} × real time",
        "p50 ms": f"{1000 * took_s / len(titles):.0f} a title",
    }


def _load(http: httpx.Client, state: str) -> list[Row]:
    titles = [item["id"] for item in http.get("/v1/titles", params={"limit": 200}).json()["items"]]
    ready = [t for t in titles if http.get(_artwork(t)).status_code == 200]
    chance = np.random.default_rng(0)
    page = {"aspect": "16:9", "title_ids": ready, "context": {"device": "tv"}}
    floor = _timed(lambda: http.get("/healthz"), REQUESTS)
    one = _timed(lambda: http.get(_artwork(ready[chance.integers(len(ready))])), REQUESTS)
    many = _timed(lambda: http.post("/v1/artwork", json=page), PAGES)
    near = _timed(lambda: http.get(f"/v1/titles/{ready[0]}/similar"), REQUESTS // 2)
    return [
        _row(f"bare /healthz, {state}", floor, floor, 1),
        _row(f"artwork of one title, {state}", one, floor, 1),
        _row(f"artwork of a page of {len(ready)}, {state}", many, floor, len(ready)),
        _row(f"similar titles, {state}", near, floor, 1),
    ]


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
    """Keeps the worker ingesting until stopped."""

    def __init__(self, http: httpx.Client, clips: dict[str, Path]) -> None:
        self._stop = threading.Event()
        self._base_url = http.base_url
        self._path = max(clips.values(), key=lambda path: path.stat().st_size)
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        time.sleep(2.0)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        number = 0
        with httpx.Client(base_url=self._base_url, timeout=60) as http:
            while not self._stop.is_set():
                title = {"id": f"busy-{number}", "name": "Busy", "synopsis": "Work."}
                job = _submit(http, title, self._path)
                while not self._stop.wait(0.2):
                    if http.get(f"/v1/jobs/{job}").json()["state"] not in {"queued", "running"}:
                        break
                number += 1
            http.delete(f"/v1/jobs/{job}")


def _submit(http: httpx.Client, title: dict[str, object], path: Path) -> str:
    answer = http.post("/v1/titles", json={**title, "media": str(path)})
    answer.raise_for_status()
    return str(answer.json()["job_id"])


def _artwork(title_id: str) -> str:
    return f"/v1/titles/{title_id}/artwork?aspect=16:9&device=tv"
