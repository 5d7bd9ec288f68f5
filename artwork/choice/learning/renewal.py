"""The learned state folded anew beside the one in use, which it then takes the place of.

For two reasons: an epoch of the decay is over (`belief.decay`), or other features were announced
(`record.feature_sets`): those of another encoder, or of looks as today's catalogue has them. A
thread reads the ledger and folds it; the switch is one mark in the ledger (`record.folds`) and
costs what came meanwhile.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import sqlalchemy as sa

from artwork.choice.belief.decay import epoch_end, half_life_us, outlived
from artwork.choice.belief.features import Lens
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.anew import Anew
from artwork.choice.learning.folding import fold_sums
from artwork.choice.learning.learner import Learner, restore
from artwork.choice.record.decisions import Scope
from artwork.choice.record.feature_sets import (
    FeatureSet,
    announced,
    in_use,
    known,
    register,
    retire_others,
)
from artwork.choice.record.folds import PLAIN, Mark, append_mark, mark_at
from artwork.choice.record.ledger import entries, head
from artwork.choice.record.marks import last_mark
from artwork.tables import decision_features
from content.errors import OutcomeUnknown, Unavailable
from content.records import writing

log = logging.getLogger("keyart.choice")

POLL_S = 1.0
AGAIN_S = 30.0
"""After a failure: folding a large ledger in vain each second would take a core."""
NEAR = 2_000
"""Rows that may be left for the switch itself to learn: some ten ms."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class State:
    """A learned state and how its pictures are seen."""

    scope: Scope
    lens: Lens
    learner: Learner


@dataclass(frozen=True, eq=False)
class Prepared:
    """A state folded anew up to near the ledger's head."""

    state: State
    base: int
    _rest: Anew | None

    def mark(self, connection: sa.Connection, at_us: int) -> Mark:
        """Write what makes it the state in use from this seq on."""
        scope, landmark = self.state.scope, self.state.learner.decay.landmark_us
        mark = append_mark(connection, scope, self.base, landmark, at_us)  # nobody appends now
        if self._rest is not None:
            self._rest.rest(connection, mark.seq)
            retire_others(connection, scope.tenant, scope.feature_set)
        return mark

    def at(self, engine: sa.Engine, mark: Mark, parameters: Hyperparameters) -> State:
        """It, having learned what came until the mark.

        Where rows that it may know were taken away meanwhile, the ledger is folded once more: that
        takes as long as it takes, but nobody who is forgotten comes back.
        """
        with engine.connect() as connection:
            if last_mark(connection, self.state.scope.tenant, after=self.base):
                learner = restore(connection, self.state.scope, parameters, mark.seq, afresh=True)
                return replace(self.state, learner=learner)
            self.state.learner.catch_up(connection, self.state.scope, mark.seq)
        return self.state


class _StoppedError(Exception):
    """The service ends: so does the work."""


class Renewal:
    """Opens the learned state of a process and watches for what makes it fold anew.

    Args:
        scope: what a ledger is begun with, where no other features were announced.
        encoder: today's fingerprint.
    """

    def __init__(
        self,
        engine: sa.Engine,
        scope: Scope,
        encoder: str | None,
        parameters: Hyperparameters,
        clock: Callable[[], int],
    ) -> None:
        self._engine, self._first, self._encoder = engine, scope, encoder
        self._parameters, self._clock = parameters, clock
        self._half_life = half_life_us(parameters.half_life_days)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # ---- opening ------------------------------------------------------------------------------

    def opened(self) -> State:
        """The state as the ledger has it.

        With the features it was last written with, as long as this release makes such: others come
        when they are announced. Otherwise with those announced, or by chance, for which the ledger
        is made anew first.
        """
        with self._engine.connect() as connection:
            used = in_use(connection, self._first.tenant)
            found = None if used is None else known(connection, self._first.tenant, used)
        if found is None or not found.runs:
            found = self._announced() or self._by_chance()
            self._make_anew(Anew(self._first.tenant, found.lens))
        return self._opened(replace(self._first, feature_set=found.id), found.lens)

    def _by_chance(self) -> FeatureSet:
        with writing(self._engine).begin() as connection:
            return register(connection, self._first.tenant, Lens(self._encoder))

    def _announced(self, besides: str | None = None) -> FeatureSet | None:
        """What is to follow, if it is not this one and this release makes such."""
        tenant = self._first.tenant
        with self._engine.connect() as connection:
            name = announced(connection, tenant)
            found = None if name in {None, besides} else known(connection, tenant, str(name))
        return found if found is not None and found.runs else None

    def _opened(self, scope: Scope, lens: Lens) -> State:
        with self._engine.connect() as connection:
            upto = head(connection, scope.tenant)
            mark = mark_at(connection, scope, upto)
            marked = mark is not PLAIN
            needed = self._half_life is not None or _has_anew(connection, scope)
        if needed and not marked:
            with writing(self._engine).begin() as connection:
                now = self._clock()
                append_mark(connection, scope, upto, self._landmark(now), now)
                upto = head(connection, scope.tenant)
        with self._engine.connect() as connection:
            return State(scope, lens, restore(connection, scope, self._parameters, upto))

    # ---- watching -----------------------------------------------------------------------------

    def watch(self, current: Callable[[], State], switch: Callable[[Prepared], None]) -> None:
        """From now on fold anew what is due, in a thread of its own, and hand it to `switch`."""
        self._thread = threading.Thread(
            target=self._watch, args=(current, switch), name="keyart-renewal", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, current: Callable[[], State], switch: Callable[[Prepared], None]) -> None:
        wait_s = POLL_S
        while not self._stop.wait(wait_s):
            wait_s = POLL_S
            try:
                prepared = self.due(current())
                if prepared is not None:
                    switch(prepared)
            except (sa.exc.SQLAlchemyError, OutcomeUnknown, OverflowError, ValueError) as error:
                log.warning("the ledger is not folded anew yet: %s", error)
                wait_s = AGAIN_S
            except (_StoppedError, Unavailable):  # the latter: learning stopped
                return
            except Exception:
                log.exception("the ledger is not folded anew yet")
                wait_s = AGAIN_S

    def due(self, state: State) -> Prepared | None:
        """The state that should take the place of this one, folded anew; None while it is good."""
        now = self._clock()
        found = self._announced(besides=state.scope.feature_set)
        if found is not None:
            scope = replace(state.scope, feature_set=found.id)
            return self._prepared(scope, found.lens, now, Anew(scope.tenant, found.lens))
        landmark = state.learner.decay.landmark_us
        if self._half_life is None or landmark is None:
            return None
        if not outlived(landmark, self._half_life, now):
            return None
        return self._prepared(state.scope, state.lens, now, None)

    def _landmark(self, now: int) -> int | None:
        return None if self._half_life is None else epoch_end(self._half_life, now)

    def _make_anew(self, anew: Anew) -> None:
        with self._engine.connect() as connection:
            upto = head(connection, self._first.tenant)
        for _ in self._going(anew.all(self._engine, upto)):
            pass

    def _prepared(self, scope: Scope, lens: Lens, now: int, anew: Anew | None) -> Prepared | None:
        learner = Learner(self._parameters, self._landmark(now))
        base = self._reach(scope, anew)
        with self._engine.connect() as connection:
            fold_sums(learner, self._going(entries(connection, scope, 0, base)))
        learner.rebuild()
        learner.offset = base
        while (upto := self._reach(scope, anew)) - learner.offset > NEAR:
            with self._engine.connect() as connection:
                if last_mark(connection, scope.tenant, after=base):
                    return None  # it may hold what was taken away: the next look begins anew
                learner.catch_up(connection, scope, upto)
        return Prepared(State(scope, lens, learner), base, anew)

    def _reach(self, scope: Scope, anew: Anew | None) -> int:
        """How far the ledger can be folded by now: to its head, or as far as it is made anew."""
        if anew is not None:
            self._make_anew(anew)
        with self._engine.connect() as connection:
            if anew is None:
                return head(connection, scope.tenant)
            found = known(connection, scope.tenant, scope.feature_set)
            return 0 if found is None else found.refolded

    def _going(self, work: Iterable[T]) -> Iterator[T]:
        for each in work:
            if self._stop.is_set():
                raise _StoppedError
            yield each


def _has_anew(connection: sa.Connection, scope: Scope) -> bool:
    f = decision_features.c
    mine = (f.tenant == scope.tenant) & (f.feature_set == scope.feature_set)
    return connection.execute(sa.select(f.seq).where(mine).limit(1)).first() is not None
