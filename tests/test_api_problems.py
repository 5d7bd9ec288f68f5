"""Errors: one shape, stable codes, nothing of the input repeated."""

import ast
import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api import errors
from api.checks import Body
from api.cli.rule_files import read_rules
from api.codes import CODES
from content.errors import Busy, Invalid, KeyartError, NoSpace, NotFound
from tests.http_house import assert_problem, make_house
from tests.standins import House
from workers.reward_policy import read_reward_policy

JSON = {"Content-Type": "application/json"}
ROOT = Path(__file__).parent.parent


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_unknown_routes_and_methods_are_problems(client: TestClient) -> None:
    assert_problem(client.get("/v2/titles"), 404, "not_found")
    assert_problem(client.get("/v1/similarity/", follow_redirects=False), 404, "not_found")
    response = client.put("/healthz")
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b'{"value": NaN}', 400, "invalid_json"),
        (b'{"value": -Infinity}', 400, "invalid_json"),
        (b'{"user": "ada", "consent": false, "consent": true}', 400, "invalid_json"),
        (b'{"items": [{"value": 0, "value": 1}]}', 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b"9" * 10_000, 400, "invalid_json"),
        (b"[]", 422, "invalid_request"),
        (b'"x"', 422, "invalid_request"),
        (b"{" + b" " * 1_000_000 + b"}", 413, "body_too_large"),
    ],
)
def test_bodies_that_are_no_json_object_are_refused(
    client: TestClient, body: bytes, status: int, code: str
) -> None:
    for path in ("/v1/titles", "/v1/rewards", "/v1/events", "/v1/artwork"):
        assert_problem(client.post(path, content=body, headers=JSON), status, code)


def test_a_body_without_a_length_is_capped_too(client: TestClient) -> None:
    chunks = (b" " * 100_000 for _ in range(11))
    assert_problem(client.post("/v1/rewards", content=chunks, headers=JSON), 413, "body_too_large")


def test_another_content_type_is_refused(client: TestClient) -> None:
    for path in ("/v1/titles", "/v1/rewards"):
        response = client.post(path, content=b"{}", headers={"Content-Type": "text/plain"})
        assert_problem(response, 415, "unsupported_media_type")
    assert_problem(client.post("/v1/rewards"), 415, "unsupported_media_type")


def test_unknown_fields_are_named_and_nothing_of_the_input_is_repeated(
    client: TestClient,
) -> None:
    body = {"name": "A", "synopsis": "Words.", "genre": "secret-value", "id": 7}
    problem = assert_problem(client.post("/v1/titles", json=body), 422, "invalid_request")
    assert {"field": "genre", "message": "there is no such field"} in problem["errors"]
    assert [each["field"] for each in problem["errors"]] == ["id", "genre"]
    assert "secret-value" not in json.dumps(problem)
    assert "pydantic" not in json.dumps(problem)


ZOO = (None, "", "x", "x" * 5000, 1.5, -1, 10**30, True, [], [1], ["x"] * 5000, {}, {"a b": 1})
RAW = re.compile(r"input|valid|instance|parse|after|constrained|pattern|tuple|dict|bool|pydantic")


def bodies(of: type[Body] = Body) -> list[type[Body]]:
    return [of, *(found for each in of.__subclasses__() for found in bodies(each))]


def test_no_field_of_any_body_is_refused_in_the_words_of_a_library() -> None:
    told, kinds = set(), set()
    for model in bodies():
        for name, field in model.model_fields.items():
            for value in ZOO:
                try:
                    model.model_validate({field.alias or name: value})
                except ValidationError as error:
                    failures = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
                    refused = errors.refusal(failures).extra["errors"]
                    told |= {each["message"] for each in refused}
                    kinds |= {each["type"] for each in failures}
                    assert not [e for e in refused if re.search(r"[(]|\[\D", e["field"])], refused
    assert len(told) > 40 and len(kinds) > 15
    assert [words for words in told if RAW.search(words.lower())] == []


def test_settings_and_rules_are_told_in_the_same_words(tmp_path: Path) -> None:
    file = tmp_path / "rewards.toml"
    file.write_text("[play]\nweight = 2\n")
    with pytest.raises(Invalid) as refusal:
        read_reward_policy(file)
    assert refusal.value.detail.endswith("weight: this must be 1 or less")
    [fault] = read_rules("[cap]\nshare = 2")[1]
    assert fault.message == "this must be 1 or less"


def test_a_field_of_a_batch_is_named_by_its_place(client: TestClient) -> None:
    good = {"decision_id": "d", "kind": "play", "value": 1.0}
    bad = {**good, "value": 2.0}
    problem = assert_problem(
        client.post("/v1/rewards", json={"items": [good, bad]}), 422, "invalid_reward"
    )
    assert problem["errors"][0]["field"] == "items[1].value"


def test_domain_errors_keep_their_headers(house: House, client: TestClient) -> None:
    body = {"name": "A", "synopsis": "Words."}
    house.intake.refuse = Busy("queue_full", "come back", retry_after_s=9)
    response = client.post("/v1/titles", json=body)
    assert_problem(response, 429, "queue_full")
    assert response.headers["retry-after"] == "9"
    house.intake.refuse = NoSpace("disk_full", "full")
    assert_problem(client.post("/v1/titles", json=body), 507, "disk_full")


def test_a_fault_hides_its_details_and_can_be_found_in_the_log(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_title_id: str) -> None:
        raise RuntimeError("password is hunter2")

    monkeypatch.setattr(house.catalog, "get", fail)
    response = client.get("/v1/titles/film", headers={"X-Request-Id": "r-1"})
    problem = assert_problem(response, 500, "internal")
    assert problem["request_id"] == response.headers["x-request-id"] == "r-1"
    assert "hunter2" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


def test_every_type_of_error_has_a_status() -> None:
    for kind in _subclasses(KeyartError):
        if kind.__name__ != "Cancelled":
            assert errors.status_of(kind("code", "detail")) >= 400


def test_extra_fields_never_replace_those_of_the_standard() -> None:
    body = errors.problem(NotFound("a_code", "d", status=1, title_id="t")).body
    assert json.loads(bytes(body)) == {
        "title_id": "t",
        "type": "tag:keyart,2026:a_code",
        "title": "Not Found",
        "status": 404,
        "detail": "d",
        "code": "a_code",
    }


def test_the_document_of_errors_is_the_table_of_codes() -> None:
    text = (ROOT / "docs/errors.md").read_text()
    answers = text.partition("## Answers")[2].partition("## Jobs")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", answers, re.M)
    assert {code: (int(status), meaning) for code, status, meaning in rows} == dict(CODES)


def test_each_part_of_the_document_names_a_code_once() -> None:
    for part in (ROOT / "docs/errors.md").read_text().split("\n## ")[1:]:
        codes = re.findall(r"^\| `(\w+)` \|", part, re.M)
        assert sorted(set(codes)) == sorted(codes), part.partition("\n")[0]


def test_every_code_in_the_sources_is_documented_with_the_status_of_its_type() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/errors.md").read_text(), re.M))
    kinds = {kind.__name__: kind for kind in _subclasses(KeyartError)}
    raised = [found for room in ROOMS for found in _raised(ROOT / room, set(kinds))]
    assert len(raised) > 30
    assert {code for _, code in raised} - documented == set()
    for kind, code in raised:
        if code in CODES and kind not in ("KeyartError", "PermanentError", "TransientError"):
            assert errors.status_of(kinds[kind](code, "")) == CODES[code].status, code


ROOMS = ("api", "workers", "artwork", "indexes", "content")


def _raised(room: Path, kinds: set[str]) -> list[tuple[str, str]]:
    """(type, code) of every error that is constructed with a literal code."""
    calls = [
        node
        for path in room.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
    ]
    return [
        (call.func.id, call.args[0].value)
        for call in calls
        if call.func.id in kinds
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ]


def _subclasses(kind: type[KeyartError]) -> set[type[KeyartError]]:
    return {kind}.union(*(_subclasses(each) for each in kind.__subclasses__()))
