"""The learned state at an offset of the ledger, advanced entry by entry.

A pure function of the ledger's prefix: the posterior is rebuilt from the integer sums at certain
counts of activated decisions (`rebuild_due`), which takes effect a number of them later
(`learning.underway`), and where the ledger is marked: rows were taken away (`record.marks`), or it
was folded anew (`record.folds`). Between, it is moved by rank-one steps. So running on, starting
again and replaying give the same bits.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass

import msgpack
import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.decay import Decay, half_life_us
from artwork.choice.belief.empirical import fitted
from artwork.choice.belief.features import BLOCKS, DIM
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.belief.posterior import F64, Posterior, Prior
from artwork.choice.belief.sums import Sums
from artwork.choice.learning.folding import fold, fold_sums
from artwork.choice.learning.underway import (
    Underway,
    lag,
    learn,
    packed_entries,
    rebuild_due,
    unpacked_entries,
)
from artwork.choice.record.decisions import Scope
from artwork.choice.record.folds import mark_at
from artwork.choice.record.ledger import Appended, Entry, entries, head
from artwork.choice.record.marks import last_mark, last_removal
from artwork.choice.record.mode import newest
from artwork.tables import checkpoints

KEPT_CHECKPOINTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A learned state as it was at one moment, whatever becomes of it."""

    offset: int
    landmark_us: int | None
    sums: Sums
    posterior: Sequence[F64]
    """P, m and the prior's numbers, as the steps taken left them: their last bits depend on it."""
    since: Sequence[Entry] | None
    """Of the rebuild under way, if there is one."""

    def packed(self) -> bytes:
        """All of it."""
        floats = [each.astype("<f8").tobytes() for each in self.posterior]
        state = {"offset": self.offset, "sums": self.sums.packed(), "posterior": floats}
        if self.landmark_us is not None:
            state["landmark"] = self.landmark_us
        if self.since is not None:
            state["underway"] = packed_entries(self.since)
        return bytes(msgpack.packb(state))


class Learner:
    """Sums and posterior after the first `offset` rows of the ledger."""

    def __init__(self, parameters: Hyperparameters, landmark_us: int | None = None) -> None:
        self._parameters = parameters
        self._every = parameters.rebuild_every
        self.decay = Decay(half_life_us(parameters.half_life_days), landmark_us)
        self._prior = self.decay.prior(parameters.prior())
        self.offset = 0
        self.sums = Sums(DIM)
        self.posterior = Posterior.rebuild(self.sums, self._prior)
        self.underway: Underway | None = None
        """The rebuild that was begun and does not count yet."""
        self._executor: Executor | None = None

    def beside(self, executor: Executor) -> None:
        """Let a thread of this executor make the rebuilds, that under way, too."""
        self._executor = executor
        if self.underway is not None:
            self.underway.beside(executor)

    def apply(self, entry: Entry) -> None:
        """Learn one entry. Raises OverflowError when the sums are full."""
        weight = self.decay.weight(entry.decided_us)
        if not weight:
            return
        learn(self.posterior, self.sums, entry, weight)
        if self.underway is not None:
            self.underway.add(entry)
        elif entry.before is None and self.rebuilds_at(self.sums.rows):
            self._begin()
        if self.underway is not None and self.sums.rows >= self.underway.until:
            self.posterior = self.underway.finished(self.posterior)
            self.underway = None

    def rebuilds_at(self, rows: int) -> bool:
        """Is the posterior of the sums made, once they have this many rows?"""
        return rebuild_due(rows, self._every)

    def counts_at(self, rows: int) -> int:
        """How many rows they have when that takes effect."""
        return rows + lag(rows, self._every)

    def _begin(self, known: Sequence[Entry] = ()) -> None:
        self.underway = Underway(self.sums, self._prior, self.decay, self._every, known)
        if self._executor is not None:
            self.underway.beside(self._executor)

    def rebuild(self) -> None:
        """The posterior of the sums alone, with the hyperparameters that they make likeliest.

        It takes effect here and now, in place of one that may be under way.
        """
        self.underway = None
        self.posterior = Posterior.rebuild(self.sums, fitted(self.sums, self._prior, BLOCKS))

    def unlearn(self, gone: Iterable[Entry]) -> None:
        """Subtract entries that were learned, and renew: equal to never having learned them."""
        theirs = Learner(self._parameters, self.decay.landmark_us)
        fold_sums(theirs, gone)
        self.sums.take_away(theirs.sums)
        self.renew()

    def renew(self) -> None:
        """The posterior of the sums as they stand: the same bits for the same sums."""
        self.sums.compact()
        self.rebuild()

    def advance(self, appended: Appended) -> bool:
        """Learn rows that follow the offset; False when rows before them are missing here."""
        if appended.last <= self.offset:
            return True
        if appended.first != self.offset + 1:
            return False
        if appended.removed:
            self.unlearn(appended.entries)
        else:
            for entry in appended.entries:
                self.apply(entry)
        self.offset = appended.last
        return True

    def catch_up(self, connection: sa.Connection, scope: Scope, upto: int) -> None:
        """Learn what the ledger holds beyond the offset.

        Nothing may have been learned yet of what marks on the way took away.
        """
        removal = last_removal(connection, scope.tenant, after=self.offset, upto=upto)
        if removal is not None:
            mark, base = removal
            anew = base if base >= self.offset else mark
            fold_sums(self, entries(connection, scope, self.offset, anew))
            self.renew()
            self.offset = anew
        fold(self, entries(connection, scope, self.offset, upto))
        self.offset = max(self.offset, upto)

    def fold_anew(self, connection: sa.Connection, scope: Scope, base: int) -> None:
        """Learn the rows up to `base` into an empty state, and make the posterior of their sums."""
        fold_sums(self, entries(connection, scope, 0, base))
        self.rebuild()
        self.offset = base

    def apart(self) -> "Learner":
        """These sums in a state of its own, whose posterior is yet to be made of them."""
        other = Learner(self._parameters, self.decay.landmark_us)
        other.sums, other.offset = self.sums.copy(), self.offset
        return other

    def image(self) -> Image:
        """This state now, to be packed by another thread: sums are copied as they change."""
        mine = self.posterior
        floats = (mine.P, mine.m.copy(), mine.prior.packed())
        since = None if self.underway is None else list(self.underway.entries)
        return Image(self.offset, self.decay.landmark_us, self.sums.copy(), floats, since)

    def packed(self) -> bytes:
        """All of it, now."""
        return self.image().packed()

    @classmethod
    def unpacked(cls, parameters: Hyperparameters, data: bytes) -> "Learner":
        """The state that `packed` wrote, with its landmark."""
        state = msgpack.unpackb(data)
        learner = cls(parameters, state.get("landmark"))
        P, m, prior = (np.frombuffer(raw, "<f8").astype(np.float64) for raw in state["posterior"])
        learner.offset = int(state["offset"])
        learner.sums = Sums.unpacked(state["sums"])
        learner.posterior = Posterior(Prior.unpacked(prior), P.reshape(DIM, DIM), m)
        if "underway" in state:
            learner._begin(unpacked_entries(state["underway"]))
        return learner


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
    """Keep the state at an offset, and only the newest few and what is frozen.

    A state from before a mark is not kept: it holds what was taken away there.
    """
    head(connection, scope.tenant, lock=True)  # nobody marks the ledger before this is committed
    if last_mark(connection, scope.tenant, after=offset):
        return
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
    frozen = newest(connection, scope.tenant)
    kept_too = frozen.seq if frozen.mode == "freeze" else -1
    connection.execute(sa.delete(checkpoints).where(mine, c.seq < oldest, c.seq != kept_too))


def cleanse_checkpoints(
    connection: sa.Connection,
    scope: Scope,
    parameters: Hyperparameters,
    gone: Sequence[Entry],
    at_us: int,
) -> None:
    """Take entries out of what is kept: the newest checkpoint stays, without them.

    Of other policies and feature sets none stays; they are learned again from the ledger.
    """
    c = checkpoints.c
    query = sa.select(c.seq, c.data).where(_mine(scope)).order_by(c.seq.desc()).limit(1)
    newest = connection.execute(query).first()
    if newest is None:
        connection.execute(sa.delete(checkpoints).where(c.tenant == scope.tenant))
        return
    learner = Learner.unpacked(parameters, newest.data)
    learner.unlearn(entry for entry in gone if entry.seq <= newest.seq)
    replace_checkpoints(connection, scope, newest.seq, learner.packed(), at_us)


def replace_checkpoints(
    connection: sa.Connection, scope: Scope, offset: int, data: bytes, at_us: int
) -> None:
    """Keep this one alone, of all policies and feature sets."""
    c = checkpoints.c
    connection.execute(sa.delete(checkpoints).where(c.tenant == scope.tenant))
    row = {"seq": offset, "data": data, "made_us": at_us}
    connection.execute(checkpoints.insert(), asdict(scope) | row)


def restore(
    connection: sa.Connection,
    scope: Scope,
    parameters: Hyperparameters,
    upto: int,
    *,
    afresh: bool = False,
) -> Learner:
    """The state at offset `upto`: the nearest checkpoint before it and the rows since.

    Args:
        afresh: from the ledger alone, without a checkpoint.
    """
    mark = mark_at(connection, scope, upto)
    data = None if afresh else _checkpoint(connection, scope, mark.seq, upto)
    if data is not None:
        learner = Learner.unpacked(parameters, data)
    else:
        learner = Learner(parameters, mark.landmark_us)
        if mark.seq:
            learner.fold_anew(connection, scope, mark.base)
    learner.catch_up(connection, scope, upto)
    return learner


def rows_to_fold(connection: sa.Connection, scope: Scope, upto: int) -> int:
    """How many rows of the ledger `restore` would read for the state at offset `upto`."""
    mark = mark_at(connection, scope, upto)
    c = checkpoints.c
    near = sa.select(sa.func.max(c.seq)).where(_mine(scope), c.seq >= mark.seq, c.seq <= upto)
    return upto - int(connection.scalar(near) or 0)


def _checkpoint(connection: sa.Connection, scope: Scope, low: int, high: int) -> bytes | None:
    """The newest from `low` to `high`, both included."""
    c = checkpoints.c
    data: bytes | None = connection.scalar(
        sa.select(c.data)
        .where(_mine(scope), c.seq >= low, c.seq <= high)
        .order_by(c.seq.desc())
        .limit(1)
    )
    return data


def followed(
    connection: sa.Connection,
    scope: Scope,
    parameters: Hyperparameters,
    state: Learner,
    upto: int,
) -> Learner:
    """The state at `upto` after what other processes did: `state` caught up or, where they took
    rows away that it may have learned, another one."""
    if last_mark(connection, scope.tenant, after=state.offset):
        return restore(connection, scope, parameters, upto)
    state.catch_up(connection, scope, upto)
    return state
