"""Titles by a picture or a sound, over HTTP and by the command line: what is asked, and refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from indexes.conditions import AllOf, Equals
from tests import bad_pictures as bad
from tests.http_house import as_json, assert_problem, client_of, make_house
from tests.standins import House
from tests.synth import Take, make_clip, tune, write_sound
from workers.senses import HEARD_S

PATH = "/v1/search/media"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "data")


def send(client: TestClient, file: Path, part: str = "image", **query: object) -> Any:
    parts = {part: (file.name, file.read_bytes(), "image/jpeg")}
    return client.post(PATH, files=parts, params=query)


def test_a_picture_is_seen_and_nothing_is_kept_of_it(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    answer = send(client, bad.misnamed(tmp_path))
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["items"]
    assert (first["title_id"], second["title_id"], answer.json()["next"]) == ("bikes", "film", None)
    assert (first["score"], first["scores"]) == (0.9, {"visual": 0.4})
    assert first["moment"]["start_s"] == 1.0 and first["moment"]["end_s"] == 2.0
    assert first["moment"]["keyframe_url"].endswith(".webp")
    assert house.senses.seen[0].shape == (256, 320, 3)
    assert not list(house.senses.folder.iterdir())


def test_small_and_large_pictures_are_seen(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    for size, shape in (((40, 32), (32, 40, 3)), ((3000, 2000), (320, 480, 3))):
        file = bad.saved(tmp_path, "a.png", bad.picture().resize(size))
        assert send(client, file).status_code == 200
        assert house.senses.seen[-1].shape == shape


def test_titles_are_narrowed_and_paged(house: House, client: TestClient, tmp_path: Path) -> None:
    file = bad.misnamed(tmp_path)
    asked = {"genre": "drama", "filter": "tags.series:blupi", "maturity_max": "13", "limit": 1}
    page = send(client, file, **asked).json()
    question = house.finding.asked[-1]["media"]
    assert (question.filter.genre, question.filter.maturity_max) == ("drama", "13")
    assert question.filter.condition == AllOf((Equals("tags.series", "blupi"),))
    assert [item["title_id"] for item in page["items"]] == ["bikes"]
    rest = send(client, file, **asked, cursor=page["next"]).json()
    assert [item["title_id"] for item in rest["items"]] == ["film"]
    assert house.finding.asked[-1]["media"].after.rank == 1
    assert rest["next"] is None
    only = send(client, file, exclude="bikes").json()["items"]
    assert [item["title_id"] for item in only] == ["film"]


def _empty(folder: Path) -> Path:
    path = folder / "a.jpg"
    path.touch()
    return path


def sounding(folder: Path, name: str = "a.wav", seconds: float = 2.0) -> Path:
    """Half a second of nothing, then a tune."""
    samples = np.concatenate([np.zeros(8_000, np.float32), tune("music", seconds, 16_000)])
    return write_sound(folder / name, samples[: round(seconds * 16_000)], 16_000)


def test_a_sound_is_heard_and_nothing_is_kept_of_it(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    answer = send(client, sounding(tmp_path), "sound", limit=1)
    assert answer.status_code == 200, answer.text
    [first] = answer.json()["items"]
    assert (first["title_id"], first["scores"]) == ("bikes", {"audio": 0.4})
    [heard] = house.senses.heard
    assert heard.shape == (32_000,) and not heard[:7_900].any() and abs(heard[8_100:]).max() > 0.1
    assert house.finding.asked[-1]["media"].space == "audio"
    assert not list(house.senses.folder.iterdir())


def test_a_clips_sound_is_heard_and_the_first_minutes_of_a_long_one(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    make_clip(tmp_path / "clip.mp4", [Take(2.0, (40, 90, 170))], sound="music")
    assert send(client, tmp_path / "clip.mp4", "sound").status_code == 200
    assert send(client, sounding(tmp_path, "long.flac", HEARD_S + 30), "sound").status_code == 200
    assert [each.size / 16_000 for each in house.senses.heard] == pytest.approx(
        [2.0, HEARD_S], abs=0.1
    )


def _mute(folder: Path) -> Path:
    make_clip(folder / "mute.mp4", [Take(1.0, (40, 90, 170))])
    return folder / "mute.mp4"


def _half(folder: Path) -> Path:
    whole = sounding(folder, "whole.flac").read_bytes()
    (folder / "half.flac").write_bytes(whole[:40])
    return folder / "half.flac"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_mute, "sound_missing"),
        (_half, "sound_unreadable"),
        (bad.misnamed, "sound_format_refused"),
        (bad.svg, "sound_format_refused"),
        (_empty, "sound_unreadable"),
    ],
)
def test_what_has_no_sound_is_refused_by_name(
    *, house: House, client: TestClient, tmp_path: Path, make: Any, code: str
) -> None:
    assert_problem(send(client, make(tmp_path), "sound"), 422, code)
    assert house.finding.asked == [] and not list(house.senses.folder.iterdir())


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (bad.bomb, "image_too_large"),
        (bad.huge_profile, "image_unreadable"),
        (bad.cut, "image_unreadable"),
        (bad.svg, "image_format_refused"),
        (_empty, "image_format_refused"),
        (lambda folder: bad.animated(folder, 3), "image_animated"),
        (lambda f: bad.saved(f, "s.png", bad.picture().resize((40, 31))), "image_too_small"),
        (lambda f: bad.saved(f, "s.png", Image.new("L", (2000, 100))), "image_too_small"),
    ],
)
def test_bad_pictures_are_refused_by_name(
    *, house: House, client: TestClient, tmp_path: Path, make: Any, code: str
) -> None:
    assert_problem(send(client, make(tmp_path)), 422, code)
    assert house.finding.asked == [] and not list(house.senses.folder.iterdir())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"filter": "smell:sweet"}, "invalid_filter"),
        ({"exclude": "../x"}, "invalid_title_id"),
        ({"limit": 0}, "invalid_limit"),
        ({"cursor": "zzzz"}, "invalid_cursor"),
        ({"space": "visual"}, "unknown_parameter"),
    ],
)
def test_bad_questions_are_refused_before_the_picture_is_looked_at(
    *, house: House, client: TestClient, tmp_path: Path, query: dict[str, Any], code: str
) -> None:
    assert_problem(send(client, bad.misnamed(tmp_path), **query), 422, code)
    assert house.senses.seen == []


def test_forms_that_are_none(house: House, client: TestClient, tmp_path: Path) -> None:
    assert_problem(client.post(PATH, json={}), 415, "unsupported_media_type")
    file = ("a.jpg", bad.misnamed(tmp_path).read_bytes(), "image/jpeg")
    for parts in (
        {"media": file},
        {"image": file, "artwork": (None, "{}", "application/json")},
        {"image": file, "sound": file},
        {"image": file, "": (None, "{}", "application/json")},
    ):
        assert_problem(client.post(PATH, files=parts), 400, "invalid_multipart")
    assert house.senses.seen == [] and not list(house.senses.folder.iterdir())


def test_a_file_over_the_cap(tmp_path: Path) -> None:
    house = make_house(tmp_path / "data", max_upload_bytes=1000)
    with client_of(house) as client:
        file = bad.saved(tmp_path, "a.png", bad.picture(), compress_level=0)
        assert_problem(send(client, file), 413, "upload_too_large")


def test_the_command_line_asks_with_a_picture(keyart: Any, house: House, tmp_path: Path) -> None:
    file = str(bad.misnamed(tmp_path))
    status, out, _ = keyart("similar", "--image", file, "--exclude", "bikes", "--genre", "drama")
    assert status == 0
    assert [line.split() for line in out.splitlines()] == [
        ["title", "name", "score", "from", "to"],
        ["1", "film", "Film", "0.900", "0:01.0", "0:02.0"],
    ]
    assert house.finding.asked[-1]["media"].filter.genre == "drama"
    assert len(as_json(keyart("similar", "--image", file, "--json"))["items"]) == 2
    for more in (["film"], ["--because"], ["--weights", "visual:1"], ["--space", "visual"]):
        assert keyart("similar", "--image", file, *more)[0] == 2
    assert keyart("similar")[0] == 2
    assert keyart("similar", "--image", str(bad.svg(tmp_path)))[2].startswith("image_format_ref")


def test_the_command_line_asks_with_a_sound(keyart: Any, house: House, tmp_path: Path) -> None:
    file = str(sounding(tmp_path))
    status, out, _ = keyart("similar", "--sound", file, "--limit", "1")
    assert (status, out.splitlines()[-1].split()[1]) == (0, "bikes")
    assert keyart("similar", "--sound", file, "--image", str(bad.misnamed(tmp_path)))[0] == 2
