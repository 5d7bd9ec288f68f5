"""Reindex: every title's vectors into a new generation; which generations there are, and back."""

from typing import Any

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from api.bodies import PartialReindexBody, ReindexBody
from api.body import JsonRoute
from api.checks import Short
from api.errors import problems
from api.schemas.forecast import Forecast
from api.schemas.generations import Generation, Generations, RolledBack
from api.schemas.jobs import Reindexing
from api.services import House

router = APIRouter(tags=["operations"], route_class=JsonRoute)

_UNREACHED = ("index_unavailable", "index_failed")
_READ = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_request")
_FORECAST: dict[int | str, dict[str, Any]] = {
    200: {"model": Forecast, "description": "Of a dry run: what would be done and may take."}
}


@router.post(
    "/v1/reindex",
    status_code=202,
    response_model=Reindexing,
    responses=_FORECAST
    | problems(
        *_READ, *("golden_invalid", "reindex_running", "queue_full", "disk_full"), *_UNREACHED
    ),
)
def reindex(
    house: House, response: Response, body: ReindexBody | None = None
) -> Reindexing | JSONResponse:
    """Rebuild every title's vectors beside the ones in use; readers switch at once at the end.

    A body is not needed; with `dry_run` it is told (200) what would be done and may take.
    """
    if body is not None and body.dry_run:
        return JSONResponse(Forecast.of(house.jobs.forecast()).model_dump())
    job = house.jobs.start_reindex()
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Reindexing(job_id=job.id, generation=job.generation)


@router.post(
    "/v1/titles:reindex",
    status_code=202,
    response_model=Reindexing,
    responses=_FORECAST
    | problems(
        *_READ,
        *("fingerprint_mismatch", "reindex_running", "queue_full", "disk_full", *_UNREACHED),
        *("invalid_text", "invalid_title_id", "invalid_age"),
    ),
)
def reindex_part(
    body: PartialReindexBody, house: House, response: Response
) -> Reindexing | JSONResponse:
    """Understand some titles anew, in place; no generation is built.

    The live generation must be of today's encoders. The job's `outcome` tells how many `titles`
    were meant, which `failed`, and which ids are `unknown`. With `dry_run` it is told
    (200) what would be done and may take.
    """
    if body.dry_run:
        return JSONResponse(Forecast.of(house.jobs.forecast(body.asked())).model_dump())
    job = house.jobs.start_partial(body.asked())
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Reindexing(job_id=job.id, generation=None)


@router.post(
    "/v1/reindex/{job_id}/rollback",
    response_model=RolledBack,
    responses=problems(
        *("job_not_found", "invalid_request", "not_a_reindex", "reindex_running"),
        *("generation_not_live", "rollback_expired", *_UNREACHED),
    ),
)
def roll_back(job_id: Short, house: House) -> RolledBack:
    """Go back to the generation that this job replaced, at once; repeating it changes nothing.

    It has every title as it is now, but for vectors of encoders that it is not of (`lacking`).
    The choice follows with what it has learned; a fit of the taste space is rolled back likewise.
    """
    return RolledBack.of(house.jobs.roll_back(job_id))


@router.get("/v1/generations", response_model=Generations, responses=problems(*_UNREACHED))
def generations(house: House) -> Generations:
    """Every generation of vectors: what made it, what it holds, and how good it was found."""
    found = house.index.generations(detailed=True)
    prints = house.fingerprints()
    return Generations(items=[Generation.of(each, prints) for each in reversed(found)])
