"""The layout of a row: what one second of sound leaves behind.

Every column is a sum over the second's frames or windows, or a list of them, so rows of any
stretch may be added up, and stretches joined by putting their rows one after the other. Spectral
sums are over the frames that are heard (louder than −55 dB of full scale).
"""

from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.floating[Any]]
"""(seconds, SIZE); kept as float32."""

MELS = 40
PITCHES = 60
"""Steps of 20 cents in an octave."""
ONSETS = 32
"""Frames of the onset envelope in a second."""

_WIDTHS: Final = {
    "frames": 1,  # frames measured: 32, fewer in the last second
    "heard": 1,  # of these, heard
    "speech": 1,  # 32 ms windows that are speech
    "speech_windows": 1,  # windows in all, 31 or 32
    "steady": 1,  # share of the partials that stay for half a second, 0..1
    "peak": 1,  # largest absolute sample, 0..1
    "level": 2,  # level in dB of full scale, and its square
    "step": 2,  # absolute change of level between neighbouring frames in dB, and their count
    "centroid": 2,  # magnitude, and magnitude × Hz
    "shape": 4,  # log2 Hz of centroid, 85 % roll-off, bandwidth; log10 of flatness
    "shape_squares": 4,
    "mel": MELS,  # log-mel levels in dB about their frame's own mean
    "mel_squares": MELS,
    "pitch": PITCHES,  # pitch classes, C first; each heard frame of 256 ms adds up to 1
    "onset": ONSETS,  # mean rise of the log-mel levels since the frame before, dB ≥ 0
}
_STARTS = dict(zip(_WIDTHS, accumulate(_WIDTHS.values(), initial=0), strict=False))
SIZE = sum(_WIDTHS.values())
"""R, the columns of a row."""


def _at(name: str) -> slice:
    return slice(_STARTS[name], _STARTS[name] + _WIDTHS[name])


FRAMES, HEARD = _STARTS["frames"], _STARTS["heard"]
SPEECH, SPEECH_WINDOWS = _STARTS["speech"], _STARTS["speech_windows"]
STEADY, PEAK = _STARTS["steady"], _STARTS["peak"]
LEVEL, STEP, CENTROID = _at("level"), _at("step"), _at("centroid")
SHAPE, SHAPE_SQUARES = _at("shape"), _at("shape_squares")
MEL, MEL_SQUARES = _at("mel"), _at("mel_squares")
PITCH, ONSET = _at("pitch"), _at("onset")
