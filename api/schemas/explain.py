"""Answers about why a picture was shown."""

from dataclasses import asdict

from pydantic import BaseModel

from artwork.choice.probability.explain import NAMES
from artwork.choice.probability.explaining import Explained


class Candidate(BaseModel):
    """A picture that was on offer: `score` is its expected reward, the sum of `contributions`.

    `spread` is the standard deviation of what was believed of it, `wins` how many of the draws it
    won, `unknown_viewer` its propensity had nothing been known of the viewer.
    """

    variant_id: str
    group_id: str
    score: float
    spread: float
    contributions: dict[str, float]
    wins: int
    propensity: float
    unknown_viewer: float


class Withheld(BaseModel):
    """A picture of the title in that aspect that was not on offer; `reason` is why, by
    the rules that stand now and what was noted of the decision."""

    variant_id: str
    group_id: str
    reason: str


class Explanation(BaseModel):
    """A decision taken apart, computed anew from the ledger.

    `floor` is the probability that all share, `taste` whether any of the viewer's was known,
    `learned_rows` how many shown decisions the belief was made of, `names` what each block of
    features is, in words. Candidates with the best score come first.
    """

    draws: int
    floor: float
    taste: bool
    learned_rows: int
    names: dict[str, str]
    candidates: list[Candidate]
    withheld: list[Withheld]

    @classmethod
    def of(cls, found: Explained) -> "Explanation":
        told = found.explanation
        return cls(
            draws=told.draws,
            floor=told.floor,
            taste=told.taste,
            learned_rows=told.learned_rows,
            names=dict(NAMES),
            candidates=[Candidate(**asdict(arm)) for arm in told.arms],
            withheld=[Withheld(**asdict(one)) for one in found.absent],
        )
