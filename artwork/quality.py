"""How good a picture is as artwork: named sub-scores in 0..1, and the gates no candidate passes.

Everything is measured on the *analysis picture*: RGB uint8 (H, W, 3), long side at most
`ANALYSIS_PX`, bars already cut. The scores are immutable facts of a picture, so every formula here
is deterministic and free of state.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from content.types import F32, U8

ANALYSIS_PX = 480


@dataclass(frozen=True, slots=True)
class Quality:
    """Sub-scores of one picture, each in 0..1."""

    brightness: float
    """Mean luma (ITU-R BT.601)."""
    exposure: float
    """Well-exposedness (Mertens, Kautz & Van Reeth 2007): mean of exp(-(y - 0.5)²/(2·0.2²))."""
    contrast: float
    """RMS contrast (Peli 1990), twice the deviation of luma: 1 is half black, half white."""
    saturation: float
    """Mean HSV saturation, weighted by value: the near-black has a hue only by chance."""
    warmth: float
    """0.5 is neutral; above, red outweighs blue (difference of the channel means)."""
    sharpness: float
    """Variance of the Laplacian (Pech-Pacheco et al. 2000) in the sharpest quarter of 4 × 4 tiles,
    v/(v + 300): a face in focus before a soft background is sharp."""
    colourfulness: float
    """Hasler & Süsstrunk 2003, over 109, their 'extremely colourful'."""
    structure: float
    """Share of luma variance that an eightfold reduction keeps: about 1/64 for noise."""
    fill: float
    """1 - the share of the picture within ±6 levels of its most common luma: 0 is one flat tone."""
    lettering: float
    """Share of the picture's width that lines of letter-like strokes take, summed over lines."""


def analysis_picture(rgb: U8) -> U8:
    """`rgb` (H, W, 3) with its long side at most `ANALYSIS_PX`; never enlarged."""
    height, width = rgb.shape[:2]
    scale = ANALYSIS_PX / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def measure(rgb: U8) -> Quality:
    """The sub-scores of an analysis picture: RGB uint8 (H, W, 3)."""
    luma: F32 = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    red, _, blue = (float(channel) / 255.0 for channel in rgb.reshape(-1, 3).mean(axis=0))
    return Quality(
        brightness=_unit(luma.mean()),
        exposure=_unit(np.exp(-((luma - 0.5) ** 2) / (2 * 0.2**2)).mean()),
        contrast=_unit(2 * luma.std()),
        saturation=_saturation(rgb),
        warmth=_unit(0.5 + (red - blue)),
        sharpness=_sharpness(luma),
        colourfulness=_colourfulness(rgb),
        structure=_structure(luma),
        fill=_fill(luma),
        lettering=lettering(rgb),
    )


def rejection(quality: Quality) -> str | None:
    """Why no artwork may be made of a picture, or None when it may."""
    gates = (
        ("dark", quality.brightness < 0.055),
        ("blown", quality.brightness > 0.93),
        ("flat", quality.contrast < 0.09 or quality.fill < 0.08),
        ("blurred", quality.sharpness < 0.10),
        ("noise", quality.structure < 0.30),
        # White or grey words on one tone: a card, a logo, the credits.
        ("title_card", quality.fill < 0.30 and quality.saturation < 0.05),
    )
    return next((reason for reason, rejected in gates if rejected), None)


def appeal(quality: Quality, face: float) -> float:
    """How much a picture invites, 0..1: a fixed, hand-set mean of sub-scores.

    `face` is 0..1, how present a face is. This only picks candidates; which of them a viewer
    likes is learnt from what viewers do.
    """
    terms = (
        (0.20, quality.sharpness),
        (0.15, quality.exposure),
        (0.15, min(1.0, quality.contrast / 0.5)),
        (0.15, quality.colourfulness),
        (0.10, quality.fill),
        (0.25, face),
    )
    words = min(1.0, 2.5 * quality.lettering)  # a short line already makes it a caption
    return sum(weight * value for weight, value in terms) * (1.0 - words)


def lettering(rgb: U8) -> float:
    """Lines of words laid over a picture, 0..1: their summed width over the picture's width.

    Bright, colourless strokes thinner than a word is high (top-hat), joined into letter-sized
    components that stand in rows of at least five of like height. It finds titles and credits in
    white; it does not read, and it misses coloured lettering.
    """
    height, width = rgb.shape[:2]
    value, low = rgb.max(axis=2), rgb.min(axis=2)
    kernel = np.ones((max(3, height // 12),) * 2, np.uint8)
    stroke = cv2.morphologyEx(low, cv2.MORPH_TOPHAT, kernel)
    mask = ((stroke > 70) & (low > 130) & (value - low < 48)).astype(np.uint8)
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    letters = [
        (float(centres[i][1]), int(s[0]), int(s[2]), int(s[3]))
        for i, s in enumerate(stats[:count])
        if i > 0
        and height * 0.03 <= s[3] <= height * 0.2
        and s[2] <= 2.5 * s[3]
        and s[4] >= 0.2 * s[2] * s[3]
    ]
    return _unit(sum(_row_widths(letters)) / width)


def _row_widths(letters: list[tuple[float, int, int, int]]) -> list[int]:
    """Width in px of every row among letters (centre y, x, width, height)."""
    rows: list[list[tuple[float, int, int, int]]] = []
    for letter in sorted(letters, key=lambda item: item[1]):
        for row in rows:
            y, x, width, height = row[-1]
            near = abs(letter[0] - y) < 0.2 * height and letter[1] - (x + width) < 1.2 * height
            if near and 0.7 < letter[3] / height < 1.45:
                row.append(letter)
                break
        else:
            rows.append([letter])
    return [row[-1][1] + row[-1][2] - row[0][1] for row in rows if len(row) >= 5]


def _saturation(rgb: U8) -> float:
    value = rgb.max(axis=2).astype(np.float32)
    chroma = value - rgb.min(axis=2)
    return _unit(chroma.sum() / max(1.0, float(value.sum())))


def _sharpness(luma: F32) -> float:
    squared = cv2.Laplacian(luma * 255.0, cv2.CV_32F) ** 2
    tiles = cv2.resize(squared, (4, 4), interpolation=cv2.INTER_AREA).ravel()
    variance = float(np.sort(tiles)[-4:].mean())
    return _unit(variance / (variance + 300.0))


def _colourfulness(rgb: U8) -> float:
    red, green, blue = (rgb[..., i].astype(np.float32) for i in range(3))
    rg, yb = red - green, 0.5 * (red + green) - blue
    spread = float(np.hypot(rg.std(), yb.std()))
    return _unit((spread + 0.3 * float(np.hypot(rg.mean(), yb.mean()))) / 109.0)


def _structure(luma: F32) -> float:
    height, width = luma.shape
    size = (max(1, width // 8), max(1, height // 8))
    coarse = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return _unit(coarse.var() / max(1e-6, float(luma.var())))


def _fill(luma: F32) -> float:
    histogram = np.bincount((luma * 255.0).round().astype(np.intp).ravel(), minlength=256)
    window = np.convolve(histogram, np.ones(13, dtype=np.intp), mode="same")
    return _unit(1.0 - window.max() / luma.size)


def _unit(value: float | np.floating) -> float:
    """Clipped to 0..1 and rounded, so that a fact reads back from JSON as the same number."""
    return round(float(min(1.0, max(0.0, float(value)))), 6)
