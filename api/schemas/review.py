"""Answers about what people decided of pictures."""

from pydantic import BaseModel

from api.schemas.rules import Limited, limited
from artwork.rules.guardrails import ArtworkPolicy as Policy
from artwork.rules.review import Judged
from content.ids import iso


class Verdict(BaseModel):
    """A variant after a verdict, which is of its picture: of every crop in `group_id`."""

    variant_id: str
    group_id: str
    title_id: str
    aspect: str
    verdict: str
    decided_at: str

    @classmethod
    def of(cls, judged: Judged) -> "Verdict":
        return cls(
            variant_id=judged.variant_id,
            group_id=judged.group_id,
            title_id=judged.title_id,
            aspect=judged.aspect,
            verdict=judged.verdict,
            decided_at=iso(judged.decided_us),
        )


class ArtworkPolicy(Limited):
    """What may be shown of a title; `pin`, `incumbent`, `veto` and the names in
    `pictures` are image groups.

    What is null is left to the rules of the catalogue and, `generated_share`, to
    KEYART_GENERATED_SHARE.
    """

    title_id: str
    pin: str | None
    incumbent: str | None
    veto: list[str]
    origins: list[str]
    review_required: bool
    generated_share: float | None
    change_every_s: float | None
    fallback: str | None
    pictures: dict[str, Limited]

    @classmethod
    def of(cls, title_id: str, policy: Policy) -> "ArtworkPolicy":
        return cls(
            title_id=title_id,
            pin=policy.pin,
            incumbent=policy.incumbent,
            veto=list(policy.veto),
            origins=list(policy.origins),
            review_required=policy.review_required,
            generated_share=policy.generated_share,
            change_every_s=policy.change_every_s,
            fallback=policy.fallback,
            pictures={
                group: Limited(**limited(said.limits, said.cap))
                for group, said in policy.pictures.items()
            },
            **limited(policy.limits, policy.cap),
        )
