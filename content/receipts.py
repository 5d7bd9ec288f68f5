"""Receipts of commits: was a transaction kept whose COMMIT was never answered?

Every batch of a `Writer` on Postgres puts its number into the writer's own row, in the same
transaction; where the connection breaks while it commits, that row tells. Postgres' own
`pg_xact_status` would not do: after a crash it gives ids of transactions that left no trace out
again, to others. SQLite needs none of this: a COMMIT that raises there has kept nothing.
"""

import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from content.ids import DEFAULT_TENANT, new_id, now_us
from content.outages import DatabaseError, away
from content.tables import writer_receipts

PATIENCE_S = 5.0
"""How long a database that broke off is asked again: a restart takes about two seconds."""
_PAUSE_S = 0.1
_LOCK_WAIT_MS = 1_000
_KEPT_US = 7 * 86_400_000_000
"""Rows of writers that have written nothing for so long go."""


class Receipts:
    """Of one writer, on a Postgres."""

    def __init__(
        self,
        engine: sa.Engine,
        tenant: str = DEFAULT_TENANT,
        *,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], int] = now_us,
    ) -> None:
        self._engine, self._tenant, self._clock = engine, tenant, clock
        self._patience_s = patience_s
        self._writer = new_id()
        self._number = 0
        r = writer_receipts.c
        self._mine = sa.and_(r.tenant == tenant, r.writer == self._writer)

    def sign(self, connection: sa.Connection) -> int:
        """Put the next number, which is returned, into what this transaction will have kept."""
        self._number += 1
        if self._number == 1:
            self._sweep(connection)
        row = self._row(self._number)
        new = {"number": self._number, "at_us": row["at_us"]}
        insert = postgresql.insert(writer_receipts).values(row)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["tenant", "writer"], set_=new)
        )
        return self._number

    def kept(self, number: int) -> bool | None:
        """Whether the transaction that signed with this number, the writer's last, was committed;
        None when the database does not tell in time."""
        ends = time.monotonic() + self._patience_s
        while True:
            try:
                return self._found() == number
            except DatabaseError as error:
                if not away(error) or time.monotonic() >= ends:
                    return None
            time.sleep(_PAUSE_S)

    def _found(self) -> int:
        """The number that was kept last. Waits for a transaction that may yet come to an end: for
        one that makes the row by inserting it, for one that changes it by locking it."""
        made = postgresql.insert(writer_receipts).values(self._row(0)).on_conflict_do_nothing()
        locked = sa.select(writer_receipts.c.number).where(self._mine).with_for_update()
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}")
            connection.execute(made)
            return int(connection.execute(locked).scalar_one())

    def _row(self, number: int) -> dict[str, object]:
        mine = {"tenant": self._tenant, "writer": self._writer}
        return {**mine, "number": number, "at_us": self._clock()}

    def _sweep(self, connection: sa.Connection) -> None:
        r = writer_receipts.c
        old = (r.tenant == self._tenant) & (r.at_us < self._clock() - _KEPT_US)
        connection.execute(sa.delete(writer_receipts).where(old))
