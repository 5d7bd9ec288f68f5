"""How fast a film goes: lengths of shots, their rate over time, and where the action peaks.

After Hanjalic & Xu 2005 ("Affective video content representation and modeling"): motion, cutting
and loudness, each smoothed and scaled, then averaged, are the curve of which peaks are told.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from content.types import F32, Facts, Shot, seconds_of

Floats = npt.NDArray[np.float64]

WINDOW_S = 60.0
SHORT_SHARE = 0.1
"""The curve is smoothed over a minute, or over this share of a title of less than ten."""
LEAST_S = 3.0
"""A shorter film has no rate of cutting: one frame is not "1500 shots a minute"."""
MAX_PEAKS = 10
LEAST_RISE = 0.03
"""How far above the mean action a peak must stand, whatever the deviation."""
FAST_MOTION, FAST_CUTTING, LOUD_LU = 0.25, 20.0, 12.0
"""Picture widths a second and shots a minute that count as half of all that could be; loudness
units above the title's median that count as all."""


def pacing(
    shots: Sequence[Shot], motion: npt.NDArray[Any] | None = None, loudness: F32 | None = None
) -> Facts:
    """`pacing` of docs/facts.md.

    Args:
        shots: all of the title's; they tile `[0, duration)`.
        motion: (n, 3) rows of `motion.MotionMeter`, ascending; NaN where unknown.
        loudness: (seconds_of(duration),) LUFS of each second, NaN or −inf where nothing is heard.

    Raises:
        ValueError: there is no shot.
    """
    if not shots:
        raise ValueError("the pace of a title without shots cannot be told")
    lengths = np.array([shot.end_s - shot.start_s for shot in shots])
    window_s = min(WINDOW_S, SHORT_SHARE * lengths.sum())
    long_enough = lengths.sum() >= LEAST_S
    return {
        "shots_per_minute": _short(60 * len(lengths) / lengths.sum()) if long_enough else None,
        "median_shot_s": _short(np.median(lengths)),
        "mean_shot_s": _short(lengths.mean()),
        "longest_shot_s": _short(lengths.max()),
        "curve": _curve(shots, window_s) if long_enough else [],
        "peaks": _peaks(action(shots, motion, loudness), window_s),
    }


def cutting_rate(shots: Sequence[Shot], at_s: npt.NDArray[Any], window_s: float) -> Floats:
    """Shots a minute in a window around each time, (n,).

    A shot counts evenly over its whole length, so that the mean over the title is the title's
    rate; at the ends the window is what of it lies in the film.
    """
    edges = np.array([shots[0].start_s, *(shot.end_s for shot in shots)])
    start = np.clip(at_s - window_s / 2, edges[0], edges[-1])
    end = np.clip(at_s + window_s / 2, edges[0], edges[-1])
    number = np.arange(len(edges), dtype=float)
    passed = np.interp(end, edges, number) - np.interp(start, edges, number)
    rate: Floats = 60 * passed / np.maximum(end - start, 1e-9)
    return rate


def action(
    shots: Sequence[Shot], motion: npt.NDArray[Any] | None = None, loudness: F32 | None = None
) -> Floats:
    """0..1 for each second of the title, (seconds_of(duration),): the mean of what is known of
    motion, cutting and loudness there, each smoothed over a tenth of the curve's window."""
    seconds = seconds_of(shots[-1].end_s)
    window_s = min(WINDOW_S, SHORT_SHARE * shots[-1].end_s)
    rate = cutting_rate(shots, np.arange(seconds) + 0.5, max(2.0, window_s / 3))
    parts = [rate / (rate + FAST_CUTTING)]
    if motion is not None and len(motion):
        parts.append(_movement(motion, seconds))
    if loudness is not None:
        parts.append(_loud(loudness, seconds))
    known = np.stack([_smooth(part, window_s / 10) for part in parts])
    count = np.isfinite(known).sum(0)
    mean: Floats = np.nansum(known, axis=0) / np.maximum(count, 1)
    return mean


def _curve(shots: Sequence[Shot], window_s: float) -> list[dict[str, float]]:
    duration_s = shots[-1].end_s
    at_s = np.arange(window_s / 4, duration_s, window_s / 2)
    rates = cutting_rate(shots, at_s, window_s)
    return [
        {"at_s": round(float(at), 2), "shots_per_minute": _short(rate)}
        for at, rate in zip(at_s, rates, strict=True)
    ]


def _peaks(curve: Floats, window_s: float) -> list[dict[str, float]]:
    """At most `MAX_PEAKS` maxima, half a window apart, one deviation over the mean; by time."""
    from scipy.signal import find_peaks

    floor = float(curve.mean()) + max(LEAST_RISE, float(curve.std()))
    walled = np.concatenate([[-1.0], curve, [-1.0]])  # so that the ends may be peaks
    found, _ = find_peaks(walled, height=floor, distance=max(1, round(window_s / 2)))
    highest = sorted(found - 1, key=lambda at: (-curve[at], at))[:MAX_PEAKS]
    return [{"at_s": at + 0.5, "action": _short(curve[at])} for at in sorted(map(int, highest))]


def _movement(motion: npt.NDArray[Any], seconds: int) -> Floats:
    """0..1 for each second: the camera's and the things' movement together."""
    pace = motion[:, 1] / (motion[:, 1] + FAST_MOTION)
    both = 1 - (1 - np.nan_to_num(pace)) * (1 - motion[:, 2])
    return _by_second(motion[:, 0], both, seconds)


def _loud(loudness: F32, seconds: int) -> Floats:
    """0..1 for each second: how far it is above the title's median."""
    level = np.full(seconds, np.nan)
    level[: min(seconds, len(loudness))] = loudness[:seconds]
    level[~np.isfinite(level)] = np.nan
    if np.isnan(level).all():
        return level
    above: Floats = np.clip((level - np.nanmedian(level)) / LOUD_LU, 0, 1)
    return above


def _by_second(at_s: npt.NDArray[Any], values: npt.NDArray[Any], seconds: int) -> Floats:
    known = np.isfinite(values) & (at_s < seconds)
    slot = at_s[known].astype(int)
    count = np.bincount(slot, minlength=seconds)
    total = np.bincount(slot, values[known], seconds)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _smooth(values: Floats, sigma_s: float) -> Floats:
    """By a Gaussian; what is unknown has no weight and stays unknown."""
    from scipy.ndimage import gaussian_filter1d

    known = np.isfinite(values)
    weight = gaussian_filter1d(known.astype(float), sigma_s, mode="constant")
    total = gaussian_filter1d(np.where(known, values, 0.0), sigma_s, mode="constant")
    return np.where(known, total / np.maximum(weight, 1e-9), np.nan)


def _short(value: Any) -> float:
    return round(float(value), 4)
