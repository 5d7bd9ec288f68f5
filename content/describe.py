"""From a film's rows to what is told of it: facts of each shot and of the title, vectors, timeline.

Pure functions of what was read; the media is not needed any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from content.encoders.models import Models
from content.encoders.specs import embedded_specs
from content.film import Film, join
from content.film_moods import film_moods
from content.look import COLUMNS, look_facts
from content.mood.timeline import by_second as mood_by_second
from content.motion import motion_facts
from content.pacing import pacing
from content.segment import Picture, Segment, aspect
from content.sound.facts import sound_facts, sound_profile, sound_timeline
from content.sound.vector import sound_vector
from content.transcript import transcript_of
from content.types import (
    F32,
    Extraction,
    Facts,
    Keyframe,
    Shot,
    ShotFacts,
    ShotVectors,
    Space,
    Timeline,
    Vector,
)
from content.words import shot_words, title_words

FLAT = ("palette", "brightness", "contrast", "saturation", "warmth", "black_fraction")
"""Facts of the look that a profile also has at its top."""
MEANS = ("text_area", "face_count", "face_area")
"""Of keyframes; of the title their means over its shots."""
SOUND_MIN_S = 1.0
"""A shot shorter than this has no vector of its sound."""


def describe(
    segments: Iterable[Segment], models: Models, synopsis: str = "", language: str | None = None
) -> Extraction:
    """All that is told of the film that these segments make up.

    Args:
        synopsis, language: of the title.
    """
    film = _believed(join(segments), models, language)
    said, meanings = shot_words(film.lines, film.shots, models)
    facts = [_shot_facts(film, k, words) for k, words in enumerate(said)]
    concepts = [pool([picture.concept for picture in own]) for own in film.pictures]
    moods, mood = film_moods(film, facts, concepts, meanings, synopsis=synopsis, models=models)
    shot_facts = tuple(replace(f, mood=m) for f, m in zip(facts, moods, strict=True))
    timeline = _timeline(film, moods)
    words = title_words(synopsis, film.lines, film.facts.duration_s, models)
    shot_vectors = _shot_vectors(film, concepts)
    if meanings is not None:
        shot_vectors["synopsis"] = meanings
    return Extraction(
        facts=film.facts,
        shots=film.shots,
        keyframes=_keyframes(film),
        vectors=_title_vectors(film),
        profile={**_profile(film, shot_facts, timeline), "words": words, "mood": mood},
        shot_facts=shot_facts,
        shot_vectors=shot_vectors,
        timeline=timeline,
    )


def _believed(film: Film, models: Models, language: str | None) -> Film:
    """The film without what was only taken for speech in a language that the model knows."""
    if not film.lines or models.whisper is None:
        return film
    lines = transcript_of(film.lines, language, models.whisper.english_only)
    return replace(film, lines=tuple(lines))


def _shot_facts(film: Film, k: int, words: Facts) -> ShotFacts:
    shot = film.shots[k]
    look = {
        **look_facts(film.looks(shot)),
        **motion_facts(film.moves(shot)),
        **film.pictures[k][0].seen,
    }
    return ShotFacts(
        look=look, sound=sound_facts(*film.heard(shot.start_s, shot.end_s)), words=words
    )


def _profile(film: Film, shot_facts: Sequence[ShotFacts], timeline: Timeline) -> dict[str, Any]:
    look: Facts = {**look_facts(film.look), **motion_facts(film.motion)}
    for name in MEANS:
        look[name] = round(float(np.mean([facts.look[name] for facts in shot_facts])), 4)
    look["aspect"] = round(aspect(film.facts, film.bars), 4)
    look["bars"] = {side: round(share, 4) for side, share in film.bars._asdict().items()}
    flat = {name: look[name] for name in FLAT}
    sound: Facts = {}
    if film.sound is not None:
        sound = sound_facts(film.sound, film.power)
        flat |= sound_profile(film.sound)
    return {
        **flat,
        "look": look,
        "sound": sound,
        "pacing": pacing(film.shots, film.motion, timeline.get("loudness_lufs")),
    }


def _timeline(film: Film, moods: Sequence[Facts]) -> dict[str, F32]:
    seconds = int(np.ceil(film.facts.duration_s))
    columns = {
        "brightness": by_second(film.look_s, film.look[:, COLUMNS.index("brightness")], seconds),
        "motion_global": by_second(film.motion[:, 0], film.motion[:, 1], seconds),
        "motion_local": by_second(film.motion[:, 0], film.motion[:, 2], seconds),
        **mood_by_second(film.shots, moods, seconds),
    }
    if film.sound is not None:
        columns |= sound_timeline(film.sound, film.power)
    return columns


def by_second(times_s: Any, values: Any, seconds: int) -> F32:
    """Means (seconds,) of values at times, NaN ones left out; a second without any holds the last
    one's, and is NaN before the first."""
    known = np.isfinite(values)
    second = np.minimum(np.asarray(times_s)[known].astype(int), seconds - 1)
    count = np.bincount(second, minlength=seconds)
    total = np.bincount(second, np.asarray(values, float)[known], seconds)
    told = np.flatnonzero(count)
    means = np.full(seconds, np.nan)
    means[told] = total[told] / count[told]
    last = np.maximum.accumulate(np.where(count > 0, np.arange(seconds), -1))
    held: F32 = np.where(last >= 0, means[last], np.nan).astype(np.float32)
    return held


def _title_vectors(film: Film) -> dict[Space, Vector]:
    pictures = [picture for own in film.pictures for picture in own]
    weights = np.array(
        [
            (shot.end_s - shot.start_s) / len(own)
            for shot, own in zip(film.shots, film.pictures, strict=True)
            for _ in own
        ]
    )
    found: dict[Space, F32 | None] = {
        "visual": pool([picture.embedding for picture in pictures], weights),
        "concept": pool([picture.concept for picture in pictures], weights),
        "audio": sound_vector(film.sound) if film.sound is not None else None,
    }
    specs = embedded_specs()
    return {
        space: Vector(data, specs[space].fingerprint)
        for space, data in found.items()
        if data is not None
    }


def _shot_vectors(film: Film, concepts: list[F32]) -> dict[Space, ShotVectors]:
    found: dict[Space, list[F32 | None]] = {
        "visual": [pool([picture.embedding for picture in own]) for own in film.pictures],
        "concept": list(concepts),
        "audio": [_shot_sound(film, shot) for shot in film.shots],
    }
    specs = embedded_specs()
    made: dict[Space, ShotVectors] = {}
    for space, rows in found.items():
        shots = [k for k, row in enumerate(rows) if row is not None]
        if shots:
            data = np.stack([row for row in rows if row is not None])
            made[space] = ShotVectors(np.array(shots, np.int32), data, specs[space].fingerprint)
    return made


def _shot_sound(film: Film, shot: Shot) -> F32 | None:
    if film.sound is None or shot.end_s - shot.start_s < SOUND_MIN_S:
        return None
    return sound_vector(film.heard(shot.start_s, shot.end_s)[0])


def pool(vectors: Sequence[F32], weights: Any = None) -> F32:
    """The weighted mean, as a unit vector."""
    mean = np.average(np.stack(vectors), axis=0, weights=weights)
    unit: F32 = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit


def _keyframes(film: Film) -> tuple[Keyframe, ...]:
    """Each shot's own, in order, then all others in time's."""
    own = [_keyframe(k, pictures[0]) for k, pictures in enumerate(film.pictures)]
    others = [_keyframe(k, p) for k, pictures in enumerate(film.pictures) for p in pictures[1:]]
    return (*own, *sorted(others, key=lambda keyframe: keyframe.at_s))


def _keyframe(shot: int, picture: Picture) -> Keyframe:
    return Keyframe(
        at_s=picture.at_s,
        shot=shot,
        brightness=picture.brightness,
        contrast=picture.contrast,
        sharpness=picture.sharpness,
        embedding=picture.embedding,
        thumbnail=picture.thumbnail,
    )
