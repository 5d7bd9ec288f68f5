"""`GET /v1/titles/{id}/candidates` and `keyart candidates`: what was looked at, and what became."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.http_house import as_json, assert_problem, make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_what_was_looked_at_is_told_in_the_order_of_the_film(client: TestClient) -> None:
    page = client.get("/v1/titles/film/candidates").json()
    assert [item["verdict"] for item in page["items"]] == ["chosen", "refused", "chosen"]
    assert page["items"][1] == {
        "at_s": 4000.5,
        "verdict": "refused",
        "reasons": ["blurred", "lettering"],
        "scores": {"overall": 0.5},
        "emphasis": ["character", "mood:tense"],
        "maturity": "all",
        "group_id": None,
        "url": f"/v1/images/{'ef' * 32}.webp",
    }
    refused = client.get("/v1/titles/film/candidates", params={"verdict": "refused"}).json()
    assert refused["items"] == page["items"][1:2] and refused["next"] is None


def test_pages_follow_each_other(client: TestClient) -> None:
    asked = {"limit": 2}
    first = client.get("/v1/titles/film/candidates", params=asked).json()
    last = client.get(
        "/v1/titles/film/candidates", params={**asked, "cursor": first["next"]}
    ).json()
    assert len(first["items"]) == 2 and len(last["items"]) == 1 and last["next"] is None


def test_what_is_wrong_is_refused(client: TestClient) -> None:
    assert_problem(client.get("/v1/titles/zork/candidates"), 404, "title_not_found")
    path = "/v1/titles/film/candidates"
    for query in ({"verdict": "ugly"}, {"verdict": ""}):
        assert_problem(client.get(path, params=query), 422, "invalid_request")
    assert_problem(client.get(path, params={"cursor": "!"}), 422, "invalid_cursor")
    assert_problem(client.get(path, params={"limit": 0}), 422, "invalid_limit")


def test_the_command_line_draws_them(keyart: Any, house: House) -> None:
    status, out, _ = keyart("candidates", "film")
    assert status == 0 and len(out.splitlines()) == 4
    status, out, _ = keyart("candidates", "film", "--rejected")
    assert status == 0
    assert [line.split() for line in out.splitlines()] == [
        ["time", "verdict", "overall", "reasons", "emphasis"],
        ["1:06:40.5", "refused", "0.50", "blurred,", "lettering", "character,", "mood:tense"],
    ]
    assert [
        item["verdict"] for item in as_json(keyart("candidates", "film", "--json"))["items"]
    ] == [
        *("chosen", "refused", "chosen"),
    ]
    house.looked = []
    assert keyart("candidates", "film")[1] == "no moment was looked at\n"
    assert keyart("candidates", "film", "--rejected")[1] == "nothing was refused\n"
    assert keyart("candidates", "zork")[0] == 1
