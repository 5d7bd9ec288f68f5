"""The worlds of `keyart bench bandit`: fair to every policy, and told by no feature of ours."""

from dataclasses import replace

import numpy as np
import pytest

from tests.bench.bandit_contenders import contenders
from tests.bench.bandit_policies import Keyart, Uniform
from tests.bench.bandit_report import Line, spread, verdict
from tests.bench.bandit_runner import FIRST, units, walk
from tests.bench.bandit_worlds import WORLDS, World

SMALL = {"decisions": 1_000, "viewers": 200, "titles": 60}


@pytest.mark.parametrize("name", WORLDS)
def test_chance_is_the_same_for_every_policy(name: str) -> None:
    world = World(replace(WORLDS[name], **SMALL), 50)
    again = World(replace(WORLDS[name], **SMALL), 50)
    for (sight, hidden), (other, same) in zip(world, again, strict=True):
        assert (sight.viewer, sight.title) == (other.viewer, other.title)
        assert np.array_equal(hidden.expected, same.expected)
        assert np.array_equal(hidden.reward, same.reward) and hidden.due == same.due
        if sight.number % 100 == 0:
            assert np.array_equal(sight.descriptors, other.descriptors)
            assert (sight.taste is None) == (other.taste is None)
            assert sight.taste is None or np.array_equal(sight.taste, other.taste)
        assert hidden.expected.min() >= 0 and hidden.expected.max() <= 1
        assert sight.number <= hidden.due <= sight.number + 1_100


def test_rewards_follow_what_is_expected() -> None:
    for name in ("linear", "delayed", "click-bait"):
        world = World(replace(WORLDS[name], **SMALL), 51)
        told = [(hidden.reward.mean(), hidden.expected.mean()) for _, hidden in world]
        reward, expected = np.array(told).T
        error = (reward - expected).std() / np.sqrt(len(told))
        assert abs((reward - expected).mean()) < 4 * error, name


def test_new_titles_come_and_nothing_tells_silent_pictures_apart() -> None:
    arriving = World(replace(WORLDS["arriving"], **SMALL), 52)
    titles = [sight.title for sight, _ in arriving]
    assert max(titles[:100]) < max(titles[-100:])
    _, silent = next(iter(World(replace(WORLDS["no signal"], **SMALL), 52)))
    assert len(set(silent.expected.tolist())) == 1


def test_keyart_learns_in_a_thousand_decisions_and_uniform_does_not() -> None:
    world = World(replace(WORLDS["linear"], **SMALL), 53)
    learned, blind = (walk(world, make(1), 1_000) for make in (Keyart, Uniform))
    assert learned.best == blind.best
    gap = learned.best[0] - learned.blind[0]
    assert (learned.got[0] - learned.blind[0]) / gap > 0.35
    assert abs(blind.got[0] - blind.blind[0]) / gap < 0.1


def test_a_spread_is_students_interval() -> None:
    # t(0.975, 2) = 4.303; sd of 1, 2, 3 is 1.
    assert spread(np.array([1.0, 2.0, 3.0])) == f"2.00 ± {4.3027 / np.sqrt(3):.2f}"


def _line(policy: str, regret: list[float], length: int = 20_000) -> Line:
    zeros, ours = np.zeros(len(regret)), np.full(len(regret), 10.0)
    return Line("linear", policy, length, np.array(regret), zeros, ours, 1.0, 1.0)


def test_a_world_is_won_tied_or_lost_by_the_interval_of_the_difference() -> None:
    ours = _line("Keyart", [10.0, 10.0, 10.0])
    better, worse = _line("a", [8.0, 8.1, 8.2]), _line("b", [12.0, 12.1, 12.2])
    near = _line("c", [9.0, 10.9, 10.0])
    assert verdict([ours, worse])[0].startswith("lowest") and verdict([ours, worse])[1]
    assert verdict([ours, worse, near])[0].startswith("tied") and verdict([ours, near])[1]
    assert verdict([ours, worse, better]) == ("behind a at 20,000: -1.90 ± 0.25", False)
    assert verdict([ours, _line("d", [8.0])])[1] is None, "one seed tells nothing"
    assert verdict([ours])[1] is None


def test_every_seed_of_everything_is_run_and_the_longest_begin() -> None:
    every = [(spec.name, seed, c.name) for spec, seed, beside in units(20) for c in beside]
    assert {key for key in every if key[0] != "arriving"} == {
        (spec.name, seed, c.name)
        for spec in WORLDS.values()
        for c in contenders()
        for seed in c.seeds()
        if spec.name != "arriving"
    }
    assert all(world == "arriving" for world, _, _ in every[:FIRST])
    assert len({(seed, name) for world, seed, name in every if world == "arriving"}) == sum(
        len(c.seeds()) for c in contenders()
    )


def test_a_half_life_folds_anew_and_keeps_what_is_recent() -> None:
    world = World(replace(WORLDS["drifting"], **SMALL), 54)
    kept = Keyart(1, 10.0)
    told = walk(world, kept, 1_000)
    assert (told.got[0] - told.blind[0]) / (told.best[0] - told.blind[0]) > 0.2
    landmark = kept._learner.decay.landmark_us
    assert landmark is not None and landmark > world.at_us(999)
    anew = Keyart(1, 10.0)
    anew._ledger = kept._ledger
    anew._renew(world.at_us(999))
    assert anew._learner.sums == kept._learner.sums
