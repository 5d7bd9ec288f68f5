"""Films made to order from pictures or footage, with every cut and transition known to the frame.

    film = compose(rng, scenes, [Join("cut"), Join("dissolve", 16)])

A scene is footage, or a camera that pans, zooms and shakes over a still picture. During a
transition both scenes go on moving, as they do in films.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
JoinKind = Literal["cut", "fade", "white fade", "dissolve", "wipe"]
WIDTH, HEIGHT, FPS = 320, 180, 24


@dataclass(frozen=True)
class Join:
    """How one scene follows another; `frames` is the length of all but a cut."""

    kind: JoinKind = "cut"
    frames: int = 0


@dataclass(frozen=True)
class Camera:
    """Over a still picture: widths a second, share of size a second, share of width."""

    pan: tuple[float, float] = (0.0, 0.0)
    zoom: float = 0.0
    shake: float = 0.0


@dataclass(frozen=True)
class Transition:
    """Frames `[start, end)` are neither wholly the old shot nor wholly the new; a cut is empty."""

    start: int
    end: int
    kind: JoinKind


@dataclass(frozen=True, eq=False)
class Film:
    """(n, H, W, 3) uint8 RGB and the truth about it."""

    frames: U8
    truth: list[Transition] = field(default_factory=list)


Scene = Callable[[int], U8]
"""The n-th frame of a scene, (HEIGHT, WIDTH, 3) uint8 RGB; n from 0, without an end."""


def footage(frames: U8) -> Scene:
    """Frames as they are; forth and back where more are asked for."""
    sized = [_fit(frame) for frame in frames]
    turn = 2 * len(sized) - 2 or 1
    return lambda n: sized[min(n % turn, turn - n % turn) if len(sized) > 1 else 0]


def filmed(rng: np.random.Generator, picture: U8, camera: Camera) -> Scene:
    """A camera over a picture, which is mirrored at its edges so that no pan runs out of it."""
    canvas = _cover(picture, 2.2)
    height, width = canvas.shape[:2]
    start = rng.uniform(0.3, 0.7, 2) * (width, height)
    turn = rng.uniform(0, 2 * np.pi, 4)

    def at(n: int) -> U8:
        second = n / FPS
        jitter = camera.shake * WIDTH * np.sin(second * np.array([23.0, 31.0]) + turn[:2])
        jitter += 0.5 * camera.shake * WIDTH * np.sin(second * np.array([57.0, 43.0]) + turn[2:])
        centre = start + second * WIDTH * np.array(camera.pan) + jitter
        scale = np.exp(-camera.zoom * second)
        matrix = np.array([[scale, 0, centre[0] - scale * WIDTH / 2], [0, scale, 0]])
        matrix[1, 2] = centre[1] - scale * HEIGHT / 2
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        border = cv2.BORDER_REFLECT_101
        return cv2.warpAffine(canvas, matrix, (WIDTH, HEIGHT), flags=flags, borderMode=border)

    return at


def compose(
    rng: np.random.Generator, scenes: Sequence[tuple[Scene, int]], joins: Sequence[Join]
) -> Film:
    """Scenes with their lengths in frames (without transitions), and what lies between them."""
    frames: list[U8] = []
    truth: list[Transition] = []
    offset = 0
    for index, (scene, length) in enumerate(scenes):
        frames += [scene(offset + n) for n in range(length)]
        if index == len(joins):
            break
        join, following = joins[index], scenes[index + 1][0]
        mix = _mixer(rng, join)
        shown = [
            mix(scene(offset + length + n), following(n), (n + 1) / (join.frames + 1))
            for n in range(join.frames)
        ]
        truth.append(Transition(len(frames), len(frames) + join.frames, join.kind))
        frames += shown
        offset = join.frames
    return Film(np.stack(frames), truth)


def _mixer(rng: np.random.Generator, join: Join) -> Callable[[U8, U8, float], U8]:
    if join.kind == "wipe":
        return _wiper(rng)
    if join.kind == "dissolve":
        return lambda old, new, share: cv2.addWeighted(old, 1 - share, new, share, 0)
    over = 255 if join.kind == "white fade" else 0

    def fade(old: U8, new: U8, share: float) -> U8:
        # Out to the colour, a tenth of the time nothing but it, and in again.
        picture, light = (old, 1 - share / 0.45) if share < 0.5 else (new, (share - 0.55) / 0.45)
        light = max(0.0, light)
        return np.rint(picture * light + over * (1 - light)).astype(np.uint8)

    return fade


def _wiper(rng: np.random.Generator) -> Callable[[U8, U8, float], U8]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = x / WIDTH, y / HEIGHT
    order = [x, 1 - x, y, 1 - y, (x + y) / 2, np.hypot(x - 0.5, y - 0.5) / 0.71][rng.integers(6)]
    soft = rng.choice([0.01, 0.04])

    def wipe(old: U8, new: U8, share: float) -> U8:
        edge = share * (1 + 2 * soft) - soft
        mask = np.clip((edge - order) / soft / 2 + 0.5, 0, 1)[:, :, None]
        return np.rint(old * (1 - mask) + new * mask).astype(np.uint8)

    return wipe


def darken(film: Film, gain: float) -> Film:
    """The same in low light."""
    return Film(np.rint(film.frames * gain).astype(np.uint8), film.truth)


def add_noise(rng: np.random.Generator, film: Film, sigma: float) -> Film:
    """The same with a sensor's noise, `sigma` in levels of 255."""
    noisy = [
        np.clip(frame + sigma * rng.standard_normal(frame.shape, np.float32), 0, 255)
        for frame in film.frames
    ]
    return Film(np.stack(noisy).astype(np.uint8), film.truth)


def add_flash(film: Film, at: int, frames: int, strength: float) -> Film:
    """The same with a flash from frame `at` on, which dies away over `frames`."""
    lit = film.frames.copy()
    for n in range(frames):
        light = strength * (1 - n / frames)
        lit[at + n] = np.rint(lit[at + n] * (1 - light) + 255 * light).astype(np.uint8)
    return Film(lit, film.truth)


def add_passer(rng: np.random.Generator, film: Film, at: int, frames: int, picture: U8) -> Film:
    """The same with something large that passes close before the camera."""
    crossed = film.frames.copy()
    cloth = _fit(picture)
    half = WIDTH * rng.uniform(0.15, 0.3)
    x = np.arange(WIDTH, dtype=np.float32)
    for n in range(frames):
        centre = -half + (WIDTH + 2 * half) * n / max(1, frames - 1)
        mask = np.clip((half - np.abs(x - centre)) / 6 + 0.5, 0, 1)[None, :, None]
        crossed[at + n] = np.rint(crossed[at + n] * (1 - mask) + cloth * mask).astype(np.uint8)
    return Film(crossed, film.truth)


def write(film: Film, path: Path) -> Path:
    """As H.264 with its usual losses."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = (
            film.frames.shape[2],
            film.frames.shape[1],
            "yuv420p",
        )
        video.options = {"preset": "veryfast", "crf": "23", "threads": "1"}
        for picture in film.frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
    return path


def fractal(rng: np.random.Generator, size: int = 700) -> U8:
    """A picture with the spectrum of natural ones (amplitude 1/f), in three related colours."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    spectrum = 1 / np.maximum(frequency, 1 / size) ** 1.1
    phases = np.exp(2j * np.pi * rng.random((3, *frequency.shape)))
    planes = np.fft.irfft2(spectrum * phases, s=(size, size))
    planes /= planes.std((1, 2), keepdims=True)
    mixed = np.einsum("ij,jyx->yxi", rng.uniform(0.2, 1, (3, 3)), planes)
    colour = rng.uniform(60, 190, 3)
    return np.clip(colour + 38 * mixed, 0, 255).astype(np.uint8)


def _fit(picture: U8) -> U8:
    return _cover(picture, 1.0)[:HEIGHT, :WIDTH]


def _cover(picture: U8, times: float) -> U8:
    """Scaled to just cover `times` the frame, its middle kept."""
    height, width = picture.shape[:2]
    scale = times * max(WIDTH / width, HEIGHT / height)
    sized = cv2.resize(
        picture,
        None,
        fx=scale,
        fy=scale,
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    top = max(0, (sized.shape[0] - round(times * HEIGHT)) // 2)
    left = max(0, (sized.shape[1] - round(times * WIDTH)) // 2)
    return sized[top : top + round(times * HEIGHT), left : left + round(times * WIDTH)]
