"""The real service, driven over HTTP as a user would: what every end-to-end test starts from."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samples.service import Service as Process

ENDED = {"done", "failed", "cancelled"}


class Service(Process):
    """With the two calls that tests make most."""

    def submit(self, fields: Mapping[str, Any], media: Path | None = None) -> dict[str, Any]:
        """Submit a title, its media as an upload when given; the 202 answer."""
        if media is None:
            answer = self.http.post("/v1/titles", json=dict(fields))
        else:
            with media.open("rb") as file:
                parts = {
                    "title": (None, json.dumps(dict(fields)), "application/json"),
                    "media": (media.name, file, "application/octet-stream"),
                }
                answer = self.http.post("/v1/titles", files=parts)
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
        raise AssertionError(f"job {job_id} did not end: {job}\n{self.log()}")


@contextlib.contextmanager
def running(data: Path, **environment: str) -> Iterator[Service]:
    """A ready service, stopped at the end; it must exit with 0."""
    service = Service(data, environment)
    service.start()
    try:
        yield service
    except BaseException:
        service.kill()
        raise
    assert service.stop() == 0, service.log()
