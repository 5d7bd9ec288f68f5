"""Job rows: a job that has ended never changes again."""

import pytest
import sqlalchemy as sa

from content.catalog import Catalog
from content.errors import Conflict, NotFound, PermanentError
from content.types import TitleInput
from workers.jobs import SWITCHING, JobRows


@pytest.fixture
def rows(engine: sa.Engine) -> JobRows:
    return JobRows(engine)


@pytest.fixture
def job_id(engine: sa.Engine) -> str:
    return Catalog(engine).submit(TitleInput(id="a", name="A", synopsis="A story.")).job_id


def test_a_job_moves_to_its_end(rows: JobRows, job_id: str) -> None:
    assert rows.get(job_id).state == "queued"
    assert rows.advance(job_id, "decode", 0.5)
    assert (rows.get(job_id).state, rows.get(job_id).progress) == ("running", 0.5)
    assert rows.finish(job_id)
    assert (rows.get(job_id).state, rows.get(job_id).progress) == ("done", 1.0)


def test_an_ended_job_stays_as_it_is(rows: JobRows, job_id: str) -> None:
    rows.mark_cancelled(job_id)
    assert not rows.advance(job_id, "decode", 0.5)
    assert not rows.finish(job_id)
    assert not rows.fail(job_id, PermanentError("media_empty", "no bytes"))
    assert rows.get(job_id).state == "cancelled"
    with pytest.raises(Conflict, match="job_ended"):
        rows.mark_cancelled(job_id)


def test_a_reindex_cannot_be_cancelled_while_it_switches_readers(rows: JobRows) -> None:
    """It would be `cancelled`, and its generation answer all the same."""
    job = rows.add_reindex()
    rows.advance(job.id, SWITCHING, 0.99)
    with pytest.raises(Conflict, match=r"job_ended: .* is in use"):
        rows.mark_cancelled(job.id)
    assert rows.finish(job.id)
    with pytest.raises(Conflict, match=r"job_ended: .* already: done"):
        rows.mark_cancelled(job.id)


def test_a_failure_keeps_its_code(rows: JobRows, job_id: str) -> None:
    rows.fail(job_id, PermanentError("media_empty", "no bytes"))
    job = rows.get(job_id)
    assert (job.state, job.error_code, job.error_detail) == ("failed", "media_empty", "no bytes")


def test_one_reindex_at_a_time(rows: JobRows) -> None:
    first = rows.add_reindex()
    with pytest.raises(Conflict, match="reindex_running") as refused:
        rows.add_reindex()
    assert f"DELETE /v1/jobs/{first.id}`" in refused.value.detail
    rows.finish(first.id)
    assert rows.add_reindex().generation != first.generation


def test_unknown_jobs_are_named(rows: JobRows) -> None:
    with pytest.raises(NotFound, match="job_not_found"):
        rows.get("nope")


def test_lists_are_the_newest_first(rows: JobRows, engine: sa.Engine) -> None:
    catalog = Catalog(engine)
    ids = [
        catalog.submit(TitleInput(id=f"t{n}", name="A", synopsis="A story.")).job_id
        for n in range(3)
    ]
    assert [job.id for job in rows.list(limit=2)] == [ids[2], ids[1]]
    assert [job.id for job in rows.list(after=ids[1])] == [ids[0]]
    assert rows.counts()["queued"] == 3
    assert [job.id for job in rows.live("t1")] == [ids[1]]
