"""Crops: the largest window of an aspect that cuts no face and keeps the most visual mass."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from content.types import F32, U8, Aspect

Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
F64 = npt.NDArray[np.float64]

Spans = Sequence[tuple[int, int]]

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
FACE_MARGIN = 0.25
"""Air kept around a face where there is room, as a share of its size."""
HEADROOM = 0.5
"""Above it, as a share of its height: a face as found ends at the brow, and hair comes on top."""


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


def crop(
    aspect: Aspect, inside: Box, faces: Sequence[Box], mass: F32, words: Sequence[Box] = ()
) -> Box | None:
    """The largest window of `aspect` inside `inside`, or None when it would cut the main face.

    The largest face is kept whole, with air around it where that fits; no other face is ever cut
    through, nor are words: they are kept whole or left out. Among the windows left, the one with
    the most faces, then the most mass, wins; ties go to the middle.

    Args:
        inside: the picture without its bars, px.
        faces: px, same origin as `inside`.
        mass: `saliency` of the pixels in `inside`, (h, w), sum 1.
        words: lines of lettering, px, same origin as `inside`.
    """
    width, height = _largest(RATIOS[aspect], inside)
    clear = [seen for face in faces if (seen := face.overlap(inside)) is not None]
    clear.sort(key=lambda face: (-face.width * face.height, face.x, face.y))
    lines = [seen for line in words if (seen := line.overlap(inside)) is not None]
    if height == inside.height:
        spans, text = ([(box.x - inside.x, box.width) for box in one] for one in (clear, lines))
        start = _start(inside.width, width, spans, text, mass.sum(axis=0), before=FACE_MARGIN)
    else:
        spans, text = ([(box.y - inside.y, box.height) for box in one] for one in (clear, lines))
        start = _start(inside.height, height, spans, text, mass.sum(axis=1), before=HEADROOM)
    if start is None:
        return None
    shift = (start, 0) if height == inside.height else (0, start)
    return Box(inside.x + shift[0], inside.y + shift[1], width, height)


def _largest(ratio: float, inside: Box) -> tuple[int, int]:
    """Width and height; one of them is all of `inside`."""
    if inside.height * ratio <= inside.width:
        return max(1, round(inside.height * ratio)), inside.height
    return inside.width, max(1, min(inside.height, round(inside.width / ratio)))


def _start(
    length: int, window: int, spans: Spans, words: Spans, profile: F32, *, before: float
) -> int | None:
    """Where along one axis a window of `window` px begins, or None when every place cuts something.

    `spans` are the faces, largest first, and `words` lines of lettering, as (start, size) in px;
    `profile` is the mass along the axis, of any length; `before` is the main face's air on the side
    where the axis begins, as a share of its size.
    """
    starts = np.arange(length - window + 1)
    allowed = np.ones(len(starts), dtype=np.bool_)
    score = _mass_within(starts, window, length, profile)
    # Among equals the middle wins, and a little mass does not buy an odd framing.
    score -= 0.02 * np.abs(starts + window / 2 - length / 2) / length
    for rank, (first, size) in enumerate(spans):
        whole = (starts <= first) & (first + size <= starts + window)
        apart = (first + size <= starts) | (starts + window <= first)
        allowed &= whole if rank == 0 else whole | apart
        score += whole
    for first, size in words:
        allowed &= (starts <= first) & (first + size <= starts + window) | (
            (first + size <= starts) | (starts + window <= first)
        )
    if not allowed.any():
        return None
    if spans:
        first, size = _with_air(*spans[0], length, window, before)
        roomy = allowed & (starts <= first) & (first + size <= starts + window)
        allowed = roomy if roomy.any() else allowed
    return int(starts[np.argmax(np.where(allowed, score, -np.inf))])


def _with_air(first: int, size: int, length: int, window: int, before: float) -> tuple[int, int]:
    """A face with its air, as (start, size): less air where the window is too small for all."""
    share = min(1.0, (window - size) / max(1e-9, size * (before + FACE_MARGIN)))
    begin = max(0, first - int(size * before * share))
    end = min(length, first + size + int(size * FACE_MARGIN * share))
    return begin, end - begin


def _mass_within(starts: Ints, window: int, length: int, profile: F32) -> F64:
    """The share of the mass in every window, the profile read as constant within its cells."""
    edges = np.linspace(0.0, length, len(profile) + 1)
    below = np.concatenate(([0.0], np.cumsum(profile, dtype=np.float64)))
    inside: F64 = np.interp(starts + window, edges, below) - np.interp(starts, edges, below)
    return inside


def _bar(lit: Bools) -> float:
    """Share of a side that is dark at both ends, given which lines are lit."""
    if not lit.any():
        return 0.5
    return min(int(np.argmax(lit)), int(np.argmax(lit[::-1]))) / len(lit)


def _cut(share: float, size: int) -> int:
    """Px to cut at either end for a bar of `share`; one more, because a bar's edge is blurred."""
    return 0 if share > MAX_BAR or share * size < 2 else round(share * size) + 1
