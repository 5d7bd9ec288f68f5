"""The state in use is folded anew beside itself when an encoder changed."""

import asyncio
import itertools
import time
from collections.abc import Iterator

import numpy as np
import pytest
import sqlalchemy as sa

from artwork import pictures
from artwork.choice.belief.features import Lens, feature_set_id
from artwork.choice.belief.packing import unpacked
from artwork.choice.learning import renewal
from artwork.choice.learning.anew import Anew
from artwork.choice.personalize import Choice, RewardEvent
from artwork.choice.record.feature_sets import known, register
from artwork.tables import (
    decision_features,
    decisions,
    folds,
    image_groups,
    impressions,
    picture_features,
    rewards,
    variants,
    watch_events,
    watch_features,
)
from content.types import Vector
from tests.choosing import HERE, TITLES, House, run, state_of
from tests.renewing import (
    NEW,
    OLD,
    afresh,
    cut_over,
    live,
    look_again,
    refold,
    renewed,
    replays,
)
from tests.waiting import LONG_S

pytestmark = pytest.mark.usefixtures("unwatched")


@pytest.fixture
def changed(any_house: House) -> Iterator[tuple[House, list[Choice]]]:
    """A house that has learned with one encoder and was started with another."""
    any_house.close()
    any_house.open(encoder=OLD)
    shown = live(any_house, 4)
    shown += any_house.choose(TITLES[1], user="deferring", defer=True)
    any_house.close()
    any_house.open(encoder=NEW)
    yield any_house, shown


def test_what_was_learned_is_taken_along_to_another_encoder(
    changed: tuple[House, list[Choice]],
) -> None:
    house, shown = changed
    assert house.p.scope.feature_set == feature_set_id(OLD), "until a reindex all stays as it was"
    rows = house.p._ready().sums.rows
    assert rows == 16
    shown += live(house, 1, "before")
    look_again(house)
    assert not renewed(house.p)
    refold(house)
    during = live(house, 1, "during")
    assert house.p.scope.feature_set == feature_set_id(OLD)
    cut_over(house)
    prepared = house.p._renewal.due(house.p._state())
    assert prepared is not None
    during += live(house, 1, "while it is prepared")
    assert house.p.scope.feature_set == feature_set_id(OLD)
    house.p._switch(prepared)
    assert house.p.scope.feature_set == feature_set_id(NEW)
    assert house.p._ready().sums.rows == rows + 12
    after = live(house, 2, "after")
    [deferred] = [c for c in shown if not house.p.decision(c.decision_id).active]
    q = house.p._ready().sums.q
    event = RewardEvent(deferred.decision_id, "watch", 1.0)
    assert house.refusals(event) == [None], "a decision of the old set is learned with the new"
    assert house.p._ready().sums.q == q + 1024**3
    running = state_of(house.p)
    assert afresh(house) == running
    assert replays(house, shown + during + after), "those of the old encoder, too"
    house.close()
    house.open(encoder=NEW)
    assert state_of(house.p) == running
    assert not renewed(house.p)


def test_what_is_announced_last_is_followed_though_the_clock_went_back(
    changed: tuple[House, list[Choice]],
) -> None:
    house, _ = changed
    look_again(house)
    cut_over(house)
    assert renewed(house.p)
    house.later(-3600.0)
    cut_over(house, OLD)
    assert renewed(house.p)
    assert house.p.scope.feature_set == feature_set_id(OLD)
    house.later(-3600.0)
    cut_over(house)
    assert renewed(house.p)
    assert house.p.scope.feature_set == feature_set_id(NEW)


def test_the_choice_goes_back_with_a_rollback_and_loses_nothing(
    changed: tuple[House, list[Choice]],
) -> None:
    house, shown = changed
    look_again(house)
    refold(house)
    cut_over(house)
    assert renewed(house.p)
    shown += live(house, 2, "after")
    rows = house.p._ready().sums.rows
    house.later(1.0)
    cut_over(house, OLD)
    shown += live(house, 1, "until it follows")
    assert renewed(house.p)
    assert house.p.scope.feature_set == feature_set_id(OLD)
    assert house.p._ready().sums.rows == rows + 4
    for _ in range(2):  # repeated, it changes nothing
        cut_over(house, OLD)
        assert not renewed(house.p)
    shown += live(house, 1, "back")
    running = state_of(house.p)
    assert afresh(house) == running
    assert replays(house, shown)
    house.close()
    house.open(encoder=NEW)  # the settings still name the encoder that was gone back from
    assert house.p.scope.feature_set == feature_set_id(OLD)
    assert state_of(house.p) == running
    assert not renewed(house.p)


def test_the_choice_follows_a_cut_over_by_itself_while_it_answers(
    any_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "POLL_S", 0.01)
    any_house.close()
    any_house.open(encoder=OLD)
    shown = live(any_house, 3)
    any_house.close()
    any_house.open(encoder=NEW)
    look_again(any_house)
    refold(any_house)

    async def busy() -> list[Choice]:
        """Four callers at once, over the switch, rewarding what others were shown before it.

        They slow down with every turn: whoever folds the ledger anew has to overtake them, on a
        machine of any speed.
        """
        answers: list[Choice] = []
        deadline = time.monotonic() + LONG_S
        for turn in itertools.count():
            assert time.monotonic() < deadline, "the choice has not followed"
            await asyncio.sleep(turn / 500)
            if turn == 3:
                cut_over(any_house)
            if any_house.p.scope.feature_set == feature_set_id(NEW) and turn % 5 == 0:
                return answers
            asked = [any_house.p.choose(TITLES, "16:9", user=None, context=HERE) for _ in range(4)]
            pages = await asyncio.gather(*asked)
            answers += [c for page in pages for c in page if isinstance(c, Choice)]
            late = answers[turn % len(answers)].decision_id
            events = [RewardEvent(late, "custom", 0.5)]
            assert await any_house.p.observe(events) == [None]
        return answers

    shown += run(busy())
    shown += live(any_house, 1)
    any_house.p._renewal.stop()
    assert afresh(any_house) == state_of(any_house.p)
    assert any_house.p._ready().sums.rows == any_house.count(decisions)
    assert replays(any_house, shown[:12] + shown[-24:])


def test_features_made_anew_are_those_a_choice_would_have_made(
    changed: tuple[House, list[Choice]],
) -> None:
    """A twin ledger that was decided with the new encoder from the start has the same x."""
    house, _ = changed
    look_again(house)
    refold(house)
    cut_over(house)
    assert renewed(house.p)
    [logged] = house.choose(TITLES[2], user="ann 1")
    with house.engine.connect() as connection:
        own = connection.scalar(
            sa.select(decisions.c.x).where(decisions.c.id == logged.decision_id)
        )
        seq = connection.scalar(
            sa.select(decisions.c.seq).where(decisions.c.id == logged.decision_id)
        )
        # As if that very decision had been made with the old encoder.
        mine = decisions.c.id == logged.decision_id
        connection.execute(sa.update(decisions).where(mine).values(feature_set=feature_set_id(OLD)))
        anew = Anew("default", Lens(NEW))
        batch = anew._decided(connection, seq - 1, seq)
        assert [row["data"] for row in batch.rows] == [own]
        connection.rollback()
    assert unpacked(own).any()
    with house.engine.connect() as connection:
        taste = connection.execute(sa.select(watch_features)).all()
    assert len(taste) == house.count(watch_events)


def test_decisions_whose_picture_is_gone_are_left_out_and_counted(
    changed: tuple[House, list[Choice]],
) -> None:
    house, shown = changed
    gone = shown[0].group_id
    with house.engine.begin() as connection:
        connection.execute(sa.delete(variants).where(variants.c.group_id == gone))
        connection.execute(sa.delete(image_groups).where(image_groups.c.id == gone))
    look_at_the_rest(house)
    refold(house)
    cut_over(house)
    assert renewed(house.p)
    with house.engine.connect() as connection:
        found = known(connection, "default", feature_set_id(NEW))
    left_out = len({c.decision_id for c in shown if c.group_id == gone})
    assert found is not None and found.left_out == left_out > 0
    assert house.count(decision_features) == house.count(decisions) - left_out
    assert gone not in {g for t in house.p._ready().sums.titles.values() for g in t.groups}
    assert afresh(house) == state_of(house.p)


def look_at_the_rest(house: House) -> None:
    with house.engine.begin() as connection:
        ids = connection.execute(sa.select(image_groups.c.title_id, image_groups.c.id)).all()
        rng = np.random.default_rng(3)
        for title, group in ids:
            vector = rng.standard_normal(1280).astype(np.float32)
            look = Vector(vector / np.linalg.norm(vector), NEW)
            pictures.write_looks(connection, title, 1, {group: look})
        register(connection, "default", Lens(NEW))


def test_a_kill_in_the_middle_of_making_features_anew_goes_on_from_there(
    changed: tuple[House, list[Choice]], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, _ = changed
    monkeypatch.setattr("artwork.choice.learning.anew.SPAN", 7)
    look_again(house)
    for reached in Anew("default", Lens(NEW)).all(house.engine, 1000):
        if reached > 20:
            break
    half = house.count(decision_features)
    refold(house)
    total = house.count(decision_features)
    assert 0 < half < total == house.count(decisions)
    cut_over(house)
    assert renewed(house.p)
    assert house.p._ready().sums.rows == 16


def test_forgotten_rows_take_what_was_made_of_them_along(
    changed: tuple[House, list[Choice]],
) -> None:
    house, _ = changed
    look_again(house)
    refold(house)
    with house.engine.begin() as connection:
        for table in (impressions, "rewards"):
            connection.execute(sa.text(f"DELETE FROM {getattr(table, 'name', table)}"))
        connection.execute(sa.delete(decisions))
        connection.execute(sa.delete(watch_events))
    assert house.count(decision_features) == house.count(watch_features) == 0


def test_a_release_with_other_features_makes_the_ledger_anew_at_its_start(
    any_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(any_house, 2)
    any_house.close()
    # The name of what decided stands for a release that this code knows nothing of.
    with any_house.engine.begin() as connection:
        for table in (decisions, watch_events):
            connection.execute(sa.update(table).values(feature_set="fs1-00000000"))
        connection.execute(sa.delete(picture_features))
    any_house.open()
    assert any_house.p._ready().sums.rows == 8
    assert any_house.count(folds) == 1
    shown = live(any_house, 1)
    assert replays(any_house, shown)
    assert afresh(any_house) == state_of(any_house.p)


def test_what_is_frozen_is_seen_with_the_new_encoder_and_still_replayed(
    changed: tuple[House, list[Choice]],
) -> None:
    house, _ = changed
    frozen = house.p.steering.set("freeze").offset
    before = live(house, 1, "before")
    look_again(house)
    refold(house)
    cut_over(house)
    assert renewed(house.p)
    assert house.p.scope.feature_set == feature_set_id(NEW)
    after = live(house, 1, "after")
    view = house.p.decision(after[-1].decision_id)
    assert (view.mode, view.ledger_offset) == ("freeze", frozen)
    assert view.feature_set == feature_set_id(NEW)
    assert replays(house, before + after)
    kept = house.p.steering._frozen
    house.close()
    house.open(encoder=NEW)
    again = house.p.steering._frozen
    assert kept is not None
    assert again is not None
    assert again.packed() == kept.packed()


def test_rows_that_go_while_features_are_made_of_them_are_left_out(
    changed: tuple[House, list[Choice]], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, _ = changed
    look_again(house)
    anew = Anew("default", Lens(NEW))

    def forget(*_: object) -> None:
        gone = sa.select(decisions.c.id).where(decisions.c.seq % 2 == 0)
        with house.engine.begin() as connection:
            for table in (impressions, rewards):
                connection.execute(sa.delete(table).where(table.c.decision_id.in_(gone)))
            for table in (decisions, watch_events):
                connection.execute(sa.delete(table).where(table.c.seq % 2 == 0))

    def once(name: str) -> None:
        made = getattr(anew, name)

        def then(*given: object) -> object:
            found = made(*given)
            forget()
            return found

        monkeypatch.setattr(anew, name, then)

    once("_watched")
    once("_decided")
    house.close()
    assert list(anew.all(house.engine, 1000))
    with house.engine.connect() as connection:
        for made, of in ((decision_features, decisions), (watch_features, watch_events)):
            assert connection.scalars(sa.select(made.c.seq).order_by(made.c.seq)).all()
            left = set(connection.scalars(sa.select(of.c.seq)))
            assert set(connection.scalars(sa.select(made.c.seq))) <= left
