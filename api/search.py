"""Titles by words."""

from itertools import repeat
from typing import Annotated

from fastapi import APIRouter, Query

from api.admission import AdmittedRoute
from api.asking import Narrow
from api.checks import Words
from api.errors import problems
from api.paging import Limit
from api.schemas.common import Page
from api.schemas.search import Explanation, FoundByWords
from api.services import House

router = APIRouter(tags=["search"], route_class=AdmittedRoute)


@router.get(
    "/v1/search",
    response_model=Page[FoundByWords],
    responses=problems(
        "invalid_request",
        "invalid_text",
        "invalid_limit",
        "invalid_filter",
        "invalid_time",
        "no_generation",
        "index_failed",
        "index_unavailable",
        "words_unavailable",
    ),
)
def search_titles(
    house: House,
    narrow: Narrow,
    *,
    q: Annotated[Words, Query()],
    limit: Limit = 20,
    explain: Annotated[
        bool, Query(description="Tell why: each list's rank and score, matched words by field.")
    ] = False,
) -> Page[FoundByWords]:
    """The titles that mean what the words mean, have the words themselves, or are called so.

    Best first. Misspelt names are found; docs/search.md says how the score is put together. Which
    titles may be answered is told as for `GET /v1/titles/{title_id}/similar`.
    """
    chosen = narrow.chosen()  # what cannot be read is refused before a model is asked
    hits = house.index.search(house.words.encode(q), text=q, limit=limit, filter=chosen)
    why = (Explanation.of(hit, house.finding.matches(hit.title_id, q)) for hit in hits)
    told = why if explain else repeat(None)
    return Page(items=[FoundByWords.said(hit, each) for hit, each in zip(hits, told, strict=False)])
