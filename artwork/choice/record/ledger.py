"""The ledger: every decision, showing, reward and watch event, append-only, in one total order.

A row's `seq` is given out inside the transaction that writes it, from one row per tenant that stays
locked until the commit: the order of seqs is the order of commits, on SQLite and on Postgres. They
are dense but for rows that were taken away (`people.removal`). What was learned at an
offset is a pure function of the rows up to it (`entries`) and of the last mark among them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from artwork.choice.belief.packing import unpacked
from artwork.choice.belief.sums import I16
from artwork.choice.record.decisions import (
    Decision,
    OfferedArms,
    Scope,
    decision_row,
    learned_x,
    load,
    offer_arms,
)
from artwork.tables import (
    decision_features,
    decisions,
    impressions,
    ledger_heads,
    picture_features,
    rewards,
)
from content.compiled import Compiled

_SPAN = 5_000
"""Seqs read at once by `entries`."""
_IDS = 500
"""Decisions read at once by `entries_of`."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One thing to learn: a decision was activated (`before` is None) or its reward changed."""

    seq: int
    title_id: str
    group_id: str
    x: I16
    before: int | None
    after: int
    decided_us: int = 0

    @classmethod
    def of(
        cls,
        seq: int,
        decision: Decision,
        group_id: str,
        x: I16,
        change: tuple[int | None, int] = (None, 0),
    ) -> "Entry":
        """Of a decision, with the features `x` (d,) it is learned with; `change`: before, after."""
        return cls(seq, decision.title_id, group_id, x, *change, decision.decided_us)


@dataclass(frozen=True, slots=True, eq=False)
class Appended:
    """Rows `(first, last)` of the ledger, inclusive, and what is to be learned of them.

    With `removed` the one row is a mark, and the entries, from before it, are to be unlearned.
    """

    first: int
    last: int
    entries: Sequence[Entry]
    removed: bool = False


def head(connection: sa.Connection, tenant: str, *, lock: bool = False) -> int:
    """The last seq given out; 0 for an empty ledger. With `lock` it stays so until the commit."""
    query = sa.select(ledger_heads.c.seq).where(ledger_heads.c.tenant == tenant)
    return int(connection.scalar(query.with_for_update() if lock else query) or 0)


def take_seqs(connection: sa.Connection, tenant: str, count: int) -> int:
    """Give out `count` seqs; the first of them."""
    step = {"of": tenant, "count": count}
    moved = _ADVANCE.all(connection, step)
    if not moved:
        insert_new(connection, ledger_heads, [{"tenant": tenant, "seq": 0}])
        moved = _ADVANCE.all(connection, step)
    return int(moved[0][0]) - count + 1


_ADVANCE = Compiled(
    sa.update(ledger_heads)
    .where(ledger_heads.c.tenant == sa.bindparam("of"))
    .values(seq=ledger_heads.c.seq + sa.bindparam("count"))
    .returning(ledger_heads.c.seq)
)
_DECISION = Compiled(decisions.insert(), keys=decisions.c.keys())
_IMPRESSION = Compiled(impressions.insert(), keys=impressions.c.keys())


def insert_new(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the rows whose primary key is not there yet; the others stay as they are."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


def insert_beside(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    of: sa.Table,
) -> None:
    """As `insert_new`, of the rows alone whose seq is one of `of` yet: others were taken away since
    they were read. Those that are there stay until the commit."""
    if not rows:
        return
    c, seqs = of.c, [row["seq"] for row in rows]
    there = sa.select(c.seq).where(c.tenant == rows[0]["tenant"], c.seq.in_(seqs))
    found = set(connection.scalars(there.with_for_update(read=True, key_share=True)))
    insert_new(connection, table, [row for row in rows if row["seq"] in found])


def save_features(
    connection: sa.Connection, scope: Scope, found: Mapping[str, tuple[str, I16]]
) -> None:
    """Freeze the descriptors of pictures: group → (title, descriptor)."""
    rows = [
        {
            "tenant": scope.tenant,
            "feature_set": scope.feature_set,
            "group_id": group,
            "title_id": title,
            "data": data.astype("<i2").tobytes(),
        }
        for group, (title, data) in found.items()
    ]
    insert_new(connection, picture_features, rows)


def append_decisions(
    connection: sa.Connection,
    scope: Scope,
    made: Sequence[tuple[Decision, str]],
    shown: Sequence[str],
    at_us: int,
) -> Appended:
    """Append decisions (each with its chosen group) and further showings of earlier ones.

    A decision that is not deferred is shown at once: its impression follows it.

    Args:
        shown: ids of decisions stored before, or among `made`.
    """
    now = [(decision, group) for decision, group in made if not decision.deferred]
    first = seq = take_seqs(connection, scope.tenant, len(made) + len(now) + len(shown))
    rows = []
    for decision, _ in made:
        rows.append(decision_row(scope.tenant, seq, decision))
        seq += 1
    if rows:
        _DECISION.insert(connection, rows)
    learned, showings = [], []
    for decision, group in now:
        learned.append(Entry.of(seq, decision, group, decision.x))
        showings.append(showing(scope.tenant, seq, decision.id, True, at_us))
        seq += 1
    save_showings(connection, showings)
    if shown:
        learned += append_showings(connection, scope, shown, seq=seq, at_us=at_us)
    return Appended(first, seq + len(shown) - 1, learned)


def append_showings(
    connection: sa.Connection,
    scope: Scope,
    shown: Sequence[str],
    *,
    seq: int,
    at_us: int,
) -> list[Entry]:
    """Append showings from `seq` on; the first showing of a decision activates it.

    What was decided with other features is learned with those made of it anew, if there are any. A
    decision that another process took away meanwhile is passed over.
    """
    active = activated(connection, scope.tenant, shown)
    fresh = [decision_id for decision_id in dict.fromkeys(shown) if decision_id not in active]
    found = load(connection, scope.tenant, fresh) if fresh else {}
    xs = learned_x(connection, scope, [decision for decision, _ in found.values()])
    learned, rows = [], []
    for at, decision_id in enumerate(shown, seq):
        first = decision_id not in active
        if first and decision_id not in found:
            continue
        rows.append(showing(scope.tenant, at, decision_id, first, at_us))
        if first:
            active.add(decision_id)
            decision, arms = found[decision_id]
            if decision_id in xs:
                group = arms.groups[decision.chosen]
                learned.append(Entry.of(at, decision, group, xs[decision_id]))
    save_showings(connection, rows)
    return learned


def activated(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> set[str]:
    """Which of these decisions were shown to somebody."""
    i = impressions.c
    query = sa.select(i.decision_id).where(i.tenant == tenant, i.decision_id.in_(ids)).distinct()
    return set(connection.scalars(query))


def entries(connection: sa.Connection, scope: Scope, after: int, upto: int) -> Iterator[Entry]:
    """What is to be learned of the rows `after < seq <= upto`, in order."""
    offered: dict[str, OfferedArms] = {}
    for low in range(after, upto, _SPAN):
        high = min(low + _SPAN, upto)
        span = {"low": low, "high": high}
        yield from _read(connection, scope, _SPANS, span, offered)


def entries_of(
    connection: sa.Connection, scope: Scope, chosen: sa.ColumnElement[bool]
) -> list[Entry]:
    """What was to be learned of the chosen decisions, in order."""
    d = decisions.c
    ids = connection.scalars(sa.select(d.id).where(d.tenant == scope.tenant, chosen)).all()
    found = []
    for start in range(0, len(ids), _IDS):
        # By id: a planner without statistics would rather go through all rows of the ledger.
        some = {"ids": ids[start : start + _IDS]}
        found += _read(connection, scope, _BY_ID, some, {})
    return sorted(found, key=lambda entry: entry.seq)


def _read(
    connection: sa.Connection,
    scope: Scope,
    queries: Sequence[sa.Select[Any]],
    bounds: Mapping[str, Any],
    offered: dict[str, OfferedArms],
) -> list[Entry]:
    values = {"tenant": scope.tenant, "set": scope.feature_set, **bounds}
    found = []
    for query in queries:
        for seq, title, offer, chosen, at, x, before, after_ in connection.execute(query, values):
            if offer not in offered:
                offered[offer] = offer_arms(connection, scope.tenant, offer)
            group = offered[offer].groups[chosen]
            found.append(Entry(seq, title, group, unpacked(x), before, after_, at))
    return sorted(found, key=lambda entry: entry.seq)


def _learned(
    table: sa.Table, condition: sa.ColumnElement[bool], *columns: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    d, f = decisions.c, decision_features.c
    ours = d.feature_set == sa.bindparam("set")
    anew = sa.and_(
        f.tenant == d.tenant, f.seq == d.seq, f.feature_set == sa.bindparam("set"), sa.not_(ours)
    )
    x = sa.case((ours, d.x), else_=f.data)
    decided = (d.tenant == table.c.tenant) & (d.id == table.c.decision_id)
    return (
        sa.select(table.c.seq, d.title_id, d.offer_id, d.chosen, d.decided_us, x, *columns)
        .select_from(table.join(decisions, decided).outerjoin(decision_features, anew))
        .where(
            table.c.tenant == sa.bindparam("tenant"),
            sa.or_(ours, f.data.is_not(None)),
            condition,
        )
    )


_ACTIVATIONS = _learned(
    impressions, impressions.c.first, sa.null().label("before"), sa.literal(0).label("after")
)
_EARNINGS = _learned(
    rewards, rewards.c.before != rewards.c.after, rewards.c.before, rewards.c.after
)
_TWO = ((_ACTIVATIONS, impressions), (_EARNINGS, rewards))
_SPANS = [
    query.where(table.c.seq > sa.bindparam("low"), table.c.seq <= sa.bindparam("high"))
    for query, table in _TWO
]
_BY_ID = [
    query.where(table.c.decision_id.in_(sa.bindparam("ids", expanding=True)))
    for query, table in _TWO
]


def save_showings(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows that `showing` made, if there are any."""
    if rows:
        _IMPRESSION.insert(connection, rows)


def showing(tenant: str, seq: int, decision_id: str, first: bool, at_us: int) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "seq": seq,
        "decision_id": decision_id,
        "first": first,
        "shown_us": at_us,
    }
