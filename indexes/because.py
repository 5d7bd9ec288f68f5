"""Why a title is among the answers: what each space adds to its score, and what both have in words.

The words are those of the moods' evidence (`content.mood.cues`): a fact that lies a whole scale
beyond what is usual in films has a name ("dark picture"), and so have lists (palette, moods,
themes, genres). What more than half of the catalogue has, says nothing and is left out; the rarest
comes first, as its information is greatest (Lin 1998).
"""

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content.mood.cues import CUES
from indexes.ranking import DECIMALS
from indexes.schema import Because, Hit, Shared
from indexes.store import VectorStore
from indexes.weights import Weights

SAYS_MOST = 6
"""Shared facts told of one answer."""
SAMPLE = 500
"""Titles by which it is judged how common a fact is: a share is known to ±0.045 (two standard
errors). Point ids are hashes, so the first are a random sample."""
COMMON = 0.5
COMMON_FROM = 8
"""Of fewer titles nothing is said to be common."""
FRESH_S = 600.0
BEYOND = 1.0
"""Of a cue's scale."""
UNIT = 10**DECIMALS
_GROUPS = {"pace": "pacing"}
_LISTS: Mapping[str, str] = {
    "look.palette": "{} tones",
    "mood.moods": "{} mood",
    "words.themes": "{}",
}
MODE_SURE = 0.5
"""`sound.key_confidence` from which a key is told."""


def contributions(weights: Weights, cosines: Mapping[str, float], score: float) -> dict[str, float]:
    """What each space that counts adds to a fused score, in units of it.

    `w_m cos_m / Σ w_m` over the shared spaces, to 6 decimals and so that they sum to the rounded
    score (largest remainder).
    """
    counting = {s: weights[s] for s in cosines if weights.get(s, 0.0) > 0}  # type: ignore[call-overload,index]
    total = sum(counting.values())
    exact = {s: weight * cosines[s] / total * UNIT for s, weight in counting.items()}
    whole = {s: math.floor(value) for s, value in exact.items()}
    missing = round(score * UNIT) - sum(whole.values())
    for space in sorted(exact, key=lambda s: (whole[s] - exact[s], s))[: max(0, missing)]:
        whole[space] += 1
    return {s: value / UNIT for s, value in whole.items()}


def terms(payload: Mapping[str, Any]) -> set[Shared]:
    """What can be said of a stored title in words."""
    return {*_submitted(payload), *_listed(payload), *_figures(payload)}


@dataclass(frozen=True, slots=True)
class Commonness:
    """How many titles of a sample have each term."""

    counts: Counter[Shared]
    titles: int
    at_s: float

    @classmethod
    def of(cls, store: VectorStore, tenant: str) -> "Commonness":
        """Of the first `SAMPLE` points of a store."""
        points, _ = store.page(None, SAMPLE, vectors=False)
        told = [terms(point.payload) for point in points if point.payload["tenant"] == tenant]
        counts = Counter(term for each in told for term in each)
        return cls(counts, len(told), time.monotonic())

    @property
    def stale(self) -> bool:
        return time.monotonic() - self.at_s > FRESH_S

    def telling(self, found: set[Shared]) -> tuple[Shared, ...]:
        """Those that tell something, the rarest first; at most `SAYS_MOST`."""
        most = COMMON * self.titles if self.titles >= COMMON_FROM else math.inf
        rare = [term for term in found if self.counts[term] <= most]
        rare.sort(key=lambda term: (self.counts[term], term.fact, term.says))
        return tuple(rare[:SAYS_MOST])


def because(
    hit: Hit,
    weights: Weights,
    payload: Mapping[str, Any],
    liked: Sequence[Mapping[str, Any]],
    common: Commonness,
) -> Because:
    """Why one answer is there.

    Args:
        payload: the answer's.
        liked: of the titles that are liked; what is shared is shared with more than half of them.
    """
    own = terms(payload)
    others = Counter(term for each in liked for term in terms(each))
    shared = {term for term in own if 2 * others[term] > len(liked)}
    return Because(contributions(weights, hit.scores, hit.score), common.telling(shared))


def _submitted(payload: Mapping[str, Any]) -> Iterator[Shared]:
    told = payload.get("genres") or ()
    # Each is stored folded, too; the first is as it was told.
    for genre in {genre.casefold(): genre for genre in reversed(told)}.values():
        yield Shared("genres", genre)
    if payload.get("country"):
        yield Shared("country", f"from {payload['country']}")
    if payload.get("year"):
        yield Shared("year", f"{payload['year'] // 10 * 10}s")


def _listed(payload: Mapping[str, Any]) -> Iterator[Shared]:
    for fact, says in _LISTS.items():
        for name in _fact(payload, fact) or ():
            yield Shared(fact, says.format(name))


def _figures(payload: Mapping[str, Any]) -> Iterator[Shared]:
    for cue in CUES:
        group, name = cue.fact.split(".", 1)
        fact = f"{_GROUPS.get(group, group)}.{name}"
        value = _fact(payload, fact)
        if not isinstance(value, int | float):
            continue
        beyond = cue.standard(float(value))
        if abs(beyond) >= BEYOND:
            yield Shared(fact, cue.high if beyond > 0 else cue.low)
    if (_fact(payload, "sound.key_confidence") or 0.0) >= MODE_SURE:
        yield Shared("sound.mode", f"{_fact(payload, 'sound.mode')} key")


def _fact(payload: Mapping[str, Any], fact: str) -> Any:
    group, name = fact.split(".", 1)
    return ((payload.get("facts") or {}).get(group) or {}).get(name)
