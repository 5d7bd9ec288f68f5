"""Steering the choice: its mode, what the mode has come to, and the way back when it does harm."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from artwork.choice.learning.desk import Desk
from artwork.choice.learning.learner import Learner, save_checkpoint
from artwork.choice.modes.frozen import frozen_state
from artwork.choice.modes.sequential import Evidence, compare
from artwork.choice.modes.tally import Tally, load_tally, save_tally
from artwork.choice.record.commits import ledger_unavailable
from artwork.choice.record.ledger import Entry, head
from artwork.choice.record.mode import (
    Change,
    Mode,
    Stance,
    Wanted,
    append_change,
    changes,
    newest,
    stance,
)
from artwork.choice.record.ways import HELD
from content.errors import Conflict
from content.records import snapshot

SAVED_EVERY = 5_000
"""Ledger rows between two keepings of the tally: what a start counts again at most."""
_log = structlog.get_logger("keyart.policy")


@dataclass(frozen=True, slots=True)
class Guard:
    """How the policy is watched.

    `holdout` of the known viewers, 0..1, are the control; the mode falls back to the incumbent when
    reward per decision is beyond doubt more than `margin` below theirs.
    """

    holdout: float = 0.0
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The mode in force and what it has come to."""

    change: Change
    offset: int
    """How much of the ledger the belief in use is made of."""
    guard: Guard
    tally: Tally
    evidence: Evidence


class Steering:
    """Of one process; changes that others make are seen with the next choice."""

    def __init__(self, desk: Desk, floor: float, guard: Guard) -> None:
        self._desk, self._floor, self._guard = desk, floor, guard
        self._change = Change()
        self._frozen: Learner | None = None
        self._tally: Tally | None = None
        self._saved = 0
        self._counting = threading.Lock()

    @property
    def change(self) -> Change:
        return self._change

    # ---- for the choice; under the desk's lock ------------------------------------------------

    def follow(self, connection: sa.Connection, count: int, live: Learner) -> Learner:
        """Take on the mode in force, where it is not the one known; what is to be drawn from.

        Args:
            count: of the changes that there were.
        """
        if count != self._change.n:
            change = newest(connection, self._desk.scope.tenant)
            if change.n == self._change.n:  # titles that there are not told of an older one
                return self._frozen or live
            frozen = self._restored(connection, change) if change.mode == "freeze" else None
            self._adopt(change, frozen)
        return self._frozen or live

    def stance(self, viewer: bytes | None) -> Stance:
        return stance(self._change, viewer, floor=self._floor, holdout=self._guard.holdout)

    def unlearn(self, gone: Iterable[Entry]) -> None:
        """Take rows that were removed out of what is frozen: the same bits as making it anew."""
        if self._frozen is not None:
            offset = self._frozen.offset
            self._frozen.unlearn(entry for entry in gone if entry.seq <= offset)

    def made_anew(self) -> None:
        """Make what is frozen anew: rows of the ledger went, or pictures are seen otherwise."""
        if self._frozen is not None:
            with snapshot(self._desk.engine).connect() as connection:
                self._frozen = self._restored(connection, self._change)

    def _restored(self, connection: sa.Connection, change: Change) -> Learner:
        desk = self._desk
        return frozen_state(connection, desk.scope, desk.parameters, change.seq)

    def _adopt(self, change: Change, frozen: Learner | None) -> None:
        self._change, self._frozen = change, frozen
        self._desk.tastes.clear()  # what is frozen knows them as of its own offset

    # ---- for people ---------------------------------------------------------------------------

    def set(self, mode: Wanted, *, share: float | None = None, by: str | None = None) -> PolicyView:
        """Put a mode in force from the next request on. Where it is already nothing changes but
        who stands for it, which is kept as a change with `why` it is none.

        Args:
            share: of the probability, 0..1, in `explore`; None leaves it as it was.

        Raises:
            Unavailable: `not_started`, `learning_stopped`, `ledger_unavailable`.
        """
        self._put(mode, share, by=by)
        return self.view()

    def promote(self, *, by: str | None = None) -> PolicyView:
        """From `shadow` to `learn`.

        Raises:
            Conflict: `not_in_shadow`. Unavailable: as `set`.
        """
        self._put("learn", None, by=by, only_from="shadow")
        return self.view()

    def history(self, *, before: int | None = None, limit: int = 20) -> list[Change]:
        """Every change that there was, the newest first; those before number `before`."""
        with self._desk.engine.connect() as connection:
            return changes(connection, self._desk.scope.tenant, before=before, limit=limit)

    def view(self) -> PolicyView:
        """Raises Unavailable: `not_started`, `learning_stopped`, `ledger_unavailable`."""
        try:
            return self._view()
        except sa.exc.SQLAlchemyError as error:
            raise ledger_unavailable() from error

    def _view(self) -> PolicyView:
        desk = self._desk
        with desk.lock, desk.engine.connect() as connection:
            live = desk.ready()
            drawn_from = self.follow(connection, newest(connection, desk.scope.tenant).n, live)
            change, offset = self._change, drawn_from.offset
        tally = self._counted(change)
        return PolicyView(change, offset, self._guard, tally, compare(tally.policy, tally.control))

    def watch(self) -> None:
        """Fall back to the incumbent if the policy does harm. Called every so often.

        Raises:
            Unavailable: as `set`.
        """
        seen = self.view()
        try:
            self._save(seen.tally)
        except sa.exc.SQLAlchemyError as error:
            raise ledger_unavailable() from error
        if seen.change.mode in ("shadow", "incumbent"):
            return
        evidence, margin = seen.evidence, self._guard.margin
        if evidence.broken(margin):
            why = {
                "difference": evidence.difference,
                "low": evidence.low,
                "high": evidence.high,
                "margin": margin,
                "mode": seen.change.mode,
                "decisions": [seen.tally.policy.decisions, seen.tally.control.decisions],
            }
            if self._put("incumbent", None, by="guardrail", why=why, only_at=seen.change.n):
                _log.error("fallen_back_to_the_incumbent", **why)

    def _put(
        self,
        mode: Mode,
        share: float | None,
        *,
        by: str | None,
        why: Mapping[str, Any] | None = None,
        only_from: Mode | None = None,
        only_at: int | None = None,
    ) -> bool:
        """Whether anything was changed."""

        def work() -> bool:
            desk, now = self._desk, self._desk.clock()
            with desk.lock, desk.engine.connect() as connection:
                live = desk.ready()
                self.follow(connection, newest(connection, desk.scope.tenant).n, live)
                before = self._change
                if only_at not in (None, before.n):
                    return False
                if only_from not in (None, before.mode):
                    raise Conflict("not_in_shadow", f"the mode is {before.mode}, not {only_from}")
                wanted = before.share if share is None else share
                same = (mode, wanted) == (before.mode, before.share) and before.n > 0
                if same and by in (None, before.by):
                    return False
                offset = before.seq if same else live.offset  # what is counted since goes on
                data = live.packed() if mode == "freeze" and not same else None
                reason = {"confirms": before.n} if same else why

            def write(connection: sa.Connection) -> Change:
                head(connection, desk.scope.tenant, lock=True)  # one at a time, of all processes
                if data is not None:
                    save_checkpoint(connection, desk.scope, offset, data, now)
                return append_change(
                    *(connection, desk.scope.tenant, mode, wanted, offset),
                    at_us=now,
                    by=by,
                    why=reason,
                )

            def learn(change: Change) -> None:
                frozen = None if data is None else Learner.unpacked(desk.parameters, data)
                self._adopt(change, self._frozen if same else frozen)

            # In the deciding thread: nothing is decided between the offset and the change.
            desk.commits.submit(write, learn).result()
            return True

        try:
            return self._desk.thread.submit(work).result()
        except sa.exc.SQLAlchemyError as error:
            raise ledger_unavailable() from error

    # ---- what it has come to ------------------------------------------------------------------

    def _counted(self, change: Change) -> Tally:
        """Up to now, since the change."""
        tenant = self._desk.scope.tenant
        with self._counting, snapshot(self._desk.engine).connect() as connection:
            if self._tally is None or self._tally.n != change.n:
                self._tally = load_tally(connection, tenant, change.n, change.seq)
                self._saved = self._tally.seq
            tally = self._tally.copy()
            if self._guard.holdout or change.mode in HELD:  # else there is nothing to compare
                tally.catch_up(connection, tenant)
            self._tally = tally  # not before: a read that breaks off has counted half
            return tally.copy()

    def _save(self, tally: Tally) -> None:
        if tally.seq - self._saved < SAVED_EVERY:
            return
        parts = (self._desk.scope.tenant, tally.n, tally.seq, tally.packed())
        self._desk.commits.submit(
            lambda connection: save_tally(connection, *parts), lambda _: None
        ).result()
        self._saved = tally.seq
