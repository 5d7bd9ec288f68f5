"""Answers about the weights of the sub-scores."""

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import BaseModel

from artwork.quality.fitting import Fit


class QualityWeights(BaseModel):
    """How much each sub-score counts in the overall one."""

    weights: dict[str, float]


class QualityFit(BaseModel):
    """What was learned from decisions. `agreement`: of two pictures of a held-out title, the chance
    that the better scored one earned more; `agreement_now` by the weights in use before."""

    weights: dict[str, float]
    agreement: float
    agreement_now: float
    gain: float
    gain_low: float
    gain_high: float
    titles: int
    pictures: int
    decisions: int
    better: bool
    used: bool
    in_use: dict[str, float]

    @classmethod
    def of(cls, found: Fit, now: Mapping[str, float], *, used: bool) -> "QualityFit":
        return cls(**asdict(found), better=found.better, used=used, in_use=dict(now))
