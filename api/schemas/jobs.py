"""Answers about jobs: submitted, running, done."""

from typing import Any, Literal

from pydantic import BaseModel

from api.schemas.common import Failure
from content.ids import iso
from workers.jobs import JobRecord

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class Submitted(BaseModel):
    """`created` is false where the same content was there already: the job is that of then."""

    title_id: str
    job_id: str
    created: bool


class Reindexing(BaseModel):
    job_id: str
    generation: str | None


class Making(BaseModel):
    """A job that makes pictures for a published title; its `outcome` tells which."""

    title_id: str
    job_id: str


class Job(BaseModel):
    id: str
    kind: str
    title_id: str | None
    generation: str | None
    state: str
    stage: str
    progress: float
    error: Failure | None
    created_at: str
    updated_at: str
    request: dict[str, Any] | None = None
    """Of a job that makes pictures: what was asked."""
    outcome: dict[str, Any] | None = None
    """When it is done: ids of the `groups` made, and what was `refused`, with the reason. Of
    a reindex what its `gates` measured, and which `failed`. Of
    composing also how many `pictures` they are (one makes a group for each language), and
    `warnings`, each with its `reason` and `detail`."""
    took: dict[str, Any] | None = None
    """What it has spent, by operation: over how many `titles`, of `media_s` of film, with `wall_s`
    and `cpu_s` (the worker's and its children's). A dry run of a reindex estimates from it."""

    @classmethod
    def of(cls, row: JobRecord) -> "Job":
        error = None
        if row.error_code is not None:
            error = Failure(code=row.error_code, detail=row.error_detail or "")
        return cls(
            id=row.id,
            kind=row.kind,
            title_id=row.title_id,
            generation=row.generation,
            state=row.state,
            stage=row.stage,
            progress=row.progress,
            error=error,
            created_at=iso(row.created_us),
            updated_at=iso(row.updated_us),
            request=row.request,
            outcome=row.outcome,
            took=row.took,
        )
