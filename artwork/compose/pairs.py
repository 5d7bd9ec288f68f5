"""Two characters from two shots in one picture: parted by a slanted line, or going over into each
other; either head whole on its own side, their sizes and colours brought together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from artwork.compose import grades
from artwork.compose.aspects import SHORT_PX
from artwork.compose.contrast import encoded, linear
from artwork.framing.crops import RATIOS, Box
from artwork.framing.shapes import Shape
from artwork.framing.subject import Subject
from content.palette import to_rgb
from content.types import F32, U8, Aspect

Style = Literal["split", "two_shot"]

FACE = 0.36
"""Height of the main face that is aimed at, as a share of its side's."""
SLANT = 0.05
"""How far the line of a split leans to either side of the middle, as a share of the longer side."""
LINE = 0.004
"""Half its width, as a share of the longer side."""
FEATHER = 0.07
"""Half of the band in which the pictures of a two-shot go over into each other."""
ENLARGED = 3.0
"""Most that a picture is enlarged beyond what just covers its side."""
SCALES = 14
MATCHED = 0.55
"""How far the colours of both are moved towards their common ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """One of the two pictures, without bars."""

    rgb: U8
    subject: Subject
    """Of `rgb`, px; has a face."""


Halves = tuple[Half, Half]
"""Left and right, or above and below."""


@dataclass(frozen=True, slots=True)
class _Side:
    """Where one picture lies on the canvas."""

    region: Box
    """What it must cover."""
    inner: Box
    """What of that is seen for certain: no line, no blending."""


@dataclass(frozen=True, slots=True)
class _Laid:
    """A picture scaled by `scale`, its corner at `x`, `y` px of the canvas."""

    scale: float
    x: float
    y: float

    def box(self, box: Box) -> Box:
        """Where a box of the picture lies on the canvas, rounded outwards."""
        left, top = self.x + box.x * self.scale, self.y + box.y * self.scale
        right, bottom = self.x + box.right * self.scale, self.y + box.bottom * self.scale
        x, y = int(np.floor(left)), int(np.floor(top))
        return Box(x, y, int(np.ceil(right)) - x, int(np.ceil(bottom)) - y)


def paired(
    halves: Halves, aspect: Aspect, style: Style, *, tones: F32, least_px: int = SHORT_PX
) -> Shape | None:
    """Two pictures side by side, in upright aspects one above the other; None where a head would
    be cut.

    Args:
        tones: the title's palette, (k, 3), OKLab: the line takes its lightest tone.
        least_px: of the canvas' shorter side, which is `SHORT_PX` where neither picture is enlarged
            for that, else as much less as they would be.
    """
    drawn = _paired(halves, aspect, style, tones, SHORT_PX)
    if drawn is None or drawn.scale <= 1 or least_px >= SHORT_PX:
        return drawn
    return _paired(halves, aspect, style, tones, max(least_px, round(SHORT_PX / drawn.scale)))


def _paired(
    halves: Halves, aspect: Aspect, style: Style, tones: F32, short_px: int
) -> Shape | None:
    ratio = RATIOS[aspect]
    width = round(short_px * max(1.0, ratio))
    height = round(short_px / min(1.0, ratio))
    for beside, ease in _arrangements(ratio, style):
        seam = _Seam(beside, style, ease)
        sides = seam.sides(width, height)
        laid = [
            at
            for half, side in zip(halves, sides, strict=True)
            if (at := _lay(half, side)) is not None
        ]
        if len(laid) == len(sides):
            pictures = _pictures(halves, laid, (width, height))
            faces = _faces(halves, laid, sides)
            joined = _joined(*pictures, seam, tones)
            return Shape(joined, faces, scale=max(at.scale for at in laid))
    return None


def _pictures(halves: Halves, laid: Sequence[_Laid], canvas: tuple[int, int]) -> tuple[U8, U8]:
    """Both on canvases of (width, height) px, their colours brought together."""
    like = np.mean([grades.statistics(half.rgb) for half in halves], axis=0)
    first, second = (
        _drawn(grades.matched(half.rgb, like, MATCHED), at, canvas)
        for half, at in zip(halves, laid, strict=True)
    )
    return first, second


def _faces(halves: Halves, laid: Sequence[_Laid], sides: tuple[_Side, _Side]) -> tuple[Box, ...]:
    """Those in sight, px of the canvas."""
    return tuple(
        at.box(face)
        for half, at, side in zip(halves, laid, sides, strict=True)
        for face in half.subject.faces
        if side.inner.holds(at.box(face))
    )


def _arrangements(ratio: float, style: Style) -> Iterator[tuple[bool, float]]:
    """Beside each other or not, and how much of its lean and width the seam has: what is tried,
    the first choice first. Close-ups leave little room for a seam. A two-shot is never stacked: a
    head that goes over into somebody's chest is none."""
    for ease in (1.0, 0.5, 0.15):
        if ratio >= 1 or style == "two_shot":
            yield True, ease
        if ratio < 1.4 and style == "split":
            yield False, ease


@dataclass(frozen=True, slots=True)
class _Seam:
    """Between the two pictures."""

    beside: bool
    """Left and right; else above and below."""
    style: Style
    ease: float
    """0..1, of `SLANT` or `FEATHER`."""

    def lean(self, width: int, height: int) -> float:
        """px to either side of the middle, at the ends of the seam."""
        return self.ease * SLANT * max(width, height) if self.style == "split" else 0.0

    def band(self, width: int, height: int) -> float:
        """Half the width of the line or of the blending, px."""
        longer = max(width, height)
        return LINE * longer if self.style == "split" else self.ease * FEATHER * longer

    def sides(self, width: int, height: int) -> tuple[_Side, _Side]:
        reach = int(np.ceil(self.lean(width, height) + self.band(width, height))) + 1
        if self.beside:
            middle = width // 2
            return (
                _Side(Box(0, 0, middle + reach, height), Box(0, 0, middle - reach, height)),
                _Side(
                    Box(middle - reach, 0, width - middle + reach, height),
                    Box(middle + reach, 0, width - middle - reach, height),
                ),
            )
        middle = height // 2
        return (
            _Side(Box(0, 0, width, middle + reach), Box(0, 0, width, middle - reach)),
            _Side(
                Box(0, middle - reach, width, height - middle + reach),
                Box(0, middle + reach, width, height - middle - reach),
            ),
        )


def _lay(half: Half, side: _Side) -> _Laid | None:
    """A picture over its side: its main head whole in sight, every other one so or not at all."""
    height, width = half.rgb.shape[:2]
    region, subject = side.region, half.subject
    main = subject.main[0]
    cover = max(region.width / width, region.height / height)
    aim = FACE * min(1.1 * region.width, region.height) / main.height
    for scale in _scales(cover, aim):
        for x, y in _corners(main, scale, side, (width, height)):
            at = _Laid(scale, x, y)
            if _whole(at, subject, side):
                return at
    return None


def _scales(cover: float, aim: float) -> Iterator[float]:
    """From the one aimed at, those that cover the side, nearest first."""
    scales = np.geomspace(cover, cover * ENLARGED, SCALES)
    yield from (
        float(each) for each in scales[np.argsort(np.abs(np.log(scales / aim)), kind="stable")]
    )


def _corners(
    main: Box, scale: float, side: _Side, size: tuple[int, int]
) -> Iterator[tuple[float, float]]:
    """Where the picture's corner may be: the main face in the middle of its side, a little above,
    then moved about; always covering the side."""
    region, inner = side.region, side.inner
    wide, high = size[0] * scale, size[1] * scale
    for dx in (0.0, -0.08, 0.08, -0.16, 0.16, -0.24, 0.24):
        for dy in (0.0, 0.06, -0.06, 0.12, -0.12, 0.2):
            x = inner.x + (0.5 + dx) * inner.width - (main.x + main.width / 2) * scale
            y = inner.y + (0.46 + dy) * inner.height - (main.y + main.height / 2) * scale
            yield (
                float(np.clip(x, region.right - wide, region.x)),
                float(np.clip(y, region.bottom - high, region.y)),
            )


def _whole(at: _Laid, subject: Subject, side: _Side) -> bool:
    main = subject.main[0]
    if not side.inner.holds(at.box(_uncut(subject, main))):
        return False
    others = [(face, subject.head(face)) for face in subject.faces if face is not main]
    return all(
        side.inner.holds(at.box(_uncut(subject, face))) or at.box(head).overlap(side.region) is None
        for face, head in others
    )


def _uncut(subject: Subject, face: Box) -> Box:
    """A head; where the picture's own border cuts it, no more than the face on that side."""
    head, inside = subject.head(face), subject.inside
    left = face.x if head.x <= inside.x else head.x
    top = face.y if head.y <= inside.y else head.y
    right = face.right if head.right >= inside.right else head.right
    bottom = face.bottom if head.bottom >= inside.bottom else head.bottom
    return Box(left, top, right - left, bottom - top)


def _drawn(rgb: U8, at: _Laid, canvas: tuple[int, int]) -> U8:
    """The picture on a canvas of (width, height) px; what it does not cover repeats its edge."""
    matrix = np.array([[at.scale, 0, at.x], [0, at.scale, at.y]], np.float64)
    # Pixels are areas: their centres, not their corners, are what is mapped.
    matrix[:, 2] += 0.5 * at.scale - 0.5
    if at.scale < 1:  # a warp takes single pixels: what is made smaller is made soft first
        rgb = cv2.GaussianBlur(rgb, (0, 0), 0.4 / at.scale)
    flags, border = cv2.INTER_CUBIC, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(rgb, matrix, canvas, flags=flags, borderMode=border), np.uint8)


def _joined(first: U8, second: U8, seam: _Seam, tones: F32) -> U8:
    """Two canvases as one, the seam antialiased, in linear light."""
    height, width = first.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    # Signed px from the seam; a slanted one leans forward.
    if seam.beside:
        across, along = x - width / 2 + 0.5, (y + 0.5) / height - 0.5
    else:
        across, along = y - height / 2 + 0.5, (x + 0.5) / width - 0.5
    across = across + 2 * seam.lean(width, height) * along
    band = seam.band(width, height)
    if seam.style == "split":
        share = np.clip(across + 0.5, 0, 1)
    else:
        t = np.clip(across / (2 * band) + 0.5, 0, 1)
        share = t * t * (3 - 2 * t)
    mask = share[..., None].astype(np.float32)
    light = linear(first) * (1 - mask) + linear(second) * mask
    if seam.style == "split":
        line = np.clip(band - np.abs(across) + 0.5, 0, 1)[..., None]
        light = light * (1 - line) + _line(tones) * line
    return encoded(np.asarray(light, np.float32))


def _line(tones: F32) -> F32:
    """The palette's lightest tone, lighter still, as linear light (3,)."""
    lightest = tones[int(np.argmax(tones[:, 0])), :3]
    return linear(to_rgb(np.array([0.94, *(0.5 * lightest[1:])], np.float32)))
