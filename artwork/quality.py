"""How good a picture is as artwork: named sub-scores in 0..1, and the gates no candidate passes.

Everything is measured on the *analysis picture*: RGB uint8 (H, W, 3), long side at most
`ANALYSIS_PX`, bars already cut. The scores are immutable facts of a picture, so every formula here
is deterministic and free of state.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from content.types import F32, U8

Bools = npt.NDArray[np.bool_]
Rectangle = tuple[int, int, int, int]
"""x, y, width, height in px."""

ANALYSIS_PX = 480
SAME_TONE = 16
"""Letters of one line differ by no more, 0..255."""


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


@dataclass(frozen=True, slots=True)
class _Letter:
    """What may be a letter: its box in px, its pixels, and how bright they are, 0..255."""

    centre_y: float
    x: int
    y: int
    width: int
    height: int
    area: int
    tone: float


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
        ("lettering", quality.lettering > 0.2),
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
    """Words laid over a picture, 0..1: the summed width of its `lines` over the picture's width.

    It does not read, and it misses coloured lettering.
    """
    return _unit(sum(width for _, _, width, _ in lines(rgb)) / rgb.shape[1])


def lines(rgb: U8) -> list[Rectangle]:
    """Where words are laid over RGB uint8 (H, W, 3): (x, y, width, height) in px, each a line.

    A logo of large letters counts as one.
    """
    return [_around(row) for row in _rows(_strokes(rgb))] + _logo(rgb)


def _strokes(rgb: U8) -> list[_Letter]:
    """Bright, colourless strokes thinner than a word is high (top-hat), of a letter's size."""
    height = rgb.shape[0]
    value, low = _extremes(rgb)
    kernel = np.ones((max(3, height // 12),) * 2, np.uint8)
    stroke = cv2.morphologyEx(low, cv2.MORPH_TOPHAT, kernel)
    mask = (stroke > 70) & (low > 130) & (value - low < 48)
    return [
        letter
        for letter, _ in _parts(mask, low)
        if height * 0.03 <= letter.height <= height * 0.2
        and letter.width <= 2.5 * letter.height
        and letter.area >= 0.2 * letter.width * letter.height
    ]


def _rows(letters: list[_Letter]) -> list[list[_Letter]]:
    """Those that stand side by side, at least five, of like height and tone."""
    rows: list[list[_Letter]] = []
    for letter in sorted(letters, key=lambda item: item.x):
        row = next((row for row in rows if _follows(row[-1], letter)), None)
        if row is None:
            rows.append([letter])
        else:
            row.append(letter)
    return [row for row in rows if len(row) >= 5]


def _follows(last: _Letter, letter: _Letter) -> bool:
    return (
        abs(letter.centre_y - last.centre_y) < 0.2 * last.height
        and letter.x - (last.x + last.width) < 1.2 * last.height
        and 0.7 < letter.height / last.height < 1.45
        # Words are of one tone; bars, branches and snow are of many.
        and abs(letter.tone - last.tone) <= SAME_TONE
    )


def _logo(rgb: U8) -> list[Rectangle]:
    """Letters larger than lines have: at least four white, flat plates of one tone.

    They are free of the picture's edge, full of bays (a letter seldom fills its box), and the
    ground is dark all around them: neither clouds, nor snow, nor a light out of focus.
    """
    height, width = rgb.shape[:2]
    value, low = _extremes(rgb)
    white = (low >= 205) & (value - low < 24)
    plates = [p for p, labelled in _parts(white, low) if _is_plate(p, labelled, low, white)]
    if len(plates) < 4 or max(p.tone for p in plates) - min(p.tone for p in plates) > SAME_TONE:
        return []
    enough = sum(plate.area for plate in plates) >= 0.02 * height * width
    return [_around(plates)] if enough else []


def _is_plate(plate: _Letter, pixels: Bools, low: U8, white: Bools) -> bool:
    height, width = low.shape
    inside = (
        plate.x > 1
        and plate.y > 1
        and plate.x + plate.width < width - 1
        and plate.y + plate.height < height - 1
    )
    sized = 0.08 * height <= plate.height <= 0.5 * height and plate.width <= 0.6 * width
    share = plate.area / (plate.width * plate.height)
    if not (inside and sized and 0.3 <= share < 0.95):
        return False
    core = _eroded(pixels)
    ring = _grown(pixels, 3) & ~_grown(pixels, 2) & ~white
    if not (core.any() and ring.any()):
        return False
    square = np.ones((3, 3), np.uint8)
    change = cv2.dilate(low, square) - cv2.erode(low, square)
    flat = float((change[core] <= 12).mean())
    return flat >= 0.75 and float(np.percentile(low[ring], 75)) <= 120


def _eroded(mask: Bools) -> Bools:
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _grown(mask: Bools, px: int) -> Bools:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * px + 1,) * 2, np.uint8)) > 0)


def _parts(mask: Bools, low: U8) -> Iterator[tuple[_Letter, Bools]]:
    """The connected parts of a mask, at least 3 px high, each with its own pixels."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for i in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[i])
        if height >= max(3, 0.03 * mask.shape[0]):
            window = labels[y : y + height, x : x + width] == i
            tone = float(low[y : y + height, x : x + width][window].mean())
            yield _Letter(float(centres[i][1]), x, y, width, height, area, tone), labels == i


def _extremes(rgb: U8) -> tuple[U8, U8]:
    """The largest and the least channel of each pixel; along the last axis numpy takes 20 × it."""
    red, green, blue = cv2.split(rgb)
    high, low = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return np.asarray(high, np.uint8), np.asarray(low, np.uint8)


def _around(letters: Sequence[_Letter]) -> Rectangle:
    x, y = min(one.x for one in letters), min(one.y for one in letters)
    right = max(one.x + one.width for one in letters)
    return x, y, right - x, max(one.y + one.height for one in letters) - y


def _saturation(rgb: U8) -> float:
    high, low = _extremes(rgb)
    value = high.astype(np.float32)
    chroma = value - low
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
