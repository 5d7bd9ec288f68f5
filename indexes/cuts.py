"""Match cuts: from a shot of one title to one of another that looks or sounds like it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from content.types import Space
from indexes.conditions import AllOf, Equals, Not
from indexes.ranking import DECIMALS
from indexes.shots import shot_id
from indexes.store import AnyQuery, Query, StoredPoint, VectorStore, Where

SPACES: tuple[Space, ...] = ("visual", "audio")
ASKED = 64
"""Shots of the title whose partners are looked for, spread evenly over it."""
PARTNERS = 8
"""Nearest shots that are looked at for each, in each space."""
LEAST = 0.3
"""Pairs less alike than this are none."""
SAME = 0.985
"""Pictures as alike as this are the same footage."""
SAME_SHARE = 0.2
"""A title with the same footage as this share of the shots asked for is the same film again."""
PAGE = 256


@dataclass(frozen=True, slots=True)
class CutHit:
    """A shot of the title asked for and one of another; versions tell whether they are current."""

    shot: int
    version: int
    other_id: str
    other_shot: int
    other_version: int
    score: float
    """The larger of the two cosines, `LEAST`..1."""
    scores: dict[str, float] = field(default_factory=dict)
    """Cosine of the pictures (`visual`) and of the sound (`audio`), where both have it."""


def cuts(store: VectorStore, title_id: str, tenant: str, *, limit: int) -> list[CutHit]:
    """The best pairs of a title's shots with others', each shot in one pair at most.

    Black frames, cards of words and the like (`ShotPoint.plain`) are left out, and so is footage
    that is the same in both titles, with all of a title that is the same film again.
    """
    own = _spread([p for p in _shots(store, title_id, tenant) if p.payload["plain"] == "false"])
    condition = AllOf((Not(Equals("title_id", title_id)), Equals("plain", "false")))
    where = Where(condition, tenant)
    asked: list[tuple[StoredPoint, AnyQuery]] = [
        (point, Query(space, point.vectors[space], PARTNERS, where))
        for point in own
        for space in SPACES
        if space in point.vectors
    ]
    lists = store.query([query for _, query in asked], exact=False)
    near = {(p.id, hit.id) for (p, _), found in zip(asked, lists, strict=True) for hit in found}
    others = store.get(sorted({key for _, key in near}), vectors=True)
    mine = {point.id: point for point in own}
    pairs = [_pair(mine[one], others[other]) for one, other in sorted(near) if other in others]
    return _chosen([pair for pair in pairs if pair is not None], len(own))[:limit]


def _shots(store: VectorStore, title_id: str, tenant: str) -> list[StoredPoint]:
    found: list[StoredPoint] = []
    for start in count(0, PAGE):
        keys = [shot_id(title_id, k, tenant) for k in range(start, start + PAGE)]
        page = store.get(keys, vectors=True)
        found += [page[key] for key in keys if key in page]
        if len(page) < PAGE:
            return found
    raise AssertionError("count never ends")


def _spread(points: Sequence[StoredPoint]) -> list[StoredPoint]:
    if len(points) <= ASKED:
        return list(points)
    return [points[k * len(points) // ASKED] for k in range(ASKED)]


def _pair(one: StoredPoint, other: StoredPoint) -> CutHit | None:
    """None where the other was replaced since it was found, and shares no space any more."""
    scores = {
        str(s): round(float(one.vectors[s] @ other.vectors[s]), DECIMALS)
        for s in SPACES
        if s in one.vectors and s in other.vectors
    }
    if not scores:
        return None
    return CutHit(
        one.payload["shot"],
        one.payload["version"],
        other.payload["title_id"],
        other.payload["shot"],
        other.payload["version"],
        max(scores.values()),
        scores,
    )


def _chosen(pairs: Sequence[CutHit], asked: int) -> list[CutHit]:
    same: dict[str, set[int]] = {}
    for pair in pairs:
        if pair.scores.get("visual", 0.0) >= SAME:
            same.setdefault(pair.other_id, set()).add(pair.shot)
    again = {title for title, shots in same.items() if len(shots) >= max(2, SAME_SHARE * asked)}
    return _once(
        pair
        for pair in sorted(pairs, key=_order)
        if pair.score >= LEAST
        and pair.other_id not in again
        and pair.scores.get("visual", 0.0) < SAME
    )


def _once(pairs: Iterable[CutHit]) -> list[CutHit]:
    """Each shot in its best pair alone."""
    taken: set[tuple[str, int]] = set()
    kept = []
    for pair in pairs:
        ends = {("", pair.shot), (pair.other_id, pair.other_shot)}
        if not ends & taken:
            taken |= ends
            kept.append(pair)
    return kept


def _order(pair: CutHit) -> tuple[float, int, str, int]:
    return -pair.score, pair.shot, pair.other_id, pair.other_shot
