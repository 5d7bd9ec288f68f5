"""History that comes before the pictures: it counts once they are there, and just once."""

import random
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from artwork.choice.belief.features import BLOCKS
from artwork.choice.belief.packing import unpacked
from artwork.choice.personalize import WatchEvent
from artwork.choice.record.horizons import Horizons
from artwork.tables import (
    decisions,
    image_groups,
    late_features,
    variants,
    waiting_titles,
    watch_events,
)
from content.errors import Unavailable
from content.tables import title_versions, titles
from tests.choosing import TITLES, House, furnished, run, state_of
from tests.latecomers import LATER, NEWCOMERS, arrive, taste, told, whole
from tests.ledger_oracle import rows_of
from tests.renewing import afresh, replays
from tests.shelf import fresh_engine, publish, submit

pytestmark = pytest.mark.usefixtures("unwatched")


@pytest.fixture
def early(any_house: House) -> House:
    """Three titles that are known by name alone, of which two viewers have watched two."""
    for title in NEWCOMERS:
        submit(any_house.engine, title)
    told(
        any_house,
        WatchEvent("ann", NEWCOMERS[0], 1.0, event_id="w1"),
        WatchEvent("ann", NEWCOMERS[1], 0.5),
        WatchEvent("bob", NEWCOMERS[0], 0.75),
        WatchEvent("bob", TITLES[0], 1.0),
    )
    return any_house


def test_history_counts_once_its_titles_have_pictures(early: House) -> None:
    shown = early.choose(*TITLES, user="ann") + early.choose(*TITLES, user="bob")
    before = early.p.offset
    assert taste(early, "ann") == (0, b"") and taste(early, "bob")[0] == 1
    assert early.p.complete_watched() == 0
    arrive(early, NEWCOMERS[0])
    assert taste(early, "ann")[0] == 0, "not before the ledger says so"
    assert early.p.complete_watched() == 1
    assert taste(early, "ann")[0] == 1 and taste(early, "bob")[0] == 2
    assert taste(early, "ann", before)[0] == 0 and taste(early, "bob", before)[0] == 1
    early.later(200)
    after = early.choose(*TITLES, user="ann") + early.choose(*TITLES, user="bob")
    arrive(early, *NEWCOMERS[1:])
    assert early.p.complete_watched() == 1, "one was never watched"
    early.later(200)
    whole(early, shown + after + early.choose(*TITLES, user="ann"))


def test_it_moves_the_very_next_choice_of_a_viewer_who_is_remembered(early: House) -> None:
    def knows_taste(title: str) -> bool:
        [choice] = early.choose(title, user="ann")
        mine = decisions.c.id == choice.decision_id
        with early.engine.connect() as connection:
            x = unpacked(connection.scalar(sa.select(decisions.c.x).where(mine)))
        return bool(x[BLOCKS["interplay"]].any())

    assert not knows_taste(TITLES[0])
    arrive(early, NEWCOMERS[0])
    assert not knows_taste(TITLES[1])
    early.p.complete_watched()
    assert knows_taste(TITLES[2])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_events_and_pictures_does_not_matter(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    users = ["ann", "bob", "cid"]
    events = [
        WatchEvent(
            chance.choice(users),
            chance.choice([*NEWCOMERS, *TITLES]),
            chance.randrange(1, 5) / 4,
            event_id=f"e{n}" if n % 2 else None,
            occurred_us=1_800_000_000_000_000 - chance.randrange(10**13),
        )
        for n in range(90 * len(users))  # more than count
    ]
    ends = []
    for mixed in (False, True):
        made = furnished(fresh_engine(tmp_path))
        house = next(made)
        for title in NEWCOMERS:
            submit(house.engine, title)
        missing = list(NEWCOMERS)
        if not mixed:
            arrive(house, *NEWCOMERS)
        for n, event in enumerate(events):
            if mixed and n % 80 == 40:
                arrive(house, missing.pop())
                if chance.random() < 0.5:
                    house.p.complete_watched()
            told(house, event)
        while house.p.complete_watched():
            pass
        ends.append([taste(house, user) for user in users])
        assert house.count(watch_events) == len(events) and house.count(waiting_titles) == 0
        assert all(count == 64 for count, _ in ends[-1])
        next(made, None)
    assert ends[0] == ends[1]


# ---- once, whatever happens ----------------------------------------------------------------------


def test_what_is_told_again_is_known_and_counts_once(early: House) -> None:
    arrive(early, NEWCOMERS[0])
    assert [early.p.complete_watched() for _ in range(3)] == [1, 0, 0]
    told(early, WatchEvent("ann", NEWCOMERS[0], 1.0, event_id="w1"))
    refused = run(early.p.watch([WatchEvent("bob", NEWCOMERS[0], 1.0, event_id="w1")]))
    assert [e.code for e in refused if e] == ["event_conflict"]
    assert early.count(watch_events) == 4 and taste(early, "ann")[0] == 1
    told(early, WatchEvent("ann", NEWCOMERS[0], 0.25))
    assert early.p.complete_watched() == 0 and taste(early, "ann")[0] == 2


def test_a_kill_between_pictures_and_taste_loses_nothing_and_doubles_nothing(
    early: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(early, NEWCOMERS[0])

    def killed(*_: object) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("disk I/O error"))

    with monkeypatch.context() as broken:
        broken.setattr("artwork.choice.events.late.late_row", killed)
        with pytest.raises(Unavailable) as refusal:
            early.p.complete_watched()
    assert refusal.value.code == "ledger_unavailable"
    assert early.count(late_features) == 0 and early.count(waiting_titles) == 2
    early.crash()
    early.open()
    assert early.p.complete_watched() == 1
    early.crash()  # committed, and nothing else kept
    early.open()
    assert early.p.complete_watched() == 0 and early.count(late_features) == 1
    assert taste(early, "ann")[0] == 1
    whole(early, early.choose(*TITLES, user="ann"))


def test_two_processes_at_once_tell_it_once(early: House) -> None:
    other = House(early.engine, now_us=early.now_us)
    other.open()
    arrive(early, *NEWCOMERS)
    done: list[int] = []
    at_once = [
        threading.Thread(target=lambda p=house.p: done.append(p.complete_watched()))
        for house in (early, other)
    ]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    assert sum(done) == 2 and early.count(late_features) == 2
    told(other, WatchEvent("eve", TITLES[0], 1.0))
    whole(other, other.choose(*TITLES, user="ann"))
    told(early, WatchEvent("eve", TITLES[0], 0.5))
    whole(early, early.choose(*TITLES, user="bob"))
    other.close()


def test_another_process_shows_it_after_its_next_row(early: House) -> None:
    other = House(early.engine, now_us=early.now_us)
    other.open()
    other.choose(TITLES[0], user="ann")
    arrive(early, NEWCOMERS[0])
    early.p.complete_watched()
    other.choose(TITLES[1], user=None)
    [choice] = other.choose(TITLES[2], user="ann")
    whole(other, [choice])
    assert (
        other.p.decision(choice.decision_id).ledger_offset
        > rows_of(early.engine, late_features)[0]["seq"]
    )
    other.close()


def test_many_events_of_a_title_are_one_row(early: House) -> None:
    told(early, *(WatchEvent(f"viewer {n}", NEWCOMERS[2], 1.0) for n in range(500)))
    arrive(early, NEWCOMERS[2])
    assert early.p.complete_watched() == 1 and early.count(late_features) == 1
    assert all(taste(early, f"viewer {n}")[0] == 1 for n in range(0, 500, 50))


def test_titles_come_in_batches(early: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artwork.choice.watching.LATE", 1)
    arrive(early, *NEWCOMERS)
    assert [early.p.complete_watched() for _ in range(3)] == [1, 1, 0]
    assert taste(early, "ann")[0] == 2


# ---- titles that go, and people ------------------------------------------------------------------


def test_a_title_deleted_and_submitted_again_keeps_what_was_told(early: House) -> None:
    arrive(early, NEWCOMERS[0])
    early.p.complete_watched()
    first = rows_of(early.engine, late_features)
    delete(early, NEWCOMERS[0])
    submit(early.engine, NEWCOMERS[0])
    told(early, WatchEvent("ann", NEWCOMERS[0], 1.0))
    assert early.p.complete_watched() == 0 and taste(early, "ann")[0] == 1
    publish(early.engine, NEWCOMERS[0], LATER[list(LATER)[2]])
    assert early.p.complete_watched() == 1
    [kept, second] = rows_of(early.engine, late_features)
    assert [kept] == first and second["after"] == kept["seq"]
    assert bytes(second["features"]) != bytes(kept["features"])
    assert taste(early, "ann")[0] == 2 and taste(early, "bob")[0] == 2


def test_a_title_deleted_before_it_had_pictures_waits_until_it_has_some(early: House) -> None:
    delete(early, NEWCOMERS[0])
    assert early.p.complete_watched() == 0
    publish(early.engine, NEWCOMERS[0], LATER[next(iter(LATER))])
    assert early.p.complete_watched() == 1 and taste(early, "ann")[0] == 1


def delete(house: House, title: str) -> None:
    with house.engine.begin() as connection:
        for table in (variants, image_groups, title_versions):
            connection.execute(sa.delete(table).where(table.c.title_id == title))
        connection.execute(sa.delete(titles).where(titles.c.id == title))


@pytest.mark.parametrize("before", [True, False])
def test_whoever_is_forgotten_does_not_come_back_with_the_pictures(
    early: House, tmp_path: Path, before: bool
) -> None:
    early.close()
    early.open(certificates=tmp_path / "forgotten")
    shown = early.choose(*TITLES, user="ann")
    arrive(early, NEWCOMERS[0])
    if not before:
        early.p.complete_watched()
    proof = run(early.p.people.forget("ann", proven=True)).proof
    assert proof is not None and proof.holds
    assert early.p.complete_watched() == before
    assert taste(early, "ann")[0] == 0 and taste(early, "bob")[0] == 2
    early.later(200)
    after = early.choose(*TITLES, user="bob")
    assert shown and replays(early, after) and afresh(early) == state_of(early.p)


def test_events_go_for_their_own_age(early: House) -> None:
    early.close()
    early.open(horizons=Horizons(watch_events=10))
    early.later(9 * 86400)
    told(early, WatchEvent("ann", NEWCOMERS[0], 0.5))
    arrive(early, *NEWCOMERS)
    assert early.p.complete_watched() == 2
    assert taste(early, "ann")[0] == 3
    early.later(2 * 86400)
    assert early.p.people.retention.sweep() == {
        "watch_events": 4, "decisions": 0, "impressions": 0, "rewards": 0,
    }  # fmt: skip
    assert taste(early, "ann")[0] == 1 and taste(early, "bob")[0] == 0


def test_an_export_tells_such_an_event_once_with_its_look(early: House) -> None:
    def exported() -> list[tuple[str, bool]]:
        found = early.p.people.export("ann")
        assert found.about["held"]["watch_events"] == 2
        return [(each["title_id"], bool(each["features"])) for each in found.watch_events()]

    assert exported() == [(NEWCOMERS[0], False), (NEWCOMERS[1], False)]
    arrive(early, NEWCOMERS[0])
    early.p.complete_watched()
    assert exported() == [(NEWCOMERS[0], True), (NEWCOMERS[1], False)]
    assert early.p.people.export("ann").about["taste"]["events"] == 1
