"""Why a decision fell as it did: what its scores are made of, and what others would have seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from artwork.choice.belief.features import BLOCKS, assemble
from artwork.choice.belief.sums import SCALE
from artwork.choice.probability.replay import Recalled

EARNED = "earned"
"""What picture and title have earned so far, beside the blocks of features."""
NAMES: Mapping[str, str] = {
    "bias": "usual",
    "facts": "what the picture shows",
    "projection": "its look",
    "origin": "how it was made",
    "interplay": "the viewer's taste",
    "mixed": "what goes with that taste",
    "match": "nearness to what the viewer watched",
    "context": "device, hour and country",
    "cross": "screen and hour with the picture",
    EARNED: "what it has earned",
}
"""Each contribution in words."""


@dataclass(frozen=True, slots=True)
class ArmView:
    """One picture on offer: `score` is the expected reward, the sum of `contributions`."""

    variant_id: str
    group_id: str
    score: float
    spread: float
    """Standard deviation of what was believed of the score."""
    contributions: dict[str, float]
    wins: int
    """Of the draws."""
    propensity: float
    unknown_viewer: float
    """Its propensity had nothing been known of the viewer, all else the same."""


@dataclass(frozen=True, slots=True)
class Explanation:
    draws: int
    floor: float
    taste: bool
    """Was anything known of the viewer's taste?"""
    learned_rows: int
    """Activated decisions that the belief was made of."""
    arms: tuple[ArmView, ...]


def explain(found: Recalled) -> Explanation:
    """A decision's scores taken apart. All of it is computed anew from the ledger."""
    scores, state = found.scores(), found.state
    where = (state.sums, found.decision.title_id, found.arms.groups)
    features, earned = state.posterior.parts(*where, found.x / SCALE)
    drawn = found.draw(scores)
    nobody = found.draw(found.scores(assemble(found.descriptors, None, found.here)))
    spread = scores.spread
    arms = [
        ArmView(
            variant,
            group,
            score=float(scores.mean[k]),
            spread=float(spread[k]),
            contributions=_blocks(features[k], float(earned[k])),
            wins=int(drawn.counts[k]),
            propensity=float(drawn.pmf[k]),
            unknown_viewer=float(nobody.pmf[k]),
        )
        for k, (variant, group) in enumerate(
            zip(found.arms.variants, found.arms.groups, strict=True)
        )
    ]
    return Explanation(
        draws=int(drawn.counts.sum(dtype=np.int64)),
        floor=found.decision.floor,
        taste=found.taste is not None and bool(found.taste.any()),
        learned_rows=state.sums.rows,
        arms=tuple(sorted(arms, key=lambda arm: -arm.score)),
    )


def _blocks(features: np.ndarray, earned: float) -> dict[str, float]:
    blocks = {name: float(features[at].sum()) for name, at in BLOCKS.items()}
    return {**blocks, EARNED: earned}
