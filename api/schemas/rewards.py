"""Answers about what events are worth."""

from typing import Any

from pydantic import BaseModel

from artwork.choice.events import worth


class RewardKind(BaseModel):
    """`weight` × value counts, all of it from the value `full_from` on; within `window_h` hours of
    the decision. Kinds that `add` are added to the largest of the others."""

    weight: float
    window_h: float
    full_from: float
    add: bool


class RewardPolicy(BaseModel):
    kinds: dict[str, RewardKind]
    click_bait: dict[str, Any]

    @classmethod
    def of(cls, policy: worth.RewardPolicy) -> "RewardPolicy":
        return cls.model_validate(policy.plain())
