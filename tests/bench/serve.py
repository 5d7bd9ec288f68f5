"""The choice over HTTP: an open loop at 200 a second beside a bare endpoint, and throughput.

The service (`keyart serve`, all its processes), the bare endpoint and the client
(`tests.bench.arrivals`) are processes of their own on this machine; bare and artwork rounds take
turns. CPU is of the process that answers, user and system, by request.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from content.records import open_engine
from samples.service import Service
from samples.worlds import synthetic_embeddings
from tests.bench.arrivals import Outcome, Plan, run_apart
from tests.shelf import publish
from workers.settings import Settings

TITLES, PICTURES = 40, 12
RATE, ROUNDS, ROUND_S, WARM_S, FULL_S = 200.0, 4, 8.0, 2.0, 6.0
VIEWERS = 20_000
"""Distinct requests of a plan: hardly any repeats a viewer's running episode."""

Row = dict[str, object]
Server = tuple[int, psutil.Process]
"""A port and the process that answers there."""


def run() -> list[Row]:
    sync = os.environ.get("KEYART_SYNC", "normal")
    with (
        TemporaryDirectory() as folder,
        _bare() as bare,
        Service(Path(folder) / "data", {"KEYART_SYNC": sync}) as service,
    ):
        port = service.http.base_url.port
        assert port is not None
        _fill(service)
        keyart = port, _answering(service)
        rows = [*_open_loop(bare, keyart), *_full(keyart), _effect(service)]
    rows.append({"what": f"durability: KEYART_SYNC={sync}"})
    return rows


def _fill(service: Service) -> None:
    """Published titles, as an ingestion leaves them, but with made pictures."""
    engine = open_engine(Settings(data=service.data).records_url)
    for title, pictures in synthetic_embeddings(TITLES, PICTURES, seed=1).items():
        publish(engine, title, pictures)
    engine.dispose()


def _answering(service: Service) -> psutil.Process:
    [api] = [p for p in service.processes() if "api.server" in " ".join(p.cmdline())]
    return api


@contextmanager
def _bare() -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.bench.bare"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), psutil.Process(process.pid)
        finally:
            process.terminate()


def _open_loop(bare: Server, keyart: Server) -> list[Row]:
    titles = [f"title-{t:02d}" for t in range(TITLES)]
    asked = {
        "bare": [("GET", f"/bare/{title}?aspect=16:9", "") for title in titles],
        "artwork, new viewers": [
            ("GET", f"/v1/titles/{titles[v % TITLES]}/artwork?user=open-{v}&device=tv", "")
            for v in range(VIEWERS)
        ],
        "artwork, no user": [
            ("GET", f"/v1/titles/{title}/artwork?device=tv", "") for title in titles
        ],
    }
    spent: dict[str, list[tuple[Outcome, float]]] = {}
    for number in range(-1, ROUNDS):  # the first one warms up and does not count
        for what, requests in asked.items():
            at = (number + 1) * int(RATE * ROUND_S)
            turn = [*requests[at % len(requests) :], *requests[: at % len(requests)]]
            server = bare if what == "bare" else keyart
            plan = Plan(server[0], turn, WARM_S if number < 0 else ROUND_S, RATE, seed=number + 1)
            measured = _measured(server, plan)
            if number >= 0:
                spent.setdefault(what, []).append(measured)
    floor = _cpu_us(spent["bare"])
    return [_row(what, rounds, floor) for what, rounds in spent.items()]


def _measured(server: Server, plan: Plan) -> tuple[Outcome, float]:
    """The outcome and the CPU seconds of the server meanwhile."""
    before = server[1].cpu_times()
    outcome = run_apart(plan)
    after = server[1].cpu_times()
    return outcome, after.user + after.system - before.user - before.system


def _cpu_us(rounds: Sequence[tuple[Outcome, float]]) -> float:
    return 1e6 * sum(cpu_s for _, cpu_s in rounds) / sum(len(one.ms) for one, _ in rounds)


def _row(what: str, rounds: Sequence[tuple[Outcome, float]], floor_us: float) -> Row:
    ms = np.concatenate([one.ms for one, _ in rounds])
    late = np.concatenate([one.late_ms for one, _ in rounds])
    p50, p99, p999 = np.percentile(ms, [50, 99, 99.9])
    cpu_us = _cpu_us(rounds)
    return {
        "what": f"{what}, open loop",
        "per second": f"{len(ms) / sum(one.seconds for one, _ in rounds):.0f}",
        "p50 ms": f"{p50:.2f}",
        "p99 ms": f"{p99:.2f}",
        "p99.9 ms": f"{p999:.2f}",
        "CPU µs": f"{cpu_us:.0f}",
        "× bare": f"{cpu_us / floor_us:.1f}",
        "failed": sum(one.failed for one, _ in rounds),
        "client late p99 ms": f"{np.percentile(late, 99):.2f}",
    }


def _full(keyart: Server) -> list[Row]:
    """As many as it takes: pages of all titles, and single titles of many callers at once."""
    ids = ",".join(f'"title-{t:02d}"' for t in range(TITLES))
    pages = [
        ("POST", "/v1/artwork",
         f'{{"aspect":"16:9","user":"page-{v}","context":{{"device":"tv"}},"title_ids":[{ids}]}}')
        for v in range(2_000)
    ]  # fmt: skip
    singles = [
        ("GET", f"/v1/titles/title-{v % TITLES:02d}/artwork?user=full-{v}&device=tv", "")
        for v in range(VIEWERS)
    ]
    plan = Plan(keyart[0], pages, FULL_S, connections=4)
    rows = []
    for what, each, one in (
        (f"pages of {TITLES}, 4 callers", TITLES, plan),
        ("single titles, 64 callers", 1, replace(plan, requests=singles, connections=64)),
    ):
        outcome, cpu_s = _measured(keyart, one)
        made = each * (len(outcome.ms) - outcome.failed)
        rows.append(
            {
                "what": f"{what}, durable decisions",
                "per second": f"{made / outcome.seconds:.0f}",
                "p50 ms": f"{np.percentile(outcome.ms, 50):.1f} a call",
                "CPU µs": f"{1e6 * cpu_s / made:.0f}",
                "failed": outcome.failed,
            }
        )
    return rows


def _effect(service: Service, times: int = 50) -> Row:
    """From sending a reward to having the next answer, which must have been drawn knowing it."""
    http, spent = service.http, []
    url = "/v1/titles/title-00/artwork"
    for _ in range(times):
        first = http.get(url).json()["decision_id"]
        began = time.perf_counter()
        reward = {"decision_id": first, "kind": "play", "value": 1.0}
        http.post("/v1/rewards", json=reward).raise_for_status()
        then = http.get(url).json()["decision_id"]
        spent.append(1000 * (time.perf_counter() - began))
        known = [http.get(f"/v1/decisions/{one}").json()["ledger_offset"] for one in (first, then)]
        # Two rows of the first decision and its showing, one of the reward.
        assert known[1] >= known[0] + 3, "the answer after a reward was drawn without it"
    p50, p99 = np.percentile(spent, [50, 99])
    return {
        "what": "reward to effect, one after the other",
        "p50 ms": f"{p50:.1f}",
        "p99 ms": f"{p99:.1f}",
    }
