"""`POST /v1/titles/{id}/generate` and `keyart generate`."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from artwork.generate.brief import MAX_COUNT
from content.errors import Conflict
from tests.http_house import as_json, assert_problem, client_of, make_house
from tests.standins import House

ROUTE = "/v1/titles/film/generate"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path, diffusion=str(tmp_path))


def test_a_request_becomes_a_job(client: TestClient, house: House) -> None:
    asked = {"brief": "mood:eerie,emphasis:place", "n": 2, "seed": 7}
    answer = client.post(ROUTE, json=asked)
    assert (answer.status_code, answer.json()) == (
        202,
        {"title_id": "film", "job_id": "generate-1"},
    )
    assert answer.headers["location"] == "/v1/jobs/generate-1"
    assert house.jobs.rows["generate-1"].request == asked
    job = client.get("/v1/jobs/generate-1").json()
    assert job["outcome"]["refused"][0]["reason"] == "flat"
    assert client.post(ROUTE, json={}).status_code == 202
    assert house.jobs.rows["generate-1"].request == {"brief": "", "n": 4, "seed": 0}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"brief": "actor:somebody"}, "invalid_brief"),
        ({"brief": "x" * 201}, "invalid_request"),
        ({"n": 0}, "invalid_request"),
        ({"n": MAX_COUNT + 1}, "invalid_request"),
        ({"seed": -1}, "invalid_request"),
        ({"seed": 2**31}, "invalid_request"),
        ({"n": "2"}, "invalid_request"),
        ({"prompt": "somebody famous"}, "invalid_request"),
    ],
)
def test_what_is_not_acceptable_is_refused(
    client: TestClient, body: dict[str, Any], code: str
) -> None:
    assert_problem(client.post(ROUTE, json=body), 422, code)


def test_a_title_that_is_not_there_or_not_yet_published_is_refused(
    client: TestClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise Conflict("not_published", "its job is not done")

    monkeypatch.setattr(house.jobs, "start_making", refuse)
    assert_problem(client.post(ROUTE, json={}), 409, "not_published")


def test_without_a_model_nothing_is_generated(tmp_path: Path) -> None:
    with client_of(make_house(tmp_path / "off")) as client:
        assert_problem(client.post(ROUTE, json={}), 409, "generation_off")


def test_the_command_tells_what_was_made_and_what_was_refused(keyart: Any, house: House) -> None:
    told = ("generate", "film", "--brief", "mood:eerie", "--n", "2", "--seed", "7")
    status, out, _ = keyart(*told)
    assert (status, out.splitlines()[1:]) == (0, ["made g1", "flat seed 8: a gate"])
    assert as_json(keyart(*told, "--json"))["outcome"]["groups"] == ["g1"]
    assert as_json(keyart(*told, "--no-wait", "--json"))["job_id"] == "generate-1"
    assert keyart("generate", "film", "--brief", "x")[0] == 1
