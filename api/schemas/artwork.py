"""Answers about chosen pictures."""

from dataclasses import asdict, is_dataclass
from typing import Any

from pydantic import BaseModel

from api.schemas.common import Failure, image_url
from api.schemas.explain import Explanation
from api.schemas.pictures import Picture, srcset, widths
from artwork.choice.page import Choice, Fallback
from artwork.choice.probability.explaining import Explained
from artwork.choice.probability.replay import DecisionView
from artwork.images.cards import card_size
from content.ids import iso


class Artwork(Picture):
    """The picture chosen for a viewer. Rewards hang on `decision_id`."""

    decision_id: str
    title_id: str
    variant_id: str
    group_id: str
    aspect: str
    propensity: float
    expires_at: str

    @classmethod
    def of(cls, choice: Choice) -> "Artwork":
        display = choice.display
        return cls(
            decision_id=choice.decision_id,
            title_id=choice.title_id,
            variant_id=choice.variant_id,
            group_id=choice.group_id,
            url=image_url(choice.sha256),
            width=display.width,
            height=display.height,
            focal=display.focal,
            safe=display.safe,
            blurhash=display.blurhash,
            colour=display.colour,
            srcset=srcset(choice.sha256, display.width),
            aspect=choice.aspect,
            propensity=choice.propensity,
            expires_at=iso(choice.expires_us),
        )


class FallbackArtwork(Picture):
    """What stands in where the rules leave a title no picture: no decision, and no arm of one.

    `fallback`: `title_card` has the title's name on a ground of its palette, `plain_card`
    nothing. `reason` says which rules left nothing.
    """

    fallback: str
    reason: str
    decision_id: None = None
    title_id: str
    variant_id: None = None
    group_id: None = None
    aspect: str

    @classmethod
    def of(cls, fallback: Fallback, token: str) -> "FallbackArtwork":
        """`token` opens the title's card."""
        named = fallback.name == "title_card"
        where = f"{fallback.title_id}/{token}" if named else "plain"
        link = f"/v1/images/cards/{where}/{fallback.aspect.replace(':', 'x')}"
        width, height = card_size(fallback.aspect)
        return cls(
            fallback=fallback.name,
            reason=fallback.reason,
            title_id=fallback.title_id,
            aspect=fallback.aspect,
            url=f"{link}.webp",
            width=width,
            height=height,
            focal=None,
            safe=None,
            blurhash=None,
            colour=None,
            srcset=widths(link, width),
        )


class NoArtwork(BaseModel):
    """A title of a page for which there is no picture, and why."""

    title_id: str
    error: Failure


class Decision(BaseModel):
    """A decision as logged: `propensities` holds every arm that was on offer.

    `mode` is the one it was made in, or `control`: a viewer of the holdout. `agrees`: where the
    incumbent was the only one on offer, whether the policy would have chosen it. `reward` is what
    it has earned by now, of all `rewards` together: what was learned.
    """

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
    mode: str
    agrees: bool | None
    active: bool
    reward: float
    rewards: list[dict[str, Any]]
    context: dict[str, Any]
    decided_at: str
    expires_at: str
    explanation: Explanation | None = None
    """With `explain` alone."""

    @classmethod
    def of(cls, view: DecisionView, explained: Explained | None = None) -> "Decision":
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
            mode=view.mode,
            agrees=view.agrees,
            active=view.active,
            reward=view.rewards[-1].earned if view.rewards else 0.0,
            rewards=[_plain(reward) for reward in view.rewards],
            context=_plain(view.context),
            decided_at=iso(view.decided_us),
            expires_at=iso(view.expires_us),
            explanation=None if explained is None else Explanation.of(explained),
        )


_LONG = ("transcript", "arc", "curve", "peaks", "evidence", "text")


def _plain(value: Any) -> dict[str, Any]:
    """A record as JSON fields; `…_us` become ISO 8601 `…_at`."""
    fields = asdict(value) if is_dataclass(value) and not isinstance(value, type) else dict(value)
    return {
        key.removesuffix("_us") + "_at" if key.endswith("_us") else key: (
            iso(each) if key.endswith("_us") and each is not None else each
        )
        for key, each in fields.items()
    }
