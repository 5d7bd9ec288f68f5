"""The command line against the app on a real socket."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import pytest

from api.bodies import RewardBody
from api.cli import reads, similar
from api.schemas.rewards import RewardPolicy
from artwork.choice.events.worth import DEFAULT
from artwork.rules.guardrails import ORIGINS
from content.encoders import identity
from content.encoders.identity import IdentityEncoder
from content.types import ASPECTS
from indexes.schema import SIMILAR_SPACES
from tests.http_house import as_json, make_house, served
from tests.standin_catalog import job, title
from tests.standins import House
from workers import settings


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_reads_print_tables_and_json(keyart: Any, house: House) -> None:
    house.jobs.rows["j1"] = job("j1", title_id="film")
    for arguments, word in [
        (["status"], "j1"),
        (["status", "j1"], "decode"),
        (["status", "film"], "640 × 360"),
        (["similar", "film"], "0.500"),
        (["search", "two", "cats"], "bikes"),
        (["artwork", "film", "--user", "u"], "propensity"),
    ]:
        status, out, _ = keyart(*arguments)
        assert status == 0
        assert word in out
        assert as_json(keyart(*arguments, "--json"))


def test_a_strange_id_stays_an_id(keyart: Any, house: House) -> None:
    for name in ("../../healthz", "..", "a?b=c", "film#x", "film/shots", "x" * 100, ""):
        status, out, err = keyart("status", name)
        assert (status, out) == (1, "")
        assert err == f"title_not_found there is no job and no title {name!r}\n"
    for command in ("similar", "artwork"):
        assert keyart(command, "film?limit=1")[2].startswith("invalid_title_id ")
        assert keyart(command, "../titles/film")[2].startswith("invalid_title_id ")
    for arguments, code in (
        (("explain", ""), "decision_not_found"),
        (("explain", "a/b"), "decision_not_found"),
        (("veto", ""), "variant_not_found"),
    ):
        assert keyart(*arguments)[::2] == (1, f"{code} {arguments[-1]!r} is no id: an id is not "
                                              "empty and holds no '/'\n")  # fmt: skip
    house.catalog.titles["x" * 100] = title("x" * 100)
    assert as_json(keyart("status", "x" * 100, "--json"))["name"] == "X" + "x" * 99


def test_the_jobs_say_what_failed_and_break_no_title(keyart: Any, house: House) -> None:
    ids = [f"01a2039f-6816-7503-a94e-a187eb6bbfa{i}" for i in range(4)]
    wrong = {"state": "failed", "error_code": "media_truncated", "error_detail": "it is cut"}
    house.jobs.rows = {
        ids[0]: job(ids[0], title_id="film"),
        ids[1]: job(ids[1], title_id="bikes", **wrong),
        ids[2]: job(ids[2], kind="reindex", title_id=None, generation="g-2", state="queued"),
    }
    assert [line.split() for line in keyart("status")[1].splitlines()] == [
        ["title", "kind", "state", "job"],
        ["–", "reindex", "queued", ids[2]],
        ["bikes", "ingest", "failed", "media_truncated", ids[1]],
        ["film", "ingest", "running", "decode", "50%", ids[0]],
    ]
    long = "big-buck-bunny-in-the-morning-of-spring"
    house.jobs.rows[ids[3]] = job(ids[3], title_id=long, **wrong)
    out = keyart("status")[1]
    assert f"{long}  ingest   failed media_truncated\n" in out
    assert ids[3] not in out
    assert "--json" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_pipe_has_a_job_a_line(
    keyart: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    long, job_id = "t" * 128, "01a2039f-6816-7503-a94e-a187eb6bbfa0"
    house.jobs.rows = {job_id: job(job_id, title_id=long)}
    assert keyart("status")[1].splitlines()[1] == f"{long}  ingest  running decode 50%  {job_id}"


def test_a_title_that_failed_at_first_is_told_by_its_newest_job(keyart: Any, house: House) -> None:
    house.jobs.rows["j0"] = job("j0", title_id="README", state="cancelled")
    house.jobs.rows["j1"] = job(
        "j1", title_id="README", state="failed", error_code="media_no_video", error_detail="text"
    )
    house.jobs.rows["j2"] = job("j2")
    status, out, err = keyart("status", "README")
    assert status == 0
    assert "there is no title 'README'" in err
    assert "media_no_video: text" in out
    assert as_json(keyart("status", "README", "--json"))["id"] == "j1"
    house.jobs.rows["j3"] = job("j3", title_id="README", state="done")  # and deleted since
    assert keyart("status", "README")[0] == 1


def test_a_profile_is_one_fact_a_line(keyart: Any, house: House) -> None:
    palette = [{"hex": "#102030", "share": 0.667}, {"hex": "#ffffff", "share": 0.333}]
    profile = {
        "palette": palette,
        "pacing": {"mean_shot_s": 2.5},
        "tempo_bpm": None,
        "silence_fraction": 0.0,
    }
    house.catalog.titles["film"] = title("film", profile=profile)
    lines = dict(line.split(maxsplit=1) for line in keyart("status", "film")[1].splitlines())
    assert lines["profile.palette"] == "#102030 67 %, #ffffff 33 %"
    assert lines["profile.pacing.mean_shot_s"] == "2.5"
    assert lines["profile.silence_fraction"] == "0"
    assert lines["fingerprints.visual"] == "net@1:1280:abc"
    assert "None" not in str(lines)
    assert "profile.tempo_bpm" not in lines


def test_what_is_found_has_its_name(keyart: Any, house: House) -> None:
    house.catalog.titles["bikes"] = title("bikes", name="Two [red] Bikes")
    for arguments in (["similar", "film"], ["search", "wheels"]):
        assert "bikes  Two [red] Bikes  " in keyart(*arguments)[1]


def test_the_choices_are_those_of_the_service(keyart: Any) -> None:
    assert get_args(similar.SpaceName) == SIMILAR_SPACES
    assert get_args(reads.AspectName) == ASPECTS
    assert get_args(settings.OriginName) == ORIGINS
    assert get_args(reads.RewardKind) == get_args(RewardBody.model_fields["kind"].annotation)
    status, out, err = keyart("similar", "film", "--space", "style")
    assert (status, err) == (0, "") and "0.500" in out
    status, _, err = keyart("similar", "film", "--space", "concept")
    assert status == 2 and "style" in err


def test_the_picture_is_asked_for_as_told(keyart: Any, house: House) -> None:
    choice = as_json(
        keyart(
            *("artwork", "film", "--user", "u", "--aspect", "1:1", "--tz", "UTC"),
            *("--language", "pt_br", "--json"),
        )
    )
    assert choice["aspect"] == "1:1"
    user, aspect, context, _ = house.personalizer.asked[0]
    assert (user, aspect, context.tz, context.language) == ("u", "1:1", "UTC", "pt-BR")
    assert as_json(keyart("reward", choice["decision_id"], "play", "0.5", "--json")) == {
        "accepted": 1
    }
    status, _, err = keyart("reward", choice["decision_id"], "play", "1")
    assert (status, err.split()[0]) == (1, "reward_conflict") and "--correct" in err
    assert keyart("reward", choice["decision_id"], "play", "1", "--correct")[0] == 0


def test_what_events_are_worth_is_told(keyart: Any) -> None:
    told = as_json(keyart("rewards", "policy", "--json"))
    assert told == RewardPolicy.of(DEFAULT).model_dump()
    status, out, _ = keyart("rewards", "policy")
    assert status == 0
    assert re.search(r"^watch +1 +0.7 +336 *$", out, re.M), out
    assert re.search(r"^return +0.2 +1 +336 +added", out, re.M), out
    assert re.search(r"^click_bait.left_below +0.05$", out, re.M), out
    assert keyart("rewards")[0] == 2


def test_a_problem_is_one_line_with_its_code(keyart: Any) -> None:
    status, out, err = keyart("similar", "zork")
    assert (status, out) == (1, "")
    assert err == "title_not_found there is no title 'zork'\n"


def test_no_service_is_said_so(keyart: Any) -> None:
    status, _, err = keyart("status", "--url", "http://127.0.0.1:9")
    assert status == 2
    assert "is `keyart serve` running?" in err


def test_the_service_is_found_by_its_port_or_host_alone(
    keyart: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = url.removeprefix("http://")
    assert keyart("status", "film", "--url", host)[0] == 0
    monkeypatch.setenv("KEYART_URL", host.replace("127.0.0.1", "localhost"))
    assert keyart("status", "film")[0] == 0
    monkeypatch.delenv("KEYART_URL")
    monkeypatch.setenv("KEYART_PORT", host.rpartition(":")[2])
    assert keyart("status", "film")[0] == 0
    for wrong in ("ftp://127.0.0.1", "http://", "localhost:x"):
        status, _, err = keyart("status", "--url", wrong)
        assert (status, "not a URL" in " ".join(err.replace("│", " ").split())) == (2, True)


def test_help_and_version(keyart: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, out, _ = keyart("serve", "--help")
    for words in ("KEYART_HOST or 127.0.0.1", "KEYART_PORT or 8000", "KEYART_DATA or data"):
        assert words in out
    assert "KEYART_PORT or 8000" in keyart("status", "--help")[1]
    assert keyart("--version") == (0, f"keyart {version('keyart')}\n", "")


def test_reindex_can_be_waited_for(
    keyart: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert as_json(keyart("reindex", "--json"))["generation"] == "g-2"
    done = replace(house.jobs.start_reindex(), state="done", progress=1.0, stage="done")
    monkeypatch.setattr(house.jobs, "get", lambda _job_id: done)
    assert keyart("reindex", "--wait")[0] == 0


def test_a_key_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyart: Any) -> None:
    with served(make_house(tmp_path / "guarded", api_keys=("secret",))) as guarded:
        status, _, err = keyart("status", "--url", guarded)
        assert status == 1
        assert "--key or KEYART_API_KEY" in err
        monkeypatch.setenv("KEYART_API_KEY", "secret")
        assert keyart("status", "--url", guarded)[0] == 0


def test_doctor_looks_at_everything(
    keyart: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_DATA", str(tmp_path / "not" / "made" / "yet"))
    _, out, _ = keyart("doctor", "--json")
    found = {(item["group"], item["name"]): item for item in json.loads(out)["items"]}
    assert found["machine", "sandbox"]["value"] in ("landlock", "rlimits")
    assert found["packages", "torch"]["fine"]
    assert all(found["models", name]["fine"] for name in ("faces", "face shape", "unsafe"))
    assert found["models", "identity"]["value"] == IdentityEncoder().fingerprint
    assert all(found["models", name]["fine"] for name in ("words in pictures", "typefaces"))
    assert found["models", "diffusion"]["value"] == "off"
    assert any(item["value"] == "ready" for item in found.values())
    assert not (tmp_path / "not").exists()
    with monkeypatch.context() as without:
        without.setattr(identity, "PACKAGE", "no_such_package_here")
        status, out, _ = keyart("doctor", "--json")
    assert status == 1 and "identity_model_missing" in out
    monkeypatch.setenv("KEYART_DIFFUSION", str(tmp_path / "nowhere"))
    monkeypatch.setenv("KEYART_MIN_FREE_BYTES", str(2**60))
    status, out, _ = keyart("doctor", "--json")
    assert status == 1 and "encoder_not_found" in out
    status, out, _ = keyart("doctor")
    assert status == 1
    assert "free disk" in out
    assert "by the settings of this shell" in out.splitlines()[0]


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({}, ["--host", "0.0.0.0"], "KEYART_API_KEYS"),
        ({"KEYART_PORT": "x"}, [], "KEYART_PORT"),
        ({"KEYART_RETENTION": "decisions=0d"}, [], "KEYART_RETENTION 'decisions=0d' is not"),
        (
            {"KEYART_TRANSCRIPTS": "off"},
            ["--host", "0.0.0.0"],
            "ignored: KEYART_TRANSCRIPTS (did you mean KEYART_TRANSCRIPT?)",
        ),
    ],
)
def test_serve_refuses_settings_that_may_not_be(
    tmp_path: Path, environment: dict, arguments: list, words: str
) -> None:
    import os

    command = [sys.executable, "-m", "api.cli", "serve", "--data", str(tmp_path), *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert words in done.stderr


def test_what_cannot_be_sent_or_written_is_told_in_a_line(keyart: Any, tmp_path: Path) -> None:
    status, _, err = keyart("reward", "watch", "nan", "--user", "ada", "--title", "film")
    assert status == 2 and "'nan' is no number" in err
    odd = tmp_path / "policy.toml"
    odd.write_text("change_every_s = nan")
    status, _, err = keyart("policy", "film", "--file", str(odd))
    assert status == 1 and "invalid_json" in err and "not finite" in err
    status, _, err = keyart("export", "ada", "--out", str(tmp_path / "none" / "ada.json"))
    assert status == 2 and "there is no folder" in err
