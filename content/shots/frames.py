"""The last seconds of a film, as far as shot detection looks: tiny pictures and their likeness."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import numpy.typing as npt

from content.types import F32, U8

HALF_PX = 32, 18
COARSE_PX = 16, 9
_REACH_X, _REACH_Y = 4, 3
"""How far a picture may move between two frames and still be the same: an eighth of its width."""
SAME = 0.25
"""Pictures less unlike than this show the same."""
_NOISE = 6.0
"""Squared levels that are put down to noise."""
_BLACK_LEVEL, _BLACK_SHARE, _BLACK_SPREAD = 40, 0.002, 3.0
"""Black: less than this share of the values is above the level, and hardly any picture is left.
White words on black, or a scene in low light, are a picture."""
_WHITE_MEAN, _WHITE_SPREAD = 225.0, 8.0
_WORD_LEVEL, _WORD_SHARE = 200, 0.005
"""White that is no fade's but a page's: this share of the values, its words, is below the level."""

Blank = npt.NDArray[np.int8]
"""0 a picture, 1 black, 2 white."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Consecutive frames. Times ascend."""

    at_s: npt.NDArray[np.float64]
    half: U8
    """(n, 18, 32, 3)."""
    coarse: F32
    """(n, 432): 9 × 16 BGR means, 0..255."""
    blank: Blank
    proposed: npt.NDArray[np.bool_]
    """Where the proposer sees a change that stands out (the first frame after it)."""

    def __len__(self) -> int:
        return len(self.at_s)

    def slice(self, start: int, stop: int | None = None, step: int = 1) -> "Frames":
        part = slice(start, stop, step)
        return Frames(
            self.at_s[part],
            self.half[part],
            self.coarse[part],
            self.blank[part],
            self.proposed[part],
        )

    @staticmethod
    def join(parts: Sequence["Frames"]) -> "Frames":
        """One after the other."""
        return Frames(
            np.concatenate([part.at_s for part in parts]),
            np.concatenate([part.half for part in parts]),
            np.concatenate([part.coarse for part in parts]),
            np.concatenate([part.blank for part in parts]),
            np.concatenate([part.proposed for part in parts]),
        )

    @cached_property
    def step_s(self) -> float:
        """Usual time from frame to frame."""
        return float(np.median(np.diff(self.at_s))) if len(self) > 1 else 1.0

    @cached_property
    def spread(self) -> F32:
        """(n,) variance of the coarse picture."""
        return cast(F32, self.coarse.var(axis=1))


def reduce(at_s: list[float], pixels: U8) -> Frames:
    """Frames of signatures (n, 36, 64, 3); nothing is proposed yet."""
    import cv2

    half = [cv2.resize(each, HALF_PX, interpolation=cv2.INTER_AREA) for each in pixels]
    coarse = [cv2.resize(each, COARSE_PX, interpolation=cv2.INTER_AREA) for each in half]
    flat = np.stack(coarse).reshape(len(at_s), -1).astype(np.float32)
    return Frames(
        np.array(at_s), np.stack(half), flat, _blank(pixels, flat), np.zeros(len(at_s), np.bool_)
    )


def _blank(pixels: U8, coarse: F32) -> Blank:
    mean, spread = coarse.mean(axis=1), coarse.std(axis=1)
    blank = np.zeros(len(coarse), np.int8)
    dark = (spread < _BLACK_SPREAD) & (mean < _BLACK_LEVEL)
    for index in np.flatnonzero(dark):
        dark[index] = np.mean(pixels[index] > _BLACK_LEVEL) < _BLACK_SHARE
    blank[dark] = 1
    light = (spread < _WHITE_SPREAD) & (mean > _WHITE_MEAN)
    for index in np.flatnonzero(light):
        light[index] = np.mean(pixels[index] < _WORD_LEVEL) < _WORD_SHARE
    blank[light] = 2
    return blank


def unlikeness(one: U8, other: U8) -> float:
    """How little of a picture is found again in another, wherever it has moved to.

    The smallest mean squared difference over shifts of up to an eighth of the width, relative to
    what two pictures with these means and variances have when they have nothing in common.

    Args:
        one, other: (18, 32, 3) uint8.

    Returns:
        0 (the same) to about 1 (nothing in common).
    """
    import cv2

    _, least = differences(one, other)
    inner = one[_REACH_Y:-_REACH_Y, _REACH_X:-_REACH_X]
    (mean_a, spread_a), (mean_b, spread_b) = cv2.meanStdDev(inner), cv2.meanStdDev(other)
    apart = spread_a**2 + spread_b**2 + (mean_a - mean_b) ** 2
    return max(0.0, least - _NOISE) / (float(apart.mean()) + _NOISE)


def differences(one: U8, other: U8) -> tuple[float, float]:
    """Mean squared difference of two (18, 32, 3) pictures as they lie, and the least over shifts.

    Both without the rims that a shift takes off.
    """
    import cv2

    inner = one[_REACH_Y:-_REACH_Y, _REACH_X:-_REACH_X]
    squares = cv2.matchTemplate(other, inner, cv2.TM_SQDIFF) / inner.size
    return float(squares[_REACH_Y, _REACH_X]), float(squares.min())


def correlation(one: F32, other: F32) -> float:
    """Of two coarse pictures, −1..1: near 1 when one is the other made lighter or darker."""
    a, b = one - one.mean(), other - other.mean()
    return float(a @ b / (math.sqrt(float(a @ a) * float(b @ b)) + _NOISE))
