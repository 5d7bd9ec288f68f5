"""Sound as windows of ten seconds, each with a vector: for encoders that listen to pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from content.types import F32

HZ = 16_000
WINDOW_S = 10.0
SILENT_DB = -55.0
"""Level (dB of full scale, RMS over 0.1 s) below which nothing is heard."""
HEARD_MIN_S = 0.5
"""A window with less to hear has no vector."""
_STEP = HZ // 10


class SoundEncoder(Protocol):
    """What is needed of `content.encoders.clap`."""

    batch: int
    """Windows that it takes at once."""

    def encode(self, items: Sequence[F32], /) -> F32: ...


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """`[start_s, end_s)` of the film's sound."""

    start_s: float
    end_s: float
    heard_s: float
    """How much of it is not silence."""
    vector: F32
    """(dim,), unit norm."""


class WindowMeter:
    """Feed sound, finish, read `windows`; they start at whole multiples of 10 s after `start_s`.

    As many as the encoder takes at once are held (0.6 MB each) before they are encoded.
    Segments that begin at such a multiple give together what one pass would.
    """

    def __init__(self, encoder: SoundEncoder, start_s: float = 0.0) -> None:
        self._encoder = encoder
        self._at_s = start_s
        self._buffer = np.zeros(0, np.float32)
        self._waiting: list[tuple[float, float, F32]] = []
        self.windows: list[Window] = []

    def add(self, samples: F32) -> None:
        """Take the next mono samples at 16 kHz, float32 (n,)."""
        self._buffer = np.concatenate([self._buffer, np.clip(samples, -1.0, 1.0)])
        size = int(WINDOW_S * HZ)
        while self._buffer.size >= size:
            self._take(self._buffer[:size])
            self._buffer = self._buffer[size:]

    def finish(self) -> None:
        """Encode what is left, at last a window shorter than ten seconds."""
        self._take(self._buffer)
        self._buffer = np.zeros(0, np.float32)
        self._encode()

    def _take(self, samples: F32) -> None:
        heard_s = _heard_s(samples)
        if heard_s >= HEARD_MIN_S:
            self._waiting.append((self._at_s, heard_s, samples))
        self._at_s += samples.size / HZ
        if len(self._waiting) == self._encoder.batch:
            self._encode()

    def _encode(self) -> None:
        if not self._waiting:
            return
        vectors = self._encoder.encode([samples for _, _, samples in self._waiting])
        for (start_s, heard_s, samples), vector in zip(self._waiting, vectors, strict=True):
            self.windows.append(Window(start_s, start_s + samples.size / HZ, heard_s, vector))
        self._waiting = []


def pooled(windows: Sequence[Window]) -> F32 | None:
    """The mean of the windows' vectors by how much is heard in each, unit norm; None for none."""
    if not windows:
        return None
    weights = [window.heard_s for window in windows]
    mean = np.average([window.vector for window in windows], axis=0, weights=weights)
    unit: F32 = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit


def _heard_s(samples: F32) -> float:
    steps = samples[: samples.size - samples.size % _STEP].reshape(-1, _STEP).astype(np.float64)
    power = np.maximum((steps**2).mean(axis=1), 1e-12)
    return float((10 * np.log10(power) > SILENT_DB).sum()) * _STEP / HZ
