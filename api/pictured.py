"""Titles by a picture."""

from anyio import to_thread
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import multipart
from api.admission import AdmittedRoute
from api.asking import Listed, Narrow, after, before
from api.body import media_type
from api.errors import UnsupportedMediaType, problems
from api.schemas.common import Page
from api.schemas.moments import FoundByPicture
from api.services import House, Services
from api.uploads import DECODING
from artwork.images.store import MAX_BYTES
from content.types import Vector
from indexes.pictured import PictureQuestion

router = APIRouter(tags=["search"], route_class=AdmittedRoute)

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {"image": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post(
    "/v1/search/media",
    response_model=Page[FoundByPicture],
    openapi_extra=_BODY,
    responses=problems(
        "invalid_multipart",
        "upload_too_large",
        "unsupported_media_type",
        "invalid_request",
        "invalid_title_id",
        "invalid_limit",
        "invalid_cursor",
        "invalid_filter",
        "invalid_time",
        "image_format_refused",
        "image_unreadable",
        "image_too_large",
        "image_too_small",
        "image_animated",
        "cursor_expired",
        "fingerprint_mismatch",
        "disk_full",
        "index_failed",
        "index_unavailable",
        "pictures_unavailable",
    ),
)
async def search_by_picture(
    request: Request, house: House, listed: Listed, narrow: Narrow
) -> Page[FoundByPicture]:
    """The titles that show something like a picture, best first, each with the shot that does.

    A form with an `image` part: JPEG, PNG, WebP or AVIF of at most 32 MB and 50 million pixels, at
    least 32 a side. Nothing is kept of it. Titles without media show nothing; those that were
    indexed by an earlier release are found after the next reindex. `next` leads on, with the same
    picture and parameters.
    """
    if media_type(request) != "multipart/form-data":
        raise UnsupportedMediaType("unsupported_media_type", "send multipart/form-data")
    chosen, excluded, place = narrow.chosen(), listed.excluded(), after(listed.cursor)
    question = PictureQuestion(
        await _seen(request, house), listed.limit, chosen, leaving_out=excluded, after=place
    )
    found, following = await run_in_threadpool(house.finding.pictured, question)
    return Page(items=[FoundByPicture.shown(each) for each in found], next=before(following))


async def _seen(request: Request, house: Services) -> Vector:
    path = await run_in_threadpool(house.sight.new_path)
    settings = house.settings
    try:
        await multipart.receive(
            request,
            path,
            bytes,
            cap=min(MAX_BYTES, settings.max_upload_bytes),
            keep_free=settings.min_free_bytes,
            parts=multipart.SEARCHED,
        )
        return await to_thread.run_sync(house.sight.look, path, limiter=DECODING)
    finally:
        path.unlink(missing_ok=True)
