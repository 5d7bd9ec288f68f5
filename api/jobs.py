"""Jobs: where each is, and cancelling one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.admission import AdmittedRoute
from api.checks import Short
from api.errors import problems
from api.paging import Cursor, Limit, decode, page
from api.schemas.common import Page
from api.schemas.jobs import Job, JobState
from api.services import House

router = APIRouter(tags=["jobs"], route_class=AdmittedRoute)


@router.get(
    "/v1/jobs",
    response_model=Page[Job],
    responses=problems("invalid_request", "invalid_limit", "invalid_cursor"),
)
def list_jobs(
    house: House,
    state: Annotated[JobState | None, Query()] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Any:
    """Jobs, the newest first."""
    rows = house.jobs.list(state=state, after=decode(cursor), limit=limit + 1)
    return page(rows, limit, Job.of, lambda row: row.id)


@router.get(
    "/v1/jobs/{job_id}", response_model=Job, responses=problems("job_not_found", "invalid_request")
)
def get_job(job_id: Short, house: House) -> Job:
    """One job: its state, stage and progress, and why it failed if it did."""
    return Job.of(house.jobs.get(job_id))


@router.delete(
    "/v1/jobs/{job_id}",
    response_model=Job,
    responses=problems("job_not_found", "invalid_request", "job_ended"),
)
def cancel_job(job_id: Short, house: House) -> Job:
    """Cancel a job; its children are gone within 2 s and nothing of it is kept."""
    return Job.of(house.jobs.cancel(job_id))
