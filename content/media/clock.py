"""One stream's place on the film's clock, whatever its timestamps do."""

import math
from dataclasses import dataclass
from typing import Any

BACK_S, AHEAD_S = 1.0, 60.0
"""Timestamps that leave their place by more than this, back or ahead, have been reset, unless the
jump is a gap: what follows is then put right behind what came before."""
BESIDE_S = 10.0
"""Sound that jumps to a place so near to that of the pictures was missing until there."""
LONG_S = 10.0
"""A frame that says it lasts longer is believed only within the film's length."""


@dataclass
class Clock:
    """Seconds since the film's first frame; `zero_s` is that frame's timestamp."""

    zero_s: float
    until_s: float = 0.0
    """A jump ahead that does not lead beyond this is a gap: a held picture, missing sound."""
    leader: "Clock | None" = None
    """The clock whose resets these timestamps share: that of the pictures, for sound."""
    next_s: float | None = None
    """Where the next frame is expected; None before the first."""
    shift_s: float = 0.0
    resets: int = 0
    _start_s: float = 0.0
    _followed: int = 0
    """As many of the leader's resets are in `shift_s`."""
    _guessed: bool = False
    """`shift_s` is of a reset that the leader has not met yet."""

    def place(self, time_s: float | None, length_s: float) -> float:
        """Start of a frame by its timestamp (None: unknown) and length, on the film's clock.

        Jitter and gaps are kept as they are.
        """
        at_s = self.next_s or 0.0
        if time_s is not None:
            at_s = self._at(time_s - self.zero_s)
        self._start_s, self.next_s = at_s, at_s + length_s
        return at_s

    def _at(self, time_s: float) -> float:
        if self._follow(time_s):
            return time_s + self.shift_s
        at_s = time_s + self.shift_s
        if self.next_s is not None and self._reset(at_s):
            self.shift_s += self.next_s - at_s
            self.resets += 1
            self._guessed = True
            at_s = self.next_s
        return at_s

    def _follow(self, time_s: float) -> bool:
        """Take over the leader's reset, if it is this frame's too.

        Either stream may meet it first; their common shift keeps what belongs together together.
        """
        leader = self.leader
        if leader is None or leader.resets == self._followed:
            return False
        if self.next_s is not None and not self._guessed and not self._reset(time_s + self.shift_s):
            theirs_s = time_s + leader.shift_s
            if abs(theirs_s - self.next_s) > BACK_S:
                return False  # still sound from before it
        self.shift_s, self._followed, self._guessed = leader.shift_s, leader.resets, False
        return True

    def _reset(self, at_s: float) -> bool:
        """Does a frame at `at_s` mean that timestamps were reset?"""
        if at_s < self._start_s - BACK_S:
            return True
        if at_s - (self.next_s or 0.0) <= AHEAD_S or at_s <= self.until_s:
            return False
        led_s = self.leader.next_s if self.leader is not None else None
        return led_s is None or abs(at_s - led_s) > BESIDE_S


@dataclass
class FrameTimes:
    """When each video frame starts and ends; feed all of them in display order."""

    clock: Clock
    step_s: float
    """Of frames that do not say how long they last."""
    tick_s: float
    """Unit of their lengths."""
    _last_s: float = -math.inf

    def of(self, frame: Any) -> tuple[float, float]:
        """Start and end of a frame in seconds; starts strictly grow."""
        length_s = frame.duration * self.tick_s if frame.duration else self.step_s
        at_s = self.clock.place(frame.time, self.step_s)
        if length_s < 0 or at_s + length_s > max(at_s + LONG_S, self.clock.until_s):
            length_s = self.step_s
        self.clock.next_s = at_s + length_s
        if at_s <= self._last_s:
            at_s = self._last_s + length_s / 2
        # In whole µs, so that a frame at a border lies on the same side of it in every run. The end
        # by the unrounded start: else 4 s of 30 frames a second would end at 4.0000003 s.
        until_s = round(at_s + length_s, 6)
        self._last_s = at_s = round(at_s, 6)
        return at_s, until_s
