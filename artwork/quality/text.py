"""Lettering laid over a picture: found by its strokes, and weighed as clutter. It does not read.

It finds white and grey lettering alone; `content.encoders.ocr` reads the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from artwork.framing.crops import Bools
from artwork.quality.picture import extremes, unit
from content.types import U8

Rectangle = tuple[int, int, int, int]
"""x, y, width, height in px."""

SAME_TONE = 16
"""Letters of one line differ by no more, 0..255."""


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


def lettering(rgb: U8) -> float:
    """Words laid over a picture, 0..1: the summed width of its `lines` over the picture's width.

    It does not read, and it misses coloured lettering.
    """
    return unit(sum(width for _, _, width, _ in lines(rgb)) / rgb.shape[1])


def lines(rgb: U8) -> list[Rectangle]:
    """Where words are laid over RGB uint8 (H, W, 3): (x, y, width, height) in px, each a line.

    A logo of large letters counts as one.
    """
    return [_around(row) for row in _rows(_strokes(rgb))] + _logo(rgb)


def _strokes(rgb: U8) -> list[_Letter]:
    """Bright, colourless strokes thinner than a word is high (top-hat), of a letter's size."""
    height = rgb.shape[0]
    value, low = extremes(rgb)
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
    value, low = extremes(rgb)
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


def _around(letters: Sequence[_Letter]) -> Rectangle:
    x, y = min(one.x for one in letters), min(one.y for one in letters)
    right = max(one.x + one.width for one in letters)
    return x, y, right - x, max(one.y + one.height for one in letters) - y
