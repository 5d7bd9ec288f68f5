"""The stretch of the film that one run reads."""

from dataclasses import dataclass

PREROLL_S = 8.0
"""Frames and sound from so much before the start are sent too: for what needs a past."""
POSTROLL_S = 6.0
"""So much after the end (of frames only): a boundary is decided by what follows it."""


@dataclass(frozen=True, slots=True)
class Window:
    """[start_s, end_s) on the film's clock, in whole seconds, and what surrounds it."""

    start_s: float
    end_s: float

    @property
    def from_s(self) -> float:
        return max(0.0, self.start_s - PREROLL_S)

    @property
    def until_s(self) -> float:
        return self.end_s + POSTROLL_S
