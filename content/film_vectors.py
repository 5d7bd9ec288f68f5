"""The vectors of a film: of the title in every space, and of each shot that has one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from content.film import Film, merit_of
from content.pooling import pool, salience
from content.segment import Picture
from content.sound.vector import sound_vector
from content.style import style_vector
from content.types import F32, EncoderSpec, Facts, Shot, ShotVectors, Space, Vector
from content.windows import pooled

SOUND_MIN_S = 1.0
"""A shot shorter than this has no vector of its sound."""

Specs = dict[Space, EncoderSpec]


def title_vectors(
    film: Film, profile: dict[str, Facts], specs: Specs, *, windowed: bool
) -> dict[Space, Vector]:
    """Of every space that the film has something for.

    Pictures are pooled by time on screen and how well they show it (content.pooling); sound is
    that of the whole film; style follows from the facts of the title.

    Args:
        windowed: whether the sound's encoder listens to windows.
    """
    pictures = [picture for own in film.pictures for picture in own]
    weights = np.array(
        [
            (shot.end_s - shot.start_s) / len(own) * salience(merit_of(picture))
            for shot, own in zip(film.shots, film.pictures, strict=True)
            for picture in own
        ]
    )
    found: dict[Space, F32 | None] = {
        "visual": pool(np.stack([picture.embedding for picture in pictures]), weights),
        "concept": _concept(pictures, weights),
        "audio": _sound(film, windowed=windowed),
        "style": style_vector(profile),
    }
    return {
        space: Vector(data, specs[space].fingerprint)
        for space, data in found.items()
        if data is not None
    }


def shot_vectors(film: Film, specs: Specs, *, windowed: bool) -> dict[Space, ShotVectors]:
    """Of `visual`, `concept` and `audio`, for the shots that have one."""
    found: dict[Space, list[F32 | None]] = {
        "visual": [_mean([picture.embedding for picture in own]) for own in film.pictures],
        "concept": [
            _mean([picture.concept for picture in own if picture.concept is not None])
            for own in film.pictures
        ],
        "audio": [_shot_sound(film, shot, windowed=windowed) for shot in film.shots],
    }
    made: dict[Space, ShotVectors] = {}
    for space, rows in found.items():
        shots = [k for k, row in enumerate(rows) if row is not None]
        if shots:
            data = np.stack([row for row in rows if row is not None])
            made[space] = ShotVectors(np.array(shots, np.int32), data, specs[space].fingerprint)
    return made


def shown(pictures: Sequence[Picture]) -> F32:
    """What a shot's pictures show together: (dim,), to be compared with words."""
    return pool(np.stack([picture.meaning for picture in pictures]), [1.0] * len(pictures))


def _concept(pictures: Sequence[Picture], weights: Any) -> F32 | None:
    known = [picture.concept for picture in pictures if picture.concept is not None]
    return pool(np.stack(known), weights) if known else None


def _sound(film: Film, *, windowed: bool) -> F32 | None:
    if windowed:
        return pooled(film.windows)
    return sound_vector(film.sound) if film.sound is not None else None


def _shot_sound(film: Film, shot: Shot, *, windowed: bool) -> F32 | None:
    if windowed:
        return pooled(
            [w for w in film.windows if w.start_s < shot.end_s and shot.start_s < w.end_s]
        )
    if film.sound is None or shot.end_s - shot.start_s < SOUND_MIN_S:
        return None
    return sound_vector(film.heard(shot.start_s, shot.end_s)[0])


def _mean(vectors: Sequence[F32]) -> F32 | None:
    return pool(np.stack(vectors), [1.0] * len(vectors)) if vectors else None
