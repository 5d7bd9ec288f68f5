"""Framing: how a picture is shown in an aspect without cutting a head.

A *crop* is the largest window of the aspect that holds the heads of all who matter whole and cuts
through no other head nor through words; a smaller one where the largest cannot. Where none can,
because those who matter are too far apart for the shape, the picture is shown as a *bleed*: a wider
window on a ground of its own (`artwork.cuts`). Where that would be a mere strip, the crop keeps the
main head alone, or there is none in that aspect.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from artwork.crops import RATIOS, Box
from artwork.cuts import Cut, inset
from artwork.quality.picture import ANALYSIS_PX
from content.types import F32, U8, Aspect

Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
F64 = npt.NDArray[np.float64]
Area = tuple[float, float, float, float]
"""x, y, width, height in shares of a picture."""

HAIR, CHIN, EARS = 0.35, 0.10, 0.12
"""A head beyond its face as found, which ends at the brow: shares of the face's height, height and
width."""
LEAST = 0.05
"""What must stay around a lesser face where its whole head cannot, of its size."""
AIR, HEADROOM = 0.25, 0.5
"""Air around the main face where there is room, of its size; the second above it."""
TOGETHER = 0.6
"""Faces at least this high, of the highest, matter as much: a picture of two is one of both."""
PROGRESS = 0.08
"""The lower share of a picture over which a player lays its progress bar."""
SCALES = (1.0, 0.93, 0.86, 0.8)
"""Windows that are tried, of the largest: a smaller one only where a larger would cut."""
LEAST_SHARE = 0.3
"""Of its area that a bleed must give to the picture itself."""
STEPS = 48
"""Places tried along an axis where a window can move along both."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`window`, px of the full picture, shown in one of `size` px: a bleed if that is more."""

    window: Box
    size: tuple[int, int]

    @property
    def fit(self) -> Literal["crop", "bleed"]:
        return "crop" if self.size == (self.window.width, self.window.height) else "bleed"

    def area(self, box: Box) -> Area:
        """Where a box of the full picture is shown: x, y, width, height in shares of `size`."""
        window = self.window
        left, top, width, _ = inset((window.width, window.height), self.size)
        scale, (wide, high) = width / window.width, self.size
        return (
            _share((left + (box.x - window.x) * scale) / wide),
            _share((top + (box.y - window.y) * scale) / high),
            _share(box.width * scale / wide),
            _share(box.height * scale / high),
        )

    def shown(self, rgb: U8) -> U8:
        """The picture so framed, from the full one (H, W, 3); a bleed at `ANALYSIS_PX`."""
        if self.fit == "crop":
            return self.window.cut(rgb)
        window = self.window
        cut = Cut("", (window.x, window.y, window.width, window.height), self.size)
        return np.asarray(cut.of(Image.fromarray(rgb), ANALYSIS_PX))


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What a picture shows, in px of the full one: all that framing goes by.

    `mass` is `artwork.saliency` of what is `inside`, (h, w), sum 1.
    """

    inside: Box
    """The picture without its bars."""
    faces: tuple[Box, ...]
    words: tuple[Box, ...]
    """Lines of lettering."""
    mass: F32

    @staticmethod
    def of(inside: Box, faces: Sequence[Box], mass: F32, words: Sequence[Box] = ()) -> "Subject":
        """Faces and words as found, outside of `inside` too; the order tells nothing."""
        seen = [part for face in faces if (part := face.overlap(inside)) is not None]
        seen.sort(key=lambda face: (-face.height, -face.width, face.x, face.y))
        lines = [part for line in words if (part := line.overlap(inside)) is not None]
        return Subject(inside, tuple(seen), tuple(lines), mass)

    @property
    def main(self) -> tuple[Box, ...]:
        """The faces of those who matter, highest first."""
        return tuple(f for f in self.faces if f.height >= TOGETHER * self.faces[0].height)

    def head(self, face: Box) -> Box:
        """A face with hair, chin and ears, as far as the picture has them."""
        return self._around(face, HAIR, CHIN, EARS)

    def _around(self, face: Box, above: float, below: float, beside: float) -> Box:
        left, top = face.x - round(beside * face.width), face.y - round(above * face.height)
        right = face.right + round(beside * face.width)
        grown = Box(left, top, right - left, face.bottom + round(below * face.height) - top)
        return grown.overlap(self.inside) or face

    def airy(self, face: Box) -> Box:
        return self._around(face, HEADROOM, AIR, AIR)

    def core(self, face: Box) -> Box:
        return self._around(face, LEAST, LEAST, LEAST)


def frame(aspect: Aspect, subject: Subject) -> Frame | None:
    """The picture in one aspect, or None where every way would cut a head or words."""
    ratio = RATIOS[aspect]
    window = _window(ratio, subject, subject.main)
    if window is None:
        bled = _bleed(ratio, subject)
        if bled is not None:
            return bled
        window = _window(ratio, subject, subject.main[:1])
    return None if window is None else Frame(window, (window.width, window.height))


def _bleed(ratio: float, subject: Subject) -> Frame | None:
    """The window nearest to the shape that holds all who matter, on a ground of that shape."""
    inside = subject.inside
    whole = inside.width / inside.height
    between = [r for r in RATIOS.values() if min(ratio, whole) < r < max(ratio, whole)]
    for near in sorted(between, key=lambda r: abs(np.log(r / ratio))):
        window = _window(near, subject, subject.main)
        if window is not None:
            return _on_ground(ratio, window)
    return _on_ground(ratio, inside)


def _on_ground(ratio: float, window: Box) -> Frame | None:
    width = max(window.width, round(window.height * ratio))
    height = max(window.height, round(window.width / ratio))
    share = window.width * window.height / (width * height)
    return Frame(window, (width, height)) if share >= LEAST_SHARE else None


def _window(ratio: float, subject: Subject, main: Sequence[Box]) -> Box | None:
    """The best window that holds the heads of `main` whole, the largest where several can."""
    lesser = [face for face in subject.faces if face not in main]
    heads = [subject.head(face) for face in lesser]
    whole = [subject.head(face) for face in main]
    cores = [subject.core(face) for face in lesser]
    width, height = _largest(ratio, subject.inside)
    for others in (heads, cores) if lesser else (heads,):
        for scale in SCALES:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            places = _Places.of(size, subject)
            found = places.best(whole, [*others, *subject.words], subject, main)
            if found is not None:
                return found
    return None


def _largest(ratio: float, inside: Box) -> tuple[int, int]:
    """Width and height; one of them is all of `inside`."""
    if inside.height * ratio <= inside.width:
        return max(1, round(inside.height * ratio)), inside.height
    return inside.width, max(1, min(inside.height, round(inside.width / ratio)))


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where a window of `size` may lie: corners at every one of `xs` with every one of `ys`, px."""

    size: tuple[int, int]
    xs: Ints
    ys: Ints

    @staticmethod
    def of(size: tuple[int, int], subject: Subject) -> "_Places":
        inside = subject.inside
        room = inside.width - size[0], inside.height - size[1]
        most = STEPS if min(room) > 0 else max(room) + 1
        xs, ys = (np.unique(np.linspace(0, each, min(each + 1, most)).round()) for each in room)
        return _Places(size, inside.x + xs.astype(np.intp), inside.y + ys.astype(np.intp))

    def best(
        self, whole: Sequence[Box], uncut: Sequence[Box], subject: Subject, main: Sequence[Box]
    ) -> Box | None:
        """The window that holds `whole`, and each of `uncut` wholly or not at all, and the most.

        Among those, where there are any: with every eye above the progress bar, then with air
        around the main face.
        """
        allowed = np.ones((len(self.ys), len(self.xs)), dtype=np.bool_)
        for box in whole:
            allowed &= self.holding(box)
        for box in uncut:
            allowed &= self.holding(box) | self.apart(box)
        if not allowed.any():
            return None
        for wish in self._wishes(subject, main):
            allowed = allowed & wish if (allowed & wish).any() else allowed
        score = np.where(allowed, self._score(subject), -np.inf)
        y, x = np.unravel_index(int(np.argmax(score)), score.shape)
        return Box(int(self.xs[x]), int(self.ys[y]), *self.size)

    def _wishes(self, subject: Subject, main: Sequence[Box]) -> Iterator[Bools]:
        eyes = [face.y + face.height // 2 for face in main]
        under = (self.ys + round((1 - PROGRESS) * self.size[1]))[:, None]
        yield np.all([under > eye for eye in eyes], axis=0) if eyes else under > 0
        if main:
            # Air may reach beyond the window: then as much of it as there can be.
            airy = subject.airy(main[0])
            width, height = min(airy.width, self.size[0]), min(airy.height, self.size[1])
            left = _within(airy.x, airy.width, width, main[0].x, main[0].width)
            top = _within(airy.y, airy.height, height, main[0].y, main[0].height)
            yield self.holding(Box(left, top, width, height))

    def _score(self, subject: Subject) -> F64:
        width, height = subject.inside.width, subject.inside.height
        xs, ys = self.xs - subject.inside.x, self.ys - subject.inside.y
        rows = _covered(ys, self.size[1], height, subject.mass.shape[0])
        columns = _covered(xs, self.size[0], width, subject.mass.shape[1])
        score: F64 = rows @ subject.mass.astype(np.float64) @ columns.T
        for face in subject.faces:
            score = score + self.holding(subject.core(face))
        # Among equals the middle wins, and a little mass does not buy an odd framing.
        off = np.abs(xs + self.size[0] / 2 - width / 2)[None, :] / width
        off = off + np.abs(ys + self.size[1] / 2 - height / 2)[:, None] / height
        framed: F64 = score - 0.02 * off
        return framed

    def holding(self, box: Box) -> Bools:
        """Which windows hold all of a box, (ys, xs)."""
        across = (self.xs <= box.x) & (box.right <= self.xs + self.size[0])
        down = (self.ys <= box.y) & (box.bottom <= self.ys + self.size[1])
        return across[None, :] & down[:, None]

    def apart(self, box: Box) -> Bools:
        """Which windows hold nothing of a box, (ys, xs)."""
        across = (box.right <= self.xs) | (self.xs + self.size[0] <= box.x)
        down = (box.bottom <= self.ys) | (self.ys + self.size[1] <= box.y)
        return across[None, :] | down[:, None]


def _within(first: int, size: int, window: int, face: int, face_size: int) -> int:
    """Where `window` px of `size` begin, the room around the face shared out as it is in all."""
    if size <= window or size <= face_size:
        return first
    before = (face - first) / (size - face_size)
    return max(first, round(face - before * (window - face_size)))


def _covered(starts: Ints, window: int, length: int, cells: int) -> F64:
    """How much of each cell each window covers, 0..1, (starts, cells): cells tile the length."""
    edges = np.linspace(0.0, length, cells + 1)
    low = np.maximum(starts[:, None], edges[None, :-1])
    high = np.minimum((starts + window)[:, None], edges[None, 1:])
    covered: F64 = np.maximum(high - low, 0.0) / (length / cells)
    return covered


def _share(value: float) -> float:
    return round(float(min(1.0, max(0.0, value))), 6)
