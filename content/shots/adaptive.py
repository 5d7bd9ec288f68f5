"""Shot boundaries from the pictures alone, in one pass, with a few seconds of memory.

PySceneDetect's AdaptiveDetector, set to be generous, proposes cuts: changes that stand out from
the rolling mean of their neighbours. Each proposal is then judged (`cuts`); changes of slide
(`slides`), dissolves and wipes (`gradual`) and fades (`fades`) are found beside them. The
detector is given frame numbers only; times are our own, so variable frame rates do no harm.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from content.decode import Signatures
from content.shots import fades
from content.shots.boundary import Boundary, Sieve
from content.shots.cuts import cut_confidence
from content.shots.frames import Frames, reduce
from content.shots.gradual import REACH_S, find_gradual
from content.shots.slides import CONFIDENCE, slide_changes
from content.types import U8

BLOCK_S = 2.0
"""Decisions are made for blocks of this length, on a grid of the film's clock."""
LOOK_S = 2 * REACH_S
"""What is looked at on each side of a block; the delay is a block more."""
_WINDOW = 2
"""Frames on each side that the proposer compares a change with."""
_APART_S = 0.15
"""What is nearer than this to a dissolve or wipe is part of it."""
_RATIO, _LEAST_CHANGE = 1.6, 3.0


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of blank frames `[first, after)` with the ramps on both sides."""

    first: int
    after: int
    start_s: float
    end_s: float


class AdaptiveShots:
    """A `BoundaryDetector` (which see) that needs no model: 0.1 to 0.2 ms a frame."""

    def __init__(self, start_s: float = 0.0) -> None:
        self.decided_s = 0.0
        self._sieve = Sieve(start_s)
        self._begins = start_s == 0.0
        self._count = 0
        self._proposed: list[int] = []
        self._frames: Frames | None = None
        self._new: list[Frames] = []
        self._going: fades.Going | None = None
        self._claims: list[_Claim] = []
        self._judged_s = -math.inf

    @cached_property
    def _proposer(self) -> Any:
        from scenedetect.detectors import AdaptiveDetector

        # The shortest shot is the sieve's rule, in seconds: none of the detector's.
        return AdaptiveDetector(
            adaptive_threshold=_RATIO,
            min_scene_len=0,
            window_width=_WINDOW,
            min_content_val=_LEAST_CHANGE,
        )

    def feed(self, signatures: Signatures) -> list[Boundary]:
        """Boundaries that these frames decide."""
        self._take(signatures)
        found: list[Boundary] = []
        while signatures.at_s[-1] >= self.decided_s + BLOCK_S + LOOK_S:
            found += self._next_block(self._join())
        return found

    def _take(self, signatures: Signatures) -> None:
        new = reduce(signatures.at_s, signatures.pixels)
        if self._frames is None:
            self.decided_s = BLOCK_S * (new.at_s[0] // BLOCK_S)
            if new.blank[0] and not self._begins:
                at_s = float(new.at_s[0])
                self._going = fades.Going(at_s, 0, at_s, ())
            self._frames = new.slice(0, 0)
        self._new.append(new)
        self._propose(new.half)

    def look(self, whole: Signatures) -> Frames:
        """A whole clip as it is seen here, nothing decided: what the constants are fitted on."""
        self._take(whole)
        return self._join()

    def finish(self) -> list[Boundary]:
        """Those of the last seconds: no frame follows."""
        if self._frames is None:
            return []
        found, last_s = [], self._join().at_s[-1]
        while last_s >= self.decided_s:
            found += self._next_block(self._join())
        return found

    def _propose(self, pictures: U8) -> None:
        from scenedetect import FrameTimecode

        for picture in pictures:
            frame = FrameTimecode(self._count, fps=25.0)  # the rate is never used
            self._count += 1
            cuts = self._proposer.process_frame(frame, picture)
            self._proposed += [cut.frame_num for cut in cuts]

    def _join(self) -> Frames:
        """All frames that are held, with what is proposed of them."""
        assert self._frames is not None
        self._frames = joined = Frames.join([self._frames, *self._new])
        self._new = []
        first = self._count - len(joined)
        joined.proposed[[at - first for at in self._proposed if at >= first]] = True
        self._proposed = []
        return joined

    def _next_block(self, held: Frames) -> list[Boundary]:
        start_s, end_s = self.decided_s, self.decided_s + BLOCK_S
        # Not more than is sure to be there: what is found does not depend on how frames come.
        frames = held.slice(0, int(np.searchsorted(held.at_s, end_s + LOOK_S)))
        found = self._sieve.keep(self._boundaries(frames, start_s, end_s))
        # Over a gap in the film's time, straight to where it goes on.
        later = held.at_s[held.at_s >= end_s]
        self.decided_s = max(end_s, BLOCK_S * (later[0] // BLOCK_S)) if later.size else end_s
        kept = int(np.searchsorted(held.at_s, self.decided_s - LOOK_S))
        self._frames = held.slice(max(0, min(kept, len(held) - 2 * _WINDOW - 2)))
        return found

    def _boundaries(self, frames: Frames, start_s: float, end_s: float) -> list[Boundary]:
        spans = list(_blank_spans(frames))
        self._judge(frames, end_s + REACH_S)
        free = [
            boundary
            for boundary, since_s, until_s in _strongest(self._claims, 2.5 * frames.step_s)
            if start_s <= boundary.at_s < end_s
            and all(until_s < span.start_s or span.end_s < since_s for span in spans)
        ]
        self._claims = [each for each in self._claims if each[2] >= end_s - LOOK_S]
        return [*self._fades(frames, spans, start_s, end_s), *free]

    def _judge(self, frames: Frames, until_s: float) -> None:
        """Claim what may be a cut, dissolve or wipe before `until_s` and after the last such time.

        Claims reach beyond the block that is decided: a stronger one there may be the same."""
        since_s, self._judged_s = self._judged_s, until_s
        for index in np.flatnonzero(frames.proposed & (frames.at_s >= since_s)):
            at_s = float(frames.at_s[index])
            if at_s < until_s and (confidence := cut_confidence(frames, int(index))) >= 0.5:
                self._claims.append((Boundary(at_s, "cut", confidence), at_s, at_s))
        for slide in slide_changes(frames, since_s, until_s):
            at_s = float(frames.at_s[slide])
            self._claims.append((Boundary(at_s, "cut", CONFIDENCE), at_s, at_s))
        for each in find_gradual(frames, since_s, until_s):
            extent = each.extent_s
            boundary = Boundary(each.at_s, each.kind, each.confidence, *extent)
            self._claims.append((boundary, each.start_s - _APART_S, each.end_s + _APART_S))

    def _fades(
        self, frames: Frames, spans: list[_Span], start_s: float, end_s: float
    ) -> list[Boundary]:
        found = []
        for span in spans:
            if start_s <= frames.at_s[span.first] < end_s and span.first > 0:
                self._going = fades.went(frames, span.first)
            if span.after < len(frames) and start_s <= frames.at_s[span.after] < end_s:
                boundary = fades.came_back(frames, span.after, self._going)
                found += [boundary] if boundary else []
        return found


_Claim = tuple[Boundary, float, float]
"""A boundary and the time, from and to, that is its own."""


def _strongest(claims: list[_Claim], slack_s: float) -> list[_Claim]:
    """Of claims that overlap, the most confident."""
    kept: list[_Claim] = []
    for claim in sorted(claims, key=lambda each: (-each[0].confidence, each[0].at_s)):
        _, since_s, until_s = claim
        if all(until_s + slack_s < a or b + slack_s < since_s for _, a, b in kept):
            kept.append(claim)
    return kept


def _blank_spans(frames: Frames) -> Iterator[_Span]:
    steps = np.diff(np.concatenate([[0], frames.blank > 0, [0]]))
    for first, after in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True):
        start_s, end_s = fades.ramps(frames, int(first), int(after))
        yield _Span(int(first), int(after), start_s, end_s)
