"""Answers: what leaves the service, built from the records of the rooms below."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from artwork.personalize import Choice, DecisionView
from artwork.pictures import VariantRow
from content.entries import ShotRow, TitleRecord
from content.ids import iso
from content.types import Space
from indexes.schema import Comparison, Hit
from workers.jobs import JobRecord

Item = TypeVar("Item")
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the `cursor` of the following one, null on the last."""

    items: list[Item]
    next: str | None = None


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable; docs/errors.md explains each."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] | None = None


class Failure(BaseModel):
    code: str
    detail: str


class Submitted(BaseModel):
    title_id: str
    job_id: str


class Reindexing(BaseModel):
    job_id: str
    generation: str | None


class Accepted(BaseModel):
    accepted: int


class Job(BaseModel):
    id: str
    kind: str
    title_id: str | None
    generation: str | None
    state: str
    stage: str
    progress: float
    error: Failure | None
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: JobRecord) -> "Job":
        error = None
        if row.error_code is not None:
            error = Failure(code=row.error_code, detail=row.error_detail or "")
        return cls(
            id=row.id,
            kind=row.kind,
            title_id=row.title_id,
            generation=row.generation,
            state=row.state,
            stage=row.stage,
            progress=row.progress,
            error=error,
            created_at=iso(row.created_us),
            updated_at=iso(row.updated_us),
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
    """

    start_s: float
    end_s: float
    keyframe_s: float
    keyframe_url: str | None
    boundary: str | None
    confidence: float | None
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
            facts=row.facts,
        )


class Variant(BaseModel):
    """One picture in one aspect; variants of one `group_id` are crops of the same picture."""

    id: str
    group_id: str
    aspect: str
    url: str
    origin: str
    source_s: float | None
    width: int
    height: int
    scores: dict[str, float]

    @classmethod
    def of(cls, row: VariantRow) -> "Variant":
        return cls(
            id=row.id,
            group_id=row.group_id,
            aspect=row.aspect,
            url=image_url(row.sha256),
            origin=row.origin,
            source_s=row.source_s,
            width=row.width,
            height=row.height,
            scores=dict(row.scores),
        )


class Found(BaseModel):
    """A title with its score and the cosine in each space that counted."""

    title_id: str
    score: float
    scores: dict[str, float]

    @classmethod
    def of(cls, hit: Hit) -> "Found":
        return cls(title_id=hit.title_id, score=hit.score, scores=dict(hit.scores))


class Alike(BaseModel):
    """How alike two titles are: fused, and the cosine in each space that both have."""

    title_ids: tuple[str, str]
    score: float | None
    scores: dict[str, float]

    @classmethod
    def of(cls, pair: tuple[str, str], found: Comparison) -> "Alike":
        return cls(title_ids=pair, score=found.score, scores=dict(found.scores))


class Weights(BaseModel):
    """How much each space counts in the fused score; they sum to 1."""

    weights: dict[str, float]

    @classmethod
    def of(cls, weights: Mapping[Space, float]) -> "Weights":
        return cls(weights={str(space): weight for space, weight in weights.items()})


class Artwork(BaseModel):
    """The picture chosen for a viewer. Rewards hang on `decision_id`."""

    decision_id: str
    title_id: str
    variant_id: str
    group_id: str
    url: str
    aspect: str
    propensity: float
    expires_at: str

    @classmethod
    def of(cls, choice: Choice) -> "Artwork":
        return cls(
            decision_id=choice.decision_id,
            title_id=choice.title_id,
            variant_id=choice.variant_id,
            group_id=choice.group_id,
            url=image_url(choice.sha256),
            aspect=choice.aspect,
            propensity=choice.propensity,
            expires_at=iso(choice.expires_us),
        )


class NoArtwork(BaseModel):
    """A title of a page for which there is no picture, and why."""

    title_id: str
    error: Failure


class Decision(BaseModel):
    """A decision as logged: `propensities` holds every arm that was on offer."""

    decision_id: str
    title_id: str
    variant_id: str
    group_id: str
    aspect: str
    propensity: float
    propensities: dict[str, float]
    policy_id: str
    feature_set: str
    ledger_offset: int
    deferred: bool
    active: bool
    rewards: list[dict[str, Any]]
    context: dict[str, Any]
    decided_at: str
    expires_at: str

    @classmethod
    def of(cls, view: DecisionView) -> "Decision":
        return cls(
            decision_id=view.decision_id,
            title_id=view.title_id,
            variant_id=view.variant_id,
            group_id=view.group_id,
            aspect=view.aspect,
            propensity=view.propensity,
            propensities=dict(view.propensities),
            policy_id=view.policy_id,
            feature_set=view.feature_set,
            ledger_offset=view.ledger_offset,
            deferred=view.deferred,
            active=view.active,
            rewards=[_plain(reward) for reward in view.rewards],
            context=_plain(view.context),
            decided_at=iso(view.decided_us),
            expires_at=iso(view.expires_us),
        )


_LONG = ("transcript", "arc", "curve", "peaks", "evidence", "text")


def _brief(group: Any) -> Any:
    if not isinstance(group, dict):
        return group
    return {name: value for name, value in group.items() if name not in _LONG}


def image_url(sha256: str) -> str:
    """Where an image is, relative to the service.

    With an extension, so that the link works in any page; leave it out to have the format
    negotiated by `Accept`.
    """
    return f"/v1/images/{sha256}.webp"


def _plain(value: Any) -> dict[str, Any]:
    """A record as JSON fields; `…_us` become ISO 8601 `…_at`."""
    fields = asdict(value) if is_dataclass(value) and not isinstance(value, type) else dict(value)
    return {
        key.removesuffix("_us") + "_at" if key.endswith("_us") else key: (
            iso(each) if key.endswith("_us") and each is not None else each
        )
        for key, each in fields.items()
    }
