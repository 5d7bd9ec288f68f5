"""A made-up film as understanding would tell of it: calm, tense, epic, then joyful again."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from content.types import (
    BoundaryKind,
    Extraction,
    Keyframe,
    MediaFacts,
    Shot,
    ShotFacts,
    ShotVectors,
    Vector,
)

COLUMNS = (
    "loudness_lufs", "speech", "music", "effects", "silence",
    "motion_global", "motion_local", "brightness", "valence", "arousal",
)  # fmt: skip


@dataclass(frozen=True)
class Act:
    """A stretch of the film; the figures are means."""

    mood: str
    palette: tuple[str, ...]
    brightness: float
    motion: float
    lufs: float
    speech: float
    music: float
    valence: float
    arousal: float
    cutting: float
    """Shots against those of the other acts."""


ACTS = (
    Act("calm", ("#7fb2d9", "#d9e4c7", "#5b7f4a"), 0.62, 0.05, -27, 0.5, 0.3, 0.5, -0.5, 1.0),
    Act("tense", ("#1d2b36", "#3d4a4f", "#7a2e1d"), 0.22, 0.2, -24, 0.3, 0.5, -0.5, 0.5, 1.6),
    Act("epic", ("#c77a1e", "#40251a", "#e8c477"), 0.45, 0.5, -14, 0.1, 0.8, 0.3, 0.9, 2.5),
    Act("joyful", ("#f2d16b", "#e57373", "#8bc34a"), 0.7, 0.2, -20, 0.4, 0.5, 0.8, 0.4, 1.2),
)


def film(
    duration_s: float = 60.0, shots: int = 24, *, fps: float = 24000 / 1001, seed: int = 0
) -> Extraction:
    """All that a film of this length and so many shots would give; the same for the same seed."""
    rng = np.random.default_rng(seed)
    made = _shots(duration_s, shots, fps, rng)
    facts = tuple(_facts(i, shot, _act(shot.start_s, duration_s)) for i, shot in enumerate(made))
    rows = _units(rng, len(made), 32)
    every_other = np.arange(0, len(made), 2, dtype=np.int32)
    return Extraction(
        facts=MediaFacts(duration_s, fps, 1920, 1080, True, "h264", "aac", 2, 48000),
        shots=made,
        keyframes=tuple(
            Keyframe(shot.keyframe_s, i, 0.5, 0.2, 0.5, rows[i]) for i, shot in enumerate(made)
        ),
        vectors={"visual": Vector(rows[0], "net@1:32:abc")},
        profile=_profile(made, facts, duration_s),
        shot_facts=facts,
        shot_vectors={
            "visual": ShotVectors(np.arange(len(made), dtype=np.int32), rows, "net@1:32:abc"),
            "synopsis": ShotVectors(every_other, _units(rng, len(every_other), 8), "words@1:8:d"),
        },
        timeline=_timeline(duration_s, rng),
    )


def _act(at_s: float, duration_s: float) -> Act:
    return ACTS[min(len(ACTS) - 1, int(at_s / duration_s * len(ACTS)))]


def _units(rng: np.random.Generator, n: int, dim: int) -> Any:
    rows = rng.normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _shots(duration_s: float, n: int, fps: float, rng: np.random.Generator) -> tuple[Shot, ...]:
    """`n` shots tiling the film, each beginning on a frame."""
    weights = np.array([1 / _act(i / n, 1.0).cutting for i in range(n)]) * rng.uniform(0.4, 1.6, n)
    ends = np.round(np.cumsum(weights) / weights.sum() * duration_s * fps) / fps
    edges = [0.0, *ends[:-1].tolist(), duration_s]
    kinds: list[BoundaryKind] = ["start"]
    kinds += ["dissolve" if i % 7 == 0 else "fade" if i % 11 == 0 else "cut" for i in range(1, n)]
    return tuple(
        Shot(start_s, end_s, (start_s + end_s) / 2, kind, 1.0 if kind == "start" else 0.9)
        for (start_s, end_s), kind in zip(pairwise(edges), kinds, strict=True)
    )


def _palette(act: Act) -> list[dict[str, Any]]:
    shares = (0.5, 0.3, 0.2)
    return [
        {"hex": colour, "name": "grey", "share": share}
        for colour, share in zip(act.palette, shares, strict=True)
    ]


def _moods(act: Act) -> dict[str, float]:
    others = {other.mood: 0.1 for other in ACTS if other is not act}
    return {act.mood: 0.6, **others, "melancholic": 0.1}


def _facts(i: int, shot: Shot, act: Act) -> ShotFacts:
    look = {
        "palette": _palette(act), "brightness": act.brightness, "contrast": 0.2,
        "saturation": 0.4, "warmth": 0.1, "sharpness": 0.6, "black_fraction": 0.05,
        "motion_global": act.motion / 2, "motion_local": act.motion / 8, "monochrome": False,
        "medium": "live_action", "animation": 0.1, "text": [], "text_area": 0.0, "faces": [],
        "face_count": i % 3, "face_area": 0.04 * (i % 3),
    }  # fmt: skip
    sound = {
        "speech": act.speech, "music": act.music, "effects": 0.1,
        "silence": round(0.9 - act.speech - act.music, 3), "dialogue_density": 60 * act.speech,
        "loudness_lufs": act.lufs, "loudness_range_lu": 4.0, "tempo_bpm": 120.0,
        "beat_strength": 0.5, "key": "D", "mode": "minor", "key_confidence": 0.4,
        "brightness_hz": 1500.0, "onsets_per_s": 2.0,
    }  # fmt: skip
    line = {"start_s": shot.start_s, "end_s": shot.end_s, "text": f"Line {i}."}
    words = {"transcript": [line], "language": "en", "themes": [], "sentiment": act.valence}
    mood = {
        "moods": _moods(act), "top": act.mood, "valence": act.valence, "arousal": act.arousal,
        "evidence": [
            {
                **{"fact": "look.brightness", "says": "dark picture", "value": 0.12},
                **{"mood": act.mood, "push": 0.4},
            }
        ],
    }  # fmt: skip
    return ShotFacts(look, sound, words, mood)


def _profile(
    shots: tuple[Shot, ...], facts: tuple[ShotFacts, ...], duration_s: float
) -> dict[str, Any]:
    """Of the first act what has no mean; words and pacing of all."""
    lengths = [shot.end_s - shot.start_s for shot in shots]
    rate = 60 * len(shots) / duration_s
    aspect = {"aspect": 1.778, "bars": {"top": 0.0, "bottom": 0.0, "left": 0.0, "right": 0.0}}
    look = {k: v for k, v in facts[0].look.items() if k not in ("text", "faces")}
    moods = {"tense": 0.3, "epic": 0.25, "calm": 0.2, "joyful": 0.2, "melancholic": 0.05}
    return {
        "palette": [{"hex": act.palette[0], "share": 0.25} for act in ACTS],
        "brightness": 0.5,
        "look": {**look, **aspect, "palette": [
            {"hex": act.palette[0], "name": "grey", "share": 0.25} for act in ACTS
        ]},
        "sound": facts[0].sound,
        "words": {
            "transcript": [known.words["transcript"][0] for known in facts],
            "language": "en",
            "themes": [{"theme": "survival", "score": 0.7}, {"theme": "nature", "score": 0.2}],
            "sentiment": 0.1,
            "arc": [{"at_s": shot.start_s, "sentiment": 0.1} for shot in shots],
        },
        "mood": {
            "moods": moods, "top": "tense", "valence": 0.1, "arousal": 0.4,
            "evidence": [
                {"fact": "look.brightness", "says": "dark picture", "value": 0.22,
                 "mood": "tense", "push": 0.41},
                {"fact": "sound.loudness_lufs", "says": "loud sound", "value": -14.0,
                 "mood": "epic", "push": 0.3},
            ],
        },
        "pacing": {
            "shots_per_minute": rate, "median_shot_s": float(np.median(lengths)),
            "mean_shot_s": float(np.mean(lengths)), "longest_shot_s": max(lengths),
            "curve": [{"at_s": shot.start_s, "shots_per_minute": rate} for shot in shots],
            "peaks": [{"at_s": round(duration_s * 0.6, 1), "action": 0.92}],
        },
    }  # fmt: skip


def _timeline(duration_s: float, rng: np.random.Generator) -> dict[str, Any]:
    seconds = int(np.ceil(duration_s))
    acts = [_act(second, duration_s) for second in range(seconds)]
    talking = rng.random(seconds) < [act.speech for act in acts]
    playing = ~talking & (rng.random(seconds) < [act.music for act in acts])
    quiet = ~talking & ~playing & (rng.random(seconds) < 0.7)
    means = {
        "loudness_lufs": [act.lufs for act in acts] + rng.normal(0, 3, seconds) - 25 * quiet,
        "speech": talking, "music": playing, "effects": ~talking & ~playing & ~quiet,
        "silence": quiet,
        "motion_global": [act.motion / 2 for act in acts] * rng.uniform(0.2, 1.8, seconds),
        "motion_local": [act.motion / 8 for act in acts] * rng.uniform(0.2, 1.8, seconds),
        "brightness": [act.brightness for act in acts] + rng.normal(0, 0.05, seconds),
        "valence": [act.valence for act in acts], "arousal": [act.arousal for act in acts],
    }  # fmt: skip
    assert tuple(means) == COLUMNS
    return {name: np.asarray(column, np.float32) for name, column in means.items()}
