"""Who takes part in `bandit`, and with which settings.

The settings were chosen by `python -m tests.bench.bandit_tuning` on seeds that are not reported.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from artwork.choice.belief.policy import Hyperparameters, policy_id
from artwork.choice.events.worth import DEFAULT
from tests.bench.bandit_linear import BayesianBandits, MabWiser, Obp, River
from tests.bench.bandit_policies import DRAWS, FLOOR, BetaThompson, Keyart, Policy, Uniform
from tests.bench.bandit_vw import VowpalWabbit

SEEDS = range(20)
SLOW_SEEDS, SLOW_DECISIONS = range(5), 5_000
LONGEST = int(os.environ.get("KEYART_BENCH_DECISIONS", "100_000"))
_PAIRS = "-q UP -q CP"


@dataclass(frozen=True)
class Contender:
    name: str
    make: Callable[[int], Policy]
    """Of a seed."""
    version: str
    """Results of another version are not this one's."""
    slow: bool = False
    """Five seeds of 5,000 decisions, beside Keyart's first 5,000 of the same."""
    far: bool = True
    """Goes the whole 100,000 decisions where titles arrive; others the first 20,000."""

    def seeds(self) -> range:
        return SLOW_SEEDS if self.slow else SEEDS

    def decisions(self, all_of_them: int, longest: int = LONGEST) -> int:
        mine = SLOW_DECISIONS if self.slow else 100_000 if self.far else 20_000
        return min(all_of_them, mine, longest)


def _keyart() -> Contender:
    policy = policy_id(Hyperparameters(), DRAWS, DEFAULT.plain())
    return Contender("Keyart", Keyart, f"{policy} {FLOOR}")


def _vw(
    name: str, options: str, *, pairs: str = _PAIRS, liking: bool, far: bool = False
) -> Contender:
    options = f"{options} {pairs}"

    def make(seed: int) -> Policy:
        return VowpalWabbit(seed, options, liking=liking)

    return Contender(f"VW {name}", make, f"9.11.9 {options} {liking}", far=far)


def contenders() -> tuple[Contender, ...]:
    """All but the oracle, which every run carries along."""
    return (
        _keyart(),
        Contender("uniform", Uniform, "1"),
        # The two best settings: one was ahead in the linear world, one where titles arrive.
        _vw("squarecb, pairs", "--squarecb --gamma_scale 1000", liking=False, far=True),
        _vw(
            "squarecb, products",
            "--squarecb --gamma_scale 1000",
            pairs="-q CP",
            liking=True,
            far=True,
        ),
        _vw("squarecb, as it comes", "--squarecb", liking=False),
        _vw("bag", "--bag 5 --greedify", liking=False),
        _vw("explore-first", "--first 1000", liking=False),
        Contender("beta for each picture", BetaThompson, "1", far=False),
        _slow("mabwiser LinTS", lambda seed: MabWiser(seed, 0.05, 10.0), "2.7.4 0.05 10"),
        _slow("obp LinTS", lambda seed: Obp(seed, 30.0, 0.3), "0.4.1 30 0.3"),
        _slow("river", lambda seed: River(seed, 100.0, 100.0), "0.26.1 100 100"),
        _slow("bayesianbandits", lambda s: BayesianBandits(s, 100.0, 100.0), "1.5.0 100 100"),
    )


def _slow(name: str, make: Callable[[int], Policy], version: str) -> Contender:
    return Contender(name, make, version, slow=True)
