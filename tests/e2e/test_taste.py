"""The taste space through the real service: fitted, lived in, and gone with the forgotten."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from content.types import TitleInput
from tests.e2e.service import Service, running
from tests.taste_worlds import CIRCLES, seed, watched

TITLES, VIEWERS = 96, 120
TELLING = {
    "drama": "A mother and her grown son quarrel over a will and learn to forgive.",
    "comedy": "Two clumsy friends pretend to be doctors and everything goes wrong at a wedding.",
    "horror": "Something in the cellar whispers at night and one by one the guests vanish.",
    "western": "A sheriff rides into a dusty frontier town to face a gang of outlaws.",
    "fantasy": "A young wizard seeks a dragon's crown in an enchanted kingdom.",
    "war": "A platoon of soldiers holds a bridge under fire behind enemy lines.",
}

ODD = (
    "It rains all the time.",
    "An old song on the radio runs through it.",
    "Much of it happens on a train to the sea.",
    "A dog knows more than everybody else.",
    "Nobody speaks for the first half hour.",
    "Told backwards, from the last day to the first.",
    "There is a great deal of cooking.",
)
"""Shared across circles: what a synopsis tells beside what it is about."""


def title(n: int, title_id: str | None = None) -> TitleInput:
    """What it tells of its circle is in its words alone."""
    synopsis = f"{TELLING[CIRCLES[n % len(CIRCLES)]]} {ODD[n % len(ODD)]}"
    name = title_id or f"t{n:03}"
    return TitleInput(name, f"Title {n}", synopsis, genres=("feature",), language="en")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data: Path = tmp_path_factory.mktemp("taste")
    seed(data, [title(n) for n in range(TITLES)])
    with running(data) as service:
        job_id = service.http.post("/v1/reindex").json()["job_id"]
        assert service.wait(job_id)["state"] == "done"
        events = [
            {"user": f"viewer-{v}", "title_id": f"t{n:03}", "value": 1.0}
            for v, n in np.argwhere(watched(TITLES, VIEWERS).toarray())
        ]
        for start in range(0, len(events), 500):
            answer = service.http.post("/v1/events", json={"items": events[start : start + 500]})
            assert answer.json()["accepted"] == len(events[start : start + 500])
        yield service


def fit(service: Service, **asked: object) -> dict:
    answer = service.http.post("/v1/spaces/taste:fit", json=asked)
    assert answer.status_code == 202, answer.text
    return service.wait(answer.json()["job_id"])


def similar(service: Service, title_id: str, **params: object) -> httpx.Response:
    return service.http.get(f"/v1/titles/{title_id}/similar", params=params)


def circle_of(hits: list[dict]) -> list[int]:
    return [int(hit["title_id"][1:]) % len(CIRCLES) for hit in hits]


def test_before_the_fit_the_space_is_told_to_be_missing(service: Service) -> None:
    assert similar(service, "t000", space="taste").json()["code"] == "space_not_fitted"


def test_a_dry_run_tells_and_changes_nothing(service: Service) -> None:
    job = fit(service, dry_run=True)
    assert (job["state"], job["generation"]) == ("done", None), job
    figures = job["outcome"]["figures"]
    assert figures["taste"]["recall"] > figures["popularity"]["recall"]
    assert job["outcome"]["used"] is False
    assert similar(service, "t000", space="taste").json()["code"] == "space_not_fitted"


def test_a_fit_is_cut_over_and_answers(service: Service) -> None:
    job = fit(service)
    assert job["state"] == "done", job
    assert job["outcome"]["used"] is True
    hits = similar(service, "t000", space="taste", limit=10).json()["items"]
    assert np.mean([circle == 0 for circle in circle_of(hits)]) >= 0.7
    fused = similar(service, "t000", limit=5).json()["items"]
    assert all("taste" in hit["scores"] for hit in fused)  # told, though it does not count yet


def test_a_new_title_has_neighbours_as_soon_as_its_job_is_done(service: Service) -> None:
    new = title(TITLES + 3, "newcomer")
    told = {"id": new.id, "name": new.name, "synopsis": new.synopsis, "genres": ["feature"]}
    assert service.wait(service.submit(told)["job_id"])["state"] == "done"
    spaces = {space: similar(service, "newcomer", space=space) for space in ("fused", "taste")}
    found = service.http.get("/v1/search", params={"q": new.synopsis, "limit": 5}).json()
    for answer in spaces.values():
        hits = answer.json()["items"]
        assert len(hits) == 20
        assert np.mean([circle == 3 for circle in circle_of(hits[:5])]) >= 0.6
    assert "newcomer" in [hit["title_id"] for hit in found["items"]]
    others = similar(service, "t003", limit=50).json()["items"]
    assert "newcomer" in [hit["title_id"] for hit in others]


def test_a_reindex_takes_the_space_along(service: Service) -> None:
    before = similar(service, "newcomer", space="taste", limit=5).json()
    job_id = service.http.post("/v1/reindex").json()["job_id"]
    assert service.wait(job_id)["state"] == "done"
    assert similar(service, "newcomer", space="taste", limit=5).json()["items"] == before["items"]


def test_what_is_like_what_a_viewer_watched(service: Service) -> None:
    def asked(user: str, **params: object) -> httpx.Response:
        return service.http.get(f"/v1/users/{user}/similar", params=params)

    mine = {f"t{n:03}" for n in np.flatnonzero(watched(TITLES, VIEWERS).toarray()[4])}
    for space in ("fused", "taste"):
        hits = asked("viewer-4", space=space, limit=10).json()["items"]
        assert not mine & {hit["title_id"] for hit in hits}
        assert np.mean([circle == 4 for circle in circle_of(hits[:5])]) >= 0.6
    again = asked("viewer-4", watched=True, limit=90).json()["items"]
    assert mine <= {hit["title_id"] for hit in again}
    assert asked("nobody").json()["code"] == "user_not_found"
    assert asked("nobody").json()["code"] == "user_not_found"  # asking has made nobody
    assert service.http.get("/v1/users/nobody/export").status_code == 404
    assert asked("viewer-4", consent=False).json()["code"] == "consent_missing"


def test_a_fit_without_the_forgotten_leaves_nothing_of_them(service: Service) -> None:
    maps = service.data / "taste"
    before = {path.name for path in maps.iterdir()}
    assert len(before) == 1
    for viewer in range(VIEWERS):
        assert service.http.delete(f"/v1/users/viewer-{viewer}").status_code == 200
    job = fit(service)
    # Too little is left to learn from, and the map in use knows people who are forgotten.
    assert (job["state"], job["outcome"]["refused"]) == ("done", "taste_too_little_watched"), job
    assert similar(service, "t000", space="taste").json()["code"] == "space_not_fitted"
    assert list(maps.iterdir()) == []


def test_too_little_is_refused(service: Service) -> None:
    job = fit(service)
    assert job["state"] == "failed"
    assert job["error"]["code"] == "taste_too_little_watched"
