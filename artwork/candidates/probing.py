"""Which moments of a film to look at: a first pass on what is known of it, no picture decoded.

What extraction kept of every keyframe (its light, contrast, sharpness and vector) tells the unfit
and the repeated; only the others are fetched at full resolution.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from artwork.candidates.selection import likeness_in_time, likeness_of_vectors, most_telling
from artwork.quality.gates import SPANS_S, in_transition
from content.types import Extraction, Keyframe, Shot

F64 = npt.NDArray[np.float64]

MAX_LOOKS = 120
"""Moments fetched at full resolution, however long the film."""
MIN_LOOKS = 72
"""With fewer keyframes than this, further moments within the shots are looked at, too."""
SPACING_S = 0.3
EDGE_S = 0.2
"""Kept clear at either end of a shot; more where it begins or ends gradually (`gates.SPANS_S`)."""
ENDING = 0.1
"""The last part of a film, as a share: how it ends is not told on its poster."""
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
    # Films fade in and out; a film of one frame has its ends alone.
    margin_s = min(1.0, 0.03 * duration_s)
    last_s = duration_s - margin_s
    told_s = last_s if spoilers else min(last_s, (1 - ENDING) * duration_s)
    return (
        _probes(extraction, margin_s, told_s)
        or _probes(extraction, margin_s, last_s)
        or _probes(extraction, 0.0, duration_s)
    )


def _probes(extraction: Extraction, first_s: float, last_s: float) -> list[float]:
    within = [f for f in extraction.keyframes if _fit(f) and first_s <= f.at_s <= last_s]
    whole = [f for f in within if not in_transition(f.at_s, 0.0, extraction.shots)]
    kept = whole or within
    if len(kept) > MAX_LOOKS:
        kept = _telling(kept, extraction)
    times = sorted({frame.at_s for frame in kept})
    if len(times) >= MIN_LOOKS:
        return times
    spots = [
        (spot, n)
        for n, ends in enumerate(_clear(extraction.shots))
        for spot in _spots(*ends)
        if first_s <= spot <= last_s
    ]
    return _filled(times, spots, extraction.shots)


def _fit(frame: Keyframe) -> bool:
    return frame.brightness > 0.03 and frame.contrast > 0.03


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


def _clear(shots: Sequence[Shot]) -> list[tuple[float, float]]:
    """Of each shot, when it is whole: clear of the transitions at its ends."""
    sides = [SPANS_S.get(shot.boundary, (EDGE_S, EDGE_S)) for shot in shots]
    ends = [*(before for before, _ in sides[1:]), EDGE_S]
    return [
        (shot.start_s + after, shot.end_s - before)
        for shot, (_, after), before in zip(shots, sides, ends, strict=True)
    ]


def _spots(start_s: float, end_s: float) -> list[float]:
    """Moments on an even grid, to the millisecond."""
    length = end_s - start_s
    if length <= 0:
        return []
    count = min(MIN_LOOKS, int(length / SPACING_S) + 1)
    return [round(start_s + (i + 0.5) * length / count, 3) for i in range(count)]
