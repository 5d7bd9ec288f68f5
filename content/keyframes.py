"""A picture for each shot, more for a long one: the sharpest well-lit samples off its edges."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from content.shots.boundary import Boundary
from content.types import U8, BoundaryKind

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
        """Worth as a shot's picture, 0..1."""
        return merit(self.brightness, self.contrast, self.sharpness)


def merit(brightness: float, contrast: float, sharpness: float) -> float:
    """Worth as a shot's picture, 0..1: sharp, and neither dark nor burnt out nor flat."""
    lit = min(1.0, brightness / 0.2, max(0.0, (1.0 - brightness) / 0.15))
    return float((0.1 + sharpness) * lit * min(1.0, contrast / 0.12) / 1.1)


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A shot, or as much of it as lies in one segment, with its pictures, the best first."""

    start_s: float
    end_s: float
    boundary: BoundaryKind | None
    """How it begins; None when a segment's border cut it off from what was before."""
    confidence: float
    pictures: tuple[Candidate, ...]
    boundary_from_s: float | None = None
    boundary_until_s: float | None = None
    """As `content.types.Shot`."""


class ShotPictures:
    """Turns boundaries and samples into takes with their pictures, holding a few samples at a time.

    A shot is watched in pieces of `piece_s` seconds and keeps the best picture of each, so that a
    long one offers more than one; beyond `PICTURES_A_SHOT` its pieces are joined two by two.
    """

    def __init__(self, piece_s: float, start_s: float = 0.0) -> None:
        self._piece_s = self._usual_piece_s = piece_s
        self._start_s = start_s
        self._boundary = None if start_s else Boundary(0.0, "start", 1.0)
        self._pieces: list[Candidate] = []
        self._pending: deque[Candidate] = deque()

    def offer(self, candidate: Candidate, decided_s: float) -> None:
        """Take a sample; those before `decided_s` by a margin belong to the open shot for good."""
        self._pending.append(candidate)
        while self._pending and self._pending[0].at_s < decided_s - EDGE_S:
            self._settle(self._pending.popleft(), None)

    def cut(self, found: Boundary) -> Iterator[Take]:
        """End the open shot where another begins; yields what was open.

        A shot into which no sample fell yields nothing: it becomes part of the next one.
        """
        self._settle_before(found.at_s)
        if self._pieces or self._boundary is None:
            yield self._take(found.at_s)
            self._start_s, self._pieces, self._piece_s = found.at_s, [], self._usual_piece_s
            self._boundary = found

    def end(self, at_s: float) -> Take:
        """What is open at `at_s`, the end of the segment, be it without a picture."""
        self._settle_before(at_s)
        return self._take(at_s)

    def _take(self, end_s: float) -> Take:
        best = max(self._pieces, key=lambda piece: self._worth(piece, end_s), default=None)
        others = [piece for piece in self._pieces if piece is not best]
        pictures = (best, *others) if best is not None else ()
        begins = self._boundary
        if begins is None:
            return Take(self._start_s, end_s, None, 1.0, pictures)
        extent = begins.from_s, begins.until_s
        return Take(self._start_s, end_s, begins.kind, begins.confidence, pictures, *extent)

    def _settle_before(self, at_s: float) -> None:
        while self._pending and self._pending[0].at_s < at_s:
            self._settle(self._pending.popleft(), at_s)

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
        near = self._boundary is not None and candidate.at_s - self._start_s < EDGE_S
        near = near or (end_s is not None and end_s - candidate.at_s < EDGE_S)
        return candidate.merit * (0.5 if near else 1.0)
