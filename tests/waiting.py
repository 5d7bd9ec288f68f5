"""Waiting for what another thread or process does, however slow the machine is."""

import time
from collections.abc import Callable

LONG_S = 120.0
"""Far more than anything takes: only what never comes is waited for so long."""


def until(condition: Callable[[], object], missing: str = "", *, every_s: float = 0.01) -> None:
    """Return once it holds.

    Raises:
        AssertionError: it does not hold within `LONG_S`; what is `missing`.
    """
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline, missing or "waited in vain"
        time.sleep(every_s)
