"""A reindex under readers and writers, with the worker and the index process killed (-9) meanwhile:
no query fails, no point is lost or stale, no answer mixes two generations, and what is there at the
end is what a build from nothing would be."""

import contextlib
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from indexes.calibration import Calibration
from indexes.generation import CONSTANTS
from indexes.schema import point_id
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.e2e.made_catalogue import QUERIES, MadeCatalogue, Truth, fixed, points, prepared
from tests.e2e.service import ENDED, Service, running
from tests.e2e.traffic import Answer, Client, Reader, Writer, at_once
from workers.parts import Parts


@dataclass(frozen=True)
class Size:
    titles: int
    readers: int
    writers: int
    pause_s: float
    pace: float
    """A small catalogue is copied slowly, so that there is a middle to kill in."""
    within_s: float


SMALL = Size(400, 4, 2, 0.1, 0.6, 280.0)
MIDDLE = Size(2_000, 50, 5, 3.0, 1.0, 900.0)
LARGE = Size(10_000, 50, 5, 3.0, 1.0, 3000.0)
COPY_FROM, COPY_SPAN = 0.85, 0.1
"""The part of a reindex's progress that is its copying."""


class Killing:
    """kill -9 of a process of the service, each at its moment of the job."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._due = [
            ("workers.main", COPY_FROM + 0.3 * COPY_SPAN),
            ("indexes.server", COPY_FROM + 0.6 * COPY_SPAN),
            ("indexes.server", COPY_FROM + COPY_SPAN),  # verifying, or at the gates
        ]
        self.done: list[str] = []

    def look(self, job: dict[str, Any]) -> None:
        if not self._due:
            return
        which, since = self._due[0]
        if job["progress"] < since:
            return
        for process in self._service.processes():
            with contextlib.suppress(psutil.Error):
                if which in process.cmdline():
                    process.kill()
                    self.done.append(f"{which} at {job['stage']} {job['progress']:.3f}")
                    self._due.pop(0)
                    return

    @property
    def all_done(self) -> bool:
        return not self._due


@pytest.fixture(
    params=["small", *(pytest.param(each, marks=pytest.mark.proof) for each in ("middle", "large"))]
)
def size(request: pytest.FixtureRequest) -> Size:
    return {"small": SMALL, "large": LARGE, "middle": MIDDLE}[request.param]


@pytest.fixture
def made(size: Size, tmp_path: Path) -> Iterator[tuple[MadeCatalogue, Parts]]:
    data = tmp_path / "data"
    parts = prepared(data)
    catalogue = MadeCatalogue(data, size.titles, parts.fingerprints)
    began = time.monotonic()
    catalogue.fill(parts)
    print(f"\n{size.titles} titles made in {time.monotonic() - began:.0f} s", flush=True)
    yield catalogue, parts
    parts.close()


@pytest.mark.timeout(3600)
def test_nobody_notices_a_reindex(
    size: Size, made: tuple[MadeCatalogue, Parts], tmp_path: Path
) -> None:
    catalogue, parts = made
    with running(catalogue.data, KEYART_REINDEX_PACE=str(size.pace)) as service:
        catalogue.index(parts)
        url = str(service.http.base_url)
        readers = [Reader(url, size.titles, n, size.pause_s) for n in range(size.readers)]
        writers = [Writer(url, size.titles, n, size.writers) for n in range(size.writers)]
        with at_once([*readers, *writers]):
            time.sleep(2)
            killing, took_s, job = _reindexed(service, size)
            time.sleep(2)
        assert killing.all_done, killing.done
    clients = [each.client for each in (*readers, *writers)]
    answers = [answer for reader in readers for answer in reader.answers]
    counts = _judged(catalogue, answers, writers, str(job["generation"]))
    same = _as_from_nothing(catalogue, parts, writers, str(job["generation"]), tmp_path)
    _print(size, took_s, killing, clients, counts, same)
    assert [fault for client in clients for fault in client.failed] == []


def _reindexed(service: Service, size: Size) -> tuple[Killing, float, dict[str, Any]]:
    asking, killing = Client(str(service.http.base_url)), Killing(service)
    began = time.monotonic()
    job_id = asking.send("POST", "/v1/reindex").json()["job_id"]
    job: dict[str, Any] = {"state": "queued"}
    while job["state"] not in ENDED:
        job = dict(asking.send("GET", f"/v1/jobs/{job_id}").json())
        killing.look(job)
        assert time.monotonic() - began < size.within_s, f"{job}\n{service.log()}"
        time.sleep(0.05)
    assert job["state"] == "done", f"{job}\n{service.log()}"
    return killing, time.monotonic() - began, job


# ----- no answer mixes two generations, none is stale


def _judged(
    catalogue: MadeCatalogue, answers: Sequence[Answer], writers: Sequence[Writer], new: str
) -> dict[str, int]:
    old, after = (Truth(catalogue, _constants(catalogue.data, g)) for g in ("first", new))
    seen: list[tuple[Answer, bool]] = []
    for answer in answers:
        by_old, by_new = (
            truth.says(
                truth.of_query(answer.asked)
                if answer.asked in QUERIES
                else truth.of_title(answer.asked),
                answer.items,
            )
            for truth in (old, after)
        )
        assert by_old or by_new, f"of no generation, or of two: {answer}"
        assert not (by_old and by_new), f"the two generations cannot be told apart: {answer}"
        seen.append((answer, by_new))
    first_new = min(answer.ended for answer, by_new in seen if by_new)
    late = [answer for answer, by_new in seen if not by_new and answer.began > first_new]
    assert not late, f"of the old generation after the switch: {late[:3]}"
    gone = {title: at for writer in writers for title, at in writer.gone.items()}
    for answer in answers:
        for item in answer.items:
            assert gone.get(item["title_id"], np.inf) > answer.began, f"deleted: {answer}"
    looks = [look for writer in writers for look in writer.looked]
    for story, items in looks:
        known = [item for item in items if fixed(item["title_id"])]
        fresh = (truth.says(truth.of_story(story), known) for truth in (old, after))
        assert any(fresh), f"stale after it was acknowledged: {story} {items}"
        assert all(set(item["scores"]) == {"synopsis"} for item in items)
    return {
        "answers": len(answers),
        "of the old": sum(not by_new for _, by_new in seen),
        "of the new": sum(by_new for _, by_new in seen),
        "writes acknowledged": len(looks),
        "deletions": len(gone),
    }


def _constants(data: Path, generation: str) -> Calibration:
    path = data / "index" / "generations" / generation / CONSTANTS
    return Calibration.from_bytes(path.read_bytes())


# ----- the result is that of a build from nothing


def _as_from_nothing(
    catalogue: MadeCatalogue, parts: Parts, writers: Sequence[Writer], new: str, tmp_path: Path
) -> dict[str, int]:
    published: dict[str, int] = {}
    after = None
    while page := parts.catalog.published(after=after, limit=1000):
        published |= page
        after = max(page)
    for writer in writers:
        for title, story in writer.written.items():
            assert parts.catalog.get(title).synopsis == story, title
        assert not writer.gone.keys() & published.keys()
    built = IndexService(catalogue.data / "index", EdgeStores())
    scratch = IndexService(tmp_path / "scratch", EdgeStores())
    try:
        scratch.begin("scratch", parts.fingerprints, _constants(catalogue.data, new))
        batch: list[Any] = []
        for point in points(parts):
            batch.append(point)
            if len(batch) == 256:
                scratch.upsert_into("scratch", batch)
                batch = []
        scratch.upsert_into("scratch", batch)
        assert scratch.verify("scratch", published).complete
        scratch.cut_over("scratch")
        states = {info.name: info.state for info in built.generations()}
        assert states == {"first": "kept", new: "live"}
        return _compared(built, scratch, published)
    finally:
        built.close()
        scratch.close()


def _compared(
    built: IndexService, scratch: IndexService, published: dict[str, int]
) -> dict[str, int]:
    with built._generations.reading() as mine, scratch._generations.reading() as other:
        assert mine is not None and other is not None
        with built._generations.reading("first") as kept:
            assert kept is not None
            for store in (mine.store, other.store, kept.store):
                assert store.versions("default") == published
        keys = list(_keys(published))
        for start in range(0, len(keys), 256):
            some = keys[start : start + 256]
            ours, theirs = (g.store.get(some, vectors=True) for g in (mine, other))
            assert ours.keys() == theirs.keys() == set(some)
            for key in some:
                a, b = ours[key], theirs[key]
                assert a.payload == b.payload
                assert a.sparse == b.sparse
                assert a.vectors.keys() == b.vectors.keys()
                assert all(np.array_equal(a.vectors[s], b.vectors[s]) for s in a.vectors)
    chance = random.Random(1)
    sample = chance.sample(sorted(published), min(300, len(published)))
    for title in sample:
        near = [
            [(hit.title_id, hit.score) for hit in service.similar(title, **EXACTLY)]
            for service in (built, scratch)
        ]
        assert near[0] == near[1], title
    return {"points compared": len(published), "neighbourhoods compared": len(sample)}


EXACTLY: dict[str, Any] = {"space": "fused", "limit": 10, "exact": True}


def _keys(published: dict[str, int]) -> Iterator[str]:
    return (point_id(title) for title in published)


def _print(
    size: Size,
    took_s: float,
    killing: Killing,
    clients: Sequence[Client],
    counts: dict[str, int],
    same: dict[str, int],
) -> None:
    felt = sum(client.felt for client in clients)
    slowest = max(client.slowest_s for client in clients)
    print(f"\n{size.titles} titles, {size.readers} readers, {size.writers} writers: {took_s:.0f} s")
    print(f"killed: {', '.join(killing.done)}")
    print(", ".join(f"{what} {count}" for what, count in (counts | same).items()))
    failed = sum(len(client.failed) for client in clients)
    print(f"failed {failed}; 503 with Retry-After {felt}; slowest request {slowest:.1f} s")
