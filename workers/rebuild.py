"""The ledger folded again in a process of its own, beside the state in use.

`python -m workers.rebuild PARENT_PID POLICY_ID FEATURE_SET OFFSET` prints the state as JSON.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass

from artwork.choice.learning.rebuild import Learned, folded_again
from artwork.choice.record.decisions import Scope
from content.errors import Conflict, Unavailable
from content.ids import DEFAULT_TENANT
from content.process import follow_parent
from content.records import open_engine
from workers.learning import parameters_of
from workers.settings import Settings

_NICE = 10
_one_at_a_time = threading.Lock()


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


def rebuild(settings: Settings, live: Learned) -> Rebuilt:
    """Fold the whole ledger up to where the state in use is, in a child; nothing is changed.

    Raises:
        Conflict: `rebuild_running`. Unavailable: `rebuild_failed`.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise Conflict("rebuild_running", "the ledger is being folded again already")
    try:
        began = time.monotonic()
        where = [live.policy_id, live.feature_set, str(live.offset)]
        done = subprocess.run(
            [sys.executable, "-m", "workers.rebuild", str(os.getpid()), *where],
            env=os.environ | settings.environment() | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            check=False,
        )
        if done.returncode != 0:
            raise Unavailable("rebuild_failed", "the ledger could not be folded; the log says why")
        return Rebuilt(live, Learned(**json.loads(done.stdout)), time.monotonic() - began)
    finally:
        _one_at_a_time.release()


def main() -> None:
    follow_parent(signal.SIGKILL, int(sys.argv[1]))
    os.nice(_NICE)
    settings = Settings()
    engine = open_engine(settings.records_url, sync=settings.sync)
    scope = Scope(DEFAULT_TENANT, sys.argv[2], sys.argv[3])
    with engine.connect() as connection:
        found = folded_again(connection, scope, parameters_of(settings), int(sys.argv[4]))
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
