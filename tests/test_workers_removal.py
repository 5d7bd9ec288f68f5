"""What a job that ended early takes with it, and what it must leave alone."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from content import publication
from content.records import writing
from content.tables import title_versions
from content.types import TitleInput
from tests.shelf import fresh_engine
from workers import removal
from workers.parts import Parts
from workers.settings import Settings

TITLE = TitleInput(id="a", name="A", synopsis="A story.")


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    fresh_engine(tmp_path, f"sqlite:///{tmp_path / 'state.db'}").dispose()
    return Parts.open(Settings(data=tmp_path))


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
