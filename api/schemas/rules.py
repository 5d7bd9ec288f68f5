"""Answers about rules: as they were said, and what they leave."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.common import Page
from artwork.choice.offer.preview import Left, TitlePreview
from artwork.rules.contradictions import warnings_of
from artwork.rules.house import CatalogueRules
from artwork.rules.limits import NO_CAP, Cap, Limits
from content.ids import iso


class Countries(BaseModel):
    allow: list[str] | None
    deny: list[str] | None

    @classmethod
    def of(cls, limits: Limits) -> "Countries | None":
        if not limits.territorial:
            return None
        allow = None if limits.allow is None else list(limits.allow)
        return cls(allow=allow, deny=list(limits.deny) or None)


class Caps(BaseModel):
    share: float | None
    per_day: int | None
    in_all: int | None

    @classmethod
    def of(cls, cap: Cap) -> "Caps | None":
        if cap == NO_CAP:
            return None
        return cls(share=cap.share, per_day=cap.per_day, in_all=cap.in_all)


class Limited(BaseModel):
    """Where, when and how often: null where nothing is said."""

    model_config = ConfigDict(populate_by_name=True)

    countries: Countries | None
    from_: str | None = Field(alias="from")
    until: str | None
    cap: Caps | None


def limited(limits: Limits, cap: Cap) -> dict[str, Any]:
    """The fields of `Limited`."""
    return {
        "countries": Countries.of(limits),
        "from": None if limits.from_us is None else iso(limits.from_us),
        "until": None if limits.until_us is None else iso(limits.until_us),
        "cap": Caps.of(cap),
    }


class Rules(BaseModel):
    """The rules of the catalogue in force; `updated_at` is null where none were ever set."""

    origins: list[str] | None
    generated_share: float | None
    review_required: bool
    countries: Countries | None
    cap: Caps | None
    change_every_s: float
    fallback: str
    distinct_neighbours: bool
    updated_at: str | None

    @classmethod
    def of(cls, rules: CatalogueRules, since_us: int | None) -> "Rules":
        return cls(
            origins=None if rules.origins is None else list(rules.origins),
            generated_share=rules.generated_share,
            review_required=rules.review_required,
            countries=Countries.of(rules.limits),
            cap=Caps.of(rules.cap),
            change_every_s=rules.change_every_s,
            fallback=rules.fallback,
            distinct_neighbours=rules.distinct_neighbours,
            updated_at=None if since_us is None else iso(since_us),
        )


class AudienceOffer(BaseModel):
    """What one audience would be offered; where that is nothing, why, and what stands in."""

    on_offer: int
    group_ids: list[str]
    reason: str | None
    fallback: str | None

    @classmethod
    def of(cls, left: Left) -> "AudienceOffer":
        nothing = left.reason is not None
        return cls(
            on_offer=len(left.groups),
            group_ids=list(left.groups),
            reason=left.reason,
            fallback=left.fallback if nothing else None,
        )


class TitleOffer(BaseModel):
    """One title under the rules; `audiences` in the order asked."""

    title_id: str
    audiences: list[AudienceOffer]
    warning: str | None

    @classmethod
    def of(cls, one: TitlePreview) -> "TitleOffer":
        return cls(
            title_id=one.title_id,
            audiences=[AudienceOffer.of(left) for left in one.audiences],
            warning=one.warning,
        )


class RulesWarning(BaseModel):
    """What rules say in vain; `fields` are where."""

    fields: list[str]
    message: str

    @classmethod
    def all_of(cls, rules: CatalogueRules) -> "list[RulesWarning]":
        return [cls(fields=list(each.fields), message=each.message) for each in warnings_of(rules)]


class RulesChecked(Page[TitleOffer]):
    """Titles under rules, and what may be meant otherwise in the rules themselves."""

    warnings: list[RulesWarning]
