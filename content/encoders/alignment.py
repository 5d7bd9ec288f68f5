"""Faces turned upright and brought to one size, by their five landmarks."""

import cv2
import numpy as np

from content.encoders.faces import Face
from content.types import F32, U8

TEMPLATE = np.array(
    [
        [0.2255, 0.2160],
        [0.7547, 0.2160],
        [0.4901, 0.5156],
        [0.2541, 0.7802],
        [0.7261, 0.7802],
    ],
    np.float32,
)
"""Eyes, tip of the nose, corners of the mouth of the mean face that dlib aligns to
(`get_face_chip_details`), its unit the height from the brow to a little below the lower lip."""


def aligned(rgb: U8, face: Face, side_px: int, unit_px: float, corner: tuple[float, float]) -> U8:
    """The face upright in a square, RGB uint8 (side_px, side_px, 3); black beyond the picture.

    Args:
        unit_px: what `TEMPLATE`'s unit becomes.
        corner: where its origin comes to lie, x and y in px.

    Raises:
        ValueError: the face has no landmarks.
    """
    turn = transform(face, unit_px, corner)
    return np.asarray(cv2.warpAffine(rgb, turn, (side_px, side_px), flags=cv2.INTER_AREA), np.uint8)


def transform(face: Face, unit_px: float, corner: tuple[float, float]) -> F32:
    """The similarity (2, 3), picture to square, of least squared error (Umeyama 1991).

    In the plane, with points as complex numbers, it is one division: no reflection can come out.

    Raises:
        ValueError: the face has no landmarks.
    """
    if len(face.landmarks) != len(TEMPLATE):
        raise ValueError("a face without landmarks cannot be aligned")
    target = TEMPLATE @ np.array([1, 1j]) * unit_px + complex(*corner)
    source = np.array(face.landmarks) @ np.array([1, 1j])
    offset = source - source.mean()
    spread = float((np.abs(offset) ** 2).sum())
    turn = np.vdot(offset, target - target.mean()) / max(spread, 1e-9)
    shift = target.mean() - turn * source.mean()
    rows = [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]
    return np.array(rows, np.float32)
