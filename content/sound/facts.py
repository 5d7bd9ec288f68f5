"""Figures for people of what is heard in a shot or a whole title (docs/facts.md, `sound`)."""

import numpy as np
import numpy.typing as npt

from content.sound import rows as layout
from content.sound.key import key
from content.sound.kinds import Kinds, kinds, shares
from content.sound.loudness import (
    BLOCKS_PER_S,
    integrated_lufs,
    loudness_range_lu,
    momentary_maxima,
)
from content.sound.rhythm import onsets, tempo
from content.types import F32, Facts

KEY_MIN_S = 3.0
"""Seconds of music below which no key is told."""


def stretch(rows: F32, power: F32 | None, start_s: float, end_s: float) -> tuple[F32, F32 | None]:
    """The rows and powers of [start_s, end_s): the seconds nearest to it, one at least.

    Neighbouring stretches share no second unless one is too short to have its own.
    """
    first = min(round(start_s), max(0, len(rows) - 1))
    last = max(first + 1, round(end_s))
    if power is None:
        return rows[first:last], None
    return rows[first:last], power[round(start_s * BLOCKS_PER_S) : round(end_s * BLOCKS_PER_S)]


def sound_facts(rows: F32, power: F32 | None) -> Facts:
    """The facts of docs/facts.md, `sound`; a figure that cannot be told is None.

    Args:
        rows: (seconds, R) of the stretch (content.sound.rows); none of them gives no facts: {}.
        power: (n,) K-weighted mean squares of its tenths of a second, channels summed; None where
            they were not measured.
    """
    if not len(rows):
        return {}
    found = kinds(rows)
    share = shares(found)
    heard = float(rows[:, layout.HEARD].sum())
    measured_s = float(rows[:, layout.FRAMES].sum()) / layout.ONSETS
    beat = tempo(rows)
    return {
        **{kind: _short(value) for kind, value in share.items()},
        "dialogue_density": _short(60 * share["speech"]),
        "loudness_lufs": None if power is None else _short(integrated_lufs(power), 2),
        "loudness_range_lu": None if power is None else _short(loudness_range_lu(power), 2),
        "tempo_bpm": _short(beat.bpm, 1),
        "beat_strength": _short(beat.strength),
        **_key(rows, found),
        "brightness_hz": _short(_centroid(rows), 1) if heard else None,
        "onsets_per_s": _short(onsets(rows) / max(measured_s, 1 / layout.ONSETS)),
    }


def sound_timeline(rows: F32, power: F32 | None) -> dict[str, F32]:
    """One value a second, each (seconds,) float32.

    `loudness_lufs`: loudest 400 ms that end in the second, −70 or more, NaN without `power`.
    `speech`, `music`: 0..1, each for itself. `effects`: heard and neither. `silence`: not heard.
    """
    loudness = momentary_maxima(np.zeros(0, np.float32) if power is None else power, len(rows))
    columns = {name: values.astype(np.float32) for name, values in kinds(rows)._asdict().items()}
    return {"loudness_lufs": loudness, **columns}


def sound_profile(rows: F32) -> Facts:
    """The older, flat figures of a title's profile.

    `speech_fraction`, `music_fraction`, `silence_fraction`, `other_fraction`: of the seconds, sum
    1. `loudness_db`: mean level of what can be heard, dB of full scale, ≤ 0, None in silence.
    `tempo_bpm`, `beat_strength`, `onsets_per_s`: as in `sound_facts`.
    """
    facts = sound_facts(rows, None) or sound_facts(np.zeros((1, layout.SIZE), np.float32), None)
    heard = float(rows[:, layout.HEARD].sum())
    names = {"speech": "speech", "music": "music", "silence": "silence", "other": "effects"}
    level = float(rows[:, layout.LEVEL][:, 0].sum()) / heard if heard else None
    return {
        **{f"{old}_fraction": facts[new] for old, new in names.items()},
        "loudness_db": _short(level, 2),
        **{name: facts[name] for name in ("tempo_bpm", "beat_strength", "onsets_per_s")},
    }


def _key(rows: F32, found: Kinds) -> Facts:
    # Voices have pitch but no key: speech under the music, or over it, counts little.
    weight = found.music * (1 - 0.8 * found.speech)
    told = None
    if float(found.music.sum()) >= KEY_MIN_S:
        told = key(weight @ np.asarray(rows[:, layout.PITCH], np.float64))
    if told is None:
        return {"key": None, "mode": None, "key_confidence": None}
    return {"key": told.tonic, "mode": told.mode, "key_confidence": _short(told.confidence)}


def _centroid(rows: F32) -> float:
    magnitude, product = np.asarray(rows[:, layout.CENTROID], np.float64).sum(0)
    return float(product / max(magnitude, 1e-12))


def _short(value: float | np.floating[npt.NBitBase] | None, decimals: int = 4) -> float | None:
    return None if value is None else round(float(value), decimals)
