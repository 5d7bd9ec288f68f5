"""Clips with planted best frames among many bad ones, every frame of them known.

A clip is a minute of shots. In six of them somebody is seen sharp, well lit, whole and with open
eyes for about a second, *best*; the rest of such a shot is spoiled: out of focus, moved, flashed,
darkened, captioned, eyes shut. A few shots show things and places, neither best nor bad. All others
are bad from end to end. Shots follow each other by cuts and slow dissolves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from content.types import U8
from samples.fetch import Source, fetch_source, sdist
from tests.bench.lids import shut
from tests.photographs import PORTRAIT, SCENES, package_file, shipped

SIZE = (640, 360)
"""Width and height in px."""
FPS = 24
CACHE = Path(".cache/samples").resolve()
PORTRAITS = ("obama.jpg", "obama3.jpg", "biden.jpg")
PEOPLE = Source(
    "face_recognition",
    sdist("face_recognition==1.3.0", [f"tests/test_images/{name}" for name in PORTRAITS]),
)
"""Official portraits of the United States' government, in the public domain."""
SPECTACLED = 3
"""Of `_faces`: behind these glasses there is no skin to shut the eyes with."""
PLACES = tuple(
    ("skimage", f"data/{name}")
    for name in ("coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
)
BEST, PLAIN = "best", "plain"
Paint = Callable[[float], U8]
"""A shot's picture at 0..1 of its length: RGB (360, 640, 3)."""
Random = np.random.Generator
F64 = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Clip:
    """A film on disk and what each of its frames is: `best`, `plain`, or a kind of bad."""

    path: Path
    labels: tuple[str, ...]

    def bad(self, frame: int) -> bool:
        return self.labels[frame] not in (BEST, PLAIN)


@dataclass(frozen=True)
class _Shot:
    paint: Paint
    labels: list[str]


def clip(folder: Path, seed: int) -> Clip:
    """The clip of a seed, about a minute long; made once."""
    path, labels = folder / f"planted-{seed}.mp4", folder / f"planted-{seed}.txt"
    if not labels.exists():
        folder.mkdir(parents=True, exist_ok=True)
        labels.write_text("\n".join(_make(path, seed)))
    return Clip(path, tuple(labels.read_text().split()))


def _make(path: Path, seed: int) -> list[str]:
    random = np.random.default_rng([2016, seed])
    faces, things = _faces(), _things()
    shots = [_face_shot(faces[i], random, i != SPECTACLED) for i in random.permutation(6)]
    shots += [_plain_shot(things[i], random) for i in random.choice(len(things), 3, replace=False)]
    kinds = ["blur", "motion_blur", "black", "dark", "text", "text", "caption", "caption", "flat"]
    kinds += ["shut_eyes", "shut_eyes", "blown", "noise", "blur", "motion_blur"]
    shots += [_bad_shot(kind, [*faces, *things], random) for kind in kinds]
    ordered = [shots[i] for i in random.permutation(len(shots))]
    return _write(path, _joined(ordered, random))


# ---- pictures ---------------------------------------------------------------------------------


def _faces() -> list[U8]:
    """Portraits, 16:9, at 1.25 × the clip's size; the face is whole, 0.35 to 0.7 of the height."""
    folder = fetch_source(CACHE, PEOPLE)
    whole = [np.asarray(Image.open(folder / name).convert("RGB")) for name in PORTRAITS]
    whole += [shipped(*PORTRAIT), shipped("skimage", "data/astronaut.png"), whole[1]]
    # Where the head is: top and bottom as shares of the height, by eye.
    spans = ((0.0, 0.52), (0.08, 0.42), (0.04, 0.34), (0.1, 0.68), (0.0, 0.5), (0.09, 0.34))
    return [_portrait(rgb, *span) for rgb, span in zip(whole, spans, strict=True)]


def _portrait(rgb: U8, top: float, bottom: float) -> U8:
    first, last = int(top * rgb.shape[0]), int(bottom * rgb.shape[0])
    cut = rgb[first:last]
    wanted = round(cut.shape[0] * SIZE[0] / SIZE[1])
    missing = wanted - cut.shape[1]
    if missing > 0:  # the room goes on to both sides
        sides = (missing // 2, missing - missing // 2)
        wide = cv2.copyMakeBorder(cut, 0, 0, *sides, cv2.BORDER_REFLECT_101)
    else:
        wide = cut[:, -missing // 2 : -missing // 2 + wanted]
    return _large(wide)


def _things() -> list[U8]:
    return [_large(_wide(shipped(*which))) for which in (*SCENES, *PLACES)]


def _wide(rgb: U8) -> U8:
    height = min(rgb.shape[0], rgb.shape[1] * SIZE[1] // SIZE[0])
    top = (rgb.shape[0] - height) // 2
    return rgb[top : top + height]


def _large(rgb: U8) -> U8:
    size = (SIZE[0] * 5 // 4, SIZE[1] * 5 // 4)
    shrinks = rgb.shape[1] > size[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(rgb, size, interpolation=how), np.uint8)


class _Camera:
    """A slow move over a picture, sometimes mirrored, a little graded."""

    def __init__(self, random: Random) -> None:
        self._mirrored = random.random() < 0.5
        self._gain = random.uniform(0.9, 1.08, 3)
        self._zooms = random.uniform(0.8, 0.9, 2)
        self._places = random.uniform(0.35, 0.65, (2, 2))

    def over(self, rgb: U8) -> Paint:
        seen = np.ascontiguousarray(rgb[:, ::-1]) if self._mirrored else rgb
        graded = np.clip(seen * self._gain, 0, 255).astype(np.uint8)

        def paint(share: float) -> U8:
            zoom = self._zooms[0] + share * (self._zooms[1] - self._zooms[0])
            x, y = self._places[0] + share * (self._places[1] - self._places[0])
            height, width = graded.shape[0] * zoom, graded.shape[1] * zoom
            scale = SIZE[0] / width
            shift = x * (graded.shape[1] - width), y * (graded.shape[0] - height)
            matrix = np.array([[scale, 0, -shift[0] * scale], [0, scale, -shift[1] * scale]])
            return np.asarray(
                cv2.warpAffine(graded, matrix, SIZE, flags=cv2.INTER_LINEAR), np.uint8
            )

        return paint


# ---- shots ------------------------------------------------------------------------------------


def _face_shot(rgb: U8, random: Random, blinks: bool) -> _Shot:
    """Three seconds, of which about one is best, with a flash of light or, where it `blinks`, a
    blink in it."""
    camera = _Camera(random)
    paint, blink = camera.over(rgb), camera.over(shut(rgb) if blinks else rgb)
    count = round(FPS * random.uniform(2.8, 3.4))
    first = round(count * random.uniform(0.2, 0.4))
    last = first + round(FPS * random.uniform(1.0, 1.3))
    labels = [BEST] * count
    spoils = random.choice(("blur", "motion_blur", "dark", "caption", "blown"), 2, replace=False)
    labels[:first] = [str(spoils[0])] * first
    labels[last:] = [str(spoils[1])] * (count - last)
    glitch = first + int(random.integers(6, last - first - 8))
    kind = "shut_eyes" if random.random() < 0.5 and blinks else "flash"
    length = 5 if kind == "shut_eyes" else 3
    labels[glitch : glitch + length] = [kind] * length
    effects = {kind: _effect(kind, random) for kind in set(labels) - {BEST, "shut_eyes"}}

    def shown(share: float) -> U8:
        label = labels[min(count - 1, int(share * count))]
        if label == "shut_eyes":
            return blink(share)
        picture = paint(share)
        return effects[label](picture) if label in effects else picture

    return _Shot(shown, labels)


def _plain_shot(rgb: U8, random: Random) -> _Shot:
    count = round(FPS * random.uniform(1.8, 2.4))
    return _Shot(_Camera(random).over(rgb), [PLAIN] * count)


def _bad_shot(kind: str, pictures: Sequence[U8], random: Random) -> _Shot:
    count = round(FPS * random.uniform(1.6, 3.6))
    source = pictures[int(random.integers(len(pictures)))]
    if kind == "shut_eyes":
        source = pictures[int(random.choice([i for i in range(6) if i != SPECTACLED]))]
        return _Shot(_Camera(random).over(shut(source)), [kind] * count)
    if kind in ("black", "flat", "text"):
        still = {"black": _black, "flat": _flat, "text": _card}[kind](random)
        drift = _grain(random)
        return _Shot(lambda share: drift(still), [kind] * count)
    paint, effect = _Camera(random).over(source), _effect(kind, random)
    return _Shot(lambda share: effect(paint(share)), [kind] * count)


def _effect(kind: str, random: Random) -> Callable[[U8], U8]:
    """What spoils a good picture."""
    match kind:
        case "blur":
            sigma = random.uniform(3.0, 7.0)
            return lambda rgb: np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8)
        case "motion_blur":
            kernel = _streak(int(random.integers(17, 36)), random.uniform(-40, 40))
            return lambda rgb: np.asarray(cv2.filter2D(rgb, -1, kernel), np.uint8)
        case "dark":
            light = random.uniform(0.04, 0.12)
            return lambda rgb: (rgb * light).astype(np.uint8)
        case "blown" | "flash":
            lift = random.uniform(0.8, 0.95)
            return lambda rgb: (255 - (255 - rgb) * (1 - lift)).astype(np.uint8)
        case "caption":
            layer = _caption(random)
            return lambda rgb: np.where(layer.any(axis=2, keepdims=True), layer, rgb)
        case "noise":
            return _grain(random, 90.0)
        case _:
            raise ValueError(kind)


def _streak(length: int, degrees: float) -> F64:
    kernel = np.zeros((length, length))
    kernel[length // 2] = 1.0
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), degrees, 1.0)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return np.asarray(kernel / kernel.sum())


def _grain(random: Random, deviation: float = 3.0) -> Callable[[U8], U8]:
    def add(rgb: U8) -> U8:
        grain = random.normal(0, deviation, (*rgb.shape[:2], 1))
        return np.clip(rgb + grain, 0, 255).astype(np.uint8)

    return add


def _black(random: Random) -> U8:
    return np.full((SIZE[1], SIZE[0], 3), int(random.integers(0, 14)), np.uint8)


def _flat(random: Random) -> U8:
    """A wall, a sky, fog: two like colours running into each other."""
    first = random.integers(40, 210, 3)
    ramp = np.linspace(0, 1, SIZE[0])[None, :, None] * random.integers(-25, 26, 3)
    return np.broadcast_to(np.clip(first + ramp, 0, 255), (SIZE[1], SIZE[0], 3)).astype(np.uint8)


_WORDS = ("last", "light", "winter", "empty", "harbour", "nobody", "waits", "long", "the", "of")


def _card(random: Random) -> U8:
    """A title card or credits: lines of words on one tone."""
    ground = tuple(int(v) for v in random.choice([[0, 0, 0], [12, 16, 40], [235, 235, 228]]))
    ink = (20, 20, 24) if sum(ground) > 300 else (240, 240, 240)
    picture = Image.new("RGB", SIZE, ground)
    draw, lines = ImageDraw.Draw(picture), int(random.integers(1, 8))
    for n in range(lines):
        words = " ".join(random.choice(_WORDS, 3)).title()
        place = (SIZE[0] / 2, SIZE[1] * (n + 1) / (lines + 1))
        draw.text(place, words, ink, _font(46 - 4 * lines), anchor="mm")
    return np.asarray(picture)


def _caption(random: Random) -> U8:
    """Words laid over a picture: 0 where there are none; a third of them coloured."""
    layer = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(layer)
    draw.fontmode = "1"
    ink = (255, 214, 10) if random.random() < 1 / 3 else (245, 245, 245)
    top = random.uniform(0.62, 0.82) * SIZE[1]
    for n in range(2):
        words = " ".join(random.choice(_WORDS, 4)).capitalize()
        place = (SIZE[0] / 2, top + 38 * n)
        font = _font(int(random.integers(28, 35)))
        draw.text(place, words, ink, font, anchor="mm", stroke_width=2, stroke_fill=(8, 8, 8))
    return np.asarray(layer)


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(
        str(package_file("matplotlib", "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf")), size
    )


# ---- the film ---------------------------------------------------------------------------------


def _joined(shots: Sequence[_Shot], random: Random) -> Iterator[tuple[U8, str]]:
    """Frames with their labels; every third boundary is a slow dissolve between the two."""
    tail: list[tuple[U8, str]] = []
    for n, shot in enumerate(shots):
        count = len(shot.labels)
        frames = [(shot.paint(i / max(1, count - 1)), shot.labels[i]) for i in range(count)]
        if tail:
            yield from _dissolved(tail, frames[: len(tail)])
            frames = frames[len(tail) :]
        dissolves = n + 1 < len(shots) and random.random() < 1 / 3
        length = int(random.integers(14, 25)) if dissolves else 0
        tail = frames[len(frames) - length :] if length else []
        yield from frames[: len(frames) - length]


def _dissolved(
    old: Sequence[tuple[U8, str]], new: Sequence[tuple[U8, str]]
) -> Iterator[tuple[U8, str]]:
    for n, ((before, _), (after, _)) in enumerate(zip(old, new, strict=True)):
        share = (n + 1) / (len(old) + 1)
        mixed = cv2.addWeighted(before, 1 - share, after, share, 0)
        yield np.asarray(mixed, np.uint8), "dissolve"


def _write(path: Path, frames: Iterator[tuple[U8, str]]) -> list[str]:
    labels = []
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "16"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        for rgb, label in frames:
            out.mux(video.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb))))
            labels.append(label)
        out.mux(video.encode(None))
    return labels
