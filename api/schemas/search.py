"""Answers about similarity."""

from collections.abc import Mapping

from pydantic import BaseModel

from content.types import Space
from indexes.schema import Comparison, Hit


class Found(BaseModel):
    """A title with its score and the cosine in each space that counted."""

    title_id: str
    score: float
    scores: dict[str, float]

    @classmethod
    def of(cls, hit: Hit) -> "Found":
        return cls(title_id=hit.title_id, score=hit.score, scores=dict(hit.scores))


class Alike(BaseModel):
    """How alike two titles are: fused, and the cosine in each space that both have."""

    title_ids: tuple[str, str]
    score: float | None
    scores: dict[str, float]

    @classmethod
    def of(cls, pair: tuple[str, str], found: Comparison) -> "Alike":
        return cls(title_ids=pair, score=found.score, scores=dict(found.scores))


class Weights(BaseModel):
    """How much each space counts in the fused score; they sum to 1."""

    weights: dict[str, float]

    @classmethod
    def of(cls, weights: Mapping[Space, float]) -> "Weights":
        return cls(weights={str(space): weight for space, weight in weights.items()})
