"""Films that are odd, but films: each is understood within limits, or refused by its name."""

import json
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from content import decode
from content.decode import DecodeLimits, End
from content.encoders.models import Models
from content.errors import PermanentError
from content.extract import extract
from content.letterbox import Bars
from content.packing import pack_timeline, unpack_timeline
from content.types import seconds_of
from tests import hostile
from tests.synth import Take, make_clip

MODELS = Models(transcript="off")
NTSC = Fraction(30_000, 1001)
LIMITS = DecodeLimits(wall_s=120, memory_bytes=2 * 2**30, cpu_s=60)


def turned(folder: Path) -> Path:
    make_clip(folder / "turned.mp4", [Take(1.0)], rotation=90)
    return folder / "turned.mp4"


def wide_pixels(folder: Path) -> Path:
    make_clip(folder / "wide.mkv", [Take(1.0)], aspect=Fraction(4, 3), size=(240, 180))
    return folder / "wide.mkv"


def clip(folder: Path, *takes: Take) -> Path:
    make_clip(folder / "clip.mp4", takes)
    return folder / "clip.mp4"


def whole_seconds(folder: Path, suffix: str, fps: int | Fraction = 30) -> Path:
    """With sound, its last frame just past 1.9666 s."""
    path = folder / f"clip{suffix}"
    make_clip(path, [Take(2.0)], fps=fps, size=(160, 90), codec="libx264", sound="music")
    return path


FILMS: dict[str, tuple[Callable[[Path], Path], float]] = {
    "variable frame rate": (hostile.variable_rate, 8.84),
    "timestamps going back": (lambda f: hostile.joined(f, [(160, 90)] * 3), 9.0),
    "resolution changes": (lambda f: hostile.joined(f, [(160, 90), (320, 180)]), 6.0),
    "rotated": (turned, 1.0),
    "anamorphic": (wide_pixels, 1.0),
    "10 bits, HDR": (hostile.ten_bit_hdr, 2.0),
    "alpha": (hostile.with_alpha, 2.0),
    "odd size": (hostile.odd_size, 2.0),
    "one frame": (lambda f: clip(f, Take(1 / 24)), 1 / 24),
    "all black": (lambda f: clip(f, Take(1.5, (0, 0, 0), "none", fade_in_s=1e9)), 1.5),
    "a shot a frame": (hostile.shot_a_frame, 3.0),
    "5.1 channels": (lambda f: hostile.sounding(f, "5.1", 48_000, 2.0), 2.0),
    "8 channels, sound longer": (lambda f: hostile.sounding(f, "7.1", 48_000, 60.0), 2.0),
    "8 kHz, sound shorter": (lambda f: hostile.sounding(f, "mono", 8_000, 0.7), 2.0),
    "192 kHz": (lambda f: hostile.sounding(f, "stereo", 192_000, 2.0), 2.0),
    "30 a second, mp4": (lambda f: whole_seconds(f, ".mp4"), 2.0),
    "29.97 a second, transport stream": (lambda f: whole_seconds(f, ".ts", NTSC), 2.002),
    "10⁹ s declared": (hostile.endless_header, 2.0),
    "200 streams": (hostile.many_streams, 1.0),
    "hours of black": (hostile.hours_of_black, 9_000.0),
}


@pytest.mark.parametrize("name", FILMS)
def test_an_odd_film_is_understood(name: str, tmp_path: Path) -> None:
    make, duration_s = FILMS[name]
    told = list[float]()
    found = extract(
        make(tmp_path), MODELS, limits=LIMITS, on_progress=lambda _, done: told.append(done)
    )
    length_s = found.facts.duration_s
    assert length_s == pytest.approx(duration_s, rel=0.05)
    assert found.shots[0].start_s == 0.0 and found.shots[-1].end_s == length_s
    assert all(a.end_s == b.start_s for a, b in pairwise(found.shots))
    assert all(shot.start_s <= shot.keyframe_s < shot.end_s for shot in found.shots)
    assert len(found.shot_facts) == len(found.shots) <= len(found.keyframes)
    json.dumps([found.profile, [vars_of(f) for f in found.shot_facts]], allow_nan=False)
    assert {column.shape for column in found.timeline.values()} == {(seconds_of(length_s),)}
    assert unpack_timeline(pack_timeline(found.timeline)).keys() == found.timeline.keys()
    assert all(0.0 <= done <= 1.0 for done in told)
    assert found.steady == (name not in ("timestamps going back", "resolution changes"))
    for vector in found.vectors.values():
        assert np.linalg.norm(vector.data) == pytest.approx(1.0, abs=1e-3)


def vars_of(facts: object) -> dict[str, object]:
    return {name: getattr(facts, name) for name in ("look", "sound", "words", "mood")}


def parts_of(path: Path, segment_s: float) -> tuple[int, list[float], np.ndarray]:
    """Frames, times of the samples, and the sound, segment by segment."""
    frames, times, sound = 0, list[float](), list[np.ndarray]()
    end: End | None = None
    while end is None or not end.last:
        start_s = end.duration_s if end is not None else 0.0
        for part in decode.analyse(
            path, LIMITS, start_s=start_s, length_s=segment_s, after=end, bars=Bars()
        ):
            match part:
                case decode.Sample():
                    times.append(part.at_s)
                case decode.Sound() if part.at_s >= start_s:
                    sound.append(part.samples)
                case End():
                    end, frames = part, frames + part.frames
    return frames, times, np.concatenate(sound) if sound else np.zeros(0, np.float32)


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
@pytest.mark.parametrize(("fps", "length_s"), [(30, 2.0), (NTSC, 2.002), (25, 2.0)])
def test_a_film_ends_on_the_grid_of_its_frames(
    tmp_path: Path, suffix: str, fps: int | Fraction, length_s: float
) -> None:
    path = whole_seconds(tmp_path, suffix, fps)
    *_, end = decode.analyse(path, LIMITS, bars=Bars())
    assert isinstance(end, End) and end.duration_s == length_s
    assert parts_of(path, 600.0)[2].size == round(length_s * 16_000)


@pytest.mark.parametrize("sizes", [[(160, 90)] * 3, [(160, 90), (320, 180)]])
def test_segments_hold_also_where_time_begins_anew(tmp_path: Path, sizes: list) -> None:
    path = hostile.joined(tmp_path, sizes)
    frames, times, sound = parts_of(path, 600.0)
    assert frames >= 70 * len(sizes) and len(times) == 6 * len(sizes)
    assert parts_of(path, 2.0)[:2] == (frames, times)
    assert sound.size == pytest.approx(3 * 16_000 * len(sizes), abs=1_600)


def test_sound_ends_with_the_pictures_and_is_silent_where_it_lacks(tmp_path: Path) -> None:
    long = parts_of(hostile.sounding(tmp_path, "5.1", 48_000, 30.0), 600.0)[2]
    assert long.size == 2 * 16_000 and np.abs(long[-1_000:]).max() > 0.02
    short = parts_of(hostile.sounding(tmp_path, "mono", 8_000, 0.7), 600.0)[2]
    assert short.size == 2 * 16_000
    assert np.abs(short[:10_000]).max() > 0.2 and np.abs(short[12_000:]).max() < 1e-3


def test_late_sound_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    at_s = np.arange(3 * 48_000) / 48_000
    late = np.where(at_s < 1.5, 0, 0.5 * np.sin(2 * np.pi * 440 * at_s)).astype(np.float32)
    make_clip(path, [Take(3.0)], sound=late, codec="libx264")
    sound = parts_of(path, 600.0)[2]
    heard = np.flatnonzero(np.abs(sound) > 0.1)[0] / 16_000
    assert heard == pytest.approx(1.5, abs=0.03)
    cut = parts_of(path, 1.0)[2]
    assert np.flatnonzero(np.abs(cut) > 0.1)[0] / 16_000 == pytest.approx(heard, abs=1e-3)


def test_the_wall_clock_holds_for_all_segments_together(tmp_path: Path) -> None:
    path = clip(tmp_path, Take(3.0))
    with pytest.raises(PermanentError) as caught:
        extract(
            path,
            MODELS,
            limits=DecodeLimits(wall_s=0.02),
            on_progress=lambda *_: None,
            segment_s=1.0,
        )
    assert caught.value.code == "media_timeout"
