"""Posters out of wide pictures: a window of the picture, and ground grown out of its own edges.

Above and below, the picture goes on as its reflection, the more blurred the farther away, and
falls into the darkest tone of its palette: what stays is light and colour, and room for a title.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from artwork.compose.contrast import encoded, linear
from artwork.framing.crops import RATIOS, Bools, Box
from artwork.framing.shapes import Shape
from artwork.framing.subject import Ints, Subject
from content.palette import to_rgb
from content.types import F32, U8, Aspect

EXTENDED: tuple[Aspect, ...] = ("2:3", "9:16")
WINDOWS = (0.8, 1.0, 4 / 3, 16 / 9)
"""Shapes of the window, the tallest first: as much of the poster as can be is picture."""
LEAST_SHARE = 0.38
"""Of the poster's height that is picture."""
ABOVE = 0.22
"""Share of what is added that lies above the picture: titles stand below."""
BLENDED = 0.10
"""Of the picture's height at either end that goes over into the ground."""


def extended(rgb: U8, subject: Subject, aspect: Aspect, tones: F32, short_px: int) -> Shape | None:
    """A poster of an upright aspect, at least `short_px` wide; None where every window would cut
    a head, or leave too little picture.

    Args:
        rgb: the full picture, (H, W, 3), of which `subject` tells.
        tones: the palette, (k, 3), OKLab.
    """
    window = _window(subject, RATIOS[aspect])
    if window is None:
        return None
    faces = [_within(face, window) for face in subject.faces if window.holds(face)]
    words = [_within(line, window) for line in subject.words if window.holds(line)]
    part = Shape(window.cut(rgb), tuple(faces), tuple(words)).enlarged(short_px)
    width, high = part.rgb.shape[1], part.rgb.shape[0]
    height = max(high, round(width / RATIOS[aspect]))
    above = round(ABOVE * (height - high))
    # The ends of the picture go over into the ground, but not where a head is.
    heads = [_within(subject.head(face), window) for face in subject.faces if window.holds(face)]
    scale = width / window.width
    free = (
        min([scale * head.y for head in heads], default=high),
        min([high - scale * head.bottom for head in heads], default=high),
    )
    blend = [int(max(2.0, min(BLENDED * high, room))) for room in free]
    poster = _grown(part.rgb, above, height - high - above, blend, _ground(tones))
    return Shape(poster, _lowered(part.faces, above), _lowered(part.words, above))


def _window(subject: Subject, ratio: float) -> Box | None:
    """The tallest window that holds every head whole and words whole or not at all."""
    inside = subject.inside
    heads = [subject.head(face) for face in subject.faces]
    for shape in WINDOWS:
        width = min(inside.width, round(inside.height * shape))
        if shape < ratio or ratio / (width / inside.height) < LEAST_SHARE:
            continue
        starts = np.arange(inside.width - width + 1)
        allowed = np.ones(len(starts), np.bool_)
        for head in heads:
            first = head.x - inside.x
            allowed &= (starts <= first) & (first + head.width <= starts + width)
        for line in subject.words:
            first, last = line.x - inside.x, line.right - inside.x
            whole = (starts <= first) & (last <= starts + width)
            allowed &= whole | (last <= starts) | (starts + width <= first)
        if allowed.any():
            return Box(
                inside.x + _best(starts, allowed, width, subject), inside.y, width, inside.height
            )
    return None


def _best(starts: Ints, allowed: Bools, width: int, subject: Subject) -> int:
    """The start whose window has the main faces in its middle; without a face, most mass."""
    length = subject.inside.width
    profile = subject.mass.sum(axis=0)
    edges = np.linspace(0.0, length, len(profile) + 1)
    below = np.concatenate(([0.0], np.cumsum(profile, dtype=np.float64)))
    held = np.interp(starts + width, edges, below) - np.interp(starts, edges, below)
    aim, pull = length / 2, 0.02
    if subject.main:
        aim = sum(f.x + f.width / 2 for f in subject.main) / len(subject.main) - subject.inside.x
        pull = 2.0
    held = held - pull * np.abs(starts + width / 2 - aim) / length
    return int(starts[int(np.argmax(np.where(allowed, held, -np.inf)))])


def _grown(rgb: U8, above: int, below: int, blend: Sequence[int], ground: F32) -> U8:
    """The picture with `above` and `below` px of ground, (above + H + below, W, 3)."""
    high, width = rgb.shape[:2]
    light = linear(rgb)
    mirrored = np.pad(light, ((above, below), (0, 0), (0, 0)), mode="symmetric")
    total = mirrored.shape[0]
    y = np.arange(total, dtype=np.float32)
    # Distance into the ground, 0 within the picture, in widths.
    into = np.maximum(np.maximum(above - y, y - (above + high)), 0) / width
    inner = np.maximum(np.clip((above + blend[0] - y) / blend[0], 0, 1), 0) if above else 0 * y
    if below:
        inner = np.maximum(inner, np.clip((y - (above + high - blend[1])) / blend[1], 0, 1))
    soft = _blurred(mirrored, width)
    # Out of focus at once, and ever more.
    near, far = (np.clip(into / reach, 0, 1)[:, None, None] for reach in (0.06, 0.35))
    edge = (inner * inner * (3 - 2 * inner))[:, None, None]
    grown = soft[0] * (1 - near) + soft[1] * near
    grown = grown * (1 - far) + soft[2] * far
    grown = mirrored * (1 - edge) + grown * edge
    fall = np.clip(into / 0.48, 0, 1)
    fall = (fall * fall * (3 - 2 * fall))[:, None, None]
    return encoded(np.asarray(grown * (1 - fall) + ground * fall, np.float32))


def _blurred(light: F32, width: int) -> list[F32]:
    """Three grades of blur, each (H, W, 3), made small, where a wide blur costs little."""
    found = []
    height = light.shape[0]
    for sigma in (0.012, 0.035, 0.09):
        size = (max(8, round(4 / sigma)), max(8, round(4 / sigma * height / width)))
        small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), 4.0 if sigma < 0.05 else 3.0)
        found.append(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))
    return found


def _ground(tones: F32) -> F32:
    """The palette's darkest tone, darker still, as linear light (3,)."""
    darkest = tones[int(np.argmin(tones[:, 0])), :3]
    lightness = min(0.16, float(darkest[0]))
    chroma = float(np.hypot(darkest[1], darkest[2]))
    hue = darkest[1:] / max(1e-6, chroma)
    return linear(to_rgb(np.array([lightness, *(min(0.03, chroma) * hue)], np.float32)))


def _within(box: Box, window: Box) -> Box:
    return Box(box.x - window.x, box.y - window.y, box.width, box.height)


def _lowered(boxes: Sequence[Box], by: int) -> tuple[Box, ...]:
    return tuple(Box(b.x, b.y + by, b.width, b.height) for b in boxes)
