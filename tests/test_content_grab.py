"""Frames by their time are those of a full decode, bit for bit, whatever is skipped on the way."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from content import decode
from content.media.moments import Moments
from content.media.source import Source
from tests import hostile

FRAMES, FPS = 90, 10
PYRAMID = "bframes=3:b-pyramid=2:b-adapt=0:keyint=24:min-keyint=24:scenecut=0"
FILMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "H.264, mp4": (".mp4", "libx264", {"x264-params": PYRAMID}),
    "H.264, open groups, mp4": (".mp4", "libx264", {"x264-params": PYRAMID + ":open-gop=1"}),
    "H.264, open groups, mkv": (".mkv", "libx264", {"x264-params": PYRAMID + ":open-gop=1"}),
    "H.264, transport stream": (".ts", "libx264", {"x264-params": PYRAMID}),
    "H.264, never a keyframe": (".ts", "libx264", {"x264-params": "intra-refresh=1:keyint=24"}),
    "HEVC": (".mp4", "libx265", {"x265-params": "keyint=24:log-level=0"}),
    "VP9": (".webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "g": "24"}),
    "AV1": (".mp4", "libsvtav1", {"preset": "12", "g": "24", "svtav1-params": "lp=1"}),
    "MPEG-2": (".ts", "mpeg2video", {"bf": "2", "g": "12"}),
    "MPEG-4, transport stream": (".ts", "mpeg4", {"bf": "2", "g": "12"}),
    "H.264, open groups, transport stream": (
        ".ts",
        "libx264",
        {"x264-params": PYRAMID + ":open-gop=1"},
    ),
    "MPEG-4": (".avi", "mpeg4", {"bf": "2", "g": "12"}),
}


@contextmanager
def scheduling_kept() -> Iterator[None]:
    """SVT-AV1, run by root, gives the thread that opens it real-time priority for good; whatever
    that thread starts later inherits it, and nothing else on the machine has a turn."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


def make(folder: Path, name: str, *, steps: list[float] | None = None) -> Path:
    """Frames of noise that drifts, each unlike the others, at even times or after `steps`."""
    suffix, codec, options = FILMS[name]
    path = folder / f"film{suffix}"
    hz = 90_000 if suffix == ".ts" else 1000
    noise = np.random.default_rng(1).integers(30, 220, (80, 400, 3), np.uint8)
    at_s = 0.0
    with scheduling_kept(), av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 80, "yuv420p"
        if steps is not None:
            stream.codec_context.time_base = Fraction(1, hz)
        for n in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(noise[:, 3 * n : 3 * n + 128].copy(), "rgb24")
            if steps is not None:
                frame.pts, frame.time_base = round(at_s * hz), Fraction(1, hz)
                at_s += steps[n % len(steps)]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield Source(fd, 10**6)
    finally:
        os.close(fd)


def luma(frame: av.VideoFrame) -> bytes:
    return frame.to_ndarray(format="gray").tobytes()


def agree(path: Path) -> None:
    with av.open(str(path)) as container:
        shown = [(frame.time, luma(frame)) for frame in container.decode(video=0)]
    assert len(shown) >= FRAMES - 2
    starts = np.array([at_s - shown[0][0] for at_s, _ in shown])
    draw = np.random.default_rng(len(path.name))
    asked = [starts, starts[::7] + 0.03, np.array([0.0, starts[-1] + 9.0])]
    asked += [np.sort(draw.uniform(0, starts[-1] + 0.2, n)) for n in (2, 5, 9, 20)]
    for times in asked:
        with opened(path) as source:
            moments = Moments(source, steady=True)
            for at_s in times.tolist():
                found = moments.at(at_s)
                expected = max(0, int(np.searchsorted(starts, at_s + 5e-4, "right")) - 1)
                assert found.at_s == pytest.approx(starts[expected], abs=1e-5)
                assert luma(found.frame) == shown[expected][1], (at_s, starts[expected])


@pytest.mark.parametrize("name", FILMS)
def test_a_frame_is_that_of_a_full_decode(name: str, tmp_path: Path) -> None:
    agree(make(tmp_path, name))


@pytest.mark.parametrize("name", ["H.264, mp4", "H.264, open groups, mkv"])
def test_a_frame_is_exact_at_a_variable_rate(name: str, tmp_path: Path) -> None:
    agree(make(tmp_path, name, steps=[0.02, 0.04, 0.1, 0.9, 0.02]))


def test_moments_are_found_where_time_begins_anew(tmp_path: Path) -> None:
    """As the analysis counts, also where only its end says that timestamps were reset."""
    path = hostile.joined(tmp_path, [(160, 90)] * 3)
    parts = list(decode.analyse(path))
    end = parts[-1]
    assert isinstance(end, decode.End) and not end.steady
    samples = {p.at_s: p.rgb for p in parts if isinstance(p, decode.Sample) and p.at_s >= 1}
    found = list(decode.grab(path, list(samples), steady=end.steady))
    assert [at_s for at_s, _ in found] == list(samples)
    for (_, rgb), small in zip(found, samples.values(), strict=True):
        assert np.abs(rgb.astype(int) - small).mean() < 4


def test_where_timestamps_do_not_help_frames_are_counted(tmp_path: Path) -> None:
    with opened(make(tmp_path, "H.264, mp4")) as source:
        expected = [Moments(source, steady=True).at(at_s) for at_s in (2.03, 6.4)]
    with opened(make(tmp_path, "H.264, mp4")) as source:
        source.film_s = lambda stamp: None
        moments = Moments(source, steady=True)
        found = [moments.at(at_s) for at_s in (2.03, 6.4)]
    assert [one.at_s for one in found] == [one.at_s for one in expected] == [2.0, 6.4]
    assert [luma(one.frame) for one in found] == [luma(one.frame) for one in expected]


def test_moments_of_one_group_are_read_on_to_and_idle_frames_spared(tmp_path: Path) -> None:
    with opened(make(tmp_path, "H.264, mp4")) as source:
        seeks, decoded = list[float](), list[int]()
        seek, one = source.seek, source.decoded
        source.seek = lambda to_s: (seeks.append(to_s), seek(to_s))[1]
        source.decoded = lambda packet: (f := one(packet), decoded.append(len(f)))[0]
        moments = Moments(source, steady=True)
        for at_s in (0.5, 1.0, 1.5, 2.0, 7.3, 8.0):
            moments.at(at_s)
    assert len(seeks) == 2
    assert sum(decoded) < 45
