"""What a mode has come to since it began: counted from the ledger as it grows.

Rows that are taken away (`record.marks`) make it count anew from the beginning of the mode.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import msgpack
import numpy as np
import sqlalchemy as sa

from artwork.choice.modes.sequential import BUCKETS, I64, Side
from artwork.choice.record.ledger import head
from artwork.choice.record.marks import last_mark
from artwork.choice.record.ways import CONTROL, POLICY
from artwork.tables import decisions, impressions, mode_tallies, rewards

SPAN = 5_000
"""Rows of the ledger read at once."""


@dataclass(slots=True)
class Tally:
    """Of the decisions made since the `n`-th change of the mode, rows `since < seq <= seq`.

    Sides (`policy`, `control`) count shown decisions of known viewers alone: only they are divided
    by chance.
    """

    n: int
    since: int
    seq: int
    compared: int = 0
    """Decisions of the incumbent that were compared with the policy's choice."""
    agreeing: int = 0
    sums: I64 = field(default_factory=lambda: np.zeros((2, 3, BUCKETS), np.int64))
    """(policy, control) × (n, r, q) × bucket."""

    @property
    def policy(self) -> Side:
        return Side(*self.sums[0])

    @property
    def control(self) -> Side:
        return Side(*self.sums[1])

    def catch_up(self, connection: sa.Connection, tenant: str) -> None:
        """Count what the ledger holds beyond `seq`."""
        upto = head(connection, tenant)
        if last_mark(connection, tenant, after=self.seq, upto=upto):
            self.seq, self.compared, self.agreeing = self.since, 0, 0
            self.sums = np.zeros_like(self.sums)
        for low in range(self.seq, upto, SPAN):
            values = {"tenant": tenant, "since": self.since, "low": low}
            values["high"] = min(low + SPAN, upto)
            self._count(connection, values)
        self.seq = max(self.seq, upto)

    def _count(self, connection: sa.Connection, values: dict[str, Any]) -> None:
        compared, agreeing = connection.execute(_COMPARED, values).one()
        self.compared += compared
        self.agreeing += agreeing or 0
        for viewer, way in connection.execute(_SHOWN, values):
            self.sums[_place(viewer, way, 0)] += 1
        for viewer, way, before, after in connection.execute(_EARNED, values):
            self.sums[_place(viewer, way, 1)] += after - before
            self.sums[_place(viewer, way, 2)] += after * after - before * before

    def copy(self) -> "Tally":
        return replace(self, sums=self.sums.copy())

    def packed(self) -> bytes:
        return bytes(
            msgpack.packb([self.compared, self.agreeing, self.sums.astype("<i8").tobytes()])
        )


def _place(viewer: bytes, way: int | None, what: int) -> tuple[int, int, int]:
    # Not of the bytes that say who is in the control: buckets are alike on both sides.
    return int(way == CONTROL), what, viewer[15] % BUCKETS


def load_tally(connection: sa.Connection, tenant: str, n: int, since: int) -> Tally:
    """As it was kept; an empty one where it is of another change, or none was."""
    c = mode_tallies.c
    row = connection.execute(sa.select(c.seq, c.data).where(c.tenant == tenant, c.n == n)).first()
    if row is None:
        return Tally(n, since, since)
    compared, agreeing, sums = msgpack.unpackb(row.data)
    found = np.frombuffer(sums, "<i8").astype(np.int64).reshape(2, 3, BUCKETS)
    return Tally(n, since, row.seq, compared, agreeing, found)


def save_tally(connection: sa.Connection, tenant: str, n: int, seq: int, data: bytes) -> None:
    """Keep it in place of the one before."""
    connection.execute(sa.delete(mode_tallies).where(mode_tallies.c.tenant == tenant))
    row = {"tenant": tenant, "n": n, "seq": seq, "data": data}
    connection.execute(mode_tallies.insert(), row)


_D = decisions.c
_DIVIDED = (
    _D.viewer.is_not(None),
    sa.or_(_D.way.is_(None), _D.way.in_((*POLICY, CONTROL))),
    _D.seq > sa.bindparam("since"),
)
_COMPARED = sa.select(sa.func.count(), sa.func.sum(sa.case((_D.agrees, 1), else_=0))).where(
    _D.tenant == sa.bindparam("tenant"),
    _D.seq > sa.bindparam("low"),
    _D.seq <= sa.bindparam("high"),
    _D.agrees.is_not(None),
)


def _of(table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    joined = table.join(decisions, (_D.tenant == table.c.tenant) & (_D.id == table.c.decision_id))
    return (
        sa.select(_D.viewer, _D.way, *columns)
        .select_from(joined)
        .where(
            table.c.tenant == sa.bindparam("tenant"),
            table.c.seq > sa.bindparam("low"),
            table.c.seq <= sa.bindparam("high"),
            *_DIVIDED,
        )
    )


_SHOWN = _of(impressions).where(impressions.c.first)
_EARNED = _of(rewards, rewards.c.before, rewards.c.after).where(rewards.c.before != rewards.c.after)
