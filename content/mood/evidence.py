"""What is told of mood: the distribution, its place on the circumplex, and why."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from content.mood.cues import CUES
from content.mood.model import AFFINITIES, FACTS, Reading, circumplex, read, shares
from content.mood.vocabulary import NAMES
from content.types import Facts

STRONGEST = 3
"""Moods that evidence is given for."""
PER_MOOD = 3
LEAST = 0.05
"""A smaller push is no evidence."""
_SAYS = {
    "look.concept": "what is seen suggests it",
    "words.meaning": "the words come near it",
    "look.match": "the pictures match its description",
}
_CUES = {cue.fact: cue for cue in CUES}


def mood_of(look: Facts, sound: Facts, words: Facts, pace: Facts, **affinities: Any) -> Facts:
    """Facts `mood` (docs/facts.md) of one shot by itself, or of a title's own facts.

    Arguments and errors as `content.mood.model.read`.
    """
    return mood_facts(read(look, sound, words, pace, **affinities))


def mood_facts(reading: Reading) -> Facts:
    """Facts `mood`: `moods` {mood: share}, sum 1; `top`; `valence`, `arousal` −1..1; `evidence`.

    Empty where no fact was told.
    """
    if not reading.tells:
        return {}
    share = shares(reading.scores)
    valence, arousal = circumplex(share)
    return {
        "moods": dict(zip(NAMES, map(float, share), strict=True)),
        "top": NAMES[int(share.argmax())],
        "valence": round(valence, 4),
        "arousal": round(arousal, 4),
        "evidence": evidence(reading),
    }


def evidence(reading: Reading) -> list[Facts]:
    """The facts that pushed the strongest moods up, largest push first.

    Of the three strongest moods up to three facts each: `{fact, says, value, mood, push}`: `says`
    is for people ("dark picture"); `push` is in units of the score, in which e-fold odds are 1.
    """
    strongest = np.argsort(-reading.scores, kind="stable")[:STRONGEST]
    found = [entry for mood in strongest for entry in _pushes(reading, int(mood))]
    return sorted(found, key=lambda entry: (-entry["push"], entry["fact"], entry["mood"]))


def _pushes(reading: Reading, mood: int) -> Iterator[Facts]:
    pushes = reading.pushes[mood]
    for column in np.argsort(-pushes, kind="stable")[:PER_MOOD]:
        fact, push = FACTS[int(column)], float(pushes[column])
        told = _told(reading, fact, mood)
        if push >= LEAST and told is not None:
            value, says = told
            yield {
                "fact": fact,
                "says": says,
                "value": round(float(value), 4),
                "mood": NAMES[mood],
                "push": round(push, 4),
            }


def _told(reading: Reading, fact: str, mood: int) -> tuple[float, str] | None:
    """The fact's value, and how a person would say it; None when only the neighbours tell it."""
    if fact in AFFINITIES:
        affinity = reading.affinities.get(fact)
        return None if affinity is None else (float(affinity[mood]), _SAYS[fact])
    value = reading.values.get(fact)
    if value is None:
        return None
    cue = _CUES[fact]
    return value, cue.high if cue.standard(value) > 0 else cue.low
