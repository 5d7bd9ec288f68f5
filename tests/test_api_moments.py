"""Moments, match cuts and explained searches over HTTP and by the command line."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.http_house import as_json, make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_moments_tell_where_and_why(client: TestClient, house: House) -> None:
    (item,) = client.get("/v1/moments", params={"q": "two cats", "min_s": 2}).json()["items"]
    assert (item["title_id"], item["start_s"], item["end_s"]) == ("film", 1.0, 4.5)
    assert item["keyframe_url"].endswith(".webp")
    assert item["why"]["evidence"] == {"picture": 0.4, "words": 0.2}
    assert item["why"]["lines"] == ["Two cats."]
    assert house.finding.asked[-1]["min_s"] == 2


def test_moments_by_mood_alone(client: TestClient, house: House) -> None:
    assert client.get("/v1/moments", params={"mood": "tense"}).status_code == 200
    assert house.finding.asked[-1]["text"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "nothing_asked"),
        ({"q": "x", "min_s": "nan"}, "invalid_request"),
        ({"q": "x", "min_s": -1}, "invalid_request"),
        ({"q": "x", "limit": 0}, "invalid_limit"),
        ({"q": "x", "title_id": "../b"}, "invalid_title_id"),
    ],
)
def test_moments_refuse(client: TestClient, query: dict[str, Any], code: str) -> None:
    answer = client.get("/v1/moments", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_match_cuts_have_both_keyframes(client: TestClient) -> None:
    (item,) = client.get("/v1/titles/film/match-cuts").json()["items"]
    assert (item["shot"]["title_id"], item["other"]["title_id"]) == ("film", "bikes")
    assert item["score"] == item["scores"]["visual"] == 0.8
    assert item["why"] == "picture"
    assert client.get("/v1/titles/zork/match-cuts").json()["code"] == "title_not_found"


def test_a_search_explains_itself_when_asked(client: TestClient) -> None:
    plain = client.get("/v1/search", params={"q": "cats"}).json()["items"][0]
    assert plain["explain"] is None
    told = client.get("/v1/search", params={"q": "cats", "explain": 1}).json()["items"][0]
    assert told["explain"] == {
        "meaning": {"score": 0.25, "rank": 1},
        "words": {"score": 2.5, "rank": 1},
        "name": None,
        "matched": [{"word": "cats", "fields": ["name", "said"]}],
    }


def test_the_command_line_shows_them(keyart: Any) -> None:
    for arguments, word in [
        (["moments", "two", "cats"], "picture 0.40"),
        (["match-cuts", "film"], "bikes"),
        (["search", "cats", "--explain"], "cats in name, said"),
    ]:
        status, out, _ = keyart(*arguments)
        assert status == 0
        assert word in " ".join(out.split())
        assert as_json(keyart(*arguments, "--json"))
    status, _, err = keyart("moments")
    assert (status, err.split()[0]) == (1, "nothing_asked")
