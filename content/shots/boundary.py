"""Where a shot begins, and the rules that every detector of it keeps."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from content.decode import Signatures
from content.types import BoundaryKind

MIN_SHOT_S = 0.2
"""Shots are never shorter: five frames at 25 fps, as in trailers and music videos."""
PREROLL_S = 8.0
"""What a detector must have seen before the first boundary that is asked of it."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A shot begins here.

    A cut: at its first frame. A dissolve or wipe: where half of the change is done. A fade
    through black or white: where the picture returns.
    """

    at_s: float
    kind: BoundaryKind
    confidence: float
    """Probability that a shot begins here, 0..1."""
    from_s: float | None = None
    """When the shot before is last whole, and this one first, where the change takes its time …"""
    until_s: float | None = None
    """… as all but cuts do, and a cut with black or white between. None: at once."""

    @property
    def length_s(self) -> float:
        """Of the change, from whole picture to whole picture."""
        if self.from_s is None or self.until_s is None:
            return 0.0
        return self.until_s - self.from_s


class BoundaryDetector(Protocol):
    """Feed signatures in order, then finish; boundaries come out, ascending, each once.

    What is found depends on the frames alone, not on how many come at a time. A film may be read
    in parts: feed the next part's detector from `PREROLL_S` before the `decided_s` at which the
    last one stood, make it with `start_s` = that `decided_s`, and `finish` only at the film's end.
    """

    decided_s: float
    """Boundaries still to come will not be placed before this time."""

    def feed(self, signatures: Signatures) -> list[Boundary]:
        """Boundaries that these frames decide."""
        ...

    def finish(self) -> list[Boundary]:
        """Those of the last seconds: no frame follows."""
        ...


class Sieve:
    """Keeps boundaries from `start_s` on, apart by `MIN_SHOT_S`."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._last_s = 0.0

    def keep(self, found: Iterable[Boundary]) -> list[Boundary]:
        """Those that may stay, ascending; of two that are too close, the more confident."""
        kept: list[Boundary] = []
        for boundary in sorted(found, key=lambda each: (-each.confidence, each.at_s)):
            if all(abs(boundary.at_s - other.at_s) >= MIN_SHOT_S for other in kept):
                kept.append(boundary)
        return [each for each in sorted(kept, key=lambda each: each.at_s) if self._take(each)]

    def _take(self, boundary: Boundary) -> bool:
        if boundary.at_s - self._last_s < MIN_SHOT_S:
            return False
        self._last_s = boundary.at_s
        return boundary.at_s >= self._start_s
