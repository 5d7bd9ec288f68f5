"""One stream's place on the film's clock, whatever its timestamps do."""

from dataclasses import dataclass

BACK_S, AHEAD_S = 1.0, 60.0
"""Timestamps that leave their place by more than this, back or ahead, have been reset: what
follows is then put right behind what came before."""


@dataclass
class Clock:
    """Seconds since the film's first frame; `zero_s` is that frame's timestamp."""

    zero_s: float
    next_s: float | None = None
    """Where the next frame is expected; None before the first."""
    shift_s: float = 0.0
    resets: int = 0

    def place(self, time_s: float | None, length_s: float) -> float:
        """Start of a frame by its timestamp (None: unknown) and length, on the film's clock.

        Jitter and small gaps are kept as they are.
        """
        at_s = self.next_s or 0.0
        if time_s is not None:
            at_s = time_s - self.zero_s + self.shift_s
        if self.next_s is not None and not -BACK_S <= at_s - self.next_s <= AHEAD_S:
            self.shift_s += self.next_s - at_s
            self.resets += 1
            at_s = self.next_s
        self.next_s = at_s + length_s
        return at_s
