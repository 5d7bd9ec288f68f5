"""From a film's rows to what is told of it: facts of each shot and of the title, vectors, timeline.

Pure functions of what was read; the media is not needed any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from content.encoders.models import Models
from content.film import Film, join
from content.film_vectors import shot_vectors, shown, title_vectors
from content.look import COLUMNS, look_facts
from content.mood.film import film_moods, told_mood
from content.mood.meaning import meaning_by
from content.mood.timeline import by_second as moods_by_second
from content.mood.timeline import musical_span
from content.motion import motion_facts
from content.pacing import pacing
from content.segment import Picture, Segment, aspect
from content.sound.facts import sound_facts, sound_profile, sound_timeline
from content.transcript import transcript_of
from content.types import (
    F32,
    Extraction,
    Facts,
    Keyframe,
    ShotFacts,
    ShotVectors,
    Timeline,
    seconds_of,
)
from content.words import shot_words, title_words

FLAT = ("palette", "brightness", "contrast", "saturation", "warmth", "black_fraction")
"""Facts of the look that a profile also has at its top."""
MEANS = ("text_area", "face_count", "face_area")
"""Of keyframes; of the title their means over its shots."""


def describe(
    segments: Iterable[Segment], models: Models, synopsis: str = "", language: str | None = None
) -> Extraction:
    """All that is told of the film that these segments make up.

    Args:
        synopsis, language: of the title.
    """
    film = _meant(_believed(join(segments), models, language), models)
    synopsis = _readable(synopsis, models, language)
    said, meanings = shot_words(film.lines, film.shots, models)
    facts = [_shot_facts(film, k, words) for k, words in enumerate(said)]
    moods, mood = _moods(film, facts, meanings, synopsis, models)
    seconds = seconds_of(film.facts.duration_s)
    timeline = {**_timeline(film, seconds), **moods_by_second(film.shots, moods, seconds)}
    words = title_words(synopsis, film.lines, film.facts.duration_s, models)
    profile = {**_profile(film, facts, timeline), "words": words, "mood": mood}
    windowed = models.sound is not None
    vectors = shot_vectors(film, models.specs, windowed=windowed)
    if meanings is not None:
        vectors["synopsis"] = meanings
    return Extraction(
        facts=film.facts,
        shots=film.shots,
        keyframes=_keyframes(film),
        vectors=title_vectors(film, profile, models.specs, windowed=windowed),
        profile=profile,
        shot_facts=tuple(replace(own, mood=m) for own, m in zip(facts, moods, strict=True)),
        shot_vectors=vectors,
        timeline=timeline,
        steady=film.steady,
    )


def describe_words(synopsis: str, models: Models, language: str | None = None) -> dict[str, Facts]:
    """The profile of a title that has words alone: `words` and `mood`."""
    synopsis = _readable(synopsis, models, language)
    words = title_words(synopsis, (), 0.0, models)
    return {"words": words, "mood": told_mood(meaning_by(models).of_text(synopsis))}


def _readable(synopsis: str, models: Models, language: str | None) -> str:
    """The synopsis, where the text encoder knows the title's language; else nothing."""
    return synopsis if models.text.knows(language) else ""


def _moods(
    film: Film,
    facts: Sequence[ShotFacts],
    said: ShotVectors | None,
    synopsis: str,
    models: Models,
) -> tuple[list[Facts], Facts]:
    """The mood of each shot and of the title."""
    meaning = meaning_by(models)
    affinities = [meaning.of_picture(shown(own)) for own in film.pictures]
    for k, vector in zip(said.shots, said.data, strict=True) if said is not None else ():
        if models.text.knows(facts[k].words["language"]):
            affinities[k]["meaning"] = meaning.of_words(vector[None])
    duration_s = film.facts.duration_s
    around = [sound_facts(*film.heard(*musical_span(shot, duration_s))) for shot in film.shots]
    return film_moods(film.shots, facts, around, affinities, meaning.of_text(synopsis))


def _believed(film: Film, models: Models, language: str | None) -> Film:
    """The film without what was only taken for speech in a language that the model knows."""
    if not film.lines or models.whisper is None:
        return film
    lines = transcript_of(film.lines, language, models.whisper.english_only)
    return replace(film, lines=tuple(lines))


def _meant(film: Film, models: Models) -> Film:
    """The film, its pictures in the space of words, too."""

    def meant(picture: Picture) -> Picture:
        if picture.likeliest is None:
            return picture
        return replace(picture, concept=models.concept.encode(picture.likeliest[None])[0])

    pictures = tuple(tuple(meant(picture) for picture in own) for own in film.pictures)
    return replace(film, pictures=pictures)


def _shot_facts(film: Film, k: int, words: Facts) -> ShotFacts:
    shot = film.shots[k]
    look = {
        **look_facts(film.looks(shot)),
        **motion_facts(film.moves(shot)),
        **(film.pictures[k][0].seen or {}),
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


def _timeline(film: Film, seconds: int) -> dict[str, F32]:
    columns = {
        "brightness": by_second(film.look_s, film.look[:, COLUMNS.index("brightness")], seconds),
        "motion_global": by_second(film.motion[:, 0], film.motion[:, 1], seconds),
        "motion_local": by_second(film.motion[:, 0], film.motion[:, 2], seconds),
    }
    if film.sound is not None:
        heard = sound_timeline(film.sound, film.power)
        columns |= {name: _fitted(column, seconds) for name, column in heard.items()}
    return columns


def _fitted(column: F32, seconds: int) -> F32:
    """A column of as many seconds: its samples may count a second more or less than the frames."""
    lacking = max(0, seconds - len(column))
    return np.pad(column[:seconds], (0, lacking), constant_values=np.nan)


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
    )
