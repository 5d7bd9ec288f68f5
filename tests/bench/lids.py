"""Eyes shut in a photograph: the skin of each upper lid, with its lashes, drawn down over the eye.

The lids' edges and the fold above are the face mesh's own contours. Nothing beyond them moves, the
brow neither; what is drawn down is the photograph's, so that light, grain and make-up stay.
"""

from typing import Any

import cv2
import numpy as np

from content.encoders.alignment import transform
from content.encoders.face_mesh import CORNER, UNIT_PX, FaceMesh
from content.encoders.faces import FaceDetector
from content.types import U8

F64 = np.ndarray[Any, np.dtype[np.float64]]

UPPER = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (362, 398, 384, 385, 386, 387, 388, 466, 263),
)
"""Edge of the upper lid, from the left of the picture."""
LOWER = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (362, 382, 381, 380, 374, 373, 390, 249, 263),
)
FOLD = (
    (33, 113, 225, 224, 223, 222, 221, 189, 133),
    (362, 413, 441, 442, 443, 444, 445, 342, 263),
)
"""Where the upper lid meets the brow's skin; it stays."""
UNDER = (
    (33, 31, 228, 229, 230, 231, 232, 233, 133),
    (362, 453, 452, 451, 450, 449, 448, 261, 263),
)
"""Of the lower lid, beneath which nothing moves."""
SEAM = 0.8
"""Where the lids meet, from the upper's edge (0) to the lower's (1): the upper does the most."""

LIFT, DROP = 0.09, 0.05
"""So far above and below the mesh's edges skin is taken, in widths of the eye: the mesh errs by as
much, and nothing of the eye itself may come along."""


def shut(rgb: U8) -> U8:
    """RGB (H, W, 3) with the eyes of its largest face shut; as it is where none is found."""
    for face in FaceDetector().detect(rgb)[:1]:
        (mesh,) = FaceMesh().fit(rgb, [face])
        if np.isnan(mesh).any():
            return rgb
        back = cv2.invertAffineTransform(transform(face, UNIT_PX, CORNER))
        points = mesh[:, :2] @ back[:, :2].T + back[:, 2]
        for side in (0, 1):
            rgb = _lidded(rgb, points.astype(np.float64), side)
    return rgb


def _lidded(rgb: U8, points: F64, side: int) -> U8:
    """One eye: along its own axis, from corner to corner; lengths are in its width."""
    first, last = points[UPPER[side][0]], points[UPPER[side][-1]]
    width = max(1e-6, float(np.hypot(*(last - first))))
    along = (last - first) / width
    y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]].astype(np.float64)
    across = ((x - first[0]) * along[0] + (y - first[1]) * along[1]) / width
    down = ((y - first[1]) * along[0] - (x - first[0]) * along[1]) / width
    fold, upper, lower, under = (
        _curve(points[list(line[side])], first, along, width, across)
        for line in (FOLD, UPPER, LOWER, UNDER)
    )
    seam = upper + SEAM * (lower - upper)
    upper, lower = upper - LIFT, lower + DROP
    above = fold + (down - fold) * _share(upper - fold, seam - fold)
    below = under - (under - down) * _share(under - lower, under - seam)
    source = np.where(down < seam, above, below)
    inside = (across > 0) & (across < 1) & (down > fold) & (down < under)
    eased = np.clip(8 * np.minimum(across, 1 - across), 0, 1) * inside
    moved = eased * (source - down) * width
    drawn = cv2.remap(
        rgb,
        (x - moved * along[1]).astype(np.float32),
        (y + moved * along[0]).astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )
    lashes = 0.55 * np.exp(-(((down - seam) / 0.028) ** 2)) * eased
    return np.clip(drawn * (1 - lashes[..., None]), 0, 255).astype(np.uint8)


def _curve(line: F64, first: F64, along: F64, width: float, across: F64) -> F64:
    """How far down a contour runs over each place across: both in widths of the eye."""
    offset = (line - first) / width
    where = offset @ along
    depth = offset @ np.array([-along[1], along[0]])
    order = np.argsort(where)
    fine = np.linspace(0, 1, 65)
    smooth = np.polyval(np.polyfit(where[order], depth[order], 4), fine)
    found: F64 = np.interp(across, fine, smooth)
    return found


def _share(part: F64, whole: F64) -> F64:
    return np.clip(part, 1e-6, None) / np.clip(whole, 1e-6, None)
