"""Where one shot ends and the next begins, decided while the frames stream by.

Cuts come from PySceneDetect's AdaptiveDetector, fed with our own signatures: HSV differences
against their rolling mean, so that fast motion is no cut. After black, the return of light begins
a shot, however slow the fade; what is black at the very start belongs to the first. The detector
is given frame numbers only; times are our own, so variable frame rates do no harm.
"""

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from content.decode import Signatures
from content.types import U8, BoundaryKind

MIN_SHOT_S = 0.6
"""Shots are never shorter (PySceneDetect's own 15 frames at 25 fps)."""
MAX_SHOTS = 8_000
"""A film of three hours has 1,000 to 3,500; beyond this many, cuts are ignored."""
DARK_LEVEL, DARK_SHARE = 40, 0.002
"""A frame is black when less than this share of its values (0..255) is above this level: white
words on black are a picture."""
_WINDOW = 2
"""Frames on each side that the detector compares a change with: its delay."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A shot begins here."""

    at_s: float
    kind: BoundaryKind
    confidence: float


class ShotDetector:
    """Feed signatures in order; cuts come out.

    `decided_s`: cuts still to come will not be placed before this time.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self.decided_s = self._start_s = start_s
        self._times: deque[float] = deque(maxlen=_WINDOW + 1)
        self._count = 0
        self._cuts = 0
        self._last_cut_s = 0.0
        self._black = False
        self._lit = False

    @cached_property
    def _detector(self) -> Any:
        from scenedetect.detectors import AdaptiveDetector

        # The shortest shot is our own rule, in seconds: none of the detector's.
        return AdaptiveDetector(min_scene_len=0, window_width=_WINDOW)

    def feed(self, signatures: Signatures) -> list[Boundary]:
        """The boundaries that these frames reveal, ascending; none before `start_s`."""
        found = []
        for at_s, pixels in zip(signatures.at_s, signatures.pixels, strict=True):
            self._times.append(at_s)
            if (cut_s := self._candidate(at_s, pixels)) is not None and self._accept(cut_s):
                found.append(Boundary(cut_s, "cut", 1.0))
        self.decided_s = max(self._start_s, self._times[0])
        return [boundary for boundary in found if boundary.at_s >= self._start_s]

    def finish(self) -> list[Boundary]:
        """What only the film's end decides."""
        return []

    def _candidate(self, at_s: float, pixels: U8) -> float | None:
        from scenedetect import FrameTimecode

        frame = FrameTimecode(self._count, fps=25.0)  # the rate is never used
        self._count += 1
        changed = bool(self._detector.process_frame(frame, pixels))
        was_black, self._black = self._black, float(np.mean(pixels > DARK_LEVEL)) < DARK_SHARE
        if was_black and not self._black:
            began_black, self._lit = not self._lit, True
            return None if began_black else at_s
        self._lit = self._lit or not self._black
        # A cut to black ends a shot without beginning one: the black belongs to what it ends.
        return self._times[0] if changed and not self._black else None

    def _accept(self, cut_s: float) -> bool:
        if cut_s - self._last_cut_s < MIN_SHOT_S or self._cuts >= MAX_SHOTS - 1:
            return False
        self._last_cut_s = cut_s
        self._cuts += 1
        return True
