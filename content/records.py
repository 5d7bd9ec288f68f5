"""SQL records: one metadata, one naming convention, engines, and the group-committing writer.

Tables live with their room (`content.tables`, `artwork.tables`); every one carries `tenant`.
SQLite in WAL mode by default, Postgres by URL; the same tables on both.
"""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from content.compiled import named
from content.outages import away, outcome_unknown

T = TypeVar("T")
_BUSY_MS = 30_000
_CHECKPOINT_WAIT_MS = 100
_CHECKPOINT_TRIES = 10
_CONNECT_S = 5
"""How long an answer is waited for where Postgres should be; by itself libpq waits for minutes."""

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
    hide the parameters of their statement, because they are logged. A `connect_timeout` of the URL
    or PGCONNECT_TIMEOUT replaces ours.
    """
    engine = sa.create_engine(
        url,
        connect_args=_patience(sa.make_url(url)),
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


def _patience(url: sa.URL) -> dict[str, Any]:
    told = "connect_timeout" in url.query or "PGCONNECT_TIMEOUT" in os.environ
    if told or url.get_backend_name() != "postgresql":
        return {}
    return {"connect_timeout": _CONNECT_S}


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


class Kept:
    """A connection of one user at a time, kept from transaction to transaction.

    On SQLite, where a pool's lending and taking back costs several times what the database needs
    for a row. On Postgres, where connections break, each transaction has one of the pool.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._kept: sa.Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction: committed, or undone where anything is raised."""
        if self._engine.dialect.name != "sqlite":
            with self._engine.begin() as connection:
                yield connection
            return
        if self._kept is None:
            self._kept = self._engine.connect()
        try:
            with self._kept.begin():
                yield self._kept
        except BaseException:
            self.close()  # whatever state it is in
            raise

    def close(self) -> None:
        """Give the connection back; the next transaction takes another."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


@dataclass(slots=True)
class _Task:
    run: Callable[[sa.Connection], Any]
    future: "Future[Any]"


_Outcome = tuple[_Task, Any, Exception | None]


class Signs(Protocol):
    """`content.receipts.Receipts`: tells of a commit that was not answered whether it was kept."""

    def sign(self, connection: sa.Connection) -> int: ...
    def kept(self, number: int) -> bool | None: ...


class Writer:
    """Group commit: many small writes from many requests, one transaction for each batch.

    When a write raises, it alone is undone: the others of its batch are run again, so a write
    must have no effect but on the connection. A future is resolved only after the commit, so
    whoever has its answer has it durably. Writes are applied in the order of `submit` and `write`.

    With `receipts`, which Postgres alone needs, a COMMIT that was not answered counts as what it
    was; `OutcomeUnknown` is raised where that cannot be found out.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        batch: int = 512,
        capacity: int = 20_000,
        receipts: Signs | None = None,
    ) -> None:
        self._connection = Kept(writing(engine))
        self._ambiguous = engine.dialect.name != "sqlite"
        self._receipts = receipts if self._ambiguous else None
        self._batch, self._capacity = batch, capacity
        self._queued: deque[_Task] = deque()
        self._closing = False
        guard = threading.Lock()  # of the three above
        self._news, self._room = threading.Condition(guard), threading.Condition(guard)
        self._turn = threading.Lock()
        """Of whoever takes from the queue and commits."""
        self._thread = threading.Thread(target=self._loop, name="keyart-writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[sa.Connection], T]) -> "Future[T]":
        """Queue `run(connection)`; its result once committed. Blocks when the queue is full."""
        future: Future[T] = Future()
        with self._room:
            self._room.wait_for(lambda: len(self._queued) < self._capacity)
            self._queued.append(_Task(run, future))
            self._news.notify()
        return future

    def write(
        self, run: Callable[[sa.Connection], T], then: "Callable[[Future[T]], None]"
    ) -> "Future[T]":
        """As `submit` with the callback `then`, done in this thread, behind what is queued: for
        one whose writes are many already, and who would only wait.

        Neither `run` nor any callback may call it.
        """
        future: Future[T] = Future()
        future.add_done_callback(then)
        with self._turn:
            while queued := self._take():
                self._commit(queued)
            self._commit([_Task(run, future)])
        return future

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join()
        with self._turn:
            self._connection.close()

    def _loop(self) -> None:
        while self._awaited():
            with self._turn:  # taken before the tasks are: nobody's `write` may overtake them
                if tasks := self._take():
                    self._commit(tasks)

    def _awaited(self) -> bool:
        """Wait for a task; False when there is none and there will be none."""
        with self._news:
            self._news.wait_for(lambda: self._queued or self._closing)
            return bool(self._queued)

    def _take(self) -> list[_Task]:
        with self._room:
            size = min(len(self._queued), self._batch)
            self._room.notify_all()
            return [self._queued.popleft() for _ in range(size)]

    def _commit(self, tasks: list[_Task]) -> None:
        # From here on nobody can cancel: what runs is committed and its future resolved.
        tasks = [task for task in tasks if task.future.set_running_or_notify_cancel()]
        try:
            outcomes = self._together(tasks)
            if outcomes is None:
                outcomes = self._apart(tasks)
        except Exception as error:  # noqa: BLE001 - else whoever waits would wait for ever
            # Not committed as a whole, or not known to be: nobody was answered that it was.
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
        with self._transaction() as connection:
            for task in tasks:
                try:
                    outcomes.append((task, task.run(connection), None))
                except Exception as error:  # noqa: BLE001 - handed to the one who submitted it
                    connection.rollback()
                    return [(task, None, error)] if len(tasks) == 1 else None
        return outcomes

    def _apart(self, tasks: list[_Task]) -> list[_Outcome]:
        with self._transaction() as connection:
            return [self._attempt(connection, task) for task in tasks]

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """Committed when it ends without an error, whatever became of the connection.

        Raises:
            OutcomeUnknown: `outcome_unknown`, when it may be committed, or not.
        """
        committing, number = False, None
        try:
            with self._connection.begin() as connection:
                yield connection
                if self._receipts is not None and connection.in_transaction():
                    number = self._receipts.sign(connection)
                committing = connection.in_transaction()
        except sa.exc.DBAPIError as error:
            if not (committing and self._ambiguous and away(error)):
                raise
            kept = None
            if self._receipts is not None and number is not None:
                kept = self._receipts.kept(number)
            if kept is None:
                raise outcome_unknown() from error
            if not kept:
                raise

    @staticmethod
    def _attempt(connection: sa.Connection, task: _Task) -> _Outcome:
        try:
            with connection.begin_nested():
                return task, task.run(connection), None
        except Exception as error:  # noqa: BLE001 - handed to the one who submitted the write
            return task, None, error
