"""What a house may say of where, when and how often pictures are shown: parts of request bodies."""

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from api.checks import Body, Short, Time
from artwork.rules.contradictions import CODE, never_both, never_generated, nowhere
from artwork.rules.countries import fault
from artwork.rules.guardrails import ORIGINS, FallbackName
from artwork.rules.house import CatalogueRules
from artwork.rules.limits import Cap, Limits, PictureRules
from content.ids import from_iso
from content.types import Origin

LONGEST_S = 10 * 365 * 86400
MOST_SHOWN = 10**15


def _country(code: str) -> str:
    why = fault(code)
    if why is not None:
        raise PydanticCustomError("country", "{why}", {"why": why})
    return code


CountryCode = Annotated[str, Field(examples=["DE"]), AfterValidator(_country)]
Countries = Annotated[list[CountryCode], Field(min_length=1, max_length=300)]
Often = Annotated[int, Field(ge=1, le=MOST_SHOWN)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_S)]


def _some(origins: list[Origin]) -> list[Origin]:
    if not origins:
        raise _contradiction("`origins` names none: nothing would be shown; leave it out for all")
    return origins


def _contradiction(why: str) -> PydanticCustomError:
    return PydanticCustomError(CODE, "{why}", {"why": why})


Origins = Annotated[list[Origin], Field(max_length=len(ORIGINS)), AfterValidator(_some)]


def _room(share: float | None, info: ValidationInfo) -> float | None:
    """A share beside the `origins`, and perhaps the `pin`, that were told before it."""
    pinned = info.data.get("pin") is not None
    told = info.data.get("origins")
    if share is not None and told is not None:
        found = never_generated(told, share, pinned=pinned)
        if found is not None:
            raise _contradiction(found.message)
    return share


GeneratedShare = Annotated[Annotated[float, Field(ge=0, le=1)] | None, AfterValidator(_room)]


class CountriesBody(Body):
    """Countries by ISO 3166-1 alpha-2. `allow`: only there; `deny`: everywhere else.

    A viewer whose country is not told is in none that may.
    """

    allow: Countries | None = None
    deny: Countries | None = None

    @field_validator("deny")
    @classmethod
    def _leaves_some(cls, deny: list[str] | None, info: ValidationInfo) -> list[str] | None:
        why = nowhere(info.data.get("allow"), deny or ())
        if why is not None:
            raise _contradiction(why)
        return deny


class CapBody(Body):
    """Most impressions that one picture of a title may have.

    `share` of the title's impressions, `per_day` (UTC), `in_all`; what is null is not capped
    here.
    """

    share: Annotated[float, Field(gt=0, le=1)] | None = None
    per_day: Often | None = None
    in_all: Often | None = None

    def cap(self) -> Cap:
        return Cap(self.share, self.per_day, self.in_all)


class LimitsBody(Body):
    """Where and when pictures may be shown: `from` is the first moment, `until` the first after."""

    model_config = ConfigDict(strict=True, extra="forbid")

    countries: CountriesBody | None = None
    from_: Time | None = Field(None, alias="from", examples=["2026-12-01T00:00:00Z"])
    until: Time | None = None
    cap: CapBody | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        limits = self.limits()
        if None not in (limits.from_us, limits.until_us) and limits.until_us <= limits.from_us:  # type: ignore[operator]
            raise PydanticCustomError("window", "`until` must be later than `from`")
        return self

    def limits(self) -> Limits:
        where = self.countries or CountriesBody()
        return Limits(
            None if where.allow is None else tuple(sorted(set(where.allow))),
            tuple(sorted(set(where.deny or ()))),
            None if self.from_ is None else from_iso(self.from_),
            None if self.until is None else from_iso(self.until),
        )

    def caps(self) -> Cap:
        return Cap() if self.cap is None else self.cap.cap()


class PictureBody(LimitsBody):
    """What is said of one picture, beside what is said of its title."""

    def rules(self) -> PictureRules:
        return PictureRules(self.limits(), self.caps())


Pictures = Annotated[dict[Short, PictureBody], Field(max_length=1000)]


def check_pictures(title: LimitsBody, pictures: dict[str, PictureBody]) -> None:
    """Raises ValidationError: of each picture whose limits and its title's never hold together."""
    wider = title.limits()
    found = {name: never_both(wider, said.limits()) for name, said in pictures.items()}
    failures = [
        InitErrorDetails(
            type=_contradiction(each.message), loc=("pictures", name, each.fields[0]), input=None
        )
        for name, each in found.items()
        if each is not None
    ]
    if failures:
        raise ValidationError.from_exception_data("pictures", failures)


class RulesBody(Body):
    """The rules of the whole catalogue. They replace the earlier ones whole."""

    origins: Origins | None = None
    generated_share: GeneratedShare = None
    review_required: bool = False
    countries: CountriesBody | None = None
    cap: CapBody | None = None
    change_every_s: Seconds = 0.0
    fallback: FallbackName = "none"
    distinct_neighbours: bool = True

    def rules(self) -> CatalogueRules:
        origins = self.origins
        return CatalogueRules(
            origins=None if origins is None else tuple(o for o in ORIGINS if o in origins),
            generated_share=self.generated_share,
            review_required=self.review_required,
            limits=LimitsBody(countries=self.countries).limits(),
            cap=Cap() if self.cap is None else self.cap.cap(),
            change_every_s=self.change_every_s,
            fallback=self.fallback,
            distinct_neighbours=self.distinct_neighbours,
        )
