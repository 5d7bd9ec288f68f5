"""A house's own artwork, uploaded for a title."""

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import multipart
from api.admission import AdmittedRoute
from api.bodies import UploadBody
from api.body import media_type, validated
from api.checks import TitleId
from api.errors import UnsupportedMediaType, problems
from api.schemas.jobs import Making
from api.services import House
from artwork.images.store import MAX_BYTES

router = APIRouter(tags=["review"], route_class=AdmittedRoute)

AT_ONCE = 2
"""Pictures decoded at once, each in up to 2 GiB; who comes then waits."""
DECODING = CapacityLimiter(AT_ONCE)

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {
                        "artwork": UploadBody.model_json_schema(),
                        "image": {"type": "string", "format": "binary"},
                    },
                },
                "encoding": {"artwork": {"contentType": "application/json"}},
            }
        },
    }
}


@router.post(
    "/v1/titles/{title_id}/variants",
    status_code=202,
    response_model=Making,
    openapi_extra=_BODY,
    responses=problems(
        "title_not_found",
        "not_published",
        "invalid_json",
        "invalid_multipart",
        "body_too_large",
        "upload_too_large",
        "unsupported_media_type",
        "invalid_request",
        "invalid_text",
        "invalid_title_id",
        "image_format_refused",
        "image_unreadable",
        "image_too_large",
        "image_too_small",
        "image_animated",
        "queue_full",
        "disk_full",
    ),
)
async def upload_variants(
    title_id: TitleId, request: Request, house: House, response: Response
) -> Making:
    """Add a picture of the house's own: a form with an `image` part and perhaps an `artwork` one.

    JPEG, PNG, WebP or AVIF of at most 32 MB and 50 million pixels; it is decoded at once, and
    refused here if it cannot be. A job then judges it like every other picture and cuts its
    crops: its `outcome` has the image group, or the gates that refused it.
    """
    if media_type(request) != "multipart/form-data":
        raise UnsupportedMediaType("unsupported_media_type", "send multipart/form-data")
    await run_in_threadpool(house.uploads.check, title_id)
    path = await run_in_threadpool(house.uploads.new_path)
    settings = house.settings
    try:
        told, _ = await multipart.receive(
            request,
            path,
            lambda raw: validated(raw, UploadBody),
            cap=min(MAX_BYTES, settings.max_upload_bytes),
            keep_free=settings.min_free_bytes,
            parts=multipart.PICTURE,
        )
        told = told or UploadBody()
        # With threads of their own: decoding takes seconds, and others' requests need theirs.
        job = await to_thread.run_sync(
            lambda: house.uploads.take(title_id, path, language=told.language, note=told.note),
            limiter=DECODING,
        )
    finally:
        path.unlink(missing_ok=True)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Making(title_id=title_id, job_id=job.id)
