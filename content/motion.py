"""Movement from the tiny pictures that stream by: the camera's, and what moves by itself.

Pairs of signatures about an eighth of a second apart are aligned (`content.alignment`); the flow
of the alignment is the camera's, what still differs after it moves by itself.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from content.alignment import SIZE, Aligner
from content.decode import Signatures
from content.types import F32, U8, Facts

HALF_S = 0.5
PAIR_S = 0.125
"""Frames of a pair are about this far apart: eight pairs a second tell as much as 24."""
GAP_S = 2.0
"""Frames further apart are no pair."""
BATCH = 32
"""Pairs that are measured together."""

Row = tuple[float, float, float]
"""Start of the half second, motion_global (picture widths a second), motion_local (0..1); NaN
where there is nothing to compare."""


class MotionMeter:
    """Feed signatures in order; a row for each half second comes out, two a second.

    The medians over a half second's pairs are taken, so that a cut in it is not taken for motion.

    Args:
        aspect: width / height of the picture that the signatures show.
    """

    def __init__(self, aspect: float = 16 / 9) -> None:
        self._aligner = Aligner(aspect)
        self._times: list[float] = []
        self._pictures: list[F32] = []
        self._slot = 0
        self._pairs: dict[int, list[tuple[float, float]]] = {}

    def feed(self, signatures: Signatures) -> list[Row]:
        """The rows of the half seconds that are complete by now, ascending."""
        rows: list[Row] = []
        for at_s, pixels in zip(signatures.at_s, signatures.pixels, strict=True):
            if not self._times:
                self._slot = _slot(at_s)
            if not self._times or at_s - self._times[-1] > PAIR_S - 0.02:
                self._times.append(at_s)
                self._pictures.append(small_luma(pixels))
            if len(self._times) > BATCH:
                rows += self._measured()
        return rows

    def finish(self) -> list[Row]:
        """The rows that are left."""
        if not self._times:
            return []
        return self._measured() + self._completed(_slot(self._times[-1]) + 1)

    def _measured(self) -> list[Row]:
        """Measure the pairs that wait; the last picture begins the next one."""
        pictures, times = np.stack(self._pictures), self._times
        for at_s, next_s, (shift, local) in zip(
            times, times[1:], self._aligner.compare(pictures[:-1], pictures[1:]), strict=False
        ):
            if next_s - at_s <= GAP_S:
                for slot in range(_slot(at_s), max(_slot(at_s) + 1, _slot(next_s))):
                    self._pairs.setdefault(slot, []).append((shift / (next_s - at_s), local))
        self._times, self._pictures = times[-1:], self._pictures[-1:]
        return self._completed(_slot(self._times[0]))

    def _completed(self, before: int) -> list[Row]:
        slots = range(self._slot, before)
        self._slot = max(self._slot, before)
        return [(slot * HALF_S, *_medians(self._pairs.pop(slot, []))) for slot in slots]


def motion_facts(rows: npt.NDArray[Any]) -> Facts:
    """`motion_global` and `motion_local` of rows (n, 3) as `MotionMeter` gives: their means.

    None where no row knows.
    """
    facts: Facts = {}
    for column, fact in ((1, "motion_global"), (2, "motion_local")):
        known = rows[:, column][np.isfinite(rows[:, column])] if len(rows) else rows
        facts[fact] = round(float(known.mean()), 4) if len(known) else None
    return facts


def small_luma(bgr: U8) -> F32:
    """Luma (Rec. 601), 0..255, of a BGR picture (H, W, 3), made small: `alignment.SIZE`."""
    import cv2

    # Not in whole numbers: a slow pan changes a pixel by less than one.
    luma = cv2.cvtColor(bgr.astype(np.float32), cv2.COLOR_BGR2GRAY)
    # Smoothed, so that a shift by part of a pixel is one for the interpolation, too.
    small = cv2.resize(luma, SIZE[::-1], interpolation=cv2.INTER_AREA)
    smooth: F32 = cv2.GaussianBlur(small, (5, 5), 1.0)
    return smooth


def _slot(at_s: float) -> int:
    return int((at_s + 1e-6) // HALF_S)


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    if not pairs:
        return float("nan"), float("nan")
    shifts = [shift for shift, _ in pairs if not np.isnan(shift)]
    local = float(np.median([local for _, local in pairs]))
    return (float(np.median(shifts)) if shifts else float("nan")), local
