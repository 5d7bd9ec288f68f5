"""Where the eye goes first: a small map of visual mass, without a model.

The mean of two cheap maps, each summing to 1: the spectral residual (Hou & Zhang 2007) of luma,
which finds the odd shape in a texture, and the whitened distance from the colours of the picture's
borders (the backgroundness cue of Zhang et al. 2015), which finds the figure. A broad central
weight follows, because people frame, and look, towards the middle (Judd et al. 2009).
"""

import cv2
import numpy as np

from content.types import F32, U8

MAP_PX = 96
"""Long side of the map: saliency is a matter of large shapes."""


def saliency(rgb: U8) -> F32:
    """Visual mass of RGB uint8 (H, W, 3): float32 (h, w), >= 0, sum 1, long side <= `MAP_PX`."""
    height, width = rgb.shape[:2]
    scale = min(1.0, MAP_PX / max(height, width))
    size = (max(4, round(width * scale)), max(4, round(height * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    mass = _normal(_spectral_residual(small)) + _normal(_unlike_borders(small))
    return _normal(mass * _central(mass.shape[0])[:, None] * _central(mass.shape[1])[None, :])


def spread(mass: F32) -> float:
    """Share of the picture that holds the densest half of the mass, 0..0.5: the subject's size."""
    ordered = np.sort(mass.ravel())[::-1]
    return float(np.searchsorted(np.cumsum(ordered), 0.5) + 1) / mass.size


def held(mass: F32) -> float:
    """How well a picture holds its subject, 0..1: mass in the middle against mass at one border.

    The density of the middle half of each side over itself plus that of the fullest of the four
    borders (the outer 6 % of the shorter side). Even mass gives 0.5; a subject that has slipped out
    of the picture, or none, less than a subject in it.
    """
    height, width = mass.shape
    strip = max(1, round(0.06 * min(height, width)))
    sides = (mass[:strip], mass[-strip:], mass[:, :strip], mass[:, -strip:])
    border = max(float(side.mean()) for side in sides)
    rows, columns = height // 4, width // 4
    middle = float(mass[rows : height - rows, columns : width - columns].mean())
    return middle / max(1e-12, middle + border)


def _spectral_residual(rgb: U8) -> F32:
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    spectrum = np.fft.fft2(luma)
    log_amplitude = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    residual = log_amplitude - cv2.blur(log_amplitude, (3, 3))
    phase = np.exp(residual + 1j * np.angle(spectrum))
    energy = (np.abs(np.fft.ifft2(phase)) ** 2).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(energy, (0, 0), 2.5), dtype=np.float32)


def _unlike_borders(rgb: U8) -> F32:
    """Sum of the Mahalanobis distances to the four borders' colours, without the largest.

    Without it, because the subject itself may touch one border.
    """
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    lab = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.0), dtype=np.float32)
    rows, columns = max(1, lab.shape[0] // 10), max(1, lab.shape[1] // 10)
    sides = (lab[:rows], lab[-rows:], lab[:, :columns], lab[:, -columns:])
    distances = np.stack([_distance(lab, side.reshape(-1, 3)) for side in sides])
    return np.asarray(distances.sum(axis=0) - distances.max(axis=0), dtype=np.float32)


def _distance(lab: F32, colours: F32) -> F32:
    """Mahalanobis distance of every pixel from `colours` (n, 3), over its own maximum."""
    # 25: a border of one tone still tells a hand's breadth of colour apart (5 units of Lab).
    spread = np.cov(colours.T.astype(np.float64)) + 25.0 * np.eye(3)
    offset = lab - colours.mean(axis=0)
    squared = np.einsum("hwi,ij,hwj->hw", offset, np.linalg.inv(spread), offset)
    distance = np.sqrt(np.maximum(squared, 0.0))
    return np.asarray(distance / max(1e-6, float(distance.max())), dtype=np.float32)


def _central(length: int) -> F32:
    """1 in the middle, 0.46 at the ends."""
    place = (np.arange(length, dtype=np.float32) + 0.5) / length - 0.5
    return np.asarray(np.exp(-(place**2) / (2 * 0.4**2)), dtype=np.float32)


def _normal(values: F32) -> F32:
    """Scaled to sum 1; uniform where there is nothing to tell apart."""
    shifted = values - values.min()
    total = float(shifted.sum())
    if total <= 1e-9:
        return np.full(values.shape, 1.0 / values.size, dtype=np.float32)
    return np.asarray(shifted / total, dtype=np.float32)
