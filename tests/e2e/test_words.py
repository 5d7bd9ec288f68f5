"""Many titles of words alone in the real service: together, killed, cancelled, beside a film."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from indexes.client import IndexClient
from tests.bulk_wire import PATH
from tests.e2e.conftest import film
from tests.e2e.service import Service
from tests.waiting import until
from workers.settings import Settings

KIND = {"Content-Type": "application/x-ndjson"}


def story(n: int, told: str = "the winter sea") -> dict[str, Any]:
    synopsis = f"Story {n} of a sailor who crosses {told} to find a brother. He grows old there."
    return {"id": f"t{n}", "name": f"Title {n}", "synopsis": synopsis, "language": "en"}


def send(service: Service, titles: list[dict[str, Any]]) -> dict[str, str]:
    """The job of each title, by its id."""
    body = b"\n".join(json.dumps(title).encode() for title in titles)
    answer = service.http.post(PATH, content=body, headers=KIND)
    *lines, end = map(json.loads, answer.text.splitlines())
    assert end["created"] == len(titles), end
    return {line["title_id"]: line["job_id"] for line in lines}


def outcome(service: Service, ids: list[str]) -> dict[str, Any]:
    """All that was made of titles."""
    index = IndexClient(Settings(data=service.data).index_socket)
    records = {each: service.http.get(f"/v1/titles/{each}").json() for each in ids}
    made = {
        each: (
            {space: vector.tobytes() for space, vector in index.vectors(each).items()},
            {field: record[field] for field in ("state", "synopsis", "profile", "fingerprints")},
        )
        for each, record in records.items()
    }
    made["count"] = index.count()
    index.close()
    return made


def done(service: Service) -> int:
    lines = service.http.get("/metrics").text.splitlines()
    return next(
        int(float(x.split()[-1])) for x in lines if x.startswith('keyart_jobs{state="done"')
    )


@pytest.mark.parametrize(
    ("titles", "kills"), [(160, 2), pytest.param(600, 8, marks=pytest.mark.proof)]
)
def test_a_kill_among_many_loses_none(tmp_path: Path, titles: int, kills: int) -> None:
    """One is cancelled meanwhile and one replaced by a newer version of itself."""
    given = [story(n) for n in range(titles)]
    newer = story(titles - 1, "the desert")
    ids = [title["id"] for title in given]
    calm = Service(tmp_path / "calm").start()
    for job in send(calm, [*given[:-2], newer]).values():
        assert calm.wait(job)["state"] == "done"
    left = [each for each in ids if each != f"t{titles - 2}"]
    expected = outcome(calm, left)
    assert calm.stop() == 0

    service = Service(tmp_path / "killed").start()
    jobs = send(service, given)
    assert service.http.delete(f"/v1/jobs/{jobs[ids[-2]]}").status_code == 200
    again = send(service, [newer])[ids[-1]]
    for kill in range(kills):
        reached = 1 + kill * (titles // (2 * kills))
        until(lambda reached=reached: done(service) >= reached, "titles")  # type: ignore[misc]
        time.sleep(0.05 * kill)
        service.kill()
        service.start()
    for each, job in jobs.items():
        state = service.wait(job, 300)["state"]
        assert state == ("cancelled" if each == ids[-2] else "done"), service.log()
    assert service.wait(again)["state"] == "done"
    assert outcome(service, left) == expected
    assert service.http.get(f"/v1/titles/{ids[-2]}").status_code == 404
    work = service.data / "work"
    assert not work.exists() or not list(work.iterdir())
    assert service.stop() == 0


def test_words_do_not_wait_behind_a_film_nor_it_behind_them(tmp_path: Path) -> None:
    film(tmp_path / "film.mp4", 1, shots=4)
    service = Service(tmp_path / "data", {"KEYART_MEDIA_ROOTS": str(tmp_path)}).start()
    first = service.submit(story(0) | {"id": "first", "media": "film.mp4"})["job_id"]
    jobs = send(service, [story(n) for n in range(300)])
    second = service.submit(story(1) | {"id": "second", "media": "film.mp4"})["job_id"]
    state = service.wait(jobs["t0"])
    assert state["state"] == "done"
    assert service.http.get(f"/v1/jobs/{first}").json()["state"] in ("queued", "running")
    ended = [service.wait(job, 300) for job in (first, second)]
    assert [job["state"] for job in ended] == ["done", "done"], service.log()
    assert all(service.wait(job)["state"] == "done" for job in jobs.values())
    assert service.stop() == 0
