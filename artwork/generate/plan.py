"""Which frames are painted anew, how far from them, by which seed: decided before a model runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artwork.generate.brief import Brief, Change

STRENGTH: Mapping[Change, float] = {"subtle": 0.3, "moderate": 0.45, "bold": 0.6}
"""Share of the noise schedule that is run anew (Meng et al. 2022, SDEdit): 0 the frame, 1 nothing
of it."""
SPREAD = 0.1
"""Of the strengths of one request's pictures, lowest to highest."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One picture to be made."""

    source: Mapping[str, Any]
    """The group of the frame, as `artwork.pictures.sources` tells it."""
    strength: float
    """1.0 of an extension: what is missing is painted from nothing."""
    seed: int


def attempts(
    brief: Brief, sources: Sequence[Mapping[str, Any]], count: int, seed: int
) -> list[Attempt]:
    """`count` attempts, over the frames that fit the brief best; none where there are no frames.

    The i-th has seed + i. Same arguments, same attempts.
    """
    frames = sorted(
        (source for source in sources if source["origin"] == "frame"),
        key=lambda source: (-_fit(brief, source), source["id"]),
    )
    if not frames:
        return []
    return [
        Attempt(
            source=frames[i % len(frames)],
            strength=1.0 if brief.extend else _strength(brief.change, i, count),
            seed=seed + i,
        )
        for i in range(count)
    ]


def _fit(brief: Brief, source: Mapping[str, Any]) -> float:
    """Tags that were asked for first, then how good the picture is."""
    tags = source.get("emphasis") or ()
    asked = 2.0 * (brief.emphasis in tags) + (f"mood:{brief.mood}" in tags)
    return asked + float((source.get("scores") or {}).get("overall", 0.0))


def _strength(change: Change, i: int, count: int) -> float:
    offset = 0.0 if count == 1 else SPREAD * (i / (count - 1) - 0.5)
    return round(STRENGTH[change] + offset, 3)
