"""Similar titles over HTTP: what may be asked, how it is refused, page by page."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.paging import decode, encode
from indexes.conditions import AllOf, AnyOf, Equals, HasField, Not, Range
from indexes.question import Question
from tests.http_house import as_json, assert_problem, client_of, make_house
from tests.standin_catalog import title
from tests.standins import House

SIMILAR = "/v1/titles/film/similar"


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    for n in range(9):
        made.catalog.titles[f"t{n}"] = title(f"t{n}")
    return made


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with client_of(house) as made:
        yield made


def asked(house: House, client: TestClient, **query: object) -> Question:
    answer = client.get(SIMILAR, params=query)
    assert answer.status_code == 200, answer.text
    return house.index.questions[-1]


def test_what_is_asked_is_what_the_index_is_asked(house: House, client: TestClient) -> None:
    question = asked(
        *(house, client),
        weights="visual:2, audio:1",
        exclude="t1,t2",
        diversity=0.5,
        because="true",
        limit=7,
    )
    assert question.weights == {"visual": 2.0, "audio": 1.0}
    assert question.leaving_out == ("film", "t1", "t2")
    assert (question.diversity, question.because, question.limit) == (0.5, True, 7)
    assert dict(question.like) == {"film": 1.0}
    assert asked(house, client).weights is None


def test_filters_are_one_condition(house: House, client: TestClient) -> None:
    chosen = asked(
        *(house, client),
        genre="drama",
        country="fr",
        year_from=1990,
        year_to=1999,
        territory="de",
        available_at="2026-01-01T00:00:00Z",
        filter="NOT tags.series:blupi",
    ).filter
    at_us = 1_767_225_600_000_000
    assert chosen.genre == "drama"
    assert chosen.condition == AllOf(
        (
            Equals("country", "FR"),
            Range("year", gte=1990, lte=1999),
            AnyOf((Not(HasField("available_from")), Range("available_from", lte=at_us))),
            AnyOf((Not(HasField("available_until")), Range("available_until", gt=at_us))),
            AnyOf((Not(HasField("territories")), Equals("territories", "DE"))),
            Not(Equals("tags.series", "blupi")),
        )
    )
    assert asked(house, client, year_to=1999).filter.condition == AllOf((Range("year", lte=1999),))


NARROWED = {
    "genre": "drama",
    "language": "en",
    "country": "fr",
    "maturity_max": "13",
    "year_from": 1990,
    "year_to": 1999,
    "territory": "de",
    "available_at": "2026-01-01T00:00:00Z",
    "filter": "NOT tags.series:blupi",
}


def test_a_search_by_words_is_narrowed_alike(house: House, client: TestClient, keyart: Any) -> None:
    wanted = asked(house, client, **NARROWED).filter
    assert client.get("/v1/search", params={"q": "cats", **NARROWED}).status_code == 200
    options = [f"--{name.replace('_', '-')}={value}" for name, value in NARROWED.items()]
    assert keyart("search", "cats", *options)[0] == 0
    assert keyart("similar", "film", *options)[0] == 0
    assert house.index.filters == [wanted] * 4


@pytest.mark.parametrize("query", [{"filter": "genre"}, {"available_at": "tomorrow"}])
def test_a_search_is_refused_alike(client: TestClient, query: dict[str, str]) -> None:
    code = "invalid_filter" if "filter" in query else "invalid_time"
    assert_problem(client.get("/v1/search", params={"q": "cats", **query}), 422, code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"weights": "visual"}, "invalid_weights"),
        ({"weights": "visual:much"}, "invalid_weights"),
        ({"weights": "visual:1,visual:2"}, "invalid_weights"),
        ({"diversity": "2"}, "invalid_diversity"),
        ({"diversity": "nan"}, "invalid_diversity"),
        ({"exclude": "../x"}, "invalid_title_id"),
        ({"exclude": ",".join(f"t{n}" for n in range(201))}, "invalid_request"),
        ({"filter": "smell:sweet"}, "invalid_filter"),
        ({"filter": "x" * 5000}, "invalid_filter"),
        ({"year_from": "0"}, "invalid_request"),
        ({"available_at": "tomorrow"}, "invalid_time"),
        ({"country": "France"}, "invalid_request"),
        ({"cursor": "zzzz"}, "invalid_cursor"),
        ({"cursor": "W10"}, "invalid_cursor"),
        ({"limit": "0"}, "invalid_limit"),
        ({"space": "smell"}, "unknown_space"),
        ({"weight": "visual:1"}, "unknown_parameter"),
    ],
)
def test_refusals(client: TestClient, query: dict[str, str], code: str) -> None:
    assert_problem(client.get(SIMILAR, params=query), 422, code)


def test_a_bad_filter_names_its_place(client: TestClient) -> None:
    body = client.get(SIMILAR, params={"filter": "genre:a AND or"}).json()
    assert (body["code"], body["position"]) == ("invalid_filter", 13)


def test_pages_lead_on(client: TestClient) -> None:
    found, cursor = list[str](), None
    while True:
        query: dict[str, Any] = {"limit": 4} | ({} if cursor is None else {"cursor": cursor})
        page = client.get(SIMILAR, params=query).json()
        found += [item["title_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ["bare", "bikes", *(f"t{n}" for n in range(9))]


@pytest.mark.parametrize(
    "changed",
    [
        {"depth": 10**30},  # does not fit into the index's messages
        {"rank": -(10**30)},
        {"depth": 4000},  # a list of candidates as no page begins one
        {"score": "NaN"},
        {"title_id": None},
    ],
)
def test_a_cursor_that_was_tampered_with(client: TestClient, changed: dict[str, Any]) -> None:
    cursor = client.get(SIMILAR, params={"limit": 4}).json()["next"]
    forged = encode(json.dumps({**json.loads(decode(cursor) or ""), **changed}))
    asked = {"limit": 4, "cursor": forged}
    assert_problem(client.get(SIMILAR, params=asked), 422, "invalid_cursor")
    body = {"like": ["film"], **asked}
    assert_problem(client.post("/v1/similar", json=body), 422, "invalid_cursor")


def test_because_is_told_when_it_is_asked_for(client: TestClient) -> None:
    (item, *_) = client.get(SIMILAR, params={"because": True}).json()["items"]
    assert item["because"] == {
        "contributions": {"visual": 0.5},
        "shared": [{"fact": "genres", "says": "drama"}],
        "text": "both: drama",
    }
    assert client.get(SIMILAR).json()["items"][0]["because"] is None


def test_several_and_unlike(house: House, client: TestClient) -> None:
    body = {
        "like": ["film", "bikes"],
        "unlike": ["t0"],
        "exclude": ["t1"],
        "weights": {"style": 1},
        "year_from": 1990,
        "diversity": 0.25,
        "limit": 3,
    }
    answer = client.post("/v1/similar", json=body)
    assert [item["title_id"] for item in answer.json()["items"]] == ["bare", "t2", "t3"]
    question = house.index.questions[-1]
    assert dict(question.like) == {"film": 1.0, "bikes": 1.0}
    assert dict(question.unlike) == {"t0": 1.0}
    assert question.filter.condition == AllOf((Range("year", gte=1990),))
    assert question.weights == {"style": 1}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_request"),
        ({"like": []}, 422, "invalid_request"),
        ({"like": ["film"], "unlike": ["film"]}, 422, "invalid_request"),
        ({"like": ["film"], "weights": {}}, 422, "invalid_request"),
        ({"like": ["film"], "wieghts": {"style": 1}}, 422, "invalid_request"),
        ({"like": ["../film"]}, 422, "invalid_title_id"),
        ({"like": ["film"], "diversity": 2}, 422, "invalid_diversity"),
        ({"like": ["film"], "filter": "genre"}, 422, "invalid_filter"),
        ({"like": ["film"], "cursor": "x"}, 422, "invalid_cursor"),
        ({"like": ["film", "zork"]}, 404, "title_not_found"),
        ({"like": ["film"], "unlike": ["bare"]}, 404, "title_not_indexed"),
    ],
)
def test_several_refused(client: TestClient, body: object, status: int, code: str) -> None:
    assert_problem(client.post("/v1/similar", json=body), status, code)


def test_own_fields_and_availability_are_taken_in_and_told(
    house: House, client: TestClient
) -> None:
    told = {
        "tags": {"series": "blupi", "season": 3, "score": 7.5, "moods": ["a", "b"]},
        "available": {"from": "2026-01-01T00:00:00Z", "territories": ["de", "FR", "DE"]},
    }
    body = {"id": "own", "name": "Own", "synopsis": "Of a house.", **told}
    assert client.post("/v1/titles", json=body).status_code == 202
    fields = house.intake.taken["own"]
    assert fields.tags == {**told["tags"], "moods": ("a", "b")}
    assert fields.available.from_us == 1_767_225_600_000_000
    assert fields.available.territories == ("DE", "FR")


@pytest.mark.parametrize(
    "told",
    [
        {"tags": {"a b": "x"}},
        {"tags": {"a": True}},
        {"tags": {"a": None}},
        {"tags": {"a": 2**54}},
        {"tags": {"a": {"b": "c"}}},
        {"available": {"from": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z"}},
        {"available": {"territories": ["Germany"]}},
    ],
)
def test_own_fields_that_cannot_be_are_refused(client: TestClient, told: object) -> None:
    body = {"id": "own", "name": "Own", "synopsis": "Of a house.", **told}
    assert_problem(client.post("/v1/titles", json=body), 422, "invalid_request")


def test_the_command_line_asks_the_same(keyart: Any, house: House) -> None:
    options = (
        "--weights",
        "visual:2",
        "--diversity",
        "0.5",
        "--because",
        "--filter",
        "year:1990..",
    )
    status, out, _ = keyart("similar", "film", "--exclude", "t1", "--exclude", "t2", *options)
    assert status == 0
    assert "both: drama" in out and "visual +0.500" in out
    one = house.index.questions[-1]
    assert one.leaving_out == ("film", "t1", "t2")
    page = as_json(keyart("similar", "film", "bikes", "--unlike", "t0", *options, "--json"))
    assert page["items"][0]["because"]["text"] == "both: drama"
    several = house.index.questions[-1]
    assert (several.weights, several.filter) == (one.weights, one.filter)
    assert (dict(several.like), dict(several.unlike)) == ({"film": 1, "bikes": 1}, {"t0": 1})
    assert keyart("similar", "film", "bikes", "--weights", "visual")[0] == 2
    assert keyart("similar", "film", "--filter", "year:x")[2].startswith("invalid_filter ")


@pytest.mark.parametrize("weights", ["visual:nan", "visual:inf", "visual:1,visual:2", "visual"])
def test_the_command_refuses_weights_that_are_none(keyart: Any, weights: str) -> None:
    status, _, err = keyart("similar", "film", "bikes", "--weights", weights)
    assert (status, "--weights" in err) == (2, True)
