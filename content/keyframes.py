"""A picture for each shot, more for a long one: the sharpest well-lit samples off its edges."""

import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from content.decode import Sample
from content.types import U8, Shot

EDGE_S = 0.25
"""Samples this close to a cut may still hold some of a dissolve, a flash or motion blur."""

PICTURES_A_SHOT = 12


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A sample and what was measured on it."""

    at_s: float
    rgb: U8
    brightness: float
    """Mean luma (Rec. 601), 0..1."""
    contrast: float
    """Standard deviation of luma, 0..1."""
    sharpness: float
    """Variance v of the Laplacian of luma (0..255), as v / (v + 200): 0..1."""

    @property
    def merit(self) -> float:
        """Worth as a shot's picture, 0..1: sharp, and neither dark nor burnt out nor flat."""
        lit = min(1.0, self.brightness / 0.2, max(0.0, (1.0 - self.brightness) / 0.15))
        return float((0.1 + self.sharpness) * lit * min(1.0, self.contrast / 0.12) / 1.1)


def measure(sample: Sample) -> Candidate:
    """Brightness, contrast and sharpness of a sample (Pech-Pacheco et al. 2000 for the last)."""
    import cv2

    luma = cv2.cvtColor(sample.rgb, cv2.COLOR_RGB2GRAY)
    mean, deviation = cv2.meanStdDev(luma)
    edges = float(np.var(cv2.Laplacian(luma, cv2.CV_32F)))
    return Candidate(
        sample.at_s,
        sample.rgb,
        float(mean[0, 0]) / 255,
        float(deviation[0, 0]) / 255,
        edges / (edges + 200.0),
    )


def thumbnail(rgb: U8) -> bytes:
    """A JPEG of the sample, as it is."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=82)
    return file.getvalue()


class ShotPictures:
    """Turns cuts and samples into shots with their pictures, holding a few samples at a time.

    A shot is watched in pieces of `piece_s` seconds and keeps the best picture of each, so that a
    long one offers more than one; beyond `PICTURES_A_SHOT` its pieces are joined two by two.
    """

    def __init__(self, piece_s: float) -> None:
        self._piece_s = self._usual_piece_s = piece_s
        self._start_s = 0.0
        self._pieces: list[Candidate] = []
        self._pending: deque[Candidate] = deque()

    def offer(self, candidate: Candidate, decided_s: float) -> None:
        """Take a sample; those before `decided_s` by a margin belong to the open shot for good."""
        self._pending.append(candidate)
        while self._pending[0].at_s < decided_s - EDGE_S:
            self._settle(self._pending.popleft(), None)

    def cut(self, at_s: float) -> Iterator[tuple[Shot, list[Candidate]]]:
        """End the open shot at `at_s`; yields it and its pictures, the shot's own first.

        A shot into which no sample fell yields nothing: it becomes part of the next one.
        """
        while self._pending and self._pending[0].at_s < at_s:
            self._settle(self._pending.popleft(), at_s)
        if self._pieces:
            best = max(self._pieces, key=lambda piece: self._worth(piece, at_s))
            others = [piece for piece in self._pieces if piece is not best]
            yield Shot(self._start_s, at_s, best.at_s), [best, *others]
            self._start_s, self._pieces, self._piece_s = at_s, [], self._usual_piece_s

    def _settle(self, candidate: Candidate, end_s: float | None) -> None:
        if not self._pieces or self._piece(candidate) > self._piece(self._pieces[-1]):
            self._pieces.append(candidate)
        elif self._worth(candidate, end_s) > self._worth(self._pieces[-1], end_s):
            self._pieces[-1] = candidate
        if len(self._pieces) > PICTURES_A_SHOT:
            self._piece_s *= 2
            self._join()

    def _join(self) -> None:
        kept: dict[int, Candidate] = {}
        for piece in self._pieces:
            number = self._piece(piece)
            if number not in kept or self._worth(piece, None) > self._worth(kept[number], None):
                kept[number] = piece
        self._pieces = list(kept.values())

    def _piece(self, candidate: Candidate) -> int:
        return int((candidate.at_s - self._start_s) / self._piece_s)

    def _worth(self, candidate: Candidate, end_s: float | None) -> float:
        near = candidate.at_s - self._start_s < EDGE_S
        near = near or (end_s is not None and end_s - candidate.at_s < EDGE_S)
        return candidate.merit * (0.5 if near else 1.0)
