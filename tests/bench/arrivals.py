"""A client of HTTP/1.1 in a process of its own, that does not wait for answers before it asks on.

Open loop: requests are due at moments of a Poisson process, and a latency counts from the moment
its request was *due*, whatever kept it from being sent: a stall is felt by everybody who would
have come meanwhile (no coordinated omission). Closed loop: so many callers at a time, for
throughput. Loopback only; time and number of requests are bounded.

    python -m tests.bench.arrivals < plan.json      # prints an outcome as JSON
"""

import asyncio
import json
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

HOST = "127.0.0.1"
MOST_S, MOST_REQUESTS = 60.0, 100_000
PATIENCE_S = 10.0
"""Waited at the end for answers that are still out."""


@dataclass(frozen=True)
class Plan:
    """`requests` are sent in turn, each a method, a path and a JSON body or ""."""

    port: int
    requests: Sequence[tuple[str, str, str]]
    seconds: float
    rate: float = 0.0
    """A second; 0 for a closed loop."""
    connections: int = 64
    seed: int = 0


@dataclass
class Outcome:
    ms: list[float] = field(default_factory=list)
    """From when a request was due (closed loop: sent) to the last byte of its answer."""
    late_ms: list[float] = field(default_factory=list)
    """How late the client itself woke: what its figures are worth."""
    failed: int = 0
    """Answers other than 200 or 202, and none at all."""
    seconds: float = 0.0


def run_apart(plan: Plan) -> Outcome:
    """The plan's outcome, from a client in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.arrivals"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=True,
        timeout=MOST_S + 2 * PATIENCE_S,
    )
    return Outcome(**json.loads(done.stdout))


class _Lines:
    """Connections kept open, and who waits for one."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._free: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self._places = asyncio.Semaphore(plan.connections)

    async def ask(self, raw: bytes) -> int:
        """The status, once the whole answer is here."""
        async with self._places:
            line = self._free.pop() if self._free else None
            reader, writer = line or await asyncio.open_connection(HOST, self._plan.port)
            writer.write(raw)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            self._free.append((reader, writer))
            return int(head[9:12])

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()


def _raw(method: str, path: str, body: str) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n"
    return f"{head}\r\n{body}".encode()


async def _asked(lines: _Lines, raw: bytes, due: float, outcome: Outcome) -> None:
    try:
        status = await lines.ask(raw)
    except (OSError, EOFError, ValueError, asyncio.CancelledError):
        status = 0
    outcome.ms.append(1000 * (time.perf_counter() - due))
    outcome.failed += status not in (200, 202)


async def _open(plan: Plan, lines: _Lines, raws: Sequence[bytes], outcome: Outcome) -> None:
    chance = np.random.default_rng(plan.seed)
    gaps = chance.exponential(1 / plan.rate, min(int(plan.rate * plan.seconds), MOST_REQUESTS))
    began, out = time.perf_counter(), set()
    for number, after in enumerate(np.cumsum(gaps)):
        due = began + float(after)
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        outcome.late_ms.append(1000 * (time.perf_counter() - due))
        task = asyncio.create_task(_asked(lines, raws[number % len(raws)], due, outcome))
        out.add(task)
        task.add_done_callback(out.discard)
    if out:
        _, lost = await asyncio.wait(out, timeout=PATIENCE_S)
        for task in lost:
            task.cancel()
        if lost:
            await asyncio.wait(lost)
    outcome.seconds = time.perf_counter() - began


async def _closed(plan: Plan, lines: _Lines, raws: Sequence[bytes], outcome: Outcome) -> None:
    began = time.perf_counter()
    numbers = iter(range(MOST_REQUESTS))

    async def caller() -> None:
        while (sent := time.perf_counter()) - began < plan.seconds:
            if (number := next(numbers, None)) is None:
                return
            await _asked(lines, raws[number % len(raws)], sent, outcome)

    await asyncio.gather(*(caller() for _ in range(plan.connections)))
    outcome.seconds = time.perf_counter() - began


async def _run(plan: Plan) -> Outcome:
    if plan.seconds > MOST_S:
        raise ValueError(f"at most {MOST_S:.0f} s")
    outcome, lines = Outcome(), _Lines(plan)
    raws = [_raw(*request) for request in plan.requests]
    await (_open if plan.rate else _closed)(plan, lines, raws, outcome)
    lines.close()
    return outcome


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    # epoll would round each wait up to a millisecond.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    print(json.dumps(asdict(loop.run_until_complete(_run(plan)))))


if __name__ == "__main__":
    main()
