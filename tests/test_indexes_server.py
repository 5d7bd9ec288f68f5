"""The real index process: its answers, its errors, its end, and kill -9 in between."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from content.errors import Conflict, Invalid, NotFound, Unavailable
from indexes.calibration import Calibration
from indexes.client import IndexClient
from indexes.patience import Patience
from indexes.schema import Filter
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from indexes.wire import unpack_error
from tests.index_points import FINGERPRINTS, OTHER_FINGERPRINTS, catalogue, point, vectors, words
from tests.waiting import until

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def run(
        *extra: str, socket: Path = tmp_path / "s", wait: bool = True
    ) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "indexes.server", "--socket", str(socket)]
        command += ["--folder", str(tmp_path / "index"), *extra]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        running.append(process)
        client = IndexClient(socket)
        while wait and not client.ready():
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
        client.close()
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[IndexClient]:
    opened = IndexClient(tmp_path / "s", timeout_s=20)
    yield opened
    opened.close()


def test_every_call_answers_as_in_process(
    start: Start, client: IndexClient, tmp_path: Path
) -> None:
    process = start()
    items = catalogue(60)
    local = IndexService(tmp_path / "local", EdgeStores())
    for index in (client, local):
        assert index.ensure(FINGERPRINTS) == "first"
        index.upsert(items)
        index.delete(["t0007", "nobody"])
    assert client.count() == local.count() == 59
    wanted = Filter(genre="drama", maturity_max="16")
    for name in ("t0000", "t0001", "t0002"):
        assert client.similar(name, space="fused", limit=9, filter=wanted) == local.similar(
            name, space="fused", limit=9, filter=wanted
        )
        for space, data in client.vectors(name).items():
            np.testing.assert_array_equal(data, local.vectors(name)[space])
    query = words(vectors(3)["synopsis"].data)
    assert client.search(query, limit=5) == local.search(query, limit=5)
    fitted = Calibration.fit({"synopsis": [item.vectors["synopsis"].data for item in items[:1]]})
    expected = {item.title_id: 1 for item in items if item.title_id != "t0007"}
    for index in (client, local):
        index.begin("next", FINGERPRINTS, fitted)
        index.upsert_into("next", items[:10])
        assert not index.verify("next", expected).complete
        index.upsert_into("next", items[10:])
        assert index.verify("next", expected).extra == ("t0007",)
        index.cut_over("next")
        index.drop("first")
    assert [(i.name, i.state, i.points) for i in client.generations()] == [("next", "live", 60)]
    local.close()
    process.send_signal(signal.SIGTERM)
    _, logs = process.communicate(timeout=60)
    assert process.returncode == 0
    assert not (tmp_path / "s").exists()
    assert all(line.startswith("{") for line in logs.splitlines()), logs


def test_errors_arrive_as_their_types(start: Start, client: IndexClient) -> None:
    process = start()
    with pytest.raises(Conflict) as no_generation:
        client.upsert([point(1)])
    assert no_generation.value.code == "no_generation"
    client.ensure(FINGERPRINTS)
    with pytest.raises(NotFound) as caught:
        client.similar("nobody", space="fused", limit=5)
    assert (caught.value.code, "nobody" in caught.value.detail) == ("title_not_indexed", True)
    with pytest.raises(Invalid) as limit:
        client.search(vectors(1), limit=-1)
    assert limit.value.code == "invalid_limit"
    with pytest.raises(Conflict) as mismatch:
        client.upsert([point(1, fingerprints=OTHER_FINGERPRINTS)])
    assert mismatch.value.code == "fingerprint_mismatch"
    assert mismatch.value.extra == {"generation": "first"}
    with pytest.raises(Invalid, match="invalid_vector"):
        client.search(words(np.zeros(16)), limit=3)  # type: ignore[arg-type]
    process.kill()
    process.wait()
    assert not client.ready()
    with pytest.raises(Unavailable) as gone:
        client.count()
    assert gone.value.code == "index_unavailable"


def test_only_named_methods_may_be_called(start: Start, tmp_path: Path) -> None:
    start()
    transport = httpx.HTTPTransport(uds=str(tmp_path / "s"))
    with httpx.Client(transport=transport, base_url="http://index") as raw:
        for name in ("close", "__init__", "_stored", "nothing"):
            response = raw.post(f"/call/{name}", content=b"\x80")
            assert response.status_code == 400
            assert unpack_error(response.content).code == "unknown_method"
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600


def test_a_second_opener_is_refused_by_name(start: Start, tmp_path: Path) -> None:
    first = start()
    second = start(socket=tmp_path / "other", wait=False)
    _, logs = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "index_in_use" in logs
    assert f"pid {first.pid}" in logs
    assert first.poll() is None


def test_a_socket_path_that_is_too_long_is_explained(start: Start, tmp_path: Path) -> None:
    process = start(socket=tmp_path / ("x" * 100), wait=False)
    _, logs = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "socket_path_too_long" in logs


def test_it_ends_when_its_parent_does(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'indexes.server', '--socket', sys.argv[1],"
        " '--folder', sys.argv[2]])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "s"), str(tmp_path / "index")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    client = IndexClient(tmp_path / "s")
    while not client.ready():
        time.sleep(0.05)
    parent.kill()
    parent.communicate()
    client.close()
    until(lambda: not _runs(child), "it has outlived its parent")


def test_sigterm_finishes_what_runs(start: Start, client: IndexClient) -> None:
    process = start()
    client.ensure(FINGERPRINTS)
    acknowledged: dict[str, int] = {}

    def write() -> None:
        for number in range(10_000):
            item = point(number)
            try:
                client.upsert([item])
            except Unavailable:
                return
            acknowledged[item.title_id] = 1

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    until(lambda: len(acknowledged) > 5)
    process.terminate()
    assert process.wait(timeout=60) == 0
    writer.join()
    start()
    assert acknowledged
    assert client.verify("first", acknowledged).complete
    # One more may have been stored and its answer lost with the connection.
    assert client.count() - len(acknowledged) in (0, 1)


def test_nothing_acknowledged_is_lost_to_kill_9(start: Start, client: IndexClient) -> None:
    acknowledged: dict[str, int] = {}
    written = unavailable = 0
    stop = threading.Event()
    chance = random.Random(5)

    def write() -> None:
        nonlocal written, unavailable
        while not stop.is_set():
            items = [point(written % 50 + i, version=written + 1) for i in range(3)]
            try:
                client.upsert(items)
            except Unavailable:
                unavailable += 1
                time.sleep(0.05)
                continue  # the same again: upserts are idempotent
            acknowledged.update({item.title_id: item.version for item in items})
            written += 1

    process = start()
    client.ensure(FINGERPRINTS)
    client.begin("next", FINGERPRINTS)
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    for _ in range(4):
        before = written
        until(lambda: written > before)  # noqa: B023 - called at once
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = start()
        assert client.verify("first", dict(acknowledged)).complete
    stop.set()
    writer.join()
    for generation in ("first", "next"):
        assert client.verify(generation, acknowledged).complete
    # What was stored when its answer was lost with the connection may be there too.
    assert 0 <= client.count() - len(acknowledged) <= 3
    assert unavailable > 0
    for name in list(acknowledged)[:5]:
        assert set(client.vectors(name)) == set(FINGERPRINTS)


def test_kill_9_between_generations_leaves_a_whole_one(start: Start, client: IndexClient) -> None:
    items = catalogue(30)
    expected = {item.title_id: item.version for item in items}
    stop = threading.Event()
    chance = random.Random(3)
    turns = 0

    def turn_over() -> None:
        nonlocal turns
        while not stop.is_set():
            name = f"turn{turns}"
            try:
                client.begin(name, FINGERPRINTS)
                client.upsert_into(name, items)
                assert client.verify(name, expected).complete
                client.cut_over(name)
                for info in client.generations():
                    if info.state == "retired":
                        client.drop(info.name)
            except Unavailable:
                time.sleep(0.05)
                continue
            turns += 1

    process = start()
    client.ensure(FINGERPRINTS)
    client.upsert(items)
    worker = threading.Thread(target=turn_over, daemon=True)
    worker.start()
    for kill in range(5):
        until(lambda: turns > kill)  # noqa: B023 - called at once
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = start()
        assert client.count() == 30
        assert len(client.similar("t0000", space="fused", limit=5)) == 5
        assert [info.state for info in client.generations()].count("live") == 1
    stop.set()
    worker.join()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[IndexClient]:
    opened = IndexClient(tmp_path / "s", timeout_s=60, patience_s=60)
    yield opened
    opened.close()


def test_a_question_waits_while_the_process_is_started_again(
    start: Start, patient: IndexClient
) -> None:
    process = start()
    patient.ensure(FINGERPRINTS)
    patient.upsert(catalogue(20))
    before = patient.similar("t0001", space="fused", limit=5)
    process.kill()
    process.wait()
    with pytest.raises(Unavailable) as refused:  # by the time it could be written it may be old
        patient.upsert([point(1, version=2)])
    assert refused.value.retry_after_s is not None
    answers: list[object] = []
    asking = threading.Thread(
        target=lambda: answers.append(patient.similar("t0001", space="fused", limit=5))
    )
    asking.start()
    time.sleep(0.3)
    assert answers == []
    start()
    asking.join(60)
    assert answers == [before]


def test_an_outage_is_waited_for_once(tmp_path: Path) -> None:
    absent = IndexClient(tmp_path / "s", patience_s=0.4)
    spent = []
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(Unavailable, match="index_unavailable"):
            absent.count()
        spent.append(time.monotonic() - began)
    assert spent[0] >= 0.4 > spent[1]
    absent.close()


def test_so_many_wait_and_no_more() -> None:
    patience = Patience(60, places=1)
    with patience.place() as first, patience.place() as second:
        assert (first, second) == (True, False)
    with patience.place() as again:
        assert again
