"""Retention: rows that are too old go, and what they taught goes with them.

They are taken out as a forgotten viewer's are (`people.removal`), in bounded batches, each
a transaction. So what is learned is always what the ledger holds, and a viewer who asks to be
forgotten later leaves nothing behind that no row would account for.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from functools import partial

import sqlalchemy as sa
import structlog

from artwork.choice.learning.desk import Desk
from artwork.choice.people.removal import Removed, of_age, taken_out, without
from artwork.choice.record import left
from artwork.choice.record.commits import ledger_unavailable
from artwork.choice.record.horizons import DAY_US, Horizons
from artwork.choice.record.marks import last_time
from artwork.tables import decisions, impressions, watch_events
from content.records import overwrite_deleted

_log = structlog.get_logger("keyart.retention")

BATCH = 2_000
"""Rows of a table in one transaction."""
_LONGEST_US = 3600 * 1_000_000
"""A removal is taken to have begun at most so long before its newest batch."""
_BREATH_S = 0.1
"""Between two batches: requests are written meanwhile."""
_TIMES = {"decisions": ("expires_us", "decided_us"), "impressions": ("shown_us", "shown_us")}
"""By table from when a row's age counts, and when it was written; of others as it was received."""


class Retention:
    """The sweep over what is too old; safe to end and to begin again at any point."""

    def __init__(self, desk: Desk, horizons: Horizons, removing: Executor) -> None:
        """`removing` takes out one thing after the other."""
        self._desk, self._horizons, self._removing = desk, horizons, removing
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End a sweep after the batch under way; the next one goes on."""
        self._stopped.set()

    def due(self) -> bool:
        """Is something kept for a time only, and was the last removal a day ago, or cut short?

        Not more often, because a decision from before a removal cannot be computed again.
        """
        if self._horizons == Horizons():
            return False
        with self._desk.engine.connect() as connection:
            last = last_time(connection, self._desk.scope.tenant, "expired")
        since = self._desk.clock() - last
        # Less than nothing, by more than a day: that of a clock that was far ahead.
        return not -DAY_US <= since < DAY_US or self._cut_short(last)

    def _cut_short(self, last_us: int) -> bool:
        """Is anything left that was too old when that removal began, as after a kill?"""
        then = last_us - _LONGEST_US
        return any(next(self._old(table, then), []) for table in (decisions, watch_events))

    def tick(self) -> None:
        """A sweep, if one is due, and what was made for feature sets that nothing needs any more.

        Raises:
            Unavailable: as `sweep`, and `ledger_unavailable`.
        """
        try:
            if self.due():
                _log.info("removed for their age", **self.sweep())
            for name in self.drop_left():
                _log.info("features of a set that was left are deleted", feature_set=name)
        except sa.exc.SQLAlchemyError as error:
            raise ledger_unavailable() from error

    def sweep(self) -> dict[str, int]:
        """Remove all that is too old; the rows removed by table.

        Raises:
            SQLAlchemyError: the database refused; what was removed before stays so.
            Unavailable: `not_started`, `learning_stopped`.
        """
        now, total = self._desk.clock(), Counter[str]()
        showings = self._old(impressions, now, ~impressions.c.first)
        for seqs in showings:
            total["impressions"] += self._drop_showings([seq for seq, _ in seqs])
        made = self._old(decisions, now)
        watched = self._old(watch_events, now)
        while not self._stopped.is_set():
            ids = [decision_id for _, decision_id in next(made, [])]
            events = [seq for seq, _ in next(watched, [])]
            if not ids and not events:
                break
            total.update(self._removing.submit(self._take_out, ids, events).result().counts)
            self._stopped.wait(_BREATH_S)
        if total:
            overwrite_deleted(self._desk.engine)
        return dict(total)

    def drop_left(self) -> list[str]:
        """Delete what was made for feature sets that were left (`record.left`); their names."""
        desk, scope = self._desk, self._desk.scope
        with desk.engine.connect() as connection:
            names = left.not_needed(connection, scope, desk.clock())
        for name in names:
            write = partial(left.drop_some, tenant=scope.tenant, name=name)
            while not self._stopped.is_set():
                if not desk.commits.submit(write, lambda _: None).result():
                    break
                self._stopped.wait(_BREATH_S)
        return names

    def _old(
        self, table: sa.Table, now_us: int, *conditions: sa.ColumnElement[bool]
    ) -> Iterator[list[tuple[int, str]]]:
        """Batches of the oldest rows (seq, id) that are too old, until one holds none of them.

        Rows of a clock that was far ahead are passed over: those behind them may be old.
        """
        before = self._horizons.before(table.name, now_us)
        ahead = self._desk.clock() + DAY_US
        age, made = _TIMES.get(table.name, ("received_us", "received_us"))
        name = table.c.get("id", table.c.seq)
        after, found = -1, before > 0
        while found and not self._stopped.is_set():
            query = (
                sa.select(table.c.seq, name, table.c[age], table.c[made])
                .where(table.c.tenant == self._desk.scope.tenant, table.c.seq > after, *conditions)
                .order_by(table.c.seq)
                .limit(BATCH)
            )
            with self._desk.engine.connect() as connection:
                rows = connection.execute(query).all()
            old = [(row[0], row[1]) for row in rows if row[2] < before]
            found = bool(old) or any(row[3] > ahead for row in rows)
            if found:
                after = rows[-1][0]
            if old:
                yield old

    def _drop_showings(self, seqs: list[int]) -> int:
        """Repeated showings teach nothing: no mark is needed."""
        i, tenant = impressions.c, self._desk.scope.tenant
        query = sa.delete(impressions).where(i.tenant == tenant, i.seq.in_(seqs), ~i.first)

        def write(connection: sa.Connection) -> int:
            return connection.execute(query).rowcount

        return self._desk.commits.submit(write, lambda _: None).result()

    def _take_out(self, decision_ids: list[str], watched: list[int]) -> Removed:
        desk, doomed = self._desk, of_age(decision_ids, watched)
        ready = without(desk, doomed)

        def work() -> Removed:
            also = desk.tastes.clear
            return taken_out(desk, doomed, ready, kind="expired", also=also).result()

        return desk.thread.submit(work).result()
