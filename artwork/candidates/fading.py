"""Words that are half seen: coming, or going.

No reader finds words that are a tenth there, and a viewer does. A picture near one with words is
therefore compared with it where these stand: what is left of them there is told by how much of
their strokes it shows.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from artwork.framing.crops import Box
from content.types import F32, U8

FADE_S = 2.0
"""As long words may take to appear or go."""
SEEN = 0.05
"""Share of the strokes' own contrast from which on words are seen: a ground without has 0.02."""
_STROKE = 0.3
"""Of a line's height: what is finer than this is its strokes."""
_STRONG = 0.5
"""Of the strongest contrast in a line: from here on a pixel is a letter's."""


def half_seen(picture: U8, written: U8, lines: Sequence[Box]) -> float:
    """How much of the words of one picture another shows in the same place: 0 nothing, 1 all.

    Args:
        picture, written: of one film, RGB (H, W, 3).
        lines: of the words in `written`, in its px.

    Of the most visible line. It is the slope of a regression of the one picture's fine detail on
    the other's, at the letters' pixels: of a ground that stays the same there nothing is counted.
    """
    if picture.shape != written.shape:
        return 0.0
    return max((_shown(picture, written, line) for line in lines), default=0.0)


def _shown(picture: U8, written: U8, line: Box) -> float:
    top, left = max(0, line.y), max(0, line.x)
    part = (slice(top, line.bottom), slice(left, line.right))
    if min(written[part].shape[:2]) < 3:
        return 0.0
    words, other = (_fine(one[part], line.height) for one in (written, picture))
    strength = np.linalg.norm(words, axis=2)
    letters = strength >= _STRONG * np.percentile(strength, 95)
    total = float(np.square(words[letters]).sum())
    if total < 1.0:
        return 0.0
    return float(np.clip((words[letters] * other[letters]).sum() / total, 0.0, 1.0))


def _fine(rgb: U8, height: int) -> F32:
    data = rgb.astype(np.float32)
    return np.asarray(data - cv2.GaussianBlur(data, (0, 0), max(1.0, _STROKE * height)), np.float32)
