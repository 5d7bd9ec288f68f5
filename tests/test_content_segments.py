"""Segments: together they are the film, and a killed one is the only one that is read again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from content import decode, keeping
from content.decode import DecodeLimits, End
from content.encoders.models import Models
from content.extract import extract
from content.film import join
from content.letterbox import Bars
from content.media.clock import AHEAD_S, Clock
from content.media.window import PREROLL_S
from content.segment import MAX_SHOTS, Picture, Segment, Stretch
from content.segments_kept import kept_segments, save_segment
from content.thumbnails import Thumbnails
from content.types import Extraction, MediaFacts
from tests.speech import recorded
from tests.synth import Take, make_clip

MODELS = Models()
TAKES = [
    Take(2.5, (180, 60, 50)),
    Take(2.0, (40, 90, 170), "bars"),
    Take(3.0, (60, 150, 70)),
    Take(1.0, (200, 200, 60), "bars"),
]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    make_clip(path, TAKES, sound="music", codec="libx264")
    return path


def segments_of(path: Path, length_s: float) -> list[list[decode.Part]]:
    """The parts of every segment, pre- and postroll left out."""
    told: list[list[decode.Part]] = []
    end, bars = None, None
    while end is None or not end.last:
        start_s = end.duration_s if end is not None else 0.0
        parts = list(decode.analyse(path, start_s=start_s, length_s=length_s, after=end, bars=bars))
        end, bars = parts[-1], next(p for p in parts if isinstance(p, Bars))  # type: ignore[assignment]
        told.append(parts)
    return told


def frames(parts: list[decode.Part]) -> dict[float, bytes]:
    return {
        at_s: pixels.tobytes()
        for part in parts
        if isinstance(part, decode.Signatures)
        for at_s, pixels in zip(part.at_s, part.pixels, strict=True)
    }


def test_the_parts_of_segments_are_those_of_one(film: Path) -> None:
    [whole] = segments_of(film, 600.0)
    cut = segments_of(film, 3.0)
    assert [parts[-1].duration_s for parts in cut] == pytest.approx([3.0, 6.0, 8.5], abs=2e-3)  # type: ignore[union-attr]
    assert sum(parts[-1].frames for parts in cut) == whole[-1].frames == 204  # type: ignore[union-attr]
    expected = frames(whole)
    for number, parts in enumerate(cut):
        found = frames(parts)
        assert found.items() <= expected.items()
        inside = [at_s for at_s in expected if 3 * number <= at_s < 3 * number + 3]
        assert set(inside) <= found.keys()
        assert min(found) == pytest.approx(max(0, 3 * number - PREROLL_S), abs=0.1)

    def samples(parts: list[decode.Part]) -> list[tuple[float, bytes]]:
        return [(p.at_s, p.rgb.tobytes()) for p in parts if isinstance(p, decode.Sample)]

    assert [sample for parts in cut for sample in samples(parts)] == samples(whole)


def test_sound_lies_on_the_film_s_clock_in_every_segment(tmp_path: Path) -> None:
    path = tmp_path / "sweep.mp4"
    at_s = np.arange(8 * 48_000) / 48_000
    sweep = (0.4 * np.sin(2 * np.pi * (200 + 150 * at_s) * at_s)).astype(np.float32)
    make_clip(path, [Take(8.0)], sound=sweep)

    def sound(parts: list[decode.Part], start_s: float) -> tuple[np.ndarray, np.ndarray]:
        mine = [p for p in parts if isinstance(p, decode.Sound) and p.at_s >= start_s]
        return np.concatenate([p.samples for p in mine]), np.concatenate([p.power for p in mine])

    [whole] = segments_of(path, 600.0)
    expected = sound(whole, 0.0)
    cut = [sound(parts, 3.0 * n) for n, parts in enumerate(segments_of(path, 3.0))]
    samples, power = (np.concatenate(part) for part in zip(*cut, strict=True))
    assert samples.size == expected[0].size == 8 * 16_000 and power.size == 80
    assert np.abs(samples - expected[0]).max() < 1e-3
    assert np.abs(power - expected[1]).max() < 1e-3 * expected[1].max()
    reference = np.interp(np.arange(samples.size) / 16_000, at_s, sweep)
    assert np.corrcoef(samples[:64_000], reference[:64_000])[0, 1] > 0.99


def understand(path: Path, folder: Path | None, segment_s: float) -> Extraction:
    return extract(
        path,
        MODELS,
        limits=DecodeLimits(),
        on_progress=lambda *_: None,
        folder=folder,
        segment_s=segment_s,
    )


KILLED = """
import os, signal, sys
from pathlib import Path
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract

film, folder = Path(sys.argv[1]), Path(sys.argv[2])

def on_progress(stage, fraction):
    if (folder / "segments" / "segment-0000.msgpack").exists():
        os.kill(os.getpid(), signal.SIGKILL)

limits = DecodeLimits()
extract(film, Models(), limits=limits, on_progress=on_progress, folder=folder, segment_s=3.0)
"""


def test_a_kill_costs_one_segment(film: Path, tmp_path: Path) -> None:
    undisturbed = understand(film, None, 3.0)
    kept_in = tmp_path / "killed"
    folder = kept_in / "segments"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(film), str(kept_in)], check=False)
    assert killed.returncode == -9
    assert [path.name for path in folder.glob("segment-*")] == ["segment-0000.msgpack"]
    before = (folder / "segment-0000.msgpack").stat()
    resumed = understand(film, kept_in, 3.0)
    after = (folder / "segment-0000.msgpack").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert len(list(folder.glob("segment-*"))) == 3
    keeping.save(undisturbed, tmp_path / "a")
    keeping.save(resumed, tmp_path / "b")
    name = "extraction.msgpack"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    path, folder = tmp_path / "film.mp4", tmp_path / "segments"
    make_clip(path, [Take(1.0)])
    assert understand(path, folder, 3.0).facts.duration_s == pytest.approx(1.0)
    make_clip(path, [Take(2.0)])
    assert understand(path, folder, 3.0).facts.duration_s == pytest.approx(2.0)


def test_segments_make_the_same_film(film: Path) -> None:
    whole, cut = understand(film, None, 600.0), understand(film, None, 3.0)
    assert len(cut.shots) == len(whole.shots) == 4
    for one, other in zip(whole.shots, cut.shots, strict=True):
        assert one.start_s == pytest.approx(other.start_s, abs=1 / 24)
        assert (one.end_s, one.boundary) == (pytest.approx(other.end_s, abs=1 / 24), other.boundary)
    assert whole.shots[0].boundary == "start" and whole.shots[1].boundary == "cut"
    assert whole.timeline.keys() == cut.timeline.keys()
    assert all(column.shape == (9,) for column in cut.timeline.values())
    for name, column in whole.timeline.items():
        assert np.allclose(column, cut.timeline[name], atol=0.02, equal_nan=True), name
    assert len(cut.shot_facts) == 4 and len(cut.keyframes) >= 4


def test_shots_are_counted_over_all_segments(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_SHOTS >= 5000
    monkeypatch.setattr("content.segment.MAX_SHOTS", 3)
    for segment_s in (3.0, 600.0):
        shots = understand(film, None, segment_s).shots
        assert len(shots) == 3
        assert shots[-1].end_s == pytest.approx(8.5, abs=0.1)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real speech beside a still picture; sentences go on over multiples of 4 s."""
    path = tmp_path_factory.mktemp("spoken") / "spoken.mp4"
    sound, _ = recorded()
    at_s = np.arange(round(15.0 * 48_000)) / 48_000
    wave = np.interp(at_s, np.arange(sound.size) / 16_000, sound).astype(np.float32)
    make_clip(path, [Take(15.0)], sound=wave)
    return path


def test_a_sentence_is_heard_whole_over_a_border(spoken: Path, tmp_path: Path) -> None:
    whole, cut = (understand(spoken, tmp_path / str(s), s) for s in (600.0, 4.0))
    said = [line["text"] for line in whole.profile["words"]["transcript"]]
    assert len(said) >= 2
    assert [line["text"] for line in cut.profile["words"]["transcript"]] == said
    [*parts] = (tmp_path / "4.0" / "segments").iterdir()
    assert len(parts) == 4
    last = parts[0].with_name("segment-0003.msgpack")
    before = last.read_bytes()
    last.unlink()  # as after a kill
    again = understand(spoken, tmp_path / "4.0", 4.0)
    assert last.read_bytes() == before
    assert again.profile["words"] == cut.profile["words"]


def a_segment(film: Path, folder: Path) -> Segment:
    from content.segment import read_segment

    return read_segment(
        film,
        MODELS,
        limits=DecodeLimits(),
        start_s=0.0,
        length_s=2.0,
        before=None,
        language=None,
        thumbnails=Thumbnails(folder),
        on_progress=lambda _: None,
    )


def test_what_cannot_be_taken_up_is_read_again(film: Path, tmp_path: Path) -> None:
    segment = a_segment(film, tmp_path / "small")
    save_segment(segment, tmp_path, 0, "these models")
    [kept] = kept_segments(tmp_path, "these models")
    assert kept.end == segment.end and kept.facts == segment.facts and kept.bars == segment.bars
    assert kept.look.tobytes() == segment.look.tobytes() and kept.look.dtype == np.float32
    assert kept.sound is not None and np.array_equal(kept.sound, segment.sound)
    assert list(kept_segments(tmp_path, "other models")) == []
    path = tmp_path / "segment-0000.msgpack"
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"\x93\x01\x02\x03"):
        path.write_bytes(broken)
        assert list(kept_segments(tmp_path, "these models")) == []


def picture(at_s: float, sharpness: float) -> Picture:
    unit = np.ones(1, np.float32)
    return Picture(at_s, 0.5, 0.3, sharpness, unit, unit, {})


def kept(start_s: float, end_s: float, last: bool, *stretches: Stretch) -> Segment:
    return Segment(
        start_s=start_s,
        end=End(end_s, 1, 0, last=last),
        facts=MediaFacts(99.0, 24.0, 320, 180, False, "h264"),
        bars=Bars(),
        stretches=stretches,
        look_s=np.zeros(0),
        look=np.zeros((0, 1), np.float32),
        motion=np.zeros((0, 3)),
        sound=None,
        power=None,
        lines=(),
    )


def test_a_border_that_is_no_boundary_disappears() -> None:
    joined = join(
        [
            kept(0, 10, False, Stretch(0, 10, "start", 1.0, (picture(3, 0.2), picture(5, 0.1)))),
            kept(
                10,
                20,
                True,
                Stretch(10, 14, None, 1.0, (picture(11, 0.9), picture(12, 0.3))),
                Stretch(14, 20, "dissolve", 0.8, (picture(16, 0.5),)),
            ),
        ]
    )
    assert [(s.start_s, s.end_s, s.keyframe_s) for s in joined.shots] == [(0, 14, 11), (14, 20, 16)]
    assert [(s.boundary, s.confidence) for s in joined.shots] == [("start", 1.0), ("dissolve", 0.8)]
    assert [p.at_s for p in joined.pictures[0]] == [11, 12, 3, 5]
    assert joined.facts.duration_s == 20


def test_what_lies_between_a_boundary_and_a_border_is_kept() -> None:
    # A cut just before the border: no sample fell in between, the shot goes on behind.
    first = kept(
        0,
        10,
        False,
        Stretch(0, 9.9, "start", 1.0, (picture(3, 0.2),)),
        Stretch(9.9, 10, "cut", 0.7, ()),
    )
    goes_on = kept(10, 20, True, Stretch(10, 20, None, 1.0, (picture(11, 0.9),)))
    assert [(s.start_s, s.boundary) for s in join([first, goes_on]).shots] == [
        (0, "start"),
        (9.9, "cut"),
    ]
    # The same cut placed once before and once behind the border is one.
    twice = kept(
        10,
        20,
        True,
        Stretch(10, 10.04, None, 1.0, (picture(10, 0.9),)),
        Stretch(10.04, 20, "cut", 0.9, (picture(11, 0.9),)),
    )
    assert [s.start_s for s in join([first, twice]).shots] == [0, 9.9]
    # At the film's end what has no picture belongs to the shot before.
    assert [s.end_s for s in join([replace_end(first)]).shots] == [10]


def replace_end(segment: Segment) -> Segment:
    from dataclasses import replace

    return replace(segment, end=replace(segment.end, last=True))


def test_the_clock_keeps_jitter_and_bridges_resets() -> None:
    clock = Clock(zero_s=5.0)
    placed = [clock.place(at_s, 0.04) for at_s in (5.0, 5.04, 5.2, 5.16)]
    assert placed == pytest.approx([0.0, 0.04, 0.2, 0.16]) and clock.resets == 0
    assert clock.place(None, 0.04) == pytest.approx(0.2)
    assert clock.place(0.0, 0.04) == pytest.approx(0.24) and clock.resets == 1
    assert clock.place(0.04, 0.04) == pytest.approx(0.28) and clock.resets == 1
    assert clock.place(0.08 + 2 * AHEAD_S, 0.04) == pytest.approx(0.32) and clock.resets == 2
