"""Pictures from outside: each is refused by its name, or comes out as the plain picture it is."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artwork.images.decoding import PictureLimits, decoded
from content.errors import Invalid
from tests import bad_pictures as bad

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "PNG bomb of 13,000²": (bad.bomb, "image_too_large"),
    "cut JPEG": (bad.cut, "image_unreadable"),
    "cut PNG": (lambda folder: bad.cut(folder, ".png"), "image_unreadable"),
    "SVG": (bad.svg, "image_format_refused"),
    "animated WebP of 100,000 frames": (bad.animated, "image_animated"),
    "100 MB of profile": (bad.huge_profile, "image_unreadable"),
    "TIFF": (lambda f: bad.saved(f, "a.tiff", bad.picture()), "image_format_refused"),
    "GIF": (lambda f: bad.saved(f, "a.gif", bad.picture()), "image_format_refused"),
    "TIFF named JPEG": (
        lambda f: bad.saved(f, "a.tiff", bad.picture()).rename(f / "a.jpg"),
        "image_format_refused",
    ),
    "APNG": (
        lambda f: bad.saved(
            f, "a.png", bad.picture(), save_all=True, append_images=[bad.picture().convert("L")]
        ),
        "image_animated",
    ),
    "a line": (lambda f: bad.saved(f, "a.png", Image.new("L", (40_000, 3))), "image_too_small"),
    "a line once it is made smaller": (
        lambda f: bad.saved(f, "a.png", Image.new("L", (240, 200_000))),
        "image_too_small",
    ),
    "nothing": (lambda f: _written(f, b""), "image_format_refused"),
    "a PNG's name alone": (lambda f: _written(f, b"\x89PNG\r\n\x1a\n"), "image_format_refused"),
}


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "bytes.png"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name: str, tmp_path: Path) -> None:
    make, code = REFUSED[name]
    path = make(tmp_path)
    began = time.monotonic()
    with pytest.raises(Invalid) as caught:
        decoded(path)
    assert caught.value.code == code, caught.value.detail
    assert time.monotonic() - began < 20  # a loaded machine; alone it is half a second
    assert str(tmp_path) not in caught.value.detail


def test_the_bombs_are_bombs(tmp_path: Path) -> None:
    assert bad.bomb(tmp_path).stat().st_size < 25_000
    assert bad.huge_profile(tmp_path).stat().st_size < 200_000
    with Image.open(bad.animated(tmp_path)) as moving:
        assert getattr(moving, "n_frames", 1) == 100_000


@pytest.mark.parametrize(
    "make",
    [bad.misnamed, bad.polyglot, bad.cmyk, bad.turned, bad.profiled],
    ids=lambda make: make.__name__,
)
def test_it_comes_out_as_the_plain_picture(make: Callable[[Path], Path], tmp_path: Path) -> None:
    pixels = decoded(make(tmp_path)).astype(int)
    assert pixels.shape == (256, 320, 3)
    wanted = np.asarray(bad.picture()).astype(int)
    inner = np.s_[8:-8, 8:-8]
    assert np.median(np.abs(pixels - wanted)[inner]) <= 3
    for y, x in ((60, 60), (60, 260), (200, 160)):
        assert np.abs(pixels[y, x] - wanted[y, x]).max() <= 12, (y, x, pixels[y, x])


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    pixels = decoded(bad.deep(tmp_path))
    assert pixels[100, 20].tolist() == [0x40] * 3 and pixels[100, 300].tolist() == [0xC0] * 3


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    pixels = decoded(bad.see_through(tmp_path))
    assert pixels[10, 10].tolist() == list(bad.RED) and pixels[200, 10].tolist() == [0, 0, 0]
    palette = bad.picture().convert("P", palette=Image.Palette.ADAPTIVE)
    pixels = decoded(bad.saved(tmp_path, "p.png", palette, transparency=palette.getpixel((0, 0))))
    assert pixels[10, 10].tolist() == [0, 0, 0]
    assert np.abs(pixels[10, 300].astype(int) - bad.GREEN).max() <= 2


def test_a_profile_that_is_none_is_left_aside(tmp_path: Path) -> None:
    path = bad.saved(tmp_path, "a.png", bad.picture(), icc_profile=b"no profile at all")
    assert (decoded(path) == np.asarray(bad.picture())).all()
    grey = bad.saved(
        tmp_path,
        "b.png",
        bad.picture().convert("L"),
        icc_profile=Image.open(bad.profiled(tmp_path)).info["icc_profile"],  # of an RGB space
    )
    assert decoded(grey).shape == (256, 320, 3)


def test_a_large_picture_is_kept_as_wide_as_the_largest_screens(tmp_path: Path) -> None:
    path = bad.saved(tmp_path, "large.webp", bad.picture().resize((4800, 2400)), lossless=True)
    assert decoded(path).shape == (1920, 3840, 3)


def test_memory_is_bounded_and_told(tmp_path: Path) -> None:
    path = bad.saved(tmp_path, "wide.png", Image.new("RGB", (5000, 5000)))
    with pytest.raises(Invalid) as caught:
        decoded(path, PictureLimits(memory_bytes=300 * 2**20))
    assert caught.value.code in ("image_too_large", "image_unreadable")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert decoded(path).shape == (3840, 3840, 3)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 200 * 1024, "the full picture never was in this process"


def test_time_is_bounded(tmp_path: Path) -> None:
    path = bad.saved(tmp_path, "a.png", bad.picture())
    with pytest.raises(Invalid) as caught:
        decoded(path, PictureLimits(wall_s=0.01))
    assert caught.value.code == "image_unreadable"
