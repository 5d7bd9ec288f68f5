"""Artwork uploads over HTTP: what is taken, and what is refused before a job is made of it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.uploads import AT_ONCE
from tests import bad_pictures as bad
from tests.http_house import assert_problem, client_of, make_house
from tests.standin_catalog import title
from tests.standins import House
from tests.waiting import until

PATH = "/v1/titles/film/variants"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "data")


@pytest.fixture
def client(house: House) -> Any:
    with client_of(house) as client:
        yield client


def send(client: TestClient, file: Path, told: object = None, path: str = PATH) -> Any:
    parts: dict[str, Any] = {"image": (file.name, file.read_bytes(), "image/jpeg")}
    if told is not None:
        parts["artwork"] = (None, json.dumps(told), "application/json")
    return client.post(path, files=parts)


def test_a_picture_is_decoded_and_becomes_a_job(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    answer = send(client, bad.misnamed(tmp_path), {"language": "pt_br", "note": "key art"})
    assert answer.status_code == 202
    assert answer.json() == {"title_id": "film", "job_id": "upload-1"}
    assert answer.headers["location"] == "/v1/jobs/upload-1"
    [(title_id, pixels, language, note)] = house.uploads.taken
    assert (title_id, language, note) == ("film", "pt-BR", "key art")
    assert (pixels == np.asarray(bad.picture())).all()
    assert send(client, bad.deep(tmp_path)).status_code == 202
    assert house.uploads.taken[1][2:] == (None, None)
    assert not list(house.uploads.folder.iterdir()), "what was received is gone"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (bad.bomb, "image_too_large"),
        (bad.cut, "image_unreadable"),
        (bad.svg, "image_format_refused"),
        (lambda folder: bad.animated(folder, 3), "image_animated"),
        (lambda f: bad.saved(f, "s.png", bad.picture().resize((80, 60))), "image_too_small"),
    ],
)
def test_bad_pictures_are_refused_by_name(
    house: House, client: TestClient, tmp_path: Path, make: Any, code: str
) -> None:
    assert_problem(send(client, make(tmp_path)), 422, code)
    assert house.uploads.taken == [] and not list(house.uploads.folder.iterdir())


def test_forms_that_are_none(house: House, client: TestClient, tmp_path: Path) -> None:
    file = bad.misnamed(tmp_path)
    assert_problem(client.post(PATH, json={}), 415, "unsupported_media_type")
    told = {"artwork": (None, "{}", "application/json")}
    assert_problem(client.post(PATH, files=told), 400, "invalid_multipart")
    strange = {"media": ("a.jpg", b"x", "image/jpeg")}
    assert_problem(client.post(PATH, files=strange), 400, "invalid_multipart")
    for wrong in ({"language": "zork!"}, {"zork": 1}, {"note": ""}):
        assert_problem(send(client, file, wrong), 422, "invalid_request")
    assert_problem(send(client, file, path="/v1/titles/zork/variants"), 404, "title_not_found")
    house.catalog.titles["new"] = title("new", version=None)
    assert_problem(send(client, file, path="/v1/titles/new/variants"), 409, "not_published")
    assert house.uploads.taken == []


def test_a_file_over_the_cap(tmp_path: Path) -> None:
    house = make_house(tmp_path / "data", max_upload_bytes=1000)
    with client_of(house) as client:
        file = bad.saved(tmp_path, "a.png", bad.picture(), compress_level=0)
        assert_problem(send(client, file), 413, "upload_too_large")


def test_many_uploads_at_once_hold_up_nobody_else(
    house: House, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than there are threads for requests; but two are decoded at a time."""
    file = bad.misnamed(tmp_path)
    slow, at_work, most = threading.Event(), [], []

    def take(*_: object, **__: object) -> Any:
        at_work.append(1)
        most.append(len(at_work))
        slow.wait(120)
        at_work.pop()
        return house.jobs.start_making("upload", "film", {})

    monkeypatch.setattr(house.uploads, "take", take)
    with ThreadPoolExecutor(48) as clients:
        answers = [clients.submit(send, client, file) for _ in range(48)]
        until(lambda: len(most) == AT_ONCE)
        assert client.get("/v1/titles/film").status_code == 200
        assert len(at_work) == AT_ONCE and len(most) == AT_ONCE, "it has waited for uploads"
        slow.set()
        assert {answer.result().status_code for answer in answers} == {202}
    assert max(most) == AT_ONCE and len(most) == 48
