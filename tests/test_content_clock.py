"""The film's clock: gaps are kept, resets are closed, and sound stays with its pictures."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from content import decode
from content.decode import DecodeLimits, End
from content.encoders.models import Models
from content.extract import extract
from content.letterbox import Bars
from content.media.clock import Clock

LIMITS = DecodeLimits(wall_s=60, memory_bytes=2 * 2**30, cpu_s=60)
HZ = 8_000


def film(
    path: Path, frames: list[tuple[float, float]], heard: list[tuple[float, float]] | None = None
) -> Path:
    """A film of frames (start, length) in s, and of a tone in some stretches (start, end)."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        video.codec_context.time_base = video.time_base = Fraction(1, 1000)
        video.codec_context.max_b_frames = 0
        audio = None
        if heard is not None:
            audio = container.add_stream("pcm_s16le", rate=HZ, layout="mono")
        packets = list(_pictures(video, frames))
        for start_s, end_s in heard or ():
            packets += _tone(audio, start_s, end_s)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def _pictures(stream, frames: list[tuple[float, float]]):
    lengths = {round(1000 * at_s): round(1000 * length_s) for at_s, length_s in frames}
    for n, at in enumerate(lengths):
        grey = np.full((32, 32, 3), 40 + 60 * (n % 3), np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
        frame.pts, frame.time_base = at, Fraction(1, 1000)
        yield from _lasting(stream.encode(frame), lengths)
    yield from _lasting(stream.encode(None), lengths)


def _lasting(packets, lengths: dict[int, int]):
    for packet in packets:
        packet.duration = lengths[packet.pts]
        yield packet


def _tone(stream, start_s: float, end_s: float):
    for at in range(round(start_s * HZ), round(end_s * HZ), HZ // 10):
        wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(at, at + HZ // 10) / HZ)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = HZ, at, Fraction(1, HZ)
        yield from stream.encode(frame)


def read(path: Path, segment_s: float = 600.0) -> tuple[End, int, np.ndarray]:
    """The last end, the frames of all segments, the seconds in which something is heard."""
    frames, sound = 0, list[np.ndarray]()
    end: End | None = None
    while end is None or not end.last:
        start_s = end.duration_s if end is not None else 0.0
        for part in decode.analyse(
            path, LIMITS, start_s=start_s, length_s=segment_s, after=end, bars=Bars()
        ):
            if isinstance(part, decode.Sound) and part.at_s >= start_s:
                sound.append(part.samples)
            elif isinstance(part, End):
                end, frames = part, frames + part.frames
    samples = np.concatenate(sound) if sound else np.zeros(0)
    whole = np.pad(samples, (0, -samples.size % 16_000)).reshape(-1, 16_000)
    return end, frames, np.flatnonzero(np.abs(whole).max(axis=1, initial=0.0) > 0.1)


def steps(start_s: float, count: int, step_s: float = 0.1) -> list[tuple[float, float]]:
    return [(start_s + n * step_s, step_s) for n in range(count)]


@pytest.mark.parametrize("segment_s", [600.0, 30.0])
def test_sound_after_a_long_gap_keeps_its_place(tmp_path: Path, segment_s: float) -> None:
    path = film(tmp_path / "gap.mkv", steps(0.0, 200, 0.5), [(0.0, 3.0), (80.0, 82.0)])
    end, _, heard = read(path, segment_s)
    assert end.duration_s == pytest.approx(100.0, abs=0.5) and end.steady
    assert heard.tolist() == [0, 1, 2, 80, 81]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize("segment_s", [600.0, 20.0])
def test_a_picture_may_be_held_for_long(tmp_path: Path, suffix: str, segment_s: float) -> None:
    frames = [*steps(0.0, 10), (1.0, 70.0), *steps(71.0, 10)]
    end, count, _ = read(film(tmp_path / f"held{suffix}", frames), segment_s)
    assert end.duration_s == pytest.approx(72.0, abs=0.11) and end.steady and count == 21


@pytest.mark.parametrize("segment_s", [600.0, 4.0])
def test_the_last_picture_may_be_held_for_long(tmp_path: Path, segment_s: float) -> None:
    path = film(tmp_path / "last.mp4", [*steps(0.0, 10), (1.0, 15.0)])
    end, count, _ = read(path, segment_s)
    assert end.duration_s == pytest.approx(16.0, abs=0.01) and count == 11


def test_segments_without_a_frame_are_understood(tmp_path: Path) -> None:
    path = film(tmp_path / "held.mp4", [*steps(0.0, 10), (1.0, 15.0)], [(0.0, 10.0)])
    found = extract(
        path,
        Models(transcript="off"),
        limits=LIMITS,
        on_progress=lambda *_: None,
        segment_s=4.0,
    )
    assert found.shots[0].start_s == 0.0
    assert found.shots[-1].end_s == found.facts.duration_s == pytest.approx(16.0, abs=0.01)
    assert {column.shape for column in found.timeline.values()} == {(16,)}


def test_a_jump_ahead_is_a_gap_within_the_film_and_a_reset_beyond_it() -> None:
    clock = Clock(5.0, until_s=200.0)
    assert [clock.place(at, 1.0) for at in (5.0, 6.0, 150.0)] == [0.0, 1.0, 145.0]
    assert clock.resets == 0
    assert clock.place(900.0, 1.0) == 146.0 and clock.resets == 1
    assert clock.place(901.0, 1.0) == 147.0
    anew = Clock(0.0)
    assert [anew.place(at, 1.0) for at in (0.0, 50.0, 150.0)] == [0.0, 50.0, 51.0]


@pytest.mark.parametrize("first", ["pictures", "sound"])
def test_sound_shares_the_resets_of_its_pictures(first: str) -> None:
    """The sound of the first part is 0.4 s shorter than its pictures."""
    pictures = Clock(0.0)
    sound = Clock(0.0, leader=pictures)
    for n in range(10):
        pictures.place(float(n), 1.0)
        sound.place(0.96 * n, 0.96)
    parts = {"pictures": lambda: pictures.place(0.0, 1.0), "sound": lambda: sound.place(0.0, 0.1)}
    parts.pop(first)()
    next(iter(parts.values()))()
    assert pictures.place(1.0, 1.0) == 11.0
    assert sound.place(0.1, 0.1) == 10.1
    assert pictures.resets == 1


def test_sound_that_is_missing_where_time_may_begin_anew_is_missing() -> None:
    pictures = Clock(0.0)
    sound = Clock(0.0, leader=pictures)
    sound.place(0.0, 1.0)
    for n in range(200):
        pictures.place(float(n), 1.0)
    assert sound.place(198.0, 0.1) == 198.0 and sound.resets == 0
    assert Clock(0.0, leader=sound).place(198.0, 0.1) == 198.0
