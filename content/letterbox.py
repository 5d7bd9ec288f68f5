"""Black bars around a picture: letterbox above and below, pillarbox at the sides."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from content.types import U8

BLACK_MEAN, BLACK_MAX = 24.0, 48
"""Luma (0..255; video black is 16) up to which a row or column is black: mean, brightest."""
LIT = 40.0
"""Mean of a picture's brightest tenth of rows from which on it can tell its bars."""
PICTURES = 12
"""How many pictures, spread over the film, are asked."""
LEAST, MOST, WIDEST = 0.01, 0.30, 0.42
"""Share of a side that a bar may be: a thinner one is an edge, and one of more than `MOST` a dark
room, unless it is wide and flat (`_wide`), as beside 9:16 in 16:9 (0.34; with an inset 0.38)."""
UNEVEN, UNEVEN_WIDE = 0.015, 0.01
"""Opposite bars differ by at most this share: a black strip on one side is scenery."""
REACHED, REACHED_WIDE = 0.5, 0.75
"""Share of the lit pictures that reach the very edge of a bar."""
FLAT = 8.0
"""From the mean of the darkest line to the brightest pixel within a wide bar: a room has noise."""


Kind = TypeVar("Kind", bound=np.generic)


class Bars(NamedTuple):
    """Shares of the picture's height (`top`, `bottom`) and width, each 0..0.42."""

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0

    def within(self, picture: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        """What a picture (H, W, …) shows between the bars; not copied, never empty."""
        if not any(self):
            return picture
        height, width = picture.shape[:2]
        top, bottom = round(self.top * height), height - round(self.bottom * height)
        left, right = round(self.left * width), width - round(self.right * width)
        return picture[top : max(bottom, top + 1), left : max(right, left + 1)]

    def turned(self, quarters: int) -> "Bars":
        """The bars of the picture turned counter-clockwise by quarters."""
        bars = self
        for _ in range(quarters % 4):
            bars = Bars(top=bars.right, bottom=bars.left, left=bars.top, right=bars.bottom)
        return bars


def find_bars(pictures: Iterable[U8]) -> Bars:
    """The bars that all pictures of one film share; none when that is unsure.

    A row is bar when it is black in every picture that is lit at all: the picture is the union of
    what the single ones show, so that a dark scene or a black sky makes no bar. At least half of
    the lit pictures must reach the very edge of a bar, and opposite bars be alike; bars wider than
    `MOST` must be all but equal, flat, reached by three quarters, and end in a lit line.

    Args:
        pictures: luma (H, W) uint8; those of another size than the first lit one's are left out.
    """
    rows, columns = list[_Profile](), list[_Profile]()
    for picture in pictures:
        down, across = _profile(picture, 1), _profile(picture, 0)
        alike = not rows or (len(rows[0].mean), len(columns[0].mean)) == picture.shape
        if alike and _brightest(down) >= LIT:
            rows.append(down)
            columns.append(across)
    return Bars(*_pair(rows), *_pair(columns)) if rows else Bars()


def without_bars(rgb: U8) -> U8:
    """A still (H, W, 3) without the bars around it, as those of a film are left out."""
    import cv2

    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    return find_bars([luma]).within(rgb)


class _Profile(NamedTuple):
    """Of each row: mean and highest luma."""

    mean: npt.NDArray[np.float64]
    high: U8


def _profile(luma: U8, axis: int) -> _Profile:
    """Of the rows (`axis` 1) or columns (0)."""
    import cv2

    # Every fourth pixel across is enough to see light in a row.
    thin = np.ascontiguousarray(luma[:, ::4] if axis else luma[::4])
    mean = cv2.reduce(thin, axis, cv2.REDUCE_AVG, dtype=cv2.CV_64F).ravel()
    return _Profile(mean, cv2.reduce(thin, axis, cv2.REDUCE_MAX).ravel())


def _brightest(profile: _Profile) -> float:
    tenth = max(1, len(profile.mean) // 10)
    return float(np.sort(profile.mean)[-tenth:].mean())


def _pair(profiles: list[_Profile]) -> tuple[float, float]:
    """Shares of the bars at both ends of one axis."""
    size = len(profiles[0].mean)
    ends = np.array([_active(profile) for profile in profiles])
    first, last = ends.min(0)
    agree = np.mean(np.abs(ends - (first, last)) <= max(2, size // 100), axis=0)
    near, far = first / size, last / size
    sure = abs(near - far) <= UNEVEN and min(agree) >= REACHED and min(near, far) >= LEAST
    if sure and max(near, far) > MOST:
        sure = (
            max(near, far) <= WIDEST
            and abs(near - far) <= UNEVEN_WIDE
            and min(agree) >= REACHED_WIDE
            and _wide(profiles, int(first), int(last))
        )
    return (float(near), float(far)) if sure else (0.0, 0.0)


def _wide(profiles: list[_Profile], first: int, last: int) -> bool:
    """Are so many lines at the ends flat black in every picture, and the next ones lit in some?

    Lettering on black is lit in spots only. The codec's ringing at a bar's edge is left out.
    """
    size = len(profiles[0].mean)
    ring = max(2, size // 100)
    mean = np.stack([profile.mean for profile in profiles])
    high = np.stack([profile.high for profile in profiles])
    for bar in (slice(0, first - ring), slice(size - last + ring, size)):
        if (high[:, bar].max(1) - mean[:, bar].min(1)).max() > FLAT:
            return False
    edges = (slice(first, first + ring), slice(size - last - ring, size - last))
    return all(mean[:, edge].max() >= LIT for edge in edges)


def _active(profile: _Profile) -> tuple[int, int]:
    """How many lines are black at the beginning, and at the end."""
    lit = np.flatnonzero((profile.mean > BLACK_MEAN) | (profile.high > BLACK_MAX))
    return (int(lit[0]), len(profile.mean) - 1 - int(lit[-1])) if lit.size else (0, 0)
