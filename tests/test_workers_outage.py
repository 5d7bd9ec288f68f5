"""A database that goes away while a job is at work: the job waits, and goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from content.errors import PermanentError
from tests.opened import opened_parts
from workers import main, workflows
from workers.jobs import JobRecord, JobRows
from workers.parts import Parts
from workers.workflows import JobRunner


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited, in s; nobody really waits."""
    seen: list[float] = []
    monkeypatch.setattr(workflows.time, "sleep", seen.append)
    monkeypatch.setattr(workflows.DBOS, "run_step", lambda _options, step, *given: step(*given))
    return seen


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with opened_parts(tmp_path) as opened:
        yield opened


def gone() -> sa.exc.OperationalError:
    return sa.exc.OperationalError("SELECT 1", {}, Exception("server closed the connection"))


def failing(times: int, error: Exception, then: Callable[..., Any] = lambda: "made") -> Any:
    """A function that raises so many times, then does as `then`; it counts its `calls`."""

    def run(*given: Any) -> Any:
        run.calls += 1  # type: ignore[attr-defined]
        if run.calls <= times:  # type: ignore[attr-defined]
            raise error
        return then(*given)

    run.calls = 0  # type: ignore[attr-defined]
    return run


def worked(parts: Parts, step: Callable[[], Any]) -> JobRecord:
    """A job of one step, at its end."""
    job = parts.rows.add_making("compose", "a", {})
    with JobRunner(parts, None)._job(job.id):  # type: ignore[arg-type]
        workflows._step("make", step)
    return parts.rows.get(job.id)


@pytest.mark.parametrize("outages", [1, 5, 20])
def test_a_step_is_done_again_when_the_database_is_back(
    parts: Parts, waits: list[float], outages: int
) -> None:
    step = failing(outages, gone())
    job = worked(parts, step)
    assert (job.state, job.error_code, step.calls) == ("done", None, outages + 1)
    assert sum(waits) >= outages


def test_one_that_stays_away_is_named_in_the_job(parts: Parts, waits: list[float]) -> None:
    job = worked(parts, failing(1000, gone()))
    assert (job.state, job.error_code) == ("failed", "records_unavailable")
    assert 300 < sum(waits) < 600


def test_a_statement_that_is_wrong_is_not_tried_again(parts: Parts, waits: list[float]) -> None:
    step = failing(1000, sa.exc.ProgrammingError("SELEC 1", {}, Exception("syntax error")))
    job = worked(parts, step)
    assert (job.state, job.error_code, step.calls, waits) == ("failed", "internal", 1, [])


@pytest.mark.parametrize("method", ["get", "finish"])
def test_what_a_job_has_made_stays_when_only_its_row_cannot_be_written(
    parts: Parts, waits: list[float], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    abandoned: list[JobRecord] = []
    monkeypatch.setattr(workflows, "abandon", lambda _parts, job: abandoned.append(job))
    real = getattr(JobRows, method)
    started = parts.rows.add_making("compose", "a", {})
    broken = failing(3, gone(), real)
    monkeypatch.setattr(JobRows, method, broken)
    with JobRunner(parts, None)._job(started.id):  # type: ignore[arg-type]
        workflows._step("make", lambda: "made")
    assert (parts.rows.get(started.id).state, abandoned, len(waits)) == ("done", [], 3)


def test_a_failure_is_written_when_the_database_is_back(
    parts: Parts, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = failing(3, gone(), JobRows.fail)
    monkeypatch.setattr(JobRows, "fail", broken)
    job = worked(parts, failing(1000, PermanentError("media_broken", "it cannot be read")))
    assert (job.state, job.error_code, len(waits)) == ("failed", "media_broken", 3)


def test_the_worker_looks_for_its_jobs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ended at once when the records did not answer, and took every running job with it."""
    monkeypatch.setattr(main.rollback, "sweep", lambda _parts: None)
    looks = failing(1, gone(), lambda: [])
    rows = type("Rows", (), {"live": lambda _self: looks()})()
    starter = type("Starter", (), {"revive": lambda _self, _jobs: None})()
    parts = type("Parts", (), {"rows": rows})()
    main.look_after(parts, starter)
    main.look_after(parts, starter)
    assert looks.calls == 2
