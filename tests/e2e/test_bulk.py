"""Many titles in one request to the real service, killed in the middle: what it told of stays."""

import json
from pathlib import Path

from tests.bulk_wire import PATH, Wire
from tests.e2e.service import Service

TITLES = 12


def line(n: int) -> bytes:
    return b'{"id": "t%d", "name": "T %d", "synopsis": "Story %d of a storm at sea."}\n' % (n, n, n)


def test_what_was_told_of_survives_a_kill_and_all_may_be_sent_again(tmp_path: Path) -> None:
    service = Service(tmp_path / "data").start()
    wire = Wire(str(service.http.base_url).rstrip("/"))
    half = TITLES // 2
    wire.send(b"".join(map(line, range(half))) + line(half)[:20])
    assert wire.head().startswith("HTTP/1.1 200 ")
    told = {}
    while len(told) < half:
        told |= {each["title_id"]: each["job_id"] for each in wire.chunk()}
    service.kill()
    wire.close()

    service.start()
    body = b"".join(map(line, range(TITLES))) + b'{"id": "bad", "name": "Bad", "synopsis": ""}'
    kind = {"Content-Type": "application/x-ndjson"}
    answer = service.http.post(PATH, content=body, headers=kind)
    assert answer.status_code == 200, answer.text
    *lines, end = map(json.loads, answer.text.splitlines())
    assert end == {"created": half, "unchanged": half, "refused": 1, "stopped": None}
    jobs = {each["title_id"]: each["job_id"] for each in lines[:-1]}
    assert {title_id: jobs[title_id] for title_id in told} == told
    assert lines[-1]["code"] == "synopsis_empty"
    for job_id in jobs.values():
        assert service.wait(job_id)["state"] == "done", service.log()
    found = service.http.get("/v1/titles/t0/similar", params={"limit": TITLES}).json()["items"]
    assert {each["title_id"] for each in found} == {f"t{n}" for n in range(1, TITLES)}
    assert service.stop() == 0
