"""Generations as an operator sees them, and the way back, over HTTP and by the command line."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.http_house import as_json, assert_problem, make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_generations_are_told_the_newest_first(house: House, client: TestClient) -> None:
    live, kept = client.get("/v1/generations").json()["items"]
    assert live == {
        "name": "g-2",
        "state": "live",
        "titles": 3,
        "spaces": {"visual": {"model": "made@1:24:abc", "titles": 2}},
        "bytes": 4096,
        "graph": None,
        "quality": {"overlap": 0.5, "recall": 0.99, "golden": {"ndcg": 0.75}},
        "outdated": [],
        "created_at": "2023-11-14T22:13:20.000000Z",
        "previous": "first",
        "kept_until": None,
    }
    assert (kept["state"], kept["kept_until"]) == ("kept", "2023-11-14T22:15:00.000000Z")
    house.index.up = False
    assert_problem(client.get("/v1/generations"), 503, "index_unavailable")


def test_it_is_told_that_what_answers_is_of_other_encoders(
    house: House, client: TestClient, keyart: Any
) -> None:
    assert [keyart(command)[2] for command in ("generations", "status")] == ["", ""]
    house.prints = {"visual": "made@2:24:def", "synopsis": "made@1:8:abc"}
    live, _ = client.get("/v1/generations").json()["items"]
    assert live["outdated"] == ["synopsis", "visual"]
    for command in ("generations", "status"):
        status, _, err = keyart(command)
        assert status == 0
        assert "fingerprint_mismatch g-2" in err and "(synopsis, visual)" in err
    house.index.up = False
    assert keyart("status")[0] == 0


def test_a_reindex_is_rolled_back_by_its_job(client: TestClient) -> None:
    job_id = client.post("/v1/reindex").json()["job_id"]
    for _ in range(2):
        answer = client.post(f"/v1/reindex/{job_id}/rollback")
        assert answer.status_code == 200
        assert answer.json() == {"generation": "first", "lacking": {"visual": 2}}
    assert_problem(client.post("/v1/reindex/nobody/rollback"), 404, "job_not_found")
    dry = client.post("/v1/spaces/taste:fit", json={"dry_run": True}).json()["job_id"]
    assert_problem(client.post(f"/v1/reindex/{dry}/rollback"), 409, "not_a_reindex")


def test_the_command_line_tells_generations_and_goes_back(
    keyart: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    status, out, _ = keyart("generations")
    assert status == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "g-2 live 3 0.0 2023-11-14T22:13 overlap 0.50, recall 0.990, golden nDCG 0.750" in lines
    assert "first kept until 2023-11-14T22:15 3 – 2023-11-14T22:13 –" in lines
    assert "g-2 visual 2 made@1:24:abc" in lines
    assert as_json(keyart("generations", "--json"))["items"][0]["name"] == "g-2"
    assert keyart("reindex")[0] == 0
    status, out, err = keyart("reindex", "--rollback", "reindex-1")
    assert status == 0
    assert "first" in out and "keyart reindex" in err
    status, _, err = keyart("reindex", "--rollback", "nobody")
    assert (status, "job_not_found" in err) == (1, True)


def test_the_command_refuses_what_does_not_go_together(keyart: Any, tmp_path: Path) -> None:
    status, _, err = keyart("reindex", "--rollback", "reindex-1", "--genre", "drama")
    assert (status, "--genre" in err) == (2, True)
    ids = tmp_path / "ids.txt"
    ids.write_bytes(b"\xff\xfe")
    status, _, err = keyart("reindex", "--titles", str(ids))
    assert (status, "UTF-8" in err) == (2, True)


def test_a_part_is_reindexed_in_place(client: TestClient, house: House) -> None:
    answer = client.post("/v1/titles:reindex", json={"titles": ["film"], "stale": True})
    assert answer.status_code == 202
    assert answer.json() == {"job_id": "part-1", "generation": None}
    assert house.jobs.rows["part-1"].request == {"titles": ["film"], "stale": True}


@pytest.mark.parametrize(
    "body", [{}, {"titles": []}, {"stale": False}, {"all": True}, {"dry_run": True}]
)
def test_what_is_no_part_is_refused(client: TestClient, body: object) -> None:
    assert_problem(client.post("/v1/titles:reindex", json=body), 422, "invalid_request")


def test_the_command_line_names_titles_by_a_file(keyart: Any, house: House, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("film\nbikes\n\n")
    asked = ("reindex", "--titles", str(tmp_path / "ids"), "--genre", "drama", "--json")
    assert as_json(keyart(*asked)) == {"job_id": "part-1", "generation": None}
    assert house.jobs.rows["part-1"].request == {"titles": ["film", "bikes"], "genre": "drama"}
    assert as_json(keyart("reindex", "--stale", "--json"))["job_id"] == "part-1"
    assert house.jobs.rows["part-1"].request == {"stale": True}


def test_a_dry_run_tells_and_begins_nothing(client: TestClient, house: House) -> None:
    answer = client.post("/v1/reindex", json={"dry_run": True})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["titles"], found["anew"], found["copied"]) == (3, 1, 2)
    assert (found["wall_s"], found["unknown"]) == (3612.5, ["copy"])
    assert found["stages"][0] == {
        "operation": "extract",
        "titles": 1,
        "media_s": 7200.0,
        "wall_s": 3600.0,
        "cpu_s": 5400.5,
        "jobs": 2,
        "of_titles": 9,
    }
    assert found["stages"][1]["wall_s"] is None
    assert found["generation"]["gates"] == ["vectors", "recall"]
    part = client.post("/v1/titles:reindex", json={"older_than": "30d", "dry_run": True})
    assert part.status_code == 200
    assert part.json()["generation"] is None
    assert house.jobs.asked == {"older_than": "30d"}
    assert house.jobs.rows == {}


def test_a_whole_reindex_needs_no_body(client: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for sent in ({}, {"headers": form}, {"json": {}}, {"json": {"dry_run": False}}):
        assert client.post("/v1/reindex", **sent).status_code == 202
    assert_problem(client.post("/v1/reindex", json={"dry": True}), 422, "invalid_request")
    assert_problem(client.post("/v1/reindex", content=b"{}"), 415, "unsupported_media_type")


@pytest.mark.parametrize("age", ["30", "1y", "soon", "2026-02-30", "9" * 50])
def test_what_is_no_age_is_refused(client: TestClient, age: str) -> None:
    answer = client.post("/v1/titles:reindex", json={"older_than": age})
    assert "30d" in assert_problem(answer, 422, "invalid_age")["detail"]


def test_the_command_line_tells_what_a_reindex_would_take(
    keyart: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    status, out, _ = keyart("reindex", "--dry-run")
    assert status == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "films decoded 1 2.0 h 60 min 90 min 9 titles of 2 jobs" in lines
    assert "copied 3 not known not known nothing yet" in lines
    assert "disk 4.2 MB" in lines
    asked = ("reindex", "--older-than", "30d", "--genre", "drama")
    assert as_json(keyart(*asked, "--dry-run", "--json"))["anew"] == 1
    assert house.jobs.asked == {"older_than": "30d", "genre": "drama"}
    assert as_json(keyart(*asked, "--json"))["job_id"] == "part-1"
    assert house.jobs.rows["part-1"].request == {"older_than": "30d", "genre": "drama"}
    status, _, err = keyart("reindex", "--older-than", "soon")
    assert (status, "invalid_age" in err) == (1, True)
    status, _, err = keyart("reindex", "--rollback", "reindex-1", "--dry-run")
    assert (status, "--dry-run" in err) == (2, True)
