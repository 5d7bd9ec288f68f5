"""SQL records: one metadata, one naming convention, engines, and the group-committing writer.

Tables live with their room (`content.tables`, `artwork.tables`); every one carries `tenant`.
SQLite in WAL mode by default, Postgres by URL; the same tables on both.
"""

import json
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from content.compiled import named

T = TypeVar("T")
_BUSY_MS = 30_000
_CHECKPOINT_WAIT_MS = 100
_CHECKPOINT_TRIES = 10

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def open_engine(url: str, *, sync: str = "normal") -> sa.Engine:
    """An engine on `url`.

    On SQLite: WAL, foreign keys on, deleted content overwritten, and `synchronous` as given —
    `normal` survives kill -9 but a power cut may lose the last commits, `full` survives both.
    NaN and infinity are refused in JSON, which has neither, by SQLite as by Postgres. Errors
    hide the parameters of their statement, because they are logged.
    """
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=not url.startswith("sqlite"),
        json_serializer=partial(json.dumps, allow_nan=False),
    )
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA synchronous={'FULL' if sync == 'full' else 'NORMAL'}")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.close()
            # The driver's own implicit transactions start too late: see `_begin`.
            connection.isolation_level = None

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            # A read that later writes cannot be upgraded under WAL when another process wrote
            # meanwhile; transactions that will write say so (`writing`).
            mode = connection.get_execution_options().get("keyart_begin", "BEGIN")
            try:  # by the driver itself: every request begins two
                connection.connection.cursor().execute(mode)
            except engine.dialect.loaded_dbapi.Error as error:
                raise named(error, mode, connection) from error

    return engine


def writing(engine: sa.Engine) -> sa.Engine:
    """`engine` for transactions that write: on SQLite they take the write lock at once."""
    if engine.dialect.name != "sqlite":
        return engine
    return engine.execution_options(keyart_begin="BEGIN IMMEDIATE")


def snapshot(engine: sa.Engine) -> sa.Engine:
    """`engine` for reads that must all see one moment, as those of SQLite always do."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def overwrite_deleted(engine: sa.Engine) -> bool:
    """Leave no deleted content in SQLite's log: write it back and cut the log to nothing.

    Deleted content in the database file itself is overwritten by the commit (`secure_delete`).

    Returns:
        False when a reader held the log in use; True on Postgres, where this is VACUUM's work.
    """
    if engine.dialect.name != "sqlite":
        return True
    # The driver's own connection: a checkpoint is no part of a transaction.
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # It keeps writers waiting while it waits for readers itself: briefly, but often.
        cursor.execute(f"PRAGMA busy_timeout={_CHECKPOINT_WAIT_MS}")
        for _ in range(_CHECKPOINT_TRIES):
            (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                break
            time.sleep(5 * _CHECKPOINT_WAIT_MS / 1000)
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    finally:
        connection.close()
    return not busy


@dataclass(slots=True)
class _Task:
    run: Callable[[sa.Connection], Any]
    future: "Future[Any]"


_Outcome = tuple[_Task, Any, Exception | None]


class Writer:
    """Group commit: many small writes from many requests, one transaction for each batch.

    When a write raises, it alone is undone: the others of its batch are run again, so a write
    must have no effect but on the connection. A future is resolved only after the commit, so
    whoever has its answer has it durably. Writes are applied in the order of `submit`.
    """

    def __init__(self, engine: sa.Engine, *, batch: int = 512, capacity: int = 20_000) -> None:
        self._engine = writing(engine)
        self._batch = batch
        self._queue: queue.Queue[_Task | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._loop, name="keyart-writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[sa.Connection], T]) -> "Future[T]":
        """Queue `run(connection)`; its result once committed. Blocks when the queue is full."""
        future: Future[T] = Future()
        self._queue.put(_Task(run, future))
        return future

    def close(self) -> None:
        """Finish what is queued, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        while (tasks := self._take()) is not None:
            if tasks:
                self._commit(tasks)

    def _take(self) -> list[_Task] | None:
        first = self._queue.get()
        if first is None:
            return None
        tasks = [first]
        while len(tasks) < self._batch:
            try:
                task = self._queue.get_nowait()
            except queue.Empty:
                break
            if task is None:
                self._queue.put(None)  # seen again once this batch is committed
                break
            tasks.append(task)
        return tasks

    def _commit(self, tasks: list[_Task]) -> None:
        # From here on nobody can cancel: what runs is committed and its future resolved.
        tasks = [task for task in tasks if task.future.set_running_or_notify_cancel()]
        try:
            outcomes = self._together(tasks)
            if outcomes is None:
                outcomes = self._apart(tasks)
        except sa.exc.SQLAlchemyError as error:
            # The batch as a whole was not committed: nobody was answered, so nothing is lost.
            outcomes = [(task, None, error) for task in tasks]
        for task, result, failure in outcomes:
            if failure is None:
                task.future.set_result(result)
            else:
                task.future.set_exception(failure)

    def _together(self, tasks: list[_Task]) -> list[_Outcome] | None:
        """All without savepoints, which cost as much as the writes; None when one of many raised.

        Then nothing is written, and all run again.
        """
        outcomes: list[_Outcome] = []
        with self._engine.begin() as connection:
            for task in tasks:
                try:
                    outcomes.append((task, task.run(connection), None))
                except Exception as error:  # noqa: BLE001 - handed to the one who submitted it
                    connection.rollback()
                    return [(task, None, error)] if len(tasks) == 1 else None
        return outcomes

    def _apart(self, tasks: list[_Task]) -> list[_Outcome]:
        with self._engine.begin() as connection:
            return [self._attempt(connection, task) for task in tasks]

    @staticmethod
    def _attempt(connection: sa.Connection, task: _Task) -> _Outcome:
        try:
            with connection.begin_nested():
                return task, task.run(connection), None
        except Exception as error:  # noqa: BLE001 - handed to the one who submitted the write
            return task, None, error
