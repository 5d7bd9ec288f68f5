"""From the rows of any stretch of sound, a shot or a film, to its vector.

The vector joins seven families of numbers. Each number is centred and scaled by constants set by
hand (typical film sound is then within ±1), clipped to ±3, and each family divided by the root of
its size and multiplied by its weight, so that none dominates by being many or loud. A number that
the stretch is too short to tell sits at its centre. Unit norm.
"""

import json
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from content.sound import kinds as kind_of
from content.sound import meter
from content.sound import rows as layout
from content.sound.key import semitones
from content.sound.rhythm import FINE, autocorrelation, onsets, tempo
from content.types import F32

F64 = npt.NDArray[np.float64]

DIM = 2 * layout.MELS + 2 * 12 + 3 * 8
MIN_HEARD_S = 0.5
_LAGS_USED = (6, 8, 11, 16, 23, 32)
"""Frames: 0.19 to 1 s, 320 to 60 beats a minute, half an octave apart."""
_RHYTHM_MIN_S, _SPREAD_MIN_S = 4, 3


class Family(NamedTuple):
    """`centres` and `scales`, one for each number."""

    weight: float
    centres: tuple[float, ...]
    scales: tuple[float, ...]


FAMILIES: dict[str, Family] = {
    "mel_mean_db": Family(
        1.0, tuple(np.linspace(14.0, -12.0, layout.MELS).tolist()), (5.0,) * layout.MELS
    ),
    "mel_std_db": Family(0.7, (6.0,) * layout.MELS, (2.5,) * layout.MELS),
    # Shares of the pitch classes, the strongest first, then their deviation between seconds.
    "pitch_mean": Family(0.5, (0.17,) + (0.075,) * 11, (0.07,) + (0.04,) * 11),
    "pitch_std": Family(0.5, (0.07,) + (0.04,) * 11, (0.04,) + (0.03,) * 11),
    # Means, then deviations, of centroid, roll-off, bandwidth and flatness.
    "shape": Family(
        1.0,
        (10.5, 11.4, 10.6, -2.2, 0.5, 0.6, 0.3, 0.65),
        (0.6, 0.7, 0.4, 0.85, 0.3, 0.4, 0.2, 0.35),
    ),
    # Attacks a second, beat strength, autocorrelation at six lags.
    "rhythm": Family(0.7, (2.5, 0.27) + (0.0,) * 6, (1.5, 0.25) + (0.22,) * 6),
    # Mean level, deviation, step, peak (dB); shares of silence, speech, music, other sound.
    "level": Family(
        0.7,
        (-22.0, 7.0, 2.5, -2.0, 0.1, 0.25, 0.5, 0.2),
        (6.0, 4.0, 1.8, 4.0, 0.15, 0.4, 0.4, 0.3),
    ),
}
PARAMETERS = json.dumps(
    [
        *(FAMILIES, _LAGS_USED, _RHYTHM_MIN_S, _SPREAD_MIN_S, layout.SIZE),
        *(meter.N_FFT, meter.HOP, meter.PITCH_N_FFT, meter.PITCH_HZ, meter.STEADY, meter.SILENT_DB),
        *(kind_of.STEADY, kind_of.BEAT, kind_of.BEAT_AT_MOST),
    ]
)
"""All constants of the formula, for its fingerprint."""


def sound_vector(rows: F32) -> F32 | None:
    """(128,) float32, unit norm, of (seconds, R) rows; None when less than half a second of them
    can be heard. One second gives a vector; its rhythm needs four, the spread of its notes three.
    """
    if not len(rows) or rows[:, layout.HEARD].sum() < MIN_HEARD_S * layout.ONSETS:
        return None
    parts = []
    for name, values in _values(np.asarray(rows, np.float64)).items():
        weight, centres, scales = FAMILIES[name]
        told = np.where(np.isnan(values), centres, values)
        scaled = np.clip((told - np.array(centres)) / np.array(scales), -3.0, 3.0)
        parts.append(scaled * weight / math.sqrt(scaled.size))
    joined = np.concatenate(parts)
    unit: F32 = (joined / np.linalg.norm(joined)).astype(np.float32)
    return unit


def _values(rows: F64) -> dict[str, F64]:
    total, heard = rows.sum(0), float(rows[:, layout.HEARD].sum())
    mel_mean, mel_std = _moments(total[layout.MEL], total[layout.MEL_SQUARES], heard)
    pitch_mean, pitch_std = _pitch(rows)
    shape = _moments(total[layout.SHAPE], total[layout.SHAPE_SQUARES], heard)
    return {
        "mel_mean_db": mel_mean,
        "mel_std_db": mel_std,
        "pitch_mean": pitch_mean,
        "pitch_std": pitch_std,
        "shape": np.concatenate(shape),
        "rhythm": _rhythm(rows),
        "level": _level(rows, heard),
    }


def _moments(total: F64, squares: F64, count: float) -> tuple[F64, F64]:
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0.0))


def _pitch(rows: F64) -> tuple[F64, F64]:
    """Shares of the 12 pitch classes and their deviation from second to second, turned so that
    the strongest comes first: the key that a score is in does not matter."""
    pitches = rows[:, layout.PITCH]
    whole = semitones(pitches.sum(0))
    if whole.sum() < 1e-6:
        return np.full(12, np.nan), np.full(12, np.nan)
    first = int(np.argmax(whole))
    sung = pitches[pitches.sum(1) > 0]
    each = np.stack([semitones(second / second.sum()) for second in sung])
    spread = each.std(0) if len(sung) >= _SPREAD_MIN_S else np.full(12, np.nan)
    return np.roll(whole / whole.sum(), -first), np.roll(spread, -first)


def _rhythm(rows: F64) -> F64:
    a_second = onsets(rows) / max(1.0, float(rows[:, layout.FRAMES].sum()) / layout.ONSETS)
    if len(rows) < _RHYTHM_MIN_S:
        return np.array([a_second, *[math.nan] * (1 + len(_LAGS_USED))])
    curve = autocorrelation(rows)
    return np.array([a_second, tempo(rows).strength, *curve[[FINE * lag for lag in _LAGS_USED]]])


def _level(rows: F64, heard: float) -> F64:
    (total, squares), steps = rows[:, layout.LEVEL].sum(0), rows[:, layout.STEP].sum(0)
    mean, std = _moments(total, squares, heard)
    peak_db = 20 * math.log10(max(float(rows[:, layout.PEAK].max()), 1e-5))
    share = kind_of.shares(kind_of.kinds(rows))
    parts = [share[kind] for kind in ("silence", "speech", "music", "effects")]
    return np.array([mean, std, steps[0] / max(1.0, steps[1]), peak_db, *parts])
