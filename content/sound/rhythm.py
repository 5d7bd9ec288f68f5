"""Attacks, beat and tempo, from the onset envelope in the rows (32 frames a second)."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from content.sound import rows as layout
from content.sound.rows import Rows

F64 = npt.NDArray[np.float64]

FINE = 4
"""Lags a frame: the correlation is interpolated, since a frame is 9 % of a quick beat."""
LAG_S = 1 / (layout.ONSETS * FINE)
LAGS = 136 * FINE
"""Of the autocorrelation: up to 4.2 s, two beats at 30 a minute."""
TEMPO_BPM = 30.0, 300.0
OCTAVES = 0.9
"""Width of the preference for beats near 120 a minute, a standard deviation."""
PROMINENCE_DB = 4.0
"""Mean rise over the bands that makes an attack."""
_WINDOW_S, _STEP_S = 12, 6
"""Tempo drifts and music changes: correlated within windows, then added."""
_BEAT_S = 7
"""Seconds around a second in which its beat is looked for …"""
_BEAT_MIN_S = 4
"""… and the fewest that tell."""
_BEAT_LAGS = slice(8 * FINE, 36 * FINE)
"""0.25 to 1.1 s."""
_DOUBLED = 0.8
"""A beat at half the lag, of at least so much of the strength, is the beat."""
_FASTEST_BPM = 210.0


class Tempo(NamedTuple):
    """`bpm` is None without a clear beat; `strength` is 0..1."""

    bpm: float | None
    strength: float


def onsets(rows: Rows) -> int:
    """Attacks: peaks of the envelope, at least 94 ms apart."""
    from scipy.signal import find_peaks

    return len(find_peaks(_envelope(rows), prominence=PROMINENCE_DB, distance=3)[0])


def tempo(rows: Rows) -> Tempo:
    """The beat that fits best, near 120 a minute favoured (Ellis 2007, "Beat tracking by dynamic
    programming"), a period being preferred to its multiples, and measured over two to four beats.

    Clear is what stands out of what noise of that length gives by chance. Nothing is clear below
    four seconds.
    """
    curve = autocorrelation(rows)
    if len(rows) < _BEAT_MIN_S or curve[0] <= 0:
        return Tempo(None, 0.0)
    shortest, longest = (round(60 / (bpm * LAG_S)) for bpm in reversed(TEMPO_BPM))
    lags = np.arange(shortest, min(longest, LAGS - 2, len(rows) * layout.ONSETS * FINE // 2) + 1)
    prior = np.exp(-0.5 * (np.log2(60 / (lags * LAG_S) / 120) / OCTAVES) ** 2)
    lag = int(lags[np.argmax(np.maximum(curve[lags], 0) * prior)])
    lag = _period(curve, lag)
    strength = float(np.clip(curve[lag], 0.0, 1.0))
    by_chance = max(0.2, 4.0 / np.sqrt(len(rows) * layout.ONSETS))
    bpm = float(np.clip(60 / (_refined(curve, lag) * LAG_S), *TEMPO_BPM))
    return Tempo(bpm if strength >= by_chance else None, strength)


def beat_strength(rows: Rows) -> F64:
    """How regular the attacks around each second are, (seconds,), 0..1; 0 below four seconds."""
    seconds = len(rows)
    width = min(_BEAT_S, seconds)
    if width < _BEAT_MIN_S:
        return np.zeros(seconds)
    curves = _correlations(rows, width, 1)
    curves = curves / np.maximum(curves[:, :1], 1e-9)
    strength = np.clip(curves[:, _BEAT_LAGS].max(axis=1), 0.0, 1.0)
    # The first and last seconds share the first and last whole window.
    nearest: F64 = strength[np.clip(np.arange(seconds) - width // 2, 0, seconds - width)]
    return nearest


def autocorrelation(rows: Rows) -> F64:
    """Of the envelope about its mean, (LAGS,), 1 at lag 0; all 0 where there is no attack."""
    if not len(rows):
        return np.zeros(LAGS)
    curve = _correlations(rows, min(_WINDOW_S, len(rows)), _STEP_S).sum(0)
    whole: F64 = curve / curve[0] if curve[0] > 1e-6 else np.zeros(LAGS)
    return whole


def _envelope(rows: Rows) -> F64:
    return np.asarray(rows[:, layout.ONSET], np.float64).reshape(-1)


def _correlations(rows: Rows, width: int, step: int) -> F64:
    """Of each window of `width` seconds, (windows, LAGS), as if each lag had as many pairs; lags
    beyond half the window are 0."""
    envelope = np.asarray(rows[:, layout.ONSET], np.float64)
    starts = list(range(0, len(rows) - width + 1, step))
    size = width * layout.ONSETS
    points = 1 << (2 * size - 1).bit_length()
    found = np.zeros((len(starts), LAGS))
    lags = min(LAGS, FINE * size // 2 + 1)
    pairs = size / (size - np.arange(lags) / FINE)
    for n, at in enumerate(starts):
        window = envelope[at : at + width].reshape(-1)
        power = np.abs(np.fft.rfft(window - window.mean(), points)) ** 2
        found[n, :lags] = FINE * np.fft.irfft(power, FINE * points)[:lags] * pairs
    return found


def _period(curve: F64, lag: int) -> int:
    """Halve the lag while half of it is as good a beat."""
    while 60 / (lag / 2 * LAG_S) <= _FASTEST_BPM:
        half = _top(curve, lag / 2)
        if half is None or curve[half] < _DOUBLED * curve[lag]:
            break
        lag = half
    return lag


def _refined(curve: F64, lag: int) -> float:
    """The period in lags, measured over two and four beats where the curve has tops there."""
    period = _vertex(curve, lag)
    for times in (2, 4):
        top = _top(curve, period * times)
        if top is None or curve[top] < 0.5 * curve[lag]:
            break
        period = _vertex(curve, top) / times
    return period


def _top(curve: F64, lag: float) -> int | None:
    """The highest lag within a frame of `lag`, if the curve falls to both sides of it."""
    first = max(1, round(lag) - FINE)
    near = curve[first : round(lag) + FINE + 1]
    if first + near.size + 1 >= curve.size:
        return None
    top = first + int(np.argmax(near))
    return top if first < top < first + near.size - 1 else None


def _vertex(curve: Any, lag: int) -> float:
    left, here, right = curve[lag - 1 : lag + 2]
    bend = left - 2 * here + right
    return lag + (float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0)
