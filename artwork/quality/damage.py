"""What was done to a picture: blocks of compression, a second picture shining through, bars."""

import cv2
import numpy as np

from artwork.quality.picture import ramp
from content.types import F32, U8

BLOCK_PX = 8
SEEN, RUINED = 1.1, 3.0
"""Step at block edges over that within, from where on it is seen, and where it is all one sees."""

PLAIN, MIXED = 0.035, 0.07
"""Share of strong places with two crossing orientations: usual, and more than pictures have."""


def mixture(luma: F32) -> float:
    """Signs of two pictures laid over each other, as in the middle of a dissolve, 0..1.

    Where edges of two pictures cross, the signal is a sum of two oriented ones: the structure
    tensor has full rank while that of the second derivatives loses one (Mota, Stuke & Barth 2001;
    at a corner of one picture it keeps it). Counted among the places of much gradient. A sign, no
    proof: of dissolved pictures and whole ones it orders 84 in 100 pairs rightly, so no gate
    follows from it alone.
    """
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.2)
    first = [cv2.Sobel(smooth, -1, x, 1 - x) for x in (1, 0)]
    xx, xy, yy = _products(first)
    trace = xx + yy
    strong = trace > max(1e-6, float(np.quantile(trace, 0.6)))
    crossing = strong & (4 * (xx * yy - xy * xy) > 0.5 * trace * trace)
    if not crossing.any():
        return 0.0
    second = [cv2.Sobel(smooth, -1, x, 2 - x) for x in (2, 1, 0)]
    parts = [part[crossing] for part in _products(second)]
    rows = [[parts[0], parts[1], parts[2]], [parts[1], parts[3], parts[4]]]
    rows.append([parts[2], parts[4], parts[5]])
    values = np.linalg.eigvalsh(np.array(rows).transpose(2, 0, 1))
    lost = values[:, 0] < 0.15 * (values[:, 1] + 1e-12)
    return ramp(float(lost.sum()) / float(strong.sum()), PLAIN, MIXED)


def _products(parts: list[F32]) -> list[F32]:
    """Of each two, in the order of a triangle's rows, smoothed."""
    pairs = ((i, j) for i in range(len(parts)) for j in range(i, len(parts)))
    return [cv2.GaussianBlur(parts[i] * parts[j], (0, 0), 2.5) for i, j in pairs]


def blockiness(rgb: U8) -> float:
    """Blocks of 8 px (JPEG, MPEG) in RGB uint8 (H, W, 3) at its own size, 0..1.

    After Wang, Sheikh & Bovik 2002: the mean step between neighbours at the blocks' edges over
    that elsewhere, least of both directions so that stripes are none. The grid may begin anywhere
    (bars, crops); its phase is the one with the largest step. Scaled pictures have no such grid:
    damage done before a scaling is not seen, and neither is ringing.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < 4 * BLOCK_PX:
        return 0.0
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.int16)
    steps = (np.abs(np.diff(luma, axis=axis)).mean(axis=1 - axis) for axis in (0, 1))
    return ramp(min(_edge_ratio(step) for step in steps), SEEN, RUINED)


def _edge_ratio(step: F32) -> float:
    """Of the mean steps between neighbouring lines: the phase that stands out over the others."""
    usable = step[: len(step) // BLOCK_PX * BLOCK_PX].reshape(-1, BLOCK_PX)
    # Per block, so that one strong edge of the picture does not pass for a grid.
    phases = (usable > np.median(usable, axis=1, keepdims=True) + 0.25).mean(axis=0)
    best = int(phases.argmax())
    others = np.delete(usable, best, axis=1)
    if phases[best] < 0.6:
        return 1.0
    return float((np.median(usable[:, best]) + 0.5) / (np.median(others) + 0.5))
