"""Candidates: every moment of a film that was looked at, and what became of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.body import JsonRoute
from api.checks import TitleId
from api.errors import problems
from api.paging import Cursor, Limit, decode_int, page
from api.schemas.candidates import Candidate
from api.schemas.common import Page
from api.services import House
from artwork.candidates.considered import Verdict

router = APIRouter(tags=["titles"], route_class=JsonRoute)


@router.get(
    "/v1/titles/{title_id}/candidates",
    response_model=Page[Candidate],
    responses=problems(
        "title_not_found", "invalid_title_id", "invalid_limit", "invalid_cursor", "invalid_request"
    ),
)
def list_candidates(
    title_id: TitleId,
    house: House,
    verdict: Annotated[Verdict | None, Query(description="Only these.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Any:
    """The moments looked at for a title's pictures, in the order of the film.

    A title understood before these were kept has none.
    """
    house.catalog.get(title_id)  # tells an unknown title from one without candidates
    after = decode_int(cursor)
    rows = house.candidates(title_id, verdict=verdict, after=after, limit=limit + 1)
    return page(rows, limit, Candidate.of, lambda row: str(row.n))
