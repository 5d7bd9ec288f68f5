"""What is stored of a title's shots and time, and what becomes of it, on SQLite and Postgres."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import sqlalchemy as sa

from content import publication
from content.catalog import Catalog
from content.errors import Conflict, Invalid, NotFound
from content.records import writing
from content.tables import shot_vectors, shots, timelines, understood, vectors
from content.types import Extraction, ShotFacts, ShotVectors, TitleInput
from tests import plausible
from tests.shelf import stored_timeline

TITLE = TitleInput(id="a", name="A", synopsis="A story.")
KEY = {"tenant": "default", "title_id": "a"}
FILM = plausible.film()


@pytest.fixture
def catalog(engine: sa.Engine) -> Catalog:
    return Catalog(engine)


def publish(engine: sa.Engine, catalog: Catalog, film: Extraction, title: TitleInput) -> int:
    made = catalog.submit(title)
    with writing(engine).begin() as connection:
        write(connection, film, made.version)
        publication.publish(connection, **KEY, version=made.version)
    return made.version


def write(connection: sa.Connection, film: Extraction, version: int) -> None:
    publication.write_understanding(
        connection,
        **KEY,
        version=version,
        extraction=film,
        title_vectors=film.vectors,
        keyframes={shot.keyframe_s: f"{i:064x}" for i, shot in enumerate(film.shots)},
    )


def count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.begin() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_all_that_was_understood_comes_back(engine: sa.Engine, catalog: Catalog) -> None:
    version = publish(engine, catalog, FILM, TITLE)
    run = catalog.run("a")
    assert run.title.profile == FILM.profile
    assert len(run.shots) == len(FILM.shots)
    for i, (row, shot) in enumerate(zip(run.shots, FILM.shots, strict=True)):
        assert (row.idx, row.keyframe_sha256) == (i, f"{i:064x}")
        assert (row.start_s, row.end_s, row.keyframe_s) == (
            shot.start_s,
            shot.end_s,
            shot.keyframe_s,
        )
        assert (row.boundary, row.confidence) == (shot.boundary, shot.confidence)
        assert row.facts == json.loads(json.dumps(asdict(FILM.shot_facts[i])))
    assert list(run.timeline) == list(plausible.COLUMNS)
    for name, column in FILM.timeline.items():
        np.testing.assert_allclose(run.timeline[name], column, atol=0.03)
    stored = catalog.shot_vectors("a", version)
    assert set(stored) == set(FILM.shot_vectors)
    for space, made in FILM.shot_vectors.items():
        np.testing.assert_array_equal(stored[space].shots, made.shots)
        assert stored[space].fingerprint == made.fingerprint
        assert (stored[space].data * made.data).sum(1).min() > 1 - 1e-6


def test_shots_are_paged_with_their_facts(engine: sa.Engine, catalog: Catalog) -> None:
    publish(engine, catalog, FILM, TITLE)
    page = catalog.shots("a", after=3, limit=2)
    assert [row.idx for row in page] == [4, 5]
    assert page[0].facts is not None and page[0].facts["mood"]["top"] == "calm"


def test_a_second_try_replaces_the_first(engine: sa.Engine, catalog: Catalog) -> None:
    version = publish(engine, catalog, FILM, TITLE)
    shorter = plausible.film(10.0, 3)
    with writing(engine).begin() as connection:
        write(connection, replace(shorter, shot_vectors={}), version)
    assert len(catalog.run("a").shots) == 3
    assert len(catalog.run("a").timeline["speech"]) == 10
    assert catalog.shot_vectors("a", version) == {}


def test_without_facts_a_shot_has_none(engine: sa.Engine, catalog: Catalog) -> None:
    bare = replace(FILM, shot_facts=(), shot_vectors={}, timeline={})
    version = publish(engine, catalog, bare, TITLE)
    run = catalog.run("a")
    assert {row.facts for row in run.shots} == {None}
    assert run.timeline == {} == stored_timeline(engine, "a", version)
    with engine.begin() as connection:  # NULL, not the JSON word for it
        told = sa.select(sa.func.count()).where(shots.c.facts.is_not(None))
        assert connection.execute(told).scalar_one() == 0


def test_facts_for_some_shots_only_are_refused(engine: sa.Engine, catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="shorter"):
        publish(engine, catalog, replace(FILM, shot_facts=FILM.shot_facts[:-1]), TITLE)


def test_a_bad_vector_stores_nothing_at_all(engine: sa.Engine, catalog: Catalog) -> None:
    wrong = ShotVectors(np.array([0], np.int32), np.full((1, 4), np.nan, np.float32), "f")
    with pytest.raises(Invalid, match="invalid_vector"):
        publish(engine, catalog, replace(FILM, shot_vectors={"visual": wrong}), TITLE)
    assert [count(engine, table) for table in understood] == [0, 0, 0, 0]


def test_what_is_no_json_is_refused_on_every_database(engine: sa.Engine, catalog: Catalog) -> None:
    facts = (ShotFacts(look={"brightness": float("nan")}),) * len(FILM.shots)
    with pytest.raises((sa.exc.StatementError, ValueError), match="not JSON compliant"):
        publish(engine, catalog, replace(FILM, shot_facts=facts), TITLE)


def test_a_title_that_is_not_published_has_no_run(engine: sa.Engine, catalog: Catalog) -> None:
    with pytest.raises(NotFound, match="title_not_found"):
        catalog.run("a")
    catalog.submit(TITLE)
    with pytest.raises(Conflict, match="title_not_ready"):
        catalog.run("a")


def test_words_alone_have_no_timeline(engine: sa.Engine, catalog: Catalog) -> None:
    made = catalog.submit(TITLE)
    with writing(engine).begin() as connection:
        publication.write_understanding(
            connection, **KEY, version=1, extraction=None, title_vectors={}, keyframes={}
        )
        publication.publish(connection, **KEY, version=made.version)
    run = catalog.run("a")
    assert (run.timeline, list(run.shots)) == ({}, [])
    assert stored_timeline(engine, "a", 1) is None


@pytest.mark.parametrize("whole", [True, False])
def test_removal_takes_everything_along(engine: sa.Engine, catalog: Catalog, whole: bool) -> None:
    version = publish(engine, catalog, FILM, TITLE)
    assert all(count(engine, table) for table in understood)
    with writing(engine).begin() as connection:
        if whole:
            publication.remove_title(connection, **KEY)
        else:
            publication.remove_version(connection, **KEY, version=version)
    assert [count(engine, table) for table in understood] == [0, 0, 0, 0]


def test_another_version_keeps_its_own(engine: sa.Engine, catalog: Catalog) -> None:
    first = publish(engine, catalog, FILM, TITLE)
    second = publish(engine, catalog, plausible.film(10.0, 3), replace(TITLE, name="B"))
    with writing(engine).begin() as connection:
        publication.remove_version(connection, **KEY, version=first)
    assert count(engine, timelines) == 1 and count(engine, shots) == 3
    assert count(engine, shot_vectors) == 2 and count(engine, vectors) == 1
    assert len(catalog.run("a").shots) == 3
    assert catalog.run("a").title.version == second


def test_a_published_version_is_held_only_while_it_is_the_one(
    engine: sa.Engine, catalog: Catalog
) -> None:
    def held(version: int) -> bool:
        with writing(engine).begin() as connection:
            return publication.published_within(connection, **KEY, version=version)

    assert not held(1)
    first = publish(engine, catalog, FILM, TITLE)
    assert held(first)
    second = publish(engine, catalog, FILM, replace(TITLE, name="B"))
    assert (held(first), held(second)) == (False, True)
    with writing(engine).begin() as connection:
        publication.remove_title(connection, **KEY)
    assert not held(second)
