"""The command line against the app on a real socket."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api import cli
from content.errors import Busy, Invalid
from tests.http_house import make_house, served
from tests.standins import House, job


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


@pytest.fixture
def url(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(house) as made:
        monkeypatch.setenv("KEYART_URL", made)
        yield made


@pytest.fixture
def keyart(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command at 80 columns: exit status, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["keyart", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def as_json(result: tuple[int, str, str]) -> Any:
    assert result[0] == 0, result
    return json.loads(result[1])


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


def test_the_picture_is_asked_for_as_told(keyart: Any, house: House) -> None:
    choice = as_json(
        keyart("artwork", "film", "--user", "u", "--aspect", "1:1", "--tz", "UTC", "--json")
    )
    assert choice["aspect"] == "1:1"
    user, aspect, context, _ = house.personalizer.asked[0]
    assert (user, aspect, context.tz) == ("u", "1:1", "UTC")
    assert as_json(keyart("reward", choice["decision_id"], "play", "0.5", "--json")) == {
        "accepted": 1
    }
    status, _, err = keyart("reward", choice["decision_id"], "play", "1")
    assert (status, err.split()[0]) == (1, "reward_conflict")
    assert keyart("reward", choice["decision_id"], "play", "1", "--correct")[0] == 0


def test_a_problem_is_one_line_with_its_code(keyart: Any) -> None:
    status, out, err = keyart("similar", "zork")
    assert (status, out) == (1, "")
    assert err == "title_not_found there is no title 'zork'\n"


def test_no_service_is_said_so(keyart: Any) -> None:
    status, _, err = keyart("status", "--url", "http://127.0.0.1:9")
    assert status == 2
    assert "is `keyart serve` running?" in err


def test_files_are_uploaded(keyart: Any, house: House, tmp_path: Path) -> None:
    for name in ("My Film (1).mp4", "b.mp4"):
        (tmp_path / name).write_bytes(name.encode())
    status, out, err = keyart(
        "submit", str(tmp_path / "My Film (1).mp4"), str(tmp_path / "b.mp4"), "--wait"
    )
    assert (status, err) == (0, "")
    assert "done" in out
    assert set(house.intake.uploads) == {"My-Film-1", "b"}
    assert house.catalog.titles["My-Film-1"].name == "My Film (1)"


def test_a_file_may_go_by_path(
    keyart: Any, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    submit = house.intake.submit
    monkeypatch.setattr(
        house.intake, "submit", lambda fields, upload: (taken.append(fields), submit(fields))[1]
    )
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    keyart("submit", str(file), "--by-path", "--id", "a", "--genre", "x", "--genre", "y")
    assert house.intake.uploads == {}
    assert (taken[0].media, taken[0].genres) == (str(file), ("x", "y"))


def test_a_catalogue_goes_line_by_line_and_one_bad_title_fails_alone(
    keyart: Any, house: House, tmp_path: Path
) -> None:
    lines = [
        {"id": "one", "name": "One", "synopsis": "First."},
        {"id": "two", "name": "Two", "synopsis": " "},
        {"id": "three", "name": "Three", "synopsis": "Third."},
    ]
    catalog = tmp_path / "titles.ndjson"
    catalog.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    status, out, err = keyart("submit", "--catalog", str(catalog), "--wait", "--json")
    assert status == 1
    answer = json.loads(out)
    assert [item["state"] for item in answer["items"]] == ["done", "done"]
    assert [item["code"] for item in answer["refused"]] == ["synopsis_empty"]
    assert {"one", "three"} <= set(house.catalog.titles)
    status, _, err = keyart("submit", "--catalog", str(catalog))
    assert (status, err.split()[:2]) == (1, ["synopsis_empty", "two:"])


def test_a_catalogue_that_is_no_json_names_its_line(keyart: Any, tmp_path: Path) -> None:
    catalog = tmp_path / "titles.ndjson"
    catalog.write_text('{"name": "A", "synopsis": "B."}\n{\n')
    status, _, err = keyart("submit", "--catalog", str(catalog))
    assert status == 2
    assert "line 2" in err


def test_a_full_queue_is_waited_for(
    keyart: Any, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.intake.refuse = Busy("queue_full", "later", retry_after_s=7)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        house.intake.refuse = None

    monkeypatch.setattr("api.cli.submit.time.sleep", sleep)
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    assert keyart("submit", str(file))[0] == 0
    assert slept == [7.0]


def test_a_failed_job_fails_the_command(
    keyart: Any, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = house.intake.submit

    def fail(*arguments: Any) -> Any:
        made = submit(*arguments)
        house.jobs.rows[made.job_id] = replace(
            house.jobs.rows[made.job_id],
            state="failed",
            error_code="media_truncated",
            error_detail="it is cut",
        )
        return made

    monkeypatch.setattr(house.intake, "submit", fail)
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    status, _, err = keyart("submit", str(file), "--wait")
    assert (status, err) == (1, "media_truncated a: it is cut\n")


def test_a_refused_file_fails_the_command(keyart: Any, house: House, tmp_path: Path) -> None:
    house.intake.refuse = Invalid("media_empty", "no bytes")
    file = tmp_path / "a.mp4"
    file.touch()
    status, _, err = keyart("submit", str(file))
    assert (status, err) == (1, "media_empty a: no bytes\n")


def test_files_and_a_catalogue_exclude_each_other(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.touch()
    assert keyart("submit")[0] == 2
    assert keyart("submit", str(file), "--catalog", str(file))[0] == 2
    assert keyart("submit", str(file), str(file), "--id", "x")[0] == 2


def test_reindex_can_be_waited_for(
    keyart: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert as_json(keyart("reindex", "--json"))["generation"] == "g-2"
    done = replace(house.jobs.start_reindex(), state="done", progress=1.0, stage="done")
    monkeypatch.setattr(house.jobs, "get", lambda _job_id: done)
    assert keyart("reindex", "--wait")[0] == 0


def test_a_key_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyart: Any) -> None:
    with served(make_house(tmp_path / "guarded", api_keys=("secret",))) as guarded:
        assert keyart("status", "--url", guarded)[0] == 1
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
    assert any(item["value"] == "ready" for item in found.values())
    assert not (tmp_path / "not").exists()
    monkeypatch.setenv("KEYART_MIN_FREE_BYTES", str(2**60))
    status, out, _ = keyart("doctor")
    assert status == 1
    assert "free disk" in out


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({}, ["--host", "0.0.0.0"], "KEYART_API_KEYS"),
        ({"KEYART_PORT": "x"}, [], "KEYART_PORT"),
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
