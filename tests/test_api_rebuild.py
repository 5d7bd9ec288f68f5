"""`POST /v1/rebuild` and `keyart rebuild`: told, and told by the exit status."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.http_house import assert_problem, make_house
from tests.standins import House

Keyart = Callable[..., tuple[int, str, str]]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_the_comparison_is_told(client: TestClient) -> None:
    assert client.post("/v1/rebuild").json() == {
        "same_sums": True,
        "same_posterior": True,
        "policy_id": "p-1",
        "feature_set": "f-1",
        "ledger_offset": 7,
        "landmark": None,
        "decisions": 3,
        "titles": 1,
        "pictures": 2,
        "seconds": 0.25,
    }


def test_one_at_a_time(client: TestClient, house: House) -> None:
    house.folding = True
    assert_problem(client.post("/v1/rebuild"), 409, "rebuild_running")


def test_the_exit_status_tells_whether_they_are_the_same(keyart: Keyart, house: House) -> None:
    status, printed, _ = keyart("rebuild")
    assert status == 0 and "same_posterior" in printed
    house.posterior = "other"
    status, printed, complaint = keyart("rebuild", "--json")
    assert status == 1 and '"same_posterior": false' in printed
    assert "not what the ledger says" in complaint
