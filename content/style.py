"""The style of a title as a vector: mood, light, colours, movement and sound, in figures.

Titles with the same look and pace are neighbours here whatever they are about. Made from the facts
(docs/facts.md): the cues of `content.mood`, standardised, the hues of the palette, and the mood's
shares. No model is run here, but the mood heard what several made of pictures, words and speech:
they are named by the fingerprint, too (`content.encoders.specs`). Each family is divided by the
root of its size and multiplied by its weight, so that none counts more for having more numbers. A
family that cannot be told is zeros.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from content.mood.cues import CUES, LIMIT, values
from content.mood.vocabulary import NAMES
from content.palette import from_rgb
from content.types import F32, Facts

HUES = 8
"""Sectors of the OKLab hue circle, 45° each; the last number of the family is for greys."""
GREY = 0.03
"""OKLab chroma below which a colour has no hue."""
SHARE = 0.25
"""How far a hue's or a mood's share spreads between titles: it is divided by this."""

LIGHT = ("brightness", "contrast", "saturation", "colourfulness", "warmth", "black_fraction")
MEDIUM = ("sharpness", "animation", "monochrome", "face_area")
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "light": tuple(f"look.{name}" for name in LIGHT),
    "medium": tuple(f"look.{name}" for name in MEDIUM),
    "movement": (
        *("look.motion_global", "look.motion_local"),
        *("pace.shots_per_minute", "pace.median_shot_s"),
    ),
    "sound": tuple(cue.fact for cue in CUES if cue.modality == "sound"),
}
WEIGHTS: Mapping[str, float] = {
    **{"light": 1.0, "medium": 0.4, "movement": 1.0, "sound": 0.7},
    **{"hues": 0.7, "moods": 1.0},
}
DIM = sum(map(len, FAMILIES.values())) + HUES + 1 + len(NAMES)


def style_vector(profile: Mapping[str, Facts]) -> F32 | None:
    """(DIM,) float32, unit norm, of a profile's `look`, `sound`, `words`, `mood` and `pacing`;
    None when there is nothing to see."""
    if not profile.get("look"):
        return None
    groups = {**profile, "pace": profile.get("pacing", {})}
    groups.pop("pacing", None)
    told = {group: facts for group, facts in groups.items() if group in ("look", "sound", "pace")}
    standard = _standard(told)
    families = {
        name: [standard.get(fact, 0.0) for fact in facts] for name, facts in FAMILIES.items()
    }
    families["hues"] = _hues(profile["look"].get("palette") or ())
    families["moods"] = _moods(profile.get("mood", {}).get("moods") or {})
    parts = [
        np.array(numbers) * WEIGHTS[name] / math.sqrt(len(numbers))
        for name, numbers in families.items()
    ]
    joined = np.concatenate(parts)
    norm = float(np.linalg.norm(joined))
    return (joined / norm).astype(np.float32) if norm > 0 else None


def _standard(groups: Mapping[str, Facts]) -> dict[str, float]:
    told = values(groups)
    return {cue.fact: cue.standard(told[cue.fact]) for cue in CUES if cue.fact in told}


def _hues(palette: Iterable[Mapping[str, Any]]) -> list[float]:
    """Share of each hue sector, soft between neighbours, and of greys, about the even share."""
    shares = np.zeros(HUES + 1)
    for entry in palette:
        rgb = np.frombuffer(bytes.fromhex(entry["hex"][1:]), np.uint8)
        _, a, b = (float(x) for x in from_rgb(rgb))
        colour = min(1.0, math.hypot(a, b) / (2 * GREY))
        place = (math.degrees(math.atan2(b, a)) % 360) / (360 / HUES)
        low, part = int(place) % HUES, place - int(place)
        shares[low] += entry["share"] * colour * (1 - part)
        shares[(low + 1) % HUES] += entry["share"] * colour * part
        shares[HUES] += entry["share"] * (1 - colour)
    if not shares.any():
        return [0.0] * (HUES + 1)
    return [float(x) for x in np.clip((shares - 1 / (HUES + 1)) / SHARE, -LIMIT, LIMIT)]


def _moods(shares: Mapping[str, float]) -> list[float]:
    """Share of each mood about the even one; zeros when there is no mood."""
    if not shares:
        return [0.0] * len(NAMES)
    even = 1 / len(NAMES)
    return [max(-LIMIT, min(LIMIT, (shares.get(m, 0.0) - even) / even)) for m in NAMES]
