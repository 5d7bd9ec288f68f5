"""The moods of a film's shots and of the title, from their facts and from what they mean."""

from collections.abc import Sequence

from content.encoders.models import Models
from content.film import Film
from content.mood.evidence import mood_facts
from content.mood.meaning import Meaning
from content.mood.model import Reading, read
from content.mood.timeline import (
    musical_span,
    smoothed,
    surroundings,
    title_reading,
    with_music,
)
from content.sound.facts import sound_facts
from content.synopsis import MAX_CHUNKS, chunks
from content.types import F32, Facts, Shot, ShotFacts, ShotVectors


def film_moods(
    film: Film,
    facts: Sequence[ShotFacts],
    concepts: Sequence[F32],
    said: ShotVectors | None,
    *,
    synopsis: str,
    models: Models,
) -> tuple[list[Facts], Facts]:
    """Facts `mood` of every shot, a little smoothed over its neighbours, and of the title.

    Args:
        facts: of every shot; their moods are not read.
        concepts: what each shot's pictures show, in the space of words, unit norm.
        said: vectors of the shots in which enough is said.
        synopsis: of the title: what it means counts for the title only.
    """
    meaning = Meaning(models.text)
    spoken = {} if said is None else dict(zip(said.shots.tolist(), said.data, strict=True))
    readings = [
        read(
            facts[k].look,
            with_music(facts[k].sound, _music(film, shot)),
            facts[k].words,
            pace,
            concept=meaning.of_concept(concepts[k]),
            meaning=meaning.of_words(spoken[k][None]) if k in spoken else None,
        )
        for k, (shot, pace) in enumerate(zip(film.shots, surroundings(film.shots), strict=True))
    ]
    title = title_reading(film.shots, readings, _told(synopsis, meaning, models))
    return [mood_facts(r) for r in smoothed(film.shots, readings)], mood_facts(title)


def _music(film: Film, shot: Shot) -> Facts:
    """Sound facts of the stretch that a shot's tempo and key are told from."""
    start_s, end_s = musical_span(shot)
    return sound_facts(*film.heard(start_s, min(end_s, film.facts.duration_s)))


def _told(synopsis: str, meaning: Meaning, models: Models) -> Reading | None:
    """What the synopsis says of the title's mood; None when it is blank."""
    pieces = chunks(synopsis, models)[:MAX_CHUNKS]
    if not pieces:
        return None
    return read({}, {}, {}, {}, meaning=meaning.of_words(models.text.encode(pieces)))
