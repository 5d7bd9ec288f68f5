"""Title cards: what is shown where the rules leave a title no picture."""

import re
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from api.admission import AdmittedRoute
from api.errors import problems
from api.images import OK, WIDTHS, answered
from api.services import House
from artwork.images.store import Format, negotiate
from content.errors import NotFound
from content.types import ASPECTS, Aspect

router = APIRouter(tags=["images"], route_class=AdmittedRoute)
_NAME = re.compile(r"(\d{1,2})x(\d{1,2})(?:\.([a-z]{3,4}))?")
_AN_HOUR = "public, max-age=3600"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: OK,
    304: {"description": "The client has these bytes."},
    **problems("image_not_found", "invalid_width"),
}
Width = Annotated[int | None, Query(description=WIDTHS)]
Accept = Annotated[str | None, Header(include_in_schema=False)]
Tag = Annotated[str | None, Header()]


@router.head("/v1/images/cards/plain/{name}", include_in_schema=False)
@router.get("/v1/images/cards/plain/{name}", response_class=Response, responses=_RESPONSES)
def get_plain_card(
    name: str,
    request: Request,
    house: House,
    *,
    w: Width = None,
    accept: Accept = None,
    if_none_match: Tag = None,
) -> Response:
    """A card that tells nothing: `16x9`, with .avif, .webp, .jpg or nothing."""
    aspect, extension = _parse(name)
    made = house.cards.plain(aspect, extension or negotiate(accept), w)
    return answered(request, made, _AN_HOUR, if_none_match, negotiated=extension is None)


@router.head("/v1/images/cards/{title_id}/{token}/{name}", include_in_schema=False)
@router.get(
    "/v1/images/cards/{title_id}/{token}/{name}", response_class=Response, responses=_RESPONSES
)
def get_title_card(
    title_id: str,
    token: str,
    name: str,
    request: Request,
    house: House,
    *,
    w: Width = None,
    accept: Accept = None,
    if_none_match: Tag = None,
) -> Response:
    """A card with a title's name, by a link that an artwork answer gave."""
    aspect, extension = _parse(name)
    made = house.cards.titled(title_id, token, aspect, extension or negotiate(accept), w)
    return answered(request, made, _AN_HOUR, if_none_match, negotiated=extension is None)


def _parse(name: str) -> tuple[Aspect, Format | None]:
    match = _NAME.fullmatch(name)
    aspect = f"{match[1]}:{match[2]}" if match else None
    if match is None or aspect not in ASPECTS or match[3] not in (None, *get_args(Format)):
        raise NotFound("image_not_found", "a card is named by its aspect, such as 16x9.webp")
    return aspect, match[3]  # type: ignore[return-value]
