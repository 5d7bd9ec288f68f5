"""Answers about titles and what was understood of them."""

from typing import Any

from pydantic import BaseModel, Field

from api.schemas.common import image_url
from api.schemas.pictures import Picture, srcset
from artwork.pictures import VariantRow
from content.entries import ShotRow, TitleRecord
from content.ids import iso
from content.types import ALWAYS, Availability

_LONG = ("transcript", "arc", "curve", "peaks", "evidence", "text")
"""What of a profile grows with the film: lists leave it out."""


class Available(BaseModel):
    """When and where viewers may have a title; null (no territory): no bound."""

    from_: str | None = Field(serialization_alias="from")
    until: str | None
    territories: list[str]

    @classmethod
    def of(cls, told: Availability) -> "Available":
        return cls(
            from_=None if told.from_us is None else iso(told.from_us),
            until=None if told.until_us is None else iso(told.until_us),
            territories=list(told.territories),
        )


class Title(BaseModel):
    """A title; what was understood of its media is null until its first job is done."""

    id: str
    name: str
    synopsis: str
    genres: list[str]
    maturity: str
    language: str | None
    country: str | None
    released: str | None
    external_ids: dict[str, str]
    tags: dict[str, str | int | float | list[str]]
    available: Available | None
    state: str
    version: int | None
    job_id: str
    duration_s: float | None
    fps: float | None
    width: int | None
    height: int | None
    has_audio: bool | None
    profile: dict[str, Any] | None
    fingerprints: dict[str, str]
    created_at: str
    updated_at: str
    published_at: str | None

    @classmethod
    def listed(cls, row: TitleRecord) -> "Title":
        """As a line of a list: without those parts of the profile that grow with the film."""
        whole = cls.of(row)
        if whole.profile is not None:
            whole.profile = {name: _brief(each) for name, each in whole.profile.items()}
        return whole

    @classmethod
    def of(cls, row: TitleRecord) -> "Title":
        facts = row.facts
        return cls(
            id=row.id,
            name=row.name,
            synopsis=row.synopsis,
            genres=list(row.genres),
            maturity=row.maturity,
            language=row.language,
            country=row.country,
            released=row.released,
            external_ids=dict(row.external_ids),
            tags={n: list(v) if isinstance(v, tuple) else v for n, v in row.tags.items()},
            available=None if row.available == ALWAYS else Available.of(row.available),
            state=row.state,
            version=row.version,
            job_id=row.job_id,
            duration_s=facts.duration_s if facts else None,
            fps=facts.fps if facts else None,
            width=facts.width if facts else None,
            height=facts.height if facts else None,
            has_audio=facts.has_audio if facts else None,
            profile=row.profile,
            fingerprints={str(space): mark for space, mark in row.fingerprints.items()},
            created_at=iso(row.created_us),
            updated_at=iso(row.updated_us),
            published_at=None if row.published_us is None else iso(row.published_us),
        )


class Profile(BaseModel):
    """A title in figures, by what they were taken from; docs/facts.md explains each."""

    title_id: str
    version: int
    duration_s: float | None
    look: dict[str, Any] | None
    sound: dict[str, Any] | None
    words: dict[str, Any] | None
    mood: dict[str, Any] | None
    pacing: dict[str, Any] | None

    @classmethod
    def of(cls, row: TitleRecord) -> "Profile":
        known = row.profile or {}
        return cls(
            title_id=row.id,
            version=row.version or 0,
            duration_s=row.facts.duration_s if row.facts else None,
            look=known.get("look") or None,
            sound=known.get("sound") or None,
            words=known.get("words") or None,
            mood=known.get("mood") or None,
            pacing=known.get("pacing") or None,
        )


class Moment(BaseModel):
    """One step of a timeline; what is not known is null."""

    at_s: float
    shot: int
    mood: str | None
    valence: float | None
    arousal: float | None
    loudness_lufs: float | None
    speech: float | None
    music: float | None
    effects: float | None
    silence: float | None
    motion_global: float | None
    motion_local: float | None
    brightness: float | None
    palette: list[str]


class Timeline(BaseModel):
    """How a title runs in time, `step_s` a record."""

    title_id: str
    version: int
    duration_s: float
    step_s: float
    items: list[Moment]


class Shot(BaseModel):
    """One shot `[start_s, end_s)`; a title's shots tile `[0, duration_s)`.

    `boundary` is how it begins (start, cut, fade, dissolve, wipe), `confidence` how sure that is;
    `facts` are what is known of it. All three are null in titles understood before they were kept.
    `boundary_from_s` to `boundary_until_s` the change into it lasts; null where it comes at once.
    """

    start_s: float
    end_s: float
    keyframe_s: float
    keyframe_url: str | None
    boundary: str | None
    confidence: float | None
    boundary_from_s: float | None
    boundary_until_s: float | None
    facts: dict[str, Any] | None

    @classmethod
    def of(cls, row: ShotRow) -> "Shot":
        url = None if row.keyframe_sha256 is None else image_url(row.keyframe_sha256)
        return cls(
            start_s=row.start_s,
            end_s=row.end_s,
            keyframe_s=row.keyframe_s,
            keyframe_url=url,
            boundary=row.boundary,
            confidence=row.confidence,
            boundary_from_s=row.boundary_from_s,
            boundary_until_s=row.boundary_until_s,
            facts=row.facts,
        )


class Variant(Picture):
    """One picture in one aspect; variants of one `group_id` show the same picture.

    `fit` is `crop`, a window of it, or `bleed`, a window on a ground of its own; `source_url` is
    the whole picture; `verdict` is what people decided of it: approve, veto, or null; `maturity` is
    of what it shows, `language` of its lettering. `scores` are of this one, `sub_scores` (with
    `overall`, docs/artwork.md) of the whole picture; null in pictures from before.
    """

    id: str
    group_id: str
    aspect: str
    fit: str | None
    origin: str
    source_s: float | None
    source_url: str | None
    scores: dict[str, float]
    sub_scores: dict[str, float] | None
    maturity: str | None
    language: str | None
    verdict: str | None
    emphasis: list[str]
    made: dict[str, Any] | None
    """How it was made; null of a plain frame."""

    @classmethod
    def of(cls, row: VariantRow) -> "Variant":
        return cls(
            id=row.id,
            group_id=row.group_id,
            aspect=row.aspect,
            fit=row.fit,
            url=image_url(row.sha256),
            width=row.width,
            height=row.height,
            focal=row.focal,
            safe=row.safe,
            blurhash=row.blurhash,
            colour=row.colour,
            srcset=srcset(row.sha256, row.width),
            origin=row.origin,
            source_s=row.source_s,
            source_url=None if row.source_sha256 is None else image_url(row.source_sha256),
            scores=dict(row.scores),
            sub_scores=row.sub_scores,
            maturity=row.maturity,
            language=row.language,
            verdict=row.verdict,
            emphasis=list(row.emphasis or ()),
            made=row.made,
        )


def _brief(group: Any) -> Any:
    if not isinstance(group, dict):
        return group
    return {name: value for name, value in group.items() if name not in _LONG}
