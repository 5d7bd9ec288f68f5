"""Mood over a film: each shot in the company of its neighbours, and the title as a whole.

Pushes are mixed, not distributions: what comes out still says of every fact what it did.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from content.mood.model import F64, Reading
from content.pacing import LEAST_S
from content.types import F32, Facts, Shot

_MUSICAL = ("tempo_bpm", "beat_strength", "key", "mode", "key_confidence")
Told = TypeVar("Told", float, F64)

AROUND_S = 15.0
"""Cutting is counted as far as this to each side of a shot's middle."""
NEIGHBOURS_S = 4.0
"""A neighbour's say falls to 1/e over so many seconds between the middles of the shots …"""
NEIGHBOURS = 0.3
"""… and all neighbours together have at most this share: a cut may well change the mood."""
MUSIC_S = 8.0
"""Tempo and key need so much sound: those of a shorter shot are its surroundings'."""
DISTINCT = 0.3
"""Share of a title's score for a mood that is taken where that mood is strongest …"""
STRONGEST = 0.2
"""… which is this share of the screen time."""


def surroundings(shots: Sequence[Shot]) -> list[Facts]:
    """For each shot the pace that it stands in.

    `shots_per_minute` of the cutting within 15 s of its middle (as far as the film goes; None where
    it is shorter than `LEAST_S`), and `median_shot_s`, which for one shot is its own length.
    """
    if not shots:
        return []
    edges = np.array([*(shot.start_s for shot in shots), shots[-1].end_s])
    middle = (edges[1:] + edges[:-1]) / 2
    low = np.maximum(middle - AROUND_S, 0.0)
    high = np.minimum(middle + AROUND_S, edges[-1])
    # Between its edges a shot counts as the part of it that has passed.
    counted = np.interp([low, high], edges, np.arange(len(edges)))
    rate = 60 * (counted[1] - counted[0]) / np.maximum(high - low, 1e-6)
    told = edges[-1] - edges[0] >= LEAST_S
    return [
        {"shots_per_minute": float(per_minute) if told else None, "median_shot_s": float(length)}
        for per_minute, length in zip(rate, np.diff(edges), strict=True)
    ]


def musical_span(shot: Shot, duration_s: float) -> tuple[float, float]:
    """Start and end (s) of the sound that a shot's tempo and key are told from.

    8 s or more, or the whole of a shorter film. Music plays on over the cuts; in the two seconds
    of a shot it has neither tempo nor key.
    """
    short_by = max(0.0, MUSIC_S - (shot.end_s - shot.start_s))
    latest_s = min(shot.start_s, duration_s - MUSIC_S)
    start_s = max(0.0, min(shot.start_s - short_by / 2, latest_s))
    return start_s, min(duration_s, max(shot.end_s, start_s + MUSIC_S))


def with_music(sound: Facts, around: Facts) -> Facts:
    """A shot's own `sound`, with tempo, beat and key of its `musical_span`."""
    return sound | {name: around[name] for name in _MUSICAL if name in around}


def smoothed(shots: Sequence[Shot], readings: Sequence[Reading]) -> list[Reading]:
    """Each shot's reading with a little of its neighbours', nearer ones more (see the constants).

    The values are the shot's own.
    """
    middle = np.array([(shot.start_s + shot.end_s) / 2 for shot in shots])
    return [
        Reading(own.values, _with_neighbours(i, middle, readings), own.affinities)
        for i, own in enumerate(readings)
    ]


def _with_neighbours(i: int, middle: F64, readings: Sequence[Reading]) -> F64:
    reach = 4 * NEIGHBOURS_S
    first, last = np.searchsorted(middle, [middle[i] - reach, middle[i] + reach])
    near = [j for j in range(first, last) if j != i]
    nearness = np.array([np.exp(-abs(middle[j] - middle[i]) / NEIGHBOURS_S) for j in near])
    share = NEIGHBOURS * nearness / max(1.0, float(nearness.sum()))
    mixed: F64 = (1 - float(share.sum())) * readings[i].pushes
    for j, part in zip(near, share, strict=True):
        mixed = mixed + part * readings[j].pushes
    return mixed


def title_reading(
    shots: Sequence[Shot], readings: Sequence[Reading], told: Reading | None = None
) -> Reading:
    """The whole: the mean by screen time, and a share of what is distinct.

    A mood's score is 70 % its mean over the film and 30 % its mean over the fifth of the screen
    time where it is strongest: a film of one terrible scene is told from one that is mild
    throughout. Values and affinities are means by screen time over the shots that tell them.
    What `told` adds (the synopsis: a reading of words alone) comes on top.

    Raises:
        ValueError: no shots.
    """
    if not readings:
        raise ValueError("a title has at least one shot")
    seconds = np.array([shot.end_s - shot.start_s for shot in shots])
    pushes = np.stack([reading.pushes for reading in readings])
    mean = np.average(pushes, axis=0, weights=seconds)
    peaks = np.stack([_strongest(pushes[:, mood], seconds) for mood in range(mean.shape[0])])
    mixed = (1 - DISTINCT) * mean + DISTINCT * peaks
    values = _means([reading.values for reading in readings], seconds)
    affinities = _means([reading.affinities for reading in readings], seconds)
    if told is not None:
        mixed = mixed + told.pushes
        values, affinities = {**values, **told.values}, {**affinities, **told.affinities}
    return Reading(values, mixed - mixed.mean(0), affinities)


def _strongest(pushes: F64, seconds: F64) -> F64:
    """Mean pushes (facts,) over the share of the screen time where their sum is largest."""
    order = np.argsort(-pushes.sum(1), kind="stable")
    room = STRONGEST * seconds.sum()
    before = np.concatenate([[0.0], np.cumsum(seconds[order])[:-1]])
    taken = np.clip(room - before, 0.0, seconds[order])
    mean: F64 = np.average(pushes[order], axis=0, weights=taken)
    return mean


def _means(told: Sequence[Mapping[str, Told]], seconds: F64) -> dict[str, Told]:
    found = {}
    for fact in dict.fromkeys(fact for facts in told for fact in facts):
        pairs = [(f[fact], s) for f, s in zip(told, seconds, strict=True) if fact in f]
        found[fact] = sum(v * s for v, s in pairs) / sum(s for _, s in pairs)
    return found


def by_second(shots: Sequence[Shot], moods: Sequence[Facts], seconds: int) -> dict[str, F32]:
    """Timeline columns `valence` and `arousal`, (seconds,): of the shot at each second's middle.

    NaN where that shot has no mood.
    """
    starts = np.array([shot.start_s for shot in shots])
    at = np.searchsorted(starts, np.arange(seconds) + 0.5, side="right") - 1
    return {
        name: np.array([moods[i].get(name, np.nan) for i in np.maximum(at, 0)], np.float32)
        for name in ("valence", "arousal")
    }
