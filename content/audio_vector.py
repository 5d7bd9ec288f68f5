"""From the sums of a film's sound to its vector and its figures.

The vector joins seven families of numbers. Each number is centred and scaled by constants set by
hand (typical film sound is then within ±1), clipped to ±3, and each family divided by the root of
its size and multiplied by its weight, so that none dominates by being many or loud. Unit norm.
"""

import json
import math
from typing import Any

import numpy as np

from content.audio import FRAME_S, LAGS, MELS, Floats, SoundMeter
from content.types import F32

DIM = 2 * MELS + 2 * 12 + 3 * 8
_LAGS_USED = (6, 8, 11, 16, 22, 31)
"""Frames: 0.19 to 1 s, 312 to 60 beats a minute, about half an octave apart."""

Family = tuple[str, float, tuple[float, ...], tuple[float, ...]]

_FAMILIES: tuple[Family, ...] = (
    # name, weight, centres, scales
    ("mel_mean_db", 1.0, tuple(np.linspace(14.0, -14.0, MELS).tolist()), (6.0,) * MELS),
    ("mel_std_db", 0.7, (5.0,) * MELS, (3.0,) * MELS),
    ("chroma_mean", 0.5, (0.5,) * 12, (0.15,) * 12),
    ("chroma_std", 0.5, (0.3,) * 12, (0.06,) * 12),
    (
        "shape",  # mean, then standard deviation: centroid, roll-off, bandwidth, flatness
        1.0,
        (10.6, 11.6, 10.6, -2.0, 0.5, 0.6, 0.25, 0.5),
        (0.7, 0.8, 0.4, 0.7, 0.3, 0.3, 0.15, 0.25),
    ),
    ("rhythm", 0.7, (2.0, 0.2) + (0.05,) * 6, (1.0, 0.12) + (0.12,) * 6),
    (
        "level",  # mean, deviation, step, peak (dB); silence, speech, music, other (fractions)
        0.7,
        (-26.0, 8.0, 2.5, -3.0, 0.1, 0.25, 0.5, 0.15),
        (7.0, 4.0, 1.2, 5.0, 0.15, 0.25, 0.3, 0.15),
    ),
)
PARAMETERS = json.dumps([_FAMILIES, _LAGS_USED, LAGS])
"""All constants of the formula, for its fingerprint."""


def sound_vector(meter: SoundMeter) -> F32 | None:
    """(128,) float32, unit norm; None for silence (less than half a second can be heard)."""
    if meter.level.count * FRAME_S < 0.5:
        return None
    values = _values(meter)
    parts = []
    for name, weight, centres, scales in _FAMILIES:
        scaled = np.clip((values[name] - centres) / scales, -3.0, 3.0)
        parts.append(scaled * weight / math.sqrt(scaled.size))
    joined = np.concatenate(parts)
    unit: F32 = (joined / np.linalg.norm(joined)).astype(np.float32)
    return unit


def sound_profile(meter: SoundMeter) -> dict[str, Any]:
    """Figures for people.

    `speech_fraction`, `music_fraction`, `silence_fraction`, `other_fraction`: of the seconds, sum
    1; music means "held notes and no speech", a rule of thumb. `loudness_db`: mean level of what
    can be heard, dB of full scale, ≤ 0, null in silence. `tempo_bpm`: 30..300, null without a
    clear beat. `beat_strength`: 0..1. `onsets_per_s`: ≥ 0.
    """
    total = max(1, sum(meter.kinds.values()))
    bpm, strength = tempo(meter)
    heard = meter.level.count > 0
    return {
        **{f"{kind}_fraction": round(n / total, 4) for kind, n in meter.kinds.items()},
        "loudness_db": round(float(meter.level.mean[0]), 2) if heard else None,
        "tempo_bpm": round(bpm, 1) if strength >= 0.1 else None,
        "beat_strength": round(strength, 4),
        "onsets_per_s": round(_onsets_per_s(meter), 4),
    }


def tempo(meter: SoundMeter) -> tuple[float, float]:
    """Beats a minute, and how clear they are, 0..1.

    The strongest lag of the autocorrelated onset envelope, lags near 120 a minute favoured (Ellis
    2007), refined by the parabola through its neighbours.
    """
    curve = _correlation(meter)
    lags = np.arange(6, LAGS - 1)
    bpm = 60 / (lags * FRAME_S)
    prior = np.exp(-0.5 * np.log2(bpm / 120) ** 2)
    lag = int(lags[np.argmax(np.maximum(curve[lags], 0) * prior)])
    left, here, right = curve[lag - 1 : lag + 2]
    bend = left - 2 * here + right
    shift = float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
    return 60 / ((lag + shift) * FRAME_S), float(np.clip(here, 0.0, 1.0))


def _correlation(meter: SoundMeter) -> Floats:
    curve: Floats = meter.autocorrelation / max(float(meter.autocorrelation[0]), 1e-9)
    return curve


def _onsets_per_s(meter: SoundMeter) -> float:
    return meter.onsets / max(meter.frames * FRAME_S, FRAME_S)


def _values(meter: SoundMeter) -> dict[str, Floats]:
    # Turned so that the strongest pitch class comes first: the key a score is in does not matter.
    turn = -int(np.argmax(meter.chroma.mean))
    total = max(1, sum(meter.seconds.values()))
    shares = [count / total for count in meter.seconds.values()]
    levels = [meter.level.mean[0], meter.level.std[0], meter.level_step.mean[0]]
    peak_db = 20 * math.log10(max(meter.peak, 1e-5))
    rhythm = [_onsets_per_s(meter), tempo(meter)[1], *_correlation(meter)[list(_LAGS_USED)]]
    return {
        "mel_mean_db": meter.mel.mean,
        "mel_std_db": meter.mel.std,
        "chroma_mean": np.roll(meter.chroma.mean, turn),
        "chroma_std": np.roll(meter.chroma.std, turn),
        "shape": np.concatenate([meter.shape.mean, meter.shape.std]),
        "rhythm": np.array(rhythm),
        "level": np.array([*levels, peak_db, *shares]),
    }
