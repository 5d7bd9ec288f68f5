"""The nouns of the system. Plain frozen values; nothing here reads or writes.

Times within media are seconds (float, `_s`), half-open `[start_s, end_s)`; moments in the world
are integer µs UTC (`_us`). Vectors are float32, unit norm, one per *space*; a modality that a
title lacks is a missing key, never zeros.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

Space = Literal["visual", "concept", "audio", "synopsis", "style", "taste"]
"""visual: pooled picture features. concept: what the pictures show, in the synopsis space (ConSE).
audio: log-mel, chroma, tempo statistics. synopsis: the words. style: mood, palette, light,
movement, pacing and sound in figures. taste: where a title lies among viewers' tastes, learned from
what is watched together (`indexes.taste`); no encoder makes it, and it is not stored."""
SPACES: tuple[Space, ...] = get_args(Space)

Aspect = Literal["16:9", "2:3", "1:1", "4:3", "21:9", "9:16"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

Maturity = Literal["all", "7", "13", "16", "18"]
MATURITIES: tuple[Maturity, ...] = get_args(Maturity)
"""Ordered from the mildest: an index is comparable."""

Origin = Literal["frame", "composed", "generated", "uploaded"]


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What made a vector. Two different fingerprints never share a generation."""

    name: str
    revision: str
    space: Space
    dim: int
    sha256: str
    """Of the weights (or, for a formula, of its parameters)."""

    @property
    def fingerprint(self) -> str:
        return f"{self.name}@{self.revision}:{self.dim}:{self.sha256[:12]}"


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """One modality of one title: `data` float32 (dim,), finite, unit norm."""

    data: F32
    fingerprint: str


Vectors = Mapping[Space, Vector]


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a container says of itself, checked by decoding its first frame."""

    duration_s: float
    fps: float
    width: int
    """Displayed width in px: after rotation and sample aspect ratio."""
    height: int
    has_audio: bool
    video_codec: str
    audio_codec: str | None = None
    audio_channels: int = 0
    sample_rate_hz: int = 0


BoundaryKind = Literal["start", "cut", "fade", "dissolve", "wipe"]
"""How a shot begins; `start` is the beginning of the film."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot, `[start_s, end_s)`; the shots of a title tile `[0, duration_s)`."""

    start_s: float
    end_s: float
    keyframe_s: float
    boundary: BoundaryKind = "cut"
    confidence: float = 1.0
    """That a shot begins here, 0..1."""
    boundary_from_s: float | None = None
    """When the change into this shot begins, the shot before being whole for the last time, …"""
    boundary_until_s: float | None = None
    """… and when it ends: this shot is whole. None, both, where it comes at once."""


Facts = dict[str, Any]
"""JSON-ready figures; docs/facts.md gives each one's unit, range and source."""


@dataclass(frozen=True, slots=True)
class ShotFacts:
    """What is known of one shot, by modality; a modality that tells nothing is empty."""

    look: Facts = field(default_factory=dict)
    sound: Facts = field(default_factory=dict)
    words: Facts = field(default_factory=dict)
    mood: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ShotVectors:
    """Vectors of one space for the shots that have one."""

    shots: npt.NDArray[np.int32]
    """(n,) indices into the shots, ascending."""
    data: F32
    """(n, dim), rows of unit norm."""
    fingerprint: str


Timeline = Mapping[str, F32]
"""Column name -> one value for each second of the film, (seconds_of(duration_s),); NaN where
unknown."""
ROUNDING_S = 1e-4
"""So much beyond a whole second is a clock's rounding, not film."""


def seconds_of(duration_s: float) -> int:
    """The seconds of a film of this length, the begun one too; 1 or more."""
    return max(1, math.ceil(duration_s - ROUNDING_S))


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """A frame that may stand for its shot, measured on the small analysis frame."""

    at_s: float
    shot: int
    """Index into the shots."""
    brightness: float
    """Mean luma, 0..1."""
    contrast: float
    """Standard deviation of luma, 0..1."""
    sharpness: float
    """Variance of the Laplacian, squashed to 0..1."""
    embedding: F32
    """The picture's own vector of the `visual` space, unit norm."""


@dataclass(frozen=True, slots=True, eq=False)
class Extraction:
    """All that was understood of one media file."""

    facts: MediaFacts
    shots: tuple[Shot, ...]
    keyframes: tuple[Keyframe, ...]
    """`keyframes[i]` is shot i's own, for every shot; further ones of long shots follow."""
    vectors: Vectors
    profile: dict[str, Any] = field(default_factory=dict)
    """JSON-ready: `look`, `sound`, `words`, `mood`, `pacing` of the whole title (docs/facts.md)."""
    shot_facts: tuple[ShotFacts, ...] = ()
    """`shot_facts[i]` is shot i's; empty or one for every shot."""
    shot_vectors: Mapping[Space, ShotVectors] = field(default_factory=dict)
    timeline: Timeline = field(default_factory=dict)
    steady: bool = True
    """No timestamps of the file were reset: seeking leads to the right frame."""


Tag = str | int | float | tuple[str, ...]
"""A value of a house's own field."""


@dataclass(frozen=True, slots=True)
class Availability:
    """When and where viewers may have a title."""

    from_us: int | None = None
    """µs UTC; None: no bound."""
    until_us: int | None = None
    """The end, excluded."""
    territories: tuple[str, ...] = ()
    """ISO 3166 codes of two capitals; none: everywhere."""


ALWAYS = Availability()


@dataclass(frozen=True, slots=True)
class TitleInput:
    """What a caller submits, already validated."""

    id: str
    name: str
    synopsis: str
    genres: tuple[str, ...] = ()
    maturity: Maturity = "all"
    language: str | None = None
    country: str | None = None
    released: str | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)
    media_path: str | None = None
    """Absolute and resolved; under a media root or in the uploads folder."""
    media_sha256: str | None = None
    """Of the media's bytes (an upload) or of its size, mtime and path (a file in a media root)."""
    media_owned: bool = False
    """True for an upload: the file goes when its title version goes."""
    tags: Mapping[str, Tag] = field(default_factory=dict)
    """A house's own fields, to filter by."""
    available: Availability = ALWAYS

    @property
    def story(self) -> str:
        """What the synopsis tells: nothing where it only repeats the name, as it does where it was
        not given."""
        repeats = self.synopsis.strip().casefold() == self.name.strip().casefold()
        return "" if repeats else self.synopsis
