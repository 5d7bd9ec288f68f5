"""What a picture shows that framing must heed: people, words, visual mass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from artwork.framing.crops import Box
from artwork.framing.thing import thing
from content.types import F32

Ints = npt.NDArray[np.intp]
F64 = npt.NDArray[np.float64]

HAIR, CHIN, EARS = 0.35, 0.1, 0.18
"""A head beyond its face as found, which ends at the brow: shares of the face's height, height and
width."""
LEAST = 0.05
"""What must stay around a lesser face where its whole head cannot, of its size."""
AIR, HEADROOM = 0.3, 0.65
"""Air around a face where there is room, of its size: a hat has it; the second above it."""
TOGETHER = 0.5
"""Faces at least this high, of the highest, matter as much: a picture of two is one of both."""

THING = 0.5
"""The share of a picture's one thing in its mass, where there is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What a picture shows, in px of the full one: all that framing goes by.

    `mass` is `artwork.framing.saliency` of what is `inside`, (h, w), sum 1.
    """

    inside: Box
    """The picture without its bars."""
    faces: tuple[Box, ...]
    words: tuple[Box, ...]
    """Lines of lettering."""
    mass: F32
    thing: F32 | None = None
    """Where the one thing is that the picture is of, as `mass`; None where it is of none."""

    @staticmethod
    def of(
        inside: Box,
        faces: Sequence[Box],
        mass: F32,
        words: Sequence[Box] = (),
        figure: F32 | None = None,
    ) -> "Subject":
        """Faces and words as found, outside of `inside` too; the order tells nothing.

        `figure` is `content.encoders.figure` of what is `inside`, None where nobody asked it. The
        thing that it tells of, if there is one, makes up `THING` of the mass.
        """
        seen = [part for face in faces if (part := face.overlap(inside)) is not None]
        seen.sort(key=lambda face: (-face.height, -face.width, face.x, face.y))
        lines = [part for line in words if (part := line.overlap(inside)) is not None]
        one = None if figure is None else thing(figure, inside.width / inside.height)
        if one is not None:
            one = cv2.resize(one, mass.shape[::-1], interpolation=cv2.INTER_AREA)
            one = np.asarray(one / one.sum(), np.float32)
            mass = (1 - THING) * mass + THING * one
        return Subject(inside, tuple(seen), tuple(lines), mass, one)

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

    def shown(self, window: Box) -> float:
        """The share of the subject that a window shows, 0..1.

        The subject is where the mass is at least twice its mean (Achanta et al., CVPR 2009).
        """
        mass = np.where(self.mass >= 2 * self.mass.mean(), self.mass, 0.0)
        return self._within(mass, window) if mass.any() else 1.0

    def whole(self, window: Box) -> float:
        """The share of the picture's one thing that a window shows, 0..1; 1 where there is none."""
        return 1.0 if self.thing is None else self._within(self.thing, window)

    def _within(self, mass: npt.NDArray[Any], window: Box) -> float:
        rows = covered(
            np.array([window.y - self.inside.y]), window.height, self.inside.height, len(mass)
        )
        columns = covered(
            np.array([window.x - self.inside.x]), window.width, self.inside.width, mass.shape[1]
        )
        return float((rows @ mass.astype(np.float64) @ columns.T)[0, 0] / mass.sum())

    def airy(self, face: Box) -> Box:
        """A head with air around it, and with a hat."""
        return self._around(face, HEADROOM, AIR, AIR)

    def core(self, face: Box) -> Box:
        """A face with next to nothing around it."""
        return self._around(face, LEAST, LEAST, LEAST)


def covered(starts: Ints, window: int, length: int, cells: int) -> F64:
    """How much of each cell each window covers, 0..1, (starts, cells): cells tile the length."""
    edges = np.linspace(0.0, length, cells + 1)
    low = np.maximum(starts[:, None], edges[None, :-1])
    high = np.minimum((starts + window)[:, None], edges[None, 1:])
    covered: F64 = np.maximum(high - low, 0.0) / (length / cells)
    return covered
