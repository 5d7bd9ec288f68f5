"""Light: how bright, how exposed, how much tone there is."""

import cv2
import numpy as np

from artwork.quality.picture import unit
from content.types import F32


def exposure(luma: F32) -> float:
    """Well-exposedness (Mertens, Kautz & Van Reeth 2007): mean of exp(-(y - 0.5)²/(2·0.2²))."""
    return unit(np.exp(-((luma - 0.5) ** 2) / (2 * 0.2**2)).mean())


def contrast(luma: F32) -> float:
    """RMS contrast (Peli 1990), twice the deviation of luma: 1 is half black, half white."""
    return unit(2 * luma.std())


def structure(luma: F32) -> float:
    """Share of luma variance that an eightfold reduction keeps: about 1/64 for noise."""
    height, width = luma.shape
    size = (max(1, width // 8), max(1, height // 8))
    coarse = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return unit(coarse.var() / max(1e-6, float(luma.var())))


def fill(luma: F32) -> float:
    """1 - the share of the picture within ±6 levels of its most common luma: 0 is one flat tone."""
    histogram = np.bincount((luma * 255.0).round().astype(np.intp).ravel(), minlength=256)
    window = np.convolve(histogram, np.ones(13, dtype=np.intp), mode="same")
    return unit(1.0 - window.max() / luma.size)
