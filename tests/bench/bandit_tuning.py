"""How the settings of `bandit_contenders` were chosen: `python -m tests.bench.bandit_tuning`.

Every setting over the same two seeds, which are not among the reported ones, and the first 10,000
decisions of each world that has a signal (20,000 where titles arrive; 5,000 for the slow
libraries): the share of the gap from uniform to the oracle. Results are kept; `… vw` for one family
alone, `… vw linear` in one world.
"""

import json
import sys
from collections.abc import Sequence

import numpy as np

from tests.bench.bandit import PEERS
from tests.bench.bandit_contenders import Contender, Setting
from tests.bench.bandit_linear import BayesianBandits, MabWiser, Obp, River
from tests.bench.bandit_policies import Keyart
from tests.bench.bandit_runner import Walk, keep, kept, walk
from tests.bench.bandit_vw import VowpalWabbit
from tests.bench.bandit_worlds import WORLDS, World

SEEDS, DECISIONS, SLOW, FAR = (900, 901), 10_000, 5_000, 20_000
WHERE = ("linear", "arriving", "drifting", "delayed", "click-bait")
PAIRS, PRODUCTS = ("-q UP -q CP", False), ("-q CP", True)


def _vw(rest: str, pairs: tuple[str, bool] = PAIRS) -> Setting:
    return f"{rest} {pairs[0]}", pairs[1]


GRIDS: dict[str, tuple[type, tuple[Setting, ...]]] = {
    "keyart": (Keyart, tuple((days,) for days in (None, 10.0, 30.0))),
    "gamma": (
        VowpalWabbit,
        tuple(
            _vw(f"--squarecb --gamma_scale {gamma} -b 20", pairs)
            for gamma in (100, 1_000, 10_000)
            for pairs in (PAIRS, PRODUCTS)
        ),
    ),
    "rate": (
        VowpalWabbit,
        tuple(
            _vw(f"--squarecb --gamma_scale 1000 -b 18 -l {rate}", pairs)
            for rate in (0.2, 0.1, 0.3)
            for pairs in (PRODUCTS, PAIRS)
        ),
    ),
    "moving": (
        VowpalWabbit,
        tuple(
            _vw(f"--squarecb --gamma_scale 1000 -b 20 {rest}")
            for rest in ("-l 0.5 --power_t 0", "-l 0.2 --power_t 0.25", "-l 0.2")
        ),
    ),
    "bag": (
        VowpalWabbit,
        (
            _vw("--bag 5 --greedify -b 20 -l 0.2"),
            _vw("--bag 5 --greedify -b 20 -l 0.2", PRODUCTS),
            _vw("--bag 5 --greedify -b 20"),
            _vw("--bag 10 --greedify -b 20 -l 0.2", PRODUCTS),
        ),
    ),
    "first": (
        VowpalWabbit,
        tuple(
            _vw(f"--first {first} -b 20 -l 0.2", pairs)
            for first in (1_000, 300, 3_000)
            for pairs in (PAIRS, PRODUCTS)
        ),
    ),
    "far": (
        VowpalWabbit,
        (
            _vw("--squarecb --gamma_scale 1000 -b 20 -l 0.2", PRODUCTS),
            _vw("--squarecb --gamma_scale 1000 -b 20 -l 0.3", PRODUCTS),
            _vw("--first 300 -b 20 -l 0.2"),
            _vw("--squarecb --gamma_scale 1000 -b 20 -l 0.2"),
            _vw("--squarecb --gamma_scale 1000 -b 20 -l 0.1", PRODUCTS),
            _vw("--squarecb --gamma_scale 1000 -b 20 -l 0.1"),
            _vw("--squarecb --gamma_scale 1000 -b 20 -l 0.05", PRODUCTS),
        ),
    ),
    "mabwiser": (
        MabWiser,
        ((0.05, 1.0), (0.05, 10.0), (0.02, 10.0), (0.05, 30.0), (0.1, 10.0), (0.1, 1.0)),
    ),
    "obp": (Obp, ((10.0, 0.3), (30.0, 0.3), (100.0, 0.3), (30.0, 0.1))),
    "river": (River, ((100.0, 10.0), (100.0, 100.0), (300.0, 100.0), (300.0, 300.0))),
    "bayesianbandits": (
        BayesianBandits,
        ((100.0, 10.0), (100.0, 100.0), (300.0, 100.0), (300.0, 300.0)),
    ),
}


def main(family: str = "", *worlds: str) -> None:
    sys.path.append(str(PEERS))
    for name in [family] if family else GRIDS:
        for world in worlds or WHERE:
            _tune(name, world)


def _tune(family: str, world: str) -> None:
    build, settings = GRIDS[family]
    slow = build not in (Keyart, VowpalWabbit)
    decisions = SLOW if slow else FAR if world == "arriving" else DECISIONS
    if family == "far":
        decisions = WORLDS["arriving"].decisions
    if family == "keyart" and world != "arriving":
        decisions = FAR  # a half-life tells only in the end
    walkers = [Contender(f"tuned {family}", build, setting, "") for setting in settings]
    shares = np.array([_shares(walkers, world, seed, decisions) for seed in SEEDS])
    for walker, found in zip(walkers, shares.T, strict=True):
        told = " ".join(f"{share:.3f}" for share in found)
        print(f"{world} {decisions} {walker.usual}: {found.mean():.3f} ({told})", flush=True)


def _shares(walkers: Sequence[Contender], name: str, seed: int, decisions: int) -> list[float]:
    world: World | None = None
    out = []
    for walker in walkers:
        path = kept(walker, WORLDS[name], seed, decisions)
        if not path.is_file():
            world = world or World(WORLDS[name], seed)
            keep(path, walk(world, walker.make(seed, name), decisions))
        out.append(_share(Walk(**json.loads(path.read_text()))))
    return out


def _share(found: Walk) -> float:
    got, best, blind = found.got[-1], found.best[-1], found.blind[-1]
    return (got - blind) / (best - blind)


if __name__ == "__main__":
    main(*sys.argv[1:])
