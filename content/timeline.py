"""A title's timeline in steps: what happens in each, from its columns and its shots."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from content.entries import Run, ShotRow
from content.errors import Conflict, Invalid
from content.types import F32

F64 = npt.NDArray[np.float64]

MEANS = (
    "valence",
    "arousal",
    "speech",
    "music",
    "effects",
    "silence",
    "motion_global",
    "motion_local",
    "brightness",
)
"""Columns that a step shows as their mean, each second weighted by the part of it in the step."""
PEAKS = ("loudness_lufs",)
"""Columns that a step shows as their largest value, of all the seconds it touches."""
STEPS_S = (1.0, 3600.0)
MOST = 20_000
"""Steps in one answer."""


def steps(
    run: Run, *, step_s: float = 1.0, start_s: float = 0.0, end_s: float | None = None
) -> list[dict[str, Any]]:
    """One record for each step of `[start_s, end_s)`, the last one shorter where it must be.

    Each has `at_s` (its beginning), `shot`, `mood` and `palette` (hex, the largest first) of the
    shot with the largest part in it, and the columns of `MEANS` and `PEAKS`; None where nothing is
    known.

    Args:
        end_s: of the film where it is None or later than that.

    Raises:
        Conflict: `no_timeline`, for a title without media.
        Invalid: `invalid_step`, outside 1..3600 s; `invalid_range`, when it is empty, begins
            outside the film, or has more than 20,000 steps.
    """
    if run.title.facts is None or not run.shots:
        raise Conflict("no_timeline", "the title was submitted without media: nothing runs in time")
    edges = _edges(run.title.facts.duration_s, step_s, start_s, end_s)
    found = {name: _means(run.timeline.get(name), edges) for name in MEANS}
    found |= {name: _peaks(run.timeline.get(name), edges) for name in PEAKS}
    leading = _leading(run.shots, edges)
    return [
        {
            "at_s": round(float(at_s), 3),
            "shot": shot.idx,
            "mood": _fact(shot, "mood", "top"),
            "palette": [colour["hex"] for colour in _fact(shot, "look", "palette") or ()],
            **{name: values[i] for name, values in found.items()},
        }
        for i, (at_s, shot) in enumerate(zip(edges[:-1], leading, strict=True))
    ]


def _edges(duration_s: float, step_s: float, start_s: float, end_s: float | None) -> F64:
    """Where the steps begin and, last, where they end."""
    if not STEPS_S[0] <= step_s <= STEPS_S[1]:  # false for NaN too
        raise Invalid("invalid_step", "step_s must be from 1 to 3600")
    end_s = duration_s if end_s is None else min(end_s, duration_s)
    if not 0 <= start_s < end_s:
        raise Invalid(
            "invalid_range",
            f"start_s must be at least 0 and before end_s; the title ends at {duration_s:g} s",
        )
    count = max(1, math.ceil((end_s - start_s) / step_s - 1e-9))
    if count > MOST:
        raise Invalid(
            "invalid_range",
            f"these are {count} steps, at most {MOST} are told at once: take a longer step_s or a "
            "shorter range",
        )
    return np.append(start_s + step_s * np.arange(count), end_s)


def _means(column: F32 | None, edges: F64) -> list[float | None]:
    if column is None:
        return [None] * (len(edges) - 1)
    known = np.isfinite(column)
    clock = np.arange(len(column) + 1)
    # Integrals from 0 on: a step that ends within a second takes its part of it.
    sums = np.interp(edges, clock, np.append(0.0, np.cumsum(np.where(known, column, 0.0))))
    weights = np.interp(edges, clock, np.append(0.0, np.cumsum(known, dtype=np.float64)))
    lengths = np.diff(weights)
    means = np.diff(sums) / np.where(lengths > 1e-6, lengths, np.nan)
    return [_short(value) for value in means]


def _peaks(column: F32 | None, edges: F64) -> list[float | None]:
    if column is None:
        return [None] * (len(edges) - 1)
    firsts = np.floor(edges[:-1]).astype(int)
    lasts = np.ceil(edges[1:]).astype(int)
    heard = np.where(np.isfinite(column), column, -np.inf)
    return [
        _short(heard[first:last].max(initial=-np.inf))
        for first, last in zip(firsts, lasts, strict=True)
    ]


def _leading(shots: Sequence[ShotRow], edges: F64) -> list[ShotRow]:
    """For each step the shot with the largest part in it, of equal ones the first."""
    starts = np.array([shot.start_s for shot in shots])
    ends = np.array([shot.end_s for shot in shots])
    firsts = np.searchsorted(ends[:-1], edges[:-1], "right")
    lasts = np.maximum(firsts, np.searchsorted(starts, edges[1:], "left") - 1)
    found = []
    for i, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        part = slice(first, last + 1)
        shares = np.minimum(ends[part], edges[i + 1]) - np.maximum(starts[part], edges[i])
        found.append(shots[first + int(np.argmax(shares))])
    return found


def _fact(shot: ShotRow, group: str, name: str) -> Any:
    return (shot.facts or {}).get(group, {}).get(name)


def _short(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
