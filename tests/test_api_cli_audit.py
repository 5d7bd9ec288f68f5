"""`keyart audit propensity` over a data folder, as a process beside nothing but its files."""

import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from artwork.choice.record.marks import add_mark
from artwork.tables import decisions
from content import migrate
from content.records import open_engine
from tests.choosing import SECRET, furnished
from tests.renewing import live


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which 24 decisions were made, by the same chance every time.

    By another one time in a hundred the audit would fail: so unlikely are some draws, true to what
    is logged of them.
    """
    numbers = (str(UUID(int=7 << 76 | 2 << 62 | n << 80)) for n in count(1))
    monkeypatch.setattr("artwork.choice.page.new_id", lambda: next(numbers))
    engine = open_engine(f"sqlite:///{tmp_path / 'state.db'}")
    migrate.upgrade(engine)
    for house in furnished(engine):
        live(house, 6)
        house.close()
    engine.dispose()
    (tmp_path / "secret.key").write_bytes(SECRET)
    return tmp_path


def audit(data: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "audit", "propensity", *arguments],
        env=os.environ | {"KEYART_DATA": str(data)} | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_tells_people_and_programs_and_ends_accordingly(folder: Path) -> None:
    done = audit(folder)
    assert done.returncode == 0, done.stderr
    assert "24 the same byte for byte, 0 not" in done.stdout
    engine = open_engine(f"sqlite:///{folder / 'state.db'}")
    with engine.begin() as connection:
        wrong = connection.scalar(sa.select(sa.func.max(decisions.c.id)))
        seed = sa.update(decisions).where(decisions.c.id == wrong).values(seed=b"0" * 16)
        connection.execute(seed)
    engine.dispose()
    done = audit(folder, "--json", "--last", "10")
    told = json.loads(done.stdout)
    assert done.returncode == 1 and not told["fine"]
    assert told["mismatches"] == [{"decision_id": wrong, "what": "seed"}]
    assert (told["decisions"], told["same"], told["left_out"]) == (10, 9, {})


def test_other_settings_than_the_services_audit_nothing_and_say_so(folder: Path) -> None:
    done = audit(folder, KEYART_HALF_LIFE_DAYS="30")
    assert done.returncode == 1
    assert "left out: 24, made by another policy" in done.stdout
    assert "are these the service's settings?" in done.stdout
    assert "KEYART_REWARDS (not set here) and KEYART_HALF_LIFE_DAYS (30.0 here)" in done.stdout
    done = audit(folder, KEYART_HALF_LIFE_DAYS="")
    assert done.returncode == 0 and "KEYART_REWARDS" not in done.stdout


def test_a_shell_without_the_services_rewards_file_is_told_of_it(folder: Path) -> None:
    """Seen from the newest decision: older ones, made before there was a file, are the same."""
    engine = open_engine(f"sqlite:///{folder / 'state.db'}")
    with engine.begin() as connection:
        newest = connection.scalar(sa.select(sa.func.max(decisions.c.seq)))
        theirs = sa.update(decisions).where(decisions.c.seq == newest)
        connection.execute(theirs.values(policy_id="ts2-ofafile"))
    engine.dispose()
    done = audit(folder, "--json")
    told = json.loads(done.stdout)
    assert told["left_out"] == {"made by another policy": 1} and told["same"] == 23
    assert "policy ts2-ofafile" in told["hint"] and "KEYART_REWARDS (not set here)" in told["hint"]


def test_after_a_forgetting_nobody_is_sent_to_the_settings(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder / 'state.db'}")
    with engine.begin() as connection:
        add_mark(connection, "default", 10_000, "forgotten", at_us=1, data={})
    engine.dispose()
    done = audit(folder)
    assert done.returncode == 1
    assert "none was made since somebody was forgotten" in done.stdout


def test_a_folder_without_a_ledger_is_refused_and_stays_empty(tmp_path: Path) -> None:
    done = audit(tmp_path)
    assert done.returncode == 2 and "no_ledger" in done.stderr
    assert list(tmp_path.iterdir()) == []
