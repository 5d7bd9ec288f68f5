"""Dissolves and wipes: one picture becomes another by mixing, not by moving.

During a dissolve every frame is (1 − α) A + α B of the pictures before and after, so it lies on
the line between them, and its variance sags by α (1 − α) |B − A|² below the line between theirs
(the "parabola" of Alattar 1993). During a wipe every pixel is either A's or B's. Of a moving
picture, however fast, neither holds.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from content.shots.cuts import FLASH_S
from content.shots.frames import SAME, Frames, correlation, differences, unlikeness
from content.types import F32, U8

SPANS_S = (0.33, 0.55, 0.9, 1.5, 2.4)
"""Lengths that are tried; a transition is found by one that is somewhat longer than it."""
REACH_S = SPANS_S[-1] / 2 + 0.15
_FPS = 25.0
"""More frames a second than about this tell nothing more."""
_ENDS = 3
"""Frames that are averaged for the pictures before and after."""
_LEAST_FRAMES = 6
_NOISE = 6.0 * 432
_LEAST_APART = 0.25
_MOST_OFF = 0.4
_MOST_UNEVEN = 0.3
_LARGEST_STEP = 0.4
_MOST_OFF_BOTH = 0.2
_LEAST_AREA = 0.3
_LEAST_CONFIDENCE = 0.7
"""Best on the clips that the weights were fitted on: what merely moves is common in films."""
_FAINT = 0.03
"""Of the other end's variance: half-way to black or white, a fade, which is found otherwise."""
_SAME_IN_OTHER_LIGHT = 0.8
"""Correlation of pictures of which one is the other made lighter or darker."""
_PAIRS = 4
_SEEN = 8
"""Frames of a window that are looked at closely."""

Times = npt.NDArray[np.float64]

_WEIGHTS = {
    "dissolve": np.array(
        [1.2, -1.19, -5.77, 2.82, 4.33, 0.45, 4.09, -3.77, -1.91, 5.32, -0.49, 4.17, -0.29]
    ),
    "wipe": np.array(
        [3.43, 0.89, -2.66, -1.46, 0.28, -0.28, -3.66, -8.86, -7.44, 4.75, -0.47, 1.24, -7.54]
    ),
}
_BIAS = {"dissolve": -6.03, "wipe": -1.90}
"""Fitted by `tests/bench/shots_fit.py`."""


@dataclass(frozen=True, slots=True)
class Gradual:
    """A dissolve or wipe that may be."""

    at_s: float
    start_s: float
    """A tenth of the change is done …"""
    end_s: float
    """… and nine tenths."""
    kind: Literal["dissolve", "wipe"]
    confidence: float

    @property
    def extent_s(self) -> tuple[float, float]:
        """From whole picture to whole picture: `start_s` to `end_s` are four fifths of it."""
        beyond_s = (self.end_s - self.start_s) / 8
        return min(self.at_s, self.start_s - beyond_s), max(self.at_s, self.end_s + beyond_s)


def find_gradual(frames: Frames, start_s: float, end_s: float) -> list[Gradual]:
    """All that may be dissolves and wipes with their middle in `[start_s, end_s)`.

    One transition is seen through many windows: the most confident of those that overlap counts.
    """
    found: list[Gradual] = []
    for window in windows(frames, start_s, end_s):
        kind, confidence = window.judge()
        if confidence >= _LEAST_CONFIDENCE and not _returns(frames, window):
            found.append(window.as_found(kind, confidence))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of frames that may hold a transition, seen from the pictures at its ends."""

    at_s: Times
    alpha: F32
    """(n,) how far each frame has come from the first picture (0) to the last (1)."""
    features: F32
    """(13,): how unlike the ends are; distance from the line between them; largest step of α;
    how much α turns back; depth of the variance's sag, 1 for a mix; distance of the pixels
    from the nearer end; the logarithm of the last over the second;
    share of the frames that are neither; how much of their change is movement;
    how evenly the change is spread over the picture; how steady the frames outside are (log);
    how unlike the ends are though one may have moved; how evenly the change from one frame
    to the next is spread: a wipe's is at its edge."""

    def judge(self) -> tuple[Literal["dissolve", "wipe"], float]:
        """The likelier kind and its probability."""
        chances = {
            kind: float(1 / (1 + np.exp(-(self.features @ _WEIGHTS[kind] + _BIAS[kind]))))
            for kind in ("dissolve", "wipe")
        }
        if chances["dissolve"] >= chances["wipe"]:
            return "dissolve", chances["dissolve"]
        return "wipe", chances["wipe"]

    def as_found(self, kind: Literal["dissolve", "wipe"], confidence: float) -> Gradual:
        return Gradual(self._when(0.5), self._when(0.1), self._when(0.9), kind, confidence)

    def _when(self, share: float) -> float:
        """The first frame that has come so far for good."""
        below = np.flatnonzero(self.alpha < share)
        return float(self.at_s[min(below[-1] + 1, len(self.at_s) - 1) if below.size else 0])


def _returns(frames: Frames, window: Window) -> bool:
    """Whether what is there at one end was there just beyond the other: a flash, no transition."""
    first, last = np.searchsorted(frames.at_s, window.at_s[[0, -1]])
    since, until = np.searchsorted(
        frames.at_s, [window.at_s[0] - FLASH_S, window.at_s[-1] + FLASH_S]
    )
    half = frames.half
    return any(
        unlikeness(one, other) < SAME
        for one, others in ((half[first], half[last:until]), (half[last], half[since:first]))
        for other in others[::2]
    )


def windows(frames: Frames, start_s: float, end_s: float) -> list[Window]:
    """Stretches of every length with their middle in `[start_s, end_s)`, after a first look."""
    frames = frames.slice(0, None, max(1, round(1 / (_FPS * frames.step_s))))
    first, last = np.searchsorted(frames.at_s, [start_s, end_s])
    found = []
    for span_s in SPANS_S:
        span = round(span_s / frames.step_s)
        lowest = max(int(first) - span // 2, _ENDS - 1)
        highest = min(int(last) - span // 2, len(frames) - span - _ENDS + 1)
        if span >= _LEAST_FRAMES and lowest < highest:
            starts = np.arange(lowest, highest, max(1, span // 8))
            found += _look(frames, starts, span)
    return found


def _look(frames: Frames, starts: npt.NDArray[np.intp], span: int) -> list[Window]:
    """The windows at `starts` whose ends differ and whose middle lies between them."""
    coarse, spread = frames.coarse, frames.spread
    before = (coarse[starts] + coarse[starts - 1] + coarse[starts - 2]) / _ENDS
    after = (coarse[starts + span] + coarse[starts + span + 1] + coarse[starts + span + 2]) / _ENDS
    change, way = after - before, coarse[starts + span // 2] - before
    length = np.einsum("ij,ij->i", change, change)
    variance = (spread[starts] + spread[starts + span]) * coarse.shape[1] + _NOISE
    alpha = np.einsum("ij,ij->i", way, change) / (length + 1e-6)
    off_line = np.einsum("ij,ij->i", way, way) - alpha**2 * length
    good = (length > _LEAST_APART * variance) & (np.abs(alpha - 0.5) < _MOST_UNEVEN)
    good &= off_line < _MOST_OFF * length
    found = []
    for i in np.flatnonzero(good):
        part = slice(starts[i], starts[i] + span + 1)
        window = _window(frames, part, before[i], after[i])
        found += [window] if window else []
    return found


def _window(frames: Frames, part: slice, before: F32, after: F32) -> Window | None:
    """The window with its features, or None when it can be neither dissolve nor wipe."""
    inside, spread = frames.coarse[part], frames.spread[part]
    change = after - before
    length = float(change @ change)
    alpha = (inside - before) @ change / length
    between = np.flatnonzero((alpha > 0.1) & (alpha < 0.9))
    seen = (
        between[:: max(1, len(between) // _SEEN)] if between.size else np.array([len(alpha) // 2])
    )
    share, way = alpha[seen], inside[seen] - before
    way_squared = np.square(way)
    line = max(0.0, float(way_squared.sum() - share @ share * length) / len(seen) / length)
    ends = float(np.minimum(way_squared, np.square(way - change)).sum()) / len(seen) / length
    # Of a mix, the variance lies below the line between the ends' by α (1 − α) var(B − A).
    sag = ((1 - share) * spread[0] + share * spread[-1] - spread[seen]).sum()
    full = share @ (1 - share) * change.var() + 1e-3
    moved = np.abs(np.diff(alpha))
    each = np.abs(change)
    spread_out = float(each.sum() ** 2 / length / len(each))
    middle = int(np.abs(alpha - 0.5).argmin())
    steps = np.abs(np.diff(inside[max(0, middle - 2) : middle + 3], axis=0)) + 0.5
    swept = float(np.mean(steps.mean(axis=1) ** 2 / np.square(steps).mean(axis=1)))
    half = frames.half[part]
    if moved.max() > _LARGEST_STEP or min(line, ends) > _MOST_OFF_BOTH or spread_out < _LEAST_AREA:
        return None
    faint = min(spread[0], spread[-1]) < _FAINT * max(spread[0], spread[-1])
    if faint or correlation(before, after) > _SAME_IN_OTHER_LIGHT:
        return None
    first, last = part.start, part.stop - 1
    outside = np.stack(
        [
            frames.coarse[first] - frames.coarse[first - 2],
            frames.coarse[last + 2] - frames.coarse[last],
        ]
    )
    steady = float(np.square(outside).sum(axis=1).min())
    features = [
        min(2.0, length / ((spread[0] + spread[-1]) * len(change) + _NOISE)),
        line,
        moved.max(),
        min(2.0, moved.sum() / max(0.1, alpha.max() - alpha.min()) - 1),
        min(1.5, max(-1.0, sag / full)),
        ends,
        math.log((ends + 0.01) / (line + 0.01)),
        len(between) / len(alpha),
        _movement(half[seen[:: max(1, len(seen) // _PAIRS)]]),
        spread_out,
        math.log((steady + _NOISE / 8) / (length * (2 / (len(alpha) - 1)) ** 2 + _NOISE / 8)),
        unlikeness(half[0], half[-1]),
        swept,
    ]
    return Window(frames.at_s[part], alpha.astype(np.float32), np.array(features, np.float32))


def _movement(pictures: U8) -> float:
    """Share of the change from picture to picture that is gone when they are shifted: 0..1."""
    change = moved = 1.0
    for one, other in pairwise(pictures):
        still, shifted = differences(one, other)
        change, moved = change + still, moved + still - shifted
    return moved / change
