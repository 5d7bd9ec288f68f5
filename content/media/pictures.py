"""Signatures of every frame and a small picture twice a second."""

import math
from typing import Any, BinaryIO

from av.video.reformatter import VideoReformatter

from content import wire
from content.letterbox import Bars
from content.media.planes import Coding, Plane, Planes, planes, shrunk, to_rgb
from content.media.source import Source
from content.media.window import Window

SAMPLES_PER_S = 2
SAMPLE_SIDE_PX = 480
SIGNATURE_PX = 64, 36
HELD_OVER_S = 1.0
"""A picture held so much beyond the window's end goes on in the next."""
BATCH = 64
"""Frames whose signatures are sent together, at most; else those of half a second."""


class Pictures:
    """Takes the frames in display order; keeps at most half a second of signatures."""

    def __init__(self, source: Source, window: Window, bars: Bars, out: BinaryIO) -> None:
        self.source, self.window, self.out = source, window, out
        self.times = source.frame_times()
        self.count = 0
        """Frames within the window."""
        self.end_s = window.start_s
        """End of the last frame so far, not outside the window."""
        self.more = False
        """A frame after the window, or held beyond it, was seen: the film does not end in it."""
        self.done = False
        self._bars = bars.turned(-source.quarters)
        self._grid = math.floor(window.start_s * SAMPLES_PER_S) - 1
        self._scaler = VideoReformatter()
        self._times: list[float] = []
        self._lines: list[tuple[Plane, Plane, Plane]] = []
        self._coding: Coding | None = None

    def add(self, frame: Any) -> None:
        self.source.check(frame)
        at_s, until_s = self.times.of(frame)
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
