"""What one process has learned: opened from the ledger, kept up to it, folded anew beside."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import sqlalchemy as sa
import structlog

from artwork.choice.belief.features import Lens
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import Learner, followed, save_checkpoint
from artwork.choice.learning.rebuild import Learned, learned
from artwork.choice.learning.renewal import Prepared, Renewal, State
from artwork.choice.record.commits import Commits
from artwork.choice.record.decisions import Scope
from artwork.choice.record.folds import Mark
from artwork.choice.record.ledger import Appended, Entry
from content.errors import Unavailable
from content.outages import away
from content.records import Writer, snapshot

_UNLEARNED = (OverflowError, ValueError, sa.exc.SQLAlchemyError)
"""Why what is in the ledger could not be learned."""
_log = structlog.get_logger("keyart.learning")


class Memory(ABC):
    """The learned state of a process, under one lock; what `Personalizer` chooses from.

    All that takes seqs of the ledger is written by `_thread`, in order.
    """

    def __init__(
        self,
        engine: sa.Engine,
        writer: Writer,
        scope: Scope,
        *,
        encoder: str | None,
        parameters: Hyperparameters,
        clock: Callable[[], int],
    ) -> None:
        self._engine, self._writer, self._clock = engine, writer, clock
        self._parameters = parameters
        self.scope, self._lens = scope, Lens(encoder)
        self._renewal = Renewal(engine, scope, encoder, parameters, clock)
        self._learner: Learner | None = None
        self._checkpointed = 0
        self._failure: Exception | None = None
        self._doubted = False
        """Is what is in memory perhaps not what is in the ledger? Then it is read again."""
        self._lock = threading.RLock()
        self._commits = Commits(writer, self._lock, self._doubt)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keyart-choice")
        self._rebuilding = ThreadPoolExecutor(1, thread_name_prefix="keyart-rebuild")
        self._packing = ThreadPoolExecutor(1, thread_name_prefix="keyart-checkpoint")

    def start(self) -> None:
        """Learn what the ledger holds: the newest checkpoint and the rows since. Idempotent."""
        with self._lock:
            if self._learner is None:
                self._adopt(self._renewal.opened())
                self._renewal.watch(self._state, self._switch)

    def close(self) -> None:
        """Finish what is under way and write a checkpoint, if the database is there to take it;
        the writer must still be open."""
        self._renewal.stop()
        self._thread.shutdown(wait=True)
        with self._lock:
            state = self._learner
        if state is not None and self._sound and state.offset > self._checkpointed:
            try:
                self._checkpoint().result()
            except (sa.exc.SQLAlchemyError, Unavailable) as error:
                _log.warning("no_last_checkpoint", error=str(error))  # a start learns more rows
        self._packing.shutdown(wait=True)
        # What is under way is in the checkpoint by its rows; a start makes it again.
        self._rebuilding.shutdown(wait=True, cancel_futures=True)

    @property
    def offset(self) -> int:
        """How many rows of the ledger are learned."""
        return self._ready().offset

    def learned(self) -> Learned:
        """What identifies the state in use.

        Raises:
            Unavailable: `not_started`, `learning_stopped`.
        """
        with self._lock:
            scope, state = self.scope, self._ready().image()
        return learned(scope, state)  # in its own time: choices need not wait for that

    def _ready(self) -> Learner:
        """The state in use.

        Raises:
            Unavailable: `not_started`, `learning_stopped`.
            SQLAlchemyError: it has to be read again, and the database is away.
        """
        if self._doubted and self._failure is None:
            self._read_again()
        if self._failure is not None:
            raise Unavailable(
                "learning_stopped", f"learning stopped; restart the service: {self._failure}"
            )
        if self._learner is None:
            raise Unavailable("not_started", "the personalizer is still reading its ledger")
        return self._learner

    @property
    def _sound(self) -> bool:
        """Is what is in memory what the ledger says?"""
        return self._failure is None and not self._doubted

    def _doubt(self) -> None:
        self._doubted = True

    def _unlearned(self, error: Exception) -> None:
        """Note why committed rows could not be learned: they are safe in the ledger, and read
        again once the database is back. After any other fault it takes a start."""
        if away(error):
            self._doubted = True
        else:
            self._failure = error

    def _read_again(self) -> None:
        """Open the state as a start does."""
        with self._lock:
            if not self._doubted:  # another thread was faster
                return
            try:
                self._adopt(self._renewal.opened())
                self._happened_elsewhere(removed=True)
            except _UNLEARNED as error:
                self._unlearned(error)
                if self._failure is None:
                    raise
                return
            self._doubted = False
        _log.info("read_again", offset=self._checkpointed)

    def _state(self) -> State:
        with self._lock:
            return State(self.scope, self._lens, self._ready())

    def _adopt(self, state: State) -> None:
        """Choose from this state from now on. Called under the lock."""
        self._use(state.learner)
        self._checkpointed = state.learner.offset
        if state.scope != self.scope:
            self.scope, self._lens = state.scope, state.lens
            self._see_anew()

    def _use(self, learner: Learner) -> None:
        self._learner = learner
        learner.beside(self._rebuilding)

    @abstractmethod
    def _see_anew(self) -> None:
        """The feature set is another: forget what was read with the one before."""

    def _switch(self, prepared: Prepared) -> None:
        """Let a state folded anew take the place of the one in use, from a mark on."""

        def learn(mark: Mark) -> None:
            try:
                self._adopt(prepared.at(self._engine, mark, self._parameters))
            except _UNLEARNED as error:
                self._unlearned(error)

        write = partial(prepared.mark, at_us=self._clock())
        # In the deciding thread: nothing is decided between the mark and the new state.
        self._thread.submit(lambda: self._commits.submit(write, learn).result()).result()
        self._checkpoint().result()

    def _checkpoint(self) -> "Future[None]":
        """Keep the state as it is now; packed in a thread of its own, which takes seconds for a
        large catalogue."""
        with self._lock:
            state, scope = self._ready().image(), self.scope
            self._checkpointed = state.offset
        at_us = self._clock()

        def keep() -> None:
            data = state.packed()
            self._writer.submit(
                lambda connection: save_checkpoint(connection, scope, state.offset, data, at_us)
            ).result()

        return self._packing.submit(keep)

    def _learn(self, appended: Appended, instead: Learner | None = None) -> None:
        """Learn what was committed, in the order of the ledger. Called under the lock.

        Args:
            instead: the state at the end of `appended`, where that was made beside.
        """
        state = self._learner
        if state is None or not self._sound:
            return
        try:
            if instead is not None and appended.first == state.offset + 1:
                self._use(instead)
                self._rebuilding.submit(state.posterior.let_go)
                self._removed(appended.entries)
            elif state.advance(appended):
                if appended.removed:
                    self._removed(appended.entries)
            else:  # another process appended rows before these
                with snapshot(self._engine).connect() as connection:
                    parts = (connection, self.scope, self._parameters)
                    found = followed(*parts, state, appended.last)
                if found is not state:
                    self._use(found)
                self._happened_elsewhere(removed=found is not state)
        except _UNLEARNED as error:
            self._unlearned(error)

    @abstractmethod
    def _removed(self, gone: Sequence[Entry]) -> None:
        """These were taken out of the state in use."""

    @abstractmethod
    def _happened_elsewhere(self, *, removed: bool) -> None:
        """Another process may have told what viewers watched, and have taken rows away."""
