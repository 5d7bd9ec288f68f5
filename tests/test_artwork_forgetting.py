"""Forgetting a viewer equals never having met them, bit for bit, at any time and after any kill."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from artwork.choice.belief.empirical import fitted
from artwork.choice.belief.features import BLOCKS
from artwork.choice.belief.posterior import Posterior
from artwork.choice.learning.learner import Learner, save_checkpoint
from artwork.choice.people import removal
from artwork.choice.people.proof import prove
from artwork.choice.personalize import RewardEvent, WatchEvent
from artwork.choice.record.ledger import Entry
from artwork.tables import (
    checkpoints,
    decisions,
    ledger_marks,
    offers,
    picture_features,
)
from content.errors import Conflict, KeyartError, Unavailable
from tests.choosing import EPISODE_S, HERE, TITLES, House, run, state_of
from tests.forgetting import QUICK, USERS, forget, from_nothing, held, reopen
from tests.ledger_oracle import LEDGER, pseudonym, rows_of, sums_of, taught, traffic

# ---- equal to never having met them --------------------------------------------------------------


def test_what_a_viewer_taught_is_gone_bit_for_bit(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(1), USERS, 60)
    before, without = sums_of(kept.p), taught(kept.engine, ["ann"])
    rows = {table.name: kept.count(table) for table in LEDGER}
    assert before == taught(kept.engine) != without
    outcome = forget(kept, "ann")
    assert sums_of(kept.p) == without == taught(kept.engine)
    prior = fitted(without, QUICK.prior(), BLOCKS)
    anew, live = Posterior.rebuild(without, prior), kept.p._ready().posterior
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


def test_choices_go_on_while_what_is_left_is_made(
    kept: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic(kept, random.Random(11), USERS, 40)
    with meanwhile(monkeypatch, lambda: traffic(kept, random.Random(12), USERS, 30)):
        assert forget(kept, "ann").proof.holds
    [mark] = rows_of(kept.engine, ledger_marks)
    assert 0 < mark["data"]["base"] < mark["seq"] - 20
    assert sums_of(kept.p) == taught(kept.engine) and held(kept, "ann") == 0
    shown = kept.choose(*TITLES, user="dan")
    running = state_of(kept.p)
    assert running == from_nothing(kept)
    reopen(kept, tmp_path)  # from the checkpoint that was made beside, too
    assert kept.count(checkpoints) == 1 and state_of(kept.p) == running
    for choice in shown:
        assert kept.p.replay(choice.decision_id)[choice.variant_id] == choice.propensity


def test_what_is_left_is_made_again_where_others_were_forgotten_meanwhile(
    kept: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic(kept, random.Random(13), USERS, 40)
    other = House(kept.engine, kept.now_us)  # of one process there is one after the other
    other.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    with meanwhile(monkeypatch, lambda: forget(other, "bob", proven=False)):
        assert forget(kept, "ann").proof.holds
    other.crash()
    bases = {row["data"].get("base") for row in rows_of(kept.engine, ledger_marks)}
    assert None in bases and len(bases) == 2
    assert sums_of(kept.p) == taught(kept.engine)
    assert held(kept, "ann") == held(kept, "bob") == 0
    traffic(kept, random.Random(14), USERS, 20)
    running = state_of(kept.p)
    assert running == from_nothing(kept)
    reopen(kept, tmp_path)
    assert state_of(kept.p) == running


def test_of_many_forgotten_at_once_each_is_made_beside_the_choices(
    kept: House, tmp_path: Path
) -> None:
    traffic(kept, random.Random(17), USERS, 40)

    async def all_at_once() -> None:
        people = kept.p.people
        await asyncio.gather(*(people.forget(user) for user in ("ann", "bob", "cy", "nobody")))

    run(all_at_once())
    took = [row["data"] for row in rows_of(kept.engine, ledger_marks) if row["kind"] != "unmet"]
    assert len(took) == 3 and all("base" in data for data in took)
    assert sums_of(kept.p) == taught(kept.engine) and state_of(kept.p) == from_nothing(kept)
    assert not any(held(kept, user) for user in ("ann", "bob", "cy"))
    reopen(kept, tmp_path)
    assert state_of(kept.p) == from_nothing(kept)


@contextmanager
def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> Iterator[None]:
    """Lets something happen while the first forgetting takes rows out of a state."""
    unlearn, left = Learner.unlearn, [happens]

    def slowly(learner: Learner, gone: Iterable[Entry]) -> None:
        if left:
            left.pop()()
        unlearn(learner, gone)

    with monkeypatch.context() as slower:
        slower.setattr(Learner, "unlearn", slowly)
        yield


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
    assert not kept.p._tastes._kept and not kept.p._episodes._kept
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


def test_forgetting_nobody_costs_no_replay(kept: House, tmp_path: Path) -> None:
    traffic(kept, random.Random(4), USERS, 30)
    [old] = kept.choose(TITLES[0], user="bob")
    outcome = forget(kept, "Ann")
    assert outcome.proof.holds
    assert kept.p.replay(old.decision_id) == kept.p.decision(old.decision_id).propensities
    running = state_of(kept.p)
    assert running == from_nothing(kept)
    reopen(kept, tmp_path)  # the certificate is known: nothing is to be made up for
    assert state_of(kept.p) == running and kept.count(ledger_marks) == 1
    assert kept.p.replay(old.decision_id)


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
    [left] = rows_of(kept.engine, checkpoints)
    assert left["data"] != data
    assert Learner.unpacked(QUICK, left["data"]).sums == taught(kept.engine)
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
