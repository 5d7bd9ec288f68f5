"""Files that no film service should trust. Each maker writes one and returns its path."""

import os
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.synth import RATE_HZ, Take, make_clip, pictures, tune


def empty(folder: Path) -> Path:
    """No bytes at all."""
    path = folder / "empty.mp4"
    path.write_bytes(b"")
    return path


def text(folder: Path) -> Path:
    """Prose that calls itself a film."""
    path = folder / "text.mp4"
    path.write_text("Call me Ishmael. Some years ago, never mind how long precisely.\n" * 40)
    return path


def cut_at_half(folder: Path, suffix: str = ".mp4") -> Path:
    """An mp4 (its index at the end is lost) or another container, cut in the middle."""
    path = folder / f"half{suffix}"
    make_clip(path, [Take(4.0), Take(4.0, (20, 90, 180), "bars")])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def fast_start_cut_at_half(folder: Path) -> Path:
    """An mp4 whose index comes first, cut in the middle: it opens, and lacks half its frames."""
    whole, path = folder / "whole.mp4", folder / "faststart_half.mp4"
    make_clip(whole, [Take(4.0), Take(4.0, (20, 90, 180), "bars")])
    with (
        av.open(str(whole)) as source,
        av.open(str(path), "w", options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def audio_only(folder: Path, suffix: str = ".m4a") -> Path:
    """Sound without pictures."""
    path = folder / f"audio{suffix}"
    codec = {".m4a": "aac", ".wav": "pcm_s16le", ".mp3": "mp3"}[suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE_HZ, layout="mono")
        samples = (tune("tone", 1.0) * 32000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        resampler = av.AudioResampler(stream.format, "mono", RATE_HZ, stream.frame_size or None)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def hls_playlist(folder: Path, address: str) -> Path:
    """An HLS playlist that names `address`, renamed."""
    path = folder / "hls.mp4"
    path.write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n"
        f"#EXTINF:10,\n{address}\n#EXT-X-ENDLIST\n"
    )
    return path


def ffconcat(folder: Path, other: Path) -> Path:
    """An ffconcat script that names `other`, renamed."""
    path = folder / "concat.mp4"
    path.write_text(f"ffconcat version 1.0\nfile '{other}'\n")
    return path


def unknown_codec(folder: Path) -> Path:
    """An mp4 whose video has a four-character code that nobody knows."""
    path = folder / "codec.mp4"
    make_clip(path, [Take(0.5)], codec="libx264")
    data = path.read_bytes()
    at = data.rindex(b"avc1")
    path.write_bytes(data[:at] + b"zz9z" + data[at + 4 :])
    return path


def huge_header(folder: Path) -> Path:
    """A small AVI whose header claims 65,535 × 65,535 px."""
    path = folder / "huge.avi"
    make_clip(path, [Take(0.1)], codec="rawvideo")
    data = path.read_bytes()
    size = (320).to_bytes(4, "little") + (180).to_bytes(4, "little")
    claimed = (65535).to_bytes(4, "little") * 2
    assert size in data
    path.write_bytes(data.replace(size, claimed))
    return path


def fifo(folder: Path) -> Path:
    """A named pipe: opening it the usual way would block for ever."""
    path = folder / "fifo.mp4"
    os.mkfifo(path)
    return path


# ----- films, but odd ones


def frames_at(
    path: Path,
    times_s: Sequence[float],
    shown: Sequence[np.ndarray],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    hz: int = 1000,
) -> Path:
    """A clip with a frame at each of those times, its timestamps in ticks of 1 / `hz`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = shown[0].shape[:2]
        stream.pix_fmt = pixels
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "20"}
        stream.codec_context.time_base = Fraction(1, hz)
        kind = "rgba" if shown[0].shape[2] == 4 else "rgb24"
        for at_s, picture in zip(times_s, shown, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format=kind)
            frame.pts, frame.time_base = round(at_s * hz), Fraction(1, hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def scenes(seconds: float, fps: int = 25, size: tuple[int, int] = (160, 90)) -> list[np.ndarray]:
    """Two shots of equal length."""
    takes = [Take(seconds / 2, (180, 60, 50)), Take(seconds / 2, (40, 90, 170), "bars")]
    return list(pictures(takes, fps, size))


def variable_rate(folder: Path) -> Path:
    """25 frames a second, then 5, then 50, and a gap of 3 s."""
    steps = [0.04] * 50 + [0.2] * 10 + [0.02] * 50 + [3.0] + [0.04] * 20
    times = np.concatenate([[0], np.cumsum(steps)]).tolist()
    return frames_at(folder / "vfr.mkv", times, (scenes(6.0) * 2)[: len(times)])


def joined(folder: Path, sizes: Sequence[tuple[int, int]]) -> Path:
    """Transport streams of 3 s one behind the other, as `cat` does: time begins anew each time."""
    path = folder / "joined.ts"
    data = b""
    for n, size in enumerate(sizes):
        part = folder / f"part{n}.ts"
        takes = [Take(3.0, ((180, 60, 50), (40, 90, 170))[n % 2], ("disc", "bars")[n % 2])]
        make_clip(part, takes, size=size, codec="libx264", sound="tone")
        data += part.read_bytes()
    path.write_bytes(data)
    return path


def ten_bit_hdr(folder: Path) -> Path:
    """10 bits, BT.2020 with the transfer of PQ (SMPTE ST 2084)."""
    path = folder / "hdr.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=25, options={"x265-params": "log-level=0"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, 16, 9
        for picture in scenes(2.0):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p10le")))
        container.mux(stream.encode(None))
    return path


def with_alpha(folder: Path) -> Path:
    """A film whose pixels have an opacity."""
    opaque = [np.dstack([p, np.full(p.shape[:2], 128, np.uint8)]) for p in scenes(2.0)]
    times = [n / 25 for n in range(50)]
    return frames_at(folder / "alpha.mov", times, opaque, codec="qtrle", pixels="argb", hz=25)


def odd_size(folder: Path) -> Path:
    """159 × 89 px."""
    odd = [p[:89, :159].copy() for p in scenes(2.0)]
    times = [n / 25 for n in range(50)]
    return frames_at(folder / "odd.mkv", times, odd, pixels="yuv444p")


def shot_a_frame(folder: Path) -> Path:
    """Every frame is another picture."""
    noise = np.random.default_rng(4)
    wild = [
        noise.integers(0, 255, (9, 16, 3), np.uint8).repeat(10, 0).repeat(10, 1) for _ in range(75)
    ]
    return frames_at(folder / "wild.mkv", [n / 25 for n in range(75)], wild)


def sounding(folder: Path, layout: str, rate: int, sound_s: float = 3.0) -> Path:
    """2 s of pictures with a 440 Hz tone in the first channel of any layout and rate."""
    path = folder / "sounding.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=rate, layout=layout)
        for picture in scenes(2.0):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        channels = audio.codec_context.layout.nb_channels
        wave = np.zeros((round(sound_s * rate), channels), np.int16)
        at_s = np.arange(len(wave)) / rate
        wave[:, 0] = 8000 * np.sin(2 * np.pi * 440 * at_s)
        for at in range(0, len(wave), rate // 10):
            part = np.ascontiguousarray(wave[at : at + rate // 10].reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def endless_header(folder: Path) -> Path:
    """A Matroska film of 2 s whose header says that it lasts 10⁹ s."""
    path = folder / "endless.mkv"
    make_clip(path, [Take(2.0)], codec="libx264")
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88")  # Duration, a float of 8 bytes, in ms
    data[at + 3 : at + 11] = struct.pack(">d", 1e12)
    path.write_bytes(data)
    return path


def many_streams(folder: Path, count: int = 200) -> Path:
    """One film among 199 tracks of sound."""
    path = folder / "many.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        tracks = [
            container.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(count - 1)
        ]
        for picture in scenes(1.0):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        for track in tracks:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
            container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def hours_of_black(folder: Path, hours: float = 2.5) -> Path:
    """Nothing to see, one frame in ten seconds."""
    path = folder / "black.mkv"
    black = np.zeros((90, 160, 3), np.uint8)
    times = [10.0 * n for n in range(round(hours * 360))]
    return frames_at(path, times, [black] * len(times))
