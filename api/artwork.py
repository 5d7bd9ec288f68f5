"""Artwork: the picture for this viewer, and the record of how it was chosen."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.bodies import PageBody
from api.body import JsonRoute
from api.checks import Country, Short, TitleId, User
from api.errors import item, problems
from api.metrics import Meters
from api.schemas import Artwork, Decision, Failure, NoArtwork, Page
from api.services import House
from artwork.features import Context
from artwork.personalize import Choice
from content.errors import KeyartError
from content.types import Aspect, Maturity

router = APIRouter(tags=["artwork"], route_class=JsonRoute)

_PRIVATE = {"Cache-Control": "private, no-store"}


@router.get(
    "/v1/titles/{title_id}/artwork",
    response_model=Artwork,
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
    ),
)
async def choose_artwork(
    title_id: TitleId,
    house: House,
    meters: Meters,
    response: Response,
    *,
    user: Annotated[User | None, Query()] = None,
    aspect: Annotated[Aspect, Query()] = "16:9",
    device: Annotated[Short | None, Query()] = None,
    country: Annotated[Country | None, Query()] = None,
    tz: Annotated[Short | None, Query(description="IANA name")] = None,
    maturity_max: Annotated[Maturity | None, Query()] = None,
) -> Artwork:
    """Choose a picture of one title.

    The same viewer keeps the same decision until `expires_at`, so this may be repeated; without
    `user` every call is a decision of its own, by context only, and nothing of it is kept of
    the viewer.
    """
    context = Context(device=device, country=country, tz=tz, maturity_max=maturity_max)
    [choice] = await house.personalizer.choose([title_id], aspect, user=user, context=context)
    if isinstance(choice, KeyartError):
        raise choice
    meters.decisions.inc()
    response.headers.update(_PRIVATE)
    return Artwork.of(choice)


@router.post(
    "/v1/artwork",
    response_model=Page[Artwork | NoArtwork],
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
    ),
)
async def choose_page(body: PageBody, house: House, meters: Meters, response: Response) -> Any:
    """Choose a picture for each title of a page, in the order asked.

    A title without a picture has `error` in its place; the others are answered all the same.
    With `defer` a decision counts only once an `impression` for it arrives.
    """
    choices = await house.personalizer.choose(
        body.title_ids,
        body.aspect,
        user=body.user,
        context=body.context.context(),
        defer=body.defer,
    )
    response.headers.update(_PRIVATE)
    meters.decisions.inc(sum(isinstance(choice, Choice) for choice in choices))
    pairs = zip(body.title_ids, choices, strict=True)
    return Page(items=[_shown(title_id, choice) for title_id, choice in pairs])


@router.get(
    "/v1/decisions/{decision_id}",
    response_model=Decision,
    responses=problems("decision_not_found", "invalid_request"),
)
def get_decision(decision_id: Short, house: House, response: Response) -> Decision:
    """A decision as logged, with the probability of every arm that was on offer."""
    response.headers.update(_PRIVATE)
    return Decision.of(house.personalizer.decision(decision_id))


def _shown(title_id: str, choice: Choice | KeyartError) -> Artwork | NoArtwork:
    if isinstance(choice, KeyartError):
        return NoArtwork(title_id=title_id, error=Failure.model_validate(item(choice)))
    return Artwork.of(choice)
