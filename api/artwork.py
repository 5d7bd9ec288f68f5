"""Artwork: the picture for this viewer, and the record of how it was chosen."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from api.bodies import ContextBody, PageBody
from api.checks import Short, TitleId, User
from api.consent import QueryConsent, known
from api.errors import item, problems
from api.metrics import Meters, metrics_of
from api.query import QuickRoute, described, parse_query
from api.schemas.artwork import Artwork, Decision, FallbackArtwork, NoArtwork
from api.schemas.common import Failure, Page
from api.services import House, Services, services_of
from artwork.choice.page import Answer, Choice, Fallback
from content.errors import KeyartError
from content.types import Aspect

router = APIRouter(tags=["artwork"], route_class=QuickRoute)
AnyArtwork = Artwork | FallbackArtwork | NoArtwork


class ArtworkQuery(ContextBody):
    """Who asks for a picture, and in which aspect; what it does not know `api.admission` refuses,
    unless it is to be passed over."""

    model_config = ConfigDict(extra="ignore")

    user: User | None = None
    consent: QueryConsent = None
    aspect: Aspect = "16:9"


_PRIVATE = {"Cache-Control": "private, no-store"}


@router.get(
    "/v1/titles/{title_id}/artwork",
    response_model=Artwork | FallbackArtwork,
    openapi_extra=described(ArtworkQuery),
    responses=problems(
        "title_not_found",
        "no_variants",
        "invalid_request",
        "invalid_title_id",
        "invalid_context",
        "unknown_aspect",
        "not_started",
        "learning_stopped",
        "ledger_unavailable",
        "outcome_unknown",
    ),
)
async def choose_artwork(title_id: TitleId, request: Request) -> Response:
    """Choose a picture of one title.

    The same viewer keeps the same decision until `expires_at`, so this may be repeated; without
    `user`, or with `consent=false`, every call is a decision of its own, by context only, and
    nothing of it is kept of the viewer. Where the rules leave no picture the answer is
    `no_variants` or, if they ask for one, a `fallback`: a card that is no decision and earns
    nothing.
    """
    asked = parse_query(ArtworkQuery, request)
    house = services_of(request)
    user = known(asked.user, asked.consent, house.settings)
    [choice] = await house.personalizer.choose(
        [title_id], asked.aspect, user=user, context=asked.context()
    )
    if isinstance(choice, KeyartError):
        raise choice
    if isinstance(choice, Choice):
        metrics_of(request).decisions.inc()
    return _private(_shown(title_id, choice, house))


@router.post(
    "/v1/artwork",
    response_model=Page[AnyArtwork],
    responses=problems(
        "invalid_json",
        "body_too_large",
        "unsupported_media_type",
        "invalid_request",
        "invalid_title_id",
        "invalid_context",
        "unknown_aspect",
        "not_started",
        "learning_stopped",
        "ledger_unavailable",
        "outcome_unknown",
    ),
)
async def choose_page(body: PageBody, house: House, meters: Meters) -> Response:
    """Choose a picture for each title of a page, in the order asked.

    A title without a picture has `error` in its place; the others are answered all the same.
    No two neighbours have a picture of the same look or face where there is a choice; running
    episodes stay. With `defer` a decision counts only once an `impression` for it arrives.
    """
    choices = await house.personalizer.choose(
        body.title_ids,
        body.aspect,
        user=known(body.user, body.consent, house.settings),
        context=body.context.context(),
        defer=body.defer,
    )
    meters.decisions.inc(sum(isinstance(choice, Choice) for choice in choices))
    pairs = zip(body.title_ids, choices, strict=True)
    items = [_shown(title_id, choice, house) for title_id, choice in pairs]
    return _private(Page[AnyArtwork](items=items))


@router.get(
    "/v1/decisions/{decision_id}",
    response_model=Decision,
    responses=problems(
        *("decision_not_found", "decision_expired", "invalid_request", "policy_mismatch"),
        *("explanation_running", "explanation_timeout", "explanation_failed"),
    ),
)
def get_decision(
    decision_id: Short, house: House, response: Response, *, explain: bool = False
) -> Decision:
    """A decision as logged, with the probability of every arm that was on offer.

    With `explain` it is also taken apart, computed anew from the ledger up to it: what each score
    is made of, and what an unknown viewer would have been shown. Of one of long ago this is done in
    a process of its own, one at a time: some 40 s of CPU for each million decisions before it.
    """
    response.headers.update(_PRIVATE)
    view = house.personalizer.decision(decision_id)
    return Decision.of(view, house.explaining.explain(decision_id) if explain else None)


def _private(answer: BaseModel) -> Response:
    """`answer` as it is: it was validated when it was made, the framework would do it again."""
    return Response(
        answer.__pydantic_serializer__.to_json(answer),
        headers=_PRIVATE,
        media_type="application/json",
    )


def _shown(title_id: str, answer: Answer, house: Services) -> AnyArtwork:
    match answer:
        case KeyartError():
            return NoArtwork(title_id=title_id, error=Failure.model_validate(item(answer)))
        case Fallback():
            return FallbackArtwork.of(answer, house.cards.token(title_id))
    return Artwork.of(answer)
