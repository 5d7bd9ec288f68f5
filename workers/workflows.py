"""The durable jobs, on DBOS: with `workers.jobs_database` the only file that knows it.

A workflow is named by its job's id, so starting it twice starts it once. After a kill -9 the
engine runs unfinished workflows on from their last finished step; steps run at least once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from dbos import error as engine_error
from sqlalchemy.exc import SQLAlchemyError

from content.errors import (
    Cancelled,
    Conflict,
    KeyartError,
    TransientError,
    Unavailable,
    described,
    revived,
)
from content.outages import away, records_unavailable
from workers.ingest import STAGES, Ingest, publishing
from workers.jobs import BUILDING, MAKING, JobRecord
from workers.making import Making
from workers.partial import BATCH, Partial
from workers.parts import Parts
from workers.pool import Pool
from workers.reindex import Reindex
from workers.removal import abandon, clear_work
from workers.settings import Settings
from workers.spent import Spent
from workers.texts import WAITING, Texts

log = logging.getLogger("keyart.jobs")

APPLICATION_VERSION = "1"
"""Pinned: workflows outlive releases. Raise it only when the steps of a workflow change."""
QUEUES = (
    {"ingest": "keyart-ingest", "ingest-words": "keyart-words"}
    | dict.fromkeys(BUILDING, "keyart-reindex")
    | dict.fromkeys(MAKING, "keyart-making")
)
"""Name of a workflow -> its queue: none waits behind those of another."""
HISTORY = timedelta(days=7)
ATTEMPTS = 6
"""Over about 15 s: longer than a part of the service needs to be started again."""
OUTAGE_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Waits for the records, a minute in all, in each of a step's attempts."""
T = TypeVar("T")
POLL_S = 0.25
REVIVED_AT_ONCE = 500


class JobStarter:
    """Starts and cancels workflows, from any process."""

    def __init__(self, settings: Settings) -> None:
        self._client = DBOSClient(
            system_database_url=settings.jobs_database_url,
            serializer=DBOSPortableJSONSerializer(),
        )

    def start(self, job: JobRecord) -> None:
        """Make sure that `job` will run. Safe to repeat."""
        name = "ingest-words" if job.words_alone else job.kind
        options: EnqueueOptions = {
            "workflow_name": name,
            "queue_name": QUEUES[name],
            "workflow_id": job.id,
            "app_version": APPLICATION_VERSION,
        }
        # Raised where an earlier release has queued it, under the name that it had then.
        with suppress(engine_error.DBOSConflictingWorkflowError):
            self._client.enqueue(options, job.id)

    def cancel(self, job_id: str) -> None:
        self._client.cancel_workflow(job_id)

    def revive(self, jobs: Sequence[JobRecord]) -> None:
        """See to it that jobs that have not ended have a workflow that runs or will run."""
        for start in range(0, len(jobs), REVIVED_AT_ONCE):
            batch = jobs[start : start + REVIVED_AT_ONCE]
            found = self._client.list_workflows(
                workflow_ids=[job.id for job in batch], load_input=False, load_output=False
            )
            states = {workflow.workflow_id: workflow.status for workflow in found}
            for job in batch:
                if job.id not in states:
                    self.start(job)
                elif states[job.id] in {"MAX_RECOVERY_ATTEMPTS_EXCEEDED", "ERROR", "CANCELLED"}:
                    self._client.resume_workflow(job.id)

    def forget(self, *, older_than: timedelta = HISTORY) -> None:
        """Delete the engine's record of workflows that ended so long ago; the job's row stays."""
        horizon = (datetime.now(UTC) - older_than).isoformat()
        while old := self._client.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=horizon,
            limit=500,
            load_input=False,
            load_output=False,
        ):
            self._client.delete_workflows([workflow.workflow_id for workflow in old])

    def close(self) -> None:
        self._client.destroy()


@dataclass
class JobRunner:
    """Runs jobs in this process.

    It has no way to stop but the end of the process: what runs then is taken up again at the
    next start, so that the way through a crash is the only way and always in use.
    """

    parts: Parts
    pool: Pool
    _running: dict[str, threading.Event] = field(default_factory=dict)

    def start(self) -> None:
        settings = self.parts.settings
        DBOS(config=_config(settings))
        DBOS.workflow(name="ingest", max_recovery_attempts=None)(self._ingest_workflow())
        DBOS.workflow(name="ingest-words", max_recovery_attempts=None)(self._words_workflow())
        DBOS.workflow(name="reindex", max_recovery_attempts=None)(self._reindex_workflow())
        DBOS.workflow(name="fit-space", max_recovery_attempts=None)(self._fit_workflow())
        for kind in MAKING:
            DBOS.workflow(name=kind, max_recovery_attempts=None)(self._making_workflow())
        DBOS.launch()
        at_once = {QUEUES["ingest"]: settings.concurrency, QUEUES["ingest-words"]: WAITING}
        for queue in sorted(set(QUEUES.values())):
            DBOS.register_queue(
                queue,
                worker_concurrency=at_once.get(queue, 1),
                polling_interval_sec=POLL_S,
                on_conflict="always_update",
            )
        threading.Thread(target=self._watch, name="keyart-cancel", daemon=True).start()

    def _ingest_workflow(self) -> Callable[[str], None]:
        def ingest(job_id: str) -> None:
            with self._job(job_id) as (job, cancelled, spent):
                work = Ingest(self.parts, self.pool, job, cancelled, spent)
                for name, stage in STAGES.items():
                    _step(name, lambda stage=stage: stage(work))  # type: ignore[misc]

        return ingest

    def _words_workflow(self) -> Callable[[str], None]:
        texts = Texts(self.parts, self.pool.beside(1))

        def understand(job_id: str) -> None:
            # No step: what is understood after a kill is a fraction of a second's work, and the
            # engine's record of it would cost as much.
            with self._job(job_id, finish=False) as (job, _cancelled, _spent):
                if job.state != "done":
                    _tried("understand", lambda _: _outcome(lambda: texts.understand(job)))

        return understand

    def _reindex_workflow(self) -> Callable[[str], None]:
        def reindex(job_id: str) -> None:
            with self._job(job_id) as (job, cancelled, spent):
                if job.generation is None:
                    _renew(Partial(self.parts, self.pool, job, cancelled, spent))
                else:
                    _rebuild(Reindex(self.parts, self.pool, job, cancelled, spent))

        return reindex

    def _fit_workflow(self) -> Callable[[str], None]:
        def fit(job_id: str) -> None:
            with self._job(job_id) as (job, cancelled, spent):
                work = Reindex(self.parts, self.pool, job, cancelled, spent)
                if job.generation is None:
                    _step("fit", work.try_fit)
                else:
                    _rebuild(work)

        return fit

    def _making_workflow(self) -> Callable[[str], None]:
        def making(job_id: str) -> None:
            with self._job(job_id) as (job, cancelled, _):
                work = Making(self.parts, self.pool, job, cancelled)
                _step("make", work.make)
                _step("publish", work.publish)

        return making

    @contextmanager
    def _job(
        self, job_id: str, *, finish: bool = True
    ) -> Iterator[tuple[JobRecord, threading.Event, Spent]]:
        """The boundary of a job: whatever happens within ends in one of the job's states; without
        `finish` what happens within has seen to it itself that the job is done."""
        job, spent = _lasting(lambda: self.parts.rows.get(job_id)), Spent()
        cancelled = self._running.setdefault(job_id, threading.Event())
        try:
            yield job, cancelled, spent
        except (Cancelled, engine_error.DBOSWorkflowCancelledError):
            with suppress(Conflict):  # as usual the row was first; a deleted title's may not be
                self.parts.rows.mark_cancelled(job_id)
            self._abandon(job)
        except engine_error.DBOSWorkflowConflictIDError:  # the engine let go of it before we did
            if self.parts.rows.get(job_id).state == "cancelled":
                self._abandon(job)
            raise
        except KeyartError as error:
            log.warning("job %s failed: %s", job_id, error)
            self._abandon(job)
            self._fail(job_id, error)
        except Exception as error:
            log.exception("job %s failed unexpectedly", job_id)
            self._abandon(job)
            self._fail(job_id, KeyartError("internal", f"unexpected {type(error).__name__}"))
        else:  # whatever happens now, what the job made stays
            if finish:
                _lasting(lambda: clear_work(self.parts, job_id))
                _lasting(lambda: self.parts.rows.finish(job_id, spent))
        finally:
            self._running.pop(job_id, None)

    def _fail(self, job_id: str, error: KeyartError) -> None:
        _lasting(lambda: self.parts.rows.fail(job_id, error))

    def _abandon(self, job: JobRecord) -> None:
        alone = nullcontext() if job.title_id is None else publishing(job.title_id)
        try:
            with alone:
                abandon(self.parts, job)
        except (KeyartError, SQLAlchemyError, OSError) as error:  # the next start sweeps up
            log.warning("job %s could not be cleaned up yet: %s", job.id, error)

    def _watch(self) -> None:
        """Tell running jobs that they were cancelled: their children are killed at once."""
        while True:
            time.sleep(POLL_S)
            try:
                running = dict(self._running)
                for job_id in self.parts.rows.cancelled(running) if running else ():
                    running[job_id].set()
            except SQLAlchemyError:  # without this thread no job could be cancelled any more
                log.warning("the records do not answer: looking for cancelled jobs again")


def _rebuild(work: Reindex) -> None:
    after: str | None = ""
    failed = 0
    while after is not None:
        after, missed = _step("refresh", lambda after=after: work.refresh(after))  # type: ignore[misc]
        failed += missed
    _step("begin", lambda: work.begin(failed))
    after = ""
    while after is not None:
        after = _step("copy", lambda after=after: work.copy(after))  # type: ignore[misc]
    _step("verify", work.verify)
    _step("cut over", work.cut_over)


def _renew(work: Partial) -> None:
    titles = _step("select", work.select)
    failed: list[str] = []
    for start in range(0, len(titles), BATCH):
        failed += _step("refresh", lambda start=start: work.renew(titles, start))  # type: ignore[misc]
    _step("tell", lambda: work.tell(titles, failed))


def _step(name: str, run: Callable[[], Any]) -> Any:
    """Run a durable step; try again, later and later, when the failure may pass."""
    return _tried(name, lambda n: DBOS.run_step({"name": f"{name} {n}"}, _outcome, run))


def _tried(name: str, attempted: Callable[[int], dict[str, Any]]) -> Any:
    for attempt in range(1, ATTEMPTS + 1):
        outcome = attempted(attempt)
        if "error" not in outcome:
            return outcome["value"]
        error = revived(**outcome["error"])
        if attempt == ATTEMPTS or not isinstance(error, TransientError | Unavailable):
            raise error
        log.warning("%s, attempt %d: %s", name, attempt, error)
        time.sleep(2.0**attempt / 4)
    raise AssertionError("unreachable")


def _outcome(run: Callable[[], Any]) -> dict[str, Any]:
    """A failure as data: the engine records it, and a recovered workflow reads the same one."""
    try:
        return {"value": _lasting(run)}
    except KeyartError as error:
        return {"error": described(error)}


def _lasting(run: Callable[[], T]) -> T:
    """What `run` returns, run anew while the database of the records is away.

    What is half done then is no more than after a kill: it may be done again.

    Raises:
        Unavailable: `records_unavailable`, after `OUTAGE_S`.
    """
    for wait_s in OUTAGE_S:
        try:
            return run()
        except SQLAlchemyError as error:
            if not away(error):
                raise
            log.warning("the records do not answer: again in %g s", wait_s)
        time.sleep(wait_s)
    try:
        return run()
    except SQLAlchemyError as error:
        raise (records_unavailable() if away(error) else error) from error


def _config(settings: Settings) -> DBOSConfig:
    return DBOSConfig(
        name="keyart",
        system_database_url=settings.jobs_database_url,
        application_version=APPLICATION_VERSION,
        executor_id="worker",
        serializer=DBOSPortableJSONSerializer(),
        log_level="WARNING",
    )
