"""Titles, jobs, similar and search over HTTP."""

import asyncio
import hashlib
import itertools
import json
import os
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from content.errors import Invalid
from indexes.schema import Filter
from tests.http_house import assert_problem, client_of, make_house, served
from tests.standin_catalog import job, title
from tests.standins import House

FORM_TITLE = '{"id": "up", "name": "Up", "synopsis": "A house flies."}'

UNKNOWN_LANGUAGES = ("not a language", "english", "Deutsch", "xx", "und", "x-en", "en-", "", "é")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path, max_upload_bytes=3_000_000)


def form(media: bytes, text: str = FORM_TITLE) -> dict:
    return {"title": (None, text, "application/json"), "media": ("a.mp4", media, "video/mp4")}


def test_submit_answers_202_with_the_place_of_its_job(client: TestClient) -> None:
    body = {
        "id": "new",
        "name": "New",
        "synopsis": "Ein Film über Räder.",
        "genres": ["drama"],
        "maturity": "13",
        "language": "pt-BR",
        "country": "PT",
        "released": "2008-04",
        "external_ids": {"imdb": "tt1"},
    }
    response = client.post("/v1/titles", json=body)
    assert response.status_code == 202
    assert response.json() == {"title_id": "new", "job_id": "job-new", "created": True}
    assert response.headers["location"] == "/v1/jobs/job-new"
    assert client.get("/v1/titles/new").json()["synopsis"] == body["synopsis"]
    assert not client.post("/v1/titles", json=body).json()["created"]
    assert client.post("/v1/titles", json={**body, "again": True}).json()["created"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("eng", "en"), ("EN", "en"), ("ger", "de"), ("deu", "de"), ("en_us", "en-US"), ("nds", "nds")],
)
def test_a_language_is_kept_by_its_usual_code(
    client: TestClient, house: House, given: str, kept: str
) -> None:
    body = {"id": "new", "name": "New", "synopsis": "Words.", "language": given}
    assert client.post("/v1/titles", json=body).status_code == 202
    assert house.intake.taken["new"].language == kept
    similar = client.get("/v1/titles/film/similar", params={"language": given})
    assert similar.status_code == 200
    assert house.index.filters == [Filter(language=kept)]


def test_an_unknown_language_is_told_what_one_looks_like(client: TestClient) -> None:
    body = {"name": "New", "synopsis": "Words.", "language": "english"}
    detail = client.post("/v1/titles", json=body).json()["detail"]
    assert detail == "language: this is not a known language code, such as en or pt-BR"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"synopsis": ""}, "synopsis_empty"),
        ({"synopsis": " \n\t "}, "synopsis_empty"),
        ({"synopsis": "x" * 20_001}, "synopsis_too_long"),
        ({"synopsis": "a\x00b"}, "invalid_text"),
        ({"name": ""}, "invalid_request"),
        ({"name": "x" * 301}, "invalid_request"),
        ({"id": "a/b"}, "invalid_title_id"),
        ({"id": "a..b"}, "invalid_title_id"),
        ({"id": ""}, "invalid_title_id"),
        ({"id": "x" * 129}, "invalid_title_id"),
        ({"maturity": "12"}, "invalid_request"),
        ({"maturity": 13}, "invalid_request"),
        *(({"language": tag}, "invalid_request") for tag in UNKNOWN_LANGUAGES),
        ({"country": "Portugal"}, "invalid_request"),
        ({"released": "yesterday"}, "invalid_request"),
        ({"released": "2008-13-01"}, "invalid_request"),
        ({"released": "٢٠٠٨"}, "invalid_request"),
        ({"genres": "drama"}, "invalid_request"),
        ({"genres": ["x"] * 33}, "invalid_request"),
        ({"external_ids": {"imdb": 1}}, "invalid_request"),
    ],
)
def test_bad_fields_are_refused(client: TestClient, change: dict, code: str) -> None:
    body = {"name": "A", "synopsis": "Words.", **change}
    assert_problem(client.post("/v1/titles", json=body), 422, code)
    text = httpx.Request("POST", "http://x", json=body).read().decode()
    assert_problem(client.post("/v1/titles", files=form(b"x", text)), 422, code)


def test_lone_surrogates_are_refused(client: TestClient) -> None:
    for field in ("name", "synopsis"):
        body = json.dumps({"name": "A", "synopsis": "Words.", field: "\ud800"})
        headers = {"Content-Type": "application/json"}
        assert_problem(
            client.post("/v1/titles", content=body, headers=headers), 422, "invalid_text"
        )


def test_an_upload_arrives_byte_for_byte(house: House, client: TestClient) -> None:
    media = os.urandom(2_500_000) + b"\r\n--boundary\r\n"
    response = client.post("/v1/titles", files=form(media))
    assert response.status_code == 202, response.text
    assert house.intake.uploads == {"up": hashlib.sha256(media).hexdigest()}


def test_the_media_part_may_come_first_or_be_left_out(house: House, client: TestClient) -> None:
    parts = form(b"abc")
    response = client.post("/v1/titles", files=dict(reversed(parts.items())))
    assert response.status_code == 202, response.text
    del parts["media"]
    assert client.post("/v1/titles", files=parts).status_code == 202
    assert len(house.intake.uploads) == 1
    assert len(list(house.intake.folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ({"media": ("a", b"x")}, 400, "invalid_multipart"),
        ({**form(b"x"), "poster": ("a", b"x")}, 400, "invalid_multipart"),
        (form(b"x", "{"), 400, "invalid_json"),
        (form(b"x", FORM_TITLE.replace("A house flies.", " ")), 422, "synopsis_empty"),
        (form(b"x" * 3_000_001), 413, "upload_too_large"),
        (form(b"x", " " * 1_000_001), 413, "body_too_large"),
        (form(b""), 422, "media_empty"),
    ],
)
def test_a_bad_form_is_refused_and_leaves_nothing(
    house: House, client: TestClient, parts: dict, status: int, code: str
) -> None:
    assert_problem(client.post("/v1/titles", files=parts), status, code)
    assert list(house.intake.folder.iterdir()) == []
    assert "up" not in house.catalog.titles


def test_a_cut_form_and_one_without_a_boundary_are_refused(
    house: House, client: TestClient
) -> None:
    whole = httpx.Request("POST", "http://x", files=form(b"x" * 1000))
    headers = {"Content-Type": whole.headers["content-type"]}
    cut = whole.read()[:-100]
    response = client.post("/v1/titles", content=cut, headers=headers)
    assert_problem(response, 400, "invalid_multipart")
    for kind in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 300):
        response = client.post("/v1/titles", content=cut, headers={"Content-Type": kind})
        assert_problem(response, 400, "invalid_multipart")
    assert list(house.intake.folder.iterdir()) == []


def test_a_form_that_never_ends_is_refused(house: House, client: TestClient) -> None:
    whole = httpx.Request("POST", "http://x", files=form(b"x" * 1000))
    headers = {"Content-Type": whole.headers["content-type"]}
    endless = itertools.chain([whole.read()], itertools.repeat(b"x" * 100_000, 100))
    response = client.post("/v1/titles", content=endless, headers=headers)
    assert_problem(response, 413, "upload_too_large")
    assert list(house.intake.folder.iterdir()) == []


def test_a_client_that_goes_away_leaves_nothing(house: House) -> None:
    whole = httpx.Request("POST", "http://x", files=form(b"x" * 200_000))
    body = whole.read()
    messages = [
        {"type": "http.request", "body": body[:100_000], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict:
        return messages.pop(0)

    async def send(_message: dict) -> None:
        return

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/titles",
        "raw_path": b"/v1/titles",
        "query_string": b"",
        "headers": [(b"content-type", whole.headers["content-type"].encode())],
    }
    asyncio.run(create_app(house)(scope, receive, send))
    assert list(house.intake.folder.iterdir()) == []
    assert house.intake.uploads == {}


def test_an_upload_is_refused_that_would_fill_the_disk(tmp_path: Path) -> None:
    house = make_house(tmp_path, min_free_bytes=2**60)
    with client_of(house) as client:
        assert_problem(client.post("/v1/titles", files=form(b"x")), 507, "disk_full")
    assert list(house.intake.folder.iterdir()) == []


def test_what_intake_refuses_leaves_no_upload(house: House, client: TestClient) -> None:
    house.intake.refuse = Invalid("media_twice", "both")
    assert_problem(client.post("/v1/titles", files=form(b"x")), 422, "media_twice")
    assert list(house.intake.folder.iterdir()) == []


def test_a_large_upload_is_never_held_in_memory(tmp_path: Path) -> None:
    """Streams 64 MB through a real socket while the process grows by far less."""
    import psutil

    big = make_house(tmp_path / "big", max_upload_bytes=2**30)
    file = tmp_path / "big.bin"
    with file.open("wb") as out:
        out.truncate(64 << 20)
    with served(big) as url, file.open("rb") as media:
        httpx.get(url + "/healthz")
        before = psutil.Process().memory_info().rss
        parts = {"title": (None, FORM_TITLE, "application/json"), "media": ("a", media)}
        assert httpx.post(url + "/v1/titles", files=parts, timeout=60).status_code == 202
        assert psutil.Process().memory_info().rss - before < 24 << 20
    assert big.intake.uploads["up"] == hashlib.sha256(bytes(64 << 20)).hexdigest()


def test_a_title_is_shown_whole(client: TestClient) -> None:
    body = client.get("/v1/titles/film").json()
    assert body["duration_s"] == 3.5
    assert (body["width"], body["height"], body["fps"]) == (640, 360, 25.0)
    assert body["fingerprints"] == {"visual": "net@1:1280:abc"}
    assert body["profile"] == {"brightness": 0.5}
    assert body["created_at"] == "2023-11-14T22:13:20.000000Z"
    assert_problem(client.get("/v1/titles/zork"), 404, "title_not_found")
    assert_problem(client.get("/v1/titles/-x"), 422, "invalid_title_id")
    assert_problem(client.get("/v1/titles/a%00b"), 422, "invalid_title_id")


def test_a_title_still_processing_has_nulls(house: House, client: TestClient) -> None:
    house.catalog.titles["film"] = title(
        "film", facts=None, profile=None, published_us=None, version=None, state="processing"
    )
    body = client.get("/v1/titles/film").json()
    assert body["duration_s"] is body["profile"] is body["published_at"] is None


def test_delete_answers_204_and_then_404(client: TestClient) -> None:
    response = client.delete("/v1/titles/film")
    assert (response.status_code, response.content) == (204, b"")
    assert_problem(client.delete("/v1/titles/film"), 404, "title_not_found")


def test_lists_are_pages_by_an_opaque_cursor(house: House, client: TestClient) -> None:
    house.catalog.titles = {f"t{i:02d}": title(f"t{i:02d}") for i in range(7)}
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = client.get("/v1/titles", params=query).json()
        seen += [item["id"] for item in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert seen == sorted(house.catalog.titles)
    assert pages == 3
    assert client.get("/v1/titles", params={"limit": 7}).json()["next"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", ""])
def test_limits_out_of_range_are_refused(client: TestClient, limit: str) -> None:
    for path in ("/v1/titles", "/v1/jobs", "/v1/titles/film/shots", "/v1/titles/film/similar"):
        assert_problem(client.get(path, params={"limit": limit}), 422, "invalid_limit")


@pytest.mark.parametrize("cursor", ["!", "a", "é", "_w", "x" * 513])
def test_cursors_of_no_page_are_refused(client: TestClient, cursor: str) -> None:
    for path in ("/v1/titles", "/v1/jobs", "/v1/titles/film/shots"):
        assert_problem(client.get(path, params={"cursor": cursor}), 422, "invalid_cursor")


def test_shots_page_by_their_index(client: TestClient) -> None:
    assert_problem(
        client.get("/v1/titles/film/shots", params={"cursor": "eHg"}), 422, "invalid_cursor"
    )
    first = client.get("/v1/titles/film/shots?limit=2").json()
    rest = client.get(f"/v1/titles/film/shots?cursor={first['next']}").json()
    starts = [shot["start_s"] for shot in first["items"] + rest["items"]]
    assert starts == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert first["items"][0]["keyframe_url"] is None
    assert first["items"][1]["keyframe_url"] == f"/v1/images/{'ab' * 32}.webp"


def test_variants_are_listed_by_aspect(client: TestClient) -> None:
    [item] = client.get("/v1/titles/film/variants").json()["items"]
    assert item["url"] == f"/v1/images/{'cd' * 32}.webp"
    assert item["srcset"][-1] == {"url": f"/v1/images/{'cd' * 32}", "width": item["width"]}
    assert {"fit", "focal", "safe", "blurhash", "colour"} <= item.keys()
    assert client.get("/v1/titles/film/variants?aspect=1:1").json() == {"items": [], "next": None}
    assert_problem(client.get("/v1/titles/film/variants?aspect=5:4"), 422, "unknown_aspect")
    assert_problem(client.get("/v1/titles/zork/variants"), 404, "title_not_found")


def test_jobs_are_shown_listed_and_cancelled(house: House, client: TestClient) -> None:
    house.jobs.rows["a"] = job("a")
    house.jobs.rows["b"] = job("b", state="failed", error_code="media_empty", error_detail="none")
    assert client.get("/v1/jobs/b").json()["error"] == {"code": "media_empty", "detail": "none"}
    assert client.get("/v1/jobs/a").json()["error"] is None
    assert [j["id"] for j in client.get("/v1/jobs").json()["items"]] == ["b", "a"]
    assert [j["id"] for j in client.get("/v1/jobs?state=running").json()["items"]] == ["a"]
    assert_problem(client.get("/v1/jobs?state=idle"), 422, "invalid_request")
    assert client.delete("/v1/jobs/a").json()["state"] == "cancelled"
    assert_problem(client.delete("/v1/jobs/a"), 409, "job_ended")
    assert_problem(client.delete("/v1/jobs/zork"), 404, "job_not_found")


def test_similar_hands_its_filters_down(house: House, client: TestClient) -> None:
    path = "/v1/titles/film/similar"
    query = {"space": "visual", "genre": "drama", "language": "en", "maturity_max": "13"}
    items = client.get(path, params=query).json()["items"]
    assert items[0] == {
        "title_id": "bare",
        "score": 0.5,
        "scores": {"visual": 0.5},
        "because": None,
    }
    assert "film" not in [item["title_id"] for item in items]
    assert house.index.filters == [Filter("drama", "en", "13")]
    assert_problem(client.get(path, params={"space": "smell"}), 422, "unknown_space")
    assert_problem(client.get(path, params={"space": "concept"}), 422, "unknown_space")
    assert_problem(client.get(path, params={"maturity_max": "14"}), 422, "invalid_request")


def test_similar_tells_an_unknown_title_from_one_not_indexed_yet(client: TestClient) -> None:
    assert_problem(client.get("/v1/titles/bare/similar"), 404, "title_not_indexed")
    assert_problem(client.get("/v1/titles/zork/similar"), 404, "title_not_found")


def test_search_wants_words(house: House, client: TestClient) -> None:
    items = client.get("/v1/search", params={"q": "two cats", "limit": 2}).json()["items"]
    assert [item["title_id"] for item in items] == ["bare", "bikes"]
    for words in ("", "   ", "x" * 1001):
        assert_problem(client.get("/v1/search", params={"q": words}), 422, "invalid_request")
    assert_problem(client.get("/v1/search", params={"q": "a\0b"}), 422, "invalid_text")
    house.index.up = False
    assert_problem(client.get("/v1/search?q=x"), 503, "index_unavailable")


def test_reindex_names_its_job_and_generation(client: TestClient) -> None:
    response = client.post("/v1/reindex")
    assert response.status_code == 202
    assert response.json() == {"job_id": "reindex-1", "generation": "g-2"}
    assert response.headers["location"] == "/v1/jobs/reindex-1"
