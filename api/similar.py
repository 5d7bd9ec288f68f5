"""Titles like one, like several and unlike others."""

from fastapi import APIRouter

from api.asking import CODES, Ask, Narrow, paged
from api.body import JsonRoute
from api.checks import TitleId
from api.errors import problems
from api.questions import AlikeBody
from api.schemas.common import Page
from api.schemas.search import Like
from api.services import House, Services
from content.errors import NotFound
from indexes.question import HitPage, Question

router = APIRouter(tags=["search"], route_class=JsonRoute)


@router.get(
    "/v1/titles/{title_id}/similar",
    response_model=Page[Like],
    responses=problems("title_not_found", "title_not_indexed", *CODES),
)
def similar_titles(title_id: TitleId, house: House, ask: Ask, narrow: Narrow) -> Page[Like]:
    """The titles nearest to this one, best first.

    `scores` is the cosine in each space that both titles have, weight 0 included; for a `space`
    other than `fused`, in that one alone. With `because` each answer says what each space adds to
    its score and what both titles have. `next` leads on to the end of the list: the nearest 100 of
    each space, or four times `limit` where that is more.
    """
    asked = ask.question(narrow, like={title_id: 1.0}, leaving_out=(title_id,))
    return paged(_answered(house, asked))


@router.post(
    "/v1/similar",
    response_model=Page[Like],
    responses=problems(
        *("title_not_found", "title_not_indexed", *CODES),
        *("invalid_json", "body_too_large", "unsupported_media_type"),
    ),
)
def similar_to_several(body: AlikeBody, house: House) -> Page[Like]:
    """The titles like all of some and unlike others, best first.

    In each space they are near the middle of what is liked, moved away from half the middle of
    what is not.
    """
    return paged(_answered(house, body.question()))


def _answered(house: Services, question: Question) -> HitPage:
    try:
        return house.index.alike(question)
    except NotFound:
        for title_id in (*question.like, *question.unlike):
            house.catalog.get(title_id)  # no such title at all says so
        raise
