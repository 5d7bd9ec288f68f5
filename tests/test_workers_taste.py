"""The taste space in the service: kept maps, titles placed by them, and which map goes along."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from artwork.choice.record.marks import add_mark
from content.errors import Conflict
from content.ids import now_us
from content.records import writing
from content.types import TitleInput
from indexes.schema import TitlePoint
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.taste.fit import fit
from indexes.taste.model import TasteMap
from indexes.weights import DEFAULT
from tests import taste_worlds
from tests.shelf import fresh_engine
from workers import removal, taste
from workers.fitting import TasteChoice
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.settings import Settings

TITLES = 72


@pytest.fixture(scope="module")
def fitted() -> TasteMap:
    watched = taste_worlds.watched(TITLES)
    return fit(taste_worlds.contents(TITLES), watched, DEFAULT, 0).map


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    fresh_engine(tmp_path, "state.db").dispose()
    opened = Parts.open(Settings(data=tmp_path, taste_refit_h=1))
    service = IndexService(tmp_path / "index", EdgeStores())
    yield replace(opened, index=cast(Any, service))
    service.close()
    opened.close()


def prints(parts: Parts, fingerprint: str | None) -> dict[Any, str]:
    made = dict(parts.fingerprints)
    return made if fingerprint is None else {**made, "taste": fingerprint}


def live(parts: Parts, name: str, fingerprint: str | None) -> None:
    parts.index.begin(name, prints(parts, fingerprint), None)
    parts.index.verify(name, {})
    parts.index.cut_over(name)


def submitted(parts: Parts, title_id: str = "new") -> TitlePoint:
    parts.catalog.submit(TitleInput(title_id, "New", "Guns at noon.", genres=("western",)))
    return TitlePoint(title_id, 1, {})


def choice(parts: Parts, job: JobRecord) -> TasteChoice:
    return TasteChoice(parts, cast(Any, None), job, threading.Event())


def forgotten(parts: Parts, seq: int, at_us: int, events: int = 3) -> None:
    with writing(parts.engine).begin() as connection:
        data = {"certificate": f"c{seq}", "removed": {"decisions": 1, "watch_events": events}}
        add_mark(connection, parts.tenant, seq, "forgotten", at_us=at_us, data=data)


def test_a_kept_map_is_read_again_and_swept(parts: Parts, fitted: TasteMap) -> None:
    fingerprint = taste.keep(parts, fitted, 7)
    assert fingerprint == fitted.fingerprint
    found = taste.loaded(parts, fingerprint)
    assert found is not None
    assert found.to_bytes() == fitted.to_bytes()
    assert taste.loaded(parts, "taste@1:9:aaaaaaaaaaaa") is None  # said in the log, not raised
    taste.sweep(parts, {fingerprint})
    assert len(list(parts.settings.taste_folder.iterdir())) == 1
    taste.sweep(parts, set())
    assert list(parts.settings.taste_folder.iterdir()) == []


def test_a_point_goes_into_each_generation_with_its_own_taste(
    parts: Parts, fitted: TasteMap
) -> None:
    other = replace(fitted, told={**fitted.told, "seed": 5})
    first, second = (taste.keep(parts, each, 0) for each in (fitted, other))
    live(parts, "one", first)
    for name, fingerprint in (("two", second), ("none", None)):
        parts.index.begin(name, prints(parts, fingerprint), None)
    point = submitted(parts)
    taste.publish(parts, point)
    for name in ("two", "none"):
        assert parts.index.verify(name, {"new": 1}).complete
    assert np.linalg.norm(parts.index.vectors("new")["taste"]) == pytest.approx(1, abs=1e-5)
    parts.index.cut_over("two")
    assert set(parts.index.vectors("new")) == {"taste"}


def test_a_point_is_taken_back_to_an_older_version_everywhere(
    parts: Parts, fitted: TasteMap
) -> None:
    other = replace(fitted, told={**fitted.told, "seed": 5})
    first, second = (taste.keep(parts, each, 0) for each in (fitted, other))
    live(parts, "one", first)
    parts.index.begin("two", prints(parts, second), None)
    point = submitted(parts)
    taste.publish(parts, replace(point, version=2))  # of a job that failed: it has no place
    taste.publish(parts, point)
    assert parts.index.verify("two", {"new": 1}).complete
    parts.index.cut_over("two")
    assert "taste" in parts.index.vectors("new")


def test_a_point_follows_a_cut_over_that_comes_while_it_is_placed(
    parts: Parts, fitted: TasteMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(fitted, told={**fitted.told, "seed": 5})
    first, second = (taste.keep(parts, each, 0) for each in (fitted, other))
    live(parts, "one", first)
    parts.index.begin("two", prints(parts, second), None)
    parts.index.verify("two", {})
    place, point = taste.placed, submitted(parts)

    def late(parts: Parts, point: TitlePoint, fingerprint: str | None) -> TitlePoint:
        if fingerprint == first:
            parts.index.cut_over("two")
            parts.index.drop("one")
        return place(parts, point, fingerprint)

    monkeypatch.setattr(taste, "placed", late)
    taste.publish(parts, point)
    assert "taste" in parts.index.vectors("new")


def test_a_space_that_comes_does_not_lose_what_comes_meanwhile(
    parts: Parts, fitted: TasteMap
) -> None:
    fingerprint = taste.keep(parts, fitted, 0)
    live(parts, "one", None)
    parts.index.begin("two", prints(parts, fingerprint), None)
    taste.publish(parts, submitted(parts))
    assert parts.index.verify("two", {"new": 1}).complete
    parts.index.cut_over("two")
    assert "taste" in parts.index.vectors("new")


def test_a_reindex_takes_the_map_along_unless_it_cannot(
    parts: Parts, fitted: TasteMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = parts.rows.add_reindex()
    assert choice(parts, job).chosen() is None  # there is no space yet
    ours = replace(fitted, design=replace(fitted.design, spaces={}))
    fingerprint = taste.keep(parts, ours, 10)
    live(parts, "one", fingerprint)
    assert choice(parts, job).chosen() == fingerprint
    forgotten(parts, 9, now_us())  # before it was learned
    assert not taste.due(parts)
    assert choice(parts, job).chosen() == fingerprint

    def refused(*_: object) -> dict[str, Any]:
        raise Conflict("taste_too_little_watched", "too little")

    monkeypatch.setattr(TasteChoice, "_fit", refused)
    forgotten(parts, 11, now_us(), events=0)  # who had watched nothing
    assert choice(parts, job).chosen() == fingerprint
    forgotten(parts, 12, now_us() - 3_700_000_000)
    assert taste.due(parts)
    assert choice(parts, job).chosen() is None
    outcome = parts.rows.get(job.id).outcome
    assert outcome == {
        "used": False,
        "refused": "taste_too_little_watched",
        "dropped": fingerprint,
    }


def test_a_start_takes_away_what_no_job_builds(parts: Parts, fitted: TasteMap) -> None:
    other = replace(fitted, told={**fitted.told, "seed": 5})
    first, second = (taste.keep(parts, each, 0) for each in (fitted, other))
    live(parts, "one", first)
    job = parts.rows.add_fit({"seed": 0})
    for name in ("left", cast(str, job.generation)):
        parts.index.begin(name, prints(parts, second), None)
    removal.sweep(parts)
    assert {g.name for g in parts.index.generations()} == {"one", job.generation}
    parts.rows.mark_cancelled(job.id)
    removal.sweep(parts)
    assert [g.name for g in parts.index.generations()] == ["one"]
    assert taste.loaded(parts, first) is not None
    assert len(list(parts.settings.taste_folder.iterdir())) == 1


def test_a_map_of_another_encoder_cannot_go_along(parts: Parts, fitted: TasteMap) -> None:
    fingerprint = taste.keep(parts, fitted, 0)  # it reads a made-up encoder's synopsis
    assert taste.outdated(parts, fingerprint, parts.fingerprints)
    assert not taste.outdated(parts, fingerprint, {"synopsis": taste_worlds.PRINT})
    shutil.rmtree(parts.settings.taste_folder)
    lost = replace(fitted, told={"seed": 99}).fingerprint
    assert taste.outdated(parts, lost, {"synopsis": taste_worlds.PRINT})


def test_a_fit_that_does_not_pay_is_refused_with_its_figures(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"fingerprint": "taste@1:3:abc", "figures": {"taste": {"recall": 0.1}}, "gains": {}}
    monkeypatch.setattr(TasteChoice, "_fit", lambda *_: {**found, "worse_than": ["popularity"]})
    live(parts, "one", None)
    job = parts.rows.add_fit({"seed": 0, "dry_run": False})
    with pytest.raises(Conflict, match="popularity") as refused:
        choice(parts, job).chosen()
    assert refused.value.code == "taste_not_better"
    assert parts.rows.get(job.id).outcome == {**found, "used": False}
    with pytest.raises(Conflict, match="reindex_running"):
        parts.rows.add_reindex()


def test_a_fit_killed_after_it_began_its_generation_goes_on_with_it(
    parts: Parts, fitted: TasteMap
) -> None:
    fingerprint = taste.keep(parts, fitted, 0)
    job = parts.rows.add_fit({"seed": 0})
    parts.index.begin(cast(str, job.generation), prints(parts, fingerprint), None)
    assert choice(parts, job).chosen() == fingerprint  # without a pool: nothing is fitted again
