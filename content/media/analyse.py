"""One pass over every frame and all sound."""

import math
from dataclasses import asdict
from typing import Any, BinaryIO

import numpy as np
from av.audio.resampler import AudioResampler
from av.video.reformatter import Interpolation, VideoReformatter

from content import wire
from content.errors import PermanentError
from content.media.source import Source, check_size, pixels
from content.types import F32, U8

SAMPLES_PER_S = 2
SAMPLE_SIDE_PX = 480
SIGNATURE_PX = 64, 36
SOUND_HZ = 16_000
TRUNCATED_BELOW = 0.75
"""Of the declared length: less than this decoded means that the file was cut."""


def analyse(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """One pass: a signature of every frame, a small picture twice a second, the sound."""
    facts = source.facts()
    wire.send(out, {"kind": "facts", **asdict(facts)})
    pictures, sound = _Pictures(source, out), _Sound(out)
    streams = [s for s in (source.video, source.audio) if s is not None]
    for packet in source.packets(*streams):
        for frame in source.decoded(packet):
            if packet.stream is source.video:
                pictures.add(frame)
            else:
                sound.add(frame)
    pictures.flush()
    sound.finish()
    _check_complete(max(pictures.end_s, sound.end_s), facts.duration_s, pictures.count)
    end = {"kind": "end", "duration_s": pictures.end_s, "frames": pictures.count, "bad": source.bad}
    wire.send(out, end)


def _check_complete(decoded_s: float, declared_s: float, frames: int) -> None:
    if not frames:
        raise PermanentError("media_no_frames", "not one frame of the video can be decoded")
    if decoded_s < TRUNCATED_BELOW * declared_s:
        raise PermanentError(
            "media_truncated",
            f"the file declares {declared_s:.1f} s, only {decoded_s:.1f} s can be decoded: "
            "the copy is incomplete",
        )


class _Pictures:
    """Makes signatures and samples of the frames; keeps at most half a second of signatures."""

    def __init__(self, source: Source, out: BinaryIO) -> None:
        self.source, self.out = source, out
        self.count = 0
        self.end_s = 0.0
        self._grid = -1
        self._last_s = 0.0
        self._small, self._middle = VideoReformatter(), VideoReformatter()
        self._times: list[float] = []
        self._signatures: list[U8] = []

    def add(self, frame: Any) -> None:
        check_size(frame.width, frame.height, self.source.max_pixels)
        at_s = self._time(frame)
        self._times.append(at_s)
        self._signatures.append(self._signature(frame))
        grid = math.floor(at_s * SAMPLES_PER_S + 1e-6)
        if grid > self._grid or len(self._times) >= 64:
            self.flush()
        if grid > self._grid:
            self._grid = grid
            wire.send_array(self.out, {"kind": "sample", "at_s": at_s}, self._sample(frame))

    def flush(self) -> None:
        if self._times:
            meta = {"kind": "signatures", "at_s": self._times}
            wire.send_array(self.out, meta, np.stack(self._signatures))
        self._times, self._signatures = [], []

    def _time(self, frame: Any) -> float:
        """Seconds since the first frame; strictly growing, whatever the timestamps do."""
        step = 1 / self.source.fps
        at_s = self.end_s if frame.time is None else frame.time - self.source.zero_s
        if self.count == 0:
            at_s = 0.0
        elif at_s <= self._last_s:
            at_s = self._last_s + step
        self._last_s = at_s
        length = float(frame.duration * frame.time_base) if frame.duration else step
        self.end_s = at_s + (length if 0 < length < 10 else step)
        self.count += 1
        return at_s

    def _signature(self, frame: Any) -> U8:
        # One size for all: the pictures are only ever compared with each other.
        picture = self._small.reformat(
            frame, *SIGNATURE_PX, "bgr24", interpolation=Interpolation.FAST_BILINEAR
        )
        return pixels(picture)

    def _sample(self, frame: Any) -> U8:
        width, height = self.source.display_size(frame.width, frame.height)
        scale = min(1.0, SAMPLE_SIDE_PX / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = self._middle.reformat(frame, *size, "rgb24", interpolation=Interpolation.AREA)
        return self.source.upright(pixels(picture))


class _Sound:
    """Makes 16 kHz mono float32 of the sound and sends it second by second."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.end_s = 0.0
        self._resampler = self._new()
        self._pending: list[F32] = []
        self._held = 0

    @staticmethod
    def _new() -> AudioResampler:
        return AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)

    def add(self, frame: Any) -> None:
        try:
            frames = self._resampler.resample(frame)
        except ValueError:  # rate or layout changed in the middle of the stream
            self._resampler = self._new()
            frames = self._resampler.resample(frame)
        self._take(frames)
        if self._held >= SOUND_HZ:
            self._flush()

    def finish(self) -> None:
        try:
            self._take(self._resampler.resample(None))
        except ValueError:  # nothing was ever fed
            return
        self._flush()

    def _take(self, frames: list[Any]) -> None:
        for frame in frames:
            samples = frame.to_ndarray().reshape(-1)
            self._pending.append(samples)
            self._held += samples.size
            self.end_s += samples.size / SOUND_HZ

    def _flush(self) -> None:
        if self._held:
            samples = np.nan_to_num(np.concatenate(self._pending))
            wire.send_array(self.out, {"kind": "sound"}, samples)
        self._pending, self._held = [], 0
