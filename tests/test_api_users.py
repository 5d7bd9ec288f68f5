"""People's rights over HTTP and the command line: forgetting, export, consent; no log tells who."""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.cli.remote import Refused, Remote
from artwork.choice.belief.features import DESCRIPTOR
from artwork.choice.events.taste import viewer_of
from artwork.choice.people import forgetting
from artwork.tables import decisions, rewards, watch_events
from content.records import metadata
from samples.worlds import synthetic_embeddings
from tests.http_house import as_json, assert_problem, client_of, make_house
from tests.ledger_oracle import rows_of
from tests.shelf import publish
from tests.standins import House

USER = "ada/of/../London +49 171 ü"
"""Ids may hold anything; this one occurs nowhere by chance."""
QUOTED = "/v1/users/ada%2Fof%2F%2E%2E%2FLondon%20%2B49%20171%20%C3%BC"
PSEUDONYM = viewer_of(b"s" * 32, "default", USER)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """With a real choice of pictures behind the routes."""
    return furnish(make_house(tmp_path))


def furnish(house: House) -> House:
    house.personalizer = house.choosing
    for title, pictures in synthetic_embeddings(2, 3, seed=3).items():
        publish(house.choosing._engine, title, pictures, aspects=("16:9",))
    return house


TITLE, OTHER = list(synthetic_embeddings(2, 3, seed=3))


def engine_of(house: House) -> sa.Engine:
    return house.choosing._engine


def live(client: TestClient, **consent: bool) -> str:
    """A viewer's evening: watches, is shown two titles, plays one. The decision's id."""
    event = {"user": USER, "title_id": TITLE, "value": 0.8, "event_id": "e-1", **consent}
    assert client.post("/v1/events", json=event).status_code == 202
    query = {"user": USER, "device": "tv", "country": "NL", **consent}
    [_, shown] = [
        client.get(f"/v1/titles/{title}/artwork", params=query).json() for title in (OTHER, TITLE)
    ]
    reward = {"decision_id": shown["decision_id"], "kind": "play", "value": 1.0}
    assert client.post("/v1/rewards", json=reward).status_code == 202
    return str(shown["decision_id"])


def traces(house: House) -> dict[str, int]:
    """Rows of every table that hold the user's id or pseudonym, in any form."""
    needles = (USER, repr(PSEUDONYM), PSEUDONYM.hex())
    found = {}
    for table in metadata.sorted_tables:
        rows = [str(dict(row)) for row in rows_of(engine_of(house), table)]
        hits = sum(any(needle in row for needle in needles) for row in rows)
        if hits:
            found[table.name] = hits
    return found


def logged(caplog: Any) -> str:
    """All that was logged, but for what the tests' own HTTP client says, and without the ids of
    requests: their digits may spell a name."""
    records = [each for each in caplog.records if not each.name.startswith("httpx")]
    lines = [f"{each.getMessage()} {each.exc_text}" for each in records]
    return re.sub(r'"request_id": "[0-9a-f-]{36}"', "", "\n".join(lines))


# ---- to be forgotten -----------------------------------------------------------------------------


def test_forgetting_takes_everything_and_is_proved(house: House, client: TestClient) -> None:
    decision_id = live(client)
    client.get(f"/v1/titles/{TITLE}/artwork", params={"user": "bob"})
    assert traces(house) == {"decisions": 2, "watch_events": 1}
    response = client.delete(QUOTED, params={"prove": True})
    answer = response.json()
    assert response.headers["cache-control"] == "private, no-store"
    assert answer["certificate"]["removed"] == {
        "decisions": 2, "impressions": 2, "rewards": 1, "watch_events": 1,
    }  # fmt: skip
    assert answer["proof"]["holds"] and answer["proof"]["decisions"] == 1 and answer["overwritten"]
    assert traces(house) == {} and len(rows_of(engine_of(house), decisions)) == 1
    assert_problem(client.get(f"{QUOTED}/export"), 404, "user_not_found")
    assert_problem(client.get(f"/v1/decisions/{decision_id}"), 404, "decision_not_found")
    again = client.delete(QUOTED).json()
    assert not any(again["certificate"]["removed"].values()) and again["proof"] is None
    kept = "".join(path.read_text() for path in house.folder.glob("forgotten/*.json"))
    assert answer["certificate"]["token"] in kept
    assert "ada" not in kept and PSEUDONYM.hex() not in kept


@pytest.mark.parametrize(
    ("path", "code"),
    [("/v1/users/", "invalid_request"), ("/v1/users/" + "x" * 513, "invalid_request"),
     ("/v1/users/a%00", "invalid_text")],
)  # fmt: skip
def test_what_is_no_user_id_is_refused(client: TestClient, path: str, code: str) -> None:
    assert_problem(client.delete(path), 422, code)
    assert_problem(client.get(f"{path}/export"), 422, code)


@pytest.mark.parametrize("user", ["a\nb", "a\n", "\r\n", "a/../b/export", ".."])
def test_whoever_is_known_can_be_told_and_forgotten(client: TestClient, user: str) -> None:
    client.get(f"/v1/titles/{TITLE}/artwork", params={"user": user}).raise_for_status()
    path = "/v1/users/" + quote(user, safe="").replace(".", "%2E")
    assert client.get(f"{path}/export").json()["held"]["decisions"] == 1
    assert client.delete(path).json()["certificate"]["removed"]["decisions"] == 1


def test_ids_that_are_not_utf8_are_not_taken_for_one_person(client: TestClient) -> None:
    for raw in ("M%FCller", "M%F6ller"):  # Latin-1
        path = f"/v1/titles/{TITLE}/artwork?user={raw}"
        assert_problem(client.get(path), 422, "invalid_text")
    event = {"user": "M\ufffdller", "title_id": TITLE, "value": 1.0}
    assert_problem(client.post("/v1/events", json=event), 422, "invalid_text")
    assert client.delete("/v1/users/M%FCller").is_success  # taken by a release before this one


def test_no_log_and_no_metric_tells_who(
    house: House, client: TestClient, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.DEBUG):
        live(client)
        client.get(f"{QUOTED}/export")
        client.delete(QUOTED)
        client.get(f"{QUOTED}/export")
        client.patch(QUOTED)
        monkeypatch.setattr(forgetting, "of_viewer", lambda _: 1 / 0)
        assert_problem(client.delete(QUOTED), 500, "internal")
    assert "/users/*" in logged(caplog)
    for told in (logged(caplog), client.get("/metrics").text):
        for needle in ("ada", "London", PSEUDONYM.hex(), repr(PSEUDONYM)):
            assert needle not in told
    assert 'route="/v1/users/{user:anything}"' in client.get("/metrics").text


def test_a_refusal_of_the_database_does_not_log_who(house: House, client: TestClient) -> None:
    with engine_of(house).begin() as connection:
        connection.execute(sa.text("DROP TABLE watch_events"))
    with engine_of(house).connect() as connection, pytest.raises(sa.exc.SQLAlchemyError) as error:
        connection.execute(sa.select(watch_events).where(watch_events.c.viewer == PSEUDONYM))
    assert repr(PSEUDONYM) not in str(error.value) and "hidden" in str(error.value)
    assert_problem(client.delete(QUOTED), 503, "ledger_unavailable")


def test_keys_guard_it_and_the_refusal_does_not_log_who(tmp_path: Path, caplog: Any) -> None:
    with client_of(make_house(tmp_path, api_keys=("k",))) as client, caplog.at_level(logging.INFO):
        assert_problem(client.delete(QUOTED), 401, "unauthorized")
    assert "ada" not in logged(caplog) and "/users/*" in logged(caplog)


# ---- to be told what is held ---------------------------------------------------------------------


def test_the_export_has_everything(house: House, client: TestClient) -> None:
    decision_id = live(client)
    response = client.get(f"{QUOTED}/export")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "private, no-store"
    told = response.json()
    assert told["held"] == {"decisions": 2, "impressions": 2, "rewards": 1, "watch_events": 1}
    assert told["pseudonym"] == PSEUDONYM.hex()
    shown = {each["decision_id"]: each for each in told["decisions"]}[decision_id]
    logged = client.get(f"/v1/decisions/{decision_id}").json()
    for name in ("title_id", "variant_id", "propensity", "propensities", "context", "expires_at"):
        assert shown[name] == logged[name]
    assert [len(shown["impressions"]), len(shown["rewards"])] == [1, 1]
    assert shown["rewards"][0]["value"] == 1.0 and shown["image"]
    [watched] = told["watch_events"]
    assert (watched["title_id"], watched["value"], watched["event_id"]) == (TITLE, 0.8, "e-1")
    assert told["taste"]["events"] == 1 and len(told["taste"]["numbers"]) == DESCRIPTOR
    assert {each["title_id"] for each in told["episodes"]} == {TITLE, OTHER}
    earned = {each["title_id"]: each["earned"] for each in told["learned"]["pictures"]}
    assert earned == {OTHER: 0.0, TITLE: pytest.approx(0.3, abs=1e-3)}
    assert_problem(client.get("/v1/users/bob/export"), 404, "user_not_found")


def test_a_long_export_is_read_in_batches_and_is_whole(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artwork.choice.people.export._BATCH", 7)
    for n in range(9):
        event = {"user": USER, "title_id": TITLE, "value": n / 10}
        body = {"user": USER, "title_ids": [TITLE, OTHER], "aspect": "16:9"}
        assert client.post("/v1/events", json=event).status_code == 202
        assert client.post("/v1/artwork", json=body).status_code == 200
        house.people._desk.episodes.clear()
        with engine_of(house).begin() as connection:
            connection.execute(sa.update(decisions).values(expires_us=0))
    told = client.get(f"{QUOTED}/export").json()
    assert len(told["decisions"]) == 18 and len({d["decision_id"] for d in told["decisions"]}) == 18
    assert [round(each["value"] * 10) for each in told["watch_events"]] == list(range(9))


def test_the_export_tells_what_an_earlier_release_has_kept(
    house: House, client: TestClient
) -> None:
    live(client)
    old = np.arange(25, dtype="<i2")
    with engine_of(house).begin() as connection:
        connection.execute(
            sa.update(watch_events).values(features=old.tobytes(), feature_set="fs1-0000")
        )
    [watched] = client.get(f"{QUOTED}/export").json()["watch_events"]
    assert watched["features"] == (old / 1024).round(4).tolist()


# ---- consent -------------------------------------------------------------------------------------


def test_without_consent_nobody_is_known(house: House, client: TestClient, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        first = live(client, consent=False)
        second = live(client, consent=False)
    assert first != second  # no episode
    assert traces(house) == {} and rows_of(engine_of(house), watch_events) == []
    rows = rows_of(engine_of(house), decisions)
    assert len(rows) == 4 and {row["viewer"] for row in rows} == {None}
    assert not house.people._desk.episodes._kept and not house.people._desk.tastes._kept
    assert "ada" not in logged(caplog)
    body = {"user": USER, "consent": False, "title_ids": [TITLE]}
    assert client.post("/v1/artwork", json=body).status_code == 200
    assert traces(house) == {}
    assert_problem(client.get(f"{QUOTED}/export"), 404, "user_not_found")


def test_events_without_consent_are_counted_and_dropped(house: House, client: TestClient) -> None:
    event = {"user": "bob", "title_id": TITLE, "value": 0.5}
    no = {**event, "user": USER, "consent": False}
    one = client.post("/v1/events", json=no)
    assert (one.status_code, one.json()) == (202, {"accepted": 0, "ignored": 1})
    lost = {**event, "title_id": "zork"}
    problem = assert_problem(
        client.post("/v1/events", json={"items": [no, event, lost, no]}), 404, "title_not_found"
    )
    assert (problem["accepted"], problem["ignored"]) == (1, 2)
    assert [item["index"] for item in problem["items"]] == [2]
    assert traces(house) == {} and len(rows_of(engine_of(house), watch_events)) == 1


def test_a_reward_that_names_a_viewer_needs_their_consent(house: House, client: TestClient) -> None:
    live(client)
    named = {"user": USER, "title_id": OTHER, "kind": "play", "value": 1.0}
    answer = client.post("/v1/rewards", json={**named, "consent": False})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 0, "ignored": 1})
    assert len(rows_of(engine_of(house), rewards)) == 1
    items = {"items": [{**named, "consent": False}, named]}
    assert client.post("/v1/rewards", json=items).json() == {"accepted": 1, "ignored": 1}
    assert len(rows_of(engine_of(house), rewards)) == 2


def test_a_house_may_ask_for_consent_first(tmp_path: Path) -> None:
    house = furnish(make_house(tmp_path, consent_default=False))
    with client_of(house) as client:
        live(client)
        assert traces(house) == {}
        live(client, consent=True)
        assert traces(house) == {"decisions": 2, "watch_events": 1}


def test_consent_is_a_yes_or_a_no(client: TestClient) -> None:
    query = {"user": "u", "consent": "perhaps"}
    problem = client.get(f"/v1/titles/{TITLE}/artwork", params=query)
    assert_problem(problem, 422, "invalid_request")


@pytest.mark.parametrize("said", ["false", "true", 0, 1, "no"])
def test_in_json_consent_is_no_text_and_no_number(
    house: House, client: TestClient, said: Any
) -> None:
    """Whoever writes `"false"` may mean it, or may have a client that turns all into texts."""
    who = {"user": USER, "consent": said}
    for path, body in (
        ("/v1/artwork", {"title_ids": [TITLE]}),
        ("/v1/events", {"title_id": TITLE, "value": 0.5}),
        ("/v1/rewards", {"title_id": TITLE, "kind": "play", "value": 1.0}),
    ):
        answer = client.post(path, json=who | body)
        assert_problem(answer, 422, "invalid_request")
        assert answer.json()["errors"][0]["field"] == "consent"
    assert traces(house) == {}


# ---- the command line ----------------------------------------------------------------------------


@pytest.fixture
def shown(house: House, url: str) -> str:
    """A viewer who is known, at the service that the command line talks to."""
    Remote(url).get(f"/v1/titles/{TITLE}/artwork", user=USER)
    return url


@pytest.mark.usefixtures("shown")
def test_export_and_forget_by_command(
    house: House, keyart: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    out = tmp_path / "ada.json"
    status, told, _ = keyart("export", USER, "--out", str(out))
    assert status == 0 and str(out) in told
    assert out.stat().st_mode & 0o077 == 0
    whole = json.loads(out.read_text())
    assert whole["held"]["decisions"] == 1
    status, told, _ = keyart("export", USER)
    assert json.loads(told)["decisions"] == whole["decisions"]
    status, told, _ = keyart("forget", USER, "--prove")
    assert status == 0 and "proof.holds" in told and "certificate.removed.decisions" in told
    assert traces(house) == {}
    status, told, error = keyart("export", USER, "--out", str(tmp_path / "none.json"))
    assert status == 1 and "user_not_found" in error and not (tmp_path / "none.json").exists()
    assert not list(tmp_path.glob(".*"))
    assert as_json(keyart("forget", USER, "--json"))["certificate"]["removed"]["decisions"] == 0


@pytest.mark.usefixtures("shown")
def test_a_proof_that_does_not_hold_is_an_error(
    house: House, keyart: Callable[..., tuple[int, str, str]]
) -> None:
    house.choosing._ready().sums.b[0] += 1
    status, _, error = keyart("forget", USER, "--prove")
    assert status == 1 and "proof_fails" in error
    status, _, _ = keyart("artwork", TITLE, "--user", USER, "--no-consent")
    assert status == 0 and traces(house) == {}


def test_a_refused_download_is_told(url: str) -> None:
    with pytest.raises(Refused, match="user_not_found"):
        list(Remote(url).download("/v1/users/nobody/export"))
