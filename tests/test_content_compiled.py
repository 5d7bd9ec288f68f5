"""Statements run by the driver's own cursor: SQLAlchemy's results, errors and transactions."""

import pytest
import sqlalchemy as sa

from content.compiled import Compiled
from content.tables import titles

_INSERT = Compiled(
    titles.insert(), keys=["tenant", "id", "version", "latest", "created_us", "updated_us"]
)
_AMONG = Compiled(
    sa.select(titles.c.id, titles.c.version).where(titles.c.tenant == sa.bindparam("tenant")),
    many=titles.c.id,
)
_FIRST = Compiled(
    sa.select(titles.c.id)
    .where(titles.c.tenant == sa.bindparam("tenant"), titles.c.version >= 0)
    .order_by(titles.c.id)
    .limit(2)
)


def row(n: int) -> dict[str, object]:
    return {"tenant": "default", "id": f"t{n}", "version": n, "latest": n,
            "created_us": 1, "updated_us": 2}  # fmt: skip


def test_rows_come_back_whatever_the_length_of_a_list(engine: sa.Engine) -> None:
    mine = {"tenant": "default"}
    with engine.begin() as connection:
        _INSERT.insert(connection, [row(n) for n in range(9)])
        _INSERT.insert(connection, [row(9)])
    with engine.connect() as connection:
        for wanted in ([3], [1, 2], [4, 5, 6], [0, 2, 4, 6, 8], list(range(10)), [99]):
            found = _AMONG.all(connection, mine, [f"t{n}" for n in wanted])
            assert sorted(found) == [(f"t{n}", n) for n in wanted if n < 10]
        assert _FIRST.all(connection, mine) == [("t0",), ("t1",)]
        assert _AMONG.all(connection, {"tenant": "other"}, ["t1"]) == []


def test_errors_are_sqlalchemy_s_and_tell_no_values(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        _INSERT.insert(connection, [row(1)])
    with pytest.raises(sa.exc.IntegrityError) as raised, engine.begin() as connection:
        _INSERT.insert(connection, [row(2), row(1)])
    assert "INSERT" in str(raised.value)
    with engine.connect() as connection:
        assert _FIRST.all(connection, {"tenant": "default"}) == [("t1",)]  # all or nothing


def test_reads_see_one_moment_on_sqlite(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("on Postgres a statement is a moment")
    mine = {"tenant": "default"}
    with engine.connect() as reading:
        assert _FIRST.all(reading, mine) == []
        with engine.begin() as connection:
            _INSERT.insert(connection, [row(1)])
        assert _FIRST.all(reading, mine) == []
    with engine.connect() as reading:
        assert _FIRST.all(reading, mine) == [("t1",)]
