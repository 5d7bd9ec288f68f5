"""What a title's pictures must show between them: everyone who recurs, every strong mood, and the
story's early part as well as its late one."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from artwork.candidates.emphasis import mood_of
from content.encoders.identity import SAME_PERSON
from content.types import F32, Extraction

RECURS = 3
"""Pictures looked at, of at least two shots, in which somebody is seen who recurs."""
MAX_PEOPLE = 8
STRONG_MOOD, MAX_MOODS = 0.15, 4
"""Share of the running time that a strong mood holds; the most such moods."""


def coverage(
    at_s: Sequence[float], people: Sequence[frozenset[int]], extraction: Extraction
) -> list[frozenset[int]]:
    """Sets of indices of which one each is wanted, of n pictures at `at_s`.

    `people` are sets of such indices already, as `recurring` gives them.
    """
    shot_of = shots_at(at_s, extraction)
    facts = extraction.shot_facts
    moods = [mood_of(facts[n].mood) if facts else None for n in shot_of]
    wanted = list(people)
    for mood in strong_moods(extraction):
        wanted.append(frozenset(i for i, found in enumerate(moods) if found == mood))
    third_s = extraction.facts.duration_s / 3
    wanted.append(frozenset(i for i, t in enumerate(at_s) if t < third_s))
    wanted.append(frozenset(i for i, t in enumerate(at_s) if t >= 2 * third_s))
    return [one for one in wanted if one]


def shots_at(at_s: Sequence[float], extraction: Extraction) -> list[int]:
    """The index of the shot that each moment lies in."""
    starts = [shot.start_s for shot in extraction.shots]
    found = np.searchsorted(starts, at_s, side="right") - 1
    return [int(n) for n in np.clip(found, 0, len(starts) - 1)]


def strong_moods(extraction: Extraction) -> list[str]:
    """The moods that hold for `STRONG_MOOD` of a film or more, the longest first."""
    told: dict[str, float] = defaultdict(float)
    for shot, facts in zip(extraction.shots, extraction.shot_facts, strict=False):
        if (mood := mood_of(facts.mood)) is not None:
            told[mood] += shot.end_s - shot.start_s
    least_s = STRONG_MOOD * extraction.facts.duration_s
    strong = [mood for mood, held_s in told.items() if held_s >= least_s]
    return sorted(strong, key=lambda mood: (-told[mood], mood))[:MAX_MOODS]


def recurring(faces: Sequence[Sequence[F32]], shots: Sequence[int]) -> list[frozenset[int]]:
    """Who is seen again and again: for each the pictures that show them, the most seen first.

    Args:
        faces: of n pictures the identity vectors (128,) of their faces.
        shots: of each picture its shot.

    Faces are clustered by average linkage, cut at `SAME_PERSON`.
    """
    owner = [i for i, found in enumerate(faces) for _ in found]
    if len(owner) < RECURS:
        return []
    from scipy.cluster.hierarchy import fcluster, linkage

    vectors = np.stack([vector for found in faces for vector in found]).astype(np.float64)
    labels = fcluster(linkage(vectors, "average"), SAME_PERSON, "distance")
    people = [
        frozenset(i for i, label in zip(owner, labels, strict=True) if label == who)
        for who in sorted(set(labels.tolist()))
    ]
    seen_again = [one for one in people if len(one) >= RECURS and len({shots[i] for i in one}) >= 2]
    return sorted(seen_again, key=lambda one: (-len(one), min(one)))[:MAX_PEOPLE]
