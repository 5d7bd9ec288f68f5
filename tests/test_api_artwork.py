"""Artwork, decisions, rewards and watch events over HTTP."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from artwork.choice.belief.features import Context
from tests.http_house import assert_problem, make_house
from tests.standins import House

QUERY = {"user": "u-1", "aspect": "2:3", "device": "tv", "country": "NL", "tz": "Europe/Oslo"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def decide(client: TestClient) -> str:
    return str(client.get("/v1/titles/film/artwork").json()["decision_id"])


def test_a_choice_is_private_and_complete(house: House, client: TestClient) -> None:
    response = client.get("/v1/titles/film/artwork", params={**QUERY, "maturity_max": "13"})
    body = response.json()
    assert response.headers["cache-control"] == "private, no-store"
    assert body.pop("decision_id")
    assert body == {
        "title_id": "film",
        "variant_id": "v1",
        "group_id": "g1",
        "url": f"/v1/images/{'cd' * 32}.webp",
        "aspect": "2:3",
        "propensity": 0.25,
        "expires_at": "2027-01-15T08:00:00.000000Z",
        "width": 1000,
        "height": 562,
        "focal": [0.5, 0.4],
        "safe": {"progress": [0.0, 0.92, 1.0, 0.08]},
        "blurhash": "L0",
        "colour": "#102030",
        "srcset": [
            *(
                {"url": f"/v1/images/{'cd' * 32}?w={width}", "width": width}
                for width in (160, 320, 480, 640, 960)
            ),
            {"url": f"/v1/images/{'cd' * 32}", "width": 1000},
        ],
    }
    context = Context(device="tv", country="NL", tz="Europe/Oslo", maturity_max="13")
    assert house.personalizer.asked == [("u-1", "2:3", context, False)]


def test_a_viewer_may_be_absent(house: House, client: TestClient) -> None:
    assert client.get("/v1/titles/film/artwork").status_code == 200
    assert house.personalizer.asked == [(None, "16:9", Context(), False)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"aspect": "5:4"}, "unknown_aspect"),
        ({"user": ""}, "invalid_request"),
        ({"user": "x" * 513}, "invalid_request"),
        ({"user": "a\0"}, "invalid_text"),
        ({"country": "NLD"}, "invalid_request"),
        ({"maturity_max": "12"}, "invalid_request"),
        ({"device": "x" * 65}, "invalid_request"),
        ({"tz": "localtime"}, "invalid_context"),
        ({"tz": "right/Europe/Berlin"}, "invalid_context"),
    ],
)
def test_bad_questions_are_refused(client: TestClient, query: dict, code: str) -> None:
    assert_problem(client.get("/v1/titles/film/artwork", params=query), 422, code)
    body = {**query, "title_ids": ["film"]}
    if query.keys() <= {"aspect", "user"}:
        assert_problem(client.post("/v1/artwork", json=body), 422, code)
    else:
        body = {"context": query, "title_ids": ["film"]}
        assert_problem(client.post("/v1/artwork", json=body), 422, code)


def test_no_picture_and_no_title_are_told_apart(client: TestClient) -> None:
    assert_problem(client.get("/v1/titles/bare/artwork"), 404, "no_variants")
    assert_problem(client.get("/v1/titles/zork/artwork"), 404, "title_not_found")


def test_a_page_answers_in_order_with_errors_in_their_place(
    house: House, client: TestClient
) -> None:
    body = {
        "user": "u",
        "aspect": "1:1",
        "title_ids": ["film", "zork", "bare", "bikes"],
        "context": {"device": "phone"},
        "defer": True,
    }
    response = client.post("/v1/artwork", json=body)
    page = response.json()
    assert response.headers["cache-control"] == "private, no-store"
    assert [item["title_id"] for item in page["items"]] == body["title_ids"]
    assert [item.get("error", {}).get("code") for item in page["items"]] == [
        None,
        "title_not_found",
        "no_variants",
        None,
    ]
    assert "decision_id" not in page["items"][1]
    assert page["next"] is None
    assert house.personalizer.asked == [("u", "1:1", Context(device="phone"), True)]


@pytest.mark.parametrize(
    "change",
    [{"title_ids": []}, {"title_ids": ["film"] * 201}, {"context": {"mood": "x"}}, {"defer": 1}],
)
def test_bad_pages_are_refused(client: TestClient, change: dict) -> None:
    body = {"title_ids": ["film"], **change}
    assert_problem(client.post("/v1/artwork", json=body), 422, "invalid_request")


def test_a_decision_shows_every_arm(client: TestClient) -> None:
    decision_id = decide(client)
    response = client.get(f"/v1/decisions/{decision_id}")
    body = response.json()
    assert response.headers["cache-control"] == "private, no-store"
    assert body["decision_id"] == decision_id
    assert body["propensities"] == {"v1": 0.25, "v2": 0.75}
    assert body["decided_at"] == "2023-11-14T22:13:20.000000Z"
    assert body["context"]["device"] == "tv"
    assert_problem(client.get("/v1/decisions/zork"), 404, "decision_not_found")


def test_a_reward_is_accepted_once_and_again(client: TestClient) -> None:
    reward = {"decision_id": decide(client), "kind": "play", "value": 1, "event_id": "e"}
    for _ in range(2):
        response = client.post("/v1/rewards", json=reward)
        assert (response.status_code, response.json()) == (202, {"accepted": 1})
    other = {**reward, "value": 0.5}
    assert_problem(client.post("/v1/rewards", json=other), 409, "reward_conflict")
    assert client.post("/v1/rewards", json={**other, "correct": True}).status_code == 202


def test_what_events_are_worth_is_told(client: TestClient) -> None:
    told = client.get("/v1/rewards/policy").json()
    assert told["kinds"]["watch"] == {
        "weight": 1.0, "window_h": 336.0, "full_from": 0.7, "add": False
    }  # fmt: skip
    assert told["click_bait"] == {"left_below": 0.05, "cost": 0.1, "lapse": True}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": 2.0}, "invalid_reward"),
        ({"value": -0.1}, "invalid_reward"),
        ({"value": 1e999}, "invalid_json"),
        ({"value": "NaN"}, "invalid_request"),
        ({"value": True}, "invalid_request"),
        ({"value": None}, "invalid_request"),
        ({"kind": "like"}, "invalid_reward_kind"),
        ({"kind": 3}, "invalid_reward_kind"),
        ({"occurred_at": "2026-01-01T00:00:00"}, "invalid_time"),
        ({"occurred_at": "yesterday"}, "invalid_time"),
        ({"occurred_at": "9999-12-31T23:59:59-01:00"}, "invalid_time"),
        ({"occurred_at": "0001-01-01T00:00:00+01:00"}, "invalid_time"),
        ({"event_id": ""}, "invalid_request"),
        ({"decision_id": 3}, "invalid_request"),
        ({"user": "x"}, "invalid_request"),
        ({"decision_id": None}, "invalid_request"),
        ({"decision_id": None, "user": "x"}, "invalid_request"),
        ({"decision_id": None, "user": "x", "title_id": "../x"}, "invalid_title_id"),
    ],
)
def test_bad_rewards_are_refused(client: TestClient, change: dict, code: str) -> None:
    reward = {"decision_id": "d", "kind": "play", "value": 1.0, **change}
    if code == "invalid_json":  # the client library writes no infinity
        body = '{"decision_id": "d", "kind": "play", "value": 1e999}'
        response = client.post(
            "/v1/rewards", content=body, headers={"Content-Type": "application/json"}
        )
        assert_problem(response, 422, "invalid_reward")
    else:
        assert_problem(client.post("/v1/rewards", json=reward), 422, code)


def test_a_reward_that_names_nothing_is_told_what_to_name(client: TestClient) -> None:
    refused = client.post("/v1/rewards", json={"user": "ada", "kind": "play", "value": 1})
    assert refused.json()["detail"] == "name a decision_id, or a user and a title_id"


def test_a_batch_keeps_what_is_good_and_names_what_is_not(house: House, client: TestClient) -> None:
    good = {"decision_id": decide(client), "kind": "play", "value": 1.0}
    lost = {**good, "decision_id": "zork"}
    problem = assert_problem(
        client.post("/v1/rewards", json={"items": [good, lost, {**good, "kind": "click"}, lost]}),
        404,
        "decision_not_found",
    )
    assert problem["accepted"] == 2
    assert [item["index"] for item in problem["items"]] == [1, 3]
    assert problem["items"][0]["code"] == "decision_not_found"
    assert len(house.personalizer.rewards) == 2


def test_one_malformed_item_refuses_the_whole_batch(house: House, client: TestClient) -> None:
    good = {"decision_id": decide(client), "kind": "play", "value": 1.0}
    body = {"items": [good, {**good, "value": 2}]}
    assert_problem(client.post("/v1/rewards", json=body), 422, "invalid_reward")
    assert house.personalizer.rewards == {}


def test_batches_have_a_size(client: TestClient) -> None:
    good = {"decision_id": decide(client), "kind": "play", "value": 1.0}
    assert client.post("/v1/rewards", json={"items": [good] * 1000}).json() == {"accepted": 1000}
    for items in ([], [good] * 1001):
        body = {"items": items}
        assert_problem(client.post("/v1/rewards", json=body), 422, "invalid_request")


def test_watch_events_carry_their_time(house: House, client: TestClient) -> None:
    event = {
        "user": "u",
        "title_id": "film",
        "kind": "watch",
        "value": 0.5,
        "occurred_at": "2026-01-01T01:00:00+01:00",
    }
    assert client.post("/v1/events", json=event).json() == {"accepted": 1}
    assert client.post("/v1/events", json={"items": [event, event]}).json() == {"accepted": 2}
    watched = house.personalizer.watched[0]
    assert (watched.user, watched.value, watched.occurred_us) == ("u", 0.5, 1_767_225_600_000_000)
    assert_problem(client.post("/v1/events", json={**event, "value": 3}), 422, "invalid_event")
    no_user = {key: value for key, value in event.items() if key != "user"}
    assert_problem(client.post("/v1/events", json=no_user), 422, "invalid_request")
