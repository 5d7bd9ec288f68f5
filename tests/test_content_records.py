"""The group-committing writer, on SQLite and Postgres."""

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from content.records import Writer, open_engine, writing

table = sa.Table("things", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))


@pytest.fixture
def things(bare_engine: sa.Engine) -> sa.Engine:
    table.create(bare_engine)
    return bare_engine


def insert(number: int):
    def run(connection: sa.Connection) -> int:
        connection.execute(sa.insert(table).values(id=number))
        return number

    return run


def stored(engine: sa.Engine) -> list[int]:
    with engine.begin() as connection:
        return list(connection.execute(sa.select(table.c.id).order_by(table.c.id)).scalars())


def test_a_result_is_given_only_after_its_commit(things: sa.Engine) -> None:
    writer = Writer(things)
    assert writer.submit(insert(7)).result(60) == 7
    assert stored(things) == [7]
    writer.close()


def test_a_write_that_raises_is_undone_alone(things: sa.Engine) -> None:
    def half(connection: sa.Connection) -> None:
        connection.execute(sa.insert(table).values(id=100))
        raise ValueError("no")

    writer = Writer(things)
    gate = threading.Event()
    writer.submit(lambda _connection: gate.wait(60))  # holds the batch open: the rest join one
    futures = [writer.submit(insert(1)), writer.submit(half), writer.submit(insert(2))]
    gate.set()
    assert futures[0].result(60) == 1
    with pytest.raises(ValueError, match="no"):
        futures[1].result(60)
    assert futures[2].result(60) == 2
    writer.close()
    assert stored(things) == [1, 2]


def test_a_duplicate_key_fails_only_its_own_write(things: sa.Engine) -> None:
    writer = Writer(things)
    futures = [writer.submit(insert(n)) for n in (1, 1, 2)]
    assert futures[0].result(60) == 1
    with pytest.raises(sa.exc.IntegrityError):
        futures[1].result(60)
    assert futures[2].result(60) == 2
    writer.close()


def test_a_write_here_comes_behind_what_is_queued_and_is_committed_when_it_returns(
    things: sa.Engine,
) -> None:
    writer = Writer(things)
    gate, order = threading.Event(), []
    writer.submit(lambda _connection: gate.wait(60))
    queued = [writer.submit(insert(n)) for n in (1, 2)]
    for future in queued:
        future.add_done_callback(lambda done: order.append(done.result()))
    threading.Timer(0.05, gate.set).start()
    told: list[object] = []
    here = writer.write(insert(3), lambda done: told.append((stored(things), *order)))
    assert here.result(0) == 3 and told == [([1, 2, 3], 1, 2)]
    again = writer.write(insert(3), lambda done: told.append(done.exception()))
    assert again.done() and isinstance(told[1], sa.exc.IntegrityError)
    assert stored(things) == [1, 2, 3]
    writer.close()


def test_a_commit_that_fails_for_whatever_reason_is_told_and_the_next_one_works(
    things: sa.Engine,
) -> None:
    def fails(_: sa.Connection) -> None:
        raise ZeroDivisionError

    writer = Writer(things)
    sa.event.listen(things, "commit", fails)
    told: list[BaseException | None] = []
    here = writer.write(insert(1), lambda done: told.append(done.exception()))
    for future in (here, writer.submit(insert(2))):
        assert isinstance(future.exception(10), ZeroDivisionError)
    assert len(told) == 1
    sa.event.remove(things, "commit", fails)
    assert writer.submit(insert(3)).result(60) == 3
    writer.close()
    assert stored(things) == [3]


def test_after_a_connection_that_broke_the_next_write_has_another(things: sa.Engine) -> None:
    if things.dialect.name == "sqlite":
        pytest.skip("its connections do not break")

    def breaks(connection: sa.Connection) -> None:
        insert(1)(connection)
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    writer = Writer(things)
    assert isinstance(writer.submit(breaks).exception(10), sa.exc.SQLAlchemyError)
    here = writer.write(breaks, lambda done: None)
    assert isinstance(here.exception(0), sa.exc.SQLAlchemyError)
    assert writer.submit(insert(2)).result(60) == 2
    writer.close()
    assert stored(things) == [2]


def test_close_finishes_what_is_queued(things: sa.Engine) -> None:
    writer = Writer(things, batch=10)
    futures = [writer.submit(insert(n)) for n in range(95)]
    writer.close()
    assert [f.result(0) for f in futures] == list(range(95))
    assert stored(things) == list(range(95))


def test_many_threads_lose_nothing(things: sa.Engine) -> None:
    writer = Writer(things)
    results: list[int] = []

    def work(start: int) -> None:
        results.extend(writer.submit(insert(n)).result(60) for n in range(start, start + 50))

    threads = [threading.Thread(target=work, args=(k * 50,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert sorted(results) == stored(things) == list(range(400))


def test_sqlite_is_in_wal_mode_and_overwrites_what_is_deleted(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    full = open_engine(f"sqlite:///{tmp_path / 'x.db'}", sync="full")
    with full.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_writing_transaction_takes_the_lock_at_once(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    table.create(engine)
    other = sqlite3.connect(tmp_path / "x.db", timeout=0)
    with writing(engine).begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("INSERT INTO things VALUES (1)")
    with engine.begin() as connection:  # a reader does not
        connection.execute(sa.select(table))
        other.execute("INSERT INTO things VALUES (1)")
        other.rollback()
    other.close()
