"""Where a title goes: the calmest place that is clear of faces, words, margins and a player's bar.

Calm is little edge energy, little visual mass (`artwork.framing.saliency`) and nobody's body under
the letters; beside it counts what type needs: size, and the places where title treatments are
looked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from artwork.compose.setting import Setting
from artwork.framing.crops import Box
from artwork.framing.saliency import saliency
from content.types import F32, U8

F64 = npt.NDArray[np.float64]

MARGIN = 0.055
"""Kept free at every side, as a share of the shorter one."""
BAR = 0.10
"""Kept free at the bottom of a picture wider than high, as a share of its height: a player's
progress bar lies there."""
FACE_SIDE, FACE_ABOVE, FACE_BELOW = 0.2, 0.4, 0.12
"""Kept free around a face, as shares of its size: a face as found ends at the brow."""
LARGEST, SMALLEST, SMALLEST_LONG = 0.24, 0.065, 0.045
"""Size of type, as a share of the shorter side; the last of a title of more than `LONG`
characters."""
LONG = 40
LEAST_WIDTH, LEAST_UPRIGHT, LEAST_SIZE = 0.27, 0.55, 0.15
"""A title takes this share of its picture's width at least, the second of one that is not wide, or
type of this share of the shorter side: less is a label, and there is no room for a title."""
BODY = 0.9
"""What a body under the letters costs, where it is all of the ground."""
ON_BODY, BROAD = 0.25, 0.5
"""From this share of its ground on a title stands on a body: only one that takes half the width
does so, as on posters. A small one looks like a badge."""
SHOULDERS = ((0.35, 0.4), (0.5, 0.9), (0.9, 1.45), (5.0, 1.7))
"""A body, from its face as found: how far below the chin, in heights of the face, half of it is how
wide, in widths of the face. Shoulders are about three heads wide (figure drawing)."""
WIDTHS = (0.28, 0.36, 0.46, 0.56, 0.7, 0.89)
"""How wide a treatment may be, as shares of the picture's width."""
SIZE = 0.35
"""What it costs to be e times smaller than `LARGEST`."""
TALLEST = 0.42
"""How high, as a share of the picture's height."""
WIDE = 1.2
"""From this ratio of sides on a picture is a wide one."""
ROWS = 9
"""Heights at which a treatment is tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A title set and placed."""

    setting: Setting
    size_px: int
    align: float
    """0 flush left, 0.5 in the middle, 1 flush right."""
    box: Box
    """Of the ink, px of the picture."""
    cost: float = 0.0
    on_body: bool = False
    """Does it stand on somebody's body?"""


def place(
    rgb: U8,
    settings: Sequence[Setting],
    faces: Sequence[Box] = (),
    words: Sequence[Box] = (),
    picture: Box | None = None,
    *,
    count: int = 6,
) -> list[Placement]:
    """The best placements of a title, the best first, no two of them overlapping by half.

    Args:
        rgb: the picture, (H, W, 3).
        settings: the same title in more and more lines.
        faces, words: px of the picture; neither is ever covered.
        picture: where bodies may be seen; the rest is ground. All of it where None.
        count: how many at most.

    Returns:
        Nothing where the title fits nowhere at a size that can be read.
    """
    height, width = rgb.shape[:2]
    bodies = _bodies(faces, picture, width, height)
    unrest = _Integral(_unrest(rgb) + BODY * bodies, width, height)
    found = [
        replace(one, cost=_cost(unrest, one, width, height))
        for one in _places(settings, [*map(_held, faces), *words], bodies, (width, height))
    ]
    found.sort(key=lambda one: (one.cost, one.box.y, one.box.x, -one.size_px))
    taken: list[Placement] = []
    for one in found:
        if len(taken) < count and not any(_same(one.box, other.box) for other in taken):
            taken.append(one)
    return taken


def _places(
    settings: Sequence[Setting], held: Sequence[Box], bodies: F32, picture: tuple[int, int]
) -> Iterator[Placement]:
    """Where a title may stand in a picture of (width, height) px."""
    width, height = picture
    peopled = _Integral(bodies, width, height)
    for setting, size in _sizes(settings, width, height):
        ink = (round(setting.width * size), round(setting.height * size))
        for align, box in _boxes(ink, width, height):
            on_body = peopled.mean(box) > ON_BODY
            allowed = not on_body or ink[0] >= BROAD * width
            if allowed and not any(box.overlap(other) for other in held):
                yield Placement(setting, size, align, box, on_body=on_body)


def _held(face: Box) -> Box:
    side = round(FACE_SIDE * face.width)
    above, below = round(FACE_ABOVE * face.height), round(FACE_BELOW * face.height)
    return Box(face.x - side, face.y - above, face.width + 2 * side, face.height + above + below)


def _sizes(settings: Sequence[Setting], width: int, height: int) -> Iterator[tuple[Setting, int]]:
    """Each setting at the largest sizes that each of `WIDTHS` allows, each size once; none that
    makes a mere label of it."""
    short = min(width, height)
    narrowest = (LEAST_WIDTH if width > WIDE * height else LEAST_UPRIGHT) * width
    for setting in settings:
        letters = sum(len(line.text) for line in setting.lines)
        least = (SMALLEST if letters <= LONG else SMALLEST_LONG) * short
        sizes = set()
        for share in WIDTHS:
            room = min(share * width, width - 2 * MARGIN * short)
            fits = min(room / setting.width, TALLEST * height / setting.height)
            sizes.add(int(min(fits, LARGEST * short)))
        yield from (
            (setting, size)
            for size in sorted(sizes)
            if size >= least and (size * setting.width >= narrowest or size >= LEAST_SIZE * short)
        )


def _boxes(ink: tuple[int, int], width: int, height: int) -> Iterator[tuple[float, Box]]:
    margin = round(MARGIN * min(width, height))
    lowest = (round(height * (1 - BAR)) if width > height else height - margin) - ink[1]
    if width - 2 * margin < ink[0] or lowest < margin:
        return
    for align in (0.0, 0.5, 1.0):
        x = round(margin + align * (width - 2 * margin - ink[0]))
        for row in range(ROWS):
            yield align, Box(x, round(margin + row / (ROWS - 1) * (lowest - margin)), *ink)


def _cost(unrest: "_Integral", one: Placement, width: int, height: int) -> float:
    """Unrest under and around the ink, how unlike the place is to those expected, and size."""
    box, size, align, setting = one.box, one.size_px, one.align, one.setting
    pad = max(2, size // 4)
    calm = unrest.mean(Box(box.x - pad, box.y - pad, box.width + 2 * pad, box.height + 2 * pad))
    middle = (box.y + box.height / 2) / height
    # Title treatments stand low, or at the top, seldom across the middle.
    odd = 0.25 * float(np.exp(-(((middle - 0.5) / 0.16) ** 2))) + 0.10 * (middle < 0.5)
    # In the middle of a wide picture stands its subject; an upright poster is set on its axis.
    begins = 1.0 if setting.direction == "rtl" else 0.0
    wide = width > WIDE * height
    odd += (0.04 if align == 0.5 else 0.0) if wide else (0.0 if align == 0.5 else 0.12)
    odd += 0.06 if align == 1.0 - begins else 0.0
    small = float(np.log(LARGEST * min(width, height) / size))
    return (
        calm
        + odd
        + SIZE * small
        + 0.03 * (len(setting.lines) - 1)
        + 0.1 * max(0, len(setting.lines) - 3)
    )


def _bodies(faces: Sequence[Box], picture: Box | None, width: int, height: int) -> F32:
    """Where people's bodies are reckoned to be, 0..1, as large as `_unrest`."""
    size = _small(width, height)
    found = np.zeros((size[1], size[0]), np.float32)
    scale = np.array([size[0] / width, size[1] / height])
    for face in faces:
        middle = face.x + face.width / 2
        half = [(middle, face.bottom + down * face.height, face.width * w) for down, w in SHOULDERS]
        outline = [(x - w, y) for x, y, w in half] + [(x + w, y) for x, y, w in reversed(half)]
        cv2.fillPoly(found, [np.round(np.array(outline) * scale).astype(np.int32)], 1.0)
    if picture is not None:
        top, bottom = (round(y * size[1] / height) for y in (picture.y, picture.bottom))
        found[:top] = found[bottom:] = 0
    return np.asarray(cv2.GaussianBlur(found, (0, 0), 2.0), np.float32)


def _small(width: int, height: int) -> tuple[int, int]:
    """Width and height of the maps of a picture, the longer side at most 240."""
    scale = min(1.0, 240 / max(height, width))
    return max(8, round(width * scale)), max(8, round(height * scale))


def _unrest(rgb: U8) -> F32:
    """Edge energy (0..0.7) and visual mass (0..2.8, most above), (h, w) as `_small`."""
    size = _small(rgb.shape[1], rgb.shape[0])
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = cv2.magnitude(cv2.Sobel(luma, -1, 1, 0), cv2.Sobel(luma, -1, 0, 1))
    edges = edges / (edges + 60.0)
    mass = cv2.resize(saliency(np.asarray(small, np.uint8)), size, interpolation=cv2.INTER_LINEAR)
    # Mass spread evenly would be 1 everywhere; what holds four times as much is the subject.
    mass = np.clip(mass / max(1e-12, float(mass.mean())) / 3.5, 0.0, 1.0)
    # Of a subject that no detector knows, too, the head is above and the feet are below.
    upper = np.linspace(1.4, 0.6, size[1], dtype=np.float32)[:, None]
    return np.asarray(0.7 * edges + 2.0 * upper * mass**2, np.float32)


class _Integral:
    """Means of a small map of a picture over boxes in px of the picture."""

    def __init__(self, values: F32, width: int, height: int) -> None:
        self._sums: F64 = cv2.integral(values.astype(np.float64))
        self._shape = values.shape
        self._scale = (values.shape[1] / width, values.shape[0] / height)

    def mean(self, box: Box) -> float:
        rows, columns = self._shape
        fx, fy = self._scale
        left, right = (int(np.clip(round(v * fx), 0, columns)) for v in (box.x, box.right))
        top, bottom = (int(np.clip(round(v * fy), 0, rows)) for v in (box.y, box.bottom))
        s = self._sums
        area = max(1, (right - left) * (bottom - top))
        total = s[bottom, right] - s[top, right] - s[bottom, left] + s[top, left]
        return float(total) / area


def _same(first: Box, second: Box) -> bool:
    shared = first.overlap(second)
    if shared is None:
        return False
    smaller = min(first.width * first.height, second.width * second.height)
    return shared.width * shared.height >= 0.5 * smaller
