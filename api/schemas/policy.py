"""Answers about how the choice is made at present."""

from typing import Any

from pydantic import BaseModel

from artwork.choice.modes.sequential import ALPHA, Side
from artwork.choice.modes.steering import PolicyView
from artwork.choice.record.mode import Change
from artwork.choice.record.ways import HELD
from content.ids import iso


class Match(BaseModel):
    """Of `compared` answers of the incumbent since the mode began, `agreeing` were what the policy
    would have chosen."""

    compared: int
    agreeing: int
    rate: float | None

    @classmethod
    def of(cls, compared: int, agreeing: int) -> "Match":
        return cls(
            compared=compared, agreeing=agreeing, rate=agreeing / compared if compared else None
        )


class Group(BaseModel):
    """Shown decisions of known viewers since the mode began, and what they earned on average; not
    counted without a holdout."""

    decisions: int
    mean_reward: float | None

    @classmethod
    def of(cls, side: Side) -> "Group":
        return cls(decisions=side.decisions, mean_reward=side.mean)


class Guardrail(BaseModel):
    """Policy against control. `low` to `high` holds the true difference in reward per decision at
    all times at once, with probability 1 − `alpha`; null while too little is known. The mode falls
    back to `incumbent` once `high` is below −`margin`."""

    holdout: float
    margin: float
    alpha: float
    watching: bool
    policy: Group
    control: Group
    difference: float | None
    low: float | None
    high: float | None


class PolicyChange(BaseModel):
    """A change of the mode, `n` counts them. `offset`: how much of the ledger was learned then.

    `by` is who asked for it, `guardrail` when nobody did; `why` is what the guardrail had found,
    or `confirms`, the change that this one has but put another name to.
    """

    n: int
    mode: str
    explore_share: float
    offset: int
    at: str
    by: str | None
    why: dict[str, Any] | None

    @classmethod
    def of(cls, change: Change) -> "PolicyChange":
        return cls(
            n=change.n,
            mode=change.mode,
            explore_share=change.share,
            offset=change.seq,
            at=iso(change.at_us or 0),
            by=change.by,
            why=None if change.why is None else dict(change.why),
        )


class Policy(BaseModel):
    """How the choice is made: `since`, `by` and `why` are of the last change (null before any).

    `answers` is whose choice viewers are given, `explore_share` the probability that all pictures
    share in `explore`, `offset` how much of the ledger the belief in use is made of.
    """

    mode: str
    answers: str
    explore_share: float
    since: str | None
    by: str | None
    why: dict[str, Any] | None
    offset: int
    match: Match
    guardrail: Guardrail

    @classmethod
    def of(cls, view: PolicyView) -> "Policy":
        change, tally, found = view.change, view.tally, view.evidence
        held = change.mode in HELD
        return cls(
            mode=change.mode,
            answers="incumbent" if held else "policy",
            explore_share=change.share,
            since=None if change.at_us is None else iso(change.at_us),
            by=change.by,
            why=None if change.why is None else dict(change.why),
            offset=view.offset,
            match=Match.of(tally.compared, tally.agreeing),
            guardrail=Guardrail(
                holdout=view.guard.holdout,
                margin=view.guard.margin,
                alpha=ALPHA,
                watching=view.guard.holdout > 0 and not held,
                policy=Group.of(tally.policy),
                control=Group.of(tally.control),
                difference=found.difference,
                low=found.low,
                high=found.high,
            ),
        )
