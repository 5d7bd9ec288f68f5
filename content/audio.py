"""What a film sounds like, measured block by block as the sound streams by.

Frames are 64 ms, one each 32 ms (the speech model's window). Blocks overlap so that every frame
of the whole is measured once; only sums are kept, so length costs no memory.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from content.types import F32

if TYPE_CHECKING:
    from content.encoders.speech import SpeechDetector

HZ = 16_000
N_FFT = 1024
HOP = 512
MELS = 40
FRAME_S = HOP / HZ
SILENT_DB = -55.0
"""Level (dB of full scale, RMS) below which a frame is silence."""
TONAL_FLATNESS = 0.04
"""Median spectral flatness below which a second without speech is music to the vector."""
HARMONIC = 0.33
"""Share of the spectral peaks that stay in place for half a second from which on a second that is
no speech is music: notes are held, also in a full mix whose drums make the spectrum flat; noise
gives about 0.15."""
LAGS = 64
"""Of the onset envelope's autocorrelation: up to 2 s, 30 beats a minute."""
_BLOCK = 256
"""Frames a block: 8.2 s."""
_SECOND = 31
"""Frames that are judged together as silence, speech, music or other."""

Floats = npt.NDArray[np.float64]


class Moments:
    """Running mean and standard deviation of columns."""

    def __init__(self, rows: int) -> None:
        self.count = 0
        self._sum = np.zeros(rows)
        self._squares = np.zeros(rows)

    def add(self, columns: Any) -> None:
        """Take (rows, n) values."""
        values = np.asarray(columns, np.float64)
        self.count += values.shape[1]
        self._sum += values.sum(1)
        self._squares += (values**2).sum(1)

    @property
    def mean(self) -> Floats:
        return self._sum / max(1, self.count)

    @property
    def std(self) -> Floats:
        variance: Floats = self._squares / max(1, self.count) - self.mean**2
        return np.sqrt(np.maximum(variance, 0.0))


class SoundMeter:
    """Feed sound, then read the sums. Spectral sums are over frames that are not silent."""

    def __init__(self, speech: "SpeechDetector") -> None:
        speech.reset()
        self._speech = speech
        self._buffer = np.zeros(0, np.float32)
        self._last_mel: Any = None
        self.frames = 0
        self.mel = Moments(MELS)
        """Log-mel band levels in dB about their frame's own mean."""
        self.chroma = Moments(12)
        """Pitch classes (C first), the frame's strongest is 1."""
        self.shape = Moments(4)
        """log2 Hz of centroid, 85 % roll-off and bandwidth; log10 of flatness."""
        self.level = Moments(1)
        """dB of full scale."""
        self.level_step = Moments(1)
        """Absolute change of level between neighbouring frames, dB."""
        self.peak = 0.0
        self.onsets = 0
        self.autocorrelation = np.zeros(LAGS)
        self.seconds = {"silence": 0, "speech": 0, "music": 0, "other": 0}
        """Frames of each kind, music being told by flatness: part of the vector."""
        self.kinds = {"silence": 0, "speech": 0, "music": 0, "other": 0}
        """The same for people, music being told by held notes."""

    def add(self, samples: F32) -> None:
        """Take the next mono samples at 16 kHz, float32 (n,)."""
        self._buffer = np.concatenate([self._buffer, np.clip(samples, -1.0, 1.0)])
        size = _BLOCK * HOP
        while self._buffer.size >= size + N_FFT - HOP:
            self._measure(self._buffer[: size + N_FFT - HOP])
            self._buffer = self._buffer[size:]

    def finish(self) -> None:
        """Measure what is left, its last frame filled with zeros."""
        rest = self._buffer
        if rest.size:
            frames = -(-rest.size // HOP)
            self._measure(np.pad(rest, (0, (frames + 1) * HOP - rest.size)))
        self._buffer = np.zeros(0, np.float32)

    def _measure(self, samples: F32) -> None:
        import librosa

        spoken = self._speech.probabilities(samples[: samples.size - HOP]) > 0.5
        magnitude = np.abs(librosa.stft(samples, n_fft=N_FFT, hop_length=HOP, center=False))
        level = _levels(samples)
        heard = level > SILENT_DB
        shape = self._spectrum(magnitude, heard)
        self._levels(samples, level, heard)
        self._rhythm(magnitude, heard)
        self._judge(heard, spoken, shape[3], _peaks(magnitude))
        self.frames += level.size

    def _levels(self, samples: F32, level: Floats, heard: npt.NDArray[np.bool_]) -> None:
        self.peak = max(self.peak, float(np.abs(samples).max()))
        self.level.add(level[None, heard])
        self.level_step.add(np.abs(np.diff(level))[None, heard[1:]])

    def _spectrum(self, magnitude: F32, heard: npt.NDArray[np.bool_]) -> Floats:
        from librosa import feature

        centroid = feature.spectral_centroid(S=magnitude, sr=HZ)
        shape = np.concatenate(
            [
                np.log2(np.maximum(centroid, 20.0)),
                np.log2(np.maximum(feature.spectral_rolloff(S=magnitude, sr=HZ), 20.0)),
                np.log2(np.maximum(feature.spectral_bandwidth(S=magnitude, sr=HZ), 20.0)),
                np.log10(feature.spectral_flatness(S=magnitude) + 1e-6),
            ]
        )
        self.shape.add(shape[:, heard])
        chroma = _filters().chroma @ magnitude**2
        self.chroma.add((chroma / np.maximum(chroma.max(0), 1e-12))[:, heard])
        return np.asarray(shape, np.float64)

    def _rhythm(self, magnitude: F32, heard: npt.NDArray[np.bool_]) -> None:
        from scipy.signal import find_peaks

        mel_db = 10 * np.log10(np.maximum(_filters().mel @ magnitude**2, 1e-8))
        self.mel.add((mel_db - mel_db.mean(0))[:, heard])
        before = mel_db[:, :1] if self._last_mel is None else self._last_mel
        self._last_mel = mel_db[:, -1:]
        rise = np.maximum(np.diff(mel_db, axis=1, prepend=before), 0.0).mean(0)
        self.onsets += len(find_peaks(rise, prominence=4.0, distance=3)[0])
        flux = rise - rise.mean()
        padded = np.concatenate([flux, np.zeros(LAGS)])
        self.autocorrelation += [float(flux @ padded[lag : lag + flux.size]) for lag in range(LAGS)]

    def _judge(
        self,
        heard: npt.NDArray[np.bool_],
        spoken: npt.NDArray[np.bool_],
        flatness: Floats,
        peaks: F32,
    ) -> None:
        for at in range(0, heard.size, _SECOND):
            part = slice(at, at + _SECOND)
            kind = _kind(heard[part], spoken[part], flatness[part])
            self.seconds[kind] += heard[part].size
            if kind in {"music", "other"}:
                kind = "music" if _harmonicity(peaks[:, part]) >= HARMONIC else "other"
            self.kinds[kind] += heard[part].size


class _Filters(NamedTuple):
    mel: F32
    chroma: F32


@cache
def _filters() -> _Filters:
    """librosa's own filter banks, (bands, 513), made once: its features make them at each call."""
    from librosa.filters import chroma, mel

    return _Filters(mel(sr=HZ, n_fft=N_FFT, n_mels=MELS), chroma(sr=HZ, n_fft=N_FFT, tuning=0.0))


def _kind(heard: npt.NDArray[np.bool_], spoken: npt.NDArray[np.bool_], flatness: Floats) -> str:
    if heard.mean() < 0.2:
        return "silence"
    if spoken.mean() > 0.4:
        return "speech"
    return "music" if np.median(flatness[heard]) < np.log10(TONAL_FLATNESS) else "other"


def _peaks(magnitude: F32) -> F32:
    """How far each bin of 0.1 to 5 kHz stands above its surroundings, log, (bands, frames)."""
    from scipy.ndimage import median_filter

    level = np.log(magnitude[6:320] + 1e-5)
    return np.asarray(level - median_filter(level, size=(17, 1)), np.float32)


def _harmonicity(peaks: F32) -> float:
    """Share of the peaks in (bands, frames) that stay where they are for half a second, 0..1."""
    half = max(1, _SECOND // 2)
    if peaks.shape[1] < half:
        return 0.0
    pieces = [peaks[:, at : at + half] for at in range(0, peaks.shape[1] - half + 1, half)]
    held = np.mean([np.maximum(piece.mean(axis=1), 0.0).mean() for piece in pieces])
    return float(held / max(1e-9, float(np.maximum(peaks, 0.0).mean())))


def _levels(samples: F32) -> Floats:
    """RMS level of each 64 ms frame in dB of full scale, not below −100."""
    from librosa import feature

    rms = feature.rms(y=samples, frame_length=N_FFT, hop_length=HOP, center=False)[0]
    level: Floats = 20 * np.log10(np.maximum(rms.astype(np.float64), 1e-5))
    return level
