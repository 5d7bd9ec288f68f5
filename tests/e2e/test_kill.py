"""kill -9 of the whole process group while titles are being ingested: nothing is lost."""

import contextlib
import random
import time
from pathlib import Path

import psutil
import pytest

from indexes.client import IndexClient
from tests.e2e.conftest import film
from tests.e2e.service import Service
from tests.waiting import until
from workers.settings import Settings


def submit_all(service: Service, titles: int) -> list[str]:
    return [
        service.submit(
            {
                "id": f"t{n}",
                "name": f"Title {n}",
                "synopsis": f"Story number {n}.",
                "media": f"{n}.mp4",
            }
        )["job_id"]
        for n in range(titles)
    ]


def outcome(service: Service, titles: int) -> dict[str, object]:
    """All that ingestion made: points, variants, shots, profiles."""
    index = IndexClient(Settings(data=service.data).index_socket)
    made = {}
    for n in range(titles):
        base = f"/v1/titles/t{n}"
        made[f"t{n}"] = (
            {space: vector.tobytes() for space, vector in index.vectors(f"t{n}").items()},
            service.http.get(f"{base}/variants", params={"limit": 200}).json(),
            service.http.get(f"{base}/shots", params={"limit": 200}).json(),
            service.http.get(base).json()["profile"],
        )
    made["count"] = index.count()
    index.close()
    return made


def alive(family: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def none_left(service: Service, family: list[psutil.Process]) -> None:
    until(lambda: not service.processes() and not alive(family), "orphans")


@pytest.mark.parametrize(
    ("titles", "kills", "seed"), [(2, 2, 1), pytest.param(6, 5, 2, marks=pytest.mark.proof)]
)
def test_every_title_is_done_as_if_undisturbed(
    tmp_path: Path, titles: int, kills: int, seed: int
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    for n in range(titles):
        film(media / f"{n}.mp4", n, shots=2)
    environment = {"KEYART_MEDIA_ROOTS": str(media)}

    calm = Service(tmp_path / "calm", environment).start()
    started = time.monotonic()
    for job in submit_all(calm, titles):
        assert calm.wait(job)["state"] == "done"
    took_s = time.monotonic() - started
    expected = outcome(calm, titles)
    assert calm.stop() == 0

    chance = random.Random(seed)
    service = Service(tmp_path / "killed", environment).start()
    jobs = submit_all(service, titles)
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, took_s / kills))
        # Decode children have no environment by which `processes` could know them.
        family = psutil.Process(service.pid).children(recursive=True)
        service.kill()
        none_left(service, family)
        service.start()
    for job in jobs:
        assert service.wait(job, 300)["state"] == "done", service.log()
    assert outcome(service, titles) == expected
    assert not list((service.data / "work").iterdir())
    assert service.stop() == 0
