"""How much each space counts in the fused score: shipped defaults, or weights learned from use.

They weigh the query, not the vectors: changing them needs no new generation. What was learned
lies in the index's folder (`weights.json`) and outlives generations.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from content.errors import Invalid
from content.types import SPACES, Space
from indexes.durable import replace_file

Weights = Mapping[Space, float]

DEFAULT: Weights = {"visual": 0.22, "style": 0.32, "audio": 0.16, "synopsis": 0.30, "taste": 0.0}
"""Near what `fit-weights` learns on made films whose factors are known; on others than those it was
chosen on, fused finds more than its best space (`make bench ARGS=understanding`)."""
FUSED: tuple[Space, ...] = tuple(DEFAULT)
"""Spaces that may count; `concept` answers words only."""
NAME = "weights.json"


def checked(weights: Mapping[str, float]) -> dict[Space, float]:
    """Weights that sum to 1; a space that is not named gets 0.

    Raises:
        Invalid: `invalid_weights`: another space, a negative or infinite number, or only zeros.
    """
    if unknown := sorted(set(weights) - set(FUSED)):
        raise Invalid("invalid_weights", f"{unknown[0]!r} is not one of {', '.join(FUSED)}")
    if not all(math.isfinite(value) and value >= 0 for value in weights.values()):
        raise Invalid("invalid_weights", "every weight must be a finite number, 0 or more")
    total = sum(weights.values())
    if not (total > 0 and math.isfinite(total)):
        raise Invalid("invalid_weights", "at least one weight must be above 0")
    return {space: float(weights.get(space, 0.0)) / total for space in FUSED}


def read(folder: Path) -> dict[Space, float]:
    """The weights in use: those last written, else the defaults."""
    path = folder / NAME
    return checked(json.loads(path.read_text()) if path.exists() else dict(DEFAULT.items()))


def write(folder: Path, weights: Weights) -> None:
    """Replace the weights in use; durable on return."""
    ordered = {space: weights[space] for space in SPACES if space in weights}
    replace_file(folder / NAME, json.dumps(ordered).encode())


def fused_score(weights: Weights, cosines: Mapping[Space, float]) -> float:
    """`Σ w_m cos_m / Σ w_m` over the spaces given, in −1..1; 0 when none of them counts."""
    total = sum(weights[space] for space in cosines)
    if total == 0:
        return 0.0
    return sum(weights[space] * cosine for space, cosine in cosines.items()) / total
