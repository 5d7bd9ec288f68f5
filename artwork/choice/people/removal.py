"""Rows taken out of the ledger, with all that they taught: one transaction, all or nothing."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.desk import Desk
from artwork.choice.learning.folding import fold
from artwork.choice.learning.learner import Learner, cleanse_checkpoints, replace_checkpoints
from artwork.choice.record.decisions import Scope
from artwork.choice.record.folds import marks_within
from artwork.choice.record.ledger import Appended, entries, entries_of, take_seqs
from artwork.choice.record.marks import Kind, add_mark, last_mark
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
    """What was taken out: `counts` of rows by table; `appended` tells the learner, or `instead` is
    what takes its place."""

    counts: dict[str, int]
    appended: Appended
    instead: Learner | None = None

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


@dataclass(frozen=True, eq=False)
class Without:
    """A state without the doomed rows, made beside the one in use, `of`, from its sums at `base`;
    `packed` is a checkpoint of it."""

    of: Learner
    base: int
    learner: Learner
    packed: bytes

    def holds(self, connection: sa.Connection, scope: Scope, mark: int) -> bool:
        """Is it still that of the ledger, but for rows that were appended since?"""
        removed = last_mark(connection, scope.tenant, after=self.base)
        return not (removed or marks_within(connection, scope, self.base, mark))


def without(desk: Desk, doomed: Doomed) -> Without | None:
    """What is left without the doomed rows; None where there are none.

    It takes as long as the posterior takes to be made of its sums, but nobody waits for it.

    Raises:
        Unavailable: `not_started`, `learning_stopped`.
    """
    with desk.lock:
        state, scope = desk.ready(), desk.scope
        left = state.apart()
    base = left.offset
    with desk.engine.connect() as connection:
        if not _any(connection, scope.tenant, doomed):
            return None
        gone = entries_of(connection, scope, doomed.decisions)
    left.unlearn(entry for entry in gone if entry.seq <= base)
    return Without(state, base, left, left.packed())


def _any(connection: sa.Connection, tenant: str, doomed: Doomed) -> bool:
    some = ((decisions, doomed.decisions), (watch_events, doomed.watched))
    rows = [
        connection.execute(
            sa.select(table.c.seq).where(table.c.tenant == tenant, condition).limit(1)
        ).first()
        for table, condition in some
    ]
    return any(row is not None for row in rows)


def taken_out(
    desk: Desk,
    doomed: Doomed,
    ready: Without | None,
    *,
    kind: Kind,
    certificate: str | None = None,
    also: Callable[[], None] = lambda: None,
) -> "Future[Removed]":
    """Take the doomed rows out of ledger and learned state; the future is done.

    Called in the deciding thread: nothing is drawn, or frozen, of what is on its way out. `also` is
    called under the lock before what remains is learned.
    """
    at_us = desk.clock()
    if ready is not None and desk.ready() is not ready.of:
        ready = None

    def write(connection: sa.Connection) -> Removed:
        return take_out(
            *(connection, desk.scope, desk.parameters, doomed),
            kind=kind,
            at_us=at_us,
            certificate=certificate,
            ready=ready,
        )

    def learn(removed: Removed) -> None:
        also()
        desk.learn(removed.appended, removed.instead)

    return desk.commits.submit(write, learn)


def take_out(
    connection: sa.Connection,
    scope: Scope,
    parameters: Hyperparameters,
    doomed: Doomed,
    *,
    kind: Kind,
    at_us: int,
    certificate: str | None = None,
    ready: Without | None = None,
) -> Removed:
    """Delete the doomed rows, mark the ledger, and take what they taught out of the checkpoints.

    Whoever is forgotten and was never met leaves a mark that nothing comes of.

    Args:
        ready: what is left, where that was made beside; it learns the rows since.
    """
    mark = take_seqs(connection, scope.tenant, 1)  # first: from here on nobody else appends
    if ready is not None and not ready.holds(connection, scope, mark):
        ready = None
    gone = entries_of(connection, scope, doomed.decisions)
    counts = _delete(connection, scope.tenant, doomed)
    data: dict[str, object] = {"removed": counts}
    if certificate is not None:
        data["certificate"] = certificate
    if not any(counts.values()):
        ready, kind = None, "unmet" if kind == "forgotten" else kind
    if ready is not None:
        data["base"] = ready.base
        replace_checkpoints(connection, scope, ready.base, ready.packed, at_us)
        fold(ready.learner, entries(connection, scope, ready.base, mark))
        ready.learner.offset = mark
    elif counts["decisions"]:
        cleanse_checkpoints(connection, scope, parameters, gone, at_us)
    add_mark(connection, scope.tenant, mark, kind, at_us=at_us, data=data)
    appended = Appended(mark, mark, gone, removed=kind != "unmet")
    return Removed(counts, appended, None if ready is None else ready.learner)


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
