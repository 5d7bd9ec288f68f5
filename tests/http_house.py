"""Fixtures of the HTTP tests: the app over `tests.standins.House`, in process or on a socket."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from fastapi.testclient import TestClient

from api.app import create_app
from tests.standin_catalog import title
from tests.standins import House
from workers.settings import Settings

structlog.configure(  # as the processes do; the default draws pictures of every traceback
    processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
    logger_factory=structlog.stdlib.LoggerFactory(),
)


def make_house(folder: Path, **settings: Any) -> House:
    """A house with three ready titles; `bare` has no vectors and no pictures."""
    house = House(Settings(data=folder, **{"min_free_bytes": 0, **settings}), folder)
    for name in ("bare", "bikes", "film"):
        house.catalog.titles[name] = title(name)
    return house


@contextmanager
def client_of(house: House) -> Iterator[TestClient]:
    with TestClient(create_app(house)) as client:
        yield client


@contextmanager
def served(house: House) -> Iterator[str]:
    """The app on a real socket; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(house), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem document as RFC 9457 and docs/errors.md want it."""
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["type"].endswith(code)
    assert body["title"]
    assert body["detail"]
    return body


def as_json(result: tuple[int, str, str]) -> Any:
    """What a command that went well has printed: exit status, standard output and error."""
    assert result[0] == 0, result
    return json.loads(result[1])
