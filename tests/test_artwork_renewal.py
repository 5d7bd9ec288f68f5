"""The state in use is folded anew beside itself: when an epoch is over, when an encoder changed."""

import asyncio
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import sqlalchemy as sa

from artwork import pictures
from artwork.choice.belief.features import feature_set_id
from artwork.choice.belief.packing import unpacked
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning import renewal
from artwork.choice.learning.anew import Anew
from artwork.choice.learning.learner import restore
from artwork.choice.personalize import Choice, Personalizer, RewardEvent, WatchEvent
from artwork.choice.record.feature_sets import announce, known, register
from artwork.choice.record.ledger import head
from artwork.tables import (
    checkpoints,
    decision_features,
    decisions,
    folds,
    image_groups,
    impressions,
    picture_features,
    variants,
    watch_events,
    watch_features,
)
from content.errors import Unavailable
from content.types import Vector
from samples.worlds import synthetic_embeddings
from tests.choosing import HERE, TITLES, House, run, state_of

DAY_S = 24 * 3600.0
HALVED = Hyperparameters(half_life_days=1.0, rebuild_every=4)
OLD, NEW = "test@1:1280:0", "another@1:1280:0"


def renewed(p: Personalizer) -> bool:
    """Fold anew what is due, at once; was anything?"""
    prepared = p._renewal.due(p._state())
    if prepared is not None:  # else its thread was faster
        p._switch(prepared)
    return prepared is not None


def live(house: House, turns: int, user: str = "ann") -> list[Choice]:
    """Some pages shown, watched, rewarded and corrected."""
    shown: list[Choice] = []
    for turn in range(turns):
        page = house.choose(*TITLES, user=f"{user} {turn % 3}")
        event = WatchEvent(f"{user} {turn % 3}", TITLES[turn % len(TITLES)], 0.5)
        assert run(house.p.watch([event])) == [None]
        told = [RewardEvent(c.decision_id, "watch", 0.25) for c in page[:2]]
        again = [RewardEvent(c.decision_id, "watch", 0.75, correct=True) for c in shown[:1]]
        assert house.refusals(*told, *again) == [None] * (len(told) + len(again))
        house.later(200.0)
        shown += page
    return shown


def replays(house: House, shown: list[Choice]) -> bool:
    return all(
        house.p.replay(c.decision_id) == house.p.decision(c.decision_id).propensities for c in shown
    )


def afresh(house: House) -> bytes:
    """The state of the ledger alone, without a checkpoint."""
    with house.engine.connect() as connection:
        upto = head(connection, "default")
        state = restore(connection, house.p.scope, house.p._parameters, upto, afresh=True)
    return state.packed()


# ---- decay ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is folded moves when the test says so, not when its thread happens to look."""
    monkeypatch.setattr(renewal, "POLL_S", 3600.0)


@pytest.fixture
def halved(any_house: House) -> Iterator[House]:
    any_house.close()
    any_house.open(parameters=HALVED)
    yield any_house
    any_house.p._renewal.stop()


def test_running_on_starting_again_and_replaying_agree_over_moving_landmarks(
    halved: House,
) -> None:
    shown: list[Choice] = []
    landmarks = set()
    for _ in range(3):
        shown += live(halved, 3)
        landmarks.add(halved.p._ready().decay.landmark_us)
        assert not renewed(halved.p), "the epoch is not over"
        halved.later(DAY_S)
        shown += halved.choose(*TITLES, user="late")  # between the epoch's end and the move
        assert renewed(halved.p)
        shown += halved.choose(*TITLES, user="later")
    assert len(landmarks) == 3 and halved.count(folds) == 4
    running = state_of(halved.p)
    assert afresh(halved) == running
    assert replays(halved, shown)
    halved.close()  # with a checkpoint
    halved.open(parameters=HALVED)
    assert state_of(halved.p) == running
    halved.crash()
    with halved.engine.begin() as connection:
        connection.execute(sa.delete(checkpoints))
    halved.open(parameters=HALVED)
    assert state_of(halved.p) == running


def test_an_older_decision_counts_half_and_its_correction_too(halved: House) -> None:
    halved.now_us = 20_000 * 86_400_000_000 + 1
    [choice] = halved.choose(TITLES[0])
    halved.later(DAY_S)
    assert renewed(halved.p)
    sums = halved.p._ready().sums
    assert (sums.rows, sums.q) == (1, 0)
    assert [int(t.n.sum()) for t in sums.titles.values()] == [256]
    assert halved.refusals(RewardEvent(choice.decision_id, "watch", 1.0)) == [None]
    assert sums.q == 256 * 1024 * 1024
    halved.later(12 * DAY_S)
    assert renewed(halved.p)
    assert halved.p._ready().sums.rows == 0, "eleven half-lives on it is left out"
    assert halved.refusals(RewardEvent(choice.decision_id, "watch", 0.5, correct=True)) == [None]
    assert halved.p._ready().sums.q == 0
    assert afresh(halved) == state_of(halved.p)


def test_a_clock_that_is_a_little_back_moves_nothing_one_long_wrong_is_got_over(
    halved: House,
) -> None:
    live(halved, 2)
    halved.later(DAY_S)
    assert renewed(halved.p)
    halved.later(-1.0 * DAY_S)
    assert not renewed(halved.p)
    halved.later(3650 * DAY_S)  # a clock set wrong by years: all is forgotten
    assert renewed(halved.p)
    assert halved.p._ready().sums.rows == 0
    halved.later(-3649.5 * DAY_S)
    assert renewed(halved.p)
    assert halved.p._ready().sums.rows == 8, "set right, all is there again"


def test_the_landmark_moves_by_itself_while_choices_go_on(
    any_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "POLL_S", 0.01)
    any_house.close()
    any_house.open(parameters=HALVED)
    shown = live(any_house, 2)
    before = any_house.p._ready().decay.landmark_us
    any_house.later(DAY_S)
    for _ in range(1000):
        shown += any_house.choose(TITLES[0], user=None)
        if any_house.p._ready().decay.landmark_us != before:
            break
        time.sleep(0.01)
    shown += live(any_house, 1)
    assert any_house.count(folds) == 2
    assert replays(any_house, shown)
    any_house.p._renewal.stop()
    assert afresh(any_house) == state_of(any_house.p)


def test_an_error_nobody_foresaw_does_not_end_the_watch(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "POLL_S", 0.01)
    monkeypatch.setattr(renewal, "AGAIN_S", 0.01)
    due, failed = renewal.Renewal.due, threading.Event()

    def unforeseen(self: renewal.Renewal, state: renewal.State) -> renewal.Prepared | None:
        if not failed.is_set():
            failed.set()
            raise KeyError("unforeseen")
        return due(self, state)

    monkeypatch.setattr(renewal.Renewal, "due", unforeseen)
    house.close()
    house.open(parameters=HALVED)
    before = house.p._ready().decay.landmark_us
    assert failed.wait(10)
    house.later(DAY_S)
    for _ in range(1000):
        if house.p._ready().decay.landmark_us != before:
            break
        time.sleep(0.01)
    assert house.p._ready().decay.landmark_us != before
    house.p._renewal.stop()


def test_the_half_life_is_part_of_the_policy(house: House) -> None:
    plain = house.p.scope.policy_id
    house.close()
    assert house.open(parameters=HALVED).scope.policy_id != plain


def test_a_kill_between_the_mark_and_the_checkpoint_loses_nothing(halved: House) -> None:
    shown = live(halved, 3)
    halved.later(DAY_S)
    prepared = halved.p._renewal.due(halved.p._state())
    assert prepared is not None
    shown += live(halved, 1)  # what comes while it is prepared
    halved.writer.submit(lambda c: prepared.mark(c, halved.now_us)).result()
    halved.crash()  # the mark is in the ledger, nobody has seen it
    halved.p._renewal.stop()
    halved.open(parameters=HALVED)
    assert halved.p._ready().decay.landmark_us == prepared.state.learner.decay.landmark_us
    shown += live(halved, 1)
    assert replays(halved, shown)
    assert afresh(halved) == state_of(halved.p)


def test_a_switch_that_fails_stops_the_learning_and_a_start_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.close()
    house.open(parameters=HALVED)
    shown = live(house, 2)
    house.later(DAY_S)

    def full(*_: object) -> None:
        raise OverflowError("a sum of the learned state left int64")

    with monkeypatch.context() as broken:
        broken.setattr(renewal.Prepared, "at", full)
        with pytest.raises(Unavailable, match="learning_stopped"):
            assert renewed(house.p)
        with pytest.raises(Unavailable, match="learning_stopped"):
            house.choose(TITLES[0])
    house.crash()
    house.p._renewal.stop()
    house.open(parameters=HALVED)
    assert replays(house, shown + live(house, 1))
    assert afresh(house) == state_of(house.p)


# ---- another encoder -----------------------------------------------------------------------------


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
    any_house.p._renewal.stop()


def look_again(house: House, seed: int = 77) -> None:
    """What a reindex does to pictures: they get the vectors of the new encoder."""
    vectors = synthetic_embeddings(len(TITLES), 12, seed=seed)
    with house.engine.begin() as connection:
        for title in TITLES:
            ids = connection.scalars(
                sa.select(image_groups.c.id).where(image_groups.c.title_id == title)
            ).all()
            looks = {g: Vector(v, NEW) for g, v in zip(ids, vectors[title].values(), strict=True)}
            pictures.write_looks(connection, title, 1, looks)
        register(connection, "default", NEW)


def cut_over(house: House) -> None:
    with house.engine.begin() as connection:
        announce(connection, "default", feature_set_id(NEW), house.now_us)


def refold(house: House) -> None:
    """What the worker does before it cuts over."""
    with house.engine.connect() as connection:
        upto = head(connection, "default")
    assert list(Anew("default", NEW).all(house.engine, upto))[-1] == upto


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
        """Four callers at once, over the switch, rewarding what others were shown before it."""
        answers: list[Choice] = []
        for turn in range(400):
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
        raise AssertionError("the choice has not followed")

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
        anew = Anew("default", NEW)
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
        register(connection, "default", NEW)


def test_a_kill_in_the_middle_of_making_features_anew_goes_on_from_there(
    changed: tuple[House, list[Choice]], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, _ = changed
    monkeypatch.setattr("artwork.choice.learning.anew.SPAN", 7)
    look_again(house)
    for reached in Anew("default", NEW).all(house.engine, 1000):
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
