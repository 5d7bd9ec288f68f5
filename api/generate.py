"""Generated artwork: a title's frames painted anew by the configured model."""

from fastapi import APIRouter, Response

from api.bodies import GenerateBody
from api.body import JsonRoute
from api.checks import TitleId
from api.errors import problems
from api.schemas.jobs import Making
from api.services import House
from artwork.generate.brief import parse
from content.errors import Conflict

router = APIRouter(tags=["artwork"], route_class=JsonRoute)


@router.post(
    "/v1/titles/{title_id}/generate",
    status_code=202,
    response_model=Making,
    responses=problems(
        "title_not_found",
        "invalid_title_id",
        "invalid_json",
        "body_too_large",
        "unsupported_media_type",
        "invalid_request",
        "invalid_text",
        "invalid_brief",
        "generation_off",
        "not_published",
        "queue_full",
        "disk_full",
    ),
)
def generate(title_id: TitleId, body: GenerateBody, house: House, response: Response) -> Making:
    """Paint pictures from a published title's frames; those that pass every gate join its artwork.

    The job's `outcome` tells the groups made, and what was refused and why.
    """
    parse(body.brief)
    if not house.settings.diffusion:
        raise Conflict("generation_off", "KEYART_DIFFUSION names no model")
    job = house.jobs.start_making("generate", title_id, body.model_dump())
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Making(title_id=title_id, job_id=job.id)
