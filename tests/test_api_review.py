"""Verdicts and policies over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.http_house import assert_problem, client_of, make_house


@pytest.fixture
def client(tmp_path: Path) -> Any:
    with client_of(make_house(tmp_path)) as client:
        yield client


@pytest.mark.parametrize("verdict", ["approve", "veto"])
def test_a_verdict_is_answered_and_listed(client: TestClient, verdict: str) -> None:
    [before] = client.get("/v1/titles/film/variants").json()["items"]
    assert before["verdict"] is None
    answer = client.post(f"/v1/variants/v1/{verdict}")
    assert answer.status_code == 200
    assert answer.json() == {
        "variant_id": "v1",
        "group_id": "g1",
        "title_id": "film",
        "aspect": "16:9",
        "verdict": verdict,
        "decided_at": "2023-11-14T22:13:20.000000Z",
    }
    [after] = client.get("/v1/titles/film/variants").json()["items"]
    assert after["verdict"] == verdict


def test_a_verdict_on_nothing(client: TestClient) -> None:
    assert_problem(client.post("/v1/variants/v2/veto"), 404, "variant_not_found")
    assert_problem(client.post("/v1/variants/v1/zork"), 404, "not_found")
    assert_problem(client.get("/v1/variants/v1/veto"), 405, "method_not_allowed")


def test_a_policy_is_answered_whole(client: TestClient) -> None:
    free = {
        "title_id": "film",
        "pin": None,
        "incumbent": None,
        "veto": [],
        "origins": ["frame", "composed", "generated", "uploaded"],
        "review_required": False,
        "generated_share": None,
        "change_every_s": None,
        "fallback": None,
        "pictures": {},
        **dict.fromkeys(("countries", "from", "until", "cap")),
    }
    path = "/v1/titles/film/artwork-policy"
    assert client.get(path).json() == free
    wanted = {
        "pin": "g1",
        "veto": ["g2"],
        "origins": ["uploaded", "frame"],
        "review_required": True,
        "generated_share": 0.0,
    }
    kept = {**free, **wanted, "origins": ["frame", "uploaded"]}
    assert client.put(path, json=wanted).json() == kept == client.get(path).json()
    assert client.put(path, json={}).json() == free


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"origins": ["zork"]}, "invalid_request"),
        ({"generated_share": 1.5}, "invalid_request"),
        ({"generated_share": "a"}, "invalid_request"),
        ({"review_required": 1}, "invalid_request"),
        ({"zork": 1}, "invalid_request"),
        ({"pin": "a\0"}, "invalid_text"),
    ],
)
def test_policies_that_are_none(client: TestClient, body: dict[str, Any], code: str) -> None:
    assert_problem(client.put("/v1/titles/film/artwork-policy", json=body), 422, code)


def test_a_policy_of_nothing(client: TestClient) -> None:
    for method in (client.get, lambda path: client.put(path, json={})):
        assert_problem(method("/v1/titles/zork/artwork-policy"), 404, "title_not_found")
    unknown = client.put("/v1/titles/film/artwork-policy", json={"pin": "g9"})
    assert_problem(unknown, 404, "variant_not_found")


def test_the_language_of_a_viewer_reaches_the_choice(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    with client_of(house) as client:
        assert client.get("/v1/titles/film/artwork?language=pt_br").status_code == 200
        assert house.personalizer.asked[-1][2].language == "pt-BR"
        bad = client.get("/v1/titles/film/artwork?language=??")
        assert_problem(bad, 422, "invalid_request")
