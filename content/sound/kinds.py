"""What each second is: speech, music, other sound, silence.

Speech and music are claims of their own, 0..1, since one lies under the other in most films.
Speech is what the speech model says. Music is told by two things that little else has: partials
that stay in place for half a second (notes are held; voices glide, noise comes and goes) and a
regular beat. The sum of both, each divided by what is typical, parts them at 1: it was set on ten
minutes of music, seven of spoken prompts and words in many languages, four of animals and machines.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from content.sound import rows as layout
from content.sound.rhythm import beat_strength
from content.sound.rows import Rows

F64 = npt.NDArray[np.float64]

STEADY = 0.13
"""Share of steady partials that makes music alone; speech has 0.04, a full mix with drums 0.1 to
0.2, an ensemble 0.4 to 0.6."""
BEAT = 0.25, 0.45
"""Beat strength that counts nothing, and how much more makes music …"""
BEAT_AT_MOST = 0.65
"""… but no beat alone: a clock ticks."""
_AROUND_S = 5
"""Music lasts: a second is judged by its neighbours too."""


class Kinds(NamedTuple):
    """Each (seconds,), 0..1. `speech` and `music` may both be 1; `effects` is heard and neither."""

    speech: F64
    music: F64
    effects: F64
    silence: F64


def kinds(rows: Rows) -> Kinds:
    """Of each second of a stretch."""
    silence = 1 - _between(rows[:, layout.HEARD] / np.maximum(rows[:, layout.FRAMES], 1), 0.1, 0.3)
    spoken = rows[:, layout.SPEECH] / np.maximum(rows[:, layout.SPEECH_WINDOWS], 1)
    # The pauses between words are part of speaking.
    speech = (1 - silence) * _between(spoken, 0.1, 0.5)
    music = (1 - silence) * _music(rows)
    effects = np.maximum(0.0, 1 - silence - np.maximum(speech, music))
    return Kinds(speech, music, effects, silence)


def shares(found: Kinds) -> dict[str, float]:
    """Each kind's share of the seconds, sum 1: where speech and music sound together it is
    speech, as the foreground; where no second was heard it is silence."""
    if not found.silence.size:
        return {"speech": 0.0, "music": 0.0, "effects": 0.0, "silence": 1.0}
    speech = np.minimum(found.speech, 1 - found.silence)
    music = np.minimum(found.music, 1 - found.silence - speech)
    effects = 1 - found.silence - speech - music
    parts = {"speech": speech, "music": music, "effects": effects, "silence": found.silence}
    return {kind: float(part.mean()) for kind, part in parts.items()}


def _music(rows: Rows) -> F64:
    from scipy.ndimage import uniform_filter1d

    steady = np.asarray(rows[:, layout.STEADY], np.float64)
    if steady.size > 1:
        heard = (rows[:, layout.HEARD] > 0).astype(np.float64)
        total = uniform_filter1d(steady * heard, _AROUND_S, mode="constant")
        steady = total / np.maximum(uniform_filter1d(heard, _AROUND_S, mode="constant"), 1e-9)
    beat = np.clip((beat_strength(rows) - BEAT[0]) / BEAT[1], 0.0, BEAT_AT_MOST)
    return _between(steady / STEADY + beat, 0.75, 1.25)


def _between(values: npt.ArrayLike, low: float, high: float) -> F64:
    """0 below, 1 above, smooth between."""
    part = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0.0, 1.0)
    smooth: F64 = part * part * (3 - 2 * part)
    return smooth
