"""Forgetting a viewer equals never having met them, bit for bit, at any time and after any kill."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from artwork.choice import removal
from artwork.choice.learner import Learner, save_checkpoint
from artwork.choice.personalize import RewardEvent, WatchEvent
from artwork.choice.policy import Hyperparameters
from artwork.choice.posterior import Posterior
from artwork.choice.proof import prove, search
from artwork.tables import (
    checkpoints,
    decisions,
    ledger_marks,
    offers,
    picture_features,
    watch_events,
)
from content.errors import Conflict, Invalid, KeyartError, Unavailable
from content.records import metadata
from tests.choosing import EPISODE_S, HERE, TITLES, House, furnished, run, state_of
from tests.ledger_oracle import LEDGER, pseudonym, rows_of, sums_of, taught, traffic
from tests.shelf import fresh_engine

USERS = ["ann", "bob", "cy", None]
QUICK = Hyperparameters(rebuild_every=16)


@pytest.fixture
def kept(any_house: House, tmp_path: Path) -> Iterator[House]:
    """A house that keeps certificates."""
    any_house.close()
    any_house.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    yield any_house


def reopen(house: House, folder: Path) -> None:
    house.crash()
    house.open(certificates=folder / "forgotten", parameters=QUICK)


def forget(house: House, user: str, *, proven: bool = True) -> Any:
    return run(house.p.people.forget(user, proven=proven))


def from_nothing(house: House) -> bytes:
    """What the ledger alone teaches: no checkpoint."""
    learner = Learner(QUICK)
    with house.engine.connect() as connection:
        learner.catch_up(connection, house.p.scope, house.p.offset)
    return learner.packed()


def held(house: House, user: str) -> int:
    with house.engine.connect() as connection:
        return sum(search(connection, "default", pseudonym(user), 2**62)[1].values())


# ---- equal to never having met them --------------------------------------------------------------


def test_what_a_viewer_taught_is_gone_bit_for_bit(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(1), USERS, 60)
    before, without = sums_of(kept.p), taught(kept.engine, ["ann"])
    rows = {table.name: kept.count(table) for table in LEDGER}
    assert before == taught(kept.engine) != without
    outcome = forget(kept, "ann")
    assert sums_of(kept.p) == without == taught(kept.engine)
    anew, live = Posterior.rebuild(without, QUICK.prior()), kept.p._ready().posterior
    assert (anew.P.tobytes(), anew.m.tobytes()) == (live.P.tobytes(), live.m.tobytes())
    assert outcome.proof.holds and outcome.proof.searched > 100 and outcome.overwritten
    removed = outcome.certificate.removed
    assert removed == {table.name: rows[table.name] - kept.count(table) for table in LEDGER}
    assert all(removed.values()) and held(kept, "ann") == 0 < held(kept, "bob")
    # And life goes on as it would have: running on, starting again and folding anew are one.
    traffic(kept, random.Random(2), USERS, 40)
    running = state_of(kept.p)
    assert running == from_nothing(kept)
    reopen(kept, tmp_path)
    assert state_of(kept.p) == running


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(n, marks=pytest.mark.proof) for n in range(3, 60))]
)
def test_any_interleaving_equals_the_ledger_without_the_viewer(
    house: House, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    house.close()
    house.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    for _ in range(chance.randint(2, 4)):
        traffic(house, chance, USERS, chance.randint(5, 40))
        if chance.random() < 0.5:
            house.close()  # leaves a checkpoint
            house.open(certificates=tmp_path / "forgotten", parameters=QUICK)
        user = chance.choice(["ann", "bob", "cy", "nobody"])
        without = taught(house.engine, [user])
        assert forget(house, user).proof.holds
        assert sums_of(house.p) == without
        if chance.random() < 0.5:
            running = state_of(house.p)
            reopen(house, tmp_path)
            assert state_of(house.p) == running == from_nothing(house)


def test_nobody_is_forgotten_by_the_name_of_another(kept: House) -> None:
    traffic(kept, random.Random(3), USERS, 30)
    running, rows = sums_of(kept.p).packed(), [kept.count(table) for table in LEDGER]
    outcome = forget(kept, "Ann")
    assert not any(outcome.certificate.removed.values())
    assert sums_of(kept.p).packed() == running
    assert [kept.count(table) for table in LEDGER] == rows


def test_memory_forgets_too(kept: House) -> None:
    watched = [WatchEvent("ann", title, 1.0) for title in TITLES[:2]]
    assert run(kept.p.watch(watched)) == [None, None]
    [first] = kept.choose(TITLES[0])
    assert kept.choose(TITLES[0])[0].decision_id == first.decision_id
    assert kept.p._tastes._kept and kept.p._episodes._kept
    forget(kept, "ann")
    assert not kept.p._tastes._kept and not kept.p._episodes._kept and not kept.p.people.leaving
    assert kept.refusals(RewardEvent(first.decision_id, "play", 1.0)) == ["decision_not_found"]
    with pytest.raises(KeyartError, match="decision_not_found"):
        kept.p.decision(first.decision_id)
    [again] = kept.choose(TITLES[0])  # a newcomer: decided anew, without a taste
    assert again.decision_id != first.decision_id
    assert not any(rows_of(kept.engine, decisions)[0]["x"][-1:])
    assert forget(kept, "ann").certificate.removed["decisions"] == 1


def test_what_only_they_were_offered_tells_nothing_of_them(kept: House) -> None:
    kept.choose(TITLES[0])
    forget(kept, "ann")
    [offer] = rows_of(kept.engine, offers)
    assert set(offer) == {"tenant", "id", "title_id", "aspect", "arms"}


def test_a_decision_from_before_a_mark_is_not_replayed(kept: House) -> None:
    [old] = kept.choose(TITLES[0], user="bob")
    kept.choose(TITLES[0], user="ann")
    assert kept.p.replay(old.decision_id)
    forget(kept, "ann")
    [new] = kept.choose(TITLES[1], user="bob")
    assert kept.p.replay(new.decision_id) == kept.p.decision(new.decision_id).propensities
    with pytest.raises(Conflict, match="policy_mismatch"):
        kept.p.replay(old.decision_id)


# ---- at any time ---------------------------------------------------------------------------------


def test_requests_of_the_viewer_run_meanwhile(kept: House, tmp_path: Path) -> None:
    async def visit(user: str) -> None:
        for n in range(12):
            kept.later(EPISODE_S / 3)
            titles = [TITLES[n % 4], TITLES[(n + 1) % 4]]
            for choice in await kept.p.choose(titles, "16:9", user=user, context=HERE):
                await kept.p.observe([RewardEvent(choice.decision_id, "watch", n / 12)])
            await kept.p.watch([WatchEvent(user, titles[0], 0.5)])

    async def all_at_once() -> list[Any]:
        visits = [asyncio.create_task(visit(user)) for user in ("ann", "ann", "bob")]
        outcomes = []
        for _ in range(4):
            await asyncio.sleep(0.02)
            outcomes.append(await kept.p.people.forget("ann", proven=True))
        await asyncio.gather(*visits)
        return outcomes

    outcomes = asyncio.run(all_at_once())
    assert all(outcome.proof.holds for outcome in outcomes)
    assert sum(outcome.certificate.removed["decisions"] for outcome in outcomes)
    running = state_of(kept.p)
    assert running == from_nothing(kept)
    reopen(kept, tmp_path)
    assert state_of(kept.p) == running
    assert forget(kept, "ann").proof.holds
    assert held(kept, "ann") == 0


def test_a_checkpoint_under_way_does_not_bring_them_back(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(4), USERS, 30)
    state = kept.p._ready()
    offset, data = state.offset, state.packed()
    forget(kept, "ann")
    with kept.engine.begin() as connection:  # packed before, written after
        save_checkpoint(connection, kept.p.scope, offset, data, 1)
    assert kept.count(checkpoints) == 0
    running = state_of(kept.p)
    reopen(kept, tmp_path)
    assert state_of(kept.p) == running == from_nothing(kept)


def test_checkpoints_of_other_policies_go(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(5), USERS, 20)
    kept.close()
    kept.open(draws=64)
    kept.choose(TITLES[0])
    kept.close()
    kept.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    forget(kept, "ann")
    assert {row["policy_id"] for row in rows_of(kept.engine, checkpoints)} <= {
        kept.p.scope.policy_id
    }


def test_another_process_follows(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(6), USERS, 30)
    other = House(kept.engine, kept.now_us)
    other.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    without = taught(kept.engine, ["ann"])
    forget(other, "ann")
    other.crash()
    kept.choose(TITLES[0], user="dan")  # its own rows come after the mark: it reads all anew
    assert kept.p.offset > 0 and not kept.p._episodes._kept.keys() & {(pseudonym("ann"), TITLES[0])}
    assert sums_of(kept.p) == taught(kept.engine) and sums_of(kept.p).rows == without.rows + 1
    assert state_of(kept.p) == from_nothing(kept)


def test_a_showing_of_what_another_process_took_away_is_passed_over(kept: House) -> None:
    kept.choose(TITLES[0], defer=True)
    other = House(kept.engine, kept.now_us)
    other.open(parameters=QUICK)
    forget(other, "ann")
    other.crash()
    assert kept.choose(TITLES[0])  # its episode is in memory still
    assert kept.count(decisions) == 0
    assert state_of(kept.p) == from_nothing(kept)


def test_a_database_that_refuses_leaves_all_as_it_was(
    kept: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic(kept, random.Random(7), USERS, 30)
    running, rows = state_of(kept.p), [kept.count(table) for table in LEDGER]
    with monkeypatch.context() as broken:
        broken.setattr(removal, "add_mark", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget(kept, "ann")
    assert not kept.p.people.leaving
    assert state_of(kept.p) == running
    assert [kept.count(table) for table in LEDGER] == rows
    without = taught(kept.engine, ["ann"])
    reopen(kept, tmp_path)  # the promise is kept by the next start
    assert sums_of(kept.p) == without and held(kept, "ann") == 0


def test_nothing_is_promised_before_the_start(kept: House, tmp_path: Path) -> None:
    kept.p._learner = None
    with pytest.raises(Unavailable, match="not_started"):
        forget(kept, "ann")
    assert not (tmp_path / "forgotten").exists()


# ---- the proof can fail --------------------------------------------------------------------------


def test_the_proof_sees_what_is_left(kept: House) -> None:
    traffic(kept, random.Random(8), USERS, 30)
    mark = forget(kept, "ann").certificate.mark
    desk = kept.p.people._desk
    proof = prove(desk, pseudonym("ann"), mark)
    assert proof.holds and not prove(desk, pseudonym("bob"), mark).holds
    state = kept.p._ready()
    state.posterior.m[3] += 2**-40
    assert not prove(desk, pseudonym("ann"), mark).posterior_equal
    state.posterior.m[3] -= 2**-40
    state.sums.q += 1
    wrong = prove(desk, pseudonym("ann"), mark)
    assert wrong.posterior_equal and not wrong.sums_equal and not wrong.holds
    state.sums.q -= 1
    with kept.engine.begin() as connection:
        hidden = b"\x00\x01" + pseudonym("ann") + b"\x02"
        connection.execute(sa.update(picture_features).values(data=hidden))
        connection.execute(sa.update(ledger_marks).values(data={"of": pseudonym("ann").hex()}))
    found = prove(desk, pseudonym("ann"), mark + 1).found
    assert found == {"picture_features": kept.count(picture_features), "ledger_marks": 1}


def test_no_bytes_are_left_in_the_files_of_sqlite(house: House, tmp_path: Path) -> None:
    users = [f"viewer-{n}" for n in range(12)]
    for _ in range(3):
        for user in users:
            house.choose(*TITLES, user=user)
            assert run(house.p.watch([WatchEvent(user, TITLES[0], 1.0)])) == [None]
        house.later(2 * EPISODE_S)
    file = Path(house.engine.url.database)

    def bytes_of(user: str) -> int:
        found = [file, file.with_name(file.name + "-wal")]
        return sum(path.read_bytes().count(pseudonym(user)) for path in found if path.exists())

    assert bytes_of(users[7]) > 0
    assert forget(house, users[7]).overwritten
    assert bytes_of(users[7]) == 0 < bytes_of(users[8])


# ---- the certificate -----------------------------------------------------------------------------


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
    assert kept.count(decisions) == 4 and not kept.p.people.leaving


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
    kept.open(certificates=tmp_path / "forgotten", parameters=QUICK)
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
from artwork.choice import people, removal
from artwork.choice.certificates import Certificates
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
