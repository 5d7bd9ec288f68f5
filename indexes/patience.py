"""Waiting for the index process to come back: whoever supervises it starts it again in seconds."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

POLL_S = 0.05


class Patience:
    """Of all who ask one index process. An outage is waited for once: when it has lasted so long,
    nobody waits any more until an answer has come.

    Args:
        seconds: that an outage is waited for; 0: not at all.
        places: how many may wait at once, so that whoever answers them has threads left.
    """

    def __init__(self, seconds: float, places: int = 30) -> None:
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._since: float | None = None

    def answered(self) -> None:
        """It is there (again)."""
        if self._since is not None:
            with self._lock:
                self._since = None

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place to wait in; False when all are taken."""
        mine = self._places.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                self._places.release()

    def wait(self) -> bool:
        """Wait a little; False, at once, when the outage has lasted too long."""
        with self._lock:
            now = time.monotonic()
            if self._since is None:
                self._since = now
            if now - self._since >= self._seconds:
                return False
        time.sleep(POLL_S)
        return True
