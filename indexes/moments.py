"""Moments: stretches of a title that show, say or feel what is asked for, from its shots.

Each shot is scored by what speaks for it; neighbours that are nearly as good as the best of them
are one moment. Long films are not cut at fixed seconds: a shot is what the eye takes for one thing.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from content.mood.vocabulary import MOODS
from content.types import Space, Vectors
from indexes.calibration import Calibration
from indexes.lexical.analysis import variants, words_of
from indexes.lexical.bm25 import asked
from indexes.ranking import DECIMALS, candidates, leading
from indexes.search import TRUST, query_vector, share_of_best
from indexes.sparse import Sparse
from indexes.store import AnyQuery, Query, SparseQuery, StoredPoint, VectorStore, Where

Evidence = Literal["picture", "sound", "said", "words", "mood"]
"""picture, sound: what is seen, heard. said: what speech means. words: those that are said or
written on the screen themselves. mood: what it feels like."""

SPEAKS: Mapping[Space, Evidence] = {
    "visual": "picture",
    "concept": "picture",
    "audio": "sound",
    "synopsis": "said",
}
WORDS_WEIGHT = 0.8
MOOD_WEIGHT = 0.8
MOOD_WHOLE = 0.4
"""The share of a shot's moods at which it is all of that mood: of twenty, the even one is 0.05."""
DEPTH_MIN = 200
DEPTH_PER_RESULT = 10
"""Each list proposes max(200, 10 · limit) shots."""
NEAR = 0.7
"""A neighbour belongs to a moment when its score is this much of the best one's."""


@dataclass(frozen=True, slots=True)
class MomentHit:
    """Shots `first`..`last` of one version of a title, `[start_s, end_s)`."""

    title_id: str
    version: int
    first: int
    last: int
    best: int
    """The shot that its score and evidence are of."""
    start_s: float
    end_s: float
    score: float
    """0..1."""
    why: dict[str, float] = field(default_factory=dict)
    """How far each evidence speaks for it, 0..1; what does not is left out."""


def find(
    store: VectorStore,
    calibration: Calibration,
    words: Vectors,
    text: str | None,
    mood: str | None,
    *,
    limit: int,
    where: Where,
) -> list[MomentHit]:
    """The best moments; ties by title id and time.

    Args:
        words: raw vectors of the query's text in the spaces that know words.
        text: the query's words themselves; None for none.
        mood: one of the vocabulary; `where` has the condition that shots are of it.

    Raises:
        Invalid: `invalid_vector`.
    """
    depth = max(DEPTH_MIN, DEPTH_PER_RESULT * limit)
    found = candidates(store, _queries(calibration, words, text, mood, depth, where), exact=False)
    if not found:
        return []
    told = _told(store, found, text)
    scores = {key: round(_together(why), DECIMALS) for key, why in told.items()}
    kept = [key for key in leading(scores, depth) if scores[key] > 0]
    stored = store.get(kept, vectors=False)
    moments = _merged(stored, scores, told)
    moments.sort(key=lambda moment: (-moment.score, moment.title_id, moment.start_s))
    return moments[:limit]


def mood_vector(shares: Mapping[str, float]) -> Sparse:
    """A shot's moods by their shares."""
    return Sparse.of({zlib.crc32(name.encode()): share for name, share in shares.items()})


def moods_in(text: str) -> list[str]:
    """The moods that a query names, in whatever form: `tense`, `tensely`."""
    there = frozenset().union(*(variants(word) for word in words_of(text)))
    return [mood.name for mood in MOODS if variants(mood.name) & there]


def _queries(  # noqa: PLR0917
    calibration: Calibration,
    words: Vectors,
    text: str | None,
    mood: str | None,
    depth: int,
    where: Where,
) -> list[AnyQuery]:
    queries: list[AnyQuery] = [
        Query(space, query_vector(calibration, space, words[space].data), depth, where)
        for space in SPEAKS
        if space in words and space in calibration.spaces
    ]
    sparse: list[SparseQuery] = []
    if text is not None:
        sparse.append(SparseQuery("words", asked(text).vector, depth, where))
    named = [mood] if mood is not None else moods_in(text or "")
    sparse.append(SparseQuery("mood", mood_vector(dict.fromkeys(named, 1.0)), depth, where))
    return [*queries, *(query for query in sparse if query.vector.indices)]


def _told(
    store: VectorStore, found: Mapping[str, Mapping[str, float]], text: str | None
) -> dict[str, dict[str, float]]:
    """What speaks for each shot, 0..1."""
    said = {key: scores["words"] for key, scores in found.items() if "words" in scores}
    top = max(said.values(), default=0.0)
    share = share_of_best(store, asked(text), said) if text is not None else 0.0
    told: dict[str, dict[str, float]] = {}
    for key, scores in found.items():
        why: dict[str, float] = {}
        for space, evidence in SPEAKS.items():
            if (cosine := TRUST[space] * scores.get(space, 0.0)) > 0:
                why[evidence] = max(why.get(evidence, 0.0), min(1.0, cosine))
        if key in said and top:
            why["words"] = WORDS_WEIGHT * share * said[key] / top
        if "mood" in scores:
            why["mood"] = MOOD_WEIGHT * min(1.0, scores["mood"] / MOOD_WHOLE)
        told[key] = why
    return told


def _together(why: Mapping[str, float]) -> float:
    """Noisy or, as in `search.together`."""
    against = 1.0
    for part in why.values():
        against *= 1 - part
    return 1 - against


def _merged(
    stored: Mapping[str, StoredPoint],
    scores: Mapping[str, float],
    told: Mapping[str, Mapping[str, float]],
) -> list[MomentHit]:
    """Best shots first, each with its neighbours to both sides as long as they are near it."""
    keys = {
        (point.payload["title_id"], point.payload["version"], point.payload["shot"]): key
        for key, point in stored.items()
    }
    taken: set[tuple[str, int, int]] = set()
    moments = []
    for place in sorted(keys, key=lambda each: (-scores[keys[each]], each)):
        if place in taken:
            continue
        title_id, version, best = place
        least = NEAR * scores[keys[place]]
        reach = [best, best]
        for side, step in ((0, -1), (1, 1)):
            while (beyond := (title_id, version, reach[side] + step)) in keys:
                if beyond in taken or scores[keys[beyond]] < least:
                    break
                reach[side] += step
        taken.update((title_id, version, shot) for shot in range(reach[0], reach[1] + 1))
        ends = [stored[keys[title_id, version, shot]].payload for shot in reach]
        key = keys[place]
        moments.append(
            MomentHit(
                title_id=title_id,
                version=version,
                first=reach[0],
                last=reach[1],
                best=best,
                start_s=ends[0]["start_s"],
                end_s=ends[1]["end_s"],
                score=scores[key],
                why=_rounded(told[key]),
            )
        )
    return moments


def _rounded(why: Mapping[str, float]) -> dict[str, float]:
    kept: Sequence[tuple[str, float]] = sorted(why.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(part, 4) for name, part in kept if part >= 0.01}
