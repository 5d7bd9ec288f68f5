"""Rows taken out of the ledger, with all that they taught: one transaction, all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import cleanse_checkpoints
from artwork.choice.record.decisions import Scope
from artwork.choice.record.ledger import Appended, entries_of, take_seqs
from artwork.choice.record.marks import Kind, add_mark
from artwork.tables import decisions, impressions, rewards, watch_events

NOTHING: sa.ColumnElement[bool] = sa.false()


@dataclass(frozen=True, slots=True)
class Doomed:
    """Which rows are to go: conditions on `decisions` (what hangs on them goes too) and on
    `watch_events`."""

    decisions: sa.ColumnElement[bool] = NOTHING
    watched: sa.ColumnElement[bool] = NOTHING


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out: `counts` of rows by table; `appended` tells the learner."""

    counts: dict[str, int]
    appended: Appended

    @property
    def mark(self) -> int:
        return self.appended.last


def of_viewer(viewer: bytes, *, upto: int | None = None, before_us: int = 0) -> Doomed:
    """All of one viewer or, with `upto`, what is no later than that seq or that time."""
    d, w = decisions.c, watch_events.c
    if upto is None:
        return Doomed(d.viewer == viewer, w.viewer == viewer)
    return Doomed(
        (d.viewer == viewer) & ((d.seq <= upto) | (d.decided_us <= before_us)),
        (w.viewer == viewer) & ((w.seq <= upto) | (w.received_us <= before_us)),
    )


def of_age(decision_ids: Sequence[str], watched_seqs: Sequence[int]) -> Doomed:
    return Doomed(decisions.c.id.in_(decision_ids), watch_events.c.seq.in_(watched_seqs))


def take_out(
    connection: sa.Connection,
    scope: Scope,
    parameters: Hyperparameters,
    doomed: Doomed,
    *,
    kind: Kind,
    at_us: int,
    certificate: str | None = None,
) -> Removed:
    """Delete the doomed rows, mark the ledger, and take what they taught out of the checkpoints.

    Whoever is forgotten and was never met leaves a mark that nothing comes of.
    """
    mark = take_seqs(connection, scope.tenant, 1)  # first: from here on nobody else appends
    gone = entries_of(connection, scope, doomed.decisions)
    counts = _delete(connection, scope.tenant, doomed)
    if counts["decisions"]:
        cleanse_checkpoints(connection, scope, parameters, gone, at_us)
    if kind == "forgotten" and not any(counts.values()):
        kind = "unmet"
    data = {"removed": counts} if certificate is None else _data(certificate, counts)
    add_mark(connection, scope.tenant, mark, kind, at_us=at_us, data=data)
    return Removed(counts, Appended(mark, mark, gone, removed=kind != "unmet"))


def _data(certificate: str, counts: dict[str, int]) -> dict[str, object]:
    return {"certificate": certificate, "removed": counts}


def _delete(connection: sa.Connection, tenant: str, doomed: Doomed) -> dict[str, int]:
    d = decisions.c
    theirs = sa.select(d.id).where(d.tenant == tenant, doomed.decisions)
    conditions = {
        impressions: impressions.c.decision_id.in_(theirs),
        rewards: rewards.c.decision_id.in_(theirs),
        decisions: doomed.decisions,
        watch_events: doomed.watched,
    }
    return {
        table.name: connection.execute(
            sa.delete(table).where(table.c.tenant == tenant, condition)
        ).rowcount
        for table, condition in conditions.items()
    }
