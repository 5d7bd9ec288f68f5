"""Shot boundaries by TransNet V2, in one pass: windows of 100 frames, of which 50 are new."""

import math
from typing import Protocol

import numpy as np

from content.decode import Signatures
from content.shots.boundary import Boundary, Sieve
from content.shots.frames import Frames, reduce
from content.types import F32, U8

THRESHOLD = 0.5
"""As its authors use it."""
_WINDOW, _STEP, _MARGIN = 100, 50, 25
_SIZE_PX = 48, 27
_LONGEST = 100
"""Frames of a transition; what lasts longer is ended here."""
_BLANK_S = 0.5
"""So near to black or white, a transition is part of a fade."""
_GRADUAL = 3
"""A transition of so many frames is no cut."""


class Network(Protocol):
    """What tells transitions; see `content.encoders.transnet.TransitionNetwork`."""

    def predict(self, frames: U8) -> F32:
        """(100, 27, 48, 3) RGB -> (100, 2): change after this frame; part of a transition."""
        ...


class LearnedShots:
    """A `BoundaryDetector` (which see) by a network that was trained on films."""

    def __init__(self, network: Network, start_s: float = 0.0) -> None:
        self.decided_s = 0.0
        self._network = network
        self._sieve = Sieve(start_s)
        self._pictures: list[U8] = []
        """What the next window begins with: frames already judged, then new ones."""
        self._waiting: Frames | None = None
        """Frames without a boundary yet, …"""
        self._chances = np.zeros((0, 2), np.float32)
        """… and the network's word on the first of them."""
        self._first = True
        self._lit_s = -math.inf
        """When the last black or white ended, as far as frames are forgotten."""
        self._gone_s: float | None = None
        """When the picture began to go, until it is back."""

    def feed(self, signatures: Signatures) -> list[Boundary]:
        """Boundaries that these frames decide."""
        import cv2

        for picture in signatures.pixels:
            small = cv2.resize(picture, _SIZE_PX, interpolation=cv2.INTER_AREA)
            self._pictures += [small[:, :, ::-1]] * (1 + _MARGIN * self._first)
            self._first = False
        new = reduce(signatures.at_s, signatures.pixels)
        self._waiting = new if self._waiting is None else Frames.join([self._waiting, new])
        while len(self._pictures) >= _WINDOW:
            self._predict()
        return self._sieve.keep(self._close(last=False))

    def finish(self) -> list[Boundary]:
        """Those of the last seconds: no frame follows."""
        if self._waiting is None:
            return []
        while len(self._chances) < len(self._waiting):
            self._pictures += [self._pictures[-1]] * (_WINDOW - len(self._pictures))
            self._predict()
        self._chances = self._chances[: len(self._waiting)]
        return self._sieve.keep(self._close(last=True))

    def _predict(self) -> None:
        chances = self._network.predict(np.stack(self._pictures[:_WINDOW]))
        self._chances = np.concatenate([self._chances, chances[_MARGIN : _MARGIN + _STEP]])
        self._pictures = self._pictures[_STEP:]

    def _close(self, *, last: bool) -> list[Boundary]:
        """The boundaries of transitions that are over; forgets the frames up to there."""
        assert self._waiting is not None
        frames, known = self._waiting, min(len(self._chances), len(self._waiting))
        inside = (self._chances[:known] > THRESHOLD).any(axis=1)
        edges = np.diff(np.concatenate([[0], inside.astype(np.int8), [0]]))
        found, done = [], known
        for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            seen_s = frames.at_s[known - 1] - frames.at_s[end - 1]
            if not last and seen_s < _BLANK_S and end - start < _LONGEST:
                done = int(start)
                break
            found += self._boundary(frames, int(start), int(end))
        # The frame after a transition is still asked for its time.
        done = max(0, min(done, len(frames) - 1))
        self.decided_s = max(self.decided_s, float(frames.at_s[done]) - _BLANK_S)
        if (lit := _light(frames, 0, done)) is not None:
            self._lit_s = float(frames.at_s[lit])
        self._waiting, self._chances = frames.slice(done), self._chances[done:]
        return found

    def _boundary(self, frames: Frames, start: int, end: int) -> list[Boundary]:
        """Of the transition `[start, end)`; none when the network sees no change in it."""
        peak = start + int(self._chances[start:end, 0].argmax())
        confidence = float(self._chances[peak, 0])
        soon = int(np.searchsorted(frames.at_s, frames.at_s[end - 1] + _BLANK_S))
        if confidence <= THRESHOLD or end >= len(frames):
            return []
        from_s, until_s = float(frames.at_s[start]), float(frames.at_s[end])
        if frames.blank[end:soon].any():  # the picture goes: its return will begin the shot
            self._gone_s = from_s
            return []
        gone_s, self._gone_s = self._gone_s, None
        if end - start < _GRADUAL and not frames.blank[start:end].any():
            return [Boundary(until_s, "cut", confidence)]
        lit = _light(frames, 0, end)
        lit_s = self._lit_s if lit is None else float(frames.at_s[lit])
        if frames.at_s[start] - lit_s < _BLANK_S:
            from_s = min(lit_s, from_s if gone_s is None else gone_s)
            return [Boundary(lit_s, "fade", confidence, from_s, until_s)]
        at_s = float(frames.at_s[peak + 1])
        return [Boundary(at_s, "dissolve", confidence, from_s, until_s)]


def _light(frames: Frames, start: int, end: int) -> int | None:
    """The first frame after the last blank one of `[start, end)`."""
    blank = np.flatnonzero(frames.blank[start:end])
    return (
        start + int(blank[-1]) + 1 if blank.size and start + blank[-1] + 1 < len(frames) else None
    )
