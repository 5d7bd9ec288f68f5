"""Cancelling and deleting while a title is being understood: nothing of it stays behind."""

import os
import sqlite3
from collections.abc import Iterator

import pytest

from indexes.client import IndexClient
from tests import synth
from tests.e2e.service import Service, running
from tests.waiting import until
from workers import ingest
from workers.settings import Settings

STAGES = ("queued", *ingest.STAGES)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("undoing")
    media = folder / "media"
    media.mkdir()
    synth.make_clip(media / "short.mp4", synth.TAKES)
    takes = [
        synth.Take(1.5, ((37 * n) % 200 + 20, (91 * n) % 200 + 20, 90), ("disc", "bars")[n % 2])
        for n in range(3)
    ]
    synth.make_clip(media / "long.mp4", takes, sound="tone")
    with running(folder / "data", KEYART_MEDIA_ROOTS=str(media)) as service:
        first = service.submit(fields("short.mp4"))
        assert service.wait(first["job_id"])["state"] == "done"
        yield service


def fields(media: str, *, id: str = "film", synopsis: str = "A film.") -> dict[str, str]:
    return {"id": id, "name": "Film", "synopsis": synopsis, "media": media}


def kept(service: Service) -> dict[str, object]:
    """All that is stored, but the job rows: counted rows, files, points.

    Folders that the worker removes meanwhile are passed over, which `os.walk` does of itself.
    """
    with sqlite3.connect(service.data / "state.db") as db:
        tables = ("titles", "title_versions", "shots", "vectors", "image_groups", "variants")
        rows = {table: db.execute(f"select count(*) from {table}").fetchone() for table in tables}
    files = {
        name: sorted(file for _, _, files in os.walk(service.data / name) for file in files)
        for name in ("work", "uploads", "images/masters")
    }
    index = IndexClient(Settings(data=service.data).index_socket)
    points = index.count()
    index.close()
    folders = sorted(path.name for path in (service.data / "work").iterdir())
    return {**rows, **files, "points": points, "folders": folders}


def settles_to(service: Service, expected: dict[str, object]) -> None:
    until(lambda: kept(service) == expected, f"not {expected}", every_s=0.1)


def reach(service: Service, job_id: str, stage: str) -> None:
    """Return when the job is there, or further on a machine that has not looked in time."""
    before = STAGES[: STAGES.index(stage)]

    def there() -> bool:
        return service.http.get(f"/v1/jobs/{job_id}").json()["stage"] not in before

    until(there, f"{job_id} did not reach {stage}", every_s=0.02)


@pytest.mark.parametrize("stage", ["queued", "probe", "decode", "pictures", "publish"])
def test_a_cancelled_version_leaves_nothing(house: Service, stage: str) -> None:
    for attempt in range(5):
        before, title = kept(house), house.http.get("/v1/titles/film").json()
        job = house.submit(fields("long.mp4", synopsis=f"Cancelled at {stage}, {attempt}."))
        reach(house, job["job_id"], stage)
        answer = house.http.delete(f"/v1/jobs/{job['job_id']}")
        if answer.status_code != 409:  # else it was done before the wish arrived: once more
            break
        assert house.wait(job["job_id"])["state"] == "done"
    assert answer.json()["state"] == "cancelled"
    settles_to(house, before)
    after = house.http.get("/v1/titles/film").json()
    assert {**after, "updated_at": title["updated_at"]} == title


def test_a_title_is_deleted_at_any_stage(house: Service) -> None:
    before = kept(house)
    for stage in ("queued", "probe", "decode", "pictures"):
        job = house.submit(fields("long.mp4", id="gone", synopsis=f"Deleted at {stage}."))
        reach(house, job["job_id"], stage)
        assert house.http.delete("/v1/titles/gone").status_code == 204
    settles_to(house, before)


def test_a_title_submitted_right_after_its_deletion_is_another_one(house: Service) -> None:
    before = kept(house)
    old = house.submit(fields("long.mp4", id="again", synopsis="The first."))
    reach(house, old["job_id"], "decode")
    assert house.http.delete("/v1/titles/again").status_code == 204
    new = house.submit({"id": "again", "name": "Again", "synopsis": "The second."})
    assert house.wait(new["job_id"])["state"] == "done"
    assert house.http.get("/v1/titles/again").json()["synopsis"] == "The second."
    assert house.http.delete("/v1/titles/again").status_code == 204
    settles_to(house, before)


def test_a_picture_deleted_with_another_title_is_made_again(house: Service) -> None:
    before = kept(house)
    one = house.submit(fields("long.mp4", id="one"))
    assert house.wait(one["job_id"])["state"] == "done"
    two = house.submit(fields("long.mp4", id="two"))
    reach(house, two["job_id"], "pictures")
    house.http.delete("/v1/titles/one")
    assert house.wait(two["job_id"])["state"] == "done"
    variants = house.http.get("/v1/titles/two/variants").json()["items"]
    assert variants
    assert all(house.http.get(variant["url"]).status_code == 200 for variant in variants)
    house.http.delete("/v1/titles/two")
    settles_to(house, before)
