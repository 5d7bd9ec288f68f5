"""Control of jobs from outside: start, cancel, and the refusal of more than there is room for."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from content.errors import Busy, Conflict, NoSpace
from workers import forecast, golden, removal
from workers.forecast import Forecast
from workers.jobs import JobRecord, JobRows
from workers.partial import check_agreement
from workers.parts import Parts
from workers.rollback import RolledBack, roll_back
from workers.workflows import JobStarter


class Jobs(JobRows):
    """The job rows, and the engine that makes them move."""

    def __init__(self, parts: Parts, starter: JobStarter) -> None:
        super().__init__(parts.engine, parts.tenant)
        self._parts = parts
        self._starter = starter

    def start(self, job_id: str) -> JobRecord:
        """Have a queued job run. Safe to repeat; one that runs or has ended is left alone."""
        job = self.get(job_id)
        if job.state == "queued":
            self._starter.start(job)
        return job

    def cancel(self, job_id: str) -> JobRecord:
        """End a job by its owner's wish; its child is killed by the worker that runs it.

        Raises:
            NotFound: `job_not_found`. Conflict: `job_ended`.
        """
        before = self.mark_cancelled(job_id)
        if before.state == "queued":  # no worker will ever see it; else it ends by itself
            self._starter.cancel(job_id)
            removal.drop_unpublished(self._parts, before)
            removal.clear_work(self._parts, job_id)  # of an upload: the picture
        return self.get(job_id)

    def start_reindex(self) -> JobRecord:
        """Start a reindex of the whole catalogue.

        Raises:
            Conflict: `reindex_running`. Busy: `queue_full`. NoSpace: `disk_full`.
            Invalid: `golden_invalid`.
        """
        self.check_capacity()
        golden.read(self._parts.settings)
        return self.start(self.add_reindex().id)

    def start_partial(self, request: dict[str, Any]) -> JobRecord:
        """Start to understand a part of the catalogue anew (`workers.partial`).

        Raises:
            Conflict: `fingerprint_mismatch`, `reindex_running`.
            Busy: `queue_full`. NoSpace: `disk_full`. Unavailable: `index_unavailable`.
        """
        self.check_capacity()
        check_agreement(self._parts)
        return self.start(self.add_partial(request).id)

    def forecast(self, part: Mapping[str, Any] | None = None) -> Forecast:
        """What a reindex of all, or of a part, would do and take; nothing is begun.

        Raises:
            Invalid: `golden_invalid`, `invalid_age`. Conflict: `fingerprint_mismatch`, of a part.
            Unavailable: `index_unavailable`.
        """
        return forecast.of_all(self._parts) if part is None else forecast.of_part(self._parts, part)

    def roll_back(self, job_id: str) -> RolledBack:
        """See `rollback.roll_back`.

        Raises:
            NotFound: `job_not_found`. Conflict: `not_a_reindex`, `reindex_running`,
                `generation_not_live`, `rollback_expired`. Unavailable: `index_unavailable`.
        """
        return roll_back(self._parts, self.get(job_id))

    def start_fit(self, *, seed: int, dry_run: bool) -> JobRecord:
        """Start to fit the taste space.

        Raises:
            Conflict: `reindex_running`. Busy: `queue_full`. NoSpace: `disk_full`.
        """
        self.check_capacity()
        return self.start(self.add_fit({"seed": seed, "dry_run": dry_run}).id)

    def start_making(
        self,
        kind: str,
        title_id: str,
        request: dict[str, Any],
        files: Mapping[str, Path] | None = None,
    ) -> JobRecord:
        """Have pictures made for a published title; `kind` is one of `workers.jobs.MAKING`.

        Args:
            files: name → file on the disk of the data folder, moved into the job's work folder.

        Raises:
            NotFound: `title_not_found`. Conflict: `not_published`.
            Busy: `queue_full`. NoSpace: `disk_full`.
        """
        if self._parts.catalog.get(title_id).version is None:
            raise Conflict("not_published", f"title {title_id!r} is not published yet")
        self.check_capacity()
        job = self.add_making(kind, title_id, request)
        for name, file in (files or {}).items():
            folder = self._parts.work_folder(job.id)
            folder.mkdir(parents=True, exist_ok=True)
            file.rename(folder / name)
        return self.start(job.id)

    def check_capacity(self) -> None:
        """Refuse new work early when there is no room for it.

        Raises:
            Busy: `queue_full`. NoSpace: `disk_full`.
        """
        settings = self._parts.settings
        if self.queued() >= settings.max_queued_jobs:
            raise Busy("queue_full", f"{settings.max_queued_jobs} jobs are waiting already")
        if shutil.disk_usage(settings.data).free < settings.min_free_bytes:
            raise NoSpace("disk_full", "less disk is free than KEYART_MIN_FREE_BYTES asks for")
