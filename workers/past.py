"""A learned state of long ago, folded from the ledger in a process of its own: the choices, which
are made in the one that asks, do not wait for it.

`python -m workers.past PARENT_PID POLICY FEATURE_SET OFFSET MARK` prints the state, packed; nothing
where the newest mark behind the offset is not MARK any more: rows were taken away meanwhile.
"""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import Learner
from artwork.choice.modes.frozen import frozen_state
from artwork.choice.record.decisions import Scope
from artwork.choice.record.marks import last_mark
from content.errors import Conflict, Unavailable
from content.ids import DEFAULT_TENANT
from content.process import follow_parent
from content.records import open_engine, snapshot
from workers.learning import parameters_of
from workers.settings import Settings

LIMIT_S = 120.0
"""Some three million decisions, on a core of its own."""
_NICE = 10
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Past:
    """`at` is a `StateAt` of `artwork.choice.probability.replay`."""

    settings: Settings
    limit_s: float = LIMIT_S

    def at(
        self, connection: sa.Connection, scope: Scope, parameters: Hyperparameters, offset: int
    ) -> Learner:
        """The state at an offset, made by a child.

        Raises:
            Conflict: `explanation_running`; `policy_mismatch`, where rows went meanwhile.
            Unavailable: `explanation_timeout`, `explanation_failed`.
        """
        if not _one_at_a_time.acquire(blocking=False):
            raise Conflict(
                "explanation_running", "another decision of long ago is being explained; try again"
            )
        try:
            mark = last_mark(connection, scope.tenant, after=offset)
            made = self._child(scope.policy_id, scope.feature_set, offset, mark)
        finally:
            _one_at_a_time.release()
        if not made:
            raise Conflict("policy_mismatch", "rows that it knew of were taken away meanwhile")
        return Learner.unpacked(parameters, made)

    def _child(self, *named: object) -> bytes:
        try:
            return subprocess.run(
                [sys.executable, "-m", "workers.past", *map(str, (os.getpid(), *named))],
                env=os.environ | self.settings.environment() | {"OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=self.limit_s,
                check=True,
            ).stdout
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                "explanation_timeout",
                f"folding the ledger up to this decision takes more than {self.limit_s:g} s; "
                "explain a later one, or this one without explain",
            ) from error
        except subprocess.CalledProcessError as error:
            raise Unavailable(
                "explanation_failed", "the ledger could not be folded; the log says why"
            ) from error


def main() -> None:
    parent, policy, feature_set, offset, mark = sys.argv[1:]
    follow_parent(signal.SIGKILL, int(parent))
    os.nice(_NICE)
    settings = Settings()
    engine = open_engine(settings.records_url, sync=settings.sync)
    scope = Scope(DEFAULT_TENANT, policy, feature_set)
    with snapshot(engine).connect() as connection:
        if last_mark(connection, scope.tenant, after=int(offset)) != int(mark):
            return
        state = frozen_state(connection, scope, parameters_of(settings), int(offset))
    sys.stdout.buffer.write(state.packed())


if __name__ == "__main__":
    main()
