"""Roles of keys, and names of queries that there are not: on every route of the contract."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.auth import OPEN_PATHS, OPEN_PREFIX
from api.roles import ROUTES
from tests.http_house import assert_problem, client_of, make_house
from workers.keys import ROLES, parsed
from workers.settings import Settings

KEYS = ("viewer:v", "Editor: e", "admin:a", "plain")
OF = {"v": "viewer", "e": "editor", "a": "admin", "plain": "admin"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with client_of(make_house(tmp_path, api_keys=KEYS)) as made:
        yield made


def operations(client: TestClient) -> Iterator[tuple[str, str]]:
    schema = client.get("/openapi.json", headers={"X-API-Key": "v"}).json()
    for path, each in schema["paths"].items():
        for method in each:
            yield method.upper(), path


def sent(client: TestClient, method: str, path: str, key: str, query: str = "") -> Any:
    where = re.sub(r"{\w+}", "x", path)
    return client.request(method, where + query, headers={"X-API-Key": key})


def test_every_route_has_a_role_and_none_has_one_that_is_not_there(client: TestClient) -> None:
    there = {f"{method} {path}" for method, path in operations(client)}
    assert there == set(ROUTES) - {"GET /openapi.json"}


def test_every_route_asks_for_its_role(client: TestClient) -> None:
    """Whatever else the answer is, refused for its role is who has less, and nobody else."""
    for method, path in operations(client):
        needed = ROUTES[f"{method} {path}"]
        if path in OPEN_PATHS or path.startswith(OPEN_PREFIX):
            continue
        for key in ("v", "e"):
            answer = sent(client, method, path, key, "?_=1")
            if ROLES.index(OF[key]) < ROLES.index(needed):  # type: ignore[arg-type]
                problem = assert_problem(answer, 403, "forbidden_role")
                assert problem["needed"] == needed, (method, path)
            else:
                assert answer.status_code not in (401, 403), (method, path)


def test_a_key_without_a_role_may_do_everything(client: TestClient) -> None:
    for key in ("a", "plain"):
        assert sent(client, "GET", "/v1/policy", key).status_code == 200
        assert sent(client, "DELETE", "/v1/users/x", key).status_code == 200
    assert_problem(sent(client, "GET", "/v1/policy", "viewer:v"), 401, "unauthorized")


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("k", ("admin", "k")),
        ("a:b", ("admin", "a:b")),
        ("viewer:a:b", ("viewer", "a:b")),
        ("EDITOR: x ", ("editor", "x")),
        ("admin:", None),
        ("viewr:k", None),
        ("viewers:k", None),
        ("adm1n:k", None),
    ],
)
def test_a_role_that_is_misspelt_makes_nobody_an_admin(
    told: str, found: tuple[str, str] | None
) -> None:
    if found is None:
        with pytest.raises(ValueError, match=r"role|no key"):
            parsed(told)
        with pytest.raises(ValueError, match=r"role|no key"):
            Settings(api_keys=told)
    else:
        assert parsed(told) == found
        assert Settings(api_keys=told).api_keys == (told.strip(),)


def test_names_that_a_route_does_not_know_are_refused_everywhere(client: TestClient) -> None:
    for method, path in operations(client):
        if not path.startswith("/v1/") or path.startswith(OPEN_PREFIX):
            continue
        answer = sent(client, method, path, "a", "?zork=1")
        problem = assert_problem(answer, 422, "unknown_parameter")
        assert problem["unknown"] == ["zork"], (method, path)


def test_the_names_that_come_near_are_told(client: TestClient) -> None:
    answer = sent(client, "GET", "/v1/titles/film/artwork", "v", "?usr=ada&aspect=16:9")
    problem = assert_problem(answer, 422, "unknown_parameter")
    assert "did you mean user?" in problem["detail"] and "country" in problem["known"]
    assert "ada" not in answer.text
    assert sent(client, "GET", "/v1/titles", "v", "?limit=2&_=17").status_code == 200
    assert sent(client, "GET", "/healthz", "v", "?zork=1").status_code == 200


def test_a_parameter_is_said_once(client: TestClient) -> None:
    """Of two values one would be passed over: of two users, say, or of a consent and its denial."""
    schema = client.get("/openapi.json", headers={"X-API-Key": "a"}).json()
    seen = 0
    for path, operations_there in schema["paths"].items():
        for method, operation in operations_there.items():
            named = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
            for name in named:
                answer = sent(client, method.upper(), path, "a", f"?{name}=1&_=1&_=2&{name}=2")
                problem = assert_problem(answer, 422, "repeated_parameter")
                assert problem["repeated"] == [name] and name in problem["detail"]
                seen += 1
    assert seen > 40
    assert sent(client, "GET", "/v1/titles", "v", "?limit=2&_=17&_=18").status_code == 200


def test_they_are_passed_over_where_the_settings_say_so(tmp_path: Path) -> None:
    with client_of(make_house(tmp_path, unknown_parameters="ignore")) as client:
        assert client.get("/v1/titles?zork=1&zork=2").status_code == 200
        assert_problem(client.get("/v1/titles?limit=1&limit=2"), 422, "repeated_parameter")
