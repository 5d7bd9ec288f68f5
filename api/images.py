"""Images: immutable bytes by content hash. The hash is the capability, so no key is asked."""

import re
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from api.admission import AdmittedRoute
from api.errors import problems
from api.metrics import Meters
from api.services import House
from artwork.images.store import LADDER, Format, Rendition, negotiate
from content.errors import NotFound

router = APIRouter(tags=["images"], route_class=AdmittedRoute)

_NAME = re.compile(r"([0-9a-f]{64})(?:\.([a-z]{3,4}))?")
_FOREVER = "public, max-age=31536000, immutable"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
OK = {
    "description": "The image.",
    "content": {f"image/{kind}": _BINARY for kind in ("avif", "webp", "jpeg")},
}
WIDTHS = f"Width in px, never upscaled; one of {', '.join(map(str, LADDER))}."


@router.head("/v1/images/{name}", include_in_schema=False)
@router.get(
    "/v1/images/{name}",
    response_class=Response,
    responses={
        200: OK,
        304: {"description": "The client has these bytes."},
        **problems("image_not_found", "invalid_width"),
    },
)
def get_image(
    name: str,
    request: Request,
    house: House,
    meters: Meters,
    *,
    w: Annotated[int | None, Query(description=WIDTHS)] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """`{sha256}.{avif|webp|jpg}`, or `{sha256}` alone to have the format negotiated by `Accept`."""
    sha256, extension = _parse(name)
    rendition = house.images.rendition(sha256, extension or negotiate(accept), w)
    answer = answered(request, rendition, _FOREVER, if_none_match, negotiated=extension is None)
    if answer.status_code == 200:
        meters.images.labels(rendition.media_type).inc()
    return answer


def answered(
    request: Request,
    rendition: Rendition,
    keep: str,
    if_none_match: str | None,
    *,
    negotiated: bool,
) -> Response:
    """A rendition, or 304 where the client has it; `keep` is its Cache-Control."""
    etag = f'"{rendition.etag.strip(chr(34))}"'
    # A part of an image is of no use: who asks for a range gets all of it (RFC 9110 §14.3).
    headers = {"Cache-Control": keep, "ETag": etag, "Accept-Ranges": "none"}
    if negotiated:
        headers["Vary"] = "Accept"
    if _holds(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return _answer(rendition, headers, head=request.method == "HEAD")


def _parse(name: str) -> tuple[str, Format | None]:
    match = _NAME.fullmatch(name)
    if match is None or match[2] not in (None, *get_args(Format)):
        raise NotFound(
            "image_not_found",
            "an image is named by 64 hexadecimal digits, and .avif, .webp, .jpg or nothing",
        )
    extension: Literal["avif", "webp", "jpg"] | None = match[2]  # type: ignore[assignment]
    return match[1], extension


def _holds(if_none_match: str | None, etag: str) -> bool:
    """Does `If-None-Match` name this tag? Weak comparison, as RFC 9110 §13.1.2 asks."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags


def _answer(rendition: Rendition, headers: dict[str, str], *, head: bool) -> Response:
    if head:
        length = {"Content-Length": str(len(rendition.data))}
        return Response(headers={**headers, **length}, media_type=rendition.media_type)
    return Response(rendition.data, headers=headers, media_type=rendition.media_type)
