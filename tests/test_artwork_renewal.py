"""The state in use is folded anew beside itself when an epoch is over."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from artwork.choice.learning import renewal
from artwork.choice.personalize import Choice, RewardEvent
from artwork.tables import (
    checkpoints,
    folds,
)
from content.errors import Unavailable
from tests.choosing import TITLES, House, state_of
from tests.renewing import DAY_S, HALVED, afresh, live, renewed, replays
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("unwatched")


@pytest.fixture
def halved(any_house: House) -> Iterator[House]:
    any_house.close()
    any_house.open(parameters=HALVED)
    yield any_house


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

    def moved() -> bool:
        shown.extend(any_house.choose(TITLES[0], user=None))
        return any_house.p._ready().decay.landmark_us != before

    until(moved)
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
    assert failed.wait(60)
    house.later(DAY_S)
    until(lambda: house.p._ready().decay.landmark_us != before)
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
