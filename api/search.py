"""Similar titles, and titles by words."""

from itertools import repeat
from typing import Annotated

from fastapi import APIRouter, Query

from api.admission import AdmittedRoute
from api.checks import Language, Short, TitleId, Words
from api.errors import problems
from api.paging import Limit
from api.schemas.common import Page
from api.schemas.search import Explanation, Found, FoundByWords
from api.services import House
from content.errors import NotFound
from content.types import Maturity
from indexes.schema import Filter, SimilarSpace

router = APIRouter(tags=["search"], route_class=AdmittedRoute)

Genre = Annotated[Short | None, Query(description="Only titles of this genre.")]
Tongue = Annotated[Language | None, Query(description="Only titles in this language.")]
MaturityMax = Annotated[Maturity | None, Query(description="Only titles up to this rating.")]


@router.get(
    "/v1/titles/{title_id}/similar",
    response_model=Page[Found],
    responses=problems(
        "title_not_found",
        "title_not_indexed",
        "invalid_request",
        "invalid_title_id",
        "invalid_limit",
        "unknown_space",
        "space_not_fitted",
        "no_generation",
        "index_failed",
        "index_unavailable",
    ),
)
def similar_titles(
    title_id: TitleId,
    house: House,
    *,
    space: Annotated[SimilarSpace, Query()] = "fused",
    limit: Limit = 20,
    genre: Genre = None,
    language: Tongue = None,
    maturity_max: MaturityMax = None,
) -> Page[Found]:
    """The titles nearest to this one, best first.

    `scores` is the cosine in each space that both titles have, weight 0 included; for a `space`
    other than `fused`, in that one alone.
    """
    chosen = Filter(genre=genre, language=language, maturity_max=maturity_max)
    try:
        hits = house.index.similar(title_id, space=space, limit=limit, filter=chosen)
    except NotFound:
        house.catalog.get(title_id)  # no such title at all says so
        raise
    return Page(items=[Found.of(hit) for hit in hits])


@router.get(
    "/v1/search",
    response_model=Page[FoundByWords],
    responses=problems(
        "invalid_request",
        "invalid_text",
        "invalid_limit",
        "no_generation",
        "index_failed",
        "index_unavailable",
        "words_unavailable",
    ),
)
def search_titles(
    house: House,
    *,
    q: Annotated[Words, Query()],
    limit: Limit = 20,
    genre: Genre = None,
    language: Tongue = None,
    maturity_max: MaturityMax = None,
    explain: Annotated[
        bool, Query(description="Tell why: each list's rank and score, matched words by field.")
    ] = False,
) -> Page[FoundByWords]:
    """The titles that mean what the words mean, have the words themselves, or are called so.

    Best first. Misspelt names are found; docs/search.md says how the score is put together.
    """
    chosen = Filter(genre=genre, language=language, maturity_max=maturity_max)
    hits = house.index.search(house.words.encode(q), text=q, limit=limit, filter=chosen)
    why = (Explanation.of(hit, house.finding.matches(hit.title_id, q)) for hit in hits)
    told = why if explain else repeat(None)
    return Page(items=[FoundByWords.said(hit, each) for hit, each in zip(hits, told, strict=False)])
