"""What was watched before its title had pictures: it counts from when the title has them.

Such events are stored without features and their title is noted as waiting. Once it has pictures
one row of the ledger tells their mean, for all of the title's events before it that are without:
the events themselves stay as they were told, however many there are, the row names no viewer, and
a taste at any offset follows from the ledger's rows up to it.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from artwork.choice.belief.sums import I16
from artwork.choice.record.decisions import Scope
from artwork.choice.record.ledger import Appended, head, insert_new, take_seqs
from artwork.tables import image_groups, late_features, waiting_titles
from content.tables import titles


def note_waiting(connection: sa.Connection, tenant: str, title_ids: Iterable[str]) -> None:
    """Note titles of which events were stored without features. Behind `take_seqs`: whoever tells
    their features at the same time does so before these events, or after them."""
    rows = [{"tenant": tenant, "title_id": each} for each in dict.fromkeys(title_ids)]
    insert_new(connection, waiting_titles, rows)


def pictured(connection: sa.Connection, tenant: str, limit: int) -> dict[str, int]:
    """Titles that wait and have pictures by now, with the version that has them; in order of their
    ids, `limit` at most."""
    w, t, g = waiting_titles.c, titles.c, image_groups.c
    shown = sa.exists().where(g.tenant == t.tenant, g.title_id == t.id, g.version == t.version)
    query = (
        sa.select(w.title_id, t.version)
        .join(titles, (t.tenant == w.tenant) & (t.id == w.title_id))
        .where(w.tenant == tenant, shown)
        .order_by(w.title_id)
        .limit(limit)
    )
    return {row.title_id: row.version for row in connection.execute(query)}


def append_late(
    connection: sa.Connection, scope: Scope, means: Mapping[str, I16]
) -> Appended | None:
    """Append what the events of titles that wait look like, for those that still wait.

    Args:
        means: by title the mean (33,) of its pictures' descriptors in the scope's feature set.
    """
    head(connection, scope.tenant, lock=True)  # nobody stores an event, or tells this, meanwhile
    w, late = waiting_titles.c, late_features.c
    mine = (w.tenant == scope.tenant, w.title_id.in_(list(means)))
    waiting = list(connection.scalars(sa.select(w.title_id).where(*mine).order_by(w.title_id)))
    if not waiting:
        return None
    told = dict(
        connection.execute(
            sa.select(late.title_id, sa.func.max(late.seq))
            .where(late.tenant == scope.tenant, late.title_id.in_(waiting))
            .group_by(late.title_id)
        ).all()
    )
    first = take_seqs(connection, scope.tenant, len(waiting))
    rows = [
        late_row(scope, seq, title_id, told.get(title_id, 0), means[title_id])
        for seq, title_id in enumerate(waiting, first)
    ]
    connection.execute(late_features.insert(), rows)
    connection.execute(sa.delete(waiting_titles).where(*mine))
    return Appended(first, first + len(rows) - 1, ())


def told_within(connection: sa.Connection, scope: Scope, after: int, upto: int) -> list[int]:
    """The seqs `after < seq <= upto` at which features were told in this feature set."""
    c = late_features.c
    mine = (c.tenant == scope.tenant, c.feature_set == scope.feature_set)
    return list(connection.scalars(sa.select(c.seq).where(*mine, c.seq > after, c.seq <= upto)))


def late_row(
    scope: Scope, seq: int, title_id: str, after: int, mean: I16, *, anew: bool = False
) -> dict[str, object]:
    """A row of `late_features`: of the title's events `after < seq < this`."""
    return {
        "tenant": scope.tenant,
        "seq": seq,
        "feature_set": scope.feature_set,
        "title_id": title_id,
        "after": after,
        "anew": anew,
        "features": mean.astype("<i2").tobytes(),
    }
