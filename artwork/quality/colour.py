"""Colour: how much of it, how warm, and whether its hues go together."""

import cv2
import numpy as np
import numpy.typing as npt

from artwork.quality.picture import extremes, ramp, unit
from content.types import U8

F64 = npt.NDArray[np.float64]

TEMPLATES: dict[str, tuple[tuple[float, float], ...]] = {
    "i": ((0, 18),),
    "V": ((0, 93.6),),
    "L": ((0, 18), (90, 79.2)),
    "I": ((0, 18), (180, 18)),
    "T": ((0, 180),),
    "Y": ((0, 93.6), (180, 18)),
    "X": ((0, 93.6), (180, 93.6)),
}
"""Hue templates of Cohen-Or et al. 2006 (after Matsuda 1995): sectors as (centre, width), degrees.
Mirrored L is tried too."""
DISCORD = 15.0
"""Mean distance from the best template, in degrees, at which nothing of harmony is left."""
STEP = 6


def saturation(rgb: U8) -> float:
    """Mean HSV saturation, weighted by value: the near-black has a hue only by chance."""
    high, low = extremes(rgb)
    value = high.astype(np.float32)
    chroma = value - low
    return unit(chroma.sum() / max(1.0, float(value.sum())))


def warmth(rgb: U8) -> float:
    """0.5 is neutral; above, red outweighs blue (difference of the channel means)."""
    red, _, blue = (float(channel) / 255.0 for channel in rgb.reshape(-1, 3).mean(axis=0))
    return unit(0.5 + (red - blue))


def colourfulness(rgb: U8) -> float:
    """Hasler & Süsstrunk 2003, over 109, their 'extremely colourful'."""
    red, green, blue = (rgb[..., i].astype(np.float32) for i in range(3))
    rg, yb = red - green, 0.5 * (red + green) - blue
    spread = float(np.hypot(rg.std(), yb.std()))
    return unit((spread + 0.3 * float(np.hypot(rg.mean(), yb.mean()))) / 109.0)


def harmony(rgb: U8) -> float:
    """Nearness of the hues to one of the templates of Cohen-Or et al. 2006.

    Their energy: the mean angular distance of the hues from the nearest sector, weighted by
    saturation and value, least over templates and turns (in steps of 6°); 1 at none, 0 from
    `DISCORD` on.. Greys are harmonious.
    """
    hue, saturated, value = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV))
    weight = saturated.astype(np.float64) * value
    bins = np.bincount((hue.ravel() // (STEP // 2)), weight.ravel(), 360 // STEP)
    if bins.sum() < 0.02 * 255 * 255 * hue.size:
        return 1.0
    shares = bins / bins.sum()
    distances = np.stack([_turned(shares, sectors) for sectors in _sectors()])
    return ramp(float(distances.min()), DISCORD, 0.0)


def _sectors() -> list[tuple[tuple[float, float], ...]]:
    return [*TEMPLATES.values(), ((0, 18), (-90, 79.2))]


def _turned(shares: F64, sectors: tuple[tuple[float, float], ...]) -> F64:
    """The energy of one template at every turn, degrees."""
    hues = (np.arange(len(shares)) + 0.5) * STEP
    gaps = [
        np.maximum(np.abs((hues - centre + 180) % 360 - 180) - width / 2, 0)
        for centre, width in sectors
    ]
    distance = np.min(gaps, axis=0)
    turns = (np.arange(len(hues))[:, None] - np.arange(len(hues))[None, :]) % len(hues)
    energies: F64 = distance[turns].T @ shares
    return energies
