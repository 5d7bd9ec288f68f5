"""What a frame's numbers mean: which matrix made its luma, and what light HDR codes stand for."""

from functools import cache
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Colorspace

from content.types import F32, U8

Standard = Literal["601", "709", "2020"]
Transfer = Literal["sdr", "pq", "hlg"]

COLORSPACES: dict[Standard, Colorspace] = {
    "601": Colorspace.ITU601,
    "709": Colorspace.ITU709,
    "2020": Colorspace.BT2020,
}
_STANDARDS: dict[int, Standard] = {1: "709", 9: "2020", 10: "2020"}
"""AVCOL_SPC_… -> the recommendation that says how luma is made; all others by BT.601, …"""
_UNSPECIFIED = 2
_HD_PX = 1280, 720
"""… but pictures so wide or so high that do not say: those are BT.709, as players take them."""
_TRANSFERS: dict[int, Transfer] = {16: "pq", 18: "hlg"}
"""AVCOL_TRC_… -> SMPTE ST 2084 and ARIB STD-B67 (both in ITU-R BT.2100); all others are SDR."""

WHITE_CD_M2 = 203.0
"""HDR reference white (ITU-R BT.2408): becomes the peak of SDR …"""
PEAK_CD_M2 = 1000.0
"""… and so does, bent down to it, what such a display shows at most; what is brighter is cut."""
_PQ_PEAK_CD_M2 = 10_000.0
_DISPLAY_GAMMA = 2.4
"""Of SDR (ITU-R BT.1886)."""
_HLG_SYSTEM_GAMMA = 1.2
_STEPS = 4096
_ROWS = 128
"""Worked on at a time: a whole picture in floating point would be four times its size."""
_LUMA_2020 = (0.2627, 0.6780, 0.0593)
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
"""Linear light of BT.2020 primaries in those of BT.709 (ITU-R BT.2087)."""


def standard_of(frame: Any) -> Standard:
    """The recommendation by which a frame's luma is made."""
    hd = frame.width >= _HD_PX[0] or frame.height >= _HD_PX[1]
    if frame.colorspace == _UNSPECIFIED and hd:
        return "709"
    return _STANDARDS.get(frame.colorspace, "601")


def transfer_of(frame: Any) -> Transfer:
    return _TRANSFERS.get(frame.color_trc, "sdr")


def to_sdr(coded: npt.NDArray[np.uint16], transfer: Transfer) -> U8:
    """HDR as SDR: (H, W, 3) RGB of BT.2020 primaries, 0..65535, as BT.709 code values, 0..255.

    Light up to about 90 cd/m² stays as it is, where 203 are SDR's peak; from there the curve of
    ITU-R BT.2390 (EETF) bends 1000 cd/m² down to that peak. Hues are kept: it acts on the largest
    of the three.
    """
    rgb = np.empty(coded.shape, np.uint8)
    for top in range(0, len(coded), _ROWS):
        part = slice(top, top + _ROWS)
        light = _light(coded[part], transfer)
        largest = light.max(axis=2, keepdims=True)
        light *= _bends()[(np.sqrt(largest / _PQ_PEAK_CD_M2) * (_STEPS - 1)).astype(np.intp)]
        shown = cv2.transform(light / np.float32(WHITE_CD_M2), _TO_709)
        code = cv2.pow(np.clip(shown, 0.0, 1.0), 1 / _DISPLAY_GAMMA)
        rgb[part] = np.rint(255 * code)
    return rgb


def _light(coded: npt.NDArray[np.uint16], transfer: Transfer) -> F32:
    """Light of a display, cd/m², of BT.2020 primaries."""
    light: F32 = _decoded(transfer)[coded >> 4]
    if transfer == "hlg":
        luminance = light @ np.array(_LUMA_2020, np.float32)
        light *= PEAK_CD_M2 * luminance[..., None] ** (_HLG_SYSTEM_GAMMA - 1)
    return light


@cache
def _decoded(transfer: Transfer) -> F32:
    """Of each code: PQ's light, cd/m²; HLG's light of the scene, 0..1 (ITU-R BT.2100)."""
    code = np.linspace(0, 1, _STEPS)
    if transfer == "pq":
        return _pq_light(code).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return scene.astype(np.float32)


@cache
def _bends() -> F32:
    """The factor that the curve puts on a light; indexed by the root of its share of PQ's peak."""
    light = _PQ_PEAK_CD_M2 * np.linspace(0, 1, _STEPS) ** 2
    peak, white = _pq_code(np.array([PEAK_CD_M2, WHITE_CD_M2]))
    most = white / peak
    knee = 1.5 * most - 0.5
    code = np.minimum(_pq_code(light) / peak, 1.0)
    t = np.maximum(code - knee, 0) / (1 - knee)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * most
    )
    shown = _pq_light(peak * np.where(code < knee, code, bent))
    factors = shown / np.maximum(light, 1e-9)
    factors[0] = 1.0
    return factors.astype(np.float32)


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _pq_light(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """SMPTE ST 2084: light, cd/m², of codes 0..1."""
    root = code ** (1 / _M2)
    return _PQ_PEAK_CD_M2 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def _pq_code(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    power = (light / _PQ_PEAK_CD_M2) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
