"""Files that no film service should trust. Each maker writes one and returns its path."""

import os
from pathlib import Path

import av
import numpy as np

from tests.synth import RATE_HZ, Take, make_clip, tune


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
