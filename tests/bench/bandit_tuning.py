"""How the settings of `bandit_contenders` were chosen: `python -m tests.bench.bandit_tuning`.

Every setting over the same two seeds, which are not among the reported ones, and 5,000 decisions of
two worlds; the share of the gap from uniform to the oracle. `… vw` for one family alone.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np

from artwork.choice.belief import policy
from tests.bench.bandit import PEERS
from tests.bench.bandit_linear import BayesianBandits, MabWiser, Obp, River
from tests.bench.bandit_policies import Keyart, Policy
from tests.bench.bandit_runner import walk
from tests.bench.bandit_vw import VowpalWabbit
from tests.bench.bandit_worlds import WORLDS, World

SEEDS, DECISIONS, WHERE = (100, 101), 5_000, ("linear", "arriving")
Setting = tuple[str, Callable[[int], Policy]]


def settings(family: str) -> Iterator[Setting]:
    """Name and maker of each."""
    if family == "keyart":
        for spread in (0.1, 0.25, 0.5, 1.0):
            yield f"exploration {spread}", lambda seed, spread=spread: _keyart(seed, spread)
    elif family == "vw":
        for options in _VW:
            for liking in (False, True):
                yield (f"{options} {'L' if liking else ''}", lambda seed, o=options, li=liking:
                       VowpalWabbit(seed, o, liking=li))  # fmt: skip
    else:
        make, pairs = _LINEAR[family]
        for pair in pairs:
            yield f"{pair}", lambda seed, pair=pair: make(seed, *pair)


_PAIRS = ("-q UP -q CP", "-q UI -q UP -q CP", "-q CP")
_VW = (
    *(f"--squarecb --gamma_scale {gamma} {q}" for gamma in (10, 100, 1000) for q in _PAIRS),
    *(f"--squarecb --gamma_scale 100 -l {rate} {_PAIRS[0]}" for rate in (0.1, 2.0)),
    *(f"--bag {size} {greedy} {_PAIRS[0]}" for size in (5, 10) for greedy in ("", "--greedify")),
    *(f"--first {first} {_PAIRS[0]}" for first in (500, 1000, 2000)),
)
_LINEAR: dict[str, tuple[Callable[..., Policy], tuple[tuple[float, float], ...]]] = {
    "mabwiser": (MabWiser, ((0.05, 1.0), (0.05, 10.0), (0.2, 10.0))),
    "obp": (Obp, ((10.0, 1.0), (10.0, 0.3), (30.0, 0.3))),
    "river": (River, ((10.0, 10.0), (100.0, 10.0), (100.0, 100.0))),
    "bayesianbandits": (
        BayesianBandits,
        ((10.0, 10.0), (100.0, 10.0), (100.0, 100.0), (300.0, 100.0)),
    ),
}


def _keyart(seed: int, spread: float) -> Policy:
    policy.EXPLORATION = spread
    return Keyart(seed)


def main(families: list[str]) -> None:
    sys.path.append(str(PEERS))
    worlds = [World(WORLDS[name], seed) for name in WHERE for seed in SEEDS]
    for family in families or ["keyart", "vw", *_LINEAR]:
        for name, make in settings(family):
            print(family, name, *(f"{_share(world, make):.3f}" for world in worlds), flush=True)


def _share(world: World, make: Callable[[int], Policy]) -> float:
    found = walk(world, make(world.seed), DECISIONS)
    got, best, blind = (np.array(line)[-1] for line in (found.got, found.best, found.blind))
    return float((got - blind) / (best - blind))


if __name__ == "__main__":
    main(sys.argv[1:])
