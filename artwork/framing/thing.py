"""The one thing that a picture is of, where it is of one.

Told from a map of figure and ground (`content.encoders.figure`). Such a map finds something in
most pictures; a *thing* is what is sure, compact and whole: a creature, a car, a tower. A dune or a
cloud that runs out at a side is none, nor is a crowd, nor what takes next to all of the picture.
"""

import cv2
import numpy as np

from content.types import F32

SURE = 0.5
"""Figure, and not ground."""
DECIDED = 0.85
"""Of the map's sum that must be sure: a vague map tells of nothing in particular."""
SMALL, LARGE = 0.01, 0.65
"""Share of the picture that a thing takes: less is a speck, more is a ground itself."""
PART, PARTS = 0.15, 2
"""Share of the sure mass from which a piece is one of the thing's parts, and how many those may
be: a planet and its rocket are a thing, a crowd is not."""
OUT_BESIDE, OUT_ABOVE, OUT_OWN = 0.3, 0.4, 0.5
"""Share of a side, and of the top, along which it may run out of the picture, and of its own height
at a side; below it may stand on the edge."""
FLAT = 3.5
"""Width over height from which it is a horizon."""


def thing(figure: F32, ratio: float) -> F32 | None:
    """Where the picture's one thing is, None where it is of none.

    Args:
        figure: (h, w), 0..1, of the whole picture, squeezed or not.
        ratio: width over height of the picture itself.

    Returns:
        Its mass, (h, w), >= 0, sum 1; 0 around it.
    """
    sure = figure >= SURE
    total = float(figure.sum())
    if not SMALL <= sure.mean() <= LARGE or float(figure[sure].sum()) < DECIDED * total:
        return None
    count, pieces = cv2.connectedComponents(sure.astype(np.uint8), connectivity=8)
    masses = np.bincount(pieces.ravel(), weights=figure.ravel(), minlength=count)
    masses[0] = 0.0
    parts = np.flatnonzero(masses >= PART * masses.sum())
    found = np.isin(pieces, parts)
    if len(parts) > PARTS or _runs_out(found) or _flat(found, ratio):
        return None
    mass = np.where(found, figure, 0.0)
    return np.asarray(mass / mass.sum(), np.float32)


def _runs_out(found: "np.ndarray") -> bool:
    """Is it cut by the picture's own edge, so that nobody can show it whole?"""
    left, right, top = found[:, 0].mean(), found[:, -1].mean(), found[0].mean()
    if left > 0 and right > 0:
        return True
    most = min(OUT_BESIDE, OUT_OWN * float(found.any(axis=1).mean()))
    return bool(max(left, right) > most or top > OUT_ABOVE)


def _flat(found: "np.ndarray", ratio: float) -> bool:
    rows, columns = (np.flatnonzero(found.any(axis=axis)) for axis in (1, 0))
    high = (rows[-1] + 1 - rows[0]) / found.shape[0]
    wide = (columns[-1] + 1 - columns[0]) / found.shape[1]
    return bool(wide * ratio > FLAT * high)
