"""Clips made to order, with known cuts, fades, shapes and sounds: small, quick, always the same.

    make_clip(path, [Take(1.0, (200, 40, 40)), Take(1.5, (40, 40, 200), "bars")], sound="music")

gives a clip of two shots with a cut at 1.0 s. Cuts lie at the running sums of the takes' lengths.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000
RGB = tuple[int, int, int]
Row = npt.NDArray[np.float32]
Tune = Literal["tone", "music", "beats", "noise", "silence"]


@dataclass(frozen=True)
class Take:
    """One shot: a textured background with a lighter shape that moves from left to right."""

    seconds: float
    colour: RGB = (128, 128, 128)
    shape: Literal["disc", "bars", "none"] = "disc"
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    moves: bool = True


TAKES = (
    Take(1.5, (180, 60, 50)),
    Take(1.0, (40, 90, 170), "bars"),
    Take(1.5, (60, 150, 70)),
)


def make_clip(
    path: Path,
    takes: Sequence[Take] = TAKES,
    *,
    fps: int | Fraction = 24,
    size: tuple[int, int] = (320, 180),
    sound: Tune | npt.NDArray[np.float32] | None = None,
    codec: str = "mpeg4",
    rotation: int = 0,
    aspect: Fraction | None = None,
) -> list[float]:
    """Write a clip; the container follows from the suffix. Returns its cuts in seconds.

    Args:
        size: width and height in px, both even.
        sound: a tune for the whole length, mono float32 samples at 48 kHz, or None for no sound.
        rotation: degrees counter-clockwise that a player has to turn the picture.
        aspect: of one pixel, width / height.
    """
    seconds = sum(take.seconds for take in takes)
    write_clip(
        path,
        pictures(takes, fps, size),
        fps=fps,
        size=size,
        sound=tune(sound, seconds) if isinstance(sound, str) else sound,
        codec=codec,
        rotation=rotation,
        aspect=aspect,
    )
    return np.cumsum([take.seconds for take in takes])[:-1].tolist()


def write_clip(
    path: Path,
    frames: Iterable[npt.NDArray[np.uint8]],
    *,
    fps: int | Fraction,
    size: tuple[int, int],
    sound: npt.NDArray[np.float32] | None = None,
    codec: str = "mpeg4",
    rotation: int = 0,
    aspect: Fraction | None = None,
) -> None:
    """Write RGB frames (H, W, 3) and mono samples at 48 kHz as a clip; as `make_clip`."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=fps)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        if codec == "mpeg4":
            video.bit_rate = 4_000_000
        if rotation:
            video.set_display_rotation(rotation)
        if aspect is not None:
            video.codec_context.sample_aspect_ratio = aspect
        audio = None
        if sound is not None:
            audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            _mux_sound(container, audio, sound)


def pictures(
    takes: Sequence[Take], fps: int | Fraction, size: tuple[int, int]
) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames, (H, W, 3) uint8 RGB, one after the other."""
    for index, take in enumerate(takes):
        count = round(take.seconds * fps)
        picture = _camera(take, index, size)
        for n in range(count):
            yield picture(n / fps, n / max(1, count - 1))


def tune(kind: Tune, seconds: float, hz: int = RATE_HZ) -> npt.NDArray[np.float32]:
    """Mono samples, (n,), −1..1: a 440 Hz tone; chords; clicks at 120 a minute; noise; nothing."""
    at_s = np.arange(round(seconds * hz)) / hz
    if kind == "silence":
        return np.zeros(at_s.size, np.float32)
    if kind == "noise":
        noise = np.random.default_rng(7).standard_normal(at_s.size)
        return (0.1 * noise).astype(np.float32)
    if kind == "beats":
        wave = np.sin(2 * np.pi * 180 * at_s) * np.exp(-30 * (at_s % 0.5))
        return (0.8 * wave).astype(np.float32)
    chord = (440.0,) if kind == "tone" else (220.0, 277.2, 329.6, 440.0)
    wave = sum(np.sin(2 * np.pi * pitch * at_s) for pitch in chord) / len(chord)
    if kind == "music":
        wave = wave * (0.4 + 0.6 * np.exp(-3 * (at_s % 0.5)))
    return (0.5 * wave).astype(np.float32)


def write_sound(path: Path, samples: npt.NDArray[np.float32], hz: int = RATE_HZ) -> Path:
    """Write mono samples alone, 16 bits; the container follows from the suffix: wav or flac."""
    codec = {".wav": "pcm_s16le", ".flac": "flac"}[path.suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=hz, layout="mono", format="s16")
        coded = (np.clip(samples, -1, 1) * 32_767).astype(np.int16)
        for at in range(0, coded.size, 4096):
            part = np.ascontiguousarray(coded[None, at : at + 4096])
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = hz, at, Fraction(1, hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _camera(
    take: Take, index: int, size: tuple[int, int]
) -> Callable[[float, float], npt.NDArray[np.uint8]]:
    """What a take shows at a time in seconds, at a share of its length."""
    width, height = size
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    ripple = 12 * np.sin(x / (5 + index)) * np.sin(y / (7 + index))
    ground = np.array(take.colour, np.float32) + ripple[:, :, None]
    shape = ground + (90 if take.shape == "disc" else 70)
    # Most frames have their full light: those are put together of two pictures, made once.
    full = _levels(ground), _levels(shape)

    def picture(at_s: float, progress: float) -> npt.NDArray[np.uint8]:
        centre = width * (0.25 + 0.5 * progress) if take.moves else width / 2
        light = 1.0
        if take.fade_in_s:
            light = min(light, at_s / take.fade_in_s)
        if take.fade_out_s:
            light = min(light, (take.seconds - at_s) / take.fade_out_s)
        inside = _inside(take.shape, x - centre, y - height / 2, size)
        if light == 1.0:
            return np.where(inside, full[1], full[0])
        return _levels(np.where(inside, shape, ground) * max(0.0, light))

    return picture


def _inside(shape: str, x: Row, y: Row, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Where the shape lies, by the way from its middle; to be spread over (H, W, 3)."""
    width, height = size
    if shape == "disc":
        return (x**2 + y**2 < (height / 4) ** 2)[:, :, None]
    if shape == "bars":
        return (x % (width / 5) < width / 12)[:, None]
    return np.zeros(1, np.bool_)


def _levels(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    return np.clip(picture, 0, 255).astype(np.uint8)


def _mux_sound(container: Any, stream: Any, samples: npt.NDArray[np.float32]) -> None:
    for at in range(0, samples.size, 1024):
        part = np.ascontiguousarray(samples[None, at : at + 1024])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts = at
        frame.time_base = Fraction(1, RATE_HZ)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
