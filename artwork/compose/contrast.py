"""Contrast of lettering, measured on the pixels around it, and the scrim that it takes to reach it.

Luminance and ratio are those of WCAG 2.2 (success criterion 1.4.3); large text would be allowed
3 : 1, but pictures are shown small, so 4.5 : 1 holds for all.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from artwork.framing.crops import Bools
from content.types import F32, U8

LEAST = 4.5
"""The ratio that lettering has everywhere (WCAG 2.2, level AA)."""
AIM = 4.8
"""What is aimed at: the rest is lost to rounding and to the codec."""
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LINEAR = np.where(
    np.arange(256) / 255 <= 0.04045,
    np.arange(256) / 255 / 12.92,
    ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
).astype(np.float32)


def linear(rgb: U8) -> F32:
    """Linear light 0..1 of sRGB 0..255, (…, 3)."""
    return _LINEAR[rgb]


def encoded(light: F32) -> U8:
    """sRGB 0..255 of linear light, (…, 3), clipped to 0..1."""
    light = np.clip(light, 0.0, 1.0)
    curve = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(curve * 255).astype(np.uint8)


def luminance(rgb: U8) -> F32:
    """Relative luminance 0..1 of sRGB 0..255, (…, 3) -> (…)."""
    return np.asarray(linear(rgb) @ LUMA, np.float32)


def ratio(first: float, second: float) -> float:
    """Contrast of two luminances, 1..21."""
    bright, dark = max(first, second), min(first, second)
    return (bright + 0.05) / (dark + 0.05)


def around(coverage: U8, reach_px: int) -> Bools:
    """The ground that letters are read against: up to `reach_px` from their ink, without it."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1,) * 2)
    ink = (coverage > 0).astype(np.uint8)
    return np.asarray((cv2.dilate(ink, disc) > 0) & (ink == 0))


def local_ground(luminances: F32, coverage: U8, reach_px: int) -> tuple[Bools, F32]:
    """What each edge of the letters stands against.

    Args:
        luminances: of the picture, (H, W).
        coverage: of the letters, 0..255, (H, W).

    Returns:
        Which pixels of the ground lie near an edge, (H, W); and for each the mean luminance of the
        ground within `reach_px` / 2 of it: one speck is not what a letter is read against.
    """
    ground = around(coverage, reach_px)
    size = (max(3, reach_px | 1),) * 2
    weight = cv2.boxFilter(ground.astype(np.float32), -1, size, normalize=False)
    total = cv2.boxFilter(np.where(ground, luminances, 0.0), -1, size, normalize=False)
    return ground, np.asarray(total / np.maximum(weight, 1e-6), np.float32)


def measured(rgb: U8, coverage: U8, colour: Sequence[int], reach_px: int) -> float:
    """The least contrast of letters of a colour with the ground at any of their edges, 1..21.

    Args:
        rgb: the finished picture, (H, W, 3).
        coverage: of the letters, 0..255, (H, W); not empty.
    """
    ground, local = local_ground(luminance(rgb), coverage, reach_px)
    ink = float(luminance(np.array(colour, np.uint8)))
    values = local[ground]
    return min(ratio(ink, float(values.min())), ratio(ink, float(values.max())))


def scrim_needed(
    luminances: F32, coverage: U8, shape: F32, reach_px: int, *, ink: float, scrim: float
) -> float:
    """How strongly a scrim must cover the ground for the letters to reach `AIM`.

    A scrim mixes linear light with its own: `L (1 - a m) + S a m`.

    Args:
        luminances: of the picture without scrim, (H, W).
        shape: the scrim's mask m, 0..1, (H, W).
        ink, scrim: luminances of the letters and of the scrim.

    Returns:
        a; 0 where none is needed, above 1 where no scrim of this shape is enough.
    """
    ground, local = local_ground(luminances, coverage, reach_px)
    values, mask = local[ground], np.maximum(shape[ground], 1e-3)
    limit = (ink + 0.05) / AIM - 0.05 if ink > scrim else (ink + 0.05) * AIM - 0.05
    if (scrim - limit) * (ink - limit) >= 0:  # the scrim itself is too near the ink
        return np.inf
    wrong = values > limit if ink > scrim else values < limit
    if not wrong.any():
        return 0.0
    values, mask = values[wrong], mask[wrong]
    return float(((values - limit) / ((values - scrim) * mask)).max())
