"""Whoever reads what is about to be closed is waited for."""

import threading


class Readers:
    """How many read at present. That nobody enters any more is for the caller to see to."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = threading.Condition()

    def enter(self) -> None:
        """Begin to read; `gone` waits for `leave`."""
        with self._idle:
            self._count += 1

    def leave(self) -> None:
        with self._idle:
            self._count -= 1
            self._idle.notify_all()

    def gone(self) -> None:
        """Wait until nobody reads."""
        with self._idle:
            self._idle.wait_for(lambda: self._count == 0)
