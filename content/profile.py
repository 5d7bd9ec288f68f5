"""What a title looks, moves and sounds like, in a few plain figures for people and for features.

`Look` gathers them from the samples as they stream by; nothing here needs a model.
"""

from typing import Any

import numpy as np

from content.keyframes import Candidate
from content.types import Shot

_BINS = 16
PALETTE_COLOURS = 5
NEAR_BLACK = 24
"""Pixels whose brightest channel is below this are letterbox or night: no colour of the film."""


class Look:
    """Sums over the samples: light, colour, and a 16³ colour histogram for the palette."""

    def __init__(self) -> None:
        self._samples = 0
        self._sums = np.zeros(4)
        self._counts = np.zeros(_BINS**3)
        self._colours = np.zeros((_BINS**3, 3))
        self._black = 0.0

    def add(self, candidate: Candidate) -> None:
        """Take one sample, already measured."""
        rgb = candidate.rgb[::4, ::4].reshape(-1, 3).astype(np.int64)
        top, bottom = rgb.max(1), rgb.min(1)
        saturation = float(np.mean((top - bottom) / np.maximum(top, 1)))
        warmth = float(np.mean(rgb[:, 0] - rgb[:, 2])) / 255
        self._sums += (candidate.brightness, candidate.contrast, saturation, warmth)
        self._samples += 1
        lit = rgb[top >= NEAR_BLACK]
        self._black += 1 - len(lit) / len(rgb)
        where = (lit * _BINS // 256) @ (_BINS * _BINS, _BINS, 1)
        self._counts += np.bincount(where, minlength=_BINS**3)
        for channel in range(3):
            self._colours[:, channel] += np.bincount(where, lit[:, channel], _BINS**3)

    def summary(self) -> dict[str, Any]:
        """Figures of light and colour.

        `palette`: up to five `{"hex", "share"}`, the largest share first, shares sum to 1,
        near-black pixels left out; `brightness`, `contrast`, `saturation`: 0..1; `warmth`: mean
        of (red − blue), −1..1; `black_fraction`: 0..1, of the pixels.
        """
        brightness, contrast, saturation, warmth = self._sums / max(1, self._samples)
        return {
            "palette": _palette(self._counts, self._colours),
            "brightness": _short(brightness),
            "contrast": _short(contrast),
            "saturation": _short(saturation),
            "warmth": _short(warmth),
            "black_fraction": _short(self._black / max(1, self._samples)),
        }


def pacing(shots: list[Shot]) -> dict[str, float]:
    """`shots_per_minute`, `median_shot_s`, `mean_shot_s`, `longest_shot_s`; all > 0."""
    lengths = np.array([shot.end_s - shot.start_s for shot in shots])
    return {
        "shots_per_minute": _short(60 * len(lengths) / lengths.sum()),
        "median_shot_s": _short(np.median(lengths)),
        "mean_shot_s": _short(lengths.mean()),
        "longest_shot_s": _short(lengths.max()),
    }


def _palette(counts: Any, colours: Any) -> list[dict[str, Any]]:
    """Weighted k-means in Lab over the histogram's bins (MacQueen 1967), seeded by the farthest."""
    import cv2

    used = counts > 0
    if not used.any():
        return [{"hex": "#000000", "share": 1.0}]
    weight = counts[used]
    rgb = (colours[used] / weight[:, None] / 255).astype(np.float32)
    lab = cv2.cvtColor(rgb[None], cv2.COLOR_RGB2LAB)[0]
    label = _kmeans(lab, weight, min(PALETTE_COLOURS, len(weight)))
    entries = []
    for k in np.unique(label):
        mine = label == k
        mean = np.average(rgb[mine], axis=0, weights=weight[mine]) * 255
        share = weight[mine].sum() / weight.sum()
        red, green, blue = (round(float(value)) for value in mean)
        entries.append({"hex": f"#{red:02x}{green:02x}{blue:02x}", "share": _short(share)})
    return sorted(entries, key=lambda entry: (-entry["share"], entry["hex"]))


def _kmeans(points: Any, weight: Any, k: int) -> Any:
    """Labels (n,) of `points` (n, d); the same for the same input, always."""
    centres = points[[int(np.argmax(weight))]]
    while len(centres) < k:
        distance = ((points[:, None] - centres) ** 2).sum(-1).min(1)
        # Far, but not for the sake of a few stray pixels.
        centres = np.vstack([centres, points[np.argmax(distance * np.sqrt(weight))]])
    label = np.zeros(len(points), int)
    for _ in range(25):
        label = ((points[:, None] - centres) ** 2).sum(-1).argmin(1)
        for j in np.unique(label):
            centres[j] = np.average(points[label == j], axis=0, weights=weight[label == j])
    return label


def _short(value: Any) -> float:
    """Four decimals are more than any of these figures means."""
    return round(float(value), 4)
