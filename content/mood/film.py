"""The moods of a film: of each shot among its neighbours, and of the title."""

from collections.abc import Mapping, Sequence

from content.look import BLACK
from content.mood.evidence import mood_facts
from content.mood.model import F64, Reading, read
from content.mood.timeline import smoothed, surroundings, title_reading, with_music
from content.mood.vocabulary import NAMES
from content.types import Facts, Shot, ShotFacts

Affinities = Mapping[str, F64]
"""`concept`, `meaning`, `match`, as far as told (content.mood.model.read)."""

CLEAR = 1.8
"""Words alone tell a mood where the largest share is this many times the even one (0.05): a title
that names no feeling ("Lecture 3") stays below."""


def film_moods(
    shots: Sequence[Shot],
    facts: Sequence[ShotFacts],
    around: Sequence[Facts],
    affinities: Sequence[Affinities],
    told: F64 | None,
) -> tuple[list[Facts], Facts]:
    """The group `mood` of each shot, and of the title; empty where nothing is seen, heard or said.

    Args:
        facts: of each shot: `look`, `sound` and `words`.
        around: sound facts of each shot's `timeline.musical_span`.
        affinities: of each shot's picture and words.
        told: (moods,), what the synopsis means.
    """
    readings = [
        _reading(own, with_music(own.sound, near), pace, affinity)
        for own, near, pace, affinity in zip(
            facts, around, surroundings(shots), affinities, strict=True
        )
    ]
    moods = [mood_facts(reading) for reading in smoothed(shots, readings)]
    if not any(reading.tells for reading in readings):
        return moods, told_mood(told)
    return moods, mood_facts(title_reading(shots, readings, _told(told)))


def told_mood(told: F64 | None) -> Facts:
    """The group `mood` of a title that has a synopsis alone; empty where that is not `CLEAR`."""
    if told is None:
        return {}
    facts = mood_facts(read({}, {}, {}, {}, meaning=told))
    return facts if facts["moods"][facts["top"]] * len(NAMES) >= CLEAR else {}


def _reading(own: ShotFacts, sound: Facts, pace: Facts, affinity: Affinities) -> Reading:
    """Of a black shot only what is heard and said: a picture's light and pace tell of pictures."""
    if (own.look.get("black_fraction") or 0.0) <= BLACK:
        return read(own.look, sound, own.words, pace, **affinity)
    said = {name: affinity[name] for name in ("meaning",) if name in affinity}
    heard = sound.get("silence", 1.0) < 1.0
    return read({}, sound if heard else {}, own.words, {}, **said)


def _told(meaning: F64 | None) -> Reading | None:
    return read({}, {}, {}, {}, meaning=meaning) if meaning is not None else None
