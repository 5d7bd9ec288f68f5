"""Jobs as callers see them: one row each, kept by whoever moves the job along.

The durable engine (`workers.workflows`) makes a job run to its end; this row says where it is.
A job's id is its workflow's id.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from content.errors import Conflict, KeyartError, NotFound
from content.ids import DEFAULT_TENANT, new_id, now_us
from content.records import writing
from content.tables import job_version, jobs, matching, title_versions
from workers.spent import Spent

STATES = ("queued", "running", "done", "failed", "cancelled")
LIVE = ("queued", "running")
PUBLISHED = "published"
"""The stage of a job whose work readers see already, and which has but to tidy up."""
SWITCHING = "cut over"
"""The stage of a reindex in which readers are switched: what it made is in use in a moment."""
BUILDING = ("reindex", "fit-space")
"""Kinds of jobs that build a generation: one at a time."""
MAKING = ("compose", "generate", "upload")
"""Kinds of jobs that make pictures for a published title."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    id: str
    kind: str
    title_id: str | None
    version: int | None
    generation: str | None
    state: str
    stage: str
    progress: float
    error_code: str | None
    error_detail: str | None
    created_us: int
    updated_us: int
    request: dict[str, Any] | None = None
    """Of a kind in `MAKING`, of a fit or a partial reindex: what is asked."""
    outcome: dict[str, Any] | None = None
    """Of a kind in `MAKING`: `groups` made, and what was `refused`. Of a fit: what was found."""
    took: dict[str, Any] | None = None
    """What it has spent so far, by operation: `workers.spent.Spent`, plain."""
    words_alone: bool = False
    """Whether it is to understand a title that has no media."""


class JobRows:
    """Reads and state changes of job rows. A job that has ended never changes again."""

    def __init__(self, engine: sa.Engine, tenant: str = DEFAULT_TENANT) -> None:
        self._engine = engine
        self._tenant = tenant

    def get(self, job_id: str) -> JobRecord:
        """One job.

        Raises:
            NotFound: `job_not_found`.
        """
        with self._engine.begin() as connection:
            row = connection.execute(_SELECTED.where(*self._key(job_id))).one_or_none()
        if row is None:
            raise NotFound("job_not_found", f"there is no job {job_id!r}")
        return _record(row)

    def list(
        self, *, state: str | None = None, after: str | None = None, limit: int = 20
    ) -> Sequence[JobRecord]:
        """Jobs, the newest first; those older than job `after`."""
        query = _SELECTED.where(jobs.c.tenant == self._tenant)
        if state is not None:
            query = query.where(jobs.c.state == state)
        if after is not None:
            query = query.where(jobs.c.id < after)
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(jobs.c.id.desc()).limit(limit)).all()
        return [_record(row) for row in rows]

    def live(self, title_id: str | None = None) -> Sequence[JobRecord]:
        """Jobs that have not ended, the oldest first; of one title when given."""
        query = _SELECTED.where(jobs.c.tenant == self._tenant, jobs.c.state.in_(LIVE))
        if title_id is not None:
            query = query.where(jobs.c.title_id == title_id)
        with self._engine.begin() as connection:
            return [_record(row) for row in connection.execute(query.order_by(jobs.c.id)).all()]

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        query = (
            sa.select(jobs.c.state, sa.func.count())
            .where(jobs.c.tenant == self._tenant)
            .group_by(jobs.c.state)
        )
        with self._engine.begin() as connection:
            found = {row[0]: row[1] for row in connection.execute(query).all()}
        return {state: found.get(state, 0) for state in STATES}

    def queued(self) -> int:
        """How many jobs wait."""
        query = sa.select(sa.func.count()).where(
            *matching(jobs, tenant=self._tenant, state="queued")
        )
        with self._engine.begin() as connection:
            return connection.execute(query).scalar_one()

    def add_reindex(self) -> JobRecord:
        """A new reindex job and the name of the generation it will build.

        Raises:
            Conflict: `reindex_running`, when a job of a kind in `BUILDING` has not ended yet.
        """
        return self._add_building("reindex", None, builds=True)

    def add_partial(self, request: dict[str, Any]) -> JobRecord:
        """A new job that understands a part of the catalogue anew, and builds no generation.

        Raises:
            Conflict: `reindex_running`.
        """
        return self._add_building("reindex", request, builds=False)

    def add_fit(self, request: dict[str, Any]) -> JobRecord:
        """A new job that fits the taste space, and the name of the generation it will build; with
        `dry_run` in the request it builds none.

        Raises:
            Conflict: `reindex_running`.
        """
        return self._add_building("fit-space", request, builds=not request.get("dry_run"))

    def _add_building(
        self, kind: str, request: dict[str, Any] | None, *, builds: bool
    ) -> JobRecord:
        job_id = new_id()
        with writing(self._engine).begin() as connection:
            running = connection.execute(
                sa.select(jobs.c.id).where(
                    *matching(jobs, tenant=self._tenant),
                    jobs.c.kind.in_(BUILDING),
                    jobs.c.state.in_(LIVE),
                )
            ).scalar()
            if running is not None:
                raise Conflict(
                    "reindex_running",
                    f"job {running} has not ended; wait for it, or cancel it by "
                    f"`DELETE /v1/jobs/{running}`",
                    job_id=running,
                )
            generation = f"g-{job_id}" if builds else None
            self._insert(connection, job_id, kind=kind, generation=generation, request=request)
        return self.get(job_id)

    def add_making(self, kind: str, title_id: str, request: dict[str, Any]) -> JobRecord:
        """A new job of a kind in `MAKING`; `request` is JSON-ready."""
        job_id = new_id()
        with writing(self._engine).begin() as connection:
            self._insert(connection, job_id, kind=kind, title_id=title_id, request=request)
        return self.get(job_id)

    def _insert(self, connection: sa.Connection, job_id: str, **values: object) -> None:
        now = now_us()
        row = {"state": "queued", "stage": "queued", "progress": 0.0}
        times = {"created_us": now, "updated_us": now}
        connection.execute(
            sa.insert(jobs).values(tenant=self._tenant, id=job_id, **row, **times, **values)
        )

    def advance(self, job_id: str, stage: str, progress: float) -> bool:
        """Note where a job is.

        Returns:
            False when it has ended meanwhile (cancelled, say): whoever runs it must stop.
        """
        return self._move(job_id, state="running", stage=stage, progress=progress)

    def advance_all(self, job_ids: Collection[str], stage: str, progress: float) -> set[str]:
        """As `advance` of many; those that have not ended."""
        with writing(self._engine).begin() as connection:
            return self.note_all_within(
                connection, job_ids, state="running", stage=stage, progress=progress
            )

    def cancelled(self, job_ids: Collection[str]) -> set[str]:
        """Those of these jobs that were cancelled."""
        query = sa.select(jobs.c.id).where(
            *matching(jobs, tenant=self._tenant, state="cancelled"), jobs.c.id.in_(job_ids)
        )
        with self._engine.begin() as connection:
            return set(connection.execute(query).scalars())

    def note(self, job_id: str, outcome: dict[str, Any]) -> bool:
        """Note what a job has found; it may still fail or be cancelled. False when it has ended."""
        return self._move(job_id, outcome=outcome)

    def tell_spent(self, job_id: str, spent: Spent) -> None:
        """Add to what a job's row says that it has spent, and begin to count anew."""
        if not spent.by:
            return
        with writing(self._engine).begin() as connection:
            total = self._sum(connection, job_id, spent)
            self._move_within(connection, job_id, took=total.plain())
        spent.by.clear()

    def finish(self, job_id: str, spent: Spent | None = None) -> bool:
        """End a job well, adding what else it has spent."""
        with writing(self._engine).begin() as connection:
            took = {}
            if spent is not None and spent.by:
                took = {"took": self._sum(connection, job_id, spent).plain()}
            return self._move_within(
                connection, job_id, state="done", stage="done", progress=1.0, **took
            )

    def _sum(self, connection: sa.Connection, job_id: str, spent: Spent) -> Spent:
        before = connection.execute(sa.select(jobs.c.took).where(*self._key(job_id))).scalar()
        return Spent.of(before).plus(spent)

    def spendings(self, limit: int) -> Sequence[Spent]:
        """What the newest jobs that understood or copied titles have spent."""
        query = sa.select(jobs.c.took).where(
            jobs.c.tenant == self._tenant, jobs.c.took.is_not(None)
        )
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(jobs.c.id.desc()).limit(limit)).scalars()
            return [Spent.of(took) for took in rows]

    def fail(self, job_id: str, error: KeyartError) -> bool:
        return self._move(job_id, state="failed", error_code=error.code, error_detail=error.detail)

    def mark_cancelled(self, job_id: str) -> JobRecord:
        """End a job by its owner's wish; the record as it was before.

        Raises:
            NotFound: `job_not_found`. Conflict: `job_ended`.
        """
        before = self.get(job_id)
        with writing(self._engine).begin() as connection:
            cancelled = self._move_within(
                connection,
                job_id,
                jobs.c.stage.notin_((PUBLISHED, SWITCHING)),
                state="cancelled",
                error_code="cancelled",
                error_detail="cancelled by request",
            )
        if not cancelled:
            now = self.get(job_id)
            told = f"has ended already: {now.state}"
            if now.state in LIVE:
                told = "is about to end: what it made is in use"
            raise Conflict("job_ended", f"job {job_id} {told}")
        return before

    def note_within(self, connection: sa.Connection, job_id: str, stage: str) -> bool:
        """As `advance`, in a transaction that stores what the job made.

        With `PUBLISHED` the job cannot be cancelled any more.

        Returns:
            False when it was cancelled before: the transaction must be undone.
        """
        return self._move_within(connection, job_id, stage=stage)

    def note_all_within(
        self, connection: sa.Connection, job_ids: Collection[str], **values: object
    ) -> set[str]:
        """Change the rows of many jobs; those that have not ended, and were changed."""
        changed = connection.execute(
            sa.update(jobs)
            .where(jobs.c.tenant == self._tenant, jobs.c.id.in_(job_ids), jobs.c.state.in_(LIVE))
            .values(updated_us=now_us(), **values)
            .returning(jobs.c.id)
        )
        return set(changed.scalars())

    def tell_within(self, connection: sa.Connection, job_id: str, outcome: dict[str, Any]) -> bool:
        """Note what a job has made, in the transaction that stores it; it cannot be cancelled then.

        Returns:
            False when it was cancelled before: the transaction must be undone.
        """
        return self._move_within(connection, job_id, stage=PUBLISHED, outcome=outcome)

    def _move(self, job_id: str, **values: object) -> bool:
        with writing(self._engine).begin() as connection:
            return self._move_within(connection, job_id, **values)

    def _move_within(
        self,
        connection: sa.Connection,
        job_id: str,
        *conditions: sa.ColumnElement[bool],
        **values: object,
    ) -> bool:
        changed = connection.execute(
            sa.update(jobs)
            .where(*self._key(job_id), jobs.c.state.in_(LIVE), *conditions)
            .values(updated_us=now_us(), **values)
        )
        return bool(changed.rowcount)

    def _key(self, job_id: str) -> Sequence[sa.ColumnElement[bool]]:
        return matching(jobs, tenant=self._tenant, id=job_id)


_SELECTED = sa.select(
    jobs,
    sa.exists()
    .where(job_version(), title_versions.c.media_path.is_(None))
    .correlate(jobs)
    .label("words_alone"),
)


def _record(row: sa.Row[Any]) -> JobRecord:
    values = row._asdict()
    values.pop("tenant")
    return JobRecord(**values)
