"""The subject: where it is, how large, and how well it stands off the rest."""

from collections.abc import Sequence

import cv2
import numpy as np

from artwork.framing.saliency import spread
from artwork.quality.picture import ramp, unit
from content.encoders.faces import Face
from content.types import F32, U8

BINS = 8
CLEAR = 4.0
"""Times the detail of the rest that a subject before a soft background has."""


def subject_mass(mass: F32, faces: Sequence[Face], size: tuple[int, int]) -> F32:
    """Where the subject is: `mass` (h, w), half of which goes to the `faces` (px of a picture of
    `size`: width, height) where there are any. Sums to 1."""
    height, width = mass.shape
    across, down = width / size[0], height / size[1]
    where = np.zeros_like(mass)
    for face in faces:
        top, left = int(face.y * down), int(face.x * across)
        bottom, right = (face.y + face.height) * down, (face.x + face.width) * across
        where[top : max(top + 1, round(bottom)), left : max(left + 1, round(right))] = 1.0
    share = float(where.sum())
    return mass if share == 0 else np.asarray((mass / mass.sum() + where / share) / 2, np.float32)


def subject_size(mass: F32) -> float:
    """Twice the share of the picture that holds the densest half of the visual mass."""
    return unit(2 * spread(mass))


def separation(rgb: U8, luma: F32, mass: F32) -> float:
    """How the subject stands off the rest, the mean of two (Luo & Tang 2008).

    Colour: 1 - the Bhattacharyya coefficient of the Lab histograms (8³) of the densest half of
    the mass and of the rest. Clarity: how many times as much detail (Laplacian) it has, 1 to
    `CLEAR` on a logarithmic scale.
    """
    height, width = luma.shape
    large = cv2.resize(mass, (width, height), interpolation=cv2.INTER_LINEAR)
    inside = (large >= _threshold(mass)).astype(np.uint8)
    if inside.all() or not inside.any():
        return 0.0
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    subject, rest = (_histogram(lab, mask) for mask in (inside, 1 - inside))
    colour = 1.0 - float(np.sqrt(subject * rest).sum())
    detail = np.abs(cv2.Laplacian(luma, cv2.CV_32F))
    own, other = (float(detail[inside == part].mean()) for part in (1, 0))
    clarity = ramp(np.log((own + 1e-3) / (other + 1e-3)), 0.0, np.log(CLEAR))
    return unit((colour + clarity) / 2)


def _threshold(mass: F32) -> float:
    """The least density of the densest half."""
    ordered = np.sort(mass.ravel())[::-1]
    return float(ordered[int(np.searchsorted(np.cumsum(ordered), 0.5 * ordered.sum()))])


def _histogram(lab: U8, mask: U8) -> F32:
    found = cv2.calcHist([lab], [0, 1, 2], mask, [BINS] * 3, [0, 256] * 3)
    return np.asarray(found / max(1.0, float(found.sum())), np.float32)
