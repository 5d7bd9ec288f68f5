"""People's rights: to be forgotten, to be told what is held; and what is like what one watched."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.responses import Response, StreamingResponse

from api.asking import CODES, Ask, Narrow, paged
from api.body import JsonRoute
from api.checks import AnyUser
from api.consent import QueryConsent, given
from api.errors import problems
from api.schemas.common import Page
from api.schemas.search import Like
from api.schemas.users import ForgottenUser
from api.services import House
from artwork.choice.people.export import text
from content.errors import Conflict


class _Anything(PathConvertor):
    """A user id may hold line breaks, too: what is kept of one must be found by it."""

    regex = "(?s:.*)"


register_url_convertor("anything", _Anything())
router = APIRouter(tags=["people"], route_class=JsonRoute)
_PRIVATE = {"Cache-Control": "private, no-store"}


@router.delete(
    "/v1/users/{user:anything}",
    response_model=ForgottenUser,
    responses=problems(
        "invalid_request",
        "invalid_text",
        "not_started",
        "learning_stopped",
        "ledger_unavailable",
        "outcome_unknown",
        "certificate_unwritten",
        "proof_disturbed",
    ),
)
async def forget_user(
    user: AnyUser, house: House, response: Response, *, prove: bool = False
) -> ForgottenUser:
    """Forget a viewer: rows, taste, episodes, and what they taught; durable when answered.

    A certificate that names nobody is kept outside the database, so that a backup of it forgets
    again. With nothing held all counts are 0, so this may be repeated. With `prove` the whole
    remaining ledger is folded anew and compared: seconds for each 100,000 decisions.
    """
    response.headers.update(_PRIVATE)
    return ForgottenUser.of(await house.people.forget(user, proven=prove))


@router.get(
    "/v1/users/{user:anything}/export",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **problems("user_not_found", "invalid_request", "invalid_text"),
    },
)
def export_user(user: AnyUser, house: House) -> StreamingResponse:
    """Everything held of a viewer: decisions with what was shown and earned, watch events, and what
    is derived (taste, running episodes, what they taught). One JSON object, streamed."""
    found = house.people.export(user)
    return StreamingResponse(text(found), media_type="application/json", headers=_PRIVATE)


@router.get(
    "/v1/users/{user:anything}/similar",
    response_model=Page[Like],
    responses=problems("user_not_found", "nothing_watched", "consent_missing", *CODES),
)
def similar_to_user(
    user: AnyUser,
    house: House,
    response: Response,
    ask: Ask,
    narrow: Narrow,
    *,
    consent: Annotated[QueryConsent, Query()] = None,
    watched: Annotated[
        bool, Query(description="Whether titles that were watched may be among the answers.")
    ] = False,
) -> Page[Like]:
    """The titles nearest to what a viewer watched lately, best first.

    Each watched title counts by the share that was watched, halved every 60 days, the latest 64
    events of the viewer alone. Nothing is kept of the question. Its other parameters are those of
    `GET /v1/titles/{title_id}/similar`.
    """
    if not given(consent, house.settings):
        raise Conflict("consent_missing", "without consent nothing of the user may be read")
    response.headers.update(_PRIVATE)
    liking = house.people.liking(user)
    asked = ask.question(
        narrow,
        like=liking.weights,
        leaving_out=() if watched else tuple(liking.watched),
        lenient=True,
    )
    return paged(house.index.alike(asked))
