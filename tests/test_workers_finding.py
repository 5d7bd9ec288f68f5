"""Moments as the service tells them: of published versions, long enough, as many as there are."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from content.entries import ShotRow
from content.errors import Invalid
from indexes.moments import MomentHit
from workers.finding import INDEX_MOST, Finding

SHOTS = 40


def finding(lengths: list[float], *, published: int = 1) -> tuple[Finding, list[int]]:
    """An index that finds a moment of each length, one shot each, best first; and how many it was
    asked for, each time."""
    asked: list[int] = []
    hits = [
        MomentHit("film", 1, n % SHOTS, n % SHOTS, n % SHOTS, 0.0, length, 1.0 - n / 2000)
        for n, length in enumerate(lengths)
    ]

    def moments(_words: object, *, limit: int, **_asked: object) -> list[MomentHit]:
        asked.append(limit)
        return hits[:limit]

    shots = [ShotRow(n, 0.0, 1.0, 0.5, None) for n in range(SHOTS)]
    catalog = SimpleNamespace(
        published_version=lambda _title: published, version_shots=lambda *_: shots
    )
    return Finding(cast(Any, catalog), cast(Any, SimpleNamespace(moments=moments))), asked


def lengths_found(of: Finding, min_s: float, limit: int) -> list[float]:
    found = of.moments({}, text=None, mood="tense", title_id=None, min_s=min_s, limit=limit)
    return [moment.end_s for moment in found]


def test_a_long_moment_is_found_behind_many_short_ones() -> None:
    of, asked = finding([1.0] * 30 + [9.0] + [1.0] * 100)
    assert lengths_found(of, 5.0, limit=1) == [9.0]
    assert asked == [4, 16, 64]
    assert lengths_found(of, 0.0, limit=2) == [1.0, 1.0]


def test_it_ends_where_there_are_no_more() -> None:
    of, asked = finding([1.0] * 30)
    assert lengths_found(of, 5.0, limit=2) == []
    assert asked == [8, 32]
    endless, asked = finding([1.0] * 5000)
    assert lengths_found(endless, 5.0, limit=200) == []
    assert asked == [800, INDEX_MOST]


def test_another_version_than_the_published_one_is_left_out() -> None:
    of, _ = finding([9.0], published=2)
    assert lengths_found(of, 0.0, limit=5) == []


def test_a_mood_must_be_known() -> None:
    with pytest.raises(Invalid, match="unknown_mood"):
        finding([])[0].moments({}, text=None, mood="odd", title_id=None, min_s=0.0, limit=1)
