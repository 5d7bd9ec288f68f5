"""x(viewer, picture, context): what a choice knows of a picture shown to a viewer.

Integers in units of 2⁻¹⁰ with magnitude at most 1. A picture's own part (its *descriptor*) is
computed once and frozen in `picture_features`. No feature looks at what other viewers did.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from artwork.choice.belief.looks import LOOK, Projection, by_chance
from artwork.choice.belief.packing import coarse
from artwork.choice.belief.sums import I16, SCALE
from content.errors import Invalid
from content.types import F32, Maturity

FACTS = (
    "brightness",
    "contrast",
    "saturation",
    "warmth",
    "sharpness",
    "colourfulness",
    "face_count",
    "face_size",
    "subject_size",
    "position",
    "emph_group",
    "emph_action",
    "emph_place",
    "mood_valence",
    "mood_arousal",
)
"""What a picture shows (`artwork.groups.facts`, `artwork.candidates.emphasis`): viewers differ in
what they like of it."""
ORIGINS = ("origin_composed", "origin_generated")
"""How it was made: of no title's own look, so no taste is compared with it."""
LIKED = len(FACTS) + LOOK
"""So many numbers, the first of a descriptor, meet a viewer's taste."""
DESCRIPTOR = LIKED + len(ORIGINS)
_LOOK = slice(len(FACTS), LIKED)
_SQUASH = 0.5
"""A number of a look has a standard deviation of about 1; tanh(0.5 ·) uses [-1, 1]."""
_INTERPLAY_GAIN = 4.0
"""taste × descriptor is a product of two numbers of about a third."""
MIXED = 4
"""So many of a look's first numbers meet each other's taste: who likes the one may like the
other."""
_MIXED_LOOK, _MIXED_TASTE = len(FACTS) + np.argwhere(~np.eye(MIXED, dtype=bool)).T
_DEVICES = ("tv", "desktop", "tablet", "phone")
_DEVICE_NAMES = {"mobile": "phone", "web": "desktop", "laptop": "desktop", "computer": "desktop"}
_SMALL = {"tv": -1.0, "desktop": 0.0, "tablet": 0.5, "phone": 1.0}
_ON_SMALL = tuple(FACTS.index(name) for name in ("face_size", "subject_size", "contrast"))
_AT_EVENING = tuple(FACTS.index(name) for name in ("brightness", "warmth"))


def _blocks(**sizes: int) -> tuple[dict[str, slice], int]:
    at, out = 0, {}
    for name, size in sizes.items():
        out[name] = slice(at, at + size)
        at += size
    return out, at


BLOCKS, DIM = _blocks(
    bias=1,
    facts=len(FACTS),
    projection=LOOK,
    origin=len(ORIGINS),
    interplay=LIKED,  # taste ∘ descriptor
    mixed=len(_MIXED_LOOK),  # taste ⊗ look without its diagonal
    match=1,  # cosine of taste and descriptor
    context=len(_DEVICES) + 2 + 1 + 2,  # device, hour, weekend, country
    cross=len(_ON_SMALL) + len(_AT_EVENING),  # screen size and evening with a few facts
)
_OWN = slice(BLOCKS["facts"].start, BLOCKS["origin"].stop)
"""Where a descriptor stands in x, as it is."""
_CROSSED = np.array((*_ON_SMALL, *_AT_EVENING))
_HOURLY = np.r_[
    BLOCKS["context"].start + len(_DEVICES) : BLOCKS["context"].start + len(_DEVICES) + 3,
    BLOCKS["cross"].start + len(_ON_SMALL) : BLOCKS["cross"].stop,
]
"""What the viewer's local hour and weekday make."""


@dataclass(frozen=True)
class Context:
    """The circumstances of a request. `tz` is an IANA name; the hour is the viewer's own."""

    device: str | None = None
    country: str | None = None
    tz: str | None = None
    maturity_max: Maturity | None = None
    language: str | None = None
    """The viewer's, a BCP 47 tag: which lettered pictures may be shown. No feature looks at it."""


def feature_set_id(encoder: str | None, projection: Projection | None = None) -> str:
    """The name of a way to make features; sums of different feature sets never meet.

    The time zone database is no part of it: it changes several times a year, nearly always for
    times to come, and each time the ledger would have to be made anew. See `another_hour`.
    """
    parts = repr(
        (4, BLOCKS, FACTS, ORIGINS, encoder, _SQUASH, _INTERPLAY_GAIN, sorted(_SMALL.items()))
    )
    digest = hashlib.sha256(parts.encode() + (projection or by_chance()).packed()).hexdigest()
    return f"fs4-{digest[:8]}"


@dataclass(frozen=True, eq=False)
class Lens:
    """How pictures are seen: whose vectors count (None: anybody's), in which directions (None: by
    chance)."""

    encoder: str | None = None
    projection: Projection | None = None

    @cached_property
    def feature_set(self) -> str:
        return feature_set_id(self.encoder, self.projection)


def units(x: npt.NDArray[np.float64]) -> I16:
    """Numbers to integers in 2⁻¹⁰, clipped to [-1, 1]."""
    return np.rint(np.clip(x, -1.0, 1.0) * SCALE).astype(np.int16)


def descriptor(
    facts: Mapping[str, float], embedding: F32 | None, projection: Projection | None = None
) -> I16:
    """A picture's own features (33,): its facts about their middle, its look, its origin.

    Args:
        facts: name → 0..1; one that is missing or not finite counts as 0.5.
        embedding: (dim,) the picture's visual vector, or None where it has none of this
            encoder; then the look is neutral (zeros).
        projection: by which the vector becomes a look; None: by chance.
    """
    out = np.zeros(DESCRIPTOR)
    for names, start in ((FACTS, 0), (ORIGINS, LIKED)):
        for i, name in enumerate(names, start):
            value = facts.get(name, 0.5)
            out[i] = 2 * value - 1 if math.isfinite(value) else 0.0
    if embedding is not None and embedding.ndim == 1:
        look = (projection or by_chance(embedding.size))(embedding)
        if look is not None:
            out[_LOOK] = np.tanh(_SQUASH * look)
    return units(out)


def is_neutral(frozen: bytes) -> bool:
    """Has a stored descriptor no look? That of a picture without a vector has none."""
    return not any(frozen[2 * _LOOK.start : 2 * _LOOK.stop])


@dataclass(frozen=True, eq=False)
class Circumstances:
    """A context as numbers, made once for a whole page."""

    block: npt.NDArray[np.float64]
    small: float
    """How small the screen is: -1 (tv) … 1 (phone)."""
    evening: float
    """Cosine of the local hour about 21:00; 0 where the hour is unknown."""

    @cached_property
    def units(self) -> I16:
        """The block in units of 2⁻¹⁰."""
        return units(self.block)

    @cached_property
    def crossing(self) -> npt.NDArray[np.float64]:
        """(5,) what the facts of the block `cross` are multiplied by."""
        return np.array([self.small] * len(_ON_SMALL) + [self.evening] * len(_AT_EVENING))


def circumstances(context: Context, at_us: int) -> Circumstances:
    """Raises Invalid `invalid_context` when a field is too long or the zone has no such name."""
    texts = (context.device, context.country, context.tz, context.language)
    if any(len(v or "") > 64 for v in texts):
        raise Invalid(
            "invalid_context", "device, country, tz and language have at most 64 characters"
        )
    device = (context.device or "").lower()
    device = _DEVICE_NAMES.get(device, device)
    block = np.zeros(BLOCKS["context"].stop - BLOCKS["context"].start)
    if device in _DEVICES:
        block[_DEVICES.index(device)] = 1.0
    evening = 0.0
    if context.tz is not None:
        local = _local(context.tz, at_us)
        angle = 2 * math.pi * (local.hour + local.minute / 60) / 24
        block[4], block[5] = math.sin(angle), math.cos(angle)
        block[6] = 1.0 if local.weekday() >= 5 else -1.0
        evening = math.cos(angle - 2 * math.pi * 21 / 24)
    if context.country is not None:
        code = hashlib.sha256(context.country.upper().encode("utf-8", "surrogatepass")).digest()[0]
        block[7], block[8] = (code & 1) * 2.0 - 1.0, (code >> 1 & 1) * 2.0 - 1.0
    return Circumstances(block, _SMALL.get(device, 0.0), evening)


def another_hour(x: I16, logged: I16) -> bool:
    """Do features (d,) differ from logged ones in nothing but what the local hour makes?

    They do where the time zone database has learned later what clocks had shown.
    """
    others = np.flatnonzero(x != logged)
    return bool(len(others)) and bool(np.isin(others, _HOURLY).all())


def _local(tz: str, at_us: int) -> datetime:
    try:
        zone = ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            "invalid_context", f"tz {tz!r} is no IANA time zone; try Europe/Berlin"
        ) from error
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(zone)


def assemble(descriptors: I16, taste: I16 | None, here: Circumstances) -> I16:
    """The features of K pictures for one viewer: (K, d), multiples of 16 in [-1024, 1024].

    Args:
        descriptors: (K, 33) as `descriptor` makes them.
        taste: (33,) as `events.taste` makes it, or None where nothing is known of the
        viewer.
    """
    x = np.zeros((len(descriptors), DIM), np.int16)
    x[:, BLOCKS["bias"]] = SCALE
    x[:, _OWN] = descriptors
    x[:, BLOCKS["context"]] = here.units
    x[:, BLOCKS["cross"]] = np.rint(here.crossing * descriptors.take(_CROSSED, axis=1))
    if taste is not None and taste.any():
        likes, liked = taste[:LIKED] / SCALE, descriptors[:, :LIKED].astype(np.float64)
        shared = liked * likes
        lengths = np.sqrt(np.einsum("kd,kd->k", liked, liked) * float(likes @ likes))
        x[:, BLOCKS["match"]] = np.rint(
            SCALE * shared.sum(axis=1) / np.maximum(lengths, 1e-6)
        )[:, None]  # fmt: skip
        shared *= _INTERPLAY_GAIN
        x[:, BLOCKS["interplay"]] = np.rint(np.clip(shared, -SCALE, SCALE, out=shared), out=shared)
        mixed = liked[:, _MIXED_LOOK] * (_INTERPLAY_GAIN * likes[_MIXED_TASTE])
        x[:, BLOCKS["mixed"]] = np.rint(np.clip(mixed, -SCALE, SCALE, out=mixed), out=mixed)
    return coarse(x)
