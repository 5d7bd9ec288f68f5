"""The moods of a film: of each shot among its neighbours, and of the title."""

from collections.abc import Mapping, Sequence

from content.mood.evidence import mood_facts
from content.mood.model import F64, Reading, read
from content.mood.timeline import smoothed, surroundings, title_reading, with_music
from content.types import Facts, Shot, ShotFacts

Affinities = Mapping[str, F64]
"""`concept`, `meaning`, `match`, as far as told (content.mood.model.read)."""


def film_moods(
    shots: Sequence[Shot],
    facts: Sequence[ShotFacts],
    around: Sequence[Facts],
    affinities: Sequence[Affinities],
    told: F64 | None,
) -> tuple[list[Facts], Facts]:
    """The group `mood` of each shot, and of the title.

    Args:
        facts: of each shot: `look`, `sound` and `words`.
        around: sound facts of each shot's `timeline.musical_span`.
        affinities: of each shot's picture and words.
        told: (moods,), what the synopsis means.
    """
    readings = [
        read(own.look, with_music(own.sound, near), own.words, pace, **affinity)
        for own, near, pace, affinity in zip(
            facts, around, surroundings(shots), affinities, strict=True
        )
    ]
    moods = [mood_facts(reading) for reading in smoothed(shots, readings)]
    return moods, mood_facts(title_reading(shots, readings, _told(told)))


def told_mood(words: Facts, told: F64) -> Facts:
    """The group `mood` of a title that has words alone."""
    return mood_facts(read({}, {}, words, {}, meaning=told))


def _told(meaning: F64 | None) -> Reading | None:
    return read({}, {}, {}, {}, meaning=meaning) if meaning is not None else None
