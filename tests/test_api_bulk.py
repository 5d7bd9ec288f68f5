"""Many titles in one request: each line is told of, and one that is refused keeps none out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import bulk
from content.errors import Busy, Invalid, NoSpace
from tests.bulk_wire import PATH, Wire
from tests.http_house import assert_problem, make_house, served
from tests.standins import House
from tests.waiting import until

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def line(name: str, **more: object) -> bytes:
    return json.dumps({"id": name, "name": name, "synopsis": "A story.", **more}).encode()


def send(client: TestClient, *lines: bytes) -> Any:
    return client.post(PATH, content=b"\n".join(lines), headers=NDJSON)


def told(answer: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What is told of each line, and the last line."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    *lines, end = map(json.loads, answer.text.splitlines())
    return lines, end


def test_each_line_is_told_of_and_a_bad_one_keeps_none_out(
    house: House, client: TestClient
) -> None:
    answer = send(
        client,
        line("a", genres=["x", "y"]),
        b"",
        line("b", synopsis=" "),
        b"{",
        b'{"name": "N", "name": "N", "synopsis": "S."}',
        line("c", zork=1) + b"\r",
        line("d/e"),
        line("f") + b"\r",
        line("a", genres=["x", "y"]),
    )
    lines, end = told(answer)
    assert [(each["line"], each.get("code")) for each in lines] == [
        (1, None),
        (3, "synopsis_empty"),
        (4, "invalid_json"),
        (5, "invalid_json"),
        (6, "invalid_request"),
        (7, "invalid_title_id"),
        (8, None),
        (9, None),
    ]
    assert lines[0] == {"line": 1, "title_id": "a", "job_id": "job-a", "created": True}
    assert lines[1]["detail"].startswith("synopsis: ")
    assert lines[-1]["created"] is False
    assert end == {"created": 2, "unchanged": 1, "refused": 5, "stopped": None}
    assert house.intake.taken["a"].genres == ("x", "y")
    assert set(house.intake.taken) == {"a", "f"}


def test_nothing_is_an_answer_of_its_own(client: TestClient) -> None:
    for body in (b"", b"\n", b"\n \n\r\n"):
        end = {"created": 0, "unchanged": 0, "refused": 0, "stopped": None}
        assert told(send(client, body)) == ([], end)


def test_a_line_that_is_too_long_is_refused_alone(house: House, client: TestClient) -> None:
    lines, end = told(send(client, line("a"), b"x" * 1_000_001, line("b")))
    assert [each.get("code") for each in lines] == [None, "line_too_large", None]
    assert (end["created"], end["refused"]) == (2, 1)


def test_more_lines_than_may_be_stop_there(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "LINES_MAX", 3)
    lines, end = told(send(client, *(line(f"t{n}") for n in range(5))))
    assert len(lines) == end["created"] == 3
    assert (end["stopped"]["line"], end["stopped"]["code"]) == (4, "too_many_lines")
    assert set(house.intake.taken) == {"t0", "t1", "t2"}


def test_more_bytes_than_may_be_stop_there(
    house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BYTES_MAX", 200)
    assert_problem(send(client, *(line(f"t{n}") for n in range(9))), 413, "bulk_too_large")
    assert house.intake.taken == {}
    with served(house) as url:
        wire = Wire(url)  # announces no length
        wire.send(b"\n".join(line(f"t{n}") for n in range(3)))
        wire.head()
        assert [each["title_id"] for each in wire.chunk()] == ["t0", "t1"]
        wire.send(b"\n" + line("t3"))
        [[end]] = wire.chunks()
        wire.close()
    assert end["stopped"]["code"] == "bulk_too_large"
    assert (end["stopped"]["line"], set(house.intake.taken)) == (3, {"t0", "t1"})


def test_another_type_is_refused(client: TestClient) -> None:
    for kind in ("application/json", "text/plain"):
        answer = client.post(PATH, content=line("a"), headers={"Content-Type": kind})
        assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("error", "status"), [(Busy("queue_full", "full", 7), 429), (NoSpace("disk_full", "full"), 507)]
)
def test_no_room_at_first_is_the_answer_and_later_where_it_stopped(
    *, house: House, client: TestClient, monkeypatch: pytest.MonkeyPatch, error: Any, status: int
) -> None:
    house.intake.refuse = error
    answer = send(client, b"", line("a"), line("b"))
    assert_problem(answer, status, error.code)
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    house.intake.refuse = None
    submit = house.intake.submit

    def fill(*arguments: Any) -> Any:
        made = submit(*arguments)
        if made.title_id == "t1":
            house.intake.refuse = error
        return made

    monkeypatch.setattr(house.intake, "submit", fill)
    lines, end = told(send(client, *(line(f"t{n}") for n in range(40))))
    assert [each["title_id"] for each in lines] == ["t0", "t1"]
    later = 7 if status == 429 else None
    assert end["stopped"] == {
        "line": 3, "code": error.code, "detail": "full", "retry_after_s": later
    }  # fmt: skip


def test_it_is_told_of_a_title_while_the_next_is_still_to_come(house: House) -> None:
    with served(house) as url:
        wire = Wire(url)
        wire.send(line("a") + b"\n" + line("b")[:10])
        assert wire.head().startswith("HTTP/1.1 200 ")
        assert [each["title_id"] for each in wire.chunk()] == ["a"]
        wire.send(line("b")[10:] + b"\n")
        assert [each["title_id"] for each in wire.chunk()] == ["b"]
        wire.send(b"")
        [end], *rest = wire.chunks()
        assert (end["created"], rest) == (2, [])
        wire.close()


def test_who_reads_nothing_before_all_is_sent_gets_all(house: House) -> None:
    """More answers than the sockets hold: waiting for them to be read would be for ever."""
    house.intake.refuse, count = Invalid("media_not_found", "x" * 4_000), 1_600
    with served(house) as url:
        wire = Wire(url)
        for _ in range(0, count, 100):
            wire.send((line("a", synopsis="y" * 12_000) + b"\n") * 100)
        wire.send(b"")
        wire.head()
        lines: Sequence[dict[str, Any]] = [each for chunk in wire.chunks() for each in chunk]
        assert [each["line"] for each in lines[:-1]] == list(range(1, count + 1))
        assert lines[-1]["refused"] == count
        wire.close()


def test_what_had_come_before_a_client_went_is_taken_in(house: House) -> None:
    with served(house) as url:
        wire = Wire(url)
        wire.send(line("a") + b"\n" + line("b") + b"\n" + line("half")[:-5])
        wire.close()
        until(lambda: set(house.intake.taken) == {"a", "b"})
        # And the service answers the next one.
        again = Wire(url)
        again.send(line("a"))
        again.send(b"")
        again.head()
        assert [each for chunk in again.chunks() for each in chunk][-1]["unchanged"] == 1
        again.close()
