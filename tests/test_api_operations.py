"""Keys, health, metrics, OpenAPI, and what importing the app costs."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.codes import CODES
from api.errors import MEDIA_TYPE
from tests.http_house import assert_problem, client_of, make_house
from tests.standins import House

OPEN = ("/healthz", "/readyz", f"/v1/images/{'0' * 64}.jpg")
GUARDED = ("/v1/titles", "/v1/jobs", "/metrics", "/openapi.json", "/v1/zork", "/v1/images")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


@pytest.fixture
def schema(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def test_keys_guard_every_route_but_health_and_images(tmp_path: Path) -> None:
    with client_of(make_house(tmp_path, api_keys=("first", "sécond"))) as client:
        for path in OPEN:
            assert client.get(path).status_code != 401
        for path in GUARDED:
            response = client.get(path)
            assert_problem(response, 401, "unauthorized")
            assert response.headers["www-authenticate"].startswith("Bearer")
        assert_problem(client.post("/v1/titles", json={}), 401, "unauthorized")
        for header in (
            {"Authorization": "Bearer first"},
            {"Authorization": "bearer  first"},
            {"X-API-Key": "first"},
            {"X-API-Key": "sécond".encode()},
        ):
            assert client.get("/v1/titles", headers=header).status_code == 200
        for header in (
            {"Authorization": "Bearer firs"},
            {"Authorization": "Bearer "},
            {"Authorization": "Basic first"},
            {"Authorization": "first"},
            {"X-API-Key": ""},
        ):
            assert_problem(client.get("/v1/titles", headers=header), 401, "unauthorized")


def test_the_life_of_the_app_is_the_life_of_its_services(house: House) -> None:
    with client_of(house):
        assert house.events == ["start"]
    assert house.events == ["start", "close"]


def test_health_and_readiness(house: House, client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["parts"] == {"records": True, "index": True}
    house.index.up = False
    problem = assert_problem(client.get("/readyz"), 503, "not_ready")
    assert problem["parts"] == {"records": True, "index": False}
    assert client.get("/healthz").status_code == 200


def test_load_balancers_may_probe_with_head(house: House, client: TestClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert client.head(path).status_code == 200
    house.index.up = False
    assert client.head("/readyz").status_code == 503
    assert client.head("/healthz").status_code == 200


def test_the_description_is_counted_by_its_route(client: TestClient) -> None:
    assert client.get("/openapi.json").status_code == 200
    text = client.get("/metrics").text
    assert 'requests_total{method="GET",route="/openapi.json",status="200"} 1.0' in text
    assert "unmatched" not in text


def test_metrics_count_by_route_template(house: House, client: TestClient) -> None:
    client.get("/v1/titles/film")
    client.get("/v1/titles/bikes")
    client.get("/v1/titles/zork")
    client.get("/v1/zork")
    client.post("/v1/artwork", json={"title_ids": ["film", "bikes", "bare"]})
    text = client.get("/metrics").text
    assert 'requests_total{method="GET",route="/v1/titles/{title_id}",status="200"} 2.0' in text
    assert 'requests_total{method="GET",route="/v1/titles/{title_id}",status="404"} 1.0' in text
    assert 'route="unmatched",status="404"' in text
    assert "keyart_decisions_total 2.0" in text
    assert 'keyart_jobs{state="running"} 0.0' in text
    assert 'seconds_bucket{le="0.001",method="GET",route="/v1/titles/{title_id}"}' in text
    assert "zork" not in text


def test_two_apps_do_not_share_their_metrics(tmp_path: Path) -> None:
    with client_of(make_house(tmp_path / "a")) as one, client_of(make_house(tmp_path / "b")) as two:
        one.get("/v1/titles")
        assert 'route="/v1/titles"' not in two.get("/metrics").text


def test_the_access_log_shows_no_query(client: TestClient, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG, "keyart.access"):
        client.get("/v1/titles/film/artwork?user=somebody-in-particular")
    assert "/v1/titles/film/artwork" in caplog.text
    assert "somebody" not in caplog.text


def test_every_answer_has_an_id_and_a_bad_one_is_not_echoed(client: TestClient) -> None:
    assert len(client.get("/healthz").headers["x-request-id"]) == 36
    given = client.get("/healthz", headers={"X-Request-Id": "abc"})
    assert given.headers["x-request-id"] == "abc"
    odd = client.get("/healthz", headers={"X-Request-Id": "a b"})
    assert odd.headers["x-request-id"] != "a b"


def test_openapi_has_the_routes_of_the_contract(schema: dict[str, Any]) -> None:
    routes = {
        f"{method.upper()} {path}" for path, each in schema["paths"].items() for method in each
    }
    assert routes == {
        "POST /v1/titles",
        "POST /v1/titles:bulk",
        "POST /v1/search/media",
        "GET /v1/titles",
        "GET /v1/titles/{title_id}",
        "DELETE /v1/titles/{title_id}",
        "GET /v1/titles/{title_id}/profile",
        "GET /v1/titles/{title_id}/timeline",
        "GET /v1/titles/{title_id}/shots",
        "GET /v1/titles/{title_id}/variants",
        "POST /v1/titles/{title_id}/variants",
        "GET /v1/titles/{title_id}/candidates",
        "GET /v1/titles/{title_id}/artwork-policy",
        "PUT /v1/titles/{title_id}/artwork-policy",
        "GET /v1/rules",
        "PUT /v1/rules",
        "POST /v1/rules/check",
        "POST /v1/titles/{title_id}/compose",
        "POST /v1/titles/{title_id}/generate",
        "POST /v1/variants/{variant_id}/approve",
        "POST /v1/variants/{variant_id}/veto",
        "GET /v1/titles/{title_id}/similar",
        "GET /v1/titles/{title_id}/artwork",
        "POST /v1/similar",
        "GET /v1/search",
        "GET /v1/moments",
        "GET /v1/titles/{title_id}/match-cuts",
        "POST /v1/artwork",
        "GET /v1/decisions/{decision_id}",
        "POST /v1/rewards",
        "GET /v1/rewards/policy",
        "GET /v1/policy",
        "GET /v1/policy/history",
        "PUT /v1/policy",
        "POST /v1/policy/promote",
        "DELETE /v1/users/{user}",
        "GET /v1/users/{user}/export",
        "GET /v1/users/{user}/similar",
        "POST /v1/events",
        "GET /v1/images/{name}",
        "GET /v1/images/cards/plain/{name}",
        "GET /v1/images/cards/{title_id}/{token}/{name}",
        "GET /v1/provenance/root.pem",
        "GET /v1/jobs",
        "GET /v1/jobs/{job_id}",
        "DELETE /v1/jobs/{job_id}",
        "POST /v1/reindex",
        "POST /v1/reindex/{job_id}/rollback",
        "POST /v1/titles:reindex",
        "GET /v1/generations",
        "POST /v1/spaces/taste:fit",
        "POST /v1/similarity",
        "GET /v1/similarity/weights",
        "POST /v1/rebuild",
        "GET /v1/quality/weights",
        "POST /v1/quality/fit",
        "PUT /v1/similarity/weights",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }


def test_openapi_declares_every_error_as_a_problem_with_known_codes(
    schema: dict[str, Any],
) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            errors = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
            assert "500" in errors, (method, path)
            for status, response in errors.items():
                assert list(response["content"]) == [MEDIA_TYPE], (method, path, status)
                [_, codes] = response["content"][MEDIA_TYPE]["schema"]["allOf"]
                for code in codes["properties"]["code"]["enum"]:
                    assert CODES[code].status == int(status)
            if operation.get("parameters") or "requestBody" in operation:
                assert {"422", "404"} & errors.keys(), (method, path)
            if "requestBody" in operation:  # `api.body` and `api.multipart` refuse these
                assert {"400", "413", "415", "422"} <= errors.keys(), (method, path)


def test_openapi_refers_only_to_what_it_defines(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    defined = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    used = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert used <= defined
    assert "HTTPValidationError" not in text
    body = schema["paths"]["/v1/titles"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        (
            "api.app",
            "torch av cv2 librosa transformers sentence_transformers qdrant_edge "
            "qdrant_client dbos",
        ),
        ("api.cli", "torch av cv2 librosa fastapi uvicorn sqlalchemy dbos numpy"),
        ("workers.supervisor", "torch av cv2 scipy PIL httpx cryptography workers.ingest"),
    ],
)
def test_what_starts_loads_nothing_heavy_that_it_does_not_need(module: str, heavy: str) -> None:
    code = (
        f"import sys, {module}\n"
        f"loaded = [name for name in {heavy.split()} if name in sys.modules]\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
