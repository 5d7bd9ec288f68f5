"""The choice itself: pure functions from a belief and a seed to a logged probability.

M joint draws from the posterior, the arms' wins counted, mixed with a floor; the answer is drawn
from that very distribution, so the logged propensity is exact by construction, for every arm.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from artwork.choice.belief.features import BLOCKS, DIM
from artwork.choice.belief.posterior import F64, Prior, Scores, WideScores

DRAWS = 256
"""M: what is drawn from the belief for one decision."""
ALGORITHM = "hybrid-linear-thompson-3"
EXPLORATION = 0.25
"""What the belief's standard deviations are multiplied by in the draw."""


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """All that shapes the belief, in one place and part of the policy's id.

    Standard deviations are of rewards (0..1): how far a block of features, a picture within its
    title, a title, and one showing are expected to move the reward.
    """

    noise_sd: float = 0.30
    group_sd: float = 0.04
    title_sd: float = 0.06
    rebuild_every: int = 128
    """Rows between the first rebuilds of the posterior from its sums; see `rebuild_due`."""
    facts_sd: float = 0.02
    projection_sd: float = 0.03
    origin_sd: float = 0.03
    interplay_sd: float = 0.05
    mixed_sd: float = 0.05
    match_sd: float = 0.12
    context_sd: float = 0.01
    cross_sd: float = 0.01
    bias_sd: float = 0.30
    half_life_days: float | None = None
    """After so long a decision counts half (`belief.decay`); None: for ever in full."""

    def prior(self) -> Prior:
        scale = np.empty(DIM)
        sigma2 = self.noise_sd**2
        for name, where in BLOCKS.items():
            scale[where] = sigma2 / getattr(self, f"{name}_sd") ** 2
        return Prior(scale, sigma2 / self.group_sd**2, sigma2 / self.title_sd**2, sigma2)


def policy_id(parameters: Hyperparameters, draws: int, worth: Mapping[str, Any]) -> str:
    """The name of a policy: equal names draw equal answers from equal ledgers.

    numpy's version is in it because its streams may change between versions (NEP 19).
    """
    parts = [ALGORITHM, EXPLORATION, np.__version__, draws, worth, asdict(parameters)]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"ts2-{digest[:8]}"


def seed_of(secret: bytes, decision_id: str) -> bytes:
    """16 bytes that only the holder of the secret can foretell."""
    return hmac.digest(secret, b"seed\x1f" + decision_id.encode(), "sha256")[:16]


def mix(counts: npt.NDArray[np.uint16], floor: float) -> F64:
    """Wins out of M, (K,), to probabilities: all arms share `floor`, the wins share the rest."""
    share: F64 = counts / int(counts.sum(dtype=np.int64))
    return (1 - floor) * share + floor / len(counts)


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One answer and the distribution it was drawn from."""

    chosen: int
    counts: npt.NDArray[np.uint16]
    """(K,) wins out of M."""
    pmf: F64
    """(K,) sums to 1."""


class _Streams(threading.local):
    """A generator for each thread, to be set to the beginning of a stream: to make one takes twenty
    times as long."""

    def __init__(self) -> None:
        self.philox = np.random.Philox(key=0)
        self.generator = np.random.Generator(self.philox)


_streams = _Streams()
_NONE = (0, 0, 0, 0)


def _stream(seed: bytes) -> np.random.Generator:
    """`Generator(Philox(key=seed))`, until this thread asks for another."""
    key = int.from_bytes(seed[8:], "big"), int.from_bytes(seed[:8], "big")
    beginning: Any = {
        "bit_generator": "Philox",
        "state": {"counter": _NONE, "key": key},
        "buffer": _NONE,
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }
    _streams.philox.state = beginning
    return _streams.generator


def draw(scores: Scores | WideScores, seed: bytes, *, draws: int, floor: float) -> Draw:
    """Thompson sampling with its distribution in hand.

    Args:
        seed: 16 bytes, the key of the Philox stream.
        draws: M, 1..65535.
        floor: probability shared by all arms, 0..1.
    """
    rng = _stream(seed)
    arms = len(scores.mean)
    moved = EXPLORATION * scores.moves(rng, draws - draws // 2)
    # Each direction and its opposite: as good as twice as many draws, and half the work.
    wins = (scores.mean + moved).argmax(axis=1)
    lost = (scores.mean - moved[: draws // 2]).argmax(axis=1)
    won = np.bincount(wins, minlength=arms) + np.bincount(lost, minlength=arms)
    counts = won.astype(np.uint16)
    pmf = mix(counts, floor)
    chosen = int(pmf.cumsum().searchsorted(rng.random(), side="right"))
    # The last cumulative sum may fall short of 1 by a rounding.
    return Draw(min(chosen, arms - 1), counts, pmf)
