"""Signatures of every frame and a small picture twice a second."""

import math
from typing import Any, BinaryIO

from av.video.reformatter import VideoReformatter

from content import wire
from content.letterbox import Bars
from content.media.planes import Coding, Plane, Planes, planes, shrunk, to_rgb
from content.media.source import Source, check_size
from content.media.window import Window

SAMPLES_PER_S = 2
SAMPLE_SIDE_PX = 480
SIGNATURE_PX = 64, 36
LONG_S = 10.0
"""A frame that says it lasts longer is believed only within the film's declared length."""
HELD_OVER_S = 1.0
"""A picture held so much beyond the window's end goes on in the next."""
BATCH = 64
"""Frames whose signatures are sent together, at most; else those of half a second."""


class Pictures:
    """Takes the frames in display order; keeps at most half a second of signatures."""

    def __init__(self, source: Source, window: Window, bars: Bars, out: BinaryIO) -> None:
        self.source, self.window, self.out = source, window, out
        self.clock = source.clock()
        self.count = 0
        """Frames within the window."""
        self.end_s = window.start_s
        """End of the last frame so far, not outside the window."""
        self.more = False
        """A frame after the window, or held beyond it, was seen: the film does not end in it."""
        self.done = False
        self._bars = bars.turned(-source.quarters)
        self._grid = math.floor(window.start_s * SAMPLES_PER_S) - 1
        self._last_s = -math.inf
        self._tick_s = float(source.video.time_base)
        self._scaler = VideoReformatter()
        self._times: list[float] = []
        self._lines: list[tuple[Plane, Plane, Plane]] = []
        self._coding: Coding | None = None

    def add(self, frame: Any) -> None:
        check_size(frame.width, frame.height, self.source.max_pixels)
        at_s, until_s = self._time(frame)
        if at_s < self.window.end_s:
            self.end_s = max(self.end_s, min(until_s, self.window.end_s))
        if max(at_s, until_s - HELD_OVER_S) >= self.window.end_s:
            self.more = True
        self.done = at_s >= self.window.until_s
        if self.done or at_s < self.window.from_s:
            return
        seen = planes(frame, self._bars, self._scaler)
        self._sign(at_s, seen)
        if self.window.start_s <= at_s < self.window.end_s:
            self.count += 1
            self._sample(at_s, frame, seen)

    def flush(self) -> None:
        """Send the signatures that wait."""
        if self._coding is not None:
            yuv = shrunk(self._lines, SIGNATURE_PX, self._coding.depth)
            bgr = to_rgb(yuv.reshape(-1, *yuv.shape[2:]), self._coding.to_rgb[::-1])
            meta = {"kind": "signatures", "at_s": self._times}
            wire.send_array(self.out, meta, bgr.reshape(yuv.shape))
        self._times, self._lines, self._coding = [], [], None

    def _time(self, frame: Any) -> tuple[float, float]:
        """Start and end of a frame in seconds; starts strictly grow."""
        step = 1 / self.source.fps
        length = frame.duration * self._tick_s if frame.duration else step
        at_s = self.clock.place(frame.time, step)
        if length < 0 or at_s + length > max(at_s + LONG_S, self.clock.until_s):
            length = step
        self.clock.next_s = at_s + length
        if at_s <= self._last_s:
            at_s = self._last_s + length / 2
        # In whole µs, so that a frame at a border lies on the same side of it in every run. The end
        # by the unrounded start: else 4 s of 30 frames a second would end at 4.0000003 s.
        until_s = round(at_s + length, 6)
        self._last_s = at_s = round(at_s, 6)
        return at_s, until_s

    def _sign(self, at_s: float, seen: Planes) -> None:
        if self._coding != seen.coding:
            self.flush()
            self._coding = seen.coding
        # One size for all: the pictures are only ever compared with each other.
        self._lines.append(seen.lines(SIGNATURE_PX[1]))
        self._times.append(at_s)
        if at_s - self._times[0] >= 1 / SAMPLES_PER_S or len(self._times) >= BATCH:
            self.flush()

    def _sample(self, at_s: float, frame: Any, seen: Planes) -> None:
        grid = math.floor(at_s * SAMPLES_PER_S)
        if grid <= self._grid:
            return
        self._grid = grid
        self.flush()
        share = self._bars
        width, height = self.source.display_size(frame.width, frame.height)
        width = round(width * (1 - share.left - share.right))
        height = round(height * (1 - share.top - share.bottom))
        scale = min(1.0, SAMPLE_SIDE_PX / max(width, height))
        rgb = seen.rgb(max(1, round(width * scale)), max(1, round(height * scale)))
        wire.send_array(self.out, {"kind": "sample", "at_s": at_s}, self.source.upright(rgb))
