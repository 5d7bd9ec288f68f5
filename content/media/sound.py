"""Sound on the film's clock: 16 kHz mono, and its loudness by blocks."""

from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.resampler import AudioResampler

from content import wire
from content.media.clock import Clock
from content.media.loudness import BLOCKS_PER_S, LoudnessMeter
from content.media.window import Window
from content.types import F32

SOUND_HZ = 16_000
SLACK_S = 0.02
"""Timestamps this far off are rounding; beyond it there is a gap or an overlap."""
_CENTRE, _SURROUND = 2**0.5, 0.5**0.5
_WEIGHTS = {
    **dict.fromkeys(("FC",), _CENTRE),
    **dict.fromkeys(("LFE", "LFE2"), 0.0),
    **dict.fromkeys(("BL", "BR", "BC", "SL", "SR", "TBL", "TBR", "TBC"), _SURROUND),
}
"""Of each loudspeaker in the mono sum (others 1), as ITU-R BS.775 weighs them."""


class Sound:
    """Takes the decoded sound and sends it second by second, never ahead of the pictures.

    Sample k after the window's `from_s` is at `from_s + k / 16000`: gaps are zeros, what overlaps
    earlier sound is dropped, and what is missing at the end is silence.
    """

    def __init__(self, clock: Clock, window: Window, out: BinaryIO) -> None:
        self._clock = clock
        self._origin_s, self._end_s = window.from_s, window.end_s
        self._out = out
        self._lane: _Lane | None = None
        self._samples = self._power = np.zeros(0, np.float32)
        self._sent = 0

    @property
    def length_s(self) -> float:
        """How much was taken, gaps included."""
        return 0.0 if self._lane is None else self._lane.length_s

    @property
    def done(self) -> bool:
        """Nothing that could still come would be sent."""
        return self._lane is not None and self._origin_s + self._lane.length_s >= self._end_s

    def add(self, frame: Any) -> None:
        """Take a decoded frame of any format, rate and layout."""
        rate = frame.sample_rate
        if not rate or not frame.samples:
            return
        at_s = self._clock.place(frame.time, frame.samples / rate) - self._origin_s
        if at_s + frame.samples / rate <= 0 or at_s >= self._end_s - self._origin_s:
            if at_s > 0 and self._lane is not None:
                self._lane.fill(self._end_s - self._origin_s)
            return
        lane = self._lane_for(rate, frame.layout)
        lane.place(at_s, _floats(frame))

    def release(self, until_s: float) -> None:
        """Send the whole seconds that end by `until_s`."""
        self._collect()
        until = min(round((until_s - self._origin_s) * SOUND_HZ), self._sent + self._samples.size)
        while self._sent + SOUND_HZ <= until and self._power.size >= BLOCKS_PER_S:
            self._send(SOUND_HZ)

    def finish(self, until_s: float) -> None:
        """Send what is left up to `until_s`, silence where there is nothing."""
        if self._lane is not None:
            self._lane.finish()
        self._collect()
        end = round((min(until_s, self._end_s) - self._origin_s) * SOUND_HZ)
        while (rest := end - self._sent) > 0:
            size = min(rest, SOUND_HZ)
            lacking = max(0, size - self._samples.size)
            self._samples = np.pad(self._samples, (0, lacking))
            self._send(size)

    def _lane_for(self, rate: int, layout: Any) -> "_Lane":
        if self._lane is None or (self._lane.rate, self._lane.layout) != (rate, layout.name):
            before_s = 0.0
            if self._lane is not None:
                before_s = self._lane.length_s
                self._lane.finish()
                self._collect()
            self._lane = _Lane(rate, layout, before_s)
        return self._lane

    def _collect(self) -> None:
        if self._lane is not None and self._lane.made:
            self._samples = np.concatenate([self._samples, *self._lane.made])
            self._power = np.concatenate([self._power, *self._lane.power])
            self._lane.made, self._lane.power = [], []

    def _send(self, size: int) -> None:
        blocks = -(-size * BLOCKS_PER_S // SOUND_HZ)
        power = np.pad(self._power[:blocks], (0, max(0, blocks - self._power.size)))
        at_s = self._origin_s + self._sent / SOUND_HZ
        meta = {"kind": "sound", "at_s": at_s, "power": power.tolist()}
        wire.send_array(self._out, meta, np.ascontiguousarray(self._samples[:size]))
        self._samples, self._power = self._samples[size:], self._power[blocks:]
        self._sent += size


class _Lane:
    """A run of sound in one rate and layout, without gaps: native samples in, mono out."""

    def __init__(self, rate: int, layout: Any, from_s: float) -> None:
        self.rate, self.layout = rate, layout.name
        self.made: list[F32] = []
        self.power: list[F32] = []
        self._next = round(from_s * rate)
        self._placed = False
        self._pending: list[F32] = []
        self._held = 0
        self._mix = _mix(layout)
        self._loudness = LoudnessMeter(rate, layout.name)
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)

    @property
    def length_s(self) -> float:
        return self._next / self.rate

    def place(self, at_s: float, samples: F32) -> None:
        """Take (channels, n) that begin at `at_s` after the origin."""
        where = round(at_s * self.rate)
        slack = SLACK_S * self.rate if self._placed else 0
        self._placed = True
        if abs(where - self._next) > slack:
            self.fill(where / self.rate)
            samples = samples[:, max(0, self._next - where) :]
        self._take(samples)

    def fill(self, until_s: float) -> None:
        """Silence up to `until_s`."""
        while (lacking := round(until_s * self.rate) - self._next) > 0:
            self._take(np.zeros((len(self._mix), min(lacking, self.rate)), np.float32))

    def finish(self) -> None:
        """Give what the resampler still holds."""
        self._measure()
        if self._next:
            self._resample(None)
            self.power.append(self._loudness.finish())

    def _take(self, samples: F32) -> None:
        self._next += samples.shape[1]
        self._pending.append(samples)
        self._held += samples.shape[1]
        if self._held >= self.rate:
            self._measure()

    def _measure(self) -> None:
        """A second at a time: a call for each decoded frame would cost more than the work."""
        if self._held:
            samples = np.concatenate(self._pending, axis=1)
            self._pending, self._held = [], 0
            np.nan_to_num(samples, copy=False, posinf=1.0, neginf=-1.0)
            samples = np.clip(samples, -8.0, 8.0)
            self.power.append(self._loudness.add(samples))
            frame = av.AudioFrame.from_ndarray((self._mix @ samples)[None], "flt", "mono")
            frame.sample_rate = self.rate
            self._resample(frame)

    def _resample(self, frame: Any) -> None:
        self.made += [part.to_ndarray()[0] for part in self._resampler.resample(frame)]


def _mix(layout: Any) -> F32:
    """The weight of each channel in the mono sum."""
    weights = np.array([_WEIGHTS.get(channel.name, 1.0) for channel in layout.channels])
    if not weights.any():
        weights[:] = 1.0
    mix: F32 = (weights / weights.sum()).astype(np.float32)
    return mix


def _floats(frame: Any) -> F32:
    """(channels, n) of a frame in any format, nominally −1..1."""
    if frame.format.name == "fltp":  # what most decoders give: without a copy
        lines = [np.frombuffer(plane, np.float32)[: frame.samples] for plane in frame.planes]
        return np.stack(lines)
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    match data.dtype.kind:
        case "u":
            data = data.astype(np.float32) / 128 - 1
        case "i":
            data = data.astype(np.float32) / float(-np.iinfo(data.dtype).min)
    return np.asarray(data, np.float32)
