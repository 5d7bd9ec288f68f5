"""Decoding: facts, exact frames, one streamed pass."""

import io
import threading
import time
from fractions import Fraction
from pathlib import Path

import av.error
import numpy as np
import psutil
import pytest

from content import decode, wire
from content.decode import DecodeLimits
from content.errors import PermanentError, TransientError
from content.media import __main__ as answering
from tests.synth import Take, make_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_clip(path, sound="music")
    return path


def children() -> list[psutil.Process]:
    """The decode children of this process, and no other child it may have."""
    every = psutil.Process().children()
    return [child for child in every if "content.media" in child.cmdline()]


def test_probe_tells_the_facts(clip: Path) -> None:
    facts = decode.probe(clip)
    assert (facts.width, facts.height, facts.fps) == (320, 180, 24.0)
    assert facts.duration_s == pytest.approx(4.0, abs=0.05)
    assert facts.has_audio and facts.audio_codec == "aac" and facts.sample_rate_hz == 48_000
    assert facts.video_codec == "mpeg4" and facts.audio_channels == 1


def test_analyse_streams_every_frame_two_samples_a_second_and_all_sound(clip: Path) -> None:
    parts = list(decode.analyse(clip))
    signatures = [p for p in parts if isinstance(p, decode.Signatures)]
    times = [at_s for part in signatures for at_s in part.at_s]
    assert times == pytest.approx([n / 24 for n in range(96)], abs=1e-6)
    assert sum(len(part.pixels) for part in signatures) == 96
    samples = [p for p in parts if isinstance(p, decode.Sample)]
    assert [p.at_s for p in samples] == pytest.approx([n / 2 for n in range(8)])
    assert {p.rgb.shape for p in samples} == {(180, 320, 3)}
    sound = np.concatenate([p.samples for p in parts if isinstance(p, decode.Sound)])
    assert sound.dtype == np.float32 and sound.size == pytest.approx(4 * 16_000, abs=2_000)
    assert isinstance(parts[-1], decode.End)
    assert (parts[-1].frames, parts[-1].bad) == (96, 0)
    assert parts[-1].duration_s == pytest.approx(4.0)


def test_analyse_is_the_same_twice(clip: Path) -> None:
    def sums() -> list[bytes]:
        return [p.rgb.tobytes() for p in decode.analyse(clip) if isinstance(p, decode.Sample)]

    assert sums() == sums()


def test_grab_gives_the_frame_that_is_shown_then(tmp_path: Path) -> None:
    path = tmp_path / "grey.mkv"
    levels = [40, 80, 120, 160, 200]
    make_clip(path, [Take(0.5, (n, n, n), "none") for n in levels], fps=10, codec="libx264")
    asked = [0.0, 0.45, 0.5, 1.26, 2.4, 99.0]
    grabbed = list(decode.grab(path, asked))
    assert [at_s for at_s, _ in grabbed] == pytest.approx([0.0, 0.4, 0.5, 1.2, 2.4, 2.4], abs=1e-3)
    expected = [40, 40, 80, 120, 200, 200]
    assert [rgb.mean() for _, rgb in grabbed] == pytest.approx(expected, abs=6)
    assert {rgb.shape for _, rgb in grabbed} == {(180, 320, 3)}


@pytest.mark.parametrize("times", [[-1.0], [float("nan")], [2.0, 1.0]])
def test_grab_refuses_times_that_are_none(clip: Path, times: list[float]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        list(decode.grab(clip, times))


def test_a_turned_film_is_shown_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    make_clip(path, [Take(0.5, (200, 20, 20), moves=False)], rotation=90, size=(320, 160))
    facts = decode.probe(path)
    assert (facts.width, facts.height) == (160, 320)
    _, rgb = next(iter(decode.grab(path, [0.0])))
    assert rgb.shape == (320, 160, 3)
    sample = next(p for p in decode.analyse(path) if isinstance(p, decode.Sample))
    assert sample.rgb.shape == (320, 160, 3)


def test_wide_pixels_become_square(tmp_path: Path) -> None:
    path = tmp_path / "wide.mkv"
    make_clip(path, [Take(0.5)], aspect=Fraction(4, 3), size=(240, 180))
    facts = decode.probe(path)
    assert (facts.width, facts.height) == (320, 180)
    _, rgb = next(iter(decode.grab(path, [0.0])))
    assert rgb.shape == (180, 320, 3)


def test_one_frame_is_a_film(tmp_path: Path) -> None:
    path = tmp_path / "one.mp4"
    make_clip(path, [Take(1 / 24)])
    parts = list(decode.analyse(path))
    end = parts[-1]
    assert isinstance(end, decode.End) and end.last and end.steady
    assert (end.frames, end.bad) == (1, 0) and end.duration_s == pytest.approx(1 / 24, abs=1e-6)


def test_the_child_waits_for_the_reader_and_goes_with_it(clip: Path) -> None:
    reading = decode.analyse(clip)
    next(reading)
    assert len(children()) == 1
    reading.close()  # type: ignore[attr-defined]
    assert children() == []


@pytest.fixture
def reading_little_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the child of a short clip is not done before the test begins."""
    monkeypatch.setattr(decode, "READ_AHEAD", 1)


@pytest.mark.usefixtures("reading_little_ahead")
def test_the_wall_clock_ends_it(clip: Path) -> None:
    reading = decode.analyse(clip, DecodeLimits(wall_s=1.0))
    with pytest.raises(PermanentError) as caught:
        next(reading)  # on a slow machine not even this is in time
        time.sleep(1.2)
        list(reading)
    assert caught.value.code == "media_timeout"
    assert children() == []


@pytest.mark.usefixtures("reading_little_ahead")
def test_a_child_that_dies_may_be_tried_again(clip: Path) -> None:
    reading = decode.analyse(clip)
    next(reading)
    children()[0].kill()
    with pytest.raises(TransientError) as caught:
        list(reading)
    assert caught.value.code == "media_child_died"


def test_what_ffmpeg_refuses_anywhere_is_unreadable_for_good(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise av.error.InvalidDataError(av.error.tag_to_code(b"INDA"), "no such conversion")

    monkeypatch.setitem(answering.MODES, "grab", refuse)
    said = io.BytesIO()
    with clip.open("rb") as file:
        answering.answer("grab", {"fd": file.fileno(), "max_pixels": 10**6}, said)
    said.seek(0)
    assert (wire.receive(said) or [{}])[0]["code"] == "media_unreadable"


def test_too_little_memory_is_said(clip: Path) -> None:
    with pytest.raises((PermanentError, TransientError)) as caught:
        list(decode.analyse(clip, DecodeLimits(memory_bytes=64 * 2**20)))
    assert caught.value.code in ("media_too_large", "media_child_died")


def test_no_descriptor_is_left_behind(clip: Path) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    decode.probe(clip)
    before = count()
    for _ in range(3):
        decode.probe(clip)
        next(iter(decode.grab(clip, [1.0])))
    assert count() == before
    for timer in [t for t in threading.enumerate() if isinstance(t, threading.Timer)]:
        timer.join(60.0)  # a cancelled one ends in a moment; one left behind waits for its hour
        assert not timer.is_alive()
