"""Titles by a picture, or by a piece of sound."""

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
from api.schemas.moments import FoundByMedia
from api.services import House, Services
from api.uploads import DECODING
from artwork.images.store import MAX_BYTES
from content.types import Vector
from indexes.pictured import MediaQuestion, MediaSpace

router = APIRouter(tags=["search"], route_class=AdmittedRoute)

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "image": {"type": "string", "format": "binary"},
                        "sound": {"type": "string", "format": "binary"},
                    },
                    "oneOf": [{"required": ["image"]}, {"required": ["sound"]}],
                }
            }
        },
    }
}


@router.post(
    "/v1/search/media",
    response_model=Page[FoundByMedia],
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
        "sound_format_refused",
        "sound_missing",
        "sound_silent",
        "sound_unreadable",
        "cursor_expired",
        "fingerprint_mismatch",
        "disk_full",
        "index_failed",
        "index_unavailable",
        "pictures_unavailable",
        "sounds_unavailable",
    ),
)
async def search_by_media(
    request: Request, house: House, listed: Listed, narrow: Narrow
) -> Page[FoundByMedia]:
    """The titles that show something like a picture, or sound like a piece of sound, best first,
    each with the shot that does.

    A form with one part. `image`: JPEG, PNG, WebP or AVIF of at most 32 MB and 50 million pixels,
    at least 32 a side. `sound`: an audio file or a clip of at most 32 MB, of which the first two
    minutes are heard. Nothing is kept of it. Titles without media show nothing; those that were
    indexed by an earlier release are found after the next reindex. `next` leads on, with the same
    file and parameters.
    """
    if media_type(request) != "multipart/form-data":
        raise UnsupportedMediaType("unsupported_media_type", "send multipart/form-data")
    chosen, excluded, place = narrow.chosen(), listed.excluded(), after(listed.cursor)
    space, vector = await _sensed(request, house)
    question = MediaQuestion(vector, space, listed.limit, chosen, leaving_out=excluded, after=place)
    found, following = await run_in_threadpool(house.finding.pictured, question)
    return Page(items=[FoundByMedia.shown(each) for each in found], next=before(following))


async def _sensed(request: Request, house: Services) -> tuple[MediaSpace, Vector]:
    path = await run_in_threadpool(house.senses.new_path)
    settings = house.settings
    try:
        _, part = await multipart.receive(
            request,
            path,
            bytes,
            cap=min(MAX_BYTES, settings.max_upload_bytes),
            keep_free=settings.min_free_bytes,
            parts=multipart.SEARCHED,
        )
        if part == "sound":
            return "audio", await to_thread.run_sync(house.senses.hear, path, limiter=DECODING)
        return "visual", await to_thread.run_sync(house.senses.look, path, limiter=DECODING)
    finally:
        path.unlink(missing_ok=True)
