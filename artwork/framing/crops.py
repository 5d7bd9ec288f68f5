"""Boxes in a picture, the aspects it is shown in, and the black bars around it."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from content.types import U8, Aspect

Bools = npt.NDArray[np.bool_]

RATIOS: dict[Aspect, float] = {
    "16:9": 16 / 9,
    "2:3": 2 / 3,
    "1:1": 1.0,
    "4:3": 4 / 3,
    "21:9": 21 / 9,
    "9:16": 9 / 16,
}
"""Width over height."""
BAR_LUMA = 24
"""A bar's pixels are at most this bright (0..255), codec noise included."""
MAX_BAR = 0.42
"""A bar takes at most this share of a side: a 9:16 picture in a 16:9 frame, with an inset."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in px, `[x, x + width) × [y, y + height)`."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def holds(self, other: "Box") -> bool:
        """Is all of `other` inside?"""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def overlap(self, other: "Box") -> "Box | None":
        """What the two share, or None."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width, height = min(self.right, other.right) - x, min(self.bottom, other.bottom) - y
        return Box(x, y, width, height) if width > 0 and height > 0 else None

    def cut(self, rgb: U8) -> U8:
        """These pixels of `rgb` (H, W, 3), a view."""
        return rgb[self.y : self.bottom, self.x : self.right]


def bars(rgb: U8) -> tuple[float, float]:
    """How thick the black bars of one picture are: (left and right, top and bottom) as shares.

    Bars are symmetric; a picture black all over tells nothing and gives the widest bars there are,
    so that the least over a title's pictures is the title's.
    """
    lit = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) > BAR_LUMA
    # A few bright specks (a codec's ringing at the bar's edge) do not make a line part of the film.
    return _bar(lit.mean(axis=0) > 0.02), _bar(lit.mean(axis=1) > 0.02)


def content_box(width: int, height: int, thickness: Iterable[tuple[float, float]]) -> Box:
    """The picture within its bars, given the `bars` of several pictures of one title.

    A dark scene looks barred; only bars that every picture has are bars.
    """
    shares = list(thickness)
    side = _cut(min((s[0] for s in shares), default=0.0), width)
    top = _cut(min((s[1] for s in shares), default=0.0), height)
    return Box(side, top, width - 2 * side, height - 2 * top)


def _bar(lit: Bools) -> float:
    """Share of a side that is dark at both ends, given which lines are lit."""
    if not lit.any():
        return 0.5
    return min(int(np.argmax(lit)), int(np.argmax(lit[::-1]))) / len(lit)


def _cut(share: float, size: int) -> int:
    """Px to cut at either end for a bar of `share`; one more, because a bar's edge is blurred."""
    return 0 if share > MAX_BAR or share * size < 2 else round(share * size) + 1
