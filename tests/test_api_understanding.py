"""Profile, timeline and shots with their facts over HTTP."""

from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest
from fastapi.testclient import TestClient

from tests import plausible
from tests.http_house import assert_problem, make_house
from tests.standin_catalog import title
from tests.standins import House

FILM = plausible.film()
GROUPS = ("look", "sound", "words", "mood", "pacing")


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path)
    house.catalog.screen("film", FILM)
    house.catalog.titles["words"] = title("words", facts=None, profile=None)
    house.catalog.titles["new"] = title("new", facts=None, profile=None, version=None)
    return house


def test_the_profile_is_told_by_groups(client: TestClient) -> None:
    body = client.get("/v1/titles/film/profile").json()
    assert body == {
        "title_id": "film",
        "version": 1,
        "duration_s": 60.0,
        **{group: FILM.profile[group] for group in GROUPS},
    }


def test_what_is_not_known_is_null(client: TestClient) -> None:
    body = client.get("/v1/titles/words/profile").json()
    assert body["duration_s"] is None
    assert [body[group] for group in GROUPS] == [None] * 5
    old = client.get("/v1/titles/bikes/profile").json()  # of the time before there were groups
    assert [old[group] for group in GROUPS] == [None] * 5


def test_titles_that_are_not_there_or_not_ready(client: TestClient) -> None:
    for part in ("profile", "timeline", "timeline?format=otio"):
        assert_problem(client.get(f"/v1/titles/zork/{part}"), 404, "title_not_found")
        problem = assert_problem(client.get(f"/v1/titles/new/{part}"), 409, "title_not_ready")
        assert "job" in problem["detail"]
        assert_problem(client.get(f"/v1/titles/-x/{part}"), 422, "invalid_title_id")
    for part in ("timeline", "timeline?format=otio"):
        assert_problem(client.get(f"/v1/titles/words/{part}"), 409, "no_timeline")


def test_a_timeline_has_a_record_a_step(client: TestClient) -> None:
    body = client.get("/v1/titles/film/timeline").json()
    assert (body["title_id"], body["version"]) == ("film", 1)
    assert (body["duration_s"], body["step_s"], len(body["items"])) == (60.0, 1.0, 60)
    first = body["items"][0]
    assert set(first) == {"at_s", "shot", "mood", "palette", *plausible.COLUMNS}
    assert first["mood"] == "calm"
    assert first["palette"] == list(plausible.ACTS[0].palette)
    assert first["loudness_lufs"] == pytest.approx(float(FILM.timeline["loudness_lufs"][0]), abs=1)
    query = {"step_s": 7.5, "start_s": 30, "end_s": 1e9}
    body = client.get("/v1/titles/film/timeline", params=query).json()
    assert [item["at_s"] for item in body["items"]] == [30.0, 37.5, 45.0, 52.5]
    old = client.get("/v1/titles/bikes/timeline").json()
    assert [item["shot"] for item in old["items"]] == [0, 1, 2, 3]
    assert old["items"][0]["speech"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("step_s=0", "invalid_step"),
        ("step_s=x", "invalid_step"),
        ("step_s=nan", "invalid_step"),
        ("step_s=", "invalid_step"),
        ("start_s=60", "invalid_range"),
        ("start_s=x", "invalid_range"),
        ("start_s=5&end_s=4", "invalid_range"),
        ("end_s=inf&start_s=inf", "invalid_range"),
        ("format=edl", "unknown_format"),
        ("format=", "unknown_format"),
    ],
)
def test_bad_questions_are_refused(client: TestClient, query: str, code: str) -> None:
    assert_problem(client.get(f"/v1/titles/film/timeline?{query}"), 422, code)


def test_an_export_is_of_the_whole_title(client: TestClient) -> None:
    for part in ("step_s=2", "start_s=10", "end_s=20&start_s=10"):
        answer = client.get(f"/v1/titles/film/timeline?format=otio&{part}")
        problem = assert_problem(answer, 422, "invalid_request")
        assert "whole title" in problem["detail"]
        assert problem["errors"][0]["field"] in part


def test_a_timeline_as_opentimelineio(house: House, client: TestClient) -> None:
    def asked(media_path: str | None) -> otio.schema.Timeline:
        house.catalog.titles["film"] = replace(house.catalog.get("film"), media_path=media_path)
        response = client.get("/v1/titles/film/timeline?format=otio")
        assert response.headers["content-disposition"] == 'attachment; filename="film.otio"'
        return otio.adapters.read_from_string(response.text, "otio_json")

    made = asked("/srv/films/secret folder/Film (1).mp4")
    assert isinstance(made, otio.schema.Timeline)
    assert len(made.find_clips()) == len(FILM.shots)
    assert made.tracks[0][0].media_reference.target_url == "Film (1).mp4"
    upload = asked(str(house.settings.uploads / "01a2"))
    assert upload.tracks[0][0].media_reference.is_missing_reference
    assert asked(None).tracks[0][0].media_reference.is_missing_reference


def test_shots_tell_their_boundary_and_facts(client: TestClient) -> None:
    [first, second] = client.get("/v1/titles/film/shots?limit=2").json()["items"]
    assert (first["boundary"], first["confidence"]) == ("start", 1.0)
    assert second["boundary"] == "cut"
    assert set(first["facts"]) == {"look", "sound", "words", "mood"}
    assert first["facts"]["look"]["palette"][0]["hex"] == "#7fb2d9"
    [old] = client.get("/v1/titles/bikes/shots?limit=1").json()["items"]
    assert old["boundary"] is old["confidence"] is old["facts"] is None


def test_a_list_leaves_out_what_grows_with_the_film(client: TestClient) -> None:
    whole = client.get("/v1/titles/film").json()["profile"]
    assert whole == FILM.profile
    [listed] = [i for i in client.get("/v1/titles").json()["items"] if i["id"] == "film"]
    gone = {"words": {"transcript", "arc"}, "pacing": {"curve", "peaks"}, "mood": {"evidence"}}
    for group in GROUPS:
        assert set(whole[group]) - set(listed["profile"][group]) == gone.get(group, set())
    assert listed["profile"]["palette"] == whole["palette"]


def test_the_description_shows_both_forms(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    operation = paths["/v1/titles/{title_id}/timeline"]["get"]
    forms = operation["responses"]["200"]["content"]["application/json"]["schema"]["oneOf"]
    assert forms[0] == {"$ref": "#/components/schemas/Timeline"}
    assert forms[1]["title"] == "OpenTimelineIO"
    assert {"409", "422", "404", "401", "500"} <= set(operation["responses"])
    assert [p["name"] for p in operation["parameters"]] == [
        "title_id", "step_s", "start_s", "end_s", "format",
    ]  # fmt: skip
