"""Feature sets that were left: what was made for them goes once nothing needs it.

What others' rows are in such a set's features is needed to compute decisions again that were made
with it, and if whoever chooses goes back to it (a rollback). Where it goes back later all the same,
the rows are made anew.
"""

import sqlalchemy as sa

from artwork.choice.record.decisions import Scope
from artwork.choice.record.feature_sets import in_use
from artwork.choice.record.marks import last_mark
from artwork.choice.record.ways import code_of
from artwork.tables import (
    checkpoints,
    decision_features,
    decisions,
    feature_sets,
    folds,
    late_features,
    watch_features,
)

KEPT_US = 7 * 24 * 3600 * 1_000_000
"""So long after a set was left it may be gone back to without making its rows anew."""
SPAN = 5_000
"""Seqs of which features are deleted at once."""
_FROZEN = code_of("freeze")


def not_needed(connection: sa.Connection, scope: Scope, now_us: int) -> list[str]:
    """Sets that were left long ago and of whose decisions none can be computed again, with rows
    that were made for them. `scope` is the one in use."""
    f, tenant = feature_sets.c, scope.tenant
    used = {scope.feature_set, in_use(connection, tenant) or scope.feature_set}
    others = connection.scalars(
        sa.select(f.feature_set).where(
            f.tenant == tenant, f.refolded > 0, f.ready_us.is_(None), f.feature_set.not_in(used)
        )
    )
    return [
        name
        for name in others.all()
        if (left_us := _left_us(connection, tenant, name)) is not None
        and left_us < now_us - KEPT_US
        and not _computable(connection, tenant, name)
    ]


def _left_us(connection: sa.Connection, tenant: str, name: str) -> int | None:
    """When another set took the place of this one for the last time, in µs UTC; None for one that
    was never followed."""
    f = folds.c
    mine = sa.select(sa.func.max(f.seq)).where(f.tenant == tenant, f.feature_set == name)
    return connection.scalar(
        sa.select(f.made_us)
        .where(f.tenant == tenant, f.feature_set != name, f.seq > mine.scalar_subquery())
        .order_by(f.seq)
        .limit(1)
    )


def _computable(connection: sa.Connection, tenant: str, name: str) -> bool:
    """Can any decision made with this set be computed again? Not where rows that it knew of were
    taken away since; one that was drawn from a frozen state knew those that were left."""
    d, removed = decisions.c, last_mark(connection, tenant)
    whole = sa.or_(d.ledger_offset >= removed, d.way == _FROZEN)
    mine = (d.tenant == tenant, d.feature_set == name, d.seq > removed, whole)
    return connection.execute(sa.select(d.seq).where(*mine).limit(1)).first() is not None


def drop_some(connection: sa.Connection, tenant: str, name: str) -> int:
    """Delete what was made for a set of the last `SPAN` seqs; up to which seq there is more.

    What is told of the set stays true at each step: it goes on from there if it is taken up again.
    One that was announced meanwhile is left alone.
    """
    f = feature_sets.c
    mine = (f.tenant == tenant) & (f.feature_set == name) & f.ready_us.is_(None)
    reached = connection.scalar(sa.select(f.refolded).where(mine).with_for_update())
    if not reached:
        return 0
    low = max(0, int(reached) - SPAN)
    for table in (decision_features, watch_features, late_features):
        c = table.c
        part = [c.tenant == tenant, c.feature_set == name, c.seq > low, c.seq <= reached + SPAN]
        if table is late_features:
            part.append(late_features.c.anew)  # others tell since when events count
        connection.execute(sa.delete(table).where(*part))
    c = checkpoints.c
    connection.execute(sa.delete(checkpoints).where(c.tenant == tenant, c.feature_set == name))
    connection.execute(sa.update(feature_sets).where(mine).values(refolded=low, left_out=0))
    return low
