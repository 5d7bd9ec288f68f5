"""What events are worth, which decision they belong to, and clicks that nothing followed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artwork.choice.events.attribution import RewardEvent
from artwork.choice.events.taste import WatchEvent
from artwork.choice.events.worth import DEFAULT, KINDS, LAPSED, ClickBait, RewardPolicy
from artwork.tables import rewards, watch_events
from content.errors import Invalid
from content.ids import from_iso
from tests.choosing import EPISODE_S, TITLES, House, run, state_of
from workers.reward_policy import read_reward_policy

ONE = "0001-01-01T00:00:00Z"
HOUR_US = 3_600_000_000
VALUES = st.dictionaries(st.sampled_from([*KINDS, LAPSED]), st.floats(0, 1), max_size=7)


@given(VALUES, st.floats(0, 1), st.floats(0, 1))
def test_a_reward_stays_within_its_bounds(
    values: dict[str, float], left_below: float, cost: float
) -> None:
    policy = RewardPolicy(KINDS, ClickBait(left_below, cost))
    assert -1024 * cost - 1 <= policy.earned(values) <= 1024
    assert policy.earned(dict(reversed(values.items()))) == policy.earned(values)


@given(VALUES, st.floats(0.1, 1), st.floats(0.1, 1))
def test_more_watched_never_earns_less(values: dict[str, float], a: float, b: float) -> None:
    less, more = sorted((a, b))
    assert DEFAULT.earned(values | {"watch": less}) <= DEFAULT.earned(values | {"watch": more})


def test_worth_by_hand() -> None:
    thousand = {name: DEFAULT.earned(values) for name, values in {
        "click": {"click": 1.0},
        "play": {"click": 1.0, "play": 1.0},
        "most of it": {"click": 1.0, "play": 1.0, "watch": 0.7},
        "half of that": {"watch": 0.35},
        "and came back": {"watch": 0.35, "return": 1.0},
        "left at once": {"click": 1.0, "play": 1.0, "watch": 0.02},
        "lapsed": {"click": 1.0, LAPSED: 1.0},
        "played after all": {"click": 1.0, LAPSED: 1.0, "play": 1.0},
    }.items()}  # fmt: skip
    assert thousand == {
        "click": 102, "play": 307, "most of it": 1024, "half of that": 512,
        "and came back": 717, "left at once": -102, "lapsed": 0, "played after all": 307,
    }  # fmt: skip


def test_click_bait_loses() -> None:
    """Nine of ten click, nobody stays; against one in ten who clicks and watches."""
    bait = [{"click": 1.0, "play": 1.0, "watch": 0.01}] * 9 + [{}]
    honest = [{"click": 1.0, "play": 1.0, "watch": 0.9}] + [{}] * 9
    silent_bait = [{"click": 1.0, LAPSED: 1.0}] * 9 + [{}]
    worth = [sum(map(DEFAULT.earned, each)) for each in (bait, silent_bait, honest)]
    assert worth[0] < worth[1] < worth[2]


# ---- windows and attribution ---------------------------------------------------------------------


def test_what_happened_too_late_is_refused_and_what_is_told_late_counts(any_house: House) -> None:
    [choice] = any_house.choose(TITLES[0])
    decided = any_house.now_us
    any_house.later(10 * 24 * 3600)
    told = RewardEvent(choice.decision_id, "play", 1.0)
    assert any_house.refusals(told) == ["reward_too_late"]
    assert any_house.count(rewards) == 0
    in_time = RewardEvent(choice.decision_id, "play", 1.0, occurred_us=decided + HOUR_US)
    assert any_house.refusals(in_time) == [None]
    assert any_house.p._ready().sums.q == 307**2 * 1024


def test_a_clock_that_is_behind_loses_no_reward(house: House) -> None:
    [choice] = house.choose(TITLES[0])
    early = RewardEvent(choice.decision_id, "play", 1.0, occurred_us=house.now_us - HOUR_US)
    assert house.refusals(early) == [None]


def test_times_that_cannot_be_are_refused(any_house: House) -> None:
    [choice] = any_house.choose(TITLES[0])
    named = choice.decision_id
    for occurred in (0, any_house.now_us - 25 * HOUR_US, any_house.now_us + 25 * HOUR_US):
        event = RewardEvent(named, "play", 1.0, occurred_us=occurred)
        assert any_house.refusals(event) == ["implausible_time"]
    seen = WatchEvent("ann", TITLES[0], 1.0, occurred_us=any_house.now_us + 25 * HOUR_US)
    [refused] = run(any_house.p.watch([seen]))
    assert refused is not None and refused.code == "implausible_time"
    assert any_house.count(rewards) == any_house.count(watch_events) == 0


def test_what_is_said_to_be_of_another_century_is_refused_by_itself(house: House) -> None:
    """A clock that was never set; the items beside it are kept."""
    house.choose(TITLES[0])
    old = from_iso("1999-12-31T23:59:59Z")
    seen = [WatchEvent("ann", TITLES[0], 1.0, occurred_us=at) for at in (from_iso(ONE), old, None)]
    told = [each and each.code for each in run(house.p.watch(seen))]
    assert told == ["implausible_time", "implausible_time", None]
    named = RewardEvent(None, "play", 1.0, user="ann", title_id=TITLES[0], occurred_us=old)
    assert house.refusals(named) == ["implausible_time"]
    long_ago = WatchEvent("ann", TITLES[0], 1.0, occurred_us=from_iso("2000-01-01T00:00:00Z"))
    assert run(house.p.watch([long_ago])) == [None]
    assert (house.count(rewards), house.count(watch_events)) == (0, 2)


def test_viewer_and_title_name_the_running_episode(any_house: House) -> None:
    [first] = any_house.choose(TITLES[0])
    any_house.later(EPISODE_S + 1)
    [second] = any_house.choose(TITLES[0])
    any_house.choose(TITLES[1])
    any_house.choose(TITLES[0], user="bob")
    between = any_house.now_us - 1_000_000 * 50
    assert first.decision_id != second.decision_id
    assert any_house.refusals(
        RewardEvent(None, "watch", 0.5, user="ann", title_id=TITLES[0]),
        RewardEvent(None, "play", 1.0, user="cid", title_id=TITLES[0]),
        RewardEvent(None, "play", 1.0, user="ann", title_id=TITLES[2]),
    ) == [None, "decision_not_found", "decision_not_found"]
    assert [r.value for r in any_house.p.decision(second.decision_id).rewards] == [0.5]
    # At that time the first one was the latest, but for a clock that is two minutes behind.
    any_house.later(300)
    earlier = between - 100 * 1_000_000
    told = RewardEvent(None, "watch", 0.75, "e", earlier, user="ann", title_id=TITLES[0])
    assert any_house.refusals(told, told) == [None, None]
    assert [r.value for r in any_house.p.decision(first.decision_id).rewards] == [0.75]
    assert any_house.count(rewards) == 2


def test_a_retry_goes_to_the_decision_that_it_was_given_to(house: House) -> None:
    [first] = house.choose(TITLES[0])
    told = RewardEvent(None, "play", 1.0, "e1", user="ann", title_id=TITLES[0])
    assert house.refusals(told) == [None]
    house.later(EPISODE_S + 1)
    house.choose(TITLES[0])
    assert house.refusals(told) == [None]
    assert house.count(rewards) == 1
    assert len(house.p.decision(first.decision_id).rewards) == 1


def test_nobody_reports_a_lapse_or_an_event_of_nobody(house: House) -> None:
    [choice] = house.choose(TITLES[0])
    assert house.refusals(
        RewardEvent(choice.decision_id, LAPSED, 1.0),
        RewardEvent(None, "play", 1.0, user="ann"),
        RewardEvent(None, "play", 1.0, title_id=TITLES[0]),
    ) == ["invalid_reward_kind", "invalid_reward", "invalid_reward"]


# ---- clicks that nothing followed ----------------------------------------------------------------


def test_a_click_lapses_once_and_a_late_play_brings_it_back(any_house: House) -> None:
    [alone] = any_house.choose(TITLES[0])
    [played] = any_house.choose(TITLES[1])
    for choice in (alone, played):
        any_house.refusals(RewardEvent(choice.decision_id, "click", 1.0))
    decided = any_house.now_us
    any_house.refusals(RewardEvent(played.decision_id, "play", 1.0))
    any_house.p.lapse()
    assert any_house.count(rewards) == 3
    any_house.later(25 * 3600)
    [fresh] = any_house.choose(TITLES[2])
    any_house.refusals(RewardEvent(fresh.decision_id, "click", 1.0))
    for _ in range(2):
        any_house.p.lapse()
    assert any_house.count(rewards) == 5
    kinds = [r.kind for r in any_house.p.decision(alone.decision_id).rewards]
    assert kinds == ["click", LAPSED]
    assert any_house.p._ready().sums.q == (307**2 + 102**2) * 1024
    running = state_of(any_house.p)
    any_house.crash()
    any_house.open()
    assert state_of(any_house.p) == running
    any_house.p.lapse()  # begins anew at what lapsed last
    assert any_house.count(rewards) == 5
    late = RewardEvent(alone.decision_id, "play", 1.0, occurred_us=decided)
    assert any_house.refusals(late) == [None]
    assert any_house.p._ready().sums.q == (2 * 307**2 + 102**2) * 1024


def test_a_click_of_a_clock_that_was_far_ahead_holds_up_no_other(house: House) -> None:
    house.later(400 * 24 * 3600)
    [wrong] = house.choose(TITLES[0])
    house.refusals(RewardEvent(wrong.decision_id, "click", 1.0))
    house.later(-400 * 24 * 3600)
    [right] = house.choose(TITLES[1])
    house.refusals(RewardEvent(right.decision_id, "click", 1.0))
    house.later(3 * 3600)
    house.p.lapse()
    assert house.p.decision(right.decision_id).rewards[-1].kind == "click"
    house.later(22 * 3600)
    house.p.lapse()
    assert house.p.decision(right.decision_id).rewards[-1].kind == LAPSED


def test_another_policy_goes_on_from_what_was_earned(any_house: House) -> None:
    """Sums stay those of the stored rows when the file changes between two events."""
    [choice] = any_house.choose(TITLES[0])
    any_house.refusals(RewardEvent(choice.decision_id, "click", 1.0))
    any_house.close()
    kinds = {**KINDS, "click": KINDS["custom"]}
    any_house.open(worth=RewardPolicy(kinds))
    any_house.refusals(RewardEvent(choice.decision_id, "play", 0.5))
    assert any_house.p._ready().sums.q == 1024**3
    running = any_house.p._ready().sums
    any_house.crash()
    any_house.open(worth=RewardPolicy(kinds))
    assert any_house.p._ready().sums == running


# ---- the file ------------------------------------------------------------------------------------


def test_a_file_says_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "rewards.toml"
    file.write_text("[play]\nweight = 0.5\n[click_bait]\nlapse = false\n")
    policy = read_reward_policy(file)
    assert policy.kinds["play"].weight == 0.5 and policy.kinds["play"].window_h == 48
    assert policy.kinds["watch"] == KINDS["watch"]
    assert policy.click_bait == ClickBait(lapse=False)
    assert read_reward_policy(None) == DEFAULT


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[glance]\nweight = 1", "glance"),
        ("[play]\nweight = 2", "weight"),
        ("[play]\nweight = nan", "weight"),
        ("[play]\nheight = 1", "height"),
        ("[watch]\nfull_from = 0", "full_from"),
        ("[click_bait]\ncost = -1", "cost"),
        ("play = 3", "file"),
        ("[play", "rewards.toml"),
    ],
)
def test_a_bad_file_is_refused_by_its_place(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "rewards.toml"
    file.write_text(text)
    with pytest.raises(Invalid, match=place) as refusal:
        read_reward_policy(file)
    assert refusal.value.code == "invalid_reward_policy"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="invalid_reward_policy"):
        read_reward_policy(tmp_path / "nowhere.toml")
