"""Finding moments and match cuts: what the index answers, joined with what is stored of each.

Every call reads the published version; hits of another one, which the index has for a moment while
a version is replaced, are left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from content.catalog import Catalog
from content.entries import ShotRow
from content.errors import Invalid
from content.mood.vocabulary import MOODS
from content.types import Vectors
from indexes.client import IndexClient
from indexes.cuts import CutHit
from indexes.lexical.bm25 import Match, asked, matches
from indexes.moments import MomentHit
from indexes.pictured import MediaHit, MediaQuestion
from indexes.question import Continuation
from workers import findable

SPARE = 4
"""So many times as many moments are asked for as are answered, since short or stale ones are left
out; and so many times again while that leaves too few."""
INDEX_MOST = 1000
LONG_S = 20.0
"""Of a single shot longer than this, found by what is said, only the time of the lines is told …"""
AROUND_S = 1.0
"""… and as much before and after."""


@dataclass(frozen=True, slots=True)
class FoundMoment:
    """`[start_s, end_s)` of a title, and why it was found."""

    title_id: str
    start_s: float
    end_s: float
    score: float
    keyframe_sha256: str | None
    """Of its best shot."""
    evidence: dict[str, float]
    """`MomentHit.why`."""
    words: tuple[str, ...]
    """Of the query, those that are said or written in it."""
    lines: tuple[str, ...]
    """What is said with them."""
    facts: dict[str, Any]
    """`mood`, `speech`, `loudness_lufs`, `faces` of its best shot."""


@dataclass(frozen=True, slots=True)
class FoundCut:
    """A pair of shots of two titles."""

    shot: ShotRow
    other_id: str
    other: ShotRow
    score: float
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class FoundMedia:
    """A title that shows, or sounds, like what was sent, and its shot that does."""

    title_id: str
    score: float
    scores: dict[str, float]
    shot: ShotRow


class Finding:
    """Thread-safe."""

    def __init__(self, catalog: Catalog, index: IndexClient) -> None:
        self._catalog = catalog
        self._index = index

    def matches(self, title_id: str, text: str) -> list[Match]:
        """Which words of a query are in which fields of a published title."""
        version = self._catalog.published_version(title_id)
        row = None if version is None else self._catalog.version(title_id, version)
        if row is None:
            return []
        shots = self._catalog.version_shots(title_id, row.version)
        return matches(asked(text), findable.texts_of(row, shots))

    def moments(
        self,
        words: Vectors,
        *,
        text: str | None,
        mood: str | None,
        title_id: str | None,
        min_s: float,
        limit: int,
    ) -> list[FoundMoment]:
        """The moments that fit best, best first, none shorter than `min_s`.

        Args:
            words: vectors of `text`; empty without it.

        Raises:
            NotFound: `title_not_found`. Invalid: `unknown_mood`, `nothing_asked`.
        """
        if text is None and mood is None:
            raise Invalid("nothing_asked", "say in words what to look for (q), or a mood")
        if mood is not None and mood not in {each.name for each in MOODS}:
            names = ", ".join(each.name for each in MOODS)
            raise Invalid("unknown_mood", f"{mood!r} is not one of {names}")
        if title_id is not None:
            self._catalog.get(title_id)
        shelf, most = _Shelf(self._catalog), SPARE * limit
        while True:
            most = min(INDEX_MOST, most)
            hits = self._index.moments(words, text=text, mood=mood, title_id=title_id, limit=most)
            fitting = _fitting(shelf, hits, text, min_s)
            found = list(islice(fitting, limit))
            if len(found) == limit or len(hits) < most or most == INDEX_MOST:
                return found
            most *= SPARE

    def pictured(self, question: MediaQuestion) -> tuple[Sequence[FoundMedia], Continuation | None]:
        """Titles that show, or sound, like what was sent, best first; where the next page begins.

        Raises:
            Conflict, Invalid: as `indexes.pictured.answer`.
        """
        page, shelf = self._index.pictured(question), _Shelf(self._catalog)
        found = [each for hit in page.hits if (each := _pictured(shelf, hit)) is not None]
        return found, page.following

    def match_cuts(self, title_id: str, *, limit: int) -> list[FoundCut]:
        """Pairs of shots of this title and others, best first.

        Titles of the very same file are left out, as `cuts.cuts` leaves out the same film.

        Raises:
            NotFound: `title_not_found`.
        """
        self._catalog.get(title_id)
        shelf = _Shelf(self._catalog)
        pairs = self._index.cuts(title_id, limit=min(INDEX_MOST, SPARE * limit))
        found = [cut for pair in pairs if (cut := _cut(shelf, title_id, pair)) is not None]
        return found[:limit]


class _Shelf:
    """Titles of one answer, each read once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._shots: dict[tuple[str, int], Sequence[ShotRow]] = {}
        self._media: dict[str, str | None] = {}

    def shots(self, title_id: str, version: int) -> Sequence[ShotRow]:
        """Empty unless the version is the published one."""
        key = (title_id, version)
        if key not in self._shots:
            live = self._catalog.published_version(title_id) == version
            self._shots[key] = self._catalog.version_shots(*key) if live else ()
        return self._shots[key]

    def media(self, title_id: str, version: int) -> str | None:
        """Names the title's file; None when it is gone."""
        if title_id not in self._media:
            row = self._catalog.version(title_id, version)
            self._media[title_id] = None if row is None else row.title.media_sha256
        return self._media[title_id]


def _fitting(
    shelf: _Shelf, hits: Sequence[MomentHit], text: str | None, min_s: float
) -> Iterator[FoundMoment]:
    """Those of published versions that are long enough."""
    for hit in hits:
        shots = shelf.shots(hit.title_id, hit.version)
        if len(shots) > hit.last:
            moment = _moment(hit, shots, text)
            if moment.end_s - moment.start_s >= min_s:
                yield moment


def _moment(hit: MomentHit, shots: Sequence[ShotRow], text: str | None) -> FoundMoment:
    own, best = shots[hit.first : hit.last + 1], shots[hit.best]
    query = asked(text) if text is not None else None
    words: dict[str, None] = {}
    lines: dict[str, tuple[float, float]] = {}
    for shot in own if query is not None else ():
        assert query is not None
        for line, spoken in zip(findable.said_in(shot), findable.spoken(shot), strict=True):
            if told := matches(query, [spoken]):
                words |= dict.fromkeys(match.word for match in told)
                lines[spoken.text] = (line["start_s"], line["end_s"])
        written = findable.written(shot)
        words |= dict.fromkeys(match.word for match in matches(query, written))
    start_s, end_s = _span(hit, lines)
    facts = best.facts or {}
    sound, look = facts.get("sound") or {}, facts.get("look") or {}
    return FoundMoment(
        hit.title_id,
        start_s,
        end_s,
        hit.score,
        best.keyframe_sha256,
        dict(hit.why),
        tuple(words),
        tuple(lines),
        {
            "mood": (facts.get("mood") or {}).get("top"),
            "speech": sound.get("speech"),
            "loudness_lufs": sound.get("loudness_lufs"),
            "faces": look.get("face_count"),
        },
    )


def _span(hit: MomentHit, lines: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """All of its shots; of a long one that is found by what is said, those lines."""
    leading = next(iter(hit.why), None)
    long = hit.first == hit.last and hit.end_s - hit.start_s > LONG_S
    if not long or leading not in ("said", "words") or not lines:
        return hit.start_s, hit.end_s
    first = min(start_s for start_s, _ in lines.values())
    last = max(end_s for _, end_s in lines.values())
    return max(hit.start_s, first - AROUND_S), min(hit.end_s, last + AROUND_S)


def _pictured(shelf: _Shelf, hit: MediaHit) -> FoundMedia | None:
    shots = shelf.shots(hit.title_id, hit.version)
    if len(shots) <= hit.shot:
        return None
    return FoundMedia(hit.title_id, hit.score, dict(hit.scores), shots[hit.shot])


def _cut(shelf: _Shelf, title_id: str, pair: CutHit) -> FoundCut | None:
    own = shelf.shots(title_id, pair.version)
    others = shelf.shots(pair.other_id, pair.other_version)
    if len(own) <= pair.shot or len(others) <= pair.other_shot:
        return None
    if shelf.media(title_id, pair.version) == shelf.media(pair.other_id, pair.other_version):
        return None
    return FoundCut(
        own[pair.shot], pair.other_id, others[pair.other_shot], pair.score, dict(pair.scores)
    )
