"""Which moments to look at, and which of those seen to keep: relevant, and unlike each other."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from content.types import F32, U8, Extraction, Keyframe, Shot

Bools = npt.NDArray[np.bool_]

MAX_PROBES = 30
"""Moments fetched at full resolution, however long the film."""
FILL_TO = 24
"""With fewer keyframes than this, further moments within the shots are tried."""
SPACING_S = 0.3
EDGE_S = 0.2
"""Kept clear at either end of a shot, where cuts and fades blend two pictures."""


def probe_times(extraction: Extraction) -> list[float]:
    """The moments worth fetching, ascending seconds: at most `MAX_PROBES`, none twice.

    The keyframes that are not plainly unfit come first; if there are many, those that tell most
    of the film (`diverse`); if there are few, further moments as far as possible from the ones
    taken, in their own shot. A little is kept clear at either end of the film unless nothing
    would be left.
    """
    # Films fade in and out; a film of one frame has its ends alone.
    margin_s = min(1.0, 0.03 * extraction.facts.duration_s)
    return _probes(extraction, margin_s) or _probes(extraction, 0.0)


def diverse(
    relevance: Sequence[float],
    vectors: F32,
    count: int,
    *,
    duplicate: float = 2.0,
    apart: Bools | None = None,
) -> list[int]:
    """Up to `count` indices, best first: maximal marginal relevance (Carbonell & Goldstein 1998).

    Each step takes the largest `relevance - likeness`, likeness being the largest cosine with one
    already taken, and never one that is as like as `duplicate`. The first taken is the most
    relevant; equal ones go by index.

    Args:
        relevance: n numbers, 0..1.
        vectors: (n, d), unit norm.
        apart: (n, n), symmetric: which pairs may be taken together; all when None.
    """
    likeness = np.full(len(relevance), -1.0)
    barred = np.zeros(len(relevance), dtype=np.bool_)
    score, taken = np.asarray(relevance, dtype=np.float64), list[int]()
    while len(taken) < min(count, len(score)):
        gain = np.where(
            barred | (likeness >= duplicate), -np.inf, score - np.maximum(likeness, 0.0)
        )
        gain[taken] = -np.inf
        best = int(np.argmax(gain))
        if gain[best] == -np.inf:
            break
        taken.append(best)
        likeness = np.maximum(likeness, vectors @ vectors[best])
        if apart is not None:
            barred |= ~apart[best]
    return taken


def sketch(rgb: U8) -> F32:
    """What is where in RGB uint8 (H, W, 3): CIE Lab, (9, 16, 3), lightness about its median.

    Coarse, so that noise, sparkle and small parts do not count; about the median, so that neither
    does a light that goes up or down.
    """
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    coarse = np.asarray(cv2.resize(lab, (16, 9), interpolation=cv2.INTER_AREA), dtype=np.float32)
    coarse[..., 0] -= np.median(coarse[..., 0])
    return coarse


def change(one: F32, other: F32) -> float:
    """Mean distance of two sketches, in Lab units (CIE76): a viewer's "nothing has happened".

    An embedding tells what is to be seen; a pose it may tell apart that a viewer at a shelf does
    not.
    """
    return float(np.linalg.norm(one - other, axis=2).mean())


def _probes(extraction: Extraction, margin_s: float) -> list[float]:
    first_s, last_s = margin_s, extraction.facts.duration_s - margin_s
    fit = [f for f in extraction.keyframes if _fit(f) and first_s <= f.at_s <= last_s]
    if len(fit) > MAX_PROBES:
        relevance = [frame.sharpness * min(1.0, frame.contrast * 4) for frame in fit]
        fit = [fit[i] for i in diverse(relevance, _stack(fit), MAX_PROBES)]
    times = sorted({frame.at_s for frame in fit})
    spots = [(spot, s) for s in extraction.shots for spot in _spots(s) if first_s <= spot <= last_s]
    return times if len(times) >= FILL_TO else _filled(times, spots)


def _fit(frame: Keyframe) -> bool:
    return frame.brightness > 0.03 and frame.contrast > 0.03


def _stack(frames: Sequence[Keyframe]) -> F32:
    return np.stack([frame.embedding for frame in frames]).astype(np.float32)


def _filled(times: list[float], spots: list[tuple[float, Shot]]) -> list[float]:
    """`times` and, farthest first within their shots, some of `spots`: `FILL_TO` together."""
    chosen = list(times)
    while len(chosen) < FILL_TO and spots:
        gaps = [_gap(spot, shot, chosen) for spot, shot in spots]
        widest = int(np.argmax(gaps))
        if gaps[widest] < SPACING_S / 2:
            break
        chosen.append(spots.pop(widest)[0])
    return sorted(chosen)


def _spots(shot: Shot) -> list[float]:
    """Moments on an even grid inside a shot, clear of its ends, to the millisecond."""
    length = shot.end_s - shot.start_s - 2 * EDGE_S
    if length <= 0:
        return []
    count = min(FILL_TO, int(length / SPACING_S) + 1)
    return [round(shot.start_s + EDGE_S + (i + 0.5) * length / count, 3) for i in range(count)]


def _gap(spot: float, shot: Shot, chosen: Sequence[float]) -> float:
    """Seconds to the nearest chosen moment of the same shot; its length when there is none."""
    near = [abs(spot - t) for t in chosen if shot.start_s <= t < shot.end_s]
    return min(near, default=shot.end_s - shot.start_s)
