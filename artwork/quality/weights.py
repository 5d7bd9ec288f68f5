"""How much each sub-score counts in the overall score: shipped by hand, or fitted to decisions.

The one place of these weights. What was fitted lies in the data folder (`quality-weights.json`) and
holds for the pictures that are assessed from then on; stored pictures keep their overall score.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from content.errors import Invalid

Weights = Mapping[str, float]

DEFAULT: Weights = {
    "sharpness": 0.11,
    "steadiness": 0.04,
    "face_focus": 0.08,
    "exposure": 0.07,
    "contrast": 0.05,
    "colourfulness": 0.06,
    "harmony": 0.03,
    "thirds": 0.02,
    "symmetry": 0.01,
    "headroom": 0.02,
    "leading_space": 0.01,
    "subject_size": 0.01,
    "separation": 0.06,
    "face_count": 0.03,
    "face_size": 0.09,
    "frontal": 0.03,
    "eyes_open": 0.05,
    "expression": 0.03,
    "action": 0.01,
    "text_free": 0.09,
    "full_frame": 0.01,
    "clean": 0.02,
    "unmixed": 0.02,
    "pictorial": 0.03,
    "meaning": 0.02,
}
"""Set by hand. A negative one, which a fit may give, counts what is missing."""
SCORES: tuple[str, ...] = tuple(DEFAULT)
NAME = "quality-weights.json"


def overall(scores: Mapping[str, float], weights: Weights = DEFAULT) -> float:
    """Σ|w|·s / Σ|w| over the sub-scores that are given, 0..1; 1 - s stands for s where w < 0.

    0 where nothing that counts is given.
    """
    given = [(weights[name], scores[name]) for name in SCORES if name in scores]
    total = sum(abs(weight) for weight, _ in given)
    if total == 0:
        return 0.0
    summed = sum(abs(w) * (score if w >= 0 else 1.0 - score) for w, score in given)
    return round(min(1.0, max(0.0, summed / total)), 6)


def checked(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights whose sizes sum to 1; a sub-score that is not named gets 0.

    Raises:
        Invalid: `invalid_quality_weights`: another name, a number not finite, or only zeros.
    """
    if unknown := sorted(set(weights) - set(SCORES)):
        raise Invalid(
            "invalid_quality_weights", f"{unknown[0]!r} is not one of {', '.join(SCORES)}"
        )
    if not all(math.isfinite(value) for value in weights.values()):
        raise Invalid("invalid_quality_weights", "every weight must be a finite number")
    total = sum(abs(value) for value in weights.values())
    if not (total > 0 and math.isfinite(total)):
        raise Invalid("invalid_quality_weights", "at least one weight must not be 0")
    return {name: round(float(weights.get(name, 0.0)) / total, 6) for name in SCORES}


def read(folder: Path) -> dict[str, float]:
    """The weights in use: those last written, else the defaults.

    Raises:
        Invalid: `invalid_quality_weights`, also where the file is no JSON object of numbers.
    """
    path = folder / NAME
    if not path.exists():
        return checked(DEFAULT)
    try:
        kept = {str(k): float(v) for k, v in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Invalid("invalid_quality_weights", f"{path} holds no weights: {error}") from error
    return checked(kept)


def write(folder: Path, weights: Weights) -> None:
    """Replace the weights in use; durable on return. The same ones give the same bytes."""
    draft = folder / f".{NAME}.{os.getpid()}"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(checked(weights), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NAME)
