"""The ledger folded again in a process of its own, beside the state in use.

`python -m workers.rebuild PARENT_PID` reads lines of a policy id, a feature set and an offset, and
prints for each the state there as JSON; `null` where rows below the offset have been removed since:
the ledger cannot give that state any more.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from artwork.choice.learning.rebuild import Learned, folded_again
from artwork.choice.record.decisions import Scope
from artwork.choice.record.marks import last_mark
from content.errors import Conflict, Unavailable
from content.ids import DEFAULT_TENANT
from content.process import follow_parent
from content.records import open_engine, snapshot
from workers.learning import parameters_of
from workers.settings import Settings

_NICE = 10
_one_at_a_time = threading.Lock()
_PATIENCE = 100
_PAUSE_S = 0.05


@dataclass(frozen=True)
class Rebuilt:
    """The state in use and the one that the ledger gives at the same offset."""

    live: Learned
    again: Learned
    seconds: float

    @property
    def same_sums(self) -> bool:
        return self.live.sums == self.again.sums

    @property
    def same_posterior(self) -> bool:
        return self.live.posterior == self.again.posterior


def rebuild(settings: Settings, live: Callable[[], Learned]) -> Rebuilt:
    """Fold the whole ledger up to where the state in use is, in a child; nothing is changed.

    Raises:
        Conflict: `rebuild_running`. Unavailable: `rebuild_failed`, `rebuild_disturbed` where rows
            are being removed all the while, and what `live` raises.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise Conflict("rebuild_running", "the ledger is being folded again already")
    try:
        began = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-m", "workers.rebuild", str(os.getpid())],
            env=os.environ | settings.environment() | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            state, again = _compared(child, live)
        return Rebuilt(state, again, time.monotonic() - began)
    finally:
        _one_at_a_time.release()


def _compared(
    child: "subprocess.Popen[str]", live: Callable[[], Learned]
) -> tuple[Learned, Learned]:
    """The state in use, and the child's of the same offset: of a ledger that still gives it."""
    assert child.stdin is not None and child.stdout is not None
    for _ in range(_PATIENCE):
        state = live()
        with contextlib.suppress(BrokenPipeError):  # gone: it prints nothing either
            print(state.policy_id, state.feature_set, state.offset, file=child.stdin, flush=True)
        line = child.stdout.readline()
        if not line:
            with contextlib.suppress(BrokenPipeError):  # what it did not read is buffered
                child.stdin.close()
            raise Unavailable("rebuild_failed", "the ledger could not be folded; the log says why")
        told = json.loads(line)
        if told is not None:
            return state, Learned(**told)
        time.sleep(_PAUSE_S)  # what was removed is about to be learned
    raise Unavailable("rebuild_disturbed", "rows are being removed all the while; try again")


def main() -> None:
    follow_parent(signal.SIGKILL, int(sys.argv[1]))
    os.nice(_NICE)
    settings = Settings()
    engine = open_engine(settings.records_url, sync=settings.sync)
    for line in sys.stdin:
        policy, feature_set, offset = line.split()
        scope = Scope(DEFAULT_TENANT, policy, feature_set)
        with snapshot(engine).connect() as connection:
            found = None
            if not last_mark(connection, scope.tenant, after=int(offset)):
                found = asdict(
                    folded_again(connection, scope, parameters_of(settings), int(offset))
                )
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
