"""Where one shot ends and the next begins, decided while the frames stream by."""

from typing import TYPE_CHECKING, Literal

from content.encoders.choice import Device
from content.encoders.torch_setup import planned
from content.shots.adaptive import AdaptiveShots
from content.shots.boundary import MIN_SHOT_S, PREROLL_S, Boundary, BoundaryDetector
from content.shots.learned import LearnedShots

if TYPE_CHECKING:
    from content.encoders.models import Models

ShotsChoice = Literal["auto", "adaptive", "transnetv2"]
Detector = Literal["adaptive", "transnetv2"]

__all__ = [
    "MIN_SHOT_S",
    "PREROLL_S",
    "AdaptiveShots",
    "Boundary",
    "BoundaryDetector",
    "Detector",
    "LearnedShots",
    "ShotsChoice",
    "chosen_detector",
    "shot_detector",
]


def chosen_detector(choice: ShotsChoice, wanted: Device) -> Detector:
    """What a setting means here; `auto`: TransNet V2 where models run on a GPU, else ours."""
    if choice == "auto":
        return "transnetv2" if planned(wanted) == "cuda" else "adaptive"
    return choice


def shot_detector(choice: ShotsChoice, models: "Models", start_s: float = 0.0) -> BoundaryDetector:
    """The detector of a setting."""
    if chosen_detector(choice, models.device) == "transnetv2":
        return LearnedShots(models.transitions, start_s)
    return AdaptiveShots(start_s)
