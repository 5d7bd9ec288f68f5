"""The cues: facts of picture, sound, words and pacing that a mood may follow from, standardised.

Each cue reads one fact of docs/facts.md, sets it against what is usual in films (`centre`,
`scale`: set by hand, about the mean and the spread over shots) and clips it to ±2.5. Its pull on
valence and arousal starts from published findings:

- colour: Valdez & Mehrabian 1994 (pleasure = .69 B + .22 S, arousal = −.31 B + .60 S);
  colourfulness after Hasler & Süsstrunk 2003;
- movement, cutting, loudness → arousal: Hanjalic & Xu 2005;
- light, movement, shot length and colour by genre: Rasheed, Sheikh & Shah 2005;
- mode, tempo, loudness, timbre, attacks: Hevner 1936, Juslin & Laukka 2004, Gabrielsson &
  Lindström 2010.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from content.types import Facts

LIMIT = 2.5
"""Standardised values go no further: one extreme fact never decides alone."""

DARK = 0.06
"""`look.brightness` below which a picture is soft and flat because it is dark: `IN_LIGHT` facts
tell nothing."""
IN_LIGHT = ("look.contrast", "look.sharpness")


@dataclass(frozen=True, slots=True)
class Cue:
    """One fact, how it is standardised, and what it says of valence and arousal."""

    fact: str
    """`group.name`: the group is its modality."""
    low: str
    high: str
    """What a person reads when the fact is below or above the usual."""
    centre: float
    scale: float
    valence: float = 0.0
    arousal: float = 0.0
    transform: Callable[[float], float] = float

    @property
    def modality(self) -> str:
        """`look`, `sound`, `words` or `pace`."""
        return self.fact.split(".", 1)[0]

    def standard(self, value: float) -> float:
        """How far from the usual, −2.5..2.5."""
        z = (self.transform(value) - self.centre) / self.scale
        return max(-LIMIT, min(LIMIT, z))


def _log2(value: float) -> float:
    return math.log2(max(value, 0.005))


CUES: tuple[Cue, ...] = (
    Cue("look.brightness", "dark picture", "bright picture", 0.36, 0.17, 0.69, -0.31),
    Cue("look.contrast", "flat light", "hard contrast", 0.20, 0.07, 0.0, 0.2),
    Cue("look.saturation", "pale colours", "strong colours", 0.35, 0.20, 0.22, 0.60),
    Cue("look.colourfulness", "few colours", "many colours", 0.16, 0.10, 0.4, 0.2),
    Cue("look.warmth", "cold colours", "warm colours", 0.03, 0.10, 0.2, 0.1),
    Cue("look.black_fraction", "little black", "much black", 0.15, 0.20, -0.2, 0.1),
    Cue("look.sharpness", "soft picture", "sharp picture", 0.65, 0.2),
    Cue("look.motion_global", "still camera", "moving camera", _log2(0.06), 1.5, 0.0, 0.5, _log2),
    Cue("look.motion_local", "little movement", "much movement", _log2(0.05), 1.2, 0.0, 0.7, _log2),
    Cue("look.animation", "live action", "animation", 0.4, 0.3),
    Cue("look.face_area", "no face near", "face close up", 0.2, 0.20, 0.1, 0.0, math.sqrt),
    Cue("sound.loudness_lufs", "quiet sound", "loud sound", -23.0, 8.0, 0.0, 0.7),
    Cue("sound.tempo_bpm", "slow tempo", "fast tempo", _log2(112), 0.6, 0.3, 0.5, _log2),
    Cue("sound.beat_strength", "no beat", "clear beat", 0.3, 0.6, 0.3, 0.3),
    Cue("sound.mode", "minor key", "major key", 0.0, 1.5, 0.7, 0.0),
    Cue("sound.brightness_hz", "dull timbre", "bright timbre", _log2(1800), 0.6, 0.0, 0.3, _log2),
    Cue("sound.onsets_per_s", "few attacks", "many attacks", 2.5, 1.5, 0.1, 0.4),
    Cue("sound.speech", "little speech", "much speech", 0.3, 0.4),
    Cue("sound.music", "little music", "much music", 0.4, 0.4, 0.2, 0.0),
    Cue("sound.effects", "few noises", "many noises", 0.25, 0.35, -0.1, 0.1),
    Cue("sound.silence", "never silent", "silence", 0.1, 0.3, -0.1, -0.5),
    Cue("words.sentiment", "bitter words", "kind words", 0.0, 0.4, 0.8, 0.0),
    Cue("pace.shots_per_minute", "slow cutting", "fast cutting", _log2(12), 1.0, 0.0, 0.6, _log2),
    Cue("pace.median_shot_s", "short shots", "long shots", _log2(4), 1.0, 0.0, -0.3, _log2),
)


def values(groups: Mapping[str, Facts]) -> dict[str, float]:
    """The cues' facts that can be told, by cue, out of the groups of docs/facts.md by modality.

    A fact that is missing, null or not finite is left out.
    """
    flat = {
        f"{group}.{name}": value for group, facts in groups.items() for name, value in facts.items()
    }
    derived = {
        "look.colourfulness": colourfulness(flat.get("look.palette") or ()),
        "sound.mode": _mode(flat.get("sound.mode"), flat.get("sound.key_confidence")),
    }
    found = {cue.fact: derived.get(cue.fact, flat.get(cue.fact)) for cue in CUES}
    return {
        fact: float(value)
        for fact, value in found.items()
        if value is not None and math.isfinite(value)
    }


def lit(told: Mapping[str, float]) -> dict[str, float]:
    """Of `values` those that tell of a mood: a dark picture's without `IN_LIGHT`."""
    dark = told.get("look.brightness", 1.0) < DARK
    return {fact: value for fact, value in told.items() if not (dark and fact in IN_LIGHT)}


def colourfulness(palette: Iterable[Mapping[str, Any]]) -> float | None:
    """How many and how strong the colours are, 0..about 0.6 (Hasler & Süsstrunk 2003).

    `palette`: `{hex, share}` as in `look`; None when it is empty.
    """
    entries = list(palette)
    if not entries:
        return None
    rgb = np.array([list(bytes.fromhex(entry["hex"][1:])) for entry in entries]) / 255
    share = np.array([entry["share"] for entry in entries], float)
    red, green, blue = rgb.T
    opponent = np.stack([red - green, (red + green) / 2 - blue])
    mean = np.average(opponent, axis=1, weights=share)
    variance = np.average((opponent - mean[:, None]) ** 2, axis=1, weights=share)
    return float(np.sqrt(variance.sum()) + 0.3 * np.sqrt((mean**2).sum()))


def _mode(mode: str | None, confidence: float | None) -> float | None:
    """−1 (surely minor) … 1 (surely major)."""
    if mode is None or confidence is None:
        return None
    return confidence if mode == "major" else -confidence
