"""A catalogue of words alone: taken in title by title, taken in by one request, understood.

The service with all its processes and the client share this machine; its worker understands the
first titles while the later ones are still taken in.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from samples.service import Service
from tests.bulk_wire import PATH

SINGLE, MANY = 300, 10_000
ALL_S = 1800.0
"""That is waited at most until all are understood."""
_WORDS = (
    "sailor winter sea brother war keeper lighthouse daughter song city water letter mountains map "
    "name stranger crosses finds leaves meets knows grows returns old lost hidden the a of and"
)
_HEAD = {"Content-Type": "application/x-ndjson"}


def run() -> list[dict[str, object]]:
    with (
        TemporaryDirectory() as folder,
        Service(Path(folder) / "data", {"KEYART_MAX_QUEUED_JOBS": "100000"}) as service,
    ):
        http = service.http
        [api] = [p for p in service.processes() if "api.server" in " ".join(p.cmdline())]
        rows = [_single(http)]
        before = _rss(api)
        rows.append(_bulk(http, "many, in one request", api))
        rows.append(_bulk(http, "the same again", api))
        rows.append({"what": "memory of the api before", "MiB": f"{before:.0f}"})
        rows += _understood(service)
        service.kill()
        service.start()
        rows.append(_kept(http=service.http))
    return rows


def _titles(prefix: str, count: int) -> Iterator[bytes]:
    """Synopses of 60 words by a seed."""
    words, chance = _WORDS.split(), random.Random(f"{prefix} {count}")
    for n in range(count):
        story = " ".join(chance.choices(words, k=60)) + "."
        title = {"id": f"{prefix}-{n}", "name": f"{prefix} {n}", "synopsis": story}
        yield json.dumps({**title, "genres": ["drama"], "language": "en"}).encode()


def _single(http: httpx.Client) -> dict[str, object]:
    began = time.perf_counter()
    for title in _titles("single", SINGLE):
        kind = {"Content-Type": "application/json"}
        http.post("/v1/titles", content=title, headers=kind).raise_for_status()
    return _row("one by one", SINGLE, time.perf_counter() - began)


def _bulk(http: httpx.Client, what: str, api: psutil.Process) -> dict[str, object]:
    body = b"\n".join(_titles("many", MANY))
    began, answered, most = time.perf_counter(), 0, 0.0
    patient = httpx.Timeout(120.0)
    with http.stream("POST", PATH, content=body, headers=_HEAD, timeout=patient) as answer:
        for text in answer.iter_lines():
            end = json.loads(text)
            answered += "job_id" in end
            if answered % 200 == 0:
                most = max(most, _rss(api))
    assert answered == MANY and end["stopped"] is None, end
    return _row(what, MANY, time.perf_counter() - began) | {"MiB": f"{most:.0f}"}


def _understood(service: Service) -> list[dict[str, object]]:
    """How many a second once all are taken in, with the CPU of every process by title; and what
    each process holds then and at most."""
    http, processes = service.http, service.processes()
    before, cpu, began = _done(http), [_cpu_s(p) for p in processes], time.perf_counter()
    first = [_rss(p) for p in processes]
    most, done, seconds = first, before, 0.0
    while done < SINGLE + MANY and seconds < ALL_S:
        time.sleep(1.0)
        done, seconds = _done(http), time.perf_counter() - began
        most = [max(pair) for pair in zip(most, map(_rss, processes), strict=True)]
    done -= before
    told = [
        f"{p.cmdline()[2]} {1000 * (_cpu_s(p) - then) / done:.1f} ({held:.0f} → {top:.0f} MiB)"
        for p, then, held, top in zip(processes, cpu, first, most, strict=True)
    ]
    row = _row("understood, once all are taken in", done, seconds)
    load = ", ".join(f"{each:.0f}" for each in psutil.getloadavg())
    return [row | {"CPU ms of each, memory": "; ".join(told), "load": load}]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _kept(http: httpx.Client) -> dict[str, object]:
    """After kill -9 every job is there still."""
    states = _states(http)
    assert sum(states.values()) == SINGLE + MANY, states
    return {"what": "jobs after kill -9", "titles": sum(states.values())}


def _states(http: httpx.Client) -> dict[str, int]:
    lines = http.get("/metrics").text.splitlines()
    return {
        line.split('"')[1]: int(float(line.split()[-1]))
        for line in lines
        if line.startswith("keyart_jobs{")
    }


def _done(http: httpx.Client) -> int:
    return _states(http)["done"]


def _rss(process: psutil.Process) -> float:
    """MiB."""
    return float(process.memory_info().rss) / 2**20


def _row(what: str, titles: int, seconds: float) -> dict[str, object]:
    return {
        "what": what,
        "titles": titles,
        "seconds": f"{seconds:.1f}",
        "titles/s": f"{titles / seconds:.0f}"
        if titles > 100 * seconds
        else f"{titles / seconds:.1f}",
    }
