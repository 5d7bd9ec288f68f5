"""The worker process: `python -m workers.main [PARENT_PID]`. Runs the durable jobs."""

import logging
import os
import signal
import sys
import threading
import time
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from content.errors import Unavailable
from content.process import follow_parent, log_to_stderr
from workers import rollback
from workers.learning import look_anew
from workers.parts import Parts
from workers.pool import Pool
from workers.removal import sweep
from workers.settings import Settings
from workers.ticker import Ticker
from workers.workflows import JobRunner, JobStarter

log = logging.getLogger("keyart.worker")

LOOKS_EVERY_S = 60.0
"""A look at how many pictures there are costs one query."""
REVIVE_S = 60.0
"""A job whose start failed after it was recorded waits at most so long."""


def main() -> None:
    log_to_stderr("worker")
    follow_parent(signal.SIGKILL, int(sys.argv[1]) if sys.argv[1:] else None)
    # Stopping is a crash on purpose: jobs are taken up where they were (see JobRunner).
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = Settings()
    parts = Parts.open(settings)
    _await_index(parts)
    sweep(parts)
    rollback.sweep(parts)
    JobRunner(parts, Pool(settings.concurrency, environment=settings.environment())).start()
    starter = JobStarter(settings)
    starter.revive(parts.rows.live())
    starter.forget()
    Ticker(partial(look_anew, parts), every_s=LOOKS_EVERY_S, name="looks").start()
    log.info("ready")
    while True:
        time.sleep(REVIVE_S)
        look_after(parts, starter)


def look_after(parts: Parts, starter: JobStarter) -> None:
    """Take up jobs that nobody runs, and drop old generations; what cannot be done now is done the
    next time: running jobs outlive a database or an index that does not answer."""
    try:
        starter.revive(parts.rows.live())
        rollback.sweep(parts)
    except (Unavailable, SQLAlchemyError) as error:
        log.warning("jobs and old generations are looked for again later: %s", error)


def _await_index(parts: Parts) -> None:
    """The index process starts beside this one: wait for it, then see that it can take points."""
    for _ in range(600):
        try:
            parts.index.ensure(parts.fingerprints)
            return
        except Unavailable:
            threading.Event().wait(0.1)
    log.error("the index process does not answer")
    sys.exit(1)


if __name__ == "__main__":
    main()
