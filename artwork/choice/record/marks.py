"""Marks of the ledger: where rows before them were taken away.

What was learned up to a mark is what the rows that remain teach: the posterior is made anew from
the sums at the mark or, where that was done beside the choices, at an earlier row, its `base`; the
rows since are learned one by one. So the state after it does not depend on how what was taken away
had been learned, and a decision from before the newest mark cannot be computed again.

Where somebody was forgotten of whom nothing was held the mark is `unmet`: it keeps the certificate,
and nothing else comes of it.
"""

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa

from artwork.tables import ledger_marks

Kind = Literal["forgotten", "expired", "unmet"]
_SWEEP_US = 12 * 3600 * 1_000_000
"""Removals for age that lie no further apart are one sweep: there is one a day."""
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
    """Mark the ledger at `seq`.

    Of what was taken away for its age only the newest mark stays, and of each day's watch events
    the last: what was fitted to them has to know since when some are missing (`watches_gone`).
    """
    if kind == "expired":
        since_us = at_us - _SWEEP_US if _watches(data) else None
        _drop_superseded(connection, tenant, since_us)
    row = {"tenant": tenant, "seq": seq, "kind": kind, "at_us": at_us, "data": dict(data)}
    connection.execute(ledger_marks.insert(), row)


def _watches(data: Mapping[str, Any]) -> bool:
    return bool(data["removed"].get("watch_events"))


def _drop_superseded(connection: sa.Connection, tenant: str, since_us: int | None) -> None:
    """Delete the marks of age that took no watch events away; of the others those that are no
    older than `since_us`."""
    m = ledger_marks.c
    mine = (m.tenant == tenant, m.kind == "expired")
    rows = connection.execute(sa.select(m.seq, m.at_us, m.data).where(*mine)).all()
    gone = [
        row.seq
        for row in rows
        if not _watches(row.data) or (since_us is not None and row.at_us >= since_us)
    ]
    connection.execute(sa.delete(ledger_marks).where(*mine, m.seq.in_(gone)))


def last_mark(
    connection: sa.Connection, tenant: str, *, after: int = 0, upto: int | None = None
) -> int:
    """The newest mark with `after < seq <= upto` that took rows away; 0 where there is none."""
    m = ledger_marks.c
    query = sa.select(sa.func.max(m.seq)).where(m.tenant == tenant, m.seq > after, _TOOK)
    if upto is not None:
        query = query.where(m.seq <= upto)
    return int(connection.scalar(query) or 0)


def last_removal(
    connection: sa.Connection, tenant: str, *, after: int, upto: int
) -> tuple[int, int] | None:
    """As `last_mark`, with its base; None where there is none."""
    seq = last_mark(connection, tenant, after=after, upto=upto)
    if not seq:
        return None
    m = ledger_marks.c
    data = connection.scalar(sa.select(m.data).where(m.tenant == tenant, m.seq == seq))
    return seq, int((data or {}).get("base", seq))


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
    return next((row.at_us for row in rows if _watches(row.data)), None)


def last_time(connection: sa.Connection, tenant: str, kind: Kind) -> int:
    """When rows were last taken away, in µs UTC; 0 for never."""
    m = ledger_marks.c
    query = sa.select(m.at_us).where(m.tenant == tenant, m.kind == kind)
    return int(connection.scalar(query.order_by(m.seq.desc()).limit(1)) or 0)


def applied(connection: sa.Connection, tenant: str) -> dict[str, tuple[int, dict[str, int]]]:
    """The certificates that this database knows: id → (seq of the mark, rows removed by table)."""
    m = ledger_marks.c
    rows = connection.execute(
        sa.select(m.seq, m.data).where(m.tenant == tenant, m.kind.in_(("forgotten", "unmet")))
    )
    return {row.data["certificate"]: (row.seq, row.data["removed"]) for row in rows}
