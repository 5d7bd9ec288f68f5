"""A reindex rolled back: by its job, again and again, and not for ever."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from artwork.choice.belief.features import feature_set_id
from artwork.choice.record import feature_sets
from artwork.choice.record.marks import add_mark
from content.errors import Conflict
from content.ids import now_us
from content.records import writing
from content.types import Space, Vector
from indexes.schema import TitlePoint
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.taste.fit import fit
from indexes.weights import DEFAULT
from tests import taste_worlds
from tests.shelf import fresh_engine
from workers import rollback, taste
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.rollback import RolledBack
from workers.settings import Settings

OLD: dict[Space, str] = {"visual": "old@1:4:a", "synopsis": "same@1:4:a"}
NEW: dict[Space, str] = {**OLD, "visual": "new@1:4:b"}


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    fresh_engine(tmp_path, "state.db").dispose()
    opened = Parts.open(Settings(data=tmp_path, taste_refit_h=1))
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(OLD)
    yield replace(opened, index=cast(Any, service))
    service.close()
    opened.close()


def point(title_id: str, prints: dict[Space, str]) -> TitlePoint:
    one = np.eye(1, 4, dtype=np.float32)[0]
    return TitlePoint(title_id, 1, {space: Vector(one, made) for space, made in prints.items()})


def reindexed(parts: Parts, *, ended: bool = True) -> JobRecord:
    """A job that has cut over to a generation of the new encoders, with title `a`."""
    job = parts.rows.add_reindex()
    name = cast(str, job.generation)
    parts.index.begin(name, NEW, None)
    parts.index.upsert_into(name, [point("a", NEW)])
    parts.index.verify(name, {"a": 1})
    parts.index.cut_over(name, keep_s=rollback.keep_s(parts))
    if ended:
        parts.rows.finish(job.id)
    return parts.rows.get(job.id)


def announced(parts: Parts) -> str | None:
    with parts.engine.connect() as connection:
        return feature_sets.announced(connection, parts.tenant)


def states(parts: Parts) -> list[str]:
    return [info.state for info in parts.index.generations()]


def test_it_goes_back_at_once_and_says_what_is_lacking(parts: Parts) -> None:
    parts.index.upsert([point("a", OLD)])
    job = reindexed(parts)
    parts.index.upsert([point("b", NEW)])  # came after the cut-over
    begun = time.monotonic()
    for _ in range(2):
        assert rollback.roll_back(parts, job) == RolledBack("first", {"visual": 1})
    assert time.monotonic() - begun < 2
    assert states(parts) == ["live", "kept"]
    assert parts.index.count() == 2
    assert announced(parts) == feature_set_id(OLD["visual"])
    rollback.sweep(parts)
    assert states(parts) == ["live", "kept"], "its time is not over"


def test_many_at_once_are_as_one(parts: Parts) -> None:
    job = reindexed(parts)
    found: list[RolledBack] = []
    threads = [
        threading.Thread(target=lambda: found.append(rollback.roll_back(parts, job)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.generation for each in found}) == 1 and len(found) == 6
    assert states(parts) == ["live", "kept"]


def test_what_cannot_be_gone_back_from(parts: Parts) -> None:
    running = reindexed(parts, ended=False)
    with pytest.raises(Conflict, match="reindex_running"):
        rollback.roll_back(parts, running)
    parts.rows.finish(running.id)
    running = parts.rows.get(running.id)
    dry = parts.rows.add_fit({"dry_run": True})
    parts.rows.finish(dry.id)
    with pytest.raises(Conflict, match="not_a_reindex"):
        rollback.roll_back(parts, parts.rows.get(dry.id))
    later = reindexed(parts)
    with pytest.raises(Conflict, match="generation_not_live"):
        rollback.roll_back(parts, running)
    never = parts.rows.add_reindex()
    parts.rows.mark_cancelled(never.id)
    with pytest.raises(Conflict, match="generation_not_live"):
        rollback.roll_back(parts, parts.rows.get(never.id))
    assert states(parts) == ["retired", "kept", "live"]
    rollback.sweep(parts)
    assert states(parts) == ["kept", "live"]
    assert rollback.roll_back(parts, later).generation == running.generation


def test_nothing_is_kept_where_it_is_not_wanted(parts: Parts) -> None:
    parts = replace(parts, settings=parts.settings.model_copy(update={"keep_generation_h": 0.0}))
    job = reindexed(parts)
    rollback.sweep(parts)
    assert states(parts) == ["live"]
    with pytest.raises(Conflict, match="rollback_expired"):
        rollback.roll_back(parts, job)


def test_a_map_of_forgotten_people_is_not_kept(parts: Parts) -> None:
    """Neither when it is replaced, nor, once kept, longer than one in use would be."""
    learned = fit(taste_worlds.contents(72), taste_worlds.watched(72), DEFAULT, 0).map
    made = taste.keep(parts, learned, 0)
    for name in ("with", "without"):
        parts.index.begin(name, {**OLD, **({"taste": made} if name == "with" else {})}, None)
        parts.index.verify(name, {})
        parts.index.cut_over(name, keep_s=rollback.keep_s(parts))
    forget(parts, 1, ago_s=10)
    rollback.sweep(parts)
    assert states(parts) == ["kept", "live"], "there is an hour for that"
    assert rollback.roll_back(parts, job_of(parts, "without")).generation == "with"
    assert rollback.keep_s(parts) == 0.0
    parts.index.begin("third", OLD, None)
    parts.index.verify("third", {})
    parts.index.cut_over("third", keep_s=3600.0)
    soon = parts.settings.model_copy(update={"taste_refit_h": 0.001})
    rollback.sweep(replace(parts, settings=soon))
    assert states(parts) == ["live"]
    assert list(parts.settings.taste_folder.iterdir()) == []


def test_a_map_of_forgotten_people_is_not_kept_when_it_is_rolled_back(parts: Parts) -> None:
    learned = fit(taste_worlds.contents(72), taste_worlds.watched(72), DEFAULT, 0).map
    made = taste.keep(parts, learned, 0)
    parts.index.begin("with", {**OLD, "taste": made}, None)
    parts.index.verify("with", {})
    parts.index.cut_over("with", keep_s=rollback.keep_s(parts))
    forget(parts, 1, ago_s=10)
    for _ in range(2):
        assert rollback.roll_back(parts, job_of(parts, "with")).generation == "first"
    rollback.sweep(parts)
    assert states(parts) == ["live"]
    assert list(parts.settings.taste_folder.iterdir()) == []


def forget(parts: Parts, seq: int, ago_s: int) -> None:
    with writing(parts.engine).begin() as connection:
        data = {"certificate": f"c{seq}", "removed": {"watch_events": 3}}
        at_us = now_us() - ago_s * 1_000_000
        add_mark(connection, parts.tenant, seq, "forgotten", at_us=at_us, data=data)


def job_of(parts: Parts, generation: str) -> JobRecord:
    job = parts.rows.add_reindex()
    parts.rows.finish(job.id)
    return replace(parts.rows.get(job.id), generation=generation)
