"""`keyart submit` against the app on a real socket."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from content.errors import Busy, Invalid
from tests.http_house import as_json, make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


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


def test_what_is_known_already_is_told_and_understood_again_when_asked(
    keyart: Any, tmp_path: Path
) -> None:
    file = tmp_path / "b.mp4"
    file.write_bytes(b"b")
    assert keyart("submit", str(file))[2] == ""
    status, _, err = keyart("submit", str(file), "--wait")
    assert (status, err) == (0, "  b: unchanged, not understood again (use --again)\n")
    assert as_json(keyart("submit", str(file), "--json"))["unchanged"] == ["b"]
    assert keyart("submit", str(file), "--again")[2] == ""
    assert as_json(keyart("submit", str(file), "--again", "--json"))["unchanged"] == []


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
    assert status == 1
    assert "one, three: unchanged" in err
    assert "\nsynopsis_empty two: " in err


def test_a_catalogue_that_is_no_json_names_its_line(keyart: Any, tmp_path: Path) -> None:
    catalog = tmp_path / "titles.ndjson"
    catalog.write_text('{"name": "A", "synopsis": "B."}\n{\n')
    status, _, err = keyart("submit", "--catalog", str(catalog))
    assert status == 2
    assert "line 2" in " ".join(err.replace("│", " ").split())  # the frame may break it


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[\n{"name": "A"}\n]', "one JSON array"),
        ('[{"name": "A"}]', "one JSON array"),
        ('{\n"name": "A"\n}\n', "one JSON object over several lines"),
        ('"A"', "this is not a JSON object"),
        ('{"name": "A", "synopsis": "B."}\n7\n', "line 2: this is not a JSON object"),
        ("\xff", "not UTF-8"),
    ],
)
def test_a_catalogue_of_another_format_is_told_so(
    keyart: Any, house: House, tmp_path: Path, text: str, words: str
) -> None:
    catalog = tmp_path / "titles.json"
    catalog.write_bytes(text.encode("latin-1"))
    status, _, err = keyart("submit", "--catalog", str(catalog))
    assert status == 2
    told = " ".join(err.replace("│", " ").split())
    assert words in told
    assert "one JSON object a line (NDJSON)" in told
    assert house.jobs.rows == {}  # nothing is sent of what is refused


def test_a_pipe_gets_no_empty_line(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    out = keyart("submit", str(file))[1]
    assert [line.split() for line in out.splitlines()] == [["title", "job"], ["a", "job-a"]]


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
    house.intake.refuse = Invalid("media_twice", "not both")
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    status, _, err = keyart("submit", str(file))
    assert (status, err) == (1, "media_twice a: not both\n")


def test_an_empty_file_is_named(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "a film.mp4"
    file.touch()
    status, _, err = keyart("submit", str(file), "--id", "a")
    assert (status, err) == (1, "media_empty a: 'a film.mp4' holds no bytes\n")


def test_files_and_a_catalogue_exclude_each_other(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.touch()
    assert keyart("submit")[0] == 2
    assert keyart("submit", str(file), "--catalog", str(file))[0] == 2
    assert keyart("submit", str(file), str(file), "--id", "x")[0] == 2
