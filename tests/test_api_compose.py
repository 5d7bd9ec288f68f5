"""Compositions over HTTP and on the command line: what is asked reaches the job, or is refused."""

from pathlib import Path
from typing import Any

import pytest

from api.cli.compose import KindName, LookName
from artwork.compose.request import KINDS, LOOKS
from tests.http_house import as_json, assert_problem, client_of, make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_a_request_starts_a_job_and_says_where_it_is(house: House) -> None:
    body = {"kinds": ["split"], "looks": ["noir"], "titles": {"de": "Der Film", "ar": "الفيلم"}}
    with client_of(house) as client:
        answer = client.post("/v1/titles/film/compose", json=body)
    assert answer.status_code == 202
    job_id = answer.json()["job_id"]
    assert answer.json() == {"title_id": "film", "job_id": job_id}
    assert answer.headers["Location"] == f"/v1/jobs/{job_id}"
    row = house.jobs.rows[job_id]
    assert (row.kind, row.title_id) == ("compose", "film")
    assert row.request == {**body, "n": 4}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kinds": ["collage"]}, "invalid_request"),
        ({"looks": ["sepia"]}, "invalid_request"),
        ({"n": 25}, "invalid_request"),
        ({"titles": {"klingon": "Qo'noS"}}, "invalid_request"),
        ({"titles": {"de": "😀"}}, "title_glyphs_missing"),
        ({"titles": {"de": " \u200b "}}, "title_empty"),
        ({"titles": {"de": "x" * 121}}, "title_too_long"),
    ],
)
def test_what_cannot_be_composed_is_refused_before_any_work(
    house: House, body: dict[str, Any], code: str
) -> None:
    with client_of(house) as client:
        assert_problem(client.post("/v1/titles/film/compose", json=body), 422, code)
        missing = client.post("/v1/titles/nobody/compose", json={})
        assert_problem(missing, 404, "title_not_found")
    assert not house.jobs.rows


def test_the_command_asks_waits_and_tells(keyart: Any, house: House) -> None:
    asked = ["compose", "film", "--look", "noir", "--title", "--language", "de=Der = Film"]
    status, out, err = keyart(*asked, "--kind", "extension", "-n", "2")
    assert status == 0, err
    assert "g1" in out and "flat seed 8: a gate" in err
    assert house.jobs.rows["compose-1"].request == {
        "kinds": ["extension", "title"],
        "looks": ["noir"],
        "titles": {"de": "Der = Film"},
        "n": 2,
    }
    assert as_json(keyart(*asked, "--json"))["outcome"]["groups"] == ["g1"]
    assert keyart("compose", "film", "--language", "Der Film")[0] == 2


def test_the_command_knows_what_the_service_knows() -> None:
    assert {*KindName, "title"} == set(KINDS) and {*LookName} == set(LOOKS)
