"""Compose: pictures made of a title's own, lettered, graded, put together."""

from fastapi import APIRouter, Response

from api.bodies import ComposeBody
from api.body import JsonRoute
from api.checks import TitleId
from api.errors import problems
from api.schemas.jobs import Making
from api.services import House
from artwork.compose.request import parse

router = APIRouter(tags=["artwork"], route_class=JsonRoute)

_CODES = (
    "title_not_found",
    "invalid_title_id",
    "not_published",
    "invalid_json",
    "body_too_large",
    "unsupported_media_type",
    "invalid_request",
    "invalid_text",
    "title_empty",
    "title_too_long",
    "title_glyphs_missing",
    "fonts_missing",
    "queue_full",
    "disk_full",
)


@router.post(
    "/v1/titles/{title_id}/compose",
    status_code=202,
    response_model=Making,
    responses=problems(*_CODES),
)
def compose(title_id: TitleId, body: ComposeBody, house: House, response: Response) -> Making:
    """Compose pictures in a job: they join the title's variants, marked `composed`.

    Without `kinds`: graded pictures where `looks` are named, else ones with the title's name.
    Lettered where `kinds` says `title`, or `titles` are given. `n` counts pictures; a lettered one
    makes a group for each language. The job's `outcome` tells the `groups`, how many `pictures`
    they are, and what was `refused`: a gate, no room for a title, no two characters, and, where
    there are fewer than `n`, why (`fewer_sources`). `warnings` tell of lettering in a language that
    is not known.
    """
    record = house.catalog.get(title_id)
    asked = body.model_dump()
    parse(asked, record.name, record.language)
    job = house.jobs.start_making("compose", title_id, asked)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Making(title_id=title_id, job_id=job.id)
