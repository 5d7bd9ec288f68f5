"""What a job that ended early takes with it, and what it must leave alone."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.images.store import ImageStore
from content import publication
from content.errors import Unavailable
from content.records import writing
from content.tables import shots, title_versions
from content.types import TitleInput, Vector
from indexes.schema import TitlePoint, point_id
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.opened import opened_parts
from workers import removal
from workers.jobs_database import prepare
from workers.parts import Parts
from workers.workflows import JobStarter

TITLE = TitleInput(id="a", name="A", synopsis="A story.")


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with opened_parts(tmp_path) as opened:
        yield opened


def versions(parts: Parts) -> list[tuple[int, str]]:
    with parts.engine.begin() as connection:
        found = connection.execute(sa.select(title_versions.c.version, title_versions.c.job_id))
        return [(version, job_id) for version, job_id in found]


def test_a_job_takes_back_its_own_version(parts: Parts) -> None:
    made = parts.catalog.submit(TITLE)
    removal.drop_unpublished(parts, parts.rows.get(made.job_id))
    assert versions(parts) == []


def test_a_job_leaves_the_version_of_a_title_made_anew(parts: Parts) -> None:
    old = parts.catalog.submit(TITLE)
    with writing(parts.engine).begin() as connection:
        publication.remove_title(connection, tenant="default", title_id="a")
    new = parts.catalog.submit(TITLE)
    assert new.version == old.version
    removal.drop_unpublished(parts, parts.rows.get(old.job_id))
    assert versions(parts) == [(new.version, new.job_id)]


def test_what_is_submitted_while_a_start_sweeps_stays(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests are answered before the worker is ready."""
    made: list[str] = []

    def submits_before(look: Callable[[], Any]) -> Callable[[], Any]:
        def looked() -> Any:
            made.append(parts.catalog.submit(replace(TITLE, id=f"t{len(made)}")).job_id)
            return look()

        return looked

    monkeypatch.setattr(parts.rows, "live", submits_before(parts.rows.live))
    monkeypatch.setattr(
        parts.catalog, "unpublished_jobs", submits_before(parts.catalog.unpublished_jobs)
    )
    monkeypatch.setattr(removal, "_sweep_generations", lambda _: None)  # there is no index here
    removal.sweep(parts)
    assert len(made) >= 2 and {job_id for _, job_id in versions(parts)} == set(made)


@pytest.mark.parametrize(("stage", "left"), [("decode", {"synopsis"}), ("publish", set())])
def test_a_start_sweeps_up_while_records_and_index_are_of_different_encoders(
    parts: Parts, tmp_path: Path, stage: str, left: set[str]
) -> None:
    """As after a reindex that failed at a gate: its titles wait for the next one."""
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(parts.fingerprints)
    housed = replace(parts, index=cast(Any, service))
    one = np.eye(1, 384, dtype=np.float32)[0]
    service.upsert([TitlePoint("a", 1, {"synopsis": Vector(one, parts.fingerprints["synopsis"])})])
    first = parts.catalog.submit(TITLE)
    key: dict[str, Any] = {"tenant": "default", "title_id": "a", "version": 1}
    with writing(parts.engine).begin() as connection:
        understood = {"synopsis": Vector(one, "made@2:384:def")}
        publication.write_vectors(connection, **key, title_vectors=understood)
        publication.publish(connection, **key)
    parts.rows.finish(first.job_id)
    second = parts.catalog.submit(replace(TITLE, synopsis="Another."))
    parts.rows.advance(second.job_id, stage, 0.5)
    parts.rows.mark_cancelled(second.job_id)  # and its process died before it could clean up
    removal.sweep(housed)
    assert versions(parts) == [(1, first.job_id)]
    assert set(service.vectors("a")) == left  # of what a job may have put there nothing is
    service.close()


def test_what_could_not_be_undone_without_the_index_is_undone_at_the_next_start(
    parts: Parts, tmp_path: Path
) -> None:
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(parts.fingerprints)
    first = parts.catalog.submit(TITLE)
    with writing(parts.engine).begin() as connection:
        publication.publish(connection, tenant="default", title_id="a", version=1)
    parts.rows.finish(first.job_id)
    ghosts = [parts.catalog.submit(replace(TITLE, id=each, synopsis="Another.")) for each in "ab"]
    for ghost in ghosts:
        service.upsert([TitlePoint(ghost.title_id, ghost.version, {})])
        parts.rows.mark_cancelled(ghost.job_id)
        # There is no index behind the socket.
        with pytest.raises(Unavailable):
            removal.abandon(parts, parts.rows.get(ghost.job_id))
    removal.sweep(replace(parts, index=cast(Any, service)))
    assert versions(parts) == [(1, first.job_id)]
    assert service.count() == 1
    assert service.verify("first", {"a": 1}).complete
    (point,) = service._generations.live().store.get([point_id("a")], vectors=False).values()
    assert point.payload["version"] == 1
    service.close()


def test_a_job_takes_its_pictures_along_unless_a_row_names_them(parts: Parts) -> None:
    grey = np.full((20, 20, 3), 99, np.uint8)
    job_id = parts.catalog.submit(TITLE).job_id
    parts.work_folder(job_id).mkdir(parents=True)
    journalled = ImageStore(parts.settings.image_folder, parts.journal(job_id))
    orphan, shown = (journalled.put(grey + n).sha256 for n in range(2))
    other = parts.images.put(grey + 2).sha256
    with writing(parts.engine).begin() as connection:
        key = {"tenant": "default", "title_id": "a", "version": 1, "idx": 0}
        times = {"start_s": 0.0, "end_s": 1.0, "keyframe_s": 0.5}
        connection.execute(shots.insert(), {**key, **times, "keyframe_sha256": shown})
    removal.clear_work(parts, job_id)
    assert not parts.images.has(orphan)
    assert all(map(parts.images.has, (shown, other)))
    assert not parts.work_folder(job_id).exists()


def test_the_engine_forgets_what_ended_long_ago(parts: Parts) -> None:
    prepare(parts.settings)
    starter = JobStarter(parts.settings)
    ended, waiting = (
        parts.rows.get(parts.catalog.submit(replace(TITLE, id=name)).job_id) for name in "ab"
    )
    starter.start(ended)
    starter.start(waiting)
    starter.cancel(ended.id)
    starter.forget()
    assert known(parts) == {ended.id, waiting.id}
    starter.forget(older_than=timedelta(0))
    assert known(parts) == {waiting.id}
    starter.close()


def known(parts: Parts) -> set[str]:
    with sqlite3.connect(parts.settings.data / "jobs.db") as connection:
        return {row[0] for row in connection.execute("SELECT workflow_uuid FROM workflow_status")}
