"""One contender through one seed of a world, and the results kept in `.cache/bandit`."""

import gc
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from artwork.choice.belief.features import feature_set_id
from tests.bench.bandit_contenders import SEEDS, Contender, contenders
from tests.bench.bandit_policies import Policy
from tests.bench.bandit_worlds import VERSION as WORLD_VERSION
from tests.bench.bandit_worlds import WORLDS, Sight, Spec, World

CACHE = Path(__file__).resolve().parent.parent.parent / ".cache" / "bandit"
T = TypeVar("T")
FIRST = 5
"""Seeds that all have been through before the others follow."""
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
    wall_s: float = 0.0


def walk(world: World, policy: Policy, decisions: int) -> Walk:
    """The first `decisions` of a world."""
    sums, points = np.zeros(4), []
    clock = _Clock()
    waiting: dict[int, list[tuple[Sight, int, float]]] = {}
    began = time.process_time()
    for sight, outcomes in islice(world, decisions):
        for item in waiting.pop(sight.number, ()):
            clock.time("learn", policy.learn, *item)
        chosen = clock.time("decide", policy.choose, sight)
        clock.time("shown", policy.shown, sight, chosen)
        reward = float(outcomes.reward[chosen])
        sums += outcomes.expected[chosen], outcomes.best, outcomes.blind, reward
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
    """Where a result is kept: another world, version or setting is another file."""
    # All are given descriptors and tastes of this feature set.
    version = f"{contender.version} {contender.setting(spec.name)}"
    parts = [asdict(spec), WORLD_VERSION, version, feature_set_id(None), decisions]
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


Unit = tuple[Spec, int, list[Contender]]
"""A world of one seed, made once, and who walks through it."""


def units(seeds: int) -> Iterator[Unit]:
    """What is to be done, in an order in which what is there at any time is balanced: five seeds of
    everything, then the other seeds; each time first those that go 100,000 decisions where titles
    arrive."""
    every = contenders()
    for some in (SEEDS[: min(seeds, FIRST)], SEEDS[FIRST:seeds]):
        for seed in some:
            yield WORLDS["arriving"], seed, [c for c in every if c.far]
        for seed in some:
            for spec in WORLDS.values():
                yield spec, seed, [c for c in every if seed in c.seeds()]


def main(share: int, of: int, seeds: int) -> None:
    """Do every task that falls to this process and is not done.

    Where a library's own algebra fails, that seed is missing from its results.
    """
    for number, (spec, seed, beside) in enumerate(units(seeds)):
        left = [c for c in beside if not found(c, spec, seed)]
        # Six worlds and two processes: not always the same worlds to the same.
        if not left or (number + number // len(WORLDS)) % of != share:
            continue
        began = _times()
        world = World(spec, seed)
        world.make(max(contender.decisions(spec.decisions) for contender in left))
        gc.freeze()  # so many objects, of which none is garbage, need not be looked at again
        for contender in left:
            decisions = contender.decisions(spec.decisions)
            try:
                result = walk(world, contender.make(seed, spec.name), decisions)
            except np.linalg.LinAlgError as error:  # obp draws by an SVD
                print(f"{contender.name} gave up in {spec.name}, seed {seed}: {error}")
                continue
            # With what the world cost, and the summing up.
            now = _times()
            result.cpu_s, result.wall_s = (now - began).tolist()
            began = now
            keep(kept(contender, spec, seed, decisions), result)
        del world
        gc.unfreeze()
        gc.collect()  # some 200 MB, which nothing else would look at soon


def _times() -> npt.NDArray[np.float64]:
    return np.array([time.process_time(), time.monotonic()])


def keep(path: Path, result: Walk) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(result)))
    part.rename(path)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
