"""The small pictures that are measured, made straight from a frame's planes.

Scaling by the library that decodes would touch every pixel of every frame. What costs is to fetch
a frame's lines from memory: for a tiny picture a few dozen of them are enough. Samples of 16 bits
are narrowed after scaling.
"""

from functools import cache
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from content.letterbox import Bars
from content.types import F32, U8

_LINES = 2
"""Lines of luma that are averaged for a line of a tiny picture; of chroma one …"""
_ACROSS = 4
"""… and about so many pixels along each."""
_KR_KB = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}
_MATRIX = {1: "709", 9: "2020", 10: "2020"}
"""AVCOL_SPC_… -> the recommendation that says how luma is made; all others by Rec. 601."""
_FULL_RANGE = 2

Plane = npt.NDArray[Any]


class Planes(NamedTuple):
    """Luma and the two chroma planes of a frame within its bars, not copied."""

    planes: tuple[Plane, Plane, Plane]
    depth: int
    """Bits a sample."""
    to_rgb: F32
    """(3, 4): RGB of (Y, U, V, 1), all 0..255."""

    def tiny(self, width: int, height: int) -> list[U8]:
        """The three planes as (height, width), averaged from a coarse grid of their pixels."""
        luma, *chroma = self.planes
        tiny = [_tiny(luma, width, height, _LINES), *(_tiny(c, width, height, 1) for c in chroma)]
        return [self._narrow(plane) for plane in tiny]

    def rgb(self, width: int, height: int) -> U8:
        """(height, width, 3) RGB, averaged over all pixels."""
        scaled = [_scaled(plane, width, height) for plane in self.planes]
        return to_rgb(cv2.merge([self._narrow(plane) for plane in scaled]), self.to_rgb)

    @property
    def luma(self) -> U8:
        """(H, W)."""
        return self._narrow(self.planes[0])

    def _narrow(self, plane: Plane) -> U8:
        return plane if self.depth == 8 else (plane >> (self.depth - 8)).astype(np.uint8)


def to_rgb(yuv: U8, matrix: F32) -> U8:
    """(H, W, 3) of YUV as RGB; rows of `matrix` in another order give another order."""
    rgb: U8 = cv2.transform(yuv, matrix)
    return rgb


def planes(frame: Any, bars: Bars, scaler: VideoReformatter) -> Planes:
    """The planes of a decoded frame; a format without them is converted first."""
    if not _planar(frame.format.name):
        frame = scaler.reformat(frame, format="yuv420p")
    name = frame.format.name
    depth = _depth(name)
    full = frame.color_range == _FULL_RANGE or name.startswith("yuvj")
    kind = np.uint8 if depth == 8 else np.dtype("<u2")
    first, second, third = (_inside(_view(p, kind), bars) for p in frame.planes[:3])
    return Planes(
        (first, second, third), depth, _matrix(_MATRIX.get(frame.colorspace, "601"), full)
    )


@cache
def _planar(name: str) -> bool:
    known = name.startswith("yuv") and not name.endswith("be")
    return known and av.VideoFormat(name).is_planar and 8 <= _depth(name) <= 16


@cache
def _depth(name: str) -> int:
    return int(av.VideoFormat(name).components[0].bits)


def _view(plane: Any, kind: Any) -> Plane:
    lines = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return lines[:, : plane.width]


def _inside(plane: Plane, bars: Bars) -> Plane:
    height, width = plane.shape
    top, bottom = round(bars.top * height), height - round(bars.bottom * height)
    left, right = round(bars.left * width), width - round(bars.right * width)
    return plane[top : max(bottom, top + 1), left : max(right, left + 1)]


def _tiny(plane: Plane, width: int, height: int, lines: int) -> Plane:
    down = _middles(plane.shape[0], height * lines)
    across = max(1, plane.shape[1] // (width * _ACROSS))
    coarse = np.ascontiguousarray(np.take(plane, down, axis=0)[:, across // 2 :: across])
    small: Plane = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_AREA)
    return small


@cache
def _middles(size: int, count: int) -> npt.NDArray[np.intp]:
    """The middle lines of `count` equal parts."""
    return ((np.arange(count) + 0.5) * size / count).astype(np.intp)


def _scaled(plane: Plane, width: int, height: int) -> Plane:
    # Halving is much cheaper than averaging by an odd ratio; the rest is less than one half.
    while plane.shape[1] >= 2 * width and plane.shape[0] >= 2 * height:
        half = plane.shape[1] // 2, plane.shape[0] // 2
        plane = cv2.resize(plane, half, interpolation=cv2.INTER_AREA)
    scaled: Plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
    return scaled


@cache
def _matrix(standard: str, full: bool) -> F32:
    """ITU-R BT.601, 709 or 2020, limited or full range."""
    red, blue = _KR_KB[standard]
    green = 1 - red - blue
    light, colour = (1.0, 1.0) if full else (255 / 219, 255 / 224)
    cb, cr = 2 * (1 - blue) * colour, 2 * (1 - red) * colour
    rows = [
        [light, 0.0, cr],
        [light, -cb * blue / green, -cr * red / green],
        [light, cb, 0.0],
    ]
    black = 0.0 if full else 16.0
    offsets = -np.array(rows) @ np.array([black, 128.0, 128.0])
    matrix: F32 = np.column_stack([rows, offsets]).astype(np.float32)
    return matrix
