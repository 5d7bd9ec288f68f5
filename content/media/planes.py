"""The small pictures that are measured, made straight from a frame's planes.

Scaling by the library that decodes would touch every pixel of every frame. What costs is to fetch
a frame's lines from memory: for a tiny picture a few dozen of them are enough. Samples of 16 bits
are narrowed after scaling.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from content.letterbox import Bars
from content.media.colour import COLORSPACES, Standard, Transfer, standard_of, to_sdr, transfer_of
from content.types import F32, U8

_LINES = 2
"""Lines of luma that are averaged for a line of a tiny picture; of chroma one …"""
_ACROSS = 4
"""… and about so many pixels along each."""
_KR_KB = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}
_FULL_RANGE = 2

Plane = npt.NDArray[Any]


class Coding(NamedTuple):
    """How planes are to be read; frames of one coding can be shrunk together."""

    depth: int
    """Bits a sample."""
    standard: Standard
    full: bool
    transfer: Transfer
    shapes: tuple[tuple[int, ...], ...]

    @property
    def to_rgb(self) -> F32:
        """(3, 4): RGB of (Y, U, V, 1), all 0..255."""
        return _matrix(self.standard, self.full)


class Planes(NamedTuple):
    """Luma and the two chroma planes of a frame within its bars, not copied."""

    planes: tuple[Plane, Plane, Plane]
    coding: Coding

    def lines(self, height: int) -> tuple[Plane, Plane, Plane]:
        """The lines that a tiny picture of `height` is averaged from (`shrunk`), copied."""
        luma, blue, red = self.planes
        return (
            luma.take(_middles(luma.shape[0], height * _LINES), axis=0),
            blue.take(_middles(blue.shape[0], height), axis=0),
            red.take(_middles(red.shape[0], height), axis=0),
        )

    def rgb(self, width: int, height: int) -> U8:
        """(height, width, 3) RGB, averaged over all pixels; of HDR as SDR shows it."""
        scaled = [_scaled(plane, width, height) for plane in self.planes]
        if self.coding.transfer != "sdr":
            return to_sdr(_coded(scaled, self.coding), self.coding.transfer)
        return to_rgb(
            cv2.merge([_narrow(plane, self.coding.depth) for plane in scaled]), self.coding.to_rgb
        )

    @property
    def luma(self) -> U8:
        """(H, W)."""
        return _narrow(self.planes[0], self.coding.depth)


def to_rgb(yuv: U8, matrix: F32) -> U8:
    """(H, W, 3) of YUV as RGB; rows of `matrix` in another order give another order."""
    rgb: U8 = cv2.transform(yuv, matrix)
    return rgb


def planes(frame: Any, bars: Bars, scaler: VideoReformatter) -> Planes:
    """The planes of a decoded frame; a format without them is converted first."""
    standard, transfer = standard_of(frame), transfer_of(frame)
    if not _planar(frame.format.name):
        matrix = COLORSPACES[standard]
        frame = scaler.reformat(
            frame, format="yuv420p", src_colorspace=matrix, dst_colorspace=matrix
        )
    name = frame.format.name
    depth = _depth(name)
    full = frame.color_range == _FULL_RANGE or name.startswith("yuvj")
    kind = np.uint8 if depth == 8 else np.dtype("<u2")
    first, second, third = (bars.within(_view(p, kind)) for p in frame.planes[:3])
    shapes = (first.shape, second.shape, third.shape)
    return Planes((first, second, third), Coding(depth, standard, full, transfer, shapes))


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


def shrunk(lines: Sequence[tuple[Plane, Plane, Plane]], size: tuple[int, int], depth: int) -> U8:
    """Tiny pictures (n, height, width, 3), YUV, of the lines of n frames that are alike.

    All at once, one below the other: a call for each would cost more than its work.
    """
    width, height = size
    channels = []
    for plane in zip(*lines, strict=True):
        joined = np.concatenate(plane)
        across = max(1, joined.shape[1] // (width * _ACROSS))
        coarse = np.ascontiguousarray(joined[:, across // 2 :: across])
        target = (width, height * len(plane))
        channels.append(_narrow(cv2.resize(coarse, target, interpolation=cv2.INTER_AREA), depth))
    merged: U8 = cv2.merge(channels)
    return merged.reshape(len(lines), height, width, 3)


def _coded(planes: Sequence[Plane], coding: Coding) -> npt.NDArray[np.uint16]:
    """Planes as RGB, 0..65535, nothing of their depth lost."""
    scale = np.float32(2.0 ** (8 - coding.depth))
    rgb: F32 = cv2.transform(cv2.merge([plane * scale for plane in planes]), coding.to_rgb)
    codes: npt.NDArray[np.uint16] = np.rint(257 * rgb.clip(0, 255)).astype(np.uint16)
    return codes


def _narrow(plane: Plane, depth: int) -> U8:
    return plane if depth == 8 else (plane >> (depth - 8)).astype(np.uint8)


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
