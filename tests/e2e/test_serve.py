"""The service as its operator sees it: start, refuse, stop, caps, keys."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import film
from tests.e2e.service import Service
from tests.waiting import until

WORDS = {"name": "A", "synopsis": "A story of two cities."}
SETTINGS = {"KEYART_API_KEYS": "one,two", "KEYART_MAX_UPLOAD_BYTES": "400000"}


@pytest.fixture(scope="module")
def only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for the file: to start it takes longer than to see what it does."""
    made = Service(tmp_path_factory.mktemp("serve") / "data", SETTINGS)
    yield made
    if ready(made):
        assert made.stop() == 0, made.log()
    end(made)


@pytest.fixture
def service(only: Service) -> Service:
    """It is ready, whatever the test before has done to it."""
    if not ready(only):
        end(only)
        begin(only)
    return only


def ready(service: Service) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return service.http.get("/readyz").status_code == 200
    return False


def begin(service: Service) -> None:
    service.start()
    service.http.headers["X-API-Key"] = "two"


def end(service: Service) -> None:
    for process in service.processes():
        process.kill()


def serve(data: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "serve"],
        env={**os.environ, "KEYART_DATA": str(data), "KEYART_PORT": "0", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_service_on_the_same_data_is_refused(service: Service) -> None:
    second = serve(service.data)
    assert second.returncode == 2
    assert f"pid {service.pid}" in second.stderr


def test_a_public_address_needs_keys(tmp_path: Path) -> None:
    refused = serve(tmp_path / "data", KEYART_HOST="0.0.0.0")
    assert refused.returncode == 2
    assert "KEYART_API_KEYS" in refused.stderr


def test_keys_are_asked_for_but_not_for_images(service: Service) -> None:
    with httpx.Client(base_url=service.http.base_url, timeout=60.0) as http:
        answer = http.get("/v1/titles")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert http.get("/v1/titles", headers={"X-API-Key": "two"}).status_code == 200
        assert http.get("/v1/titles", headers={"Authorization": "Bearer one"}).status_code == 200
        assert http.get(f"/v1/images/{'0' * 64}.jpg").status_code == 404


def test_an_upload_over_the_cap_is_refused_and_not_kept(service: Service, tmp_path: Path) -> None:
    big = tmp_path / "big.mp4"
    big.write_bytes(b"\0" * 500_000)
    with big.open("rb") as file:
        answer = service.http.post(
            "/v1/titles",
            files={
                "title": (None, '{"name": "A", "synopsis": "B"}', "application/json"),
                "media": ("big.mp4", file, "video/mp4"),
            },
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    uploads = service.data / "uploads"
    assert not uploads.exists() or not list(uploads.iterdir())


def test_what_was_answered_survives_a_kill(service: Service) -> None:
    job = service.submit({"id": "a", **WORDS})
    assert service.wait(job["job_id"])["state"] == "done"
    service.kill()
    begin(service)
    assert service.http.get("/v1/titles/a").json()["state"] == "ready"
    assert service.submit({"id": "a", **WORDS})["job_id"] == job["job_id"]
    again = service.submit({"id": "a", **WORDS, "again": True})
    assert service.wait(again["job_id"])["state"] == "done"
    assert service.http.get("/v1/titles/a").json()["version"] == 2


def test_ctrl_c_loses_no_job(service: Service, tmp_path: Path) -> None:
    film(tmp_path / "film.mp4", 1, shots=2)
    job = service.submit({"id": "b", **WORDS}, tmp_path / "film.mp4")
    assert service.interrupt() == 0
    begin(service)
    assert service.wait(job["job_id"])["state"] == "done", service.log()


def test_a_part_that_dies_is_started_again(service: Service) -> None:
    index = [p for p in service.processes() if "indexes.server" in " ".join(p.cmdline())]
    index[0].kill()
    until(lambda: not index[0].is_running(), service.log())
    until(lambda: ready(service), service.log())


def test_no_process_outlives_the_supervisor(service: Service) -> None:
    job = service.submit({"id": "c", **WORDS})
    service.wait(job["job_id"])
    os.kill(service.pid, 9)  # the supervisor alone: its children must notice
    until(lambda: not service.processes(), "a process has outlived it")
    service.kill()
