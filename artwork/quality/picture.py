"""The picture that everything is measured on, and what all measures share.

The *analysis picture* is RGB uint8 (H, W, 3), long side at most `ANALYSIS_PX`, bars already cut.
"""

import cv2
import numpy as np

from content.types import F32, U8

ANALYSIS_PX = 480


def analysis_picture(rgb: U8) -> U8:
    """`rgb` (H, W, 3) with its long side at most `ANALYSIS_PX`; never enlarged."""
    height, width = rgb.shape[:2]
    scale = ANALYSIS_PX / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def luma_of(rgb: U8) -> F32:
    """ITU-R BT.601 luma, (H, W), 0..1."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def extremes(rgb: U8) -> tuple[U8, U8]:
    """The largest and the least channel of each pixel; along the last axis numpy takes 20 × it."""
    red, green, blue = cv2.split(rgb)
    high, low = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return np.asarray(high, np.uint8), np.asarray(low, np.uint8)


def unit(value: float | np.floating) -> float:
    """Clipped to 0..1 and rounded, so that a fact reads back from JSON as the same number."""
    return round(float(min(1.0, max(0.0, float(value)))), 6)


def ramp(value: float | np.floating, low: float, high: float) -> float:
    """0 at `low`, 1 at `high`, straight between; `low` may be the larger."""
    return unit((float(value) - low) / (high - low))
