"""Answers about what was learned."""

from dataclasses import asdict
from typing import Self

from pydantic import BaseModel

from content.ids import iso
from workers.rebuild import Rebuilt


class Rebuild(BaseModel):
    """The state in use at `ledger_offset`, beside the ledger folded again up to there.

    `decisions` that count, of `titles` and `pictures`; `landmark` is the time at which a decision
    counts in full, where older ones count less (KEYART_HALF_LIFE_DAYS).
    """

    same_sums: bool
    same_posterior: bool
    policy_id: str
    feature_set: str
    ledger_offset: int
    landmark: str | None
    decisions: int
    titles: int
    pictures: int
    seconds: float

    @classmethod
    def of(cls, found: Rebuilt) -> Self:
        told = asdict(found.again)
        landmark = told["landmark_us"]
        kept = {name: told[name] for name in cls.model_fields if name in told}
        return cls(
            **kept,
            same_sums=found.same_sums,
            same_posterior=found.same_posterior,
            ledger_offset=found.again.offset,
            landmark=None if landmark is None else iso(landmark),
            seconds=round(found.seconds, 3),
        )
