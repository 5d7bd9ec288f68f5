"""Migrations: what they build is what the code declares, on SQLite and Postgres."""

import re
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from content import migrate
from content.catalog import Catalog
from content.entries import ShotRow
from content.records import metadata, open_engine
from tests.shelf import stored_timeline

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))


def differences(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection), metadata)


def test_the_migrations_build_the_declared_tables(bare_engine: sa.Engine) -> None:
    migrate.upgrade(bare_engine)
    assert differences(bare_engine) == []


def test_upgrading_twice_changes_nothing(bare_engine: sa.Engine) -> None:
    migrate.upgrade(bare_engine)
    migrate.upgrade(bare_engine)
    assert differences(bare_engine) == []


def test_a_missing_column_would_be_noticed(bare_engine: sa.Engine) -> None:
    migrate.upgrade(bare_engine)
    with bare_engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE jobs DROP COLUMN stage"))
    assert differences(bare_engine)


def test_every_table_carries_a_tenant_in_its_key() -> None:
    for table in metadata.tables.values():
        assert "tenant" in table.primary_key.columns, table.name


def test_no_comment_names_a_module_that_is_not_there() -> None:
    root, named = Path(__file__).parent.parent, 0
    for table in metadata.tables.values():
        for column in table.columns:
            for module in re.findall(
                r"\b(?:artwork|content|indexes)\.[a-z_.]+", column.comment or ""
            ):
                assert root.joinpath(*module.split(".")).with_suffix(".py").is_file(), column
                named += 1
    assert named


@pytest.mark.parametrize("dump", SCHEMAS, ids=lambda path: path.stem)
def test_every_earlier_schema_is_upgraded_with_its_rows(dump: Path, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as old:
        old.executescript(dump.read_text())
        before = old.execute("SELECT id, name FROM title_versions, titles").fetchall()
    old.close()
    engine = open_engine(f"sqlite:///{path}")
    migrate.upgrade(engine)
    assert differences(engine) == []
    with engine.connect() as connection:
        after = connection.exec_driver_sql("SELECT id, name FROM title_versions, titles").all()
    assert before
    assert [tuple(row) for row in after] == before


def test_a_title_from_before_facts_keeps_its_shots_and_has_nulls(bare_engine: sa.Engine) -> None:
    migrate.upgrade(bare_engine, "0001")
    key = {"tenant": "default", "title_id": "a", "version": 1}
    submitted = {"name": "A", "synopsis": "S.", "genres": "[]", "maturity": "all"}
    times = {"idx": 0, "start_s": 0.0, "end_s": 2.0, "keyframe_s": 1.0}
    rows = {
        "titles": {"tenant": "default", "id": "a", "version": 1, "latest": 1,
                   "created_us": 1, "updated_us": 1},
        "title_versions": {**key, **submitted, "content_hash": "0", "job_id": "j",
                           "external_ids": "{}", "media_owned": False, "created_us": 1},
        "shots": {**key, **times, "keyframe_sha256": "ab"},
    }  # fmt: skip
    with bare_engine.begin() as connection:
        for table, row in rows.items():
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
    migrate.upgrade(bare_engine)
    run = Catalog(bare_engine).run("a")
    assert list(run.shots) == [ShotRow(0, 0.0, 2.0, 1.0, "ab", None, None, None)]
    assert run.timeline == {}
    assert stored_timeline(bare_engine, "a", 1) is None


def test_titles_watched_before_they_had_pictures_wait_from_the_upgrade_on(
    bare_engine: sa.Engine,
) -> None:
    migrate.upgrade(bare_engine, "0014")
    rows = [
        {"seq": seq, "title_id": title, "features": features, "viewer": b"v" * 16}
        for seq, (title, features) in enumerate([("a", None), ("b", b"12"), ("a", None)])
    ]
    with bare_engine.begin() as connection:
        insert = (
            "INSERT INTO watch_events (tenant, seq, viewer, title_id, kind, value, feature_set,"
            " features, occurred_us, received_us)"
            " VALUES ('default', :seq, :viewer, :title_id, 'watch', 1.0, 'f', :features, 1, 1)"
        )
        connection.execute(sa.text(insert), rows)
    migrate.upgrade(bare_engine)
    with bare_engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT tenant, title_id FROM waiting_titles").all()
    assert [tuple(row) for row in found] == [("default", "a")]


def test_there_is_a_dump_of_each_schema() -> None:
    versions = Path(migrate.__file__).parent / "migrations" / "versions"
    revisions = {path.name.split("_")[0] for path in versions.glob("[0-9]*.py")}
    assert {path.stem for path in SCHEMAS} == revisions
