"""Which moments of a film to look at: a first pass on what is known of it, no picture decoded.

What extraction kept of every keyframe (its light, contrast, sharpness and vector) tells the unfit
and the repeated; only the others are fetched at full resolution.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from artwork.candidates.selection import likeness_in_time, likeness_of_vectors, most_telling
from artwork.quality.gates import changing, in_transition
from content.types import Extraction, Keyframe, Shot

F64 = npt.NDArray[np.float64]

MAX_LOOKS = 120
"""Moments fetched at full resolution, however long the film."""
MIN_LOOKS = 72
"""With fewer keyframes than this, further moments within the shots are looked at, too."""
SPACING_S = 0.3
EDGE_S, EDGE = 0.12, 0.25
"""Kept clear at either end of what of a shot is whole (`gates.changing`): seconds, and at most this
share of it."""
ENDING = 0.1
"""The last part of a film, as a share: how it ends is not told on its poster."""
LEAST_LIGHT, LEAST_CONTRAST = 0.03, 0.03
"""A keyframe's, from which on it is worth fetching."""
_WORDS = 0.02
"""`text_area` of a keyframe from which its words make it less worth looking at."""


def probe_times(extraction: Extraction, *, spoilers: bool = False) -> list[float]:
    """The moments worth fetching, ascending seconds: at most `MAX_LOOKS`, none twice.

    The keyframes that are not plainly unfit come first; if there are many, those that tell most
    of the film (a determinantal choice over sharpness, look and time); if there are few, further
    moments as far as possible from the ones taken, in their own shot. A little is kept clear at
    either end of the film unless nothing would be left, and so is its last tenth.

    Args:
        spoilers: look at the last tenth, too.
    """
    duration_s = extraction.facts.duration_s
    first_s, last_s, told_s = _limits(duration_s, spoilers=spoilers)
    return (
        _probes(extraction, first_s, told_s)
        or _probes(extraction, first_s, last_s)
        or _probes(extraction, 0.0, duration_s)
    )


def unseen(
    extraction: Extraction, times: Sequence[float], *, spoilers: bool = False
) -> list[tuple[float, str]]:
    """The shots that none of `times` (`probe_times`) lies in: of each its keyframe's time, and why.

    `dark`, `flat`: by all that is known of it, so is its picture. `mid_transition`: no moment of it
    is clear of the changes at its ends. `ending`, `film_edge`: it lies in the film's last tenth, or
    at its very ends. `unseen`: other moments promised to tell more.
    """
    shots = extraction.shots
    starts = np.array([shot.start_s for shot in shots])
    seen = set((np.searchsorted(starts, times, side="right") - 1).tolist())
    return [
        (shot.keyframe_s, _why_unseen(extraction, n, spoilers=spoilers))
        for n, shot in enumerate(shots)
        if n not in seen
    ]


def _why_unseen(extraction: Extraction, n: int, *, spoilers: bool) -> str:
    first_s, last_s, told_s = _limits(extraction.facts.duration_s, spoilers=spoilers)
    since_s, until_s = whole(extraction.shots)[n]
    frames = [frame for frame in extraction.keyframes if frame.shot == n]
    if until_s <= since_s:
        return "mid_transition"
    if max(first_s, since_s) >= min(last_s, until_s):
        return "film_edge"
    if max(first_s, since_s) >= min(told_s, until_s):
        return "ending"
    if frames and not any(map(_fit, frames)):
        return "dark" if all(frame.brightness <= LEAST_LIGHT for frame in frames) else "flat"
    return "unseen"


def _limits(duration_s: float, *, spoilers: bool) -> tuple[float, float, float]:
    """When looking begins, when it ends, and when it ends so that the ending is not told."""
    # Films fade in and out; a film of one frame has its ends alone.
    margin_s = min(1.0, 0.03 * duration_s)
    last_s = duration_s - margin_s
    return margin_s, last_s, last_s if spoilers else min(last_s, (1 - ENDING) * duration_s)


def _probes(extraction: Extraction, first_s: float, last_s: float) -> list[float]:
    clear = _clear(extraction.shots)
    fit = [
        moved
        if first_s <= (moved := _within(frame, clear, extraction.shots)).at_s <= last_s
        else frame
        for frame in extraction.keyframes
        if _fit(frame)
    ]
    within = [f for f in fit if first_s <= f.at_s <= last_s]
    kept = [f for f in within if not in_transition(f.at_s, 0.0, extraction.shots)] or within
    if len(kept) > MAX_LOOKS:
        kept = _telling(kept, extraction)
    times = sorted({frame.at_s for frame in kept})
    if len(times) >= MIN_LOOKS:
        return times
    lit = {frame.shot for frame in fit}
    spots = [
        (spot, n)
        for n, ends in enumerate(clear)
        if n in lit
        for spot in _spots(*ends)
        if first_s <= spot <= last_s
    ]
    return _filled(times, spots, extraction.shots)


def _fit(frame: Keyframe) -> bool:
    return frame.brightness > LEAST_LIGHT and frame.contrast > LEAST_CONTRAST


def _within(
    frame: Keyframe, clear: Sequence[tuple[float, float]], shots: Sequence[Shot]
) -> Keyframe:
    """A keyframe that lies in a change of shot, moved to the nearest moment that is clear of it:
    its figures then stand for a neighbour's."""
    since_s, until_s = clear[frame.shot]
    if until_s <= since_s or not in_transition(frame.at_s, 0.0, shots):
        return frame
    return replace(frame, at_s=round(min(max(frame.at_s, since_s), until_s), 3))


def _telling(frames: Sequence[Keyframe], extraction: Extraction) -> list[Keyframe]:
    worth_of = {frame.at_s: _worth(frame, extraction) for frame in frames}
    # Of a film of thousands of shots the best of every few: likeness takes n² numbers.
    runs = np.array_split(np.arange(len(frames)), min(len(frames), 4 * MAX_LOOKS))
    frames = [max((frames[i] for i in run), key=lambda f: worth_of[f.at_s]) for run in runs]
    vectors = np.stack([frame.embedding for frame in frames]).astype(np.float64)
    at_s = np.array([frame.at_s for frame in frames])
    span_s = extraction.facts.duration_s / MAX_LOOKS
    like = 0.6 * likeness_of_vectors(vectors) + 0.4 * likeness_in_time(at_s, span_s)
    worth = [worth_of[frame.at_s] for frame in frames]
    return [frames[i] for i in most_telling(worth, like, MAX_LOOKS)]


def _worth(frame: Keyframe, extraction: Extraction) -> float:
    """How promising a keyframe is, 0..1; half of it where much is written, as far as was read."""
    promise = frame.sharpness * min(1.0, frame.contrast * 4)
    if extraction.shot_facts and frame.at_s == extraction.shots[frame.shot].keyframe_s:
        area = extraction.shot_facts[frame.shot].look.get("text_area") or 0.0
        return promise * (0.5 if area > _WORDS else 1.0)
    return promise


def _filled(
    times: list[float], spots: Sequence[tuple[float, int]], shots: Sequence[Shot]
) -> list[float]:
    """`times` and, farthest first within their shots, some of `spots`: `MIN_LOOKS` together."""
    chosen = list(times)
    at_s = np.array([spot for spot, _ in spots])
    own = np.array([n for _, n in spots])
    gaps = np.array([shots[n].end_s - shots[n].start_s for _, n in spots])
    for taken in chosen:
        _narrow(gaps, at_s, own, shots, taken)
    while len(chosen) < MIN_LOOKS and gaps.size:
        widest = int(np.argmax(gaps))
        if gaps[widest] < SPACING_S / 2:
            break
        chosen.append(float(at_s[widest]))
        _narrow(gaps, at_s, own, shots, chosen[-1])
    return sorted(chosen)


def _narrow(
    gaps: F64, at_s: F64, own: npt.NDArray[np.int_], shots: Sequence[Shot], taken_s: float
) -> None:
    """What is left of the distance from every spot to the nearest taken one of its shot."""
    for n in set(own[np.abs(at_s - taken_s) <= gaps].tolist()):
        if shots[n].start_s <= taken_s < shots[n].end_s:
            same = own == n
            gaps[same] = np.minimum(gaps[same], np.abs(at_s[same] - taken_s))


def whole(shots: Sequence[Shot]) -> list[tuple[float, float]]:
    """Of each shot, from when until when nothing of another is in the picture; the first is not
    before the second where no moment is so."""
    spans = [changing(shot) for shot in shots]
    ends = [*(since_s for since_s, _ in spans[1:]), *(shot.end_s for shot in shots[-1:])]
    return [
        (max(shot.start_s, until_s), min(shot.end_s, end_s))
        for shot, (_, until_s), end_s in zip(shots, spans, ends, strict=True)
    ]


def _clear(shots: Sequence[Shot]) -> list[tuple[float, float]]:
    """The same, a little within: what a compressor or a camera does at a cut is over."""
    return [
        (since_s + edge_s, until_s - edge_s)
        for since_s, until_s in whole(shots)
        for edge_s in [min(EDGE_S, EDGE * max(0.0, until_s - since_s))]
    ]


def _spots(start_s: float, end_s: float) -> list[float]:
    """Moments on an even grid, to the millisecond."""
    length = end_s - start_s
    if length <= 0:
        return []
    count = min(MIN_LOOKS, int(length / SPACING_S) + 1)
    return [round(start_s + (i + 0.5) * length / count, 3) for i in range(count)]
