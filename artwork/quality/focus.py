"""Focus: what is sharp, and which of the two blurs it is where something is not.

Shallow focus blurs alike in all directions, and not the subject; motion blurs along one direction.
"""

import cv2
import numpy as np

from artwork.quality.picture import luma_of, ramp, unit
from content.encoders.faces import Face
from content.types import F32, U8

FINE, COARSE = 0.8, 3.0
"""Scales of the two gradients, standard deviations of a Gaussian in px of the analysis picture."""
STEADY, STREAKED = 0.85, 0.6
"""Ratio of detail along two directions of a still picture's subject, and of one that is smeared."""
FACE_PX = 48
"""Height of a face at which its focus is told: what is soft here is soft on every shelf."""
FACE_AIR = 0.15
"""Looked at around it, in its height: brow, chin and hairline are its strongest lines."""
FACE_SOFT, FACE_CLEAR = 0.10, 0.34
"""Detail of a face over its contrast (`face_focus`). Sharp portraits have 0.45 to 1.1, smooth
rendered faces 0.3; blurred by 1 % of their height (a deviation) they keep 0.2 to 0.45, by 2 % 0.06
to 0.15."""


def sharpness(luma: F32) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000) in the sharpest quarter of 4 × 4 tiles,
    v/(v + 300): a face in focus before a soft background is sharp."""
    tiles = cv2.resize(_detail(luma), (4, 4), interpolation=cv2.INTER_AREA).ravel()
    variance = float(np.sort(tiles)[-4:].mean())
    return unit(variance / (variance + 300.0))


def subject_focus(luma: F32, mass: F32) -> float:
    """The same where the subject is: the mean weighted by the subject's share of the picture.

    Args:
        mass: where the subject is, any size, ≥ 0, sum 1 (`artwork.framing.saliency`, faces on top).
    """
    variance = float((_detail(luma) * _spread(mass, luma)).sum())
    return unit(variance / (variance + 300.0))


def steadiness(luma: F32, mass: F32) -> float:
    """1 without motion blur, 0 where the subject is smeared along one direction.

    A blur takes fine detail (gradients at 0.8 px) and leaves coarse forms (at 3 px). Per direction
    their ratio is what is left of it; its extremes over all directions are the eigenvalues of one
    structure tensor (Bigün & Granlund 1987) relative to the other. Out of focus both are low, so
    the least over the most stays near 1; motion lowers one alone (Levin 2006: a blur shows in the
    statistics of derivatives along its direction).
    """
    weight = _spread(mass, luma)
    fine, coarse = _tensor(luma, FINE, weight), _tensor(luma, COARSE, weight)
    floor = 1e-7 + 0.02 * float(np.trace(coarse))
    ratios = np.linalg.eigvals(np.linalg.solve(coarse + floor * np.eye(2), fine)).real
    least, most = sorted(np.sqrt(np.maximum(ratios, 0.0)))
    if most < 1e-6:
        return 1.0
    return ramp(least / most, STREAKED, STEADY)


def face_focus(rgb: U8, face: Face) -> float:
    """1 for a face that is sharp at its own size, 0 for a blurred one, whichever blur it is.

    The variance of the Laplacian over that of luma, on the face made `FACE_PX` high (a smaller one
    stays as it is): neither its size in the picture counts, nor how contrasty its light is.

    Args:
        face: in px of `rgb`.
    """
    air = round(FACE_AIR * face.height)
    top, left = max(0, face.y - air), max(0, face.x - air)
    cut = rgb[top : face.y + face.height + air, left : face.x + face.width + air]
    if min(cut.shape[:2]) < 3:
        return 0.0
    scale = min(1.0, FACE_PX / face.height)
    size = (max(3, round(cut.shape[1] * scale)), max(3, round(cut.shape[0] * scale)))
    luma = luma_of(np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8))
    # Two levels of noise and rounding are no detail.
    contrast = max(float((luma * 255.0).var()), 4.0)
    return ramp(float(_detail(luma).mean()) / contrast, FACE_SOFT, FACE_CLEAR)


def with_face(sharpness: float, focus: float, size: float) -> float:
    """`subject_focus` of a picture with a face: up to half of it is the face's at its own size.

    A face that fills the picture is as smooth as a blurred small one: by its pixels alone a
    close-up is never sharp.

    Args:
        focus: `face_focus` of the largest face.
        size: its height over the one that artwork wants, 0..1.
    """
    share = 0.5 * size
    return unit((1.0 - share) * sharpness + share * focus)


def _detail(luma: F32) -> F32:
    return np.asarray(cv2.Laplacian(luma * 255.0, cv2.CV_32F) ** 2, np.float32)


def _tensor(
    luma: F32, scale: float, weight: F32
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    smooth = cv2.GaussianBlur(luma, (0, 0), scale)
    x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
    xx, xy, yy = (float((weight * part).sum()) for part in (x * x, x * y, y * y))
    return np.array([[xx, xy], [xy, yy]])


def _spread(mass: F32, luma: F32) -> F32:
    """`mass` at the size of `luma`, sum 1."""
    large = cv2.resize(mass, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large / max(1e-12, float(large.sum())), np.float32)
