"""Modes and explanations over HTTP and by the command line."""

import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.cli.explain import _HELD, bar, whose
from api.cli.mode import ModeName
from artwork.choice.record.mode import Change, Wanted
from artwork.choice.record.ways import HELD
from tests.http_house import as_json, assert_problem, make_house
from tests.shelf import publish
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """One that really chooses, among six pictures of two titles; one of them is for adults."""
    made = make_house(tmp_path / "data")
    made.personalizer = made.choosing  # type: ignore[assignment]
    rng = np.random.default_rng(5)
    for title in ("bikes", "film"):
        pictures = {name: rng.random(1280).astype(np.float32) for name in "abcdef"}
        publish(made.choosing._engine, title, pictures, told={"a": {"maturity": "16"}})
    return made


def decide(client: TestClient, user: str = "u-1", **query: str) -> Any:
    return client.get("/v1/titles/film/artwork", params={"user": user, **query}).json()


def test_a_decision_is_taken_apart(house: House, client: TestClient) -> None:
    for n in range(5):
        made = decide(client, f"v{n}")
        reward = {"decision_id": made["decision_id"], "kind": "play", "value": 1.0}
        assert client.post("/v1/rewards", json=reward).status_code == 202
    made = decide(client, maturity_max="13")
    path = f"/v1/decisions/{made['decision_id']}"
    plain = client.get(path).json()
    assert (plain["explanation"], plain["mode"], plain["agrees"]) == (None, "learn", None)
    told = client.get(path, params={"explain": "true"}).json()["explanation"]
    assert {c["variant_id"]: c["propensity"] for c in told["candidates"]} == plain["propensities"]
    for one in told["candidates"]:
        assert sum(one["contributions"].values()) == pytest.approx(one["score"], abs=1e-12)
        assert one["contributions"].keys() == told["names"].keys()
    [withheld] = told["withheld"]
    assert withheld["reason"] == "above the ceiling 13"
    assert told["learned_rows"] == 5


def test_a_decision_of_an_earlier_policy_is_told_but_not_taken_apart(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/decisions/{decide(client)['decision_id']}"
    from dataclasses import replace

    p = house.choosing
    monkeypatch.setattr(p, "scope", replace(p.scope, policy_id="ts1-another"))
    assert client.get(path).status_code == 200
    assert_problem(client.get(path, params={"explain": "true"}), 409, "policy_mismatch")
    missing = client.get("/v1/decisions/none", params={"explain": "true"})
    assert_problem(missing, 404, "decision_not_found")


def test_a_mode_holds_from_the_next_request_on(client: TestClient) -> None:
    first = client.get("/v1/policy").json()
    assert (first["mode"], first["answers"], first["since"]) == ("learn", "policy", None)
    assert first["guardrail"]["watching"] is False
    wanted = {"mode": "shadow", "by": "ada"}
    told = client.put("/v1/policy", json=wanted).json()
    assert (told["mode"], told["answers"], told["by"]) == ("shadow", "incumbent", "ada")
    assert told["since"].endswith("Z")
    assert decide(client)["propensity"] == 1.0
    match = client.get("/v1/policy").json()["match"]
    assert match["compared"] == 1
    assert match["rate"] in (0.0, 1.0)
    assert 'keyart_policy_mode{mode="shadow"} 1.0' in client.get("/metrics").text
    assert client.post("/v1/policy/promote").json()["mode"] == "learn"
    assert_problem(client.post("/v1/policy/promote"), 409, "not_in_shadow")


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "incumbent"},
        {"mode": "zork"},
        {},
        {"mode": "explore", "explore_share": 1.1},
        {"mode": "explore", "explore_share": -0.1},
        {"mode": "learn", "zork": 1},
        {"mode": "learn", "explore_share": 0.1},
        {"mode": "shadow", "explore_share": 0.0},
    ],
)
def test_no_other_mode_can_be_asked_for(client: TestClient, body: dict[str, Any]) -> None:
    assert_problem(client.put("/v1/policy", json=body), 422, "invalid_request")
    assert client.get("/v1/policy").json()["mode"] == "learn"


def test_a_share_goes_with_explore_alone(client: TestClient) -> None:
    """As on the command line: what changes nothing now would be in force much later."""
    body = {"mode": "freeze", "explore_share": 0.5}
    problem = assert_problem(client.put("/v1/policy", json=body), 422, "invalid_request")
    assert problem["detail"] == "explore_share: this goes with the mode `explore` alone"
    assert client.put("/v1/policy", json={"mode": "freeze", "explore_share": None}).is_success


@pytest.mark.parametrize("by", ["eve\nbob", "eve\r", "\x1b[2Jeve", "eve\u2028bob"])
def test_who_asked_is_told_in_one_line(client: TestClient, by: str) -> None:
    wanted = {"mode": "shadow", "by": by}
    assert_problem(client.put("/v1/policy", json=wanted), 422, "invalid_text")
    promoted = client.post("/v1/policy/promote", params={"by": by})
    assert_problem(promoted, 422, "invalid_text")
    assert client.get("/v1/policy").json()["mode"] == "learn"
    assert client.put("/v1/policy", json={**wanted, "by": "Zoë 🧑‍🚀"}).is_success


def test_the_command_line_tells_and_sets_the_mode(keyart: Any) -> None:
    assert get_args(ModeName) == get_args(Wanted)
    assert as_json(keyart("mode", "--json"))["mode"] == "learn"
    told = as_json(keyart("mode", "explore", "--share", "0.3", "--by", "ada", "--json"))
    assert (told["mode"], told["explore_share"], told["by"]) == ("explore", 0.3, "ada")
    status, out, _ = keyart("mode")
    assert status == 0
    assert "explore" in out
    assert keyart("mode", "zork")[0] == 2
    assert keyart("mode", "learn", "--share", "0.3")[0] == 2
    for none, words in (("nan", "nan is no number"), ("inf", "must be 1 or less"),
                        ("-1", "must be 0 or more"), ("x", "must be a number")):  # fmt: skip
        status, _, err = keyart("mode", "explore", "--share", none)
        assert status == 2 and "'--share': " in err and words in err, err
    assert "1 or more" in keyart("audit", "propensity", "--last", "0")[2]
    assert "inf is no number" in keyart("moments", "x", "--min-s", "inf")[2]
    assert keyart("promote")[0] == 1
    assert as_json(keyart("mode", "shadow", "--json"))["answers"] == "incumbent"
    assert as_json(keyart("promote", "--by", "a b", "--json"))["by"] == "a b"


def test_the_command_line_draws_why(house: House, keyart: Any, url: str, tmp_path: Path) -> None:
    import httpx

    query = {"user": "u", "maturity_max": "13"}
    made = httpx.get(f"{url}/v1/titles/film/artwork", params=query).json()
    sheet = tmp_path / "why.png"
    status, out, err = keyart("explain", made["decision_id"], "--png", str(sheet))
    assert (status, err) == (0, "")
    assert f"{made['variant_id']} shown" in out
    assert "propensity" in out
    assert "above the ceiling 13" in out
    with Image.open(sheet) as image:
        assert image.width == 1200
        assert len(image.convert("RGB").getcolors(1 << 20)) > 20
    told = as_json(keyart("explain", made["decision_id"], "--json"))
    assert len(told["explanation"]["candidates"]) == 5
    assert told["reward"] == 0.0
    for value, correct in ((1.0, False), (0.5, True)):
        reward = {"decision_id": made["decision_id"], "kind": "play", "value": value}
        assert httpx.post(f"{url}/v1/rewards", json={**reward, "correct": correct}).is_success
    # What it has earned is what stands, not all that was ever told.
    assert "earned: 0.15 (play 0.5)" in keyart("explain", made["decision_id"])[1]
    assert keyart("explain", "none")[0] == 1
    assert keyart("explain", made["decision_id"], "--png", str(tmp_path / "no/x.png"))[0] == 2


def test_who_answered_is_told(house: House, keyart: Any, url: str, client: TestClient) -> None:
    def why() -> str:
        return str(keyart("explain", decide(client)["decision_id"])[1])

    policy = house.choosing.scope.policy_id
    assert f"answered by policy {policy}\n" in why()
    client.put("/v1/policy", json={"mode": "shadow"})
    beside = f"policy {policy} ran in shadow and would have chosen "
    assert re.search(f"answered by the incumbent; {beside}(the same|another) picture", why())
    assert tuple(_HELD) == HELD
    told = {"mode": "incumbent", "agrees": False, "policy_id": policy}
    assert whose(told) == (
        f"answered by the incumbent (a guardrail had broken); {beside}another picture"
    )
    told = {"mode": "control", "agrees": None, "policy_id": policy}
    assert whose(told).endswith(f"(the viewer is of the control); policy {policy} was not asked")


def test_a_bar_is_as_long_as_its_share() -> None:
    assert bar(1.0, 4) == "████"
    assert bar(0.5, 4) == "██"
    assert bar(0.53125, 4) == "██▏"
    assert bar(0.0, 4) == ""
    assert bar(7.0, 4) == "████"


def test_changes_are_told_with_who_asked_for_them(house: House, client: TestClient, keyart) -> None:
    def put(**body: object) -> Any:
        return client.put("/v1/policy", json=body).json()

    assert client.get("/v1/policy/history").json() == {"items": [], "next": None}
    put(mode="freeze", by="ada")
    frozen = client.get("/v1/policy").json()
    assert put(mode="freeze")["by"] == "ada"  # nobody named: as it was
    assert put(mode="freeze", by="bob") == frozen | {
        "by": "bob", "why": {"confirms": 1}, "since": client.get("/v1/policy").json()["since"]
    }  # fmt: skip
    decide(client)
    put(mode="explore", explore_share=0.2, by="eve")
    first = client.get("/v1/policy/history", params={"limit": 2}).json()
    rest = client.get("/v1/policy/history", params={"limit": 2, "cursor": first["next"]}).json()
    told = [(c["n"], c["mode"], c["by"], c["offset"]) for c in first["items"] + rest["items"]]
    offset = frozen["offset"]
    assert told == [(3, "explore", "eve", offset + 2), (2, "freeze", "bob", offset),
                    (1, "freeze", "ada", offset)]  # fmt: skip
    assert rest["next"] is None
    assert as_json(keyart("mode", "--history", "--json"))["items"][0]["by"] == "eve"
    assert "confirms 1" in keyart("mode", "--history")[1]


def test_the_history_fits_into_a_hundred_columns(
    house: House, keyart: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"difference": -0.12345678901, "low": -0.2, "high": -1 / 3, "margin": 0.0,
             "mode": "explore", "decisions": [123456, 12345]}  # fmt: skip
    changes = [
        Change(12345, "incumbent", 0.1, 7, 1_800_000_000_123_456, "guardrail", found),
        Change(12344, "explore", 1 / 3, 7, 1_799_999_999_000_000, "eve\nbob", None),
        Change(12343, "learn", 0.1, 7, 1_799_999_998_000_000, "x" * 64, {"confirms": 12342}),
    ]
    monkeypatch.setattr(house.steering, "history", lambda **_: changes)
    status, out, _ = keyart("mode", "--history")
    lines = out.splitlines()
    assert status == 0 and max(map(len, lines)) <= 100
    assert "difference -0.123" in out and "0.12345" not in out and "0.333333" not in out
    assert [line for line in lines if "eve bob" in line and "2027-01-15 07:59:59" in line]


def test_the_command_line_rewards_a_viewer_s_latest_decision(
    house: House, client: TestClient, keyart
) -> None:
    made = decide(client, "ada")
    of = ("--user", "ada", "--title", "film")
    assert "accepted" in keyart("reward", "watch", "0.35", *of, "--event-id", "e-1")[1]
    assert client.get(f"/v1/decisions/{made['decision_id']}").json()["reward"] == 0.5
    assert keyart("reward", "play", *of)[0] == 0
    assert keyart("reward", made["decision_id"], "click")[0] == 0
    for wrong in (
        ("play", "--user", "ada"),
        ("zork", *of),
        ("play", "x", *of),
        (made["decision_id"],),
    ):
        assert keyart("reward", *wrong)[0] == 2
