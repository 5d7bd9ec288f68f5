"""What a film sounds like, measured second by second as the sound streams by.

One spectrogram serves all: frames of 64 ms, 32 of them a second, so that a second holds a whole
number. A frame ends where its own 31.25 ms end and looks back, never ahead: a second needs
nothing of what follows, and so rows of one stretch continue those of the stretch before.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from content.sound import rows as layout
from content.types import F32

if TYPE_CHECKING:
    from content.encoders.speech import SpeechDetector

HZ = 16_000
N_FFT = 1024
HOP = 500
FRAMES = HZ // HOP
"""A second."""
PITCH_N_FFT = 4096
PITCH_HOP = 2000
"""Notes lie close together: a spectrum of 256 ms, 8 a second, tells them down to 80 Hz."""
PITCH_HZ = 80.0, 4000.0
STEADY = 4
"""Frames of the pitch spectrum, 0.5 s, for which a partial has to stay to be part of a note."""
SILENT_DB = -55.0
"""Level (dB of full scale, RMS) below which a frame is silence."""
SPOKEN = 0.5
"""Probability from which on a window of 32 ms is speech."""
KEY_HZ = 2000.0
"""Above are overtones only: they tell that there are notes, but less of the key."""
C4_HZ = 261.6256
_SURROUNDINGS = 41
"""Bins, 160 Hz."""
_STANDS_OUT = 0.7
"""Nepers, 6 dB, above the mean of the surroundings."""
_LOOK_BACK = PITCH_N_FFT - PITCH_HOP
_WINDOW = 512
_MEL_FLOOR = 1e-4
"""About 71 dB below a full-scale tone: what is softer makes no onset."""


class SoundMeter:
    """Feed sound, then read the rows: one for each second begun (content.sound.rows.ROW)."""

    def __init__(self, speech: "SpeechDetector | None") -> None:
        """`speech` may be None: the speech columns are then 0."""
        if speech is not None:
            speech.reset()
        self._speech = speech
        self._buffer = np.zeros(0, np.float32)
        self._past = np.zeros(_LOOK_BACK, np.float32)
        self._mel_before: F32 | None = None
        self._spoken = _Spoken(speech)
        self._rows: list[F32] = []

    @property
    def rows(self) -> F32:
        """(seconds, R) float32: what was measured so far."""
        return np.stack(self._rows) if self._rows else np.zeros((0, layout.SIZE), np.float32)

    def take_speech(self) -> F32:
        """Probabilities, 0..1, of speech in the 32 ms windows (512 samples, the first begins with
        the first row) that were measured since the last call, (n,)."""
        taken, self._spoken.told = self._spoken.told, []
        return np.concatenate(taken) if taken else np.zeros(0, np.float32)

    def warm(self, samples: F32) -> None:
        """Hear what comes right before the first second, mono 16 kHz (n,), without making rows.

        Half a second gives the rows that one pass gives. The speech model remembers longer: after
        one or two seconds some three of a second's 31 windows may differ, in the first seconds;
        later none, where the first second is a multiple of four (a window is 32 ms).
        """
        clean = _clean(samples)
        self._spoken.warm(clean)
        last = np.concatenate([self._past, clean])[-(_LOOK_BACK + HOP) :]
        self._past = last[-_LOOK_BACK:]
        if clean.size >= HOP:
            frame = last[None, -N_FFT:] * _filters().window
            self._mel_before = _mel_db(_power(frame))[-1]

    def add(self, samples: F32) -> None:
        """Take the next mono samples at 16 kHz, float32 (n,)."""
        self._buffer = np.concatenate([self._buffer, _clean(samples)])
        whole = self._buffer.size // HZ * HZ
        for at in range(0, whole, HZ):
            self._measure(self._buffer[at : at + HZ], FRAMES)
        self._buffer = self._buffer[whole:]

    def finish(self) -> None:
        """Measure the begun second; what is missing of it counts as nothing, not as silence."""
        if self._buffer.size:
            frames = -(-self._buffer.size // HOP)
            self._measure(np.pad(self._buffer, (0, HZ - self._buffer.size)), frames)
        self._buffer = np.zeros(0, np.float32)

    def _measure(self, second: F32, frames: int) -> None:
        joined = np.concatenate([self._past, second])
        self._past = joined[-_LOOK_BACK:]
        row = np.zeros(layout.SIZE, np.float32)
        level = _levels(second)[:frames]
        heard = level > SILENT_DB
        row[layout.FRAMES], row[layout.HEARD] = frames, heard.sum()
        self._levels(row, second, level, heard)
        short = _windows(joined[_LOOK_BACK - N_FFT + HOP :], N_FFT, HOP) * _filters().window
        self._spectrum(row, _power(short[:frames]), heard)
        if heard.any():
            row[layout.PITCH], row[layout.STEADY] = _tones(joined, heard)
        row[layout.SPEECH], row[layout.SPEECH_WINDOWS] = self._spoken.second(second, frames)
        self._rows.append(row)

    @staticmethod
    def _levels(row: F32, second: F32, level: F32, heard: Any) -> None:
        loud = level[heard]
        row[layout.LEVEL] = loud.sum(), (loud**2).sum()
        row[layout.PEAK] = np.abs(second).max()
        steps = np.abs(np.diff(level))[heard[1:]]
        row[layout.STEP] = steps.sum(), steps.size

    def _spectrum(self, row: F32, power: F32, heard: Any) -> None:
        mel_db = _mel_db(power)
        before = mel_db[0] if self._mel_before is None else self._mel_before
        rise = np.maximum(np.diff(mel_db, axis=0, prepend=before[None]), 0.0).mean(1)
        row[layout.ONSET][: rise.size] = rise
        self._mel_before = mel_db[-1]
        if not heard.any():
            return
        band = (mel_db - mel_db.mean(1, keepdims=True))[heard]
        row[layout.MEL], row[layout.MEL_SQUARES] = band.sum(0), (band**2).sum(0)
        magnitude = np.sqrt(power[heard])
        shape = _shape(magnitude, power[heard])
        row[layout.SHAPE], row[layout.SHAPE_SQUARES] = shape.sum(0), (shape**2).sum(0)
        row[layout.CENTROID] = magnitude.sum(), (magnitude @ _filters().hz).sum()


class _Spoken:
    """Speech probabilities, taken window by window and told second by second."""

    def __init__(self, speech: "SpeechDetector | None") -> None:
        self._speech = speech
        self._rest = np.zeros(0, np.float32)
        self.told: list[F32] = []

    def warm(self, samples: F32) -> None:
        # From the front, so that a window ends where the first second begins.
        self._probabilities(samples[samples.size % _WINDOW :])

    def second(self, second: F32, frames: int) -> tuple[float, float]:
        """Sum of what is spoken, and the windows, that end within the second."""
        found = self._probabilities(second[: frames * HOP])
        self.told.append(found)
        return float((found > SPOKEN).sum()), float(found.size)

    def _probabilities(self, samples: F32) -> F32:
        joined = np.concatenate([self._rest, samples])
        whole = joined.size // _WINDOW * _WINDOW
        self._rest = joined[whole:]
        if self._speech is None or not whole:
            return np.zeros(whole // _WINDOW, np.float32)
        return self._speech.probabilities(joined[:whole])


class _Filters(NamedTuple):
    window: F32
    pitch_window: F32
    mel: F32
    hz: F32


@cache
def _filters() -> _Filters:
    """Hann's windows; librosa's mel bank, (513, bands); the bins' frequencies in Hz."""
    from librosa.filters import mel
    from scipy.signal.windows import hann

    bank = np.ascontiguousarray(mel(sr=HZ, n_fft=N_FFT, n_mels=layout.MELS).T)
    hz = np.fft.rfftfreq(N_FFT, 1 / HZ).astype(np.float32)
    short, long = (hann(n, sym=False).astype(np.float32) for n in (N_FFT, PITCH_N_FFT))
    return _Filters(short, long, bank, hz)


def _clean(samples: F32) -> F32:
    return np.clip(np.nan_to_num(samples), -1.0, 1.0).astype(np.float32, copy=False)


def _windows(samples: F32, size: int, hop: int) -> F32:
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]


def _power(frames: F32) -> F32:
    """(n, 513) of windowed frames (n, 1024)."""
    from scipy.fft import rfft

    spectrum = rfft(frames, axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


def _levels(second: F32) -> F32:
    """RMS of each 31.25 ms in dB of full scale, not below −100."""
    power = (second.reshape(-1, HOP) ** 2).mean(1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-10)), np.float32)


def _mel_db(power: F32) -> F32:
    return np.asarray(10 * np.log10(power @ _filters().mel + _MEL_FLOOR), np.float32)


def _shape(magnitude: F32, power: F32) -> F32:
    """log2 Hz of centroid, 85 % roll-off and bandwidth, log10 of flatness: (n, 4)."""
    hz = _filters().hz
    share = magnitude / np.maximum(magnitude.sum(1, keepdims=True), 1e-12)
    centroid = share @ hz
    bandwidth = np.sqrt(np.maximum(share @ hz**2 - centroid**2, 0.0))
    rolloff = hz[np.argmax(np.cumsum(share, axis=1) >= 0.85, axis=1)]
    raised = np.maximum(power, 1e-10)
    flatness = np.exp(np.log(raised).mean(1)) / raised.mean(1)
    logs = [np.log2(np.maximum(value, 20.0)) for value in (centroid, rolloff, bandwidth)]
    return np.stack([*logs, np.log10(flatness + 1e-6)], axis=1).astype(np.float32)


def _tones(joined: F32, heard: Any) -> tuple[F32, float]:
    """Pitch classes in steps of 20 cents, C first, (60,), each heard frame adding up to 1; and
    the share of partials that stay for half a second, 0..1.

    Partials are spectral peaks that stand above their surroundings, placed between the bins by
    the parabola through the log magnitudes. The pitch profile weighs them by magnitude (harmonic
    pitch class profile, Gómez 2006). Notes hold their partials; those of speech glide, those of
    noise come and go.
    """
    from scipy.fft import rfft

    frames = _windows(joined, PITCH_N_FFT, PITCH_HOP) * _filters().pitch_window
    per = FRAMES // len(frames)
    loud = np.add.reduceat(heard, np.arange(0, heard.size, per)) * 2 >= per
    low, high = (round(hz * PITCH_N_FFT / HZ) for hz in PITCH_HZ)
    magnitude = np.abs(rfft(frames[: loud.size], axis=1)[:, low - 1 : high + 2])
    magnitude[~loud] = 0.0
    top, height = _partials(magnitude)
    kept = _steady(top)
    steady = float((height * kept).sum() / max(1e-9, float(height.sum())))
    return _profile(magnitude, top, low), steady


def _partials(magnitude: F32) -> tuple[Any, F32]:
    """Where there is a peak, (frames, bins) bool, and how far it stands out, log, else 0."""
    from scipy.ndimage import uniform_filter1d

    level = np.log(magnitude + 1e-4)
    above = (level - uniform_filter1d(level, _SURROUNDINGS, axis=1))[:, 1:-1]
    here = level[:, 1:-1]
    top = (here > level[:, :-2]) & (here >= level[:, 2:]) & (above > _STANDS_OUT)
    return top, np.where(top, above, np.float32(0))


def _steady(top: Any) -> Any:
    """Which partials are part of a run of STEADY frames, wandering by one bin at most."""
    near = top.copy()
    near[:, 1:] |= top[:, :-1]
    near[:, :-1] |= top[:, 1:]
    kept = np.zeros_like(top)
    for at in range(len(top) - STEADY + 1):
        kept[at : at + STEADY] |= near[at : at + STEADY].all(axis=0)
    return kept


def _profile(magnitude: F32, top: Any, low: int) -> F32:
    frame, place = np.nonzero(top)
    if not frame.size:
        return np.zeros(layout.PITCHES, np.float32)
    a, b, c = (
        np.log(part[top] + 1e-9)
        for part in (magnitude[:, :-2], magnitude[:, 1:-1], magnitude[:, 2:])
    )
    shift = np.clip(0.5 * (a - c) / np.minimum(a - 2 * b + c, -1e-6), -0.5, 0.5)
    hz = (place + low + shift) * (HZ / PITCH_N_FFT)
    weight = np.where(hz < KEY_HZ, magnitude[:, 1:-1][top], 0.0)
    total = np.maximum(np.bincount(frame, weight, len(top)), 1e-12)
    step = np.round(layout.PITCHES * np.log2(hz / C4_HZ)).astype(int) % layout.PITCHES
    return np.bincount(step, weight / total[frame], layout.PITCHES).astype(np.float32)
