"""One segment of a film, read: rows of figures on the film's clock, and pictures of its shots.

Rows of consecutive segments concatenate to those of the film: whatever describes a shot or the
title is computed from them later (`content.describe`), without the media.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from content import decode, look
from content.decode import DecodeLimits, End, Signatures
from content.encoders.models import Models
from content.hearing import Hearing
from content.keyframes import Candidate, ShotPictures, Take
from content.letterbox import Bars
from content.motion import MotionMeter
from content.onscreen import read_frame
from content.shots import Boundary, shot_detector
from content.thumbnails import Thumbnails
from content.transcript import Line
from content.turns import Unheard
from content.types import F32, BoundaryKind, Facts, MediaFacts
from content.windows import Window

BATCH = 16
"""Pictures that are held before they are encoded."""
PIECE_S = 2.0
"""A shot longer than this has more than one picture …"""
MAX_SHOTS = 8_000
"""A film of three hours has 1,000 to 3,500; beyond this many, boundaries are ignored."""
EXTRA_PICTURES = 400
"""… but a film not more than about so many extra ones."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A shot's picture, as far as the media is needed to describe it."""

    at_s: float
    brightness: float
    contrast: float
    sharpness: float
    embedding: F32
    """Visual features: unit norm."""
    likeliest: F32 | None
    """(TOP, 2) what it shows (`encoders.concept.likeliest`); None where `embedding` knows words."""
    seen: Facts | None
    """Words and faces (content.onscreen) in a shot's own picture; None of its others."""
    concept: F32 | None = None
    """`likeliest` in the space of words: unit norm. It is the words' encoder's, so a segment, which
    outlives that, has none: `describe` makes it."""

    @property
    def meaning(self) -> F32:
        """What is compared with `Models.picture_words`, once it is described."""
        return self.embedding if self.concept is None else self.concept


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """As `keyframes.Take`, its pictures encoded."""

    start_s: float
    end_s: float
    boundary: BoundaryKind | None
    confidence: float
    pictures: tuple[Picture, ...]
    boundary_from_s: float | None = None
    boundary_until_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """What [start_s, end.duration_s) of a film holds."""

    start_s: float
    end: End
    facts: MediaFacts
    bars: Bars
    stretches: tuple[Stretch, ...]
    """They tile the segment."""
    look_s: F64
    """(n,) when each look row was sampled."""
    look: F32
    """(n, len(look.COLUMNS))."""
    motion: F64
    """(m, 3): start, global, local of each half second (content.motion)."""
    sound: F32 | None
    """(seconds, R) (content.sound.rows); None without a sound stream."""
    power: F32 | None
    """(tenths of seconds,) K-weighted mean squares (content.media.loudness)."""
    lines: tuple[Line, ...]
    """What is said, as far as a line alone can be believed."""
    windows: tuple[Window, ...] = ()
    """Where an encoder listens to windows of sound."""
    shots: int = 0
    """How many have begun in the film up to the segment's end."""
    unheard: Unheard | None = None
    """Speech near the end that is told with the next segment; None at the film's end."""


def read_segment(
    path: Path,
    models: Models,
    *,
    limits: DecodeLimits,
    start_s: float,
    length_s: float,
    before: Segment | None,
    language: str | None,
    thumbnails: Thumbnails,
    on_progress: Callable[[float], None],
) -> Segment:
    """Decode and measure one segment.

    Args:
        before: the segment that ends at `start_s`; None for the first.
        language: of the dialogue, as `en` or `en-GB`; None: unknown.
        thumbnails: take the small picture of every keyframe.
        on_progress: told the fraction of the film that is read, 0..1, as far as one knows.

    Raises:
        PermanentError, TransientError: `media_…`, as `decode.analyse`.
    """
    reading = _Reading(models, language, thumbnails, start_s, start_s + length_s, before=before)
    parts = decode.analyse(
        path,
        limits,
        start_s=start_s,
        length_s=length_s,
        after=before.end if before is not None else None,
        bars=before.bars if before is not None else None,
    )
    for part in parts:
        match part:
            case MediaFacts():
                reading.facts = part
            case Bars():
                reading.begin(part)
            case decode.Signatures():
                reading.watch(part)
            case decode.Sample():
                reading.look_at(part)
                on_progress(min(1.0, part.at_s / reading.facts.duration_s))
            case decode.Sound():
                reading.listen(part)
            case End():
                reading.finish(part)
    return reading.result()


class _Reading:
    """What has been understood so far of the segment that streams by."""

    facts: MediaFacts
    _bars: Bars
    _end: End
    _motion: MotionMeter
    _pictures: ShotPictures

    def __init__(
        self,
        models: Models,
        language: str | None,
        thumbnails: Thumbnails,
        start_s: float,
        end_s: float,
        *,
        before: Segment | None,
    ) -> None:
        self._language, self._thumbnails = language, thumbnails
        self._models, self._start_s, self._end_s = models, start_s, end_s
        self._detector = shot_detector(models.shots, models, start_s)
        self._shots = before.shots if before is not None else 1
        self._unheard = before.unheard if before is not None else None
        self._motion_rows: list[tuple[float, float, float]] = []
        self._look: list[tuple[float, F32]] = []
        self._hearing: Hearing | None = None
        self._waiting: list[Take] = []
        self._stretches: list[Stretch] = []

    def begin(self, bars: Bars) -> None:
        self._bars = bars
        self._motion = MotionMeter(aspect(self.facts, bars))
        piece_s = max(PIECE_S, self.facts.duration_s / EXTRA_PICTURES)
        self._pictures = ShotPictures(piece_s, self._start_s)
        if self.facts.has_audio:
            self._hearing = Hearing(self._models, self._start_s, self._language, self._unheard)

    def watch(self, signatures: Signatures) -> None:
        self._cut(self._detector.feed(signatures))
        self._motion_rows += self._motion.feed(signatures)

    def look_at(self, sample: decode.Sample) -> None:
        row = look.look_row(sample.rgb)
        self._look.append((sample.at_s, row))
        brightness, contrast, sharpness = row[: len(LIGHT)].tolist()
        candidate = Candidate(sample.at_s, sample.rgb, brightness, contrast, sharpness)
        self._pictures.offer(candidate, self._detector.decided_s)

    def listen(self, sound: decode.Sound) -> None:
        if self._hearing is not None:
            self._hearing.listen(sound)

    def finish(self, end: End) -> None:
        self._end = end
        self._cut(self._detector.finish())
        self._close(self._pictures.end(end.duration_s))
        self._encode()
        self._motion_rows += self._motion.finish()
        if self._hearing is not None:
            self._hearing.finish(end)

    def result(self) -> Segment:
        hearing = self._hearing
        rows = [row for row in self._motion_rows if self._start_s <= row[0] < self._end.duration_s]
        return Segment(
            start_s=self._start_s,
            end=self._end,
            facts=self.facts,
            bars=self._bars,
            stretches=tuple(self._stretches),
            look_s=np.array([at_s for at_s, _ in self._look]),
            look=np.array([row for _, row in self._look], np.float32).reshape(
                -1, len(look.COLUMNS)
            ),
            motion=np.array(rows).reshape(-1, 3),
            sound=hearing.rows if hearing is not None else None,
            power=hearing.power if hearing is not None else None,
            lines=hearing.lines if hearing is not None else (),
            windows=hearing.windows if hearing is not None else (),
            shots=self._shots,
            unheard=hearing.unheard if hearing is not None else None,
        )

    def _cut(self, boundaries: list[Boundary]) -> None:
        for found in boundaries:
            # What follows the end decides it, but what begins there is the next segment's.
            if found.at_s < self._end_s and self._shots < MAX_SHOTS:
                self._shots += 1
                for take in self._pictures.cut(found):
                    self._close(take)

    def _close(self, take: Take) -> None:
        self._waiting.append(take)
        if sum(len(waiting.pictures) for waiting in self._waiting) >= BATCH:
            self._encode()

    def _encode(self) -> None:
        candidates = [candidate for take in self._waiting for candidate in take.pictures]
        seen = self._models.pictures([candidate.rgb for candidate in candidates])
        shown = repeat(None) if seen.likeliest is None else seen.likeliest
        encoded = zip(candidates, seen.visual, shown, strict=False)
        for take in self._waiting:
            pictures = tuple(
                self._picture(*next(encoded), own=k == 0) for k in range(len(take.pictures))
            )
            self._stretches.append(
                Stretch(
                    take.start_s,
                    take.end_s,
                    take.boundary,
                    take.confidence,
                    pictures,
                    take.boundary_from_s,
                    take.boundary_until_s,
                )
            )
        self._waiting = []

    def _picture(
        self, candidate: Candidate, embedding: F32, likeliest: F32 | None, *, own: bool
    ) -> Picture:
        self._thumbnails.put(candidate.at_s, candidate.rgb)
        return Picture(
            at_s=candidate.at_s,
            brightness=candidate.brightness,
            contrast=candidate.contrast,
            sharpness=candidate.sharpness,
            embedding=embedding,
            likeliest=likeliest,
            seen=read_frame(candidate.rgb, self._models) if own else None,
        )


def aspect(facts: MediaFacts, bars: Bars) -> float:
    """Width / height of the picture within its bars."""
    width = facts.width * (1 - bars.left - bars.right)
    return width / (facts.height * (1 - bars.top - bars.bottom))


LIGHT = ("brightness", "contrast", "sharpness")
"""The first columns of a look row."""
