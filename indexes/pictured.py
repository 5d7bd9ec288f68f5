"""Titles that show something like a picture, or sound like a piece of sound, and when: from the
vectors of their shots.

The nearest shots are taken in rounds, each leaving out the titles that are known already, so that a
film of many shots alike does not keep the others out; which of their titles may be answered is
decided by the titles' own points.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from content.errors import Conflict, Invalid
from content.ids import DEFAULT_TENANT
from content.types import F32, Vector
from indexes.conditions import VALUES_MAX, Condition, IsAny, Not, sparing
from indexes.generation import Generation
from indexes.question import Continuation
from indexes.ranking import DECIMALS, DEPTH_MIN
from indexes.schema import NO_FILTER, Filter, check_limit, check_vector, dim_of, point_id
from indexes.store import Query, Where

MediaSpace = Literal["visual", "audio"]
SENT: Mapping[MediaSpace, str] = {"visual": "the picture", "audio": "the sound"}
SHOTS = 256
"""The nearest that one round looks at."""
TITLES_MAX = VALUES_MAX
"""So many titles are looked at; who asks for more pages has seen what is alike long before."""


@dataclass(frozen=True, slots=True, eq=False)
class MediaQuestion:
    """What is asked for: titles with shots that look, or sound, like `vector`, a raw one of
    `space`."""

    vector: Vector
    space: MediaSpace = "visual"
    limit: int = 20
    filter: Filter = NO_FILTER
    leaving_out: tuple[str, ...] = ()
    after: Continuation | None = None

    def check(self) -> None:
        """Raises Invalid: `invalid_limit`, `invalid_vector`, `invalid_fingerprint`,
        `invalid_cursor`, `invalid_filter`, `invalid_maturity`."""
        check_limit(self.limit)
        check_vector(self.vector.data, dim_of(self.vector.fingerprint), SENT[self.space])
        if self.after is not None:
            self.after.check()
        self.filter.conditions()

    def condition(self, tenant: str = DEFAULT_TENANT) -> Condition | None:
        """All that must hold of a title."""
        return sparing(self.filter.conditions(), self.leaving_out, tenant)

    def digest(self) -> str:
        """16 hexadecimal digits; alike for the pages of one list."""
        parts = self.space, self.vector.fingerprint, self.filter, sorted(self.leaving_out)
        whole = repr(parts).encode() + self.vector.data.tobytes()
        return hashlib.blake2b(whole, digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class MediaHit:
    """A title and its shot that is most like what was sent, `[start_s, end_s)` of one version."""

    title_id: str
    version: int
    shot: int
    start_s: float
    end_s: float
    score: float
    """Cosine of the shot, −1..1."""
    scores: dict[str, float] = field(default_factory=dict)
    """The space that was asked: cosine of the title as a whole."""


@dataclass(frozen=True, slots=True)
class MediaPage:
    """One page."""

    hits: tuple[MediaHit, ...]
    following: Continuation | None = None
    """Where the next begins; None on the last."""


def answer(live: Generation, question: MediaQuestion, tenant: str) -> MediaPage:
    """The titles whose shots are most like what was sent, best first; ties by title id.

    Nothing is found in a generation of an earlier release, which has no shots.

    Raises:
        Conflict: `fingerprint_mismatch`, `cursor_expired`. Invalid: `invalid_cursor`.
    """
    if live.record.fingerprints.get(question.space) != question.vector.fingerprint:
        raise Conflict(
            "fingerprint_mismatch",
            f"{question.space} of the live generation is of another encoder than today's; run "
            "`keyart reindex`",
        )
    begun = _begun(live.name, question)
    vector = live.calibration.apply(question.space, question.vector.data)
    found = list[MediaHit]()
    for hits in _rounds(live, question, vector, tenant):
        found += hits
        if len(found) > begun.rank + question.limit:
            break
    shown = found[begun.rank : begun.rank + question.limit]
    if len(found) <= begun.rank + len(shown) or not shown:
        return MediaPage(tuple(shown))
    last = shown[-1]
    rank = begun.rank + len(shown)
    following = replace(begun, rank=rank, score=last.score, title_id=last.title_id)
    return MediaPage(tuple(shown), following)


def _rounds(
    live: Generation, question: MediaQuestion, vector: F32, tenant: str
) -> Iterator[Sequence[MediaHit]]:
    """Titles that may be answered, those of each round best first, none of them twice."""
    shots, known = live.shots, set[str]()
    while shots is not None and len(known) < TITLES_MAX:
        others = Not(IsAny("title_id", tuple(sorted(known)))) if known else None
        asked = Query(question.space, vector, SHOTS, Where(others, tenant))
        [nearest] = shots.query([asked], exact=False)
        stored = shots.get([each.id for each in nearest], vectors=False)
        best: dict[str, MediaHit] = {}
        for each in sorted(nearest, key=lambda each: (-each.score, each.id)):
            if each.id in stored:
                told = stored[each.id].payload
                named = {n: told[n] for n in ("title_id", "version", "shot", "start_s", "end_s")}
                hit = MediaHit(**named, score=round(each.score, DECIMALS))
                best.setdefault(hit.title_id, hit)
        yield _allowed(live, question, vector, tenant, best)
        known |= best.keys()
        if len(nearest) < SHOTS:
            return


def _allowed(
    live: Generation,
    question: MediaQuestion,
    vector: F32,
    tenant: str,
    best: dict[str, MediaHit],
) -> Sequence[MediaHit]:
    """Those whose titles fit, with the titles' own cosines."""
    if not best:
        return ()
    titles = {point_id(title_id, tenant): title_id for title_id in best}
    where = Where(question.condition(tenant), tenant, only=frozenset(titles))
    [fitting] = live.store.query([Query(question.space, vector, len(titles), where)])
    hits = [
        replace(best[titles[each.id]], scores={question.space: round(each.score, DECIMALS)})
        for each in fitting
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.title_id))


def _begun(generation: str, question: MediaQuestion) -> Continuation:
    """Where the page begins.

    Raises:
        Conflict: `cursor_expired`. Invalid: `invalid_cursor`.
    """
    first = Continuation(generation, "", question.digest(), DEPTH_MIN, 0, 0.0, "")
    after = question.after
    if after is None:
        return first
    if after.question != first.question:
        raise Invalid("invalid_cursor", "this cursor is of another question: ask as for its page")
    if after.generation != first.generation:
        raise Conflict(
            "cursor_expired",
            "the index was cut over since the first page: begin again without a cursor",
        )
    return after
