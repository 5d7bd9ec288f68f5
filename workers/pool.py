"""Warm children of this process: heavy work in a process of its own that can be killed.

A child (`python -m workers.child`) keeps its models loaded between calls. Calls and answers are
msgpack on its pipes. A cancelled, overdue or broken child is killed with all it started.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from multiprocessing.connection import wait
from typing import Any

import msgpack

from content.errors import Cancelled, TransientError, revived
from workers.spent import Spent, Took

Progress = Callable[[str, float], None]


NOTE_EVERY_S = 0.5


def ignore(_stage: str, _fraction: float) -> None:
    pass


def spaced(note: Progress) -> Progress:
    """`note`, called once in `NOTE_EVERY_S` at most: what comes in between is left out."""
    last = time.monotonic()

    def passed_on(stage: str, fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last > NOTE_EVERY_S:
            last = time.monotonic()
            note(stage, fraction)

    return passed_on


class Child:
    """One warm child. Not for use by two threads at once."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._unpacker = msgpack.Unpacker(max_buffer_size=2**30)
        self._killed = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def call(
        self,
        operation: str,
        arguments: dict[str, Any],
        *,
        on_progress: Progress = ignore,
        cancelled: threading.Event | None = None,
        timeout_s: float | None = None,
        spent: Spent | None = None,
    ) -> Any:
        """Run `operation` in the child and return its (msgpack) answer.

        Args:
            spent: is told what a title's operation that went well took.

        Raises:
            Cancelled: `cancelled` was set meanwhile; the child is dead.
            TransientError: `child_died`, `child_timeout`.
            KeyartError: as the operation raised it.
        """
        began = time.monotonic()
        deadline = began + timeout_s if timeout_s else None
        try:
            message = self._answer(operation, arguments, on_progress, cancelled, deadline)
        except (BrokenPipeError, EOFError) as error:
            self.kill()
            # When the whole process group is being killed our own end is a moment away: do not
            # book the child's death as a failed attempt.
            time.sleep(0.5)
            raise TransientError(
                "child_died", f"the process working on {operation!r} ended unexpectedly"
            ) from error
        except BaseException:
            # It is still at work, and its answer would be taken for that of the next call.
            self.kill()
            raise
        if "error" in message:
            raise revived(**message["error"])
        if spent is not None:
            spent.add(operation, Took(1, 0.0, time.monotonic() - began, message["cpu_s"]))
        return message["result"]

    def kill(self) -> None:
        """End the child and whatever it started, now. Repeating it does nothing."""
        if self._killed:  # its number may be another process's by now
            return
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _answer(
        self,
        operation: str,
        arguments: dict[str, Any],
        on_progress: Progress,
        cancelled: threading.Event | None,
        deadline: float | None,
    ) -> dict[str, Any]:
        self._send({"operation": operation, "arguments": arguments})
        while "progress" in (message := self._receive(cancelled, deadline)):
            on_progress(*message["progress"])
        return message

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgpack.packb(message))
        self._process.stdin.flush()

    def _receive(self, cancelled: threading.Event | None, deadline: float | None) -> dict[str, Any]:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        while True:
            for message in self._unpacker:
                return dict(message)
            if cancelled is not None and cancelled.is_set():
                raise Cancelled
            if deadline is not None and time.monotonic() > deadline:
                raise TransientError("child_timeout", "the work took longer than it may")
            if wait([pipe], 0.1):  # not `select`, which knows no file above number 1023
                data = os.read(pipe, 1 << 20)
                if not data:
                    raise EOFError
                self._unpacker.feed(data)


class Pool:
    """At most `size` children at work; the idle ones are kept warm for the next call."""

    def __init__(
        self, size: int, *, nice: int = 10, environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment` is added to this process's own: the settings that children read."""
        self._slots = threading.BoundedSemaphore(size)
        self._children = _Children(nice, dict(environment or {}))

    def beside(self, size: int) -> "Pool":
        """Further places, for work that must not wait behind this one's: what is idle in the one
        is warm for the other. Closing either closes both."""
        other = copy(self)
        other._slots = threading.BoundedSemaphore(size)
        return other

    @contextlib.contextmanager
    def child(self) -> Iterator[Child]:
        """A child of one's own for a while; waits for a free place."""
        with self._slots:
            child = self._children.take()
            try:
                yield child
            finally:
                self._children.give(child)

    def close(self) -> None:
        self._children.close()


class _Children:
    """Those at rest; others are started as they are asked for."""

    def __init__(self, nice: int, environment: dict[str, str]) -> None:
        self._idle: list[Child] = []
        self._lock = threading.Lock()
        self._closed = False
        self._nice = nice
        self._environment = environment
        # Children are told to die with the *thread* that started them (PR_SET_PDEATHSIG), so
        # one thread that lives as long as the pool starts them all.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="keyart-starter")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()
        self._starter.shutdown(wait=False)

    def take(self) -> Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive:
                    return child
                child.kill()
        return self._starter.submit(self._start).result()

    def give(self, child: Child) -> None:
        with self._lock:
            if child.alive and not self._closed:
                self._idle.append(child)
                return
        child.kill()

    def _start(self) -> Child:
        command = [sys.executable, "-m", "workers.child", str(os.getpid()), str(self._nice)]
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self._environment, **dict.fromkeys(threads, "1")},
            start_new_session=True,
        )
        return Child(process)
