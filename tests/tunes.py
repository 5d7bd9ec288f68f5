"""Music made to order: beats of a known tempo, chords of a known key. Mono, 16 kHz."""

import numpy as np

from content.types import F32

HZ = 16_000
CADENCES = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}


def clicks(bpm: float, seconds: float = 16.0) -> F32:
    """A short tone on every beat."""
    at_s = np.arange(round(seconds * HZ)) / HZ
    wave = 0.5 * np.sin(2 * np.pi * 1000 * at_s) * np.exp(-60 * (at_s % (60 / bpm)))
    return wave.astype(np.float32)


def accents(bpm: float, seconds: float = 16.0) -> F32:
    """Bursts of noise, every fourth twice as loud, in a soft hiss."""
    at_s = np.arange(round(seconds * HZ)) / HZ
    noise = np.random.default_rng(3).standard_normal((2, at_s.size))
    loud = 0.3 + 0.3 * (at_s * bpm / 60 // 1 % 4 == 0)
    wave = loud * noise[0] * np.exp(-30 * (at_s % (60 / bpm))) + 0.005 * noise[1]
    return wave.astype(np.float32)


def cadence(tonic: int, mode: str, cents: float = 0.0) -> F32:
    """I IV V I, struck notes with five overtones, twice."""
    at_s = np.arange(HZ // 2) / HZ
    strike = 0.08 * np.exp(-1.5 * at_s) * np.minimum(1, at_s / 0.01)

    def note(step: int) -> F32:
        hz = 440 * 2 ** ((48 + tonic + step - 69 + cents / 100) / 12)
        return strike * sum(np.sin(2 * np.pi * hz * n * at_s) / n**1.5 for n in range(1, 6))

    chords = [sum(map(note, chord)) for chord in CADENCES[mode]]
    return np.concatenate(chords * 2).astype(np.float32)
