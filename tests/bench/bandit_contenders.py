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
    return Contender("Keyart", Keyart, (None,), f"{policy} {FLOOR}", far=True)


_PAIRS, _PRODUCTS = "-q UP -q CP", "-q CP"


def _vw(
    name: str, options: str, *, liking: bool = False, far: bool = False, **by_world: Setting
) -> Contender:
    return Contender(f"VW {name}", VowpalWabbit, (options, liking), "9.11.9", by_world, far=far)


def contenders() -> tuple[Contender, ...]:
    """All but the oracle, which every run carries along."""
    squarecb, bag = "--squarecb --gamma_scale 1000 -b 20", "--bag 5 --greedify -b 20"
    return (
        _keyart(),
        Contender("uniform", Uniform, (), "1", far=True),
        # The two best encodings: one was ahead where titles arrive, one in the other worlds.
        _vw(
            "squarecb, pairs",
            f"{squarecb} -l 0.3 {_PAIRS}",
            far=True,
            arriving=(f"{squarecb} -l 0.1 {_PAIRS}", False),
        ),
        _vw(
            "squarecb, products",
            f"{squarecb} -l 0.3 {_PRODUCTS}",
            liking=True,
            far=True,
            arriving=(f"{squarecb} -l 0.1 {_PRODUCTS}", True),
        ),
        _vw("squarecb, as it comes", f"--squarecb {_PAIRS}"),
        _vw("bag", f"{bag} -l 0.2 {_PAIRS}", arriving=(f"{bag} -l 0.2 {_PRODUCTS}", True)),
        _vw("explore-first", f"--first 300 -b 20 -l 0.2 {_PAIRS}", far=True),
        Contender("beta for each picture", BetaThompson, (), "1"),
        Contender("mabwiser LinTS", MabWiser, (0.05, 30.0), "2.7.4", slow=True),
        Contender("obp LinTS", Obp, (30.0, 0.3), "0.4.1", slow=True),
        Contender("river", River, (100.0, 100.0), "0.26.1", slow=True),
        Contender("bayesianbandits", BayesianBandits, (100.0, 100.0), "1.5.0", slow=True),
    )
