"""The learned state at an offset of the ledger, advanced entry by entry.

A pure function of the ledger's prefix: the posterior is rebuilt from the integer sums at certain
counts of activated decisions (`rebuild_due`) and moved by rank-one steps between, so that running
on, starting again and replaying give the same bits.
"""

import msgpack
import numpy as np
import sqlalchemy as sa

from artwork.choice.decisions import Scope
from artwork.choice.features import DIM
from artwork.choice.ledger import Appended, Entry, entries
from artwork.choice.policy import Hyperparameters
from artwork.choice.posterior import Posterior
from artwork.choice.sums import SCALE, Sums
from artwork.tables import checkpoints

KEPT_CHECKPOINTS = 3


def rebuild_due(rows: int, every: int) -> bool:
    """Whether the posterior is rebuilt after this many rows: each `every`, later ever more rarely.

    A rebuild goes through every title and picture while choices wait (40 ms for 1,000 titles of
    12). The distance grows to between a sixteenth and an eighth of the rows, so that its share of
    a row stays the same however large the catalogue is.
    """
    return rows % max(every, 1 << max(0, rows.bit_length() - 4)) == 0


class Learner:
    """Sums and posterior after the first `offset` rows of the ledger."""

    def __init__(self, parameters: Hyperparameters) -> None:
        self._every = parameters.rebuild_every
        self._prior = parameters.prior()
        self.offset = 0
        self.sums = Sums(DIM)
        self.posterior = Posterior.rebuild(self.sums, self._prior)

    def apply(self, entry: Entry) -> None:
        """Learn one entry. Raises OverflowError when the sums are full."""
        x = entry.x / SCALE
        where = (entry.title_id, entry.group_id)
        if entry.before is not None:
            delta = (entry.after - entry.before) / SCALE
            self.posterior.correct(self.sums, *where, x, delta=delta, w=1.0)
            self.sums.correct(*where, entry.x, before=entry.before, after=entry.after)
            return
        self.posterior.fold(self.sums, *where, x, r=entry.after / SCALE, w=1.0)
        self.sums.add(*where, entry.x, entry.after)
        if rebuild_due(self.sums.rows, self._every):
            self.posterior = Posterior.rebuild(self.sums, self._prior)

    def advance(self, appended: Appended) -> bool:
        """Learn rows that follow the offset; False when rows before them are missing here."""
        if appended.last <= self.offset:
            return True
        if appended.first != self.offset + 1:
            return False
        for entry in appended.entries:
            self.apply(entry)
        self.offset = appended.last
        return True

    def catch_up(self, connection: sa.Connection, scope: Scope, upto: int) -> None:
        """Learn what the ledger holds beyond the offset."""
        for entry in entries(connection, scope, self.offset, upto):
            self.apply(entry)
        self.offset = max(self.offset, upto)

    def packed(self) -> bytes:
        """All of it; the posterior as it stands, for its last bits depend on the steps taken."""
        floats = [a.astype("<f8").tobytes() for a in (self.posterior.P, self.posterior.m)]
        state = {"offset": self.offset, "sums": self.sums.packed(), "posterior": floats}
        return bytes(msgpack.packb(state))

    def unpack(self, data: bytes) -> None:
        """Take on the state that `packed` wrote."""
        state = msgpack.unpackb(data)
        P, m = (np.frombuffer(raw, "<f8").astype(np.float64) for raw in state["posterior"])
        self.offset = int(state["offset"])
        self.sums = Sums.unpacked(state["sums"])
        self.posterior = Posterior(self._prior, P.reshape(DIM, DIM), m)


def _mine(scope: Scope) -> sa.ColumnElement[bool]:
    c = checkpoints.c
    return (
        (c.tenant == scope.tenant)
        & (c.policy_id == scope.policy_id)
        & (c.feature_set == scope.feature_set)
    )


def save_checkpoint(
    connection: sa.Connection,
    scope: Scope,
    offset: int,
    data: bytes,
    at_us: int,
) -> None:
    """Keep the state at an offset, and only the newest few."""
    c = checkpoints.c
    mine = _mine(scope)
    connection.execute(sa.delete(checkpoints).where(mine, c.seq == offset))
    connection.execute(
        checkpoints.insert(),
        {
            "tenant": scope.tenant,
            "policy_id": scope.policy_id,
            "feature_set": scope.feature_set,
            "seq": offset,
            "data": data,
            "made_us": at_us,
        },
    )
    kept = sa.select(c.seq).where(mine).order_by(c.seq.desc()).limit(KEPT_CHECKPOINTS)
    oldest = min(connection.scalars(kept), default=0)
    connection.execute(sa.delete(checkpoints).where(mine, c.seq < oldest))


def restore(
    connection: sa.Connection,
    scope: Scope,
    parameters: Hyperparameters,
    upto: int,
) -> Learner:
    """The state at offset `upto`: the nearest checkpoint before it and the rows since."""
    learner = Learner(parameters)
    c = checkpoints.c
    data = connection.scalar(
        sa.select(c.data)
        .where(
            _mine(scope),
            c.seq <= upto,
        )
        .order_by(c.seq.desc())
        .limit(1)
    )
    if data is not None:
        learner.unpack(data)
    learner.catch_up(connection, scope, upto)
    return learner
