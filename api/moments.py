"""Moments by words and mood, and match cuts."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.admission import AdmittedRoute
from api.checks import TitleId, Words
from api.errors import problems
from api.paging import Limit
from api.schemas.common import Page
from api.schemas.moments import FoundMoment, MatchCut
from api.services import House

router = APIRouter(tags=["search"], route_class=AdmittedRoute)


@router.get(
    "/v1/moments",
    response_model=Page[FoundMoment],
    responses=problems(
        "title_not_found",
        "invalid_request",
        "invalid_text",
        "invalid_title_id",
        "invalid_limit",
        "unknown_mood",
        "nothing_asked",
        "index_failed",
        "index_unavailable",
        "words_unavailable",
    ),
)
def find_moments(
    house: House,
    *,
    q: Annotated[Words | None, Query(description="What is seen, said or felt.")] = None,
    title_id: Annotated[TitleId | None, Query(description="Only of this title.")] = None,
    mood: Annotated[str | None, Query(max_length=64, description="Only of this mood.")] = None,
    min_s: Annotated[
        float, Query(ge=0, le=3600, allow_inf_nan=False, description="None shorter than this.")
    ] = 0.0,
    limit: Limit = 20,
) -> Page[FoundMoment]:
    """The stretches of titles that show, say or feel what is asked for, best first.

    At least one of `q` and `mood` is needed. Titles that were indexed by an earlier release are
    found after the next reindex.
    """
    found = house.finding.moments(
        house.words.encode(q) if q is not None else {},
        text=q,
        mood=mood,
        title_id=title_id,
        min_s=min_s,
        limit=limit,
    )
    return Page(items=[FoundMoment.of(moment) for moment in found])


@router.get(
    "/v1/titles/{title_id}/match-cuts",
    response_model=Page[MatchCut],
    responses=problems(
        "title_not_found",
        "invalid_request",
        "invalid_title_id",
        "invalid_limit",
        "index_failed",
        "index_unavailable",
    ),
)
def match_cuts(title_id: TitleId, house: House, *, limit: Limit = 20) -> Page[MatchCut]:
    """Pairs of a shot of this title and one of another that look or sound alike, best first."""
    found = house.finding.match_cuts(title_id, limit=limit)
    return Page(items=[MatchCut.of(title_id, cut) for cut in found])
