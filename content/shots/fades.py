"""Fades: the picture goes to black or white and comes back; the return of light begins a shot."""

from dataclasses import dataclass
from typing import Literal

from content.shots.boundary import Boundary
from content.shots.cuts import FLASH_S
from content.shots.frames import SAME, Frames, correlation, unlikeness
from content.types import U8

RAMP_S = 1.5
"""A slower fade is taken for this long."""
_LEAST_RAMP = 3
"""Frames between picture and black that make a fade of a cut to black."""
_STEP, _GROWTH = 1.02, 1.5
"""By so much the contrast grows from frame to frame, and over the whole fade."""
_SAME_PICTURE = 0.5
"""Correlation."""


@dataclass(frozen=True, slots=True)
class Going:
    """How the last picture went: kept while the film is black, however long."""

    at_s: float
    ramp: int
    start_s: float
    last: tuple[U8, ...]
    """The half-size pictures of the last frames, newest first."""


def went(frames: Frames, index: int) -> Going | None:
    """Of the picture before the black frame at `index`; None when the film begins with it."""
    if index == 0:
        return None
    ramp = _ramp(frames, range(index - 1, -1, -1))
    count = max(1, round(FLASH_S / frames.step_s))
    last = tuple(frames.half[i] for i in range(index - 1, max(-1, index - 1 - count), -1))
    return Going(float(frames.at_s[index]), len(ramp), _edge(frames, ramp, index), last)


def came_back(frames: Frames, index: int, going: Going | None) -> Boundary | None:
    """The shot that begins with the light at `index`, or None when none does."""
    if going is None:
        return None
    at_s = float(frames.at_s[index])
    least = (
        min(
            unlikeness(before, after)
            for before in going.last
            for after in frames.half[index : index + len(going.last)]
        )
        if going.last
        else 1.0
    )
    if at_s - going.at_s < FLASH_S and least < SAME:
        return None
    ramp = _ramp(frames, range(index, len(frames)))
    confidence = 0.6 + 0.4 * min(1.0, least)
    kind: Literal["cut", "fade"] = "cut" if max(len(ramp), going.ramp) < _LEAST_RAMP else "fade"
    return Boundary(at_s, kind, confidence, going.start_s, _edge(frames, ramp, index))


def ramps(frames: Frames, first: int, after: int) -> tuple[float, float]:
    """From where to where (s) the blank frames `[first, after)` and their ramps reach."""
    out = _ramp(frames, range(first - 1, -1, -1))
    back = _ramp(frames, range(after, len(frames)))
    return _edge(frames, out, first), _edge(frames, back, min(after, len(frames) - 1))


def _ramp(frames: Frames, order: range) -> list[int]:
    """The frames next to the blank ones over which the picture's contrast steadily grows."""
    ramp: list[int] = []
    for index in order:
        if frames.blank[index] or abs(frames.at_s[index] - frames.at_s[order[0]]) > RAMP_S:
            break
        if ramp and not _lighter(frames, ramp[-1], index):
            break
        ramp.append(index)
    grown = ramp and frames.spread[ramp[-1]] > _GROWTH**2 * frames.spread[ramp[0]]
    return ramp if grown else []


def _lighter(frames: Frames, darker: int, index: int) -> bool:
    """Whether a frame is the other one with more contrast, and not another picture."""
    if frames.spread[index] < frames.spread[darker] * _STEP**2:
        return False
    return correlation(frames.coarse[darker], frames.coarse[index]) > _SAME_PICTURE


def _edge(frames: Frames, ramp: list[int], index: int) -> float:
    return float(frames.at_s[ramp[-1] if ramp else index])
