"""Changes of slide: a still page gives way to another of the same ground within one frame.

Black words on white before and after: hardly any colour changes, so that the proposer of cuts
passes it over. What gives it away is the stillness around it. That words only come (the next
point of a list), or change in one place (a subtitle, a pointer), is no change of slide.
"""

import numpy as np
import numpy.typing as npt

from content.shots.frames import Frames, differences
from content.types import F32, U8

CONFIDENCE = 0.9
_STILL_S, _LASTS_S = 0.5, 1.0
"""So long both pages stand still, and so long neither is the other."""
_STILL, _STEP = 3, 8
"""Levels (of 255) by which a still cell varies at most, and a changed one at least."""
_OVER_NOISE = 10.0
"""The step over the usual change from frame to frame."""
_LEAST_STILL = 0.75
"""Of the picture: a lecturer may move in a corner."""
_LEAST_SHARE = 0.015
"""Of the picture: so much grows darker, and so much lighter."""
_LEAST_ROWS_ONE_WAY, _LEAST_ROWS = 3, 5
"""Of the 18 rows: those with cells grown darker (lighter), and those with any changed cell. The
two lines of a subtitle cover four."""
_LEAST_GONE = 0.25
"""Of the cells that stand out from their ground, before or after: so many change."""
_LEAST_LEFT = 0.25
"""Of the difference (squared), when the page may be shifted: what leaves less has scrolled."""
_MOST_BACK = 0.25
"""Of the changed cells: so many may look as before a second later."""

Mask = npt.NDArray[np.bool_]


def slide_changes(frames: Frames, since_s: float, until_s: float) -> list[int]:
    """The first frames of new slides, in `[since_s, until_s)`."""
    first, last = np.searchsorted(frames.at_s, [since_s, until_s])
    first = max(1, int(first))
    if first >= last:
        return []
    steps = np.diff(_grey(frames.half[first - 1 : last]), axis=0)
    least = _LEAST_SHARE * steps[0].size
    both = np.minimum(_count(steps >= _STEP), _count(steps <= -_STEP)) >= least
    quiet = _count(np.abs(steps) <= _STILL) >= _LEAST_STILL * steps[0].size
    # A first look, for speed: what moves before or after is not looked at again.
    both[1:] &= quiet[:-1]
    both[:-1] &= quiet[1:]
    return [first + int(i) for i in np.flatnonzero(both) if _changes(frames, first + int(i))]


def _count(cells: Mask) -> npt.NDArray[np.intp]:
    counts: npt.NDArray[np.intp] = cells.reshape(len(cells), -1).sum(axis=1)
    return counts


def _grey(pictures: U8) -> npt.NDArray[np.int16]:
    """(n, 18, 32)."""
    import cv2

    count, height, width, _ = pictures.shape
    grey = cv2.cvtColor(pictures.reshape(count * height, width, 3), cv2.COLOR_BGR2GRAY)
    return np.asarray(grey, np.int16).reshape(count, height, width)


def _changes(frames: Frames, index: int) -> bool:
    """Whether the frame at `index` begins another slide."""
    at_s, now_s = frames.at_s, frames.at_s[index]
    if now_s - at_s[0] < _STILL_S or at_s[-1] - now_s < _STILL_S:
        return False
    marks = [now_s - _LASTS_S, now_s - _STILL_S, now_s + _STILL_S, now_s + _LASTS_S]
    early, since, until, late = np.maximum(0, np.searchsorted(at_s, marks, "right") - 1)
    grey = _grey(frames.half[early : late + 1]).astype(np.float32)
    before, after = grey[since - early : index - early], grey[index - early : until - early + 1]
    step = after[0] - before[-1]
    still = (np.ptp(before, axis=0) <= _STILL) & (np.ptp(after, axis=0) <= _STILL)
    changed = still & (np.abs(step) >= _STEP)
    if still.mean() < _LEAST_STILL or not _is_another_page(step, changed):
        return False
    noise = max(_noise(before, still), _noise(after, still))
    stands_out = still & (_inked(before[-1]) | _inked(after[0]))
    return bool(
        np.abs(step[still]).mean() >= _OVER_NOISE * noise
        and (changed & stands_out).sum() >= _LEAST_GONE * stands_out.sum()
        and _back(grey[0], after[0], changed) <= _MOST_BACK
        and _back(grey[-1], before[-1], changed) <= _MOST_BACK
        and not _scrolled(frames.half[index - 1], frames.half[index])
    )


def _is_another_page(step: F32, changed: Mask) -> bool:
    """Whether words go as well as come, over much of the picture's height."""
    ways = [changed & (step > 0), changed & (step < 0)]
    return changed.any(axis=1).sum() >= _LEAST_ROWS and all(
        way.mean() >= _LEAST_SHARE and way.any(axis=1).sum() >= _LEAST_ROWS_ONE_WAY for way in ways
    )


def _noise(side: F32, still: Mask) -> float:
    """Mean change from frame to frame where nothing moves; 0 of a frame that is held."""
    return float(np.abs(np.diff(side, axis=0))[:, still].mean()) if len(side) > 1 else 0.0


def _inked(picture: F32) -> Mask:
    """The cells that stand out from those beside them, as words do and a plain bar does not."""
    beside = np.pad(picture, ((0, 0), (1, 1)), "edge")
    inked: Mask = np.abs(picture - (beside[:, :-2] + beside[:, 2:]) / 2) >= _STEP / 2
    return inked


def _back(picture: F32, other: F32, changed: Mask) -> float:
    """Share of the changed cells in which one picture is as the other."""
    return float((np.abs(picture - other)[changed] < _STEP / 2).mean())


def _scrolled(one: U8, other: U8) -> bool:
    still, least = differences(one, other)
    return least < _LEAST_LEFT * still
