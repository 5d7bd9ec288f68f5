"""How fast a reindex goes: it rests in between, so that answers find the machine free."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LATE_S = 0.01
"""Who is woken so much later than asked finds the processors taken: others want them."""
MOST = 4.0
"""Times the usual rest, at most: however busy the machine is, the reindex ends."""


class Pace:
    """Rests after each part of the work, longer while the machine is busy.

    Args:
        share: of the time that is worked while nobody else wants the processors, above 0 to 1;
            at 1 there is no rest, however busy it is.
        stop: ends a rest at once.
    """

    def __init__(
        self, share: float, stop: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rest = 1.0 / share - 1.0
        self._stop, self._clock = stop, clock
        self._longer = 1.0

    @contextmanager
    def part(self) -> Iterator[None]:
        """One part of the work; leaving it takes as long as the rest."""
        begun = self._clock()
        yield
        if self._rest > 0:
            self._wait((self._clock() - begun) * self._rest * self._longer)

    def _wait(self, seconds: float) -> None:
        begun = self._clock()
        self._stop.wait(seconds)
        late = self._clock() - begun - seconds
        self._longer = min(2 * self._longer, MOST) if late > LATE_S else max(self._longer / 2, 1.0)
