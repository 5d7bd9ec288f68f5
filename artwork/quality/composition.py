"""Composition: where the subject stands, and how much room is left around it.

Faces are `content.encoders.faces.Face`s in px of the picture; `size` its width and height. What
needs a face is `NEUTRAL` without one.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from artwork.quality.picture import ramp, unit
from content.encoders.faces import Face
from content.types import F32

NEUTRAL = 0.5
POWER = 1 / 6
"""Distance from a power point, in shares of the sides, at which a third of the merit is left."""
EYE_LINE = 0.36
"""Of a face's box, from its top: where the eyes are."""
TURNED = 0.15
"""Of the distance between the eyes: a nose less off their middle looks at us."""


def thirds(mass: F32, faces: Sequence[Face], size: tuple[int, int]) -> float:
    """Nearness of the subject to a crossing of the thirds: exp(-d²/2σ²) (Luo & Tang 2008).

    The subject is the largest face, or else the centre of the visual mass.
    """
    x, y = _centre(mass, faces, size)
    across, down = (min(abs(v - 1 / 3), abs(v - 2 / 3)) for v in (x, y))
    return unit(np.exp(-(across**2 + down**2) / (2 * (POWER / np.sqrt(2)) ** 2)))


def symmetry(luma: F32) -> float:
    """Likeness of the left half to the mirrored right: correlation of the gradients' strength at
    32 × 18 places (after the symmetry of Redi et al. 2015), 0 where it is 0 or less."""
    small = cv2.resize(luma, (64, 36), interpolation=cv2.INTER_AREA)
    x = cv2.Sobel(small, cv2.CV_32F, 1, 0, ksize=3)
    y = cv2.Sobel(small, cv2.CV_32F, 0, 1, ksize=3)
    strength = np.hypot(x, y)
    spread = strength - strength.mean()
    return unit((spread * spread[:, ::-1]).sum() / max(1e-6, float((spread**2).sum())))


def headroom(faces: Sequence[Face], size: tuple[int, int]) -> float:
    """The largest face's eyes on the upper third, as film practice has it (Mascelli 1965), and its
    brow not cut off: exp(-(y - 1/3)²/(2·0.15²)), 0 where its box touches the picture's top."""
    if not faces:
        return NEUTRAL
    face = faces[0]
    if face.y <= 0:
        return 0.0
    eyes = (face.y + EYE_LINE * face.height) / size[1]
    return unit(np.exp(-((eyes - 1 / 3) ** 2) / (2 * 0.15**2)))


def leading_space(faces: Sequence[Face], size: tuple[int, int]) -> float:
    """Room before the face, on the side to which it looks, over the room on both (nose room,
    Mascelli 1965): 0 at a fifth or less, 1 at three fifths or more; neutral for one facing us."""
    if not faces or len(faces[0].landmarks) < 3:
        return NEUTRAL
    face = faces[0]
    (left, _), (right, _), (nose, _) = face.landmarks[:3]
    turn = (nose - (left + right) / 2) / max(1.0, abs(right - left))
    if abs(turn) < TURNED:
        return NEUTRAL
    before, behind = float(face.x), float(size[0] - face.x - face.width)
    if turn > 0:
        before, behind = behind, before
    return ramp(before / max(1.0, before + behind), 0.2, 0.6)


def _centre(mass: F32, faces: Sequence[Face], size: tuple[int, int]) -> tuple[float, float]:
    if faces:
        face = faces[0]
        return (face.x + face.width / 2) / size[0], (face.y + face.height / 2) / size[1]
    height, width = mass.shape
    x = float(mass.sum(axis=0) @ (np.arange(width) + 0.5)) / width
    y = float(mass.sum(axis=1) @ (np.arange(height) + 0.5)) / height
    return x, y
