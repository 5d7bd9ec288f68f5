"""Reindex: every title's vectors into a new generation."""

from fastapi import APIRouter, Response

from api.errors import problems
from api.schemas.jobs import Reindexing
from api.services import House

router = APIRouter(tags=["operations"])


@router.post(
    "/v1/reindex",
    status_code=202,
    response_model=Reindexing,
    responses=problems("reindex_running", "queue_full", "disk_full"),
)
def reindex(house: House, response: Response) -> Reindexing:
    """Rebuild every title's vectors beside the ones in use; readers switch at once at the end."""
    job = house.jobs.start_reindex()
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Reindexing(job_id=job.id, generation=job.generation)
