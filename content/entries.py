"""What the catalogue answers with: plain frozen values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from content.types import (
    ALWAYS,
    Availability,
    BoundaryKind,
    Facts,
    Maturity,
    MediaFacts,
    Space,
    Tag,
    Timeline,
    TitleInput,
)


@dataclass(frozen=True, slots=True)
class Submission:
    """The answer to a submit: `created` is False when the same content was there already."""

    title_id: str
    version: int
    job_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class TitleRecord:
    """A title as callers see it: its published version or, before the first, the submitted one."""

    id: str
    name: str
    synopsis: str
    genres: tuple[str, ...]
    maturity: Maturity
    language: str | None
    country: str | None
    released: str | None
    external_ids: dict[str, str]
    version: int | None
    """The published version; None until the first is done."""
    state: str
    """processing or ready: of the newest version (one that fails leaves nothing but its job)."""
    job_id: str
    """Of the newest version."""
    media_path: str | None
    facts: MediaFacts | None
    profile: dict[str, Any] | None
    fingerprints: dict[Space, str]
    created_us: int
    updated_us: int
    published_us: int | None
    tags: Mapping[str, Tag] = field(default_factory=dict)
    available: Availability = ALWAYS


@dataclass(frozen=True, slots=True)
class ShotRow:
    """One shot of a version."""

    idx: int
    start_s: float
    end_s: float
    keyframe_s: float
    keyframe_sha256: str | None
    boundary: BoundaryKind | None = None
    """None, as the two below, for a title that was understood before they were kept."""
    confidence: float | None = None
    facts: Facts | None = None
    """ShotFacts as JSON: `look`, `sound`, `words`, `mood`."""
    boundary_from_s: float | None = None
    boundary_until_s: float | None = None
    """As `content.types.Shot`; None, too, for a title that was understood before."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One submitted version, as the jobs need it."""

    title: TitleInput
    version: int
    job_id: str
    """A title that is deleted and submitted again begins anew at version 1, with another job."""
    published: bool
    profile: dict[str, Any] | None


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """How a title runs in time: its published version with its shots and its timeline."""

    title: TitleRecord
    shots: Sequence[ShotRow]
    timeline: Timeline
    """Empty for a title without media, or understood before timelines were kept."""


def moods_of(profile: Mapping[str, Any]) -> list[str]:
    """The moods of a title by its profile, the strongest first."""
    shares = (profile.get("mood") or {}).get("moods") or {}
    return sorted(shares, key=lambda name: (-shares[name], name))
