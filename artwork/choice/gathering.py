"""Questions of many callers, answered together by one thread.

Under load what waits is taken at once: one read, one lock and one append serve all of it, and each
event loop is woken once. Alone, a question is answered at once: nothing waits for company.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 256
"""Titles or events of the questions taken at once: what else the thread has to do gets its turn,
and a statement stays far below the number of parameters that databases take."""


@dataclass(eq=False, slots=True)
class Asked(Generic[Q, A]):
    """A question, and what its caller will get: `answer`, or `error` to be raised."""

    question: Q
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[A]"
    answer: A | None = None
    error: BaseException | None = None

    def _tell(self) -> None:
        if self.future.done():  # the caller went away
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.answer)  # type: ignore[arg-type]


@dataclass(eq=False)
class Gathering(Generic[Q, A]):
    """Gives `work`, in `thread`, the questions that wait, in order; it must see to it that `tell`
    is called with each of them, once it has an `answer` or an `error`."""

    thread: ThreadPoolExecutor
    work: Callable[[Sequence[Asked[Q, A]]], None]
    weight: Callable[[Q], int]
    """How much of `MOST` a question takes."""
    _waiting: "deque[Asked[Q, A]]" = field(default_factory=deque)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _coming: bool = False
    """Is the thread on its way to what waits?"""

    async def ask(self, question: Q) -> A:
        """The answer; raises what `work` noted as the error, RuntimeError once the thread is shut
        down."""
        loop = asyncio.get_running_loop()
        asked: Asked[Q, A] = Asked(question, loop, loop.create_future())
        with self._guard:
            if not self._coming:
                self.thread.submit(self._drain)
                self._coming = True
            self._waiting.append(asked)
        return await asked.future

    def _drain(self) -> None:
        more = True
        while more:
            with self._guard:
                taken = self._taken()
                more = self._coming = bool(self._waiting)
                with contextlib.suppress(RuntimeError):  # shut down: what waits is answered yet
                    if more:
                        self.thread.submit(self._drain)
                        more = False
            self.answer(taken)

    def _taken(self) -> list[Asked[Q, A]]:
        taken, room = [], MOST
        while self._waiting and room > 0:
            asked = self._waiting.popleft()
            taken.append(asked)
            room -= self.weight(asked.question)
        return taken

    def answer(self, taken: Sequence[Asked[Q, A]]) -> None:
        """Give these to `work` now. Called in the thread."""
        try:
            self.work(taken)
        except Exception as error:  # noqa: BLE001 - handed to those who asked
            for asked in taken:
                asked.error = error
            tell(taken)


def parted(
    asked: Sequence[Asked[Q, A]],
) -> tuple[Sequence[Asked[Q, A]], Sequence[Asked[Q, A]]]:
    """Those with an error, and the others."""
    refused = [each for each in asked if each.error is not None]
    return refused, [each for each in asked if each.error is None] if refused else asked


def tell(answered: Sequence[Asked[Q, A]]) -> None:
    """Let the callers go on: one wake-up for each event loop, from whatever thread."""
    loops: dict[asyncio.AbstractEventLoop, list[Asked[Q, A]]] = {}
    for asked in answered:
        loops.setdefault(asked.loop, []).append(asked)
    for loop, theirs in loops.items():
        with contextlib.suppress(RuntimeError):  # closed: nobody waits there any more
            loop.call_soon_threadsafe(_tell_all, theirs)


def _tell_all(answered: Sequence[Asked[Q, A]]) -> None:
    for asked in answered:
        asked._tell()
