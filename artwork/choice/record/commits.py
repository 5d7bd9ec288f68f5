"""Writes whose answers wait until they are committed and learned."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import sqlalchemy as sa

from content.errors import OutcomeUnknown, Unavailable
from content.outages import RETRY_S
from content.records import Writer

T = TypeVar("T")


class Commits:
    """Writes in the calling thread; learns under the lock, in the order of the commits.

    The deciding thread gathers what waits by itself: to hand its writes to another thread would
    cost two changes of threads a request, and let nothing more be written at once.

    Args:
        doubt: called, under the lock, when it is not known whether a write was kept.
    """

    def __init__(
        self, writer: Writer, lock: threading.RLock, doubt: Callable[[], None] = lambda: None
    ) -> None:
        self._writer, self._lock, self._doubt = writer, lock, doubt

    def submit(
        self,
        write: Callable[[sa.Connection], T],
        learn: Callable[[T], None],
        *,
        lose: Callable[[], None] = lambda: None,
    ) -> "Future[T]":
        """The result of `write`, which is committed, and `learn` has seen it; the future is done.

        `lose` is called instead when the write failed. Not to be called under the lock.
        """
        learned: Future[T] = Future()

        def committed(written: "Future[T]") -> None:
            error = written.exception()
            try:
                with self._lock:
                    if error is None:
                        learn(written.result())
                    else:
                        lose()
                        if isinstance(error, OutcomeUnknown):
                            self._doubt()
            finally:
                if error is None:
                    learned.set_result(written.result())
                else:
                    learned.set_exception(error)

        self._writer.write(write, committed)
        return learned


async def durable(future: "Future[T]") -> T:
    """The result once committed and learned. A caller that goes away does not undo the write.

    Raises:
        Unavailable: `ledger_unavailable`, when the database refused the write; `outcome_unknown`.
    """
    try:
        return await asyncio.shield(asyncio.wrap_future(future))
    except sa.exc.SQLAlchemyError as error:
        raise told_of(error) from error


def told_of(error: BaseException) -> BaseException:
    """What a caller is told whose write failed: `ledger_unavailable`, if the database refused."""
    return ledger_unavailable() if isinstance(error, sa.exc.SQLAlchemyError) else error


def ledger_unavailable() -> Unavailable:
    return Unavailable(
        "ledger_unavailable",
        "the ledger could not be written; nothing was kept, try again",
        retry_after_s=RETRY_S,
    )
