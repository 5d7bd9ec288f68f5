"""The worlds of `keyart bench bandit`: fair to every policy, and told by no feature of ours."""

from dataclasses import replace

import numpy as np
import pytest

from tests.bench.bandit_policies import Keyart, Uniform
from tests.bench.bandit_report import spread
from tests.bench.bandit_runner import walk
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
