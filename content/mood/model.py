"""From facts to moods: a weighted sum that can say of each fact what it did.

Each mood's score is the sum of its cues' standardised values times signed weights; a fact that is
missing adds nothing. A mood's weights are what the circumplex says of it (its valence and arousal
times the cue's pull on them) plus its own, brought to the same length for every mood. The
softmax of the scores is the distribution. What a fact adds to all moods alike changes nothing and
is taken off, so that the pushes of the facts add up to a mood's score about the mean of all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from content.mood.cues import CUES, lit, values
from content.mood.vocabulary import MOODS, NAMES
from content.types import Facts

F64 = npt.NDArray[np.float64]

AFFECT = 0.3
"""Share of the circumplex in a mood's weights, beside its own cues."""
MODALITIES: Mapping[str, float] = {"look": 1.0, "sound": 1.0, "words": 1.0, "pace": 0.7}
"""How much each modality counts."""
AFFINITIES: Mapping[str, float] = {"look.concept": 0.3, "words.meaning": 0.4, "look.match": 0.4}
"""Weights of the zero-shot affinities. ConSE knows nouns only, and counts for little."""
PEAK = 1.0
"""What the scores are multiplied with before the softmax."""
FACTS: tuple[str, ...] = (*(cue.fact for cue in CUES), *AFFINITIES)
"""The columns of `Reading.pushes`."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What each fact adds to each mood."""

    values: Mapping[str, float]
    """The facts that were told, by name, as they were measured."""
    pushes: F64
    """(moods, facts): columns as `FACTS`, each with mean 0; the row sums are the scores."""
    affinities: Mapping[str, F64]
    """Those of `AFFINITIES` that were told, (moods,) each."""

    @property
    def tells(self) -> bool:
        """Was any fact told?"""
        return bool(self.values or self.affinities)

    @property
    def scores(self) -> F64:
        """(moods,), mean 0."""
        total: F64 = self.pushes.sum(1)
        return total


def read(
    look: Facts,
    sound: Facts,
    words: Facts,
    pace: Facts,
    *,
    concept: F64 | None = None,
    meaning: F64 | None = None,
    match: F64 | None = None,
) -> Reading:
    """Weigh the facts of a shot or a title (docs/facts.md).

    Args:
        look, sound, words, pace: groups of facts; an empty one adds nothing. `pace` has
            `shots_per_minute` and `median_shot_s` (for a shot: of its surroundings, and its own
            length: content.mood.timeline.surroundings).
        concept, meaning, match: affinities (moods,) about −2.5..2.5: of what the pictures are
            taken to show and of the words (content.mood.meaning), and of a cross-modal encoder.

    Raises:
        ValueError: an affinity is not (moods,) or not finite.
    """
    told = lit(values({"look": look, "sound": sound, "words": words, "pace": pace}))
    pushes = np.zeros((len(MOODS), len(FACTS)))
    for column, cue in enumerate(CUES):
        if cue.fact in told:
            pushes[:, column] = _weights()[:, column] * cue.standard(told[cue.fact])
    given = {"look.concept": concept, "words.meaning": meaning, "look.match": match}
    affinities = {fact: _checked(fact, a) for fact, a in given.items() if a is not None}
    for fact, affinity in affinities.items():
        pushes[:, FACTS.index(fact)] = AFFINITIES[fact] * affinity
    return Reading(told, pushes - pushes.mean(0), affinities)


def shares(scores: F64) -> F64:
    """The distribution (moods,) of scores (moods,): softmax, sum 1."""
    raised = np.exp(PEAK * (scores - scores.max()))
    share: F64 = raised / raised.sum()
    return share


def circumplex(share: F64) -> tuple[float, float]:
    """Valence and arousal, −1..1: the mean place of the moods under their distribution."""
    valence = sum(p * mood.valence for p, mood in zip(share, MOODS, strict=True))
    arousal = sum(p * mood.arousal for p, mood in zip(share, MOODS, strict=True))
    return float(valence), float(arousal)


@cache
def _weights() -> F64:
    """(moods, cues)."""
    rows = [
        [
            AFFECT * (mood.valence * cue.valence + mood.arousal * cue.arousal)
            + mood.cues.get(cue.fact, 0.0)
            for cue in CUES
        ]
        for mood in MOODS
    ]
    unknown = {fact for mood in MOODS for fact in mood.cues} - set(FACTS)
    assert not unknown, unknown
    weights = np.array(rows)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    scaled: F64 = weights * [MODALITIES[cue.modality] for cue in CUES]
    return scaled


def _checked(fact: str, affinity: F64) -> F64:
    if affinity.shape != (len(MOODS),) or not np.isfinite(affinity).all():
        raise ValueError(f"{fact}: one finite number for each of the {len(NAMES)} moods, please")
    return affinity
