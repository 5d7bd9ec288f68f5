"""`keyart submit --catalog`: NDJSON and CSV, in groups, from where it stopped on."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli import bulk
from content.errors import Busy, Unavailable
from tests.http_house import make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 3)


def ndjson(folder: Path, count: int, **titles: dict[str, Any]) -> Path:
    """t0 …; `titles` replaces some."""
    lines = [
        {"id": f"t{n}", "name": f"T{n}", "synopsis": "A story.", **titles.get(f"t{n}", {})}
        for n in range(count)
    ]
    file = folder / "titles.ndjson"
    file.write_text("".join(json.dumps(line) + "\n\n" for line in lines))
    return file


def test_refused_titles_are_reported_with_their_lines(
    keyart: Any, house: House, tmp_path: Path
) -> None:
    bad = {"synopsis": " "}
    file, report = ndjson(tmp_path, 8, t1=bad, t6=bad), tmp_path / "refused.ndjson"
    status, out, err = keyart("submit", "--catalog", str(file), "--report", str(report))
    assert status == 1
    assert {f"t{n}" for n in (0, 2, 3, 4, 5, 7)} == set(house.intake.taken)
    assert [line.split()[0] for line in out.splitlines()[1:]] == [
        "t0",
        "t2",
        "t3",
        "t4",
        "t5",
        "t7",
    ]
    blank = "synopsis: the synopsis is blank; write a sentence on the title"
    assert err.splitlines() == [
        f"synopsis_empty t1: {blank} (line 3)",
        f"synopsis_empty t6: {blank} (line 13)",
    ]
    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(each["line"], each["code"]) for each in told] == [
        (3, "synopsis_empty"),
        (13, "synopsis_empty"),
    ]
    assert told[0]["submitted"]["name"] == "T1"


def test_it_may_be_sent_again(keyart: Any, house: House, tmp_path: Path) -> None:
    file, report = ndjson(tmp_path, 5), tmp_path / "refused.ndjson"
    assert keyart("submit", "--catalog", str(file))[0] == 0
    status, out, _ = keyart("submit", "--catalog", str(file), "--json", "--report", str(report))
    assert status == 0
    assert json.loads(out)["unchanged"] == [f"t{n}" for n in range(5)]
    assert report.read_text() == ""
    answer = json.loads(keyart("submit", "--catalog", str(file), "--json", "--again")[1])
    assert (len(answer["items"]), answer["unchanged"]) == (5, [])


def test_titles_without_an_id_are_told_of(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "titles.ndjson"
    file.write_text('{"name": "A", "synopsis": "B."}\n{"id": "c", "name": "C", "synopsis": "D."}\n')
    status, _, err = keyart("submit", "--catalog", str(file))
    assert (status, err) == (0, "  titles without an id: 1; submitted again they are new ones\n")


def test_a_full_queue_is_waited_for_wherever_it_stops(
    *, keyart: Any, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, slept = house.intake.submit, list[float]()
    due = {f"t{n}" for n in (0, 1, 3, 5, 7)}  # of groups of three: their first and others

    def full_at_times(fields: Any, upload: Any) -> Any:
        if fields.id in due:
            due.remove(fields.id)
            raise Busy("queue_full", "full", retry_after_s=7)
        return submit(fields, upload)

    monkeypatch.setattr(house.intake, "submit", full_at_times)
    monkeypatch.setattr("api.cli.bulk.time.sleep", slept.append)
    status, out, _ = keyart("submit", "--catalog", str(ndjson(tmp_path, 9)), "--json")
    assert status == 0
    assert [each["title_id"] for each in json.loads(out)["items"]] == [f"t{n}" for n in range(9)]
    assert slept == [7.0] * 5


def test_a_queue_that_stays_full_is_given_up(
    keyart: Any, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = list[float]()
    house.intake.refuse = Busy("queue_full", "full", retry_after_s=7)
    monkeypatch.setattr("api.cli.bulk.time.sleep", slept.append)
    status, _, err = keyart("submit", "--catalog", str(ndjson(tmp_path, 2)))
    assert status == 1
    assert "0 of 2 titles were answered" in err and "queue_full full" in err
    assert len(slept) == bulk.TRIES - 1


def test_where_the_service_stops_for_good_it_is_told_how_far_it_came(
    keyart: Any, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = house.intake.submit

    def away(fields: Any, upload: Any) -> Any:
        if fields.id == "t4":
            raise Unavailable("records_unavailable", "away")
        return submit(fields, upload)

    monkeypatch.setattr(house.intake, "submit", away)
    file = ndjson(tmp_path, 9)
    status, _, err = keyart("submit", "--catalog", str(file))
    assert (status, set(house.intake.taken)) == (1, {"t0", "t1", "t2", "t3"})
    assert "4 of 9 titles were answered; run it again" in err
    assert "records_unavailable away" in err
    monkeypatch.setattr(house.intake, "submit", submit)
    assert keyart("submit", "--catalog", str(file))[0] == 0
    assert len(house.intake.taken) == 9


def test_many_refusals_and_many_jobs_are_told_in_short(
    keyart: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = {f"t{n}": {"synopsis": ""} for n in range(23)}
    status, out, err = keyart("submit", "--catalog", str(ndjson(tmp_path, 150, **bad)))
    assert (status, out) == (1, "127 titles submitted; `keyart status` shows their jobs\n")
    assert len(err.splitlines()) == 21
    assert err.splitlines()[-1] == "  3 more were refused; --report FILE has them all"


CSV = """id;name;synopsis;genres;released;tags.series;external_ids.imdb;available.territories
a;"One; two";"First
line.";drama|short film;1999;blupi;tt1;DE|AT

b;B;Second.;;;;;
"""


def test_a_catalogue_may_be_csv(keyart: Any, house: House, tmp_path: Path) -> None:
    for name, text in (("t.csv", CSV), ("t.CSV", "\ufeff" + CSV), ("t.tsv", CSV)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        house.intake.taken.clear()
        assert keyart("submit", "--catalog", str(tmp_path / name))[0] == 0
        a, b = house.intake.taken["a"], house.intake.taken["b"]
        assert (a.name, a.synopsis, a.genres) == (
            "One; two",
            "First\nline.",
            ("drama", "short film"),
        )
        assert (a.released, dict(a.tags), dict(a.external_ids)) == (
            "1999",
            {"series": "blupi"},
            {"imdb": "tt1"},
        )
        assert a.available.territories == ("DE", "AT")
        assert (b.genres, b.released, dict(b.tags)) == ((), None, {})


def test_a_row_is_told_of_by_the_line_where_it_begins(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text('id,name,synopsis\na,A,"x\ny"\nb,B," "\n')
    assert keyart("submit", "--catalog", str(file))[2].endswith("(line 4)\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,name,plot\na,A,x\n", "there is no column 'plot'"),
        ("id,name,tags.\na,A,x\n", "there is no column 'tags.'"),
        ("id,id\na,b\n", "the column 'id' is there twice"),
        ("id,name\na,A\nb,B,x\n", "line 3: more cells than the header has names"),
        ('id,name\na,"A\n', "line 2"),
        ("id,name\na,\xff\n", "not UTF-8"),
    ],
)
def test_csv_that_is_none_is_refused_before_anything_is_sent(
    *, keyart: Any, house: House, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(text.encode("latin-1"))
    status, _, err = keyart("submit", "--catalog", str(file))
    assert (status, house.intake.taken) == (2, {})
    assert words in " ".join(err.replace("│", " ").split())


def test_a_report_is_of_a_catalogue(keyart: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    assert keyart("submit", str(file), "--report", str(tmp_path / "r"))[0] == 2
