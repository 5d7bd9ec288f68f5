"""The taste space: learned from what is watched."""

from fastapi import APIRouter, Response

from api.bodies import TasteFitBody
from api.body import JsonRoute
from api.errors import problems
from api.schemas.jobs import Reindexing
from api.services import House

router = APIRouter(tags=["operations"], route_class=JsonRoute)

_BODY = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_request")


@router.post(
    "/v1/spaces/taste:fit",
    status_code=202,
    response_model=Reindexing,
    responses=problems(*_BODY, "reindex_running", "queue_full", "disk_full"),
)
def fit_taste(body: TasteFitBody, house: House, response: Response) -> Reindexing:
    """Learn where titles lie among viewers' tastes, and take it over into a new generation.

    A job; its `outcome` tells what the space finds for titles left out whole, beside popularity,
    genres and plain content. It fails, and changes nothing, with `taste_too_little_watched`, or
    with `taste_not_better` where it finds no more than one of them beyond chance.
    """
    job = house.jobs.start_fit(seed=body.seed, dry_run=body.dry_run)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Reindexing(job_id=job.id, generation=job.generation)
