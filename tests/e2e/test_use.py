"""The four uses, through HTTP, against the real service: submit, similar, artwork, reindex."""

import io
import itertools
import math
import re
import time

import blurhash
import pytest
from PIL import Image

from content.types import ASPECTS
from tests.e2e.conftest import TITLES, World
from tests.waiting import until


def get(world: World, path: str, status: int = 200, **params: object) -> dict:
    answer = world.service.http.get(path, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_title_is_understood(world: World) -> None:
    title = get(world, "/v1/titles/night-city")
    assert title["state"] == "ready"
    assert title["duration_s"] > 5
    assert (title["width"], title["height"]) == (320, 180)
    assert set(title["fingerprints"]) == {"visual", "concept", "audio", "synopsis", "style"}
    assert len(title["profile"]["palette"]) >= 3


def test_shots_tile_the_title_and_have_pictures(world: World) -> None:
    duration = get(world, "/v1/titles/night-city")["duration_s"]
    shots = get(world, "/v1/titles/night-city/shots", limit=200)["items"]
    assert shots[0]["start_s"] == 0
    assert shots[-1]["end_s"] == pytest.approx(duration, abs=1e-6)
    for one, next_one in itertools.pairwise(shots):
        assert one["end_s"] == next_one["start_s"]
    for shot in shots:
        assert shot["start_s"] <= shot["keyframe_s"] < shot["end_s"]
        picture = world.service.http.get(shot["keyframe_url"])
        assert picture.status_code == 200
        Image.open(io.BytesIO(picture.content)).load()


def test_variants_have_the_aspect_they_say(world: World) -> None:
    variants = get(world, "/v1/titles/night-city/variants")["items"]
    assert {v["aspect"] for v in variants} == set(ASPECTS)
    for variant in variants:
        picture = Image.open(io.BytesIO(world.service.http.get(variant["url"]).content))
        width, height = (int(part) for part in variant["aspect"].split(":"))
        assert abs(picture.width - picture.height * width / height) <= 2
        assert picture.size == (variant["width"], variant["height"])
        assert variant["source_s"] >= 0
        assert all(0 <= score <= 1 for score in variant["scores"].values())


def test_an_answer_tells_how_to_show_its_picture(world: World) -> None:
    variants = get(world, "/v1/titles/night-city/variants")["items"]
    shown = get(world, "/v1/titles/night-city/artwork", aspect="2:3", user="looks")
    [variant] = [v for v in variants if v["id"] == shown["variant_id"]]
    told = ("url", "width", "height", "focal", "safe", "blurhash", "colour", "srcset")
    assert {name: shown[name] for name in told} == {name: variant[name] for name in told}
    assert blurhash.is_valid_blurhash(shown["blurhash"]) and re.match(
        "#[0-9a-f]{6}$", shown["colour"]
    )
    assert all(0 <= each <= 1 for each in shown["focal"]) and "progress" in shown["safe"]
    for source in shown["srcset"]:
        got = world.service.http.get(source["url"], headers={"Accept": "image/webp"})
        assert Image.open(io.BytesIO(got.content)).width == source["width"]


def test_images_are_immutable_and_negotiated(world: World) -> None:
    variant = get(world, "/v1/titles/night-city/variants")["items"][0]
    bare = variant["url"].rsplit(".", 1)[0]
    http = world.service.http
    avif = http.get(bare, params={"w": 160}, headers={"Accept": "image/avif,image/webp"})
    assert avif.headers["content-type"] == "image/avif"
    assert "immutable" in avif.headers["cache-control"]
    assert avif.headers["x-content-type-options"] == "nosniff"
    again = http.get(
        bare,
        params={"w": 160},
        headers={"Accept": "image/avif", "If-None-Match": avif.headers["etag"]},
    )
    assert again.status_code == 304
    assert http.get(bare, params={"w": 161}).json()["code"] == "invalid_width"


def test_similar_titles_name_their_spaces(world: World) -> None:
    items = get(world, "/v1/titles/night-city/similar", space="fused")["items"]
    assert {item["title_id"] for item in items} == {"green-hills", "words-only"}
    by_id = {item["title_id"]: item for item in items}
    assert set(by_id["green-hills"]["scores"]) == {"visual", "audio", "synopsis", "style"}
    assert set(by_id["words-only"]["scores"]) == {"synopsis"}
    only = get(world, "/v1/titles/night-city/similar", space="visual")["items"]
    assert [item["title_id"] for item in only] == ["green-hills"]
    mild = get(world, "/v1/titles/night-city/similar", genre="family")["items"]
    assert [item["title_id"] for item in mild] == ["green-hills"]


def test_words_find_the_title_they_describe(world: World) -> None:
    for query, expected in (
        ("detective story in a rainy city", "night-city"),
        ("children on a summer holiday", "green-hills"),
        ("a voyage over the ocean", "words-only"),
    ):
        assert get(world, "/v1/search", q=query)["items"][0]["title_id"] == expected


def test_a_reward_is_learned_from(world: World) -> None:
    decision = get(
        world,
        "/v1/titles/night-city/artwork",
        user="ada",
        aspect="16:9",
        device="tv",
        tz="Asia/Tokyo",
    )
    logged = get(world, f"/v1/decisions/{decision['decision_id']}")
    assert sum(logged["propensities"].values()) == pytest.approx(1, abs=1e-9)
    assert logged["propensities"][decision["variant_id"]] == decision["propensity"]
    same = get(world, "/v1/titles/night-city/artwork", user="ada", aspect="16:9")
    assert same["decision_id"] == decision["decision_id"]
    reward = {"decision_id": decision["decision_id"], "kind": "play", "value": 1.0}
    for _ in range(2):
        assert world.service.http.post("/v1/rewards", json=reward).status_code == 202
    other = world.service.http.post("/v1/rewards", json={**reward, "value": 0.5})
    assert (other.status_code, other.json()["code"]) == (409, "reward_conflict")
    corrected = world.service.http.post(
        "/v1/rewards", json={**reward, "value": 0.5, "correct": True}
    )
    assert corrected.status_code == 202
    after = get(world, f"/v1/decisions/{decision['decision_id']}")
    assert after["rewards"], after


def test_a_page_of_titles_is_answered_at_once(world: World) -> None:
    body = {
        "user": "grace",
        "aspect": "2:3",
        "title_ids": [*TITLES, "words-only", "nope"],
        "context": {"device": "phone"},
        "defer": True,
    }
    answer = world.service.http.post("/v1/artwork", json=body)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [item["title_id"] for item in items] == body["title_ids"]
    assert [item.get("error", {}).get("code") for item in items] == [
        None,
        None,
        "no_variants",
        "title_not_found",
    ]


def test_a_child_sees_no_picture_above_the_ceiling(world: World) -> None:
    answer = get(
        world, "/v1/titles/night-city/artwork", 404, user="kid", aspect="16:9", maturity_max="7"
    )
    assert answer["code"] == "no_variants"


def test_a_reindex_is_never_without_answers(world: World) -> None:
    http = world.service.http
    before = http.get("/v1/titles/night-city/similar").json()["items"]
    answer = http.post("/v1/reindex")
    assert answer.status_code == 202, answer.text
    seen = 0
    while http.get(f"/v1/jobs/{answer.json()['job_id']}").json()["state"] in {"queued", "running"}:
        similar = http.get("/v1/titles/night-city/similar")
        assert similar.status_code == 200, similar.text
        assert {i["title_id"] for i in similar.json()["items"]} == {i["title_id"] for i in before}
        seen += 1
        time.sleep(0.01)
    job = http.get(f"/v1/jobs/{answer.json()['job_id']}").json()
    assert job["state"] == "done", job
    assert seen > 0
    assert http.get("/v1/titles/night-city/similar").status_code == 200


def test_a_deleted_title_is_gone_everywhere(world: World) -> None:
    service = world.service
    answer = service.submit(
        {"id": "brief", "name": "Brief", "synopsis": "Soon gone."}, world.media / "green-hills.mp4"
    )
    assert service.wait(answer["job_id"])["state"] == "done"
    urls = [v["url"] for v in get(world, "/v1/titles/brief/variants")["items"]]
    # The same footage as another title's: its pictures differ in group, not in bytes.
    assert service.http.delete("/v1/titles/brief").status_code in {200, 204}
    assert get(world, "/v1/titles/brief", 404)["code"] == "title_not_found"
    assert get(world, "/v1/titles/brief/similar", 404)["code"] in {
        "title_not_found",
        "title_not_indexed",
    }
    similar = get(world, "/v1/titles/green-hills/similar")["items"]
    assert "brief" not in {item["title_id"] for item in similar}
    for url in urls:  # still the other title's
        assert service.http.get(url).status_code == 200
    assert not list((service.data / "uploads").iterdir())


def test_a_cancelled_job_leaves_nothing(world: World) -> None:
    service = world.service
    path = world.media / "green-hills.mp4"
    answer = service.submit({"id": "halted", "name": "Halted", "synopsis": "Not to be."}, path)
    cancelled = service.http.delete(f"/v1/jobs/{answer['job_id']}")
    assert cancelled.status_code in {200, 202, 409}, cancelled.text
    if cancelled.status_code != 409:
        assert service.wait(answer["job_id"])["state"] == "cancelled"
        until(lambda: not any((service.data / "work").iterdir()), "its folder has stayed")
        assert get(world, "/v1/titles/halted", 404)["code"] == "title_not_found"


def test_the_openapi_document_names_every_route(world: World) -> None:
    paths = get(world, "/openapi.json")["paths"]
    for path in (
        "/v1/titles",
        "/v1/titles/{title_id}/artwork",
        "/v1/rewards",
        "/v1/events",
        "/v1/reindex",
        "/v1/search",
    ):
        assert path in paths


def test_metrics_count_what_happened(world: World) -> None:
    text = world.service.http.get("/metrics").text
    assert "keyart" in text


def test_healthz_needs_nothing(world: World) -> None:
    assert world.service.http.get("/healthz").status_code == 200


def test_a_title_of_words_alone_has_themes_and_a_mood(world: World) -> None:
    profile = get(world, "/v1/titles/words-only/profile")
    assert profile["look"] is None
    assert profile["words"]["themes"][0]["theme"]
    assert sum(profile["mood"]["moods"].values()) == pytest.approx(1.0, abs=0.01)
    pushes = {each["fact"] for each in profile["mood"]["evidence"]}
    assert pushes == {"words.meaning"}


def test_profile_timeline_and_shots_tell_one_story(world: World) -> None:
    profile = get(world, "/v1/titles/night-city/profile")
    seconds = get(world, "/v1/titles/night-city/timeline", step_s=1)["items"]
    shots = get(world, "/v1/titles/night-city/shots")["items"]
    assert len(seconds) == math.ceil(profile["duration_s"])
    assert [second["shot"] for second in seconds] == sorted(second["shot"] for second in seconds)
    for second in seconds:
        assert second["mood"] == shots[second["shot"]]["facts"]["mood"]["top"]
        assert second["palette"]
    brightness = [second["brightness"] for second in seconds]
    assert profile["look"]["brightness"] == pytest.approx(
        sum(brightness) / len(brightness), abs=0.1
    )
    assert profile["mood"]["evidence"][0]["says"]
    written = get(world, "/v1/titles/night-city/timeline", format="otio")
    assert written["OTIO_SCHEMA"].startswith("Timeline")
