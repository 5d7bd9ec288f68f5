"""Clips for timing at common sizes, made once of the sample clips' real footage."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import av
from av.video.reformatter import Interpolation

from samples.fetch import fetch

FOOTAGE = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")
SOUND = "test.mp4"
FPS, RATE_HZ = 24, 48_000


def clip(width: int, height: int, seconds: int = 40) -> Path:
    """An H.264 film with stereo AAC, cut from the sample clips in turn, in `.cache/bench`."""
    path = Path(".cache/bench").resolve() / f"{width}x{height}-{seconds}s.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft.mp4")
        _write(draft, width, height, seconds)
        draft.replace(path)
    return path


def looped(source: Path, path: Path, seconds: float) -> Path:
    """`source` again and again by stream copy, up to about `seconds`."""
    with av.open(str(path), "w") as out:
        shift_s, streams = 0.0, dict[int, Any]()
        while shift_s < seconds:
            with av.open(str(source)) as media:
                for stream in media.streams:
                    if stream.index not in streams:
                        streams[stream.index] = out.add_stream_from_template(stream)
                length_s = float(media.streams.video[0].duration * media.streams.video[0].time_base)
                for packet in media.demux():
                    if packet.dts is not None and 0 <= packet.pts * packet.time_base < length_s:
                        ticks = round(Fraction(shift_s) / packet.time_base)
                        packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                        packet.stream = streams[packet.stream.index]
                        out.mux(packet)
            shift_s += length_s
    return path


def _write(path: Path, width: int, height: int, seconds: int) -> None:
    clips = fetch(Path(".cache/samples").resolve())
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = out.add_stream("aac", rate=RATE_HZ, layout="stereo")
        frames = _frames([clips[name] for name in FOOTAGE])
        for n, frame in enumerate(islice(frames, FPS * seconds)):
            scaled = frame.reformat(width, height, "yuv420p", interpolation=Interpolation.BICUBIC)
            scaled.pts, scaled.time_base = n, Fraction(1, FPS)
            out.mux(video.encode(scaled))
        out.mux(video.encode(None))
        for frame in _sound(clips[SOUND], seconds):
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))


def _frames(paths: list[Path]) -> Iterator[Any]:
    for path in cycle(paths):
        with av.open(str(path)) as media:
            yield from media.decode(video=0)


def _sound(path: Path, seconds: int) -> Iterator[Any]:
    resampler = av.AudioResampler("fltp", "stereo", RATE_HZ, frame_size=1024)
    sent = 0
    with av.open(str(path)) as media:
        for frame in media.decode(audio=0):
            for part in resampler.resample(frame):
                if sent >= seconds * RATE_HZ:
                    return
                part.pts, part.time_base = sent, Fraction(1, RATE_HZ)
                sent += part.samples
                yield part
