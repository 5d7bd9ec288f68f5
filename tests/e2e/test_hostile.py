"""Bad input against the real service: each a clear error, everything else lives on."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import hostile, synth
from tests.e2e.conftest import World
from tests.e2e.service import Service

WORDS = {"name": "Bad", "synopsis": "It will not do."}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def state(service: Service) -> tuple[object, ...]:
    """What is stored: it must be the same before and after a refusal."""
    titles = service.http.get("/v1/titles", params={"limit": 200}).json()["items"]
    return (
        sorted(title["id"] for title in titles),
        names(service.data / "uploads"),
        names(service.data / "work"),
    )


MAKERS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "text": (hostile.text, "media_unreadable"),
    "half": (hostile.cut_at_half, "media_truncated"),
    "half-faststart": (hostile.fast_start_cut_at_half, "media_truncated"),
    "audio": (hostile.audio_only, "media_no_video"),
    "playlist": (
        lambda f: hostile.hls_playlist(f, "http://127.0.0.1:9/a.ts"),
        "media_format_refused",
    ),
    "ffconcat": (lambda f: hostile.ffconcat(f, f / "other.mp4"), "media_format_refused"),
    "codec": (hostile.unknown_codec, "media_codec_unknown"),
    "header": (hostile.huge_header, "media_too_large"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_media_that_cannot_be_is_refused_by_name(world: World, tmp_path: Path, name: str) -> None:
    service = world.service
    before = state(service)
    make, code = MAKERS[name]
    path = make(tmp_path).rename(tmp_path / "bad.mp4")  # a wrong suffix protects nothing
    answer = service.submit({"id": f"bad-{name}", **WORDS}, path)
    job = service.wait(answer["job_id"])
    assert (job["state"], job["error"]["code"]) == ("failed", code), job
    assert state(service) == before
    assert service.http.get(f"/v1/titles/bad-{name}").status_code == 404
    assert service.http.get("/v1/titles/night-city").status_code == 200


def test_a_playlist_opens_no_connection(world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        path = tmp_path / "evil.mp4"
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a.ts"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n")
        answer = world.service.submit({"id": "evil", **WORDS}, path)
        assert world.service.wait(answer["job_id"])["state"] == "failed"
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has come
            listener.accept()


def test_media_paths_stay_in_their_roots(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside.mp4"
    outside.write_bytes((world.media / "night-city.mp4").read_bytes())
    link = world.media / "link.mp4"
    link.symlink_to(outside)
    fifo = world.media / "fifo.mp4"
    os.mkfifo(fifo)
    (world.media / "empty.mp4").touch()
    (world.media / "folder.mp4").mkdir()
    before = state(world.service)
    for media, code in (
        (str(outside), "media_outside_roots"),
        ("../data/state.db", "media_outside_roots"),
        ("link.mp4", "media_outside_roots"),
        ("fifo.mp4", "media_not_a_file"),
        ("folder.mp4", "media_not_a_file"),
        ("empty.mp4", "media_empty"),
        ("missing.mp4", "media_not_found"),
        ("nul\0byte.mp4", None),
    ):
        answer = world.service.http.post("/v1/titles", json={**WORDS, "media": media})
        assert answer.status_code == 422, (media, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        if code is not None:
            assert answer.json()["code"] == code, media
    assert state(world.service) == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/titles", {"name": "A", "synopsis": ""}, 422, "synopsis_empty"),
        ("POST", "/v1/titles", {"name": "A", "synopsis": "x" * 100_000}, 422, "synopsis_too_long"),
        ("POST", "/v1/titles", {**WORDS, "id": "a/b"}, 422, "invalid_title_id"),
        ("POST", "/v1/titles", {**WORDS, "id": "a..b"}, 422, "invalid_title_id"),
        ("GET", "/v1/titles?limit=-1", None, 422, "invalid_limit"),
        ("GET", "/v1/titles/night-city/similar?space=smell", None, 422, "unknown_space"),
        ("GET", "/v1/titles/words-only/artwork?aspect=16:9", None, 404, "no_variants"),
        ("GET", "/v1/titles/nope/artwork?aspect=16:9", None, 404, "title_not_found"),
        ("GET", "/v1/decisions/nope", None, 404, "decision_not_found"),
        ("GET", "/v1/jobs/nope", None, 404, "job_not_found"),
        ("GET", "/v1/nothing", None, 404, "not_found"),
        ("PUT", "/v1/titles", {}, 405, "method_not_allowed"),
    ],
)
def test_bad_requests_have_stable_codes(
    world: World, method: str, path: str, body: object, status: int, code: str
) -> None:
    answer = world.service.http.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("value", ["NaN", "2.0", "-1", "Infinity", '"1"', "null"])
def test_reward_values_are_checked(world: World, value: str) -> None:
    http = world.service.http
    decision = http.get("/v1/titles/night-city/artwork", params={"aspect": "1:1"}).json()
    body = f'{{"decision_id": "{decision["decision_id"]}", "kind": "play", "value": {value}}}'
    answer = http.post("/v1/rewards", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert http.get(f"/v1/decisions/{decision['decision_id']}").json()["rewards"] == []


def test_lone_surrogates_and_broken_json_are_refused(world: World) -> None:
    http = world.service.http
    headers = {"Content-Type": "application/json"}
    lone = '{"name": "A", "synopsis": "bad \\ud800 text"}'
    answer = http.post("/v1/titles", content=lone, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_text")
    answer = http.post("/v1/titles", content='{"name": ', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    huge = json.dumps({**WORDS, "synopsis": "x" * 1_100_000})
    answer = http.post("/v1/titles", content=huge, headers=headers)
    assert answer.status_code in {413, 422}


def test_video_without_sound_is_fine(world: World, tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    synth.make_clip(path)
    answer = world.service.submit({"id": "silent", **WORDS}, path)
    assert world.service.wait(answer["job_id"])["state"] == "done"
    title = world.service.http.get("/v1/titles/silent").json()
    assert "audio" not in title["fingerprints"]
    assert "visual" in title["fingerprints"]
    world.service.http.delete("/v1/titles/silent")
