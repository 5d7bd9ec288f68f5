"""One contender through one seed of a world, and the results kept in `.cache/bandit`."""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from artwork.choice.belief.features import feature_set_id
from tests.bench.bandit_contenders import SEEDS, Contender, contenders
from tests.bench.bandit_policies import Policy
from tests.bench.bandit_worlds import WORLDS, Sight, Spec, World

CACHE = Path(__file__).resolve().parent.parent.parent / ".cache" / "bandit"
T = TypeVar("T")
POINT = 1_000
"""Decisions between two points of a curve."""


@dataclass
class Walk:
    """Sums up to each 1,000th decision, and medians of CPU time."""

    got: list[float]
    """Expected reward of what was shown."""
    best: list[float]
    blind: list[float]
    earned: list[float]
    """What was really earned."""
    decide_us: float
    learn_us: float
    cpu_s: float


def walk(world: World, policy: Policy, decisions: int) -> Walk:
    """The first `decisions` of a world."""
    sums, points = np.zeros(4), []
    clock = _Clock()
    waiting: dict[int, list[tuple[Sight, int, float]]] = {}
    began = time.process_time()
    for sight, outcomes in world:
        if sight.number == decisions:
            break
        for item in waiting.pop(sight.number, ()):
            clock.time("learn", policy.learn, *item)
        chosen = clock.time("decide", policy.choose, sight)
        clock.time("shown", policy.shown, sight, chosen)
        expected, reward = outcomes.expected, float(outcomes.reward[chosen])
        sums += expected[chosen], expected.max(), expected.mean(), reward
        if (sight.number + 1) % POINT == 0:
            points.append(sums.copy())
        if outcomes.click[chosen]:
            policy.hint(sight, chosen, float(outcomes.click[chosen]))
        if outcomes.due <= sight.number:
            clock.time("learn", policy.learn, sight, chosen, reward)
        else:
            waiting.setdefault(outcomes.due, []).append((sight, chosen, reward))
    got, best, blind, earned = np.array(points).T.round(6).tolist()
    learn_us = clock.median_us("shown") + clock.median_us("learn")
    cpu_s = time.process_time() - began
    return Walk(got, best, blind, earned, clock.median_us("decide"), learn_us, cpu_s)


class _Clock:
    """CPU time of calls, by name."""

    def __init__(self) -> None:
        self._ns: dict[str, list[int]] = {}

    def time(self, name: str, call: Callable[..., T], *args: object) -> T:
        at = time.thread_time_ns()
        result = call(*args)
        self._ns.setdefault(name, []).append(time.thread_time_ns() - at)
        return result

    def median_us(self, name: str) -> float:
        return float(np.median(self._ns.get(name, [0]))) / 1e3


def kept(contender: Contender, spec: Spec, seed: int, decisions: int) -> Path:
    """Where a result is kept: another world or version is another file."""
    # All are given descriptors and tastes of this feature set.
    parts = [asdict(spec), contender.version, feature_set_id(None), decisions]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]
    name = "".join(c if c.isalnum() else "-" for c in contender.name)
    return CACHE / spec.name.replace(" ", "-") / f"{name}-{digest}-{seed:03d}.json"


def found(contender: Contender, spec: Spec, seed: int) -> Walk | None:
    """The result, where it is there; a longer walk begins with the shorter."""
    whole = contender.decisions(spec.decisions, spec.decisions)
    for decisions in (whole, contender.decisions(spec.decisions)):
        path = kept(contender, spec, seed, decisions)
        if path.is_file():
            return Walk(**json.loads(path.read_text()))
    return None


def tasks(seeds: int) -> Iterator[tuple[int, Contender, Spec, int]]:
    """Seed by seed, so that what is there after half the time tells of every world; each with the
    number of its (seed, world), for one process makes a world once."""
    rounds = product(SEEDS[:seeds], WORLDS.values())
    for number, (seed, spec) in enumerate(rounds):
        for contender in contenders():
            if seed in contender.seeds():
                yield number, contender, spec, seed


def main(share: int, of: int, seeds: int) -> None:
    """Do every task that falls to this process and is not done."""
    world: World | None = None
    for number, contender, spec, seed in tasks(seeds):
        if number % of != share or found(contender, spec, seed):
            continue
        if world is None or world.spec is not spec or world.seed != seed:
            world = World(spec, seed)
        decisions = contender.decisions(spec.decisions)
        result: dict[str, Any] = asdict(walk(world, contender.make(seed), decisions))
        path = kept(contender, spec, seed, decisions)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(result))
        part.rename(path)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
