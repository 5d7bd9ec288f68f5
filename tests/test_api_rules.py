"""Rules of the catalogue over HTTP: told, put, tried; and the cards that stand in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from artwork.choice.page import Fallback
from tests.http_house import assert_problem, make_house
from tests.shelf import publish
from tests.standins import House

FREE = {
    "origins": None,
    "generated_share": None,
    "review_required": False,
    "countries": None,
    "cap": None,
    "change_every_s": 0.0,
    "fallback": "none",
    "distinct_neighbours": True,
    "updated_at": None,
}
SAID = {
    "origins": ["frame", "uploaded"],
    "generated_share": 0.1,
    "review_required": True,
    "countries": {"allow": ["AT", "DE"], "deny": None},
    "cap": {"share": 0.5, "per_day": 1000, "in_all": None},
    "change_every_s": 86400.0,
    "fallback": "title_card",
    "distinct_neighbours": False,
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_rules_are_answered_whole(client: TestClient) -> None:
    assert client.get("/v1/rules").json() == FREE
    kept = client.put("/v1/rules", json=SAID).json()
    assert kept.pop("updated_at") and kept == SAID
    assert {**client.get("/v1/rules").json(), "updated_at": None} == {**SAID, "updated_at": None}
    free = client.put("/v1/rules", json={}).json()
    assert free.pop("updated_at") and {**free, "updated_at": None} == FREE


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({"countries": {"deny": ["UK"]}}, "countries.deny[0]", "write GB"),
        ({"countries": {"deny": ["de"]}}, "countries.deny[0]", "write DE"),
        ({"countries": {"allow": []}}, "countries.allow", "at least 1"),
        ({"cap": {"share": 0}}, "cap.share", "more than 0"),
        ({"cap": {"per_day": 0}}, "cap.per_day", "1 or more"),
        ({"cap": {"in_all": 1.5}}, "cap.in_all", "whole number"),
        ({"fallback": "zork"}, "fallback", "'none' or 'title_card'"),
        ({"change_every_s": -1}, "change_every_s", "0 or more"),
        ({"zork": 1}, "zork", "there is no such field"),
        ({"from": "2026-12-01T00:00:00Z"}, "from", "there is no such field"),
    ],
)
def test_rules_that_are_none(client: TestClient, body: Any, field: str, hint: str) -> None:
    problem = assert_problem(client.put("/v1/rules", json=body), 422, "invalid_request")
    assert problem["errors"][0]["field"] == field and hint in problem["errors"][0]["message"]
    assert client.get("/v1/rules").json() == FREE


def test_a_policy_says_where_when_and_how_often(client: TestClient) -> None:
    path = "/v1/titles/film/artwork-policy"
    limited = {
        "countries": {"allow": None, "deny": ["FR"]},
        "from": "2026-12-01T00:00:00.000000Z",
        "until": "2026-12-24T23:00:00.000000Z",
        "cap": {"share": None, "per_day": None, "in_all": 10},
    }
    wanted = {**limited, "change_every_s": 60.0, "fallback": "none", "pictures": {"g1": limited}}
    sent = {**wanted, "until": "2026-12-25T00:00:00+01:00"}
    kept = client.put(path, json=sent).json()
    assert kept == client.get(path).json() and {**kept, **wanted} == kept
    bare = client.put(path, json={"pictures": {"g1": {}}}).json()["pictures"]
    assert bare == {"g1": dict.fromkeys(limited)}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"from": "2026-12-01"}, "invalid_time"),
        ({"from": "2026-12-01T00:00:00"}, "invalid_time"),
        ({"from": "2026-12-02T00:00:00Z", "until": "2026-12-02T00:00:00Z"}, "invalid_request"),
        ({"pictures": {"g1": {"until": "soon"}}}, "invalid_time"),
        ({"pictures": {"g1": {"zork": 1}}}, "invalid_request"),
        ({"pictures": {"g9": {}}}, "variant_not_found"),
    ],
)
def test_limits_that_are_none(client: TestClient, body: Any, code: str) -> None:
    status = 404 if code == "variant_not_found" else 422
    assert_problem(client.put("/v1/titles/film/artwork-policy", json=body), status, code)


def test_rules_are_tried_and_change_nothing(house: House, client: TestClient) -> None:
    rng = np.random.default_rng(5)
    pictures = {name: rng.random(1280).astype(np.float32) for name in "abc"}
    told = {"a": {"origin": "uploaded"}, "b": {"maturity": "16"}}
    groups = publish(house.engine, "film", pictures, told=told)
    body = {
        "rules": {"countries": {"deny": ["FR"]}, "fallback": "title_card", "cap": {"share": 0.2}},
        "audiences": [{"country": "DE", "maturity_max": "13"}, {"country": "FR"}],
    }
    answer = client.post("/v1/rules/check", json=body).json()
    [film] = answer["items"]  # the catalogue's other titles have no records here
    assert answer["next"] is None and film["title_id"] == "film"
    assert "(there are 3) may have 60%" in film["warning"]
    german, french = film["audiences"]
    assert (german["on_offer"], german["reason"], german["fallback"]) == (2, None, None)
    assert set(german["group_ids"]) == {groups["a"], groups["c"]}
    assert (french["on_offer"], french["fallback"]) == (0, "title_card")
    assert "3 not for FR" in french["reason"]
    assert client.get("/v1/rules").json() == FREE
    body.pop("rules")
    [film] = client.post("/v1/rules/check", json=body).json()["items"]
    assert [each["on_offer"] for each in film["audiences"]] == [2, 3]
    page = client.post("/v1/rules/check?limit=1", json=body).json()
    assert page["next"] and page["items"] == []
    for bad, code in (
        ({"audiences": []}, "invalid_request"),
        ({"audiences": [{"at": "now"}]}, "invalid_time"),
        ({"audiences": [{}], "aspect": "5:4"}, "unknown_aspect"),
    ):
        assert_problem(client.post("/v1/rules/check", json=bad), 422, code)


# ---- what stands in ------------------------------------------------------------------------------


def falls_back(house: House, monkeypatch: pytest.MonkeyPatch, name: Any = "title_card") -> None:
    def stand_in(title_id: str, aspect: Any) -> Fallback:
        return Fallback(title_id, aspect, name, "12 vetoed")

    monkeypatch.setattr(house.personalizer, "_choose", stand_in)


def test_a_fallback_has_a_picture_and_no_decision(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    falls_back(house, monkeypatch)
    body = client.get("/v1/titles/film/artwork?aspect=2:3").json()
    assert (body["fallback"], body["reason"]) == ("title_card", "12 vetoed")
    assert (body["width"], body["height"]) == (720, 1080)
    assert {body[name] for name in ("decision_id", "variant_id", "group_id")} == {None}
    assert body["srcset"][-1] == {"url": body["url"].removesuffix(".webp"), "width": 720}
    [item] = client.post("/v1/artwork", json={"title_ids": ["film"], "aspect": "2:3"}).json()[
        "items"
    ]
    assert item == body
    picture = client.get(body["url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    again = client.get(body["url"], headers={"If-None-Match": picture.headers["etag"]})
    assert again.status_code == 304
    small = client.get(body["srcset"][0]["url"], headers={"Accept": "image/jpeg"})
    assert small.headers["content-type"] == "image/jpeg" and len(small.content) < 10_000
    assert client.head(body["url"]).status_code == 200
    metrics = client.get("/metrics").text
    assert "keyart_decisions_total 0" in metrics or "keyart_decisions_total" not in metrics


def test_a_card_tells_its_name_to_nobody_who_was_not_given_the_link(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    falls_back(house, monkeypatch)
    url = client.get("/v1/titles/film/artwork").json()["url"]
    token = house.cards.token("film")
    for bad in (
        url.replace(token, "0" * 32),
        url.replace("/film/", "/bikes/"),
        url.replace("16x9", "5x4"),
        url.replace(".webp", ".gif"),
        f"/v1/images/cards/zork/{house.cards.token('zork')}/16x9.webp",
    ):
        assert_problem(client.get(bad), 404, "image_not_found")
    assert_problem(client.get(f"{url}?w=641"), 422, "invalid_width")
    del house.catalog.titles["film"]
    assert_problem(client.get(url), 404, "image_not_found")


def test_a_plain_card_needs_no_title(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    falls_back(house, monkeypatch, "plain_card")
    body = client.get("/v1/titles/film/artwork").json()
    assert body["fallback"] == "plain_card" and "film" not in body["url"]
    assert client.get(body["url"]).status_code == 200
