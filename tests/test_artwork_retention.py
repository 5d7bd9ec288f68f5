"""Retention: what is too old goes, with what it taught; later words of it are told so (410)."""

import random
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.learner import Learner
from artwork.choice.people import retention
from artwork.choice.personalize import RewardEvent, WatchEvent
from artwork.choice.record.horizons import Horizons, parse
from artwork.choice.record.marks import watches_gone
from artwork.tables import decisions, impressions, ledger_marks, rewards, watch_events
from content import ids
from content.errors import Conflict, Gone, Invalid, Unavailable
from tests.choosing import TITLES, House, run, state_of
from tests.ledger_oracle import rows_of, sums_of, taught, traffic

USERS = ["ann", "bob", None]
QUICK = Hyperparameters(rebuild_every=16)
DAY_S = 24 * 3600.0
KEPT = Horizons(decisions=30, impressions=3, watch_events=60)


@pytest.fixture
def dated(any_house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house that keeps things for a time, whose ids tell its own clock's time."""
    house = any_house

    def new_id() -> str:
        tail = random.getrandbits(74)
        high, low = tail >> 62, tail & (1 << 62) - 1
        value = house.now_us // 1000 << 80 | 7 << 76 | high << 64 | 2 << 62 | low
        return str(ids.uuid.UUID(int=value))

    monkeypatch.setattr("artwork.choice.page.new_id", new_id)
    monkeypatch.setattr(retention, "_BREATH_S", 0.0)
    house.close()
    house.open(horizons=KEPT, parameters=QUICK)
    yield house


def sweep(house: House) -> dict[str, int]:
    return house.p.people.retention.sweep()


def from_nothing(house: House) -> bytes:
    learner = Learner(QUICK)
    with house.engine.connect() as connection:
        learner.catch_up(connection, house.p.scope, house.p.offset)
    return learner.packed()


@pytest.mark.parametrize("batch", [3, 2_000])
def test_the_old_goes_with_what_it_taught(
    dated: House, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", batch)
    traffic(dated, random.Random(1), USERS, 30)
    old = {row["id"] for row in rows_of(dated.engine, decisions)}
    dated.close()  # a checkpoint holds them
    dated.open(horizons=KEPT, parameters=QUICK)
    dated.later(31 * DAY_S)
    traffic(dated, random.Random(2), USERS, 30)
    young = {row["id"] for row in rows_of(dated.engine, decisions)} - old
    assert sums_of(dated.p) == taught(dated.engine)
    removed = sweep(dated)
    assert removed["decisions"] == len(old) and "watch_events" not in {
        k for k, v in removed.items() if v
    }
    assert {row["id"] for row in rows_of(dated.engine, decisions)} == young
    for table in (impressions, rewards):
        assert {row["decision_id"] for row in rows_of(dated.engine, table)} <= young
    assert sums_of(dated.p) == taught(dated.engine)
    assert dated.count(ledger_marks) == 1  # only the newest counts
    running = state_of(dated.p)
    assert running == from_nothing(dated)
    dated.crash()
    dated.open(horizons=KEPT, parameters=QUICK)
    assert state_of(dated.p) == running
    assert not any(sweep(dated).values())


def test_each_table_has_its_own_age(dated: House) -> None:
    run(dated.p.watch([WatchEvent("ann", TITLES[0], 1.0)]))
    dated.choose(TITLES[0])
    dated.choose(TITLES[0])  # shown again
    assert not dated.p.people.retention.due() or not any(sweep(dated).values())
    taste = dated.p._tastes._kept
    dated.later(4 * DAY_S)
    assert sweep(dated) == {"impressions": 1}
    assert dated.count(impressions) == 1 and dated.count(ledger_marks) == 0
    dated.later(27 * DAY_S)
    assert sweep(dated)["decisions"] == 1 and dated.count(watch_events) == 1
    dated.later(30 * DAY_S)
    dated.choose(TITLES[1])
    assert taste
    assert sweep(dated)["watch_events"] == 1
    assert not taste and dated.count(decisions) == 1


def test_watch_events_that_went_are_known_to_have_gone_while_other_rows_go(
    dated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fitted to them must be fitted anew, from the first day on that any went."""
    monkeypatch.setattr(retention, "BATCH", 1)
    run(dated.p.watch([WatchEvent("ann", TITLES[0], 1.0)]))
    dated.later(DAY_S)
    run(dated.p.watch([WatchEvent("ann", TITLES[1], 1.0)]))
    fitted = dated.p.offset
    dated.later(28 * DAY_S)
    for title in TITLES[:3]:
        dated.choose(title)
    dated.later(31 * DAY_S + 1)
    assert gone(dated, fitted) is None
    removed = sweep(dated)
    assert (removed["watch_events"], removed["decisions"]) == (1, 3)
    assert gone(dated, fitted) == (first := dated.now_us)
    dated.later(DAY_S)
    assert sweep(dated)["watch_events"] == 1 and dated.count(watch_events) == 0
    dated.choose(TITLES[0])
    dated.later(40 * DAY_S)
    assert sweep(dated)["decisions"] == 1
    assert gone(dated, fitted) == first and dated.count(ledger_marks) == 3
    assert gone(dated, dated.p.offset) is None


def gone(house: House, after: int) -> int | None:
    with house.engine.connect() as connection:
        return watches_gone(connection, "default", after)


def test_a_running_episode_is_not_too_old(dated: House) -> None:
    dated.close()
    dated.open(horizons=Horizons(decisions=1), parameters=QUICK, episode_s=40 * DAY_S)
    [first] = dated.choose(TITLES[0])
    dated.later(39 * DAY_S)
    assert not any(sweep(dated).values())
    assert dated.choose(TITLES[0])[0].decision_id == first.decision_id


def test_words_of_what_has_gone_are_told_so(dated: House) -> None:
    [old] = dated.choose(TITLES[0])
    dated.later(31 * DAY_S)
    [young] = dated.choose(TITLES[0])
    sweep(dated)
    events = [
        RewardEvent(old.decision_id, "play", 1.0),
        RewardEvent(young.decision_id, "play", 1.0),
        RewardEvent("00000000-0000-4000-8000-000000000000", "play", 1.0),
    ]
    assert dated.refusals(*events) == ["decision_expired", None, "decision_not_found"]
    with pytest.raises(Gone, match="decision_expired"):
        dated.p.decision(old.decision_id)
    forgotten = young.decision_id
    run(dated.p.people.forget("ann"))  # young still: not gone for its age
    assert dated.refusals(RewardEvent(forgotten, "play", 1.0)) == ["decision_not_found"]


def test_what_was_decided_before_a_sweep_is_not_replayed(dated: House) -> None:
    dated.choose(TITLES[0])
    dated.later(20 * DAY_S)
    [between] = dated.choose(TITLES[0], user="bob")
    dated.later(11 * DAY_S)
    sweep(dated)
    with pytest.raises(Conflict, match="policy_mismatch"):
        dated.p.replay(between.decision_id)


def test_rows_behind_one_that_stays_go_too(dated: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    dated.choose(*TITLES[:3], user="ann")
    long = sa.update(decisions).where(decisions.c.title_id == TITLES[0])
    with dated.engine.begin() as connection:  # as if episodes had been longer then
        connection.execute(long.values(expires_us=dated.now_us + 90 * 10**6 * int(DAY_S)))
    dated.choose(*TITLES[:3], user="bob")
    dated.later(31 * DAY_S)
    assert sweep(dated)["decisions"] == 5 and dated.count(decisions) == 1


def test_rows_of_a_clock_that_was_far_ahead_hold_up_no_others(
    dated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    dated.later(400 * DAY_S)
    for user in ("ann", "bob"):
        dated.choose(*TITLES[:2], user=user)
        assert run(dated.p.watch([WatchEvent(user, TITLES[0], 1.0)])) == [None]
    dated.later(-400 * DAY_S)
    dated.choose(*TITLES[:2], user="cy")
    assert run(dated.p.watch([WatchEvent("cy", TITLES[0], 1.0)])) == [None]
    dated.later(61 * DAY_S)
    removed = sweep(dated)
    assert (removed["decisions"], removed["watch_events"]) == (2, 1)


def test_a_forgotten_viewer_leaves_nothing_of_their_expired_rows(dated: House) -> None:
    """Why what was learned of old rows is not kept without them: it could never be taken back."""
    traffic(dated, random.Random(3), USERS, 20)
    dated.later(31 * DAY_S)
    traffic(dated, random.Random(4), USERS, 20)
    without = taught(dated.engine, ["ann"])
    old = sums_of(dated.p)
    sweep(dated)
    assert run(dated.p.people.forget("ann", proven=True)).proof.holds
    assert sums_of(dated.p) == taught(dated.engine) and sums_of(dated.p) != without != old


# ---- when it runs --------------------------------------------------------------------------------


def test_nothing_is_frozen_of_what_is_on_its_way_out(
    dated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        [choice] = dated.choose(TITLES[0], user=f"v{n}")
        dated.refusals(RewardEvent(choice.decision_id, "watch", 1.0))
    dated.later(31 * DAY_S)
    dated.choose(TITLES[0])
    sweeping = threading.Thread(target=sweep, args=[dated])
    pack = Learner.packed

    def packed(learner: Learner) -> bytes:
        data = pack(learner)
        if sweeping.ident is None:
            sweeping.start()
            sweeping.join(0.2)
        return data

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Learner, "packed", packed)
        dated.p.steering.set("freeze")
        sweeping.join()
    [drawn] = dated.choose(TITLES[1])
    assert dated.p.replay(drawn.decision_id)[drawn.variant_id] == drawn.propensity
    frozen = dated.p.steering._frozen
    assert frozen is not None and frozen.sums.rows == 1


def test_it_is_due_once_a_day_and_only_where_something_has_an_age(dated: House) -> None:
    due = dated.p.people.retention.due
    assert due()
    dated.choose(TITLES[0])
    dated.later(31 * DAY_S)
    sweep(dated)
    assert not due()
    dated.later(DAY_S - 1)
    assert not due()
    dated.later(1)
    assert due()
    dated.close()
    dated.open()
    assert not dated.p.people.retention.due()


def test_a_sweep_of_a_clock_that_was_far_ahead_puts_off_no_other(dated: House) -> None:
    dated.choose(TITLES[0])
    dated.later(400 * DAY_S)
    assert sweep(dated)["decisions"] == 1
    dated.later(-3600.0)
    assert not dated.p.people.retention.due()
    dated.later(-399 * DAY_S)
    assert dated.p.people.retention.due()


def test_a_sweep_that_was_cut_short_is_due_again_at_the_next_start(
    dated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    for title in TITLES[:2]:
        dated.choose(title)
    dated.later(31 * DAY_S)
    dated.p.people.retention._take_out([_oldest(dated)], [])  # the first batch, then a kill
    dated.close()
    dated.open(horizons=KEPT, parameters=QUICK)
    kept = dated.p.people.retention
    assert kept.due()
    kept.tick()
    assert dated.count(decisions) == 0 and not kept.due()


def _oldest(house: House) -> str:
    with house.engine.connect() as connection:
        return str(connection.scalar(sa.select(decisions.c.id).order_by(decisions.c.seq).limit(1)))


def test_a_tick_sweeps_when_due_and_a_refusal_is_for_the_next(
    dated: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated.choose(TITLES[0])
    dated.later(31 * DAY_S)
    kept = dated.p.people.retention
    with monkeypatch.context() as broken:
        broken.setattr(kept, "sweep", refuse)
        with pytest.raises(Unavailable, match="ledger_unavailable"):
            kept.tick()
    kept.tick()
    assert dated.count(decisions) == 0 and not kept.due()
    kept.stop()
    dated.choose(TITLES[0])
    dated.later(31 * DAY_S)
    assert not any(sweep(dated).values())  # the service is about to end


def refuse() -> None:
    raise sa.exc.OperationalError("DELETE", {}, Exception("locked"))


# ---- the setting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "horizons"),
    [
        ("", Horizons()),
        ("decisions=400d", Horizons(decisions=400)),
        (" impressions = 90d , watch_events=730d,", Horizons(None, 90, 730)),
    ],
)
def test_retention_is_read(text: str, horizons: Horizons) -> None:
    assert parse(text) == horizons


@pytest.mark.parametrize(
    "text",
    ["decisions", "decisions=0d", "decisions=40", "decisions=-1d", "jobs=3d", "decisions=1.5d",
     "decisions=4d,decisions=5d", "decisions=999999d"],
)  # fmt: skip
def test_what_is_no_retention_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="invalid_retention"):
        parse(text)


def test_ids_tell_their_time() -> None:
    before = ids.now_us()
    made = ids.time_of(ids.new_id())
    assert made is not None and before - 1000 <= made <= ids.now_us()
    assert ids.time_of("zork") is None and ids.time_of(ids.stable_id("a", "b")) is None
