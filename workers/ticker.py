"""Work of a process that comes round: done every so often, in a thread of its own."""

import threading
from collections.abc import Callable

import structlog

from content.errors import KeyartError

AGAIN_S = 30.0
"""After a failure: what is away is not there again at once, and each time is told."""
_log = structlog.get_logger("keyart.ticker")


class Ticker:
    """Calls `work` every `every_s` seconds until closed; what fails is told and tried again."""

    def __init__(self, work: Callable[[], object], *, every_s: float, name: str) -> None:
        self._work, self._every_s, self._name = work, every_s, name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"keyart-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Wait for what is under way; nothing is called afterwards."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        wait_s = self._every_s
        while not self._stop.wait(wait_s):
            wait_s = max(self._every_s, AGAIN_S)
            try:
                self._work()
                wait_s = self._every_s
            except KeyartError as error:
                _log.warning("failed", work=self._name, code=error.code, detail=error.detail)
            except Exception:  # noqa: BLE001 - a boundary: the next time may go well
                _log.exception("failed", work=self._name)
