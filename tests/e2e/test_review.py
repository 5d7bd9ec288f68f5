"""Artwork under a house's rules, on the real service: veto, upload, policy, over HTTP alone."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import World, film
from tests.photographs import SCENES, shipped

TITLE = "reviewed"
FIELDS = {"id": TITLE, "name": "Reviewed", "synopsis": "A film to be judged.", "media": "r.mp4"}


@pytest.fixture
def reviewed(world: World) -> Iterator[World]:
    film(world.media / "r.mp4", 7)
    job = world.service.submit(FIELDS)
    assert world.service.wait(job["job_id"])["state"] == "done", world.service.log()
    yield world
    assert world.service.http.delete(f"/v1/titles/{TITLE}").status_code == 204


def artwork(world: World, user: str = "ann", aspect: str = "16:9") -> Any:
    answer = world.service.http.get(
        f"/v1/titles/{TITLE}/artwork", params={"user": user, "aspect": aspect}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown_to_many(world: World, crowd: str) -> set[str]:
    """The pictures that viewers get who had none before."""
    asked = [(f"{crowd} {n}", aspect) for n in range(12) for aspect in ("16:9", "1:1")]
    return {artwork(world, user, aspect)["group_id"] for user, aspect in asked}


def upload(world: World, rgb: Any) -> Any:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    sent = world.service.http.post(
        f"/v1/titles/{TITLE}/variants", files={"image": ("a.png", file.getvalue(), "image/png")}
    )
    assert sent.status_code == 202, sent.text
    job = world.service.wait(sent.json()["job_id"])
    assert job["state"] == "done", job
    return job["outcome"]


def compose(world: World, request: dict[str, Any]) -> Any:
    asked = world.service.http.post(f"/v1/titles/{TITLE}/compose", json=request)
    assert asked.status_code == 202, asked.text
    job = world.service.wait(asked.json()["job_id"])
    assert job["state"] == "done", job
    return job["outcome"]


def test_what_a_house_decides_is_obeyed_from_the_next_request_on(reviewed: World) -> None:
    http = reviewed.service.http
    first = artwork(reviewed)
    assert artwork(reviewed) == first
    veto = http.post(f"/v1/variants/{first['variant_id']}/veto")
    assert (veto.status_code, veto.json()["verdict"]) == (200, "veto")
    second = artwork(reviewed)
    assert second["decision_id"] != first["decision_id"], "its episode has ended"
    assert second["group_id"] != first["group_id"]
    assert first["group_id"] not in shown_to_many(reviewed, "early")
    # What was decided stays in the ledger, and earns.
    assert http.get(f"/v1/decisions/{first['decision_id']}").json()["group_id"] == first["group_id"]
    reward = {"decision_id": first["decision_id"], "kind": "play", "value": 1.0}
    assert http.post("/v1/rewards", json=reward).json() == {"accepted": 1}

    outcome = upload(reviewed, np.zeros((360, 640, 3), np.uint8))
    assert outcome["groups"] == [] and outcome["refused"][0]["reason"] == "dark"
    [own] = upload(reviewed, shipped(*SCENES[0]))["groups"]
    made = compose(reviewed, {"looks": ["noir"], "n": 1})["groups"]
    pinned = {"pin": made[0]}
    assert http.put(f"/v1/titles/{TITLE}/artwork-policy", json=pinned).status_code == 200
    assert (artwork(reviewed)["group_id"], artwork(reviewed)["propensity"]) == (made[0], 1.0)
    policy = {"review_required": True}
    assert http.put(f"/v1/titles/{TITLE}/artwork-policy", json=policy).status_code == 200
    assert shown_to_many(reviewed, "own") == {own}
    rules = {"countries": {"allow": ["DE"]}, "fallback": "title_card"}
    assert http.put("/v1/rules", json=rules).status_code == 200
    where = f"/v1/titles/{TITLE}/artwork?user=ada&country="
    card, home = (http.get(f"{where}{country}").json() for country in ("FR", "DE"))
    assert (card["fallback"], card["decision_id"], home["group_id"]) == ("title_card", None, own)
    assert http.get(card["url"]).headers["content-type"] == "image/webp"
    assert http.put("/v1/rules", json={}).status_code == 200
    picture = http.get(artwork(reviewed)["url"])
    assert picture.headers["x-content-type-options"] == "nosniff"

    again = reviewed.service.submit({**FIELDS, "again": True})  # type: ignore[dict-item]
    assert reviewed.service.wait(again["job_id"])["state"] == "done"
    assert shown_to_many(reviewed, "again") == {own}, "what a house gave goes along"
    listed = http.get(f"/v1/titles/{TITLE}/variants").json()["items"]
    assert {v["verdict"] for v in listed if v["group_id"] == first["group_id"]} == {"veto"}
    free = http.put(f"/v1/titles/{TITLE}/artwork-policy", json={}).json()
    assert free["review_required"] is False
    assert first["group_id"] not in shown_to_many(reviewed, "free")
    # By what was on offer: whether one of a few viewers is shown a certain picture is chance.
    decision = http.get(f"/v1/decisions/{artwork(reviewed, 'free 0')['decision_id']}").json()
    group_of = {v["id"]: v["group_id"] for v in listed}
    offered = {group_of[variant] for variant in decision["propensities"]}
    assert offered > {own} and first["group_id"] not in offered
