"""Marks of the ledger: where rows before them were taken away.

What was learned up to a mark is what the rows that remain teach: there the posterior is made anew
from the sums. So the state after it does not depend on how what was taken away had been learned,
and a decision from before the newest mark cannot be computed again.

Where somebody was forgotten of whom nothing was held the mark is `unmet`: it keeps the certificate,
and nothing else comes of it.
"""

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa

from artwork.tables import ledger_marks

Kind = Literal["forgotten", "expired", "unmet"]
_TOOK = ledger_marks.c.kind != "unmet"


def add_mark(
    connection: sa.Connection,
    tenant: str,
    seq: int,
    kind: Kind,
    *,
    at_us: int,
    data: Mapping[str, Any],
) -> None:
    """Mark the ledger at `seq`; of what was taken away for its age only the newest mark stays."""
    m = ledger_marks.c
    if kind == "expired":
        connection.execute(sa.delete(ledger_marks).where(m.tenant == tenant, m.kind == kind))
    row = {"tenant": tenant, "seq": seq, "kind": kind, "at_us": at_us, "data": dict(data)}
    connection.execute(ledger_marks.insert(), row)


def last_mark(
    connection: sa.Connection, tenant: str, *, after: int = 0, upto: int | None = None
) -> int:
    """The newest mark with `after < seq <= upto` that took rows away; 0 where there is none."""
    m = ledger_marks.c
    query = sa.select(sa.func.max(m.seq)).where(m.tenant == tenant, m.seq > after, _TOOK)
    if upto is not None:
        query = query.where(m.seq <= upto)
    return int(connection.scalar(query) or 0)


def removals_within(connection: sa.Connection, tenant: str, after: int, upto: int) -> list[int]:
    """The seqs of the marks with `after < seq <= upto` that took rows away, in order."""
    m = ledger_marks.c
    mine = (m.tenant == tenant, m.seq > after, m.seq <= upto, _TOOK)
    return list(connection.scalars(sa.select(m.seq).where(*mine).order_by(m.seq)))


def watches_gone(connection: sa.Connection, tenant: str, after: int) -> int | None:
    """When watch events that are no later than seq `after` were first taken away, in µs UTC; None
    where all of them are still there."""
    m = ledger_marks.c
    rows = connection.execute(
        sa.select(m.at_us, m.data).where(m.tenant == tenant, m.seq > after).order_by(m.seq)
    )
    return next((row.at_us for row in rows if row.data["removed"].get("watch_events")), None)


def last_time(connection: sa.Connection, tenant: str, kind: Kind) -> int:
    """When rows were last taken away, in µs UTC; 0 for never."""
    m = ledger_marks.c
    query = sa.select(sa.func.max(m.at_us)).where(m.tenant == tenant, m.kind == kind)
    return int(connection.scalar(query) or 0)


def applied(connection: sa.Connection, tenant: str) -> dict[str, tuple[int, dict[str, int]]]:
    """The certificates that this database knows: id → (seq of the mark, rows removed by table)."""
    m = ledger_marks.c
    rows = connection.execute(
        sa.select(m.seq, m.data).where(m.tenant == tenant, m.kind.in_(("forgotten", "unmet")))
    )
    return {row.data["certificate"]: (row.seq, row.data["removed"]) for row in rows}
