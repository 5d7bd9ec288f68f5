"""Pairs of titles compared over HTTP, and the weights of the spaces."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexes.weights import DEFAULT
from tests.http_house import assert_problem, client_of, make_house
from tests.standin_catalog import title


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    house = make_house(tmp_path)
    for name in ("a", "b"):
        house.catalog.titles[name] = title(name)
    with client_of(house) as made:
        yield made


def test_pairs_are_scored_in_their_order(client: TestClient) -> None:
    answer = client.post("/v1/similarity", json={"pairs": [["a", "nobody"], ["b", "a"]]})
    assert answer.status_code == 200
    assert answer.json()["items"] == [
        {"title_ids": ["a", "nobody"], "score": None, "scores": {}},
        {"title_ids": ["b", "a"], "score": 0.5, "scores": {"visual": 0.5}},
    ]


@pytest.mark.parametrize("pairs", [[], [["a"]], [["a", "b", "c"]], "ab", [["a", 7]]])
def test_what_is_no_list_of_pairs_is_refused(client: TestClient, pairs: object) -> None:
    answer = client.post("/v1/similarity", json={"pairs": pairs})
    assert_problem(answer, 422, "invalid_request")


def test_a_bad_title_id_in_a_pair_is_named(client: TestClient) -> None:
    answer = client.post("/v1/similarity", json={"pairs": [["a", "../b"]]})
    assert_problem(answer, 422, "invalid_title_id")


def test_more_than_a_thousand_pairs_are_refused(client: TestClient) -> None:
    answer = client.post("/v1/similarity", json={"pairs": [["a", "b"]] * 1001})
    assert_problem(answer, 422, "invalid_request")


def test_weights_are_told_set_and_scaled(client: TestClient) -> None:
    assert client.get("/v1/similarity/weights").json()["weights"] == pytest.approx(dict(DEFAULT))
    answer = client.put("/v1/similarity/weights", json={"weights": {"visual": 3, "audio": 1.0}})
    wanted = {"visual": 0.75, "style": 0.0, "audio": 0.25, "synopsis": 0.0, "taste": 0.0}
    assert answer.json() == {"weights": wanted}
    assert client.get("/v1/similarity/weights").json() == {"weights": wanted}


@pytest.mark.parametrize("weights", [{"smell": 1.0}, {"visual": -1.0}, {"visual": 0.0}])
def test_weights_that_mean_nothing_are_refused(client: TestClient, weights: object) -> None:
    answer = client.put("/v1/similarity/weights", json={"weights": weights})
    assert_problem(answer, 422, "invalid_weights")
