"""Posters out of wide pictures: a window of the picture, and ground beyond its ends.

Where an end is calm (sky, haze, a plain wall) the picture goes on there as its own reflection, out
of focus, which is seen as more of the same. Where something runs through it (somebody's body,
leaves, stones) a reflection would grow a second body out of the first: there the picture falls off
into a dark tone of its own, below the heads, as on posters of films; above it simply begins. What
stays is light and colour, and room for a title.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from artwork.compose.contrast import encoded, linear
from artwork.framing.crops import RATIOS, Bools, Box
from artwork.framing.shapes import Shape
from artwork.framing.subject import F64, Ints, Subject
from content.palette import from_rgb, to_rgb
from content.types import F32, U8, Aspect

EXTENDED: tuple[Aspect, ...] = ("2:3", "9:16")
WIDER = (1.3, 1.6, 2.0, 2.5)
"""Shapes of the window, as multiples of the poster's, the tallest first: as much of the poster as
can be is picture, but not so much that a plain crop would do."""
END = 0.1
"""Of the window's height at either end: what is looked at to tell whether it is calm."""
CALM_EDGES, CALM_MASS = 8.0, 0.6
"""Where an end is calm: each eighth of it has a mean gradient below so many levels a pixel, in a
picture 240 high; and it holds visual mass below so much of its share."""
ABOVE, MOST_ABOVE = 0.25, 0.6
"""Share of what is added that lies above the picture, where that end is calm: titles stand
below. Where nothing can lie there, all lies above, if it is no more than that share of the
picture's height."""
LEAST_SHARE = 0.38
"""Of the poster's height that is picture."""
BLENDED = 0.10
"""Of the picture's height at a calm end that goes over into the ground."""
FALL, SHORTEST = 0.45, 0.14
"""Of the picture's height in which it falls off into the dark, and the least of it: where heads
leave less, nothing is added at that end."""
LIGHTNESS = (0.24, 0.15)
"""Of the dark, OKLab: where the picture ends, and at the poster's foot."""
OWN = 0.55
"""Of the lightness of the picture's lower end, which the dark never has more of."""
COLOUR = 0.6
"""Of the picture's own chroma that the dark keeps, at most `MOST_COLOUR`."""
MOST_COLOUR = 0.035
GRAIN = 0.006
"""Of the dark, in OKLab's lightness: two levels of 8 bits, which keep it from showing bands."""


@dataclass(frozen=True, slots=True)
class _End:
    """What becomes of the picture at its upper or lower end."""

    calm: bool
    length: int
    """px of the picture that go over into the ground; 0: nothing may be added here."""


def extended(rgb: U8, subject: Subject, aspect: Aspect, short_px: int) -> Shape | None:
    """A poster of an upright aspect, at least `short_px` wide; None where every window would cut
    a head, or where neither end is calm and the heads leave no room to fall off in.

    Args:
        rgb: the full picture, (H, W, 3), of which `subject` tells.
    """
    for wider in WIDER:
        window = _window(subject, wider * RATIOS[aspect])
        if window is None:
            continue
        faces = [_within(face, window) for face in subject.faces if window.holds(face)]
        words = [_within(line, window) for line in subject.words if window.holds(line)]
        part = Shape(window.cut(rgb), tuple(faces), tuple(words)).enlarged(short_px)
        width, high = part.rgb.shape[1], part.rgb.shape[0]
        added = round(width / RATIOS[aspect]) - high
        ends = _ends(part.rgb, subject, window)
        above = _above(ends, added, high)
        if added > 0 and above is not None and high >= LEAST_SHARE * (high + added):
            # What has fallen off by half is no picture any more.
            lower = ends[1]
            seen = Box(0, above, width, high - (0 if lower.calm else lower.length // 2))
            return Shape(
                _grown(part.rgb, above, added - above, ends),
                _lowered(part.faces, above),
                _lowered(part.words, above),
                seen,
                part.scale,
            )
    return None


def _window(subject: Subject, shape: float) -> Box | None:
    """The window of a shape, or as near to it as the picture is wide, that holds every head whole
    and words whole or not at all."""
    inside = subject.inside
    width = min(inside.width, round(inside.height * shape))
    heads = [subject.head(face) for face in subject.faces]
    starts = np.arange(inside.width - width + 1)
    allowed = np.ones(len(starts), np.bool_)
    for head in heads:
        first = head.x - inside.x
        allowed &= (starts <= first) & (first + head.width <= starts + width)
    for line in subject.words:
        first, last = line.x - inside.x, line.right - inside.x
        whole = (starts <= first) & (last <= starts + width)
        allowed &= whole | (last <= starts) | (starts + width <= first)
    if not allowed.any():
        return None
    return Box(inside.x + _best(starts, allowed, width, subject), inside.y, width, inside.height)


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


def _ends(rgb: U8, subject: Subject, window: Box) -> tuple[_End, _End]:
    """Of the upper and the lower end of the window, drawn as `rgb`."""
    high = rgb.shape[0]
    scale = high / window.height
    heads = [_within(subject.head(face), window) for face in subject.faces if window.holds(face)]
    words = [_within(line, window) for line in subject.words if window.holds(line)]
    held = [*heads, *words]
    rooms = (
        min([scale * box.y for box in held], default=high),
        min([high - scale * box.bottom for box in held], default=high),
    )
    calm = _calm(rgb, subject, window)
    top = _End(calm[0], int(min(BLENDED * high, rooms[0])) if calm[0] else 0)
    if calm[1]:
        return top, _End(calm[1], int(min(BLENDED * high, rooms[1])))
    falls = rooms[1] >= SHORTEST * high
    return top, _End(calm[1], int(min(FALL * high, rooms[1])) if falls else 0)


def _calm(rgb: U8, subject: Subject, window: Box) -> tuple[bool, bool]:
    """Are the upper and the lower end calm: few edges, and little of the subject?"""
    size = (round(240 * rgb.shape[1] / rgb.shape[0]), 240)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = cv2.magnitude(cv2.Sobel(luma, -1, 1, 0), cv2.Sobel(luma, -1, 0, 1)) / 4
    mass = _mass(subject, window)
    rows = round(END * len(edges)), max(1, round(END * len(mass)))
    upper, lower = (
        max(float(part.mean()) for part in np.array_split(e, 8, axis=1)) < CALM_EDGES
        and float(m.mean()) < CALM_MASS
        for e, m in ((edges[: rows[0]], mass[: rows[1]]), (edges[-rows[0] :], mass[-rows[1] :]))
    )
    return upper, lower


def _mass(subject: Subject, window: Box) -> F32:
    """The window's part of the mass, spread evenly 1 everywhere, (h, w)."""
    columns = subject.mass.shape[1]
    left = int((window.x - subject.inside.x) / subject.inside.width * columns)
    right = int(np.ceil((window.right - subject.inside.x) / subject.inside.width * columns))
    return np.asarray(subject.mass[:, left : max(left + 1, right)] / subject.mass.mean())


def _above(ends: tuple[_End, _End], added: int, high: int) -> int | None:
    """px of what is added that lie above a picture `high` px high; None where it has no place."""
    upper, lower = (end.length > 0 for end in ends)
    if not lower:
        return added if upper and added <= MOST_ABOVE * high else None
    return round(ABOVE * added) if upper else 0


def _grown(rgb: U8, above: int, below: int, ends: tuple[_End, _End]) -> U8:
    """The picture with `above` and `below` px of ground, (above + H + below, W, 3)."""
    high, width = rgb.shape[:2]
    mirrored = np.pad(linear(rgb), ((above, below), (0, 0), (0, 0)), mode="symmetric")
    y = np.arange(len(mirrored), dtype=np.float32)
    upper, lower = ends
    over = np.zeros(len(y), np.float32)
    if above:
        over = np.clip((above + upper.length - y) / upper.length, 0, 1)
    if below and lower.calm:
        over = np.maximum(over, np.clip((y - (above + high - lower.length)) / lower.length, 0, 1))
    # Distance into the ground, 0 within the picture, in widths.
    into = np.maximum(np.maximum(above - y, y - (above + high)), 0) / width
    grown = _softened(mirrored, over, into)
    reach = 0.48 * width
    fall = _eased(np.maximum(above - y, 0) / (2 * reach))
    if below and lower.calm:
        fall = np.maximum(fall, _eased((y - (above + high - lower.length)) / reach))
    elif below:
        fall = np.maximum(fall, _eased((y - (above + high - lower.length)) / lower.length))
    # Mixed as it is encoded, where steps look even: in linear light the fall would come at once.
    mask = fall[:, None, None]
    dark = _dark(rgb, np.clip((y - above - high) / max(1, below), 0, 1))
    mixed = encoded(grown).astype(np.float32) * (1 - mask) + dark * mask
    return _dithered(mixed)


def _softened(mirrored: F32, over: F32, into: F32) -> F32:
    """The picture going over into its reflection: out of focus at once, and ever more."""
    if not over.any():
        return mirrored
    soft = _blurred(mirrored)
    near, far = (np.clip(into / reach, 0, 1)[:, None, None] for reach in (0.06, 0.35))
    grown = soft[0] * (1 - near) + soft[1] * near
    grown = grown * (1 - far) + soft[2] * far
    edge = _eased(over)[:, None, None]
    return np.asarray(mirrored * (1 - edge) + grown * edge, np.float32)


def _blurred(light: F32) -> list[F32]:
    """Three grades of blur, each (H, W, 3), made small, where a wide blur costs little."""
    found = []
    height, width = light.shape[:2]
    for sigma in (0.012, 0.035, 0.09):
        size = (max(8, round(4 / sigma)), max(8, round(4 / sigma * height / width)))
        small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), 4.0 if sigma < 0.05 else 3.0)
        found.append(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))
    return found


def _dark(rgb: U8, depth: F32) -> F32:
    """The dark that a picture falls into, (len(depth), W, 3) sRGB 0..255: its own colour at the
    lower end, which varies along that softly.

    Args:
        depth: of each row, 0 where the picture ends to 1 at the poster's foot.
    """
    width = rgb.shape[1]
    end = from_rgb(cv2.resize(rgb[-max(1, len(rgb) // 4) :], (16, 1), interpolation=cv2.INTER_AREA))
    end = cv2.GaussianBlur(end, (0, 0), 3.0)
    first, last = LIGHTNESS
    own = float(end[..., 0].mean())
    light = np.minimum(first + (last - first) * depth, OWN * own)[:, None]
    tone = cv2.resize(end, (width, 1), interpolation=cv2.INTER_LINEAR)[0]
    chroma = np.hypot(tone[:, 1], tone[:, 2])
    kept = np.minimum(COLOUR * chroma, MOST_COLOUR) / np.maximum(chroma, 1e-6)
    lab = np.empty((len(depth), width, 3), np.float32)
    lab[..., 0] = light * np.clip(tone[:, 0] / max(own, 1e-3), 0.85, 1.15)[None]
    lab[..., 0] += GRAIN * _noise(lab.shape[:2])
    lab[..., 1:] = (tone[:, 1:] * kept[:, None])[None]
    return to_rgb(lab).astype(np.float32)


def _dithered(values: F32) -> U8:
    """8 bits of 0..255, with noise of a level where they are rounded: so a fall has no bands."""
    exact = values == np.round(values)
    noisy = values + _noise(values.shape[:2])[..., None]
    return np.asarray(np.clip(np.round(np.where(exact, values, noisy)), 0, 255), np.uint8)


def _noise(shape: tuple[int, ...]) -> F32:
    """Even noise within ±0.5, always the same."""
    return np.asarray(np.random.default_rng(0).random(shape, np.float32) - 0.5)


def _eased(part: F32 | F64) -> F32:
    """0 below 0, 1 above 1, with no edge where it begins or ends."""
    t = np.clip(np.asarray(part, np.float32), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _within(box: Box, window: Box) -> Box:
    return Box(box.x - window.x, box.y - window.y, box.width, box.height)


def _lowered(boxes: Sequence[Box], by: int) -> tuple[Box, ...]:
    return tuple(Box(b.x, b.y + by, b.width, b.height) for b in boxes)
