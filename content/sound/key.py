"""Key and mode of a pitch profile (Krumhansl & Kessler 1982)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from content.sound import rows as layout

F64 = npt.NDArray[np.float64]

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well listeners found each note to fit, the tonic first."""
_SHARPNESS = 0.05
"""Difference of correlation that makes a key e times as likely."""
_STEPS = layout.PITCHES // 12


class Key(NamedTuple):
    """`confidence` 0..1: the key's share among all 24, likelihood e^(correlation / 0.05)."""

    tonic: str
    mode: str
    confidence: float


def key(pitches: F64) -> Key | None:
    """The key that correlates best with a profile (60,) of pitch classes in steps of 20 cents.

    None when it is empty or flat.
    """
    profile = semitones(pitches)
    if profile.std() < 1e-6 * max(float(profile.sum()), 1e-12):
        return None
    found = np.array([np.corrcoef(profile, turned)[0, 1] for turned in _profiles()])
    best = int(np.argmax(found))
    likelihood = np.exp((found - found[best]) / _SHARPNESS)
    mode = "major" if best < 12 else "minor"
    return Key(NAMES[best % 12], mode, float(1 / likelihood.sum()))


def semitones(pitches: F64) -> F64:
    """(12,) of (60,), C first, moved by the instruments' tuning, −50..50 cents."""
    shift = round(tuning(pitches) * _STEPS)
    centred = np.roll(pitches, _STEPS // 2 - shift)
    folded: F64 = centred.reshape(12, _STEPS).sum(1)
    return folded


def tuning(pitches: F64) -> float:
    """How far above A = 440 Hz the instruments are tuned, semitones, −0.5..0.5: the direction of
    the sum of all pitches on the circle of one semitone."""
    angles = 2 * np.pi * (np.arange(layout.PITCHES) % _STEPS) / _STEPS
    total = complex(pitches @ np.exp(1j * angles))
    return float(np.angle(total) / (2 * np.pi)) if abs(total) > 0 else 0.0


def _profiles() -> F64:
    return np.stack([np.roll(mode, tonic) for mode in (MAJOR, MINOR) for tonic in range(12)])
