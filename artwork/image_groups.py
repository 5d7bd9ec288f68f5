"""An image group and its variants, as they are made and cross a process before they are rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from content.types import F32, Aspect, Maturity, Origin


@dataclass(frozen=True, slots=True)
class PictureVariant:
    """One crop of a picture: what can be shown, and so an arm."""

    id: str
    group_id: str
    aspect: Aspect
    sha256: str
    """Of the master in the image store."""
    width: int
    height: int
    crop: dict[str, int]
    """x, y, width, height in px of the source picture."""
    scores: dict[str, float]
    fit: str = "crop"
    """`crop`: a window of the whole picture; `bleed`: all of it on a ground of its own."""
    focal: tuple[float, float] | None = None
    """Where to look: x, y as shares of this picture."""
    safe: dict[str, list[float]] | None = None
    """Areas of this picture by name: x, y, width, height as shares."""
    blurhash: str | None = None
    colour: str | None = None
    """Dominant, `#rrggbb`."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureGroup:
    """One source picture and its crops; what is learnt of one is learnt of all."""

    id: str
    origin: Origin
    source_s: float | None
    facts: dict[str, float]
    """Immutable, each 0..1."""
    embedding: F32
    """(1280,), unit norm."""
    embedding_fingerprint: str
    variants: tuple[PictureVariant, ...]
    source_sha256: str | None = None
    """Master of the whole picture, within its bars."""
    scores: dict[str, float] | None = None
    emphasis: tuple[str, ...] = ()
    """What the picture emphasises: tags."""
    maturity: Maturity | None = None
    """From what the picture itself shows."""
    focal: tuple[float, float] | None = None
    """Where to look: x, y as shares of the whole picture."""
    language: str | None = None
    """Of lettering laid over it, a BCP 47 tag."""
    made: dict[str, Any] | None = None
    """How it was made: edits, sources, model, seed; None for a plain frame."""
    faces: bytes = b""
    """Whom it shows large, `artwork.identities`."""


def packed(group: PictureGroup) -> dict[str, Any]:
    """A group as plain data, to cross a process or to be kept; `unpacked` reads it back."""
    return {**asdict(group), "embedding": group.embedding.astype("<f4").tobytes()}


def unpacked(raw: Mapping[str, Any]) -> PictureGroup:
    """The group that `packed` made data of; lists, too, may stand where it had tuples."""
    variants = tuple(PictureVariant(**variant) for variant in raw["variants"])
    embedding = np.frombuffer(raw["embedding"], "<f4")
    emphasis = tuple(raw["emphasis"])
    return PictureGroup(
        **{**raw, "variants": variants, "embedding": embedding, "emphasis": emphasis}
    )


def masters(groups: Sequence[PictureGroup]) -> set[str]:
    """Every file of the image store that groups name."""
    found = {variant.sha256 for group in groups for variant in group.variants}
    return found | {g.source_sha256 for g in groups if g.source_sha256 is not None}
