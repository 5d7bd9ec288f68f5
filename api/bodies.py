"""Request bodies, and how each becomes what the rooms below take."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Strict, Tag, model_validator
from pydantic_core import PydanticCustomError

from api.checks import (
    Age,
    Body,
    Country,
    EventId,
    ExternalId,
    Language,
    MediaPath,
    Name,
    Released,
    RewardKind,
    RewardValue,
    Short,
    Synopsis,
    TagName,
    TagValue,
    Time,
    TitleId,
    User,
    WatchValue,
    Zone,
)
from api.consent import Consent
from api.rulebook import (
    GeneratedShare,
    LimitsBody,
    Origins,
    Pictures,
    Seconds,
    check_pictures,
)
from artwork.choice.belief.features import Context
from artwork.choice.events.attribution import RewardEvent
from artwork.choice.events.taste import WatchEvent
from artwork.compose.request import DEFAULT_COUNT, MOST, Kind, Look
from artwork.generate.brief import MAX_COUNT, MAX_SEED
from artwork.rules.guardrails import ORIGINS, ArtworkPolicy, FallbackName
from content.ids import from_iso
from content.types import ALWAYS, Aspect, Availability, Maturity
from workers.fields import SubmitFields

PAGE_MAX = 200
BATCH_MAX = 1000


class AvailableBody(Body):
    """When and where viewers may have a title. What is left out is without bound; `until` is
    excluded."""

    from_: Annotated[Time | None, Field(alias="from")] = None
    until: Time | None = None
    territories: Annotated[list[Country], Field(max_length=250)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        told = self.availability()
        if told.from_us is not None and told.until_us is not None and told.until_us <= told.from_us:
            raise PydanticCustomError("ends_early", "`until` must be later than `from`")
        return self

    def availability(self) -> Availability:
        here = dict.fromkeys(each.upper() for each in self.territories)
        return Availability(_microseconds(self.from_), _microseconds(self.until), tuple(here))


class TitleBody(Body):
    """A title to be understood. `media` is a path under one of KEYART_MEDIA_ROOTS.

    `tags` are a house's own fields, to filter by. With `again` it is understood anew, as a new
    version, even if nothing has changed.
    """

    id: TitleId | None = None
    name: Name
    synopsis: Synopsis
    media: MediaPath | None = None
    genres: Annotated[list[Short], Field(max_length=32)] = Field(default_factory=list)
    maturity: Maturity = "all"
    language: Language | None = None
    country: Country | None = None
    released: Released | None = None
    external_ids: Annotated[dict[Short, ExternalId], Field(max_length=32)] = Field(
        default_factory=dict
    )
    tags: Annotated[dict[TagName, TagValue], Field(max_length=64)] = Field(default_factory=dict)
    available: AvailableBody | None = None
    again: bool = False

    def fields(self) -> SubmitFields:
        tags = {n: tuple(v) if isinstance(v, list) else v for n, v in self.tags.items()}
        told = {
            "genres": tuple(self.genres),
            "tags": tags,
            "available": ALWAYS if self.available is None else self.available.availability(),
        }
        return SubmitFields(**{**dict(self), **told})


class ContextBody(Body):
    """What is known of the moment. `tz` is an IANA name: the viewer's local hour comes from it.

    Pictures with lettering are shown only to a viewer whose `language` it is; in a language that
    was never told (`und`), to everybody who has none of their own.
    """

    device: Short | None = None
    country: Country | None = None
    tz: Zone | None = None
    maturity_max: Maturity | None = None
    language: Language | None = None

    def context(self) -> Context:
        return Context(self.device, self.country, self.tz, self.maturity_max, self.language)


class PageBody(Body):
    """A page of titles, each of which wants a picture for this viewer."""

    user: User | None = None
    consent: Consent = None
    aspect: Aspect = "16:9"
    title_ids: Annotated[list[TitleId], Field(min_length=1, max_length=PAGE_MAX)]
    context: ContextBody = ContextBody()
    defer: bool = False


class RewardBody(Body):
    """What a decision earned.

    It is named by `decision_id`, or by `user` and `title_id`: then it is the latest decision for
    them whose window for this kind was open.
    """

    decision_id: Short | None = None
    user: User | None = None
    consent: Consent = None
    title_id: TitleId | None = None
    kind: RewardKind
    value: RewardValue
    event_id: EventId | None = None
    occurred_at: Time | None = None
    correct: bool = False

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.decision_id is None and (self.user is None or self.title_id is None):
            raise PydanticCustomError("unnamed", "name a decision_id, or a user and a title_id")
        if self.decision_id is not None and (self.user, self.title_id) != (None, None):
            raise PydanticCustomError("named_twice", "name a decision_id or a user, not both")
        return self

    def event(self) -> RewardEvent:
        return RewardEvent(
            decision_id=self.decision_id,
            kind=self.kind,
            value=self.value,
            event_id=self.event_id,
            occurred_us=_microseconds(self.occurred_at),
            correct=self.correct,
            user=self.user,
            title_id=self.title_id,
        )


class WatchBody(Body):
    """How much of a title a viewer watched: what the taste is derived from.

    Without consent it is not kept.
    """

    user: User
    consent: Consent = None
    title_id: TitleId
    kind: Literal["watch"] = "watch"
    value: WatchValue
    event_id: EventId | None = None
    occurred_at: Time | None = None

    def event(self) -> WatchEvent:
        return WatchEvent(
            user=self.user,
            title_id=self.title_id,
            value=self.value,
            event_id=self.event_id,
            occurred_us=_microseconds(self.occurred_at),
            kind=self.kind,
        )


class ArtworkPolicyBody(LimitsBody):
    """What may be shown of a title. Pictures are named by a variant's id or its group's.

    Replaces the earlier policy whole; verdicts on pictures are kept beside it. `countries`,
    `from`, `until` and `cap` are of every picture of the title, those in `pictures` of single
    ones. What is null in `cap`, and a null `change_every_s` or `fallback`, is left to the
    catalogue's rules. `incumbent`: what the house would show without Keyart.
    """

    pin: Short | None = None
    incumbent: Short | None = None
    veto: Annotated[list[Short], Field(max_length=BATCH_MAX)] = Field(default_factory=list)
    origins: Origins = Field(default_factory=lambda: list(ORIGINS))
    review_required: bool = False
    generated_share: GeneratedShare = None
    change_every_s: Seconds | None = None
    fallback: FallbackName | None = None
    pictures: Pictures = Field(default_factory=dict)

    @model_validator(mode="after")
    def _pictures_within_their_title(self) -> Self:
        check_pictures(self, self.pictures)
        return self

    def policy(self) -> ArtworkPolicy:
        origins = tuple(each for each in ORIGINS if each in self.origins)
        return ArtworkPolicy(
            pin=self.pin,
            incumbent=self.incumbent,
            veto=tuple(self.veto),
            origins=origins,
            review_required=self.review_required,
            generated_share=self.generated_share,
            limits=self.limits(),
            cap=self.caps(),
            change_every_s=self.change_every_s,
            fallback=self.fallback,
            pictures={name: said.rules() for name, said in self.pictures.items()},
        )


class UploadBody(Body):
    """What a house tells of a picture of its own. `language` is that of its lettering, if any."""

    language: Language | None = None
    note: Name | None = None


class PairsBody(Body):
    """Pairs of titles to compare."""

    pairs: Annotated[
        list[Annotated[tuple[TitleId, TitleId], Strict(strict=False)]],
        Field(min_length=1, max_length=BATCH_MAX),
    ]


class WeightsBody(Body):
    """How much each space is to count: numbers of 0 or more, not all 0."""

    weights: Annotated[dict[Short, float], Field(min_length=1, max_length=16)]


class ComposeBody(Body):
    """What to compose of a title's pictures; all may be left out.

    `titles`: language to the title in it, to be lettered. `n`: how many pictures at most. A picture
    that is lettered counts once, but makes a group for each language: there are up to `n` times as
    many groups as `titles`.
    """

    kinds: Annotated[list[Kind], Field(max_length=8)] = Field(default_factory=list)
    looks: Annotated[list[Look], Field(max_length=8)] = Field(default_factory=list)
    titles: Annotated[dict[Language, Name], Field(max_length=64)] = Field(default_factory=dict)
    n: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT_COUNT


class GenerateBody(Body):
    """`brief`: comma-separated KEY:VALUE, such as `mood:eerie,emphasis:place`; see docs/artwork.md.

    The i-th of the `n` pictures is painted with seed `seed` + i.
    """

    brief: Annotated[str, Field(max_length=200)] = ""
    n: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 4
    seed: Annotated[int, Field(ge=0, le=MAX_SEED - MAX_COUNT)] = 0


class QualityFitBody(Body):
    """Whether what is learned may be put to use."""

    dry_run: bool = False


class ReindexBody(Body):
    dry_run: bool = False
    """Tell what would be done, and begin nothing."""


class PartialReindexBody(Body):
    """Which titles are to be understood anew: all that is given must hold, one at least."""

    titles: Annotated[list[TitleId], Field(min_length=1, max_length=20_000)] | None = None
    genre: Short | None = None
    language: Language | None = None
    stale: Literal[True] | None = None
    """Those that hold a vector of another encoder than today's."""
    older_than: Annotated[Age, Field(examples=["30d", "12h", "2026-11-01"])] | None = None
    """Those that were understood last so long ago (`h`, `d`, `w`), or before a day or time."""
    dry_run: bool = False
    """Tell what would be done, and begin nothing."""

    def asked(self) -> dict[str, Any]:
        """What is asked of the titles."""
        return self.model_dump(exclude_none=True, exclude={"dry_run"})

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.asked():
            raise PydanticCustomError("no_titles_named", "say which titles; all: POST /v1/reindex")
        return self


class TasteFitBody(Body):
    """`seed` draws the titles that are left out; a dry run takes nothing over."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    dry_run: bool = False


class RewardBatch(Body):
    items: Annotated[list[RewardBody], Field(min_length=1, max_length=BATCH_MAX)]


class WatchBatch(Body):
    items: Annotated[list[WatchBody], Field(min_length=1, max_length=BATCH_MAX)]


def _branch(value: Any) -> str:
    return "batch" if isinstance(value, dict) and "items" in value else "one"


Rewards = Annotated[
    Annotated[RewardBody, Tag("one")] | Annotated[RewardBatch, Tag("batch")],
    Discriminator(_branch),
]
Watches = Annotated[
    Annotated[WatchBody, Tag("one")] | Annotated[WatchBatch, Tag("batch")],
    Discriminator(_branch),
]


def _microseconds(moment: str | None) -> int | None:
    return None if moment is None else from_iso(moment)
