"""Live action or animation, told by flatness: what is drawn or rendered has patches without any
grain or shading, a lens and a sensor leave none.

One figure a frame, one logistic formula; `python -m tests.bench medium` fits and checks it. It
knows drawn and plainly rendered pictures; rendered fur and grass it takes for a lens's work
(docs/benchmarks.md).
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from content.types import F32, U8, Facts

COLUMNS = ("flatness",)
"""Natural logarithm of the share (+ `FLOOR`) of lit pixels whose neighbourhood is flat; NaN where
too little is lit."""
LONG_SIDE_PX = 240
PATCH_PX = 7
SAME_LEVEL = 1
FLOOR = 0.002
LIT = 24
LEAST_LIT = 0.05

INTERCEPT, SLOPE = 5.24, 1.11
UNSURE = 0.1
"""So near to one half the medium is not told."""


def measure(rgb: U8) -> tuple[float, ...]:
    """Of one frame (H, W, 3) RGB uint8, as `COLUMNS`: how much of it is perfectly flat.

    Flat: luma varies by at most one level of 255 over 7 × 7 px of the frame made 240 px long.
    """
    import cv2

    scale = LONG_SIDE_PX / max(rgb.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in rgb.shape[1::-1]]
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    lit = cv2.max(cv2.max(rgb[..., 0], rgb[..., 1]), rgb[..., 2]) >= LIT
    if float(lit.mean()) < LEAST_LIT:
        return (math.nan,)
    patch = np.ones((PATCH_PX, PATCH_PX), np.uint8)
    spread = cv2.subtract(cv2.dilate(luma, patch), cv2.erode(luma, patch))
    return (math.log(float((spread[lit] <= SAME_LEVEL).mean()) + FLOOR),)


def medium_facts(rows: npt.NDArray[Any]) -> Facts:
    """`animation`, 0..1, and `medium`, of rows (n, len(COLUMNS)); None where it cannot be told."""
    flatness: F32 = rows[:, 0][np.isfinite(rows[:, 0])]
    if not len(flatness):
        return {"medium": None, "animation": None}
    animation = probability(float(flatness.mean()))
    medium = "animation" if animation > 0.5 else "live_action"
    sure = abs(animation - 0.5) >= UNSURE
    return {"medium": medium if sure else None, "animation": round(animation, 4)}


def probability(flatness: float) -> float:
    """That pictures of this mean flatness are animation, 0..1."""
    return 1 / (1 + math.exp(-(INTERCEPT + SLOPE * flatness)))
