"""Cuts: a change that stands out from its neighbours and does not turn back."""

import math
from collections.abc import Sequence

import numpy as np

from content.shots.frames import Frames, unlikeness
from content.types import F32, U8

FLASH_S = 0.3
"""What is back after this time was never gone: a flash, a lightning, a dropped frame."""
_BINS = 4
"""A colour's levels in a histogram."""

_WEIGHTS = np.array([-0.92, 0.68, 3.29, 4.33, -1.09, 1.75])
_BIAS = -5.98
"""Fitted by `tests/bench/shots_fit.py`."""
_UNSEEN = 0.01
_CLEARLY_NOT = 0.05


def cut_confidence(frames: Frames, index: int) -> float:
    """Probability, 0..1, that a shot begins with the frame at `index`."""
    features = cut_features(frames, index)
    if features is None:
        return 0.0
    return float(1 / (1 + np.exp(-(features @ _WEIGHTS + _BIAS))))


def cut_features(frames: Frames, index: int) -> F32 | None:
    """What speaks for a cut at `index`, or None when nothing does.

    Returns:
        (6,): unlikeness of the frames on both sides; by how much it exceeds its neighbours';
        how many times it is theirs (logarithm); the least unlikeness of what was before and
        what comes soon (low for a flash); distance of the colour histograms; how many times the
        plain difference in colour is the neighbours' (logarithm).
    """
    half = frames.half
    if not 0 < index < len(frames):
        return None
    change = unlikeness(half[index - 1], half[index])
    if change < _CLEARLY_NOT:
        return None
    near = [i for i in (index - 2, index - 1, index + 1, index + 2) if 0 < i < len(frames)]
    usual = max((unlikeness(half[i - 1], half[i]) for i in near), default=0.0)
    if change < usual:
        return None
    return np.array(
        [
            change,
            change - usual,
            math.log((change + _UNSEEN) / (usual + _UNSEEN)),
            _least_across(frames, index, change),
            _histogram_distance(half[index - 1], half[index]),
            _outstanding(half, index, near),
        ],
        np.float32,
    )


def _least_across(frames: Frames, index: int, change: float) -> float:
    half, at_s = frames.half, frames.at_s
    until = int(np.searchsorted(at_s, at_s[index] + FLASH_S))
    since = int(np.searchsorted(at_s, at_s[index - 1] - FLASH_S))
    after = [unlikeness(half[index - 1], half[i]) for i in range(index + 1, until, 2)]
    before = [unlikeness(half[i], half[index]) for i in range(index - 2, since - 1, -2)]
    return min([change, *after, *before])


def _outstanding(half: U8, index: int, near: Sequence[int]) -> float:
    import cv2

    def difference(i: int) -> float:
        hsv = [cv2.cvtColor(half[n], cv2.COLOR_BGR2HSV) for n in (i - 1, i)]
        return float(cv2.absdiff(*hsv).mean())

    usual = sum(difference(i) for i in near) / max(1, len(near))
    return math.log((difference(index) + 1) / (usual + 1))


def _histogram_distance(one: U8, other: U8) -> float:
    """Share of the pixels whose colour the other picture has not: 0..1."""
    counts = [_histogram(picture) for picture in (one, other)]
    return float(np.abs(counts[0] - counts[1]).sum() / 2)


def _histogram(picture: U8) -> F32:
    import cv2

    ranges = [0, 256] * 3
    counts: F32 = cv2.calcHist([picture], [0, 1, 2], None, [_BINS] * 3, ranges)
    return counts / (picture.size / 3)
