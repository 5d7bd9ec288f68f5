"""The image store: masters, renditions, hostile bytes, names and negotiation."""

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artwork import images
from artwork.images import LADDER, ImageStore, negotiate
from content.errors import Invalid, KeyartError, NotFound
from content.types import U8


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


def picture(width: int = 700, height: int = 400, seed: int = 0) -> U8:
    random = np.random.default_rng(seed)
    small = random.integers(0, 255, (8, 14, 3)).astype(np.uint8)
    return np.array(Image.fromarray(small).resize((width, height)))


def jpeg(rgb: U8, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_the_same_pixels_are_one_master(store: ImageStore, tmp_path: Path) -> None:
    first = store.put(picture())
    again = ImageStore(tmp_path / "elsewhere").put(picture().copy())
    assert (first, (first.width, first.height)) == (again, (700, 400))
    assert store.put(picture()) == first
    assert store.put(picture(seed=1)).sha256 != first.sha256
    files = [f for f in (tmp_path / "images").rglob("*") if f.is_file()]
    assert len(files) == 2 and not [f for f in files if f.name.startswith(".tmp")]


def test_a_master_is_close_to_its_pixels(store: ImageStore) -> None:
    saved = store.rendition(store.put(picture()).sha256, "webp", None)
    back = np.array(Image.open(io.BytesIO(saved.data)).convert("RGB")).astype(int)
    assert np.abs(back - picture()).mean() < 4


@pytest.mark.parametrize(
    ("fmt", "name", "media_type"),
    [("avif", "AVIF", "image/avif"), ("webp", "WEBP", "image/webp"), ("jpg", "JPEG", "image/jpeg")],
)
def test_renditions(store: ImageStore, fmt: images.Format, name: str, media_type: str) -> None:
    stored = store.put(picture())
    got = store.rendition(stored.sha256, fmt, 320)
    with Image.open(io.BytesIO(got.data)) as opened:
        assert (opened.format, opened.size) == (name, (320, 183))
    assert got.media_type == media_type
    assert got.etag.startswith('"') and got.etag.endswith('"') and len(got.etag) == 34
    assert store.rendition(stored.sha256, fmt, 320) == got, "cached: the same bytes, the same tag"
    for width in (None, 960, 1920):
        wide = store.rendition(stored.sha256, fmt, width)
        assert Image.open(io.BytesIO(wide.data)).size == (700, 400), "never enlarged"
    assert wide.etag != got.etag


def test_a_rendition_carries_no_metadata(store: ImageStore) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    data = jpeg(picture(), exif=exif, comment=b"secret words", icc_profile=b"secret profile")
    stored = store.put_encoded(data)
    for fmt in images.MEDIA_TYPES:
        rendition = store.rendition(stored.sha256, fmt, None)
        assert b"secret" not in rendition.data


def test_encoded_bytes_are_kept_as_they_are(store: ImageStore, tmp_path: Path) -> None:
    data = jpeg(picture(160, 90), quality=70)
    stored = store.put_encoded(data)
    assert (stored.width, stored.height, stored.bytes) == (160, 90, len(data))
    path = tmp_path / "images" / "masters" / stored.sha256[:2] / stored.sha256
    assert path.read_bytes() == data


def png(rgb: U8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return buffer.getvalue()


def huge_header() -> bytes:
    """A real JPEG whose header claims 65,000 × 65,000 px."""
    data = bytearray(jpeg(picture(64, 64)))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = (65_000).to_bytes(2, "big") * 2
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_unreadable"),
        (b"no picture at all", "image_unreadable"),
        (zlib.compress(b"\0" * 1000), "image_unreadable"),
        (jpeg(picture())[:-2000], "image_unreadable"),
        (png(picture(20, 20)), "image_unreadable"),
        (huge_header(), "image_too_large"),
        (jpeg(picture(20, 20)) + bytes(images.MAX_BYTES), "image_too_large"),
    ],
)
def test_hostile_bytes_are_refused_and_nothing_is_kept(
    store: ImageStore, tmp_path: Path, data: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        store.put_encoded(data)
    assert refused.value.code == code
    assert not [f for f in tmp_path.rglob("*") if f.is_file()]


@pytest.mark.parametrize(
    ("sha256", "fmt", "width", "kind", "code"),
    [
        ("0" * 64, "jpg", None, NotFound, "image_not_found"),
        ("../../etc/passwd", "jpg", None, NotFound, "image_not_found"),
        ("A" * 64, "jpg", 320, NotFound, "image_not_found"),
        ("", "jpg", 320, NotFound, "image_not_found"),
        ("0" * 64 + "\n", "jpg", 320, NotFound, "image_not_found"),
        ("0" * 64, "jpg", 321, Invalid, "invalid_width"),
        ("0" * 64, "jpg", 0, Invalid, "invalid_width"),
        ("0" * 64, "jpg", -160, Invalid, "invalid_width"),
        ("0" * 64, "gif", 320, Invalid, "invalid_format"),
    ],
)
def test_what_is_not_there_or_not_offered(
    store: ImageStore, sha256: str, fmt: Any, width: int | None, kind: type[KeyartError], code: str
) -> None:
    with pytest.raises(kind) as refused:
        store.rendition(sha256, fmt, width)
    assert refused.value.code == code


def test_deleting_takes_the_master_and_all_renditions(store: ImageStore, tmp_path: Path) -> None:
    gone, kept = store.put(picture()), store.put(picture(seed=1))
    for width in LADDER[:2]:
        store.rendition(gone.sha256, "webp", width)
    store.delete([gone.sha256])
    store.delete([gone.sha256, "f" * 64])
    assert [f.name for f in (tmp_path / "images" / "masters").rglob("*") if f.is_file()] == [
        kept.sha256
    ]
    assert not list(tmp_path.rglob("*.webp"))
    with pytest.raises(NotFound):
        store.rendition(gone.sha256, "webp", LADDER[0])
    with pytest.raises(NotFound):
        store.delete(["../../elsewhere"])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "jpg"),
        ("", "jpg"),
        ("*/*", "jpg"),
        ("image/*", "jpg"),
        ("text/html", "jpg"),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "avif"),
        ("image/webp,*/*", "webp"),
        ("IMAGE/WEBP", "webp"),
        ("image/avif;q=0, image/webp;q=0.5", "webp"),
        ("image/avif;q=0.3, image/jpeg", "jpg"),
        ("image/avif;q=0.5, image/webp;q=0.9, image/jpeg;q=0.1", "webp"),
        ("image/avif;q=nonsense", "avif"),
        (",,;;q=1,=", "jpg"),
    ],
)
def test_negotiation(accept: str | None, expected: str) -> None:
    assert negotiate(accept) == expected
