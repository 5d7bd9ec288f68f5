"""The image store: masters, renditions, hostile bytes, names and negotiation."""

import hashlib
import io
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artwork.images import store as images
from artwork.images.cuts import Cut
from artwork.images.store import LADDER, ImageStore, negotiate
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


def test_noise_is_stored_and_delivered_like_any_picture(store: ImageStore) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 854, 3)).astype(np.uint8)
    stored = store.put(noise)
    assert stored.bytes > noise.shape[0] * noise.shape[1]  # more than a byte a pixel
    assert store.put(noise) == stored
    assert np.abs(store.pixels(stored.sha256).astype(int) - noise).mean() < 8
    for fmt in ("avif", "webp", "jpg"):
        data = store.rendition(stored.sha256, fmt, None).data
        with Image.open(io.BytesIO(data)) as delivered:
            delivered.load()
            assert delivered.size == (854, 480)


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


def test_a_crop_is_kept_as_a_rule_and_cut_when_asked_for(store: ImageStore, tmp_path: Path) -> None:
    whole = store.put(picture())
    crop = store.put_cut(whole.sha256, (100, 40, 300, 200))
    assert (crop.width, crop.height) == (300, 200) and crop.bytes < 200
    rule = tmp_path / "images" / "masters" / crop.sha256[:2] / crop.sha256
    assert hashlib.sha256(rule.read_bytes()).hexdigest() == crop.sha256
    assert store.put_cut(whole.sha256, (100, 40, 300, 200)) == crop
    cut = store.pixels(whole.sha256)[40:240, 100:400]
    assert np.array_equal(store.pixels(crop.sha256), cut), "no second generation of loss"
    small = Image.open(io.BytesIO(store.rendition(crop.sha256, "jpg", 160).data))
    assert small.size == (160, 107)


def test_a_bleed_shows_the_window_on_a_dark_ground_of_itself(store: ImageStore) -> None:
    whole = store.put(picture())
    window = store.pixels(whole.sha256)[:, 100:600]
    bleed = store.put_cut(whole.sha256, (100, 0, 500, 400), (500, 750))
    shown = store.pixels(bleed.sha256)
    assert shown.shape == (750, 500, 3)
    assert np.array_equal(shown[175:575], window)
    ground = np.concatenate([shown[:170], shown[580:]])
    assert 0.2 * window.mean() < ground.mean() < 0.6 * window.mean()
    narrow = Image.open(io.BytesIO(store.rendition(bleed.sha256, "webp", 320).data))
    assert narrow.size == (320, 480)


def test_no_cut_beyond_its_source_or_of_a_cut(store: ImageStore) -> None:
    whole = store.put(picture())
    for box in ((0, 0, 701, 10), (0, 399, 10, 2), (-1, 0, 10, 10), (0, 0, 0, 10)):
        with pytest.raises(ValueError):
            store.put_cut(whole.sha256, box)
    with pytest.raises(NotFound):
        store.put_cut("0" * 64, (0, 0, 10, 10))
    crop = store.put_cut(whole.sha256, (0, 0, 10, 10))
    with pytest.raises(ValueError, match="itself a cut"):
        store.put_cut(crop.sha256, (0, 0, 5, 5))


def test_a_cut_goes_with_its_source(store: ImageStore) -> None:
    whole = store.put(picture())
    crop = store.put_cut(whole.sha256, (0, 0, 10, 10))
    assert store.has(crop.sha256) and store.has(whole.sha256)
    store.delete([whole.sha256])
    assert not store.has(crop.sha256)
    with pytest.raises(NotFound):
        store.rendition(crop.sha256, "jpg", None)
    assert store.put(picture()) == whole and store.has(crop.sha256)


def test_a_cut_is_noted_before_it_is_kept(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    store = ImageStore(tmp_path / "images", journal)
    whole = store.put(picture())
    crop = store.put_cut(whole.sha256, (0, 0, 10, 10))
    assert journal.read_text().split() == [whole.sha256, crop.sha256]


def test_a_rule_from_outside_is_no_picture(store: ImageStore) -> None:
    rule = Cut("0" * 64, (0, 0, 9, 9), (9, 9)).packed()
    assert Cut.unpacked(rule) == Cut("0" * 64, (0, 0, 9, 9), (9, 9))
    with pytest.raises(Invalid, match="no whole JPEG"):
        store.put_encoded(rule)


def used(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.jpg"))


def test_renditions_stay_under_their_cap_and_the_longest_unused_go(tmp_path: Path) -> None:
    other = ImageStore(tmp_path / "other")
    one = len(other.rendition(other.put(picture()).sha256, "jpg", None).data)
    store = ImageStore(tmp_path / "images", cache_bytes=10 * one)
    names = [store.put(picture(seed=seed)).sha256 for seed in range(14)]
    folder = tmp_path / "images" / "renditions"
    for age, name in enumerate(names):
        store.rendition(name, "jpg", None)
        path = folder / name[:2] / name / "full.jpg"
        if path.exists():
            os.utime(path, (1_000_000 + age, 1_000_000 + age))
        store.rendition(names[0], "jpg", None)  # used again and again
        assert used(folder) <= 10 * one
    kept = [name for name in names if (folder / name[:2] / name / "full.jpg").exists()]
    assert names[0] in kept and names[-1] in kept and 5 <= len(kept) < 11
    assert kept[1:] == names[-len(kept) + 1 :], "the newest"
    assert all(map(store.has, names)), "masters stay"


def test_two_stores_share_one_cap(tmp_path: Path) -> None:
    stores = [ImageStore(tmp_path, cache_bytes=200_000) for _ in range(2)]
    names = [stores[0].put(picture(seed=seed)).sha256 for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(stores[i % 2].rendition, name, "jpg", width)
            for i, (name, width) in enumerate(product(names, (160, 320, 480, 640)))
        ]
        assert all(job.result().data for job in jobs)
    for store in stores:
        store.rendition(names[0], "jpg", None)
    assert 0 < used(tmp_path / "renditions") <= 200_000


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    store = ImageStore(tmp_path, cache_bytes=100_000)
    left = tmp_path / "renditions" / "ab" / ".tmp-left"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(120_000))
    os.utime(left, (1_000_000, 1_000_000))
    store.rendition(store.put(picture()).sha256, "webp", 160)
    assert not left.exists()


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
