"""Who takes part in `bandit`, and with which settings.

The settings were chosen by `python -m tests.bench.bandit_tuning` on seeds that are not reported,
for each kind of world by itself where that makes a difference.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from artwork.choice.belief.policy import Hyperparameters, policy_id
from artwork.choice.events.worth import DEFAULT
from tests.bench.bandit_linear import BayesianBandits, MabWiser, Obp, River
from tests.bench.bandit_policies import DRAWS, FLOOR, BetaThompson, Keyart, Policy, Uniform
from tests.bench.bandit_vw import VowpalWabbit

SEEDS = range(100, 120)
"""Others than the features (0) and the settings (900, 901) were chosen by."""
SLOW_SEEDS, SLOW_DECISIONS = SEEDS[:5], 5_000
LONGEST = int(os.environ.get("KEYART_BENCH_DECISIONS", "100_000"))
Setting = tuple[Any, ...]


@dataclass(frozen=True)
class Contender:
    name: str
    build: Callable[..., Policy]
    """Of a seed and a setting's parts."""
    usual: Setting
    version: str
    """Results of another version or setting are not this one's."""
    by_world: Mapping[str, Setting] = field(default_factory=dict)
    """Settings for worlds in which another than the usual was best."""
    slow: bool = False
    """Five seeds of 5,000 decisions, beside Keyart's first 5,000 of the same."""
    far: bool = False
    """Goes the whole 100,000 decisions where titles arrive; others the first 20,000."""

    def make(self, seed: int, world: str) -> Policy:
        return self.build(seed, *self.setting(world))

    def setting(self, world: str) -> Setting:
        return self.by_world.get(world, self.usual)

    def seeds(self) -> range:
        return SLOW_SEEDS if self.slow else SEEDS

    def decisions(self, all_of_them: int, longest: int = LONGEST) -> int:
        mine = SLOW_DECISIONS if self.slow else 100_000 if self.far else 20_000
        return min(all_of_them, mine, longest)


def _keyart() -> Contender:
    policy = policy_id(Hyperparameters(), DRAWS, DEFAULT.plain())
    drifting = {"drifting": (_HALF_LIFE_DAYS,)}
    return Contender("Keyart", Keyart, (None,), f"{policy} {FLOOR}", drifting, far=True)


_HALF_LIFE_DAYS = 15.0


def _vw(
    name: str, options: str, *, liking: bool = False, far: bool = False, **by_world: Setting
) -> Contender:
    worlds = {world.replace("_", "-"): setting for world, setting in by_world.items()}
    return Contender(
        f"VW {name}", VowpalWabbit, (options, liking), "9.11.9", worlds, far=far
    )  # fmt: skip


_PAIRS = "-q UP -q CP"


def contenders() -> tuple[Contender, ...]:
    """All but the oracle, which every run carries along."""
    squarecb = "--squarecb --gamma_scale 1000"
    return (
        _keyart(),
        Contender("uniform", Uniform, (), "1", far=True),
        _vw("squarecb, pairs", f"{squarecb} {_PAIRS} -b 20", far=True),
        _vw("squarecb, products", f"{squarecb} -q CP -b 20", liking=True, far=True),
        _vw("squarecb, as it comes", f"--squarecb {_PAIRS}"),
        _vw("bag", f"--bag 5 --greedify {_PAIRS} -b 20"),
        _vw("explore-first", f"--first 1000 {_PAIRS} -b 20"),
        Contender("beta for each picture", BetaThompson, (), "1"),
        Contender("mabwiser LinTS", MabWiser, (0.05, 10.0), "2.7.4", slow=True),
        Contender("obp LinTS", Obp, (30.0, 0.3), "0.4.1", slow=True),
        Contender("river", River, (100.0, 100.0), "0.26.1", slow=True),
        Contender("bayesianbandits", BayesianBandits, (100.0, 100.0), "1.5.0", slow=True),
    )
