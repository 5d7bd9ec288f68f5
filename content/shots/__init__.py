"""Where one shot ends and the next begins, decided while the frames stream by."""

from typing import TYPE_CHECKING, Literal

from content.shots.adaptive import AdaptiveShots
from content.shots.boundary import MAX_SHOTS, MIN_SHOT_S, PREROLL_S, Boundary, BoundaryDetector
from content.shots.learned import LearnedShots

if TYPE_CHECKING:
    from content.encoders.models import Models

ShotsChoice = Literal["auto", "adaptive", "transnetv2"]

__all__ = [
    "MAX_SHOTS",
    "MIN_SHOT_S",
    "PREROLL_S",
    "AdaptiveShots",
    "Boundary",
    "BoundaryDetector",
    "LearnedShots",
    "ShotsChoice",
    "shot_detector",
]


def shot_detector(choice: ShotsChoice, models: "Models", start_s: float = 0.0) -> BoundaryDetector:
    """The detector of a setting; `auto` is TransNet V2 where there is a GPU, else ours."""
    if choice == "auto":
        from content.encoders.transnet import gpu_at_hand

        choice = "transnetv2" if gpu_at_hand() else "adaptive"
    if choice == "transnetv2":
        return LearnedShots(models.transitions, start_s)
    return AdaptiveShots(start_s)
