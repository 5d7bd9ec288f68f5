"""Photographs with their heads and subjects, boxed by hand, and how others might have framed them.

The files come out of packages for this measurement alone; nothing of them is shipped.
"""

import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import permutations
from pathlib import Path

import numpy as np
from PIL import Image

from artwork.framing.crops import Box
from content.types import U8
from samples.fetch import Source, _run, fetch_source, wheel

CACHE = Path(".cache/photographs")
THUMBOR = "thumbor/fixtures/filters/"
SKIMAGE = "skimage/data/"
GIUNCHEDI = "Giunchedi%2C_Filippo_January_2015_01.jpg"
FRAMINGS = (16 / 9, 2.35, 4 / 3, 2 / 3)
"""Width over height of what is taken of a photograph."""
THIRDS = (1 / 3, 1 / 2, 2 / 3)
"""Where in it its subject is, from the left."""
PAIR_PX = 480
"""Height of two portraits side by side."""

Corners = tuple[float, float, float, float]
"""left, top, right, bottom in shares of the photograph."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Boxed by eye; `face` from brow to chin, `head` with hair and ears, None where nobody is."""

    file: str
    face: Corners | None
    head: Corners | None
    subject: Corners


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A picture to be cropped, RGB (H, W, 3), with its boxes in px; `photograph` it comes of."""

    photograph: str
    rgb: U8
    faces: tuple[Box, ...]
    heads: tuple[Box, ...]
    subjects: tuple[Box, ...]


def _portraits(download: Path, photographs: Path) -> None:
    """Out of the source package of face_recognition 1.3.0 (MIT)."""
    pip = (sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "-q")
    _run([*pip, "--no-build-isolation", "face_recognition==1.3.0"], download)
    (archive,) = download.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        for name in ("biden.jpg", "obama.jpg", "obama2.jpg"):
            member = packed.extractfile(f"face_recognition-1.3.0/tests/test_images/{name}")
            assert member is not None
            (photographs / name).write_bytes(member.read())


SOURCES = (
    Source(
        "thumbor",
        wheel(
            "thumbor==7.8.0",
            [
                f"{THUMBOR}{name}"
                for name in (
                    "800px-Christophe_Henner_-_June_2016.jpg",
                    "800px-Guido-portrait-2014.jpg",
                    "800px-Katherine_Maher.jpg",
                    GIUNCHEDI,
                )
            ],
        ),
    ),
    Source(
        "scikit-image",
        wheel(
            "scikit-image==0.26.0",
            [
                f"{SKIMAGE}{name}"
                for name in (
                    "astronaut.png",
                    "chelsea.png",
                    "coffee.png",
                    "rocket.jpg",
                    "motorcycle_left.png",
                )
            ],
        ),
    ),
    Source("face_recognition", _portraits),
)
INSTALLED = (
    ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    ("sklearn.datasets", "images/china.jpg"),
    ("sklearn.datasets", "images/flower.jpg"),
)

TRUTH = (
    Truth(
        "800px-Christophe_Henner_-_June_2016.jpg",
        (0.13, 0.1, 0.57, 0.83),
        (0.05, 0, 0.6, 0.84),
        (0, 0, 0.6, 1),
    ),
    Truth(
        "800px-Guido-portrait-2014.jpg",
        (0.33, 0.2, 0.63, 0.83),
        (0.3, 0.03, 0.685, 0.88),
        (0.11, 0.03, 0.9, 1),
    ),
    Truth(
        "800px-Katherine_Maher.jpg",
        (0.37, 0.2, 0.6, 0.74),
        (0.33, 0.08, 0.68, 0.77),
        (0.2, 0.08, 0.85, 1),
    ),
    Truth(GIUNCHEDI, (0.385, 0.17, 0.61, 0.57), (0.37, 0.08, 0.62, 0.58), (0.25, 0.08, 0.78, 1)),
    Truth(
        "astronaut.png",
        (0.335, 0.1, 0.53, 0.355),
        (0.305, 0.03, 0.585, 0.36),
        (0.02, 0.03, 0.72, 1),
    ),
    Truth("chelsea.png", None, None, (0.02, 0, 0.82, 1)),
    Truth("coffee.png", None, None, (0.135, 0.04, 0.795, 0.955)),
    Truth("rocket.jpg", None, None, (0.46, 0.31, 0.56, 0.97)),
    Truth("motorcycle_left.png", None, None, (0.12, 0.17, 0.91, 0.9)),
    Truth("biden.jpg", (0.44, 0.075, 0.72, 0.255), (0.42, 0.045, 0.76, 0.26), (0.05, 0.04, 1, 1)),
    Truth("obama.jpg", (0.415, 0.06, 0.675, 0.375), (0.39, 0.025, 0.7, 0.38), (0.1, 0.02, 0.95, 1)),
    Truth(
        "obama2.jpg", (0.33, 0.19, 0.74, 0.53), (0.31, 0.135, 0.86, 0.54), (0.1, 0.13, 0.95, 0.92)
    ),
    Truth(
        "grace_hopper.jpg", (0.31, 0.2, 0.69, 0.545), (0.28, 0.015, 0.73, 0.56), (0, 0.015, 1, 1)
    ),
    Truth("china.jpg", None, None, (0.115, 0.08, 0.565, 0.89)),
    Truth("flower.jpg", None, None, (0.26, 0.2, 0.7, 0.85)),
)


def photographs() -> Iterator[tuple[Truth, U8]]:
    """Each with its pixels; those of a package that cannot be fetched are left out."""
    files = {}
    for source in SOURCES:
        files |= {path.name: path for path in fetch_source(CACHE, source).iterdir()}
    for package, path in INSTALLED:
        spec = find_spec(package)
        assert spec is not None and spec.origin is not None
        files[Path(path).name] = Path(spec.origin).parent / path
    for truth in TRUTH:
        with Image.open(files[truth.file]) as opened:
            yield truth, np.asarray(opened.convert("RGB"))


def framings() -> Iterator[Example]:
    """Each photograph as it is and as others might have framed it: in every one of `FRAMINGS` the
    largest window with its head (else its subject) whole and nearest to each of `THIRDS`."""
    for truth, rgb in photographs():
        height, width = rgb.shape[:2]
        kept = _px(truth.head or truth.subject, width, height)
        windows = {Box(0, 0, width, height)}
        for ratio in FRAMINGS:
            wide, high = _fitting(ratio, width, height)
            windows |= {
                window
                for third in THIRDS
                if (window := _around(kept, wide, high, third, width, height)).holds(kept)
            }
        for window in sorted(windows, key=lambda w: (w.width, w.height, w.x, w.y)):
            place = partial(_seen, window=window)
            faces, heads, subjects = (
                () if box is None else (place(_px(box, width, height)),)
                for box in (truth.face, truth.head, truth.subject)
            )
            yield Example(truth.file, window.cut(rgb), faces, heads, subjects)


def pairs() -> Iterator[Example]:
    """Two portraits side by side, each with each: two who matter alike."""
    people = [(truth, rgb) for truth, rgb in photographs() if truth.head is not None]
    for (left, one), (right, other) in permutations(people, 2):
        first, faces, heads, subjects = _half(left, one)
        second, *beside = _half(right, other)
        x = first.shape[1]
        boxes = [
            (box, Box(next_to.x + x, next_to.y, next_to.width, next_to.height))
            for box, next_to in zip((faces, heads, subjects), beside, strict=True)
        ]
        name = f"{left.file} + {right.file}"
        yield Example(name, np.concatenate([first, second], axis=1), *boxes)


def _half(truth: Truth, rgb: U8) -> tuple[U8, Box, Box, Box]:
    """A portrait as one half of a picture of two: 8:9, the head in the middle, half as high; and
    its face, head and subject."""
    height, width = rgb.shape[:2]
    assert truth.face is not None and truth.head is not None
    boxes = [_px(box, width, height) for box in (truth.face, truth.head, truth.subject)]
    high = min(height, max(2 * boxes[1].height, round(9 / 8 * boxes[1].width * 1.2)))
    wide = min(width, round(high * 8 / 9))
    high = min(high, round(wide * 9 / 8))
    window = _around(boxes[1], wide, high, 0.5, width, height)
    scale = PAIR_PX / window.height
    size = (round(window.width * scale), PAIR_PX)
    half = np.asarray(Image.fromarray(window.cut(rgb)).resize(size, Image.Resampling.LANCZOS))
    seen = (_seen(box, window=window) for box in boxes)
    face, head, subject = (
        Box(*(round(v * scale) for v in (b.x, b.y, b.width, b.height))) for b in seen
    )
    return half, face, head, subject


def _fitting(ratio: float, width: int, height: int) -> tuple[int, int]:
    wide = min(width, round(height * ratio))
    return wide, min(height, round(wide / ratio))


def _around(kept: Box, wide: int, high: int, third: float, width: int, height: int) -> Box:
    """A window whose `third` is nearest to the middle of what is kept, a third of it from above."""
    x = round(kept.x + kept.width / 2 - third * wide)
    y = round(kept.y + kept.height / 2 - 0.4 * high)
    x, y = min(max(0, x), width - wide), min(max(0, y), height - high)
    x = min(max(x, kept.right - wide), kept.x)
    y = min(max(y, kept.bottom - high), kept.y)
    return Box(min(max(0, x), width - wide), min(max(0, y), height - high), wide, high)


def _px(corners: Corners, width: int, height: int) -> Box:
    left, top = round(corners[0] * width), round(corners[1] * height)
    return Box(left, top, round(corners[2] * width) - left, round(corners[3] * height) - top)


def _seen(box: Box, *, window: Box) -> Box:
    part = box.overlap(window)
    assert part is not None
    return Box(part.x - window.x, part.y - window.y, part.width, part.height)
