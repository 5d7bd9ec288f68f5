"""The taste space and what is like what a viewer watched, over HTTP and the command line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from samples.worlds import synthetic_embeddings
from tests.http_house import as_json, assert_problem, client_of, make_house
from tests.shelf import publish
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """With a real ledger behind the events."""
    made = make_house(tmp_path)
    made.personalizer = made.choosing
    (pictures,) = synthetic_embeddings(1, 3, seed=3).values()
    publish(made.choosing._engine, "film", pictures, aspects=("16:9",))
    return made


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with client_of(house) as made:
        yield made


def test_a_fit_is_a_job(client: TestClient, house: House) -> None:
    answer = client.post("/v1/spaces/taste:fit", json={"seed": 7})
    assert answer.status_code == 202
    assert answer.json() == {"job_id": "fit-1", "generation": "g-3"}
    assert answer.headers["location"] == "/v1/jobs/fit-1"
    assert house.jobs.rows["fit-1"].request == {"seed": 7, "dry_run": False}
    assert client.post("/v1/spaces/taste:fit", json={"dry_run": True}).json()["generation"] is None


@pytest.mark.parametrize("body", [{"seed": -1}, {"seed": 2**31}, {"dry": True}, []])
def test_what_is_no_fit_is_refused(client: TestClient, body: object) -> None:
    assert_problem(client.post("/v1/spaces/taste:fit", json=body), 422, "invalid_request")


def test_the_command_draws_what_was_found(keyart: Any, house: House) -> None:
    status, out, _ = keyart("fit-space", "--dry-run", "--seed", "3")
    assert status == 0
    assert "plain content" in out
    assert "+0.200 (+0.100 to +0.300)" in out
    assert "in use from now on" not in out
    assert house.jobs.rows["fit-1"].request == {"seed": 3, "dry_run": True}
    assert "in use from now on" in keyart("fit-space")[1]
    assert as_json(keyart("fit-space", "--json"))["outcome"]["used"] is True


def test_a_viewer_is_asked_after_by_what_they_watched(client: TestClient) -> None:
    item = {"user": "ada", "title_id": "film", "value": 0.9}
    assert client.post("/v1/events", json={"items": [item]}).status_code == 202
    answer = client.get("/v1/users/ada/similar")
    assert answer.headers["cache-control"] == "private, no-store"
    assert [hit["title_id"] for hit in answer.json()["items"]] == ["bare", "bikes"]
    again = client.get("/v1/users/ada/similar", params={"watched": True, "limit": 3})
    assert len(again.json()["items"]) == 3


def test_a_viewer_of_whom_nothing_is_known_is_told_so(client: TestClient) -> None:
    assert_problem(client.get("/v1/users/bob/similar"), 404, "user_not_found")
    assert_problem(client.get("/v1/users/bob/export"), 404, "user_not_found")
    item = {"user": "bob", "title_id": "film", "value": 0.0}
    client.post("/v1/events", json={"items": [item]})
    assert_problem(client.get("/v1/users/bob/similar"), 404, "nothing_watched")
    refused = client.get("/v1/users/bob/similar", params={"consent": "false"})
    assert_problem(refused, 409, "consent_missing")
    bad = client.get("/v1/users/bob/similar", params={"space": "smell"})
    assert_problem(bad, 422, "unknown_space")


def test_a_viewers_question_is_the_same_a_page_later(client: TestClient, house: House) -> None:
    item = {"user": "ada", "title_id": "film", "value": 0.9}
    client.post("/v1/events", json={"items": [item]})
    for _ in range(2):
        assert client.get("/v1/users/ada/similar", params={"limit": 1}).status_code == 200
    first, second = house.index.questions[-2:]
    assert first.like == second.like == {"film": 0.9}
    assert first.counted({}) == second.counted({})
