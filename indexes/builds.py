"""When graphs are built: the live generation's as it is due, any other's on demand."""

import logging
import threading

from content.errors import Unavailable
from indexes.generations import Generations
from indexes.graph import is_due

log = logging.getLogger("keyart.index")

EVERY_S = 5.0


class Builds:
    """A thread that builds one graph at a time; nothing waits for it."""

    def __init__(self, generations: Generations, *, every_s: float = EVERY_S) -> None:
        self._generations = generations
        self._every_s = every_s
        self._asked: set[str] = set()
        self._refused: dict[str, int] = {}
        self._wake = threading.Event()
        self._ended = False
        self._now: str | None = None
        self._thread = threading.Thread(target=self._run, name="builds", daemon=True)
        self._thread.start()

    def ask(self, name: str) -> None:
        """Build this generation's graph soon, due or not."""
        self._asked.add(name)
        self._wake.set()

    def busy(self, name: str) -> bool:
        """Is this generation's graph asked for, or being built?"""
        return name in self._asked or name == self._now

    def close(self) -> None:
        """Begin none any more; the stores stop what runs when they are closed."""
        self._ended = True
        self._wake.set()

    def join(self) -> None:
        """Wait for the end of the thread."""
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait(self._every_s)
            self._wake.clear()
            try:
                self._look()
            except Unavailable as error:
                log.warning("no graph is looked after: %s", error)
            except Exception:  # one that failed must not keep the next from being tried
                log.exception("a graph could not be built; search goes on without")

    def _look(self) -> None:
        for name, store in self._generations.stores():
            if self._ended:
                return
            coverage = store.coverage()
            asked = name in self._asked
            tried = self._refused.get(name)
            due = is_due(coverage.points, coverage.outside)
            if not asked and (not due or (tried is not None and coverage.points < 2 * tried)):
                continue
            self._now = name
            self._asked.discard(name)
            # Also where it fails: each try copies the shard, while writers wait.
            self._refused[name] = max(coverage.points, 1)
            try:
                if store.build() is not None:
                    del self._refused[name]
            finally:
                self._now = None
