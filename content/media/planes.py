"""The small pictures that are measured, made straight from a frame's planes.

Scaling by the library that decodes would touch every pixel of every frame; for a tiny picture
every fourth or fifth is enough. Samples of 16 bits are narrowed after scaling.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from content.letterbox import Bars
from content.types import F32, U8

_COARSE_PX = 256, 144
"""A tiny picture is averaged from about so many pixels of a plane."""
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
        return [self._narrow(_tiny(plane, width, height)) for plane in self.planes]

    def rgb(self, width: int, height: int) -> U8:
        """(height, width, 3) RGB, averaged over all pixels."""
        size = (width, height)
        scaled = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in self.planes]
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
    if not _planar(frame.format):
        frame = scaler.reformat(frame, format="yuv420p")
    depth = frame.format.components[0].bits
    full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
    kind = np.uint8 if depth == 8 else np.dtype("<u2")
    first, second, third = (_inside(_view(p, kind), bars) for p in frame.planes[:3])
    return Planes(
        (first, second, third), depth, _matrix(_MATRIX.get(frame.colorspace, "601"), full)
    )


def _planar(format_: Any) -> bool:
    known = format_.name.startswith("yuv") and not format_.name.endswith("be")
    return known and format_.is_planar and 8 <= format_.components[0].bits <= 16


def _view(plane: Any, kind: Any) -> Plane:
    lines = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return lines[:, : plane.width]


def _inside(plane: Plane, bars: Bars) -> Plane:
    height, width = plane.shape
    top, bottom = round(bars.top * height), height - round(bars.bottom * height)
    left, right = round(bars.left * width), width - round(bars.right * width)
    return plane[top : max(bottom, top + 1), left : max(right, left + 1)]


def _tiny(plane: Plane, width: int, height: int) -> Plane:
    down, across = (
        max(1, size // coarse) for size, coarse in zip(plane.shape, _COARSE_PX[::-1], strict=True)
    )
    coarse = np.ascontiguousarray(plane[down // 2 :: down, across // 2 :: across])
    small: Plane = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_AREA)
    return small


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
