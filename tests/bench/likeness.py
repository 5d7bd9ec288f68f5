"""How near pictures come to a title's frames: its own, changed ones, and those of other clips.

For each sample clip: cosines of the embedded encoder with the nearest frame of the clip, and which
share of other clips' frames the floor of `artwork.generate.likeness` lets in. The floor knows no
strangers here: the harder case, a catalogue of one title.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from artwork.generate.likeness import floor
from artwork.quality.picture import analysis_picture
from content.decode import grab, probe
from content.encoders.models import Models
from content.types import F32, U8
from samples.fetch import fetch

FRAMES = 24
LEAST_FRAMES = 6
Row = dict[str, object]


def run() -> list[Row]:
    """One row a clip; `graded`, `softened` and `flipped` are the median of its frames changed."""
    models = Models()
    films: dict[str, list[U8]] = {}
    for name, path in fetch(Path(".cache/samples").resolve()).items():
        if path.suffix in (".mp4", ".mkv") and len(found := _frames(path)) >= LEAST_FRAMES:
            films[name] = found
    vectors = {name: models.visual.encode(frames) for name, frames in films.items()}
    nobody = np.zeros((0, 1), np.float32)
    rows = []
    for name, own in vectors.items():
        others = np.concatenate([other for each, other in vectors.items() if each != name])
        least, nearest = floor(own, nobody), _nearest(others, own)
        row: Row = {"clip": name, "frames": len(own), "floor": f"{least:.2f}"}
        for label, change in CHANGES.items():
            changed = models.visual.encode([change(frame) for frame in films[name]])
            row[label] = f"{np.median(_nearest(changed, own)):.2f}"
        row |= {
            "others, 95 %": f"{np.quantile(nearest, 0.95):.2f}",
            "others, most": f"{nearest.max():.2f}",
            "others let in": f"{(nearest >= least).sum()} of {len(nearest)}",
        }
        rows.append(row)
    return rows


def _frames(path: Path) -> list[U8]:
    """Small, evenly over the clip, without what is dark or plain."""
    length_s = probe(path).duration_s
    times = [length_s * (i + 0.5) / FRAMES for i in range(FRAMES)]
    small = [analysis_picture(rgb) for _, rgb in grab(path, times)]
    return [rgb for rgb in small if rgb.mean() > 20 and rgb.std() > 15]


def _nearest(some: F32, frames: F32) -> F32:
    return np.asarray((some @ frames.T).max(axis=1))


def _graded(rgb: U8) -> U8:
    """A quarter darker, towards blue."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(float)
    lab = np.clip(lab * [0.75, 1, 1] - [0, 0, 14], 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


CHANGES: dict[str, Callable[[U8], U8]] = {
    "flipped": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "graded": _graded,
    "softened": lambda rgb: np.asarray(cv2.bilateralFilter(rgb, 15, 80, 80), np.uint8),
}
