"""Answers about the moments of a film that were looked at."""

from pydantic import BaseModel

from api.schemas.common import image_url
from artwork.candidates.considered import CandidateRow


class Candidate(BaseModel):
    """A moment looked at: `verdict` is chosen, refused or passed_over.

    `reasons` are the gates that refused it, or why it was passed over (duplicate, weak, cut_face,
    soft_face, no_subject, outranked, no_crop). Of a shot that no moment was looked at in there is
    one without `scores` and `url`: mid_transition, dark, flat, ending, film_edge, unseen.
    `url` is a small picture; `group_id` is of a chosen one.
    """

    at_s: float
    verdict: str
    reasons: list[str]
    scores: dict[str, float]
    emphasis: list[str]
    maturity: str
    group_id: str | None
    url: str | None

    @classmethod
    def of(cls, row: CandidateRow) -> "Candidate":
        return cls(
            at_s=row.at_s,
            verdict=row.verdict,
            reasons=list(row.reasons),
            scores=dict(row.scores),
            emphasis=list(row.emphasis),
            maturity=row.maturity,
            group_id=row.group_id,
            url=None if row.sha256 is None else image_url(row.sha256),
        )
