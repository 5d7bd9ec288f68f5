"""Titles and their versions, on SQLite and Postgres."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from content import publication
from content.catalog import Catalog, content_hash
from content.entries import Submission
from content.errors import NotFound
from content.records import writing
from content.tables import shots, title_versions, titles, vectors
from content.types import Availability, TitleInput, Vector
from workers.jobs import JobRows

TITLE = TitleInput(id="a", name="A", synopsis="A story.", genres=("drama",), maturity="13")
HASHED_BEFORE = "862d99f55c13e8522f037539e8bfe1101f1d10e214b002b66b6498b0eac6433b"


@pytest.fixture
def catalog(engine: sa.Engine) -> Catalog:
    return Catalog(engine)


def publish(engine: sa.Engine, submission: Submission) -> bool:
    with writing(engine).begin() as connection:
        return publication.publish(
            connection,
            tenant="default",
            title_id=submission.title_id,
            version=submission.version,
        )


def test_the_same_content_again_is_the_same_job(catalog: Catalog) -> None:
    first = catalog.submit(TITLE)
    again = catalog.submit(TITLE)
    assert first.created
    assert again == replace(first, created=False)


def test_own_fields_and_availability_are_kept(catalog: Catalog, engine: sa.Engine) -> None:
    own = replace(
        TITLE,
        tags={"series": "blupi", "season": 3, "score": 0.5, "moods": ("a", "b")},
        available=Availability(1, 2, ("DE", "FR")),
    )
    first = catalog.submit(own)
    version = catalog.version("a", 1)
    assert version is not None
    assert version.title == own
    assert catalog.submit(own) == replace(first, created=False)
    publish(engine, first)
    assert (catalog.get("a").tags, catalog.get("a").available) == (own.tags, own.available)
    assert catalog.submit(TITLE).created, "taking them away is other content"
    version = catalog.version("a", 2)
    assert version is not None
    assert version.title == TITLE


def test_what_was_submitted_before_there_were_own_fields_is_the_same_content() -> None:
    """The hash of the release before, word for word."""
    assert content_hash(TITLE) == HASHED_BEFORE


def test_the_same_content_is_a_new_version_when_asked_for_again(catalog: Catalog) -> None:
    first = catalog.submit(TITLE)
    second = catalog.submit(TITLE, again=True)
    assert (second.version, second.created) == (2, True)
    assert second.job_id != first.job_id
    assert catalog.submit(TITLE) == replace(second, created=False)


def test_other_content_is_a_new_version_seen_only_when_published(
    catalog: Catalog, engine: sa.Engine
) -> None:
    first = catalog.submit(TITLE)
    assert publish(engine, first)
    second = catalog.submit(replace(TITLE, name="B"))
    assert second.version == 2
    assert second.job_id != first.job_id
    assert catalog.get("a").name == "A"
    assert catalog.get("a").state == "processing"
    assert publish(engine, second)
    assert catalog.get("a").name == "B"
    assert catalog.get("a").state == "ready"


def test_an_older_version_never_replaces_a_newer_one(catalog: Catalog, engine: sa.Engine) -> None:
    first, second = catalog.submit(TITLE), catalog.submit(replace(TITLE, name="B"))
    assert publish(engine, second)
    assert not publish(engine, first)
    assert catalog.get("a").name == "B"


def test_a_failed_submission_may_be_tried_again(catalog: Catalog, engine: sa.Engine) -> None:
    first = catalog.submit(TITLE)
    JobRows(engine).mark_cancelled(first.job_id)
    second = catalog.submit(TITLE)
    assert second.created
    assert second.job_id != first.job_id


def test_removing_the_only_version_removes_the_title(catalog: Catalog, engine: sa.Engine) -> None:
    submission = catalog.submit(TITLE)
    with writing(engine).begin() as connection:
        publication.remove_version(
            connection, tenant="default", title_id="a", version=submission.version
        )
    with pytest.raises(NotFound, match="title_not_found"):
        catalog.get("a")


def test_removing_a_failed_update_leaves_the_published_version(
    catalog: Catalog, engine: sa.Engine
) -> None:
    publish(engine, catalog.submit(TITLE))
    second = catalog.submit(replace(TITLE, name="B"))
    with writing(engine).begin() as connection:
        publication.remove_version(
            connection, tenant="default", title_id="a", version=second.version
        )
    assert catalog.get("a").name == "A"
    assert catalog.get("a").state == "ready"


def test_vectors_come_back_bit_for_bit(catalog: Catalog, engine: sa.Engine) -> None:
    submission = catalog.submit(TITLE)
    data = np.random.default_rng(0).normal(size=384).astype(np.float32)
    with writing(engine).begin() as connection:
        publication.write_vectors(
            connection,
            tenant="default",
            title_id="a",
            version=submission.version,
            title_vectors={"synopsis": Vector(data, "words@1")},
        )
    stored = catalog.vectors("a", submission.version)
    assert stored["synopsis"].fingerprint == "words@1"
    np.testing.assert_array_equal(stored["synopsis"].data, data)


def test_removing_a_title_leaves_no_row(catalog: Catalog, engine: sa.Engine) -> None:
    publish(engine, catalog.submit(TITLE))
    with writing(engine).begin() as connection:
        publication.remove_title(connection, tenant="default", title_id="a")
    with engine.begin() as connection:
        for table in (titles, title_versions, shots, vectors):
            count = sa.select(sa.func.count()).select_from(table)
            assert connection.execute(count).scalar_one() == 0


def test_lists_are_paged_by_id(catalog: Catalog, engine: sa.Engine) -> None:
    for title_id in ("c", "a", "b"):
        publish(engine, catalog.submit(replace(TITLE, id=title_id)))
    assert [t.id for t in catalog.list(limit=2)] == ["a", "b"]
    assert [t.id for t in catalog.list(after="b", limit=2)] == ["c"]
    assert catalog.published(after="a") == {"b": 1, "c": 1}
    assert catalog.count_published("b") == (3, 2)


def test_a_version_is_held_only_by_its_own_running_job(catalog: Catalog, engine: sa.Engine) -> None:
    rows = JobRows(engine)

    def held(*submissions: Submission) -> list[Submission]:
        ids = [each.job_id for each in submissions]
        with writing(engine).begin() as connection:
            found = publication.held(connection, tenant="default", job_ids=ids)
        return [each for each in submissions if each.job_id in found]

    first = catalog.submit(TITLE)
    assert not held(first)
    rows.advance(first.job_id, "decode", 0.1)
    assert held(first)
    with writing(engine).begin() as connection:
        publication.remove_title(connection, tenant="default", title_id="a")
    again = catalog.submit(TITLE)
    rows.advance(again.job_id, "decode", 0.1)
    assert (first.version, again.version) == (1, 1)
    assert held(first, again) == [again]
    rows.mark_cancelled(again.job_id)
    assert not held(again)
