"""Where to look in a shown picture, and where something may be laid over it.

All in shares of the picture: a point is (x, y), an area [x, y, width, height].
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from artwork.framing.crops import Box
from artwork.framing.saliency import saliency
from artwork.framing.shown import Area, Frame
from artwork.framing.subject import F64, THING, TOGETHER, Ints, Subject
from artwork.framing.windows import PROGRESS
from content.types import F32, U8

Point = tuple[float, float]

SAFE = 0.05
"""Margin of a title at each side (EBU R 95: graphics safe area)."""
WIDE = ((0.6, 0.24), (0.5, 0.2), (0.42, 0.34), (0.34, 0.22))
TALL = ((0.9, 0.26), (0.9, 0.18), (0.7, 0.22), (0.6, 0.14))
"""Sizes of a title that are tried, shares of width and height; the second in upright pictures."""
BUSY = 0.06
"""Mean gradient of luma, 0..1 a px at the analysis size, that counts as busy as a mean mass."""
WORTH = 1.0
"""What a title as large as the picture would be worth, in units of business."""
CELLS = 64
"""Long side of the map that a title is placed on."""
EYES = 0.45
"""Where they are in a face as found, of its height."""


@dataclass(frozen=True, slots=True)
class Zones:
    """Of one shown picture."""

    focal: Point
    safe: dict[str, list[float]]
    """`title` and `progress`: where each may lie; one that may not is missing."""


def zones(rgb: U8, framed: Frame, subject: Subject) -> Zones:
    """Of a picture as shown, RGB (H, W, 3) at the analysis size."""
    window = framed.window
    kept = [face for face in subject.faces if window.holds(face)]
    point = focal_point(subject, window)
    x, y, _, _ = framed.area(Box(*point, 0, 0))
    taken = [*(subject.head(face) for face in kept), *subject.words]
    seen = [part for box in taken if (part := box.overlap(window)) is not None]
    mass = _with_thing(saliency(rgb), framed, subject)
    found = {
        "title": title_zone(rgb, mass, [framed.area(box) for box in seen]),
        "progress": progress_zone(
            [framed.area(face) for face in kept],
            [framed.area(part) for line in subject.words if (part := line.overlap(window))],
        ),
    }
    safe = {name: list(area) for name, area in found.items() if area is not None}
    return Zones((x, y), safe)


def focal_point(subject: Subject, window: Box) -> tuple[int, int]:
    """Where to look in a window, px of the full picture: the eyes of those who matter, by their
    area, else the middle of its subject.

    The subject is where the mass is at least twice its mean (Achanta et al. 2009).
    """
    kept = [face for face in subject.faces if window.holds(face)]
    if kept:
        main = [face for face in kept if face.height >= TOGETHER * kept[0].height]
        weight = np.array([face.width * face.height for face in main], dtype=np.float64)
        x = np.array([face.x + face.width / 2 for face in main])
        y = np.array([face.y + EYES * face.height for face in main])
    else:
        mass, left, top = _mass_in(subject, subject.mass, window)
        weight = np.where(mass >= 2 * mass.mean(), mass, 0.0).astype(np.float64)
        weight = weight if weight.any() else np.ones_like(weight)
        cell = (
            subject.inside.width / subject.mass.shape[1],
            subject.inside.height / subject.mass.shape[0],
        )
        x = subject.inside.x + ((np.arange(mass.shape[1]) + 0.5 + left) * cell[0])[None, :]
        y = subject.inside.y + ((np.arange(mass.shape[0]) + 0.5 + top) * cell[1])[:, None]
    total = weight.sum()
    middle = round(float((weight * x).sum() / total)), round(float((weight * y).sum() / total))
    return (
        min(max(middle[0], window.x), window.right),
        min(max(middle[1], window.y), window.bottom),
    )


def _with_thing(mass: F32, framed: Frame, subject: Subject) -> F32:
    """The mass of a shown picture, sum 1, with `THING` of it the picture's one thing's."""
    if subject.thing is None:
        return mass
    part, _, _ = _mass_in(subject, subject.thing, framed.window)
    rows, columns = _cells(framed.area(framed.window), (mass.shape[1], mass.shape[0]))
    shown = np.zeros_like(mass)
    lit = shown[rows, columns]
    lit[:] = cv2.resize(part, lit.shape[::-1], interpolation=cv2.INTER_LINEAR)
    total = float(shown.sum())
    return (
        mass if total <= 0 else np.asarray((1 - THING) * mass + THING * shown / total, np.float32)
    )


def _mass_in(subject: Subject, mass: F32, window: Box) -> tuple[F32, int, int]:
    """The cells of a mass of the subject's that a window touches, and the first column and row of
    them."""
    rows, columns = mass.shape
    inside = subject.inside
    left = (window.x - inside.x) * columns // inside.width
    right = -(-(window.right - inside.x) * columns // inside.width)
    top = (window.y - inside.y) * rows // inside.height
    bottom = -(-(window.bottom - inside.y) * rows // inside.height)
    return mass[top:bottom, left:right], left, top


def progress_zone(faces: Sequence[Area], words: Sequence[Area] = ()) -> Area | None:
    """The strip of a player's progress bar; None where it would lie over eyes or words."""
    top = 1 - PROGRESS
    eyes = any(y + height / 2 > top for _, y, _, height in faces)
    lettered = any(y + height > top for _, y, _, height in words)
    return None if eyes or lettered else (0.0, round(top, 6), 1.0, PROGRESS)


def title_zone(rgb: U8, mass: F32, taken: Sequence[Area]) -> Area | None:
    """The calmest area of a useful size for a title, clear of what is `taken`; None without one.

    Calm is where little mass lies and luma changes little. Larger is better, a busy one worse.

    Args:
        rgb: the picture as shown, at the analysis size, (H, W, 3).
        mass: its saliency, any shape, sum 1.
        taken: heads and words.
    """
    height, width = rgb.shape[:2]
    scale = CELLS / max(height, width)
    grid = (max(8, round(width * scale)), max(8, round(height * scale)))
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    steep = np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)) / 4
    gradient = cv2.resize(steep.astype(np.float32), grid, interpolation=cv2.INTER_AREA)
    density = cv2.resize(mass * mass.size, grid, interpolation=cv2.INTER_AREA)
    busy = gradient / BUSY + density
    full = np.zeros_like(busy)
    for area in taken:
        full[_cells(area, grid)] = 1.0
    best: tuple[float, Area] | None = None
    for size in TALL if height > width else WIDE:
        found = _calmest(busy, full, size)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return None if best is None else best[1]


def _calmest(busy: F32, full: F32, size: tuple[float, float]) -> tuple[float, Area] | None:
    """How costly the best place of one size is, and where."""
    rows, columns = busy.shape
    high, wide = max(1, round(size[1] * rows)), max(1, round(size[0] * columns))
    margin_y, margin_x = int(np.ceil(SAFE * rows)), int(np.ceil(SAFE * columns))
    bottom = rows - max(margin_y, int(np.ceil(PROGRESS * rows)))
    ys = np.arange(margin_y, bottom - high + 1)
    xs = np.arange(margin_x, columns - margin_x - wide + 1)
    if not (len(ys) and len(xs)):
        return None
    cost = _sums(busy, ys, xs, high, wide) / (high * wide) - WORTH * (size[0] * size[1]) ** 0.5
    cost = np.where(_sums(full, ys, xs, high, wide) > 0, np.inf, cost)
    y, x = np.unravel_index(int(np.argmin(cost)), cost.shape)
    if not np.isfinite(cost[y, x]):
        return None
    left, top = int(xs[x]) / columns, int(ys[y]) / rows
    area = (_share(left), _share(top), _share(wide / columns), _share(high / rows))
    return float(cost[y, x]), area


def _sums(values: F32, ys: Ints, xs: Ints, high: int, wide: int) -> F64:
    """Sums over windows of high × wide cells with their corners at every one of ys and xs."""
    total = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    total[1:, 1:] = values.astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    rows = total[ys + high] - total[ys]
    sums: F64 = rows[:, xs + wide] - rows[:, xs]
    return sums


def _cells(area: Area, grid: tuple[int, int]) -> tuple[slice, slice]:
    """The cells that an area touches."""
    x, y, width, height = area
    left, right = int(np.floor(x * grid[0])), int(np.ceil((x + width) * grid[0]))
    top, bottom = int(np.floor(y * grid[1])), int(np.ceil((y + height) * grid[1]))
    return slice(max(0, top), max(0, bottom)), slice(max(0, left), max(0, right))


def _share(value: float) -> float:
    return round(float(min(1.0, max(0.0, value))), 6)
