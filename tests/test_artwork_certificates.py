"""Certificates of forgetting: kept outside the database, kept true after kills and backups."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from artwork.tables import decisions, ledger_marks, watch_events
from content.errors import Invalid, Unavailable
from content.records import metadata
from tests.choosing import EPISODE_S, TITLES, House, furnished, state_of
from tests.forgetting import QUICK, USERS, forget, from_nothing, held, reopen
from tests.ledger_oracle import pseudonym, rows_of, sums_of, taught, traffic
from tests.shelf import fresh_engine


def test_a_certificate_names_nobody(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(9), USERS, 20)
    outcome = forget(kept, "ann")
    [file] = (tmp_path / "forgotten").iterdir()
    text = file.read_text()
    told = json.loads(text)
    assert told["mark"] == outcome.certificate.mark == rows_of(kept.engine, ledger_marks)[0]["seq"]
    assert told["removed"] == outcome.certificate.removed
    assert file.parent.stat().st_mode & 0o077 == 0
    for secret in ("ann", pseudonym("ann").hex()):
        assert secret not in text.replace("tenant", "")


def test_without_a_certificate_nothing_is_forgotten(kept: House, tmp_path: Path) -> None:
    kept.choose(*TITLES)
    (tmp_path / "forgotten").write_text("in the way")
    with pytest.raises(Unavailable, match="certificate_unwritten"):
        forget(kept, "ann")
    assert kept.count(decisions) == 4


def test_a_damaged_certificate_stops_the_start(house: House, tmp_path: Path) -> None:
    house.close()
    folder = tmp_path / "forgotten"
    folder.mkdir()
    (folder / "half.draft").write_text("{")  # a kill fell into its writing: nothing was promised
    house.open(certificates=folder)
    house.close()
    assert not list(folder.iterdir())
    for text in ("{", "[]", "7", '{"id": "x"}', ""):
        (folder / "x.json").write_text(text)
        with pytest.raises(Invalid, match="certificate_damaged"):
            house.open(certificates=folder)
        house.writer.close()


def test_a_kill_in_the_last_step_leaves_one_file(kept: House, tmp_path: Path) -> None:
    kept.choose(*TITLES)
    [done] = [forget(kept, "ann").certificate]
    file = tmp_path / "forgotten" / f"{done.id}.json"
    promise = file.with_suffix(".promise")
    promise.write_text(file.read_text())
    reopen(kept, tmp_path)
    assert not promise.exists() and kept.count(ledger_marks) == 1


def backup(house: House) -> dict[str, list[Any]]:
    return {table.name: rows_of(house.engine, table) for table in metadata.sorted_tables}


def restore_backup(house: House, rows: dict[str, list[Any]]) -> None:
    with house.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
        for table in metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), [dict(row) for row in rows[table.name]])


def test_a_restored_backup_forgets_again(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(10), USERS, 40)
    kept.close()  # with a checkpoint in it
    old = backup(kept)
    kept.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    kept.later(10)
    without = taught(kept.engine, ["ann"])
    certificate = forget(kept, "ann").certificate
    kept.choose(*TITLES, user="bob")
    kept.crash()
    restore_backup(kept, old)
    assert held(kept, "ann") > 0
    with structlog.testing.capture_logs() as logged:
        kept.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    told = {"event": "forgotten again", "certificates": 1, "viewers": 1, "log_level": "info"}
    assert told in logged
    assert held(kept, "ann") == 0 < held(kept, "bob")
    assert sums_of(kept.p) == without
    assert state_of(kept.p) == from_nothing(kept)
    # Once is enough: she may come back, and the certificate stays what it was.
    kept.later(10)
    kept.choose(TITLES[0])
    reopen(kept, tmp_path)
    assert held(kept, "ann") == 1
    [file] = (tmp_path / "forgotten").iterdir()
    assert json.loads(file.read_text())["mark"] == certificate.mark


def test_who_came_back_stays_when_a_promise_is_made_up_for(kept: House, tmp_path: Path) -> None:
    kept.choose(*TITLES)
    kept.p.people._begin(pseudonym("ann"))  # a kill fell between certificate and transaction
    kept.later(2 * EPISODE_S)
    kept.choose(TITLES[0])
    reopen(kept, tmp_path)
    assert kept.count(decisions) == 1 and kept.count(watch_events) == 0
    [file] = (tmp_path / "forgotten").iterdir()
    assert json.loads(file.read_text())["removed"]["decisions"] == 4


def test_a_clock_that_went_back_hides_nobody(kept: House, tmp_path: Path) -> None:
    kept.choose(*TITLES)
    kept.later(-3600)
    kept.p.people._begin(pseudonym("ann"))
    reopen(kept, tmp_path)
    assert held(kept, "ann") == 0


# ---- kill -9 -------------------------------------------------------------------------------------

_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from artwork.choice.people import forgetting
from artwork.choice.people import removal
from artwork.choice.people.certificates import Certificates
from content.records import open_engine
from tests.choosing import House

point, url, folder = sys.argv[1:]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
def after(place, name):
    real = getattr(place, name)
    def run(*args, **named):
        real(*args, **named)
        die()
    setattr(place, name, run)
match point:
    case "draft": os.fsync = die
    case "begun": after(Certificates, "begin")
    case "deleted": after(removal, "_delete")
    case "marked": after(removal, "add_mark")
    case "committed": Certificates.finish = die
    case "finished": after(Certificates, "finish")
house = House(open_engine(url), now_us=1_900_000_000_000_000)
p = house.open(certificates=Path(folder))
asyncio.run(p.people.forget("ann"))
"""


@pytest.mark.parametrize(
    ("point", "done"),
    [
        ("begun", True),
        ("committed", True),
        pytest.param("draft", False, marks=pytest.mark.proof),
        pytest.param("marked", True, marks=pytest.mark.proof),
        pytest.param("deleted", True, marks=pytest.mark.proof),
        pytest.param("finished", True, marks=pytest.mark.proof),
    ],
)
def test_kill_9_leaves_nothing_or_all_done(tmp_path: Path, point: str, done: bool) -> None:
    engine = fresh_engine(tmp_path)
    for house in furnished(engine):
        traffic(house, random.Random(11), USERS, 25)
        without, whole = taught(engine, ["ann"]), taught(engine)
    arguments = [point, str(engine.url), str(tmp_path / "forgotten")]
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        timeout=120,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    house = House(engine, now_us=1_900_000_100_000_000)
    house.open(certificates=tmp_path / "forgotten")
    assert sums_of(house.p) == (without if done else whole) == taught(engine)
    assert (held(house, "ann") == 0) == done
    files = [json.loads(file.read_text()) for file in (tmp_path / "forgotten").iterdir()]
    assert [file["removed"]["decisions"] > 0 for file in files] == [True] * done
    house.close()
    engine.dispose()
