"""The real service as a subprocess, driven over HTTP: what every end-to-end test starts from."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil

ENDED = {"done", "failed", "cancelled"}


class Service:
    """`keyart serve` on a free port, in a process group of its own."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("KEYART_")},
            "KEYART_DATA": str(data),
            "KEYART_PORT": "0",
            "KEYART_MIN_FREE_BYTES": "0",
            **(environment or {}),
        }
        self._process: subprocess.Popen[str] | None = None
        self.http = httpx.Client()

    def start(self, timeout_s: float = 90.0) -> "Service":
        """Start and wait until every part is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "serve.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "http://" in line, f"no address: {line!r}\n{self.log()}"
        self.http = httpx.Client(base_url=line.split()[-1], timeout=60.0)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if self.http.get("/readyz").status_code == 200:
                    return self
            time.sleep(0.1)
        raise AssertionError(f"the service did not become ready\n{self.log()}")

    def stop(self) -> int:
        """SIGTERM to the supervisor; its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def kill(self) -> None:
        """kill -9 of the whole process group."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        path = self.data / "serve.log"
        return path.read_text() if path.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """Every process of this data folder, children of children too, wherever they hang."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("KEYART_DATA") == str(self.data):
                    found.append(process)
        return found

    # ----- as a user

    def submit(self, fields: Mapping[str, Any], media: Path | None = None) -> dict[str, Any]:
        """Submit a title, its media as an upload when given; the 202 answer."""
        if media is None:
            answer = self.http.post("/v1/titles", json=dict(fields))
        else:
            with media.open("rb") as file:
                answer = self.http.post(
                    "/v1/titles",
                    files={
                        "title": (None, json.dumps(dict(fields)), "application/json"),
                        "media": (media.name, file, "application/octet-stream"),
                    },
                )
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    def wait(self, job_id: str, timeout_s: float = 120.0) -> dict[str, Any]:
        """The job once it has ended."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            job = self.http.get(f"/v1/jobs/{job_id}").json()
            if job["state"] in ENDED:
                return dict(job)
            time.sleep(0.1)
        raise AssertionError(f"job {job_id} did not end: {job}\n{self.log()[-4000:]}")


@contextlib.contextmanager
def running(data: Path, **environment: str) -> Iterator[Service]:
    """A ready service, stopped at the end; it must exit with 0."""
    service = Service(data, environment).start()
    try:
        yield service
    except BaseException:
        service.kill()
        raise
    assert service.stop() == 0, service.log()[-4000:]
