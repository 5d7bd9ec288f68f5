"""Images: negotiation, caching, HEAD, and names that are none."""

import io
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.http_house import assert_problem, make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path, api_keys=("k",))


@pytest.fixture
def sha256(house: House) -> str:
    ramp = np.linspace(0, 255, 400, dtype=np.uint8)
    return house.images.put(np.stack([np.tile(ramp, (300, 1))] * 3, axis=-1)).sha256


@pytest.mark.parametrize(
    ("extension", "media_type", "magic"),
    [("jpg", "image/jpeg", "JPEG"), ("webp", "image/webp", "WEBP"), ("avif", "image/avif", "AVIF")],
)
def test_each_format_has_its_own_immutable_address(
    client: TestClient, sha256: str, extension: str, media_type: str, magic: str
) -> None:
    response = client.get(f"/v1/images/{sha256}.{extension}?w=160")
    assert response.headers["content-type"] == media_type
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "vary" not in response.headers
    picture = Image.open(io.BytesIO(response.content))
    assert (picture.format, picture.width) == (magic, 160)


def test_without_an_extension_the_format_is_negotiated(client: TestClient, sha256: str) -> None:
    for accept, media_type in [
        ("image/avif,image/webp,*/*", "image/avif"),
        ("image/webp,*/*;q=0.8", "image/webp"),
        ("*/*", "image/jpeg"),
    ]:
        response = client.get(f"/v1/images/{sha256}", headers={"Accept": accept})
        assert response.headers["content-type"] == media_type
        assert response.headers["vary"] == "Accept"


def test_a_known_tag_is_answered_304(client: TestClient, sha256: str) -> None:
    path = f"/v1/images/{sha256}.webp"
    tag = client.get(path).headers["etag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        response = client.get(path, headers={"If-None-Match": known})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == tag
        assert "immutable" in response.headers["cache-control"]
    assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    assert client.get(path + "?w=160").headers["etag"] != tag


def test_head_answers_as_get_without_the_bytes(client: TestClient, sha256: str) -> None:
    path = f"/v1/images/{sha256}.jpg"
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers[name] == get.headers[name]


def test_a_range_is_answered_with_the_whole(client: TestClient, sha256: str) -> None:
    path = f"/v1/images/{sha256}.jpg"
    whole = client.get(path)
    part = client.get(path, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (200, whole.content)
    assert whole.headers["accept-ranges"] == "none"


def test_a_cut_is_served_as_any_image(house: House, client: TestClient, sha256: str) -> None:
    crop = house.images.put_cut(sha256, (100, 50, 200, 150)).sha256
    bleed = house.images.put_cut(sha256, (0, 0, 400, 300), (400, 600)).sha256
    for name, size in ((crop, (160, 120)), (bleed, (160, 240))):
        for extension in ("jpg", "webp", "avif"):
            response = client.get(f"/v1/images/{name}.{extension}?w=160")
            assert response.headers["x-content-type-options"] == "nosniff"
            assert Image.open(io.BytesIO(response.content)).size == size
    house.images.delete([sha256])
    assert_problem(client.get(f"/v1/images/{crop}.jpg?w=320"), 404, "image_not_found")


@pytest.mark.parametrize("name", ["x", "a" * 64 + ".png", "A" * 64 + ".jpg", "a" * 64 + ".jpg.jpg"])
def test_names_that_are_none_are_not_found(client: TestClient, name: str) -> None:
    assert_problem(client.get(f"/v1/images/{name}"), 404, "image_not_found")
    assert_problem(client.get(f"/v1/images/{'0' * 64}.jpg"), 404, "image_not_found")


@pytest.mark.parametrize("width", ["161", "0", "-1", "x", "1e3"])
def test_widths_off_the_ladder_are_refused(client: TestClient, sha256: str, width: str) -> None:
    response = client.get(f"/v1/images/{sha256}.jpg", params={"w": width})
    assert_problem(response, 422, "invalid_width")
