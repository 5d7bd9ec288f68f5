"""The last look before the cut-over: what it takes away, and what it leaves."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from content.errors import TransientError
from indexes.schema import Verification
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.pool import Pool
from workers.reindex import Reindex


class Index:
    def __init__(self, *extra: str) -> None:
        self.extra = extra
        self.deleted: list[str] = []

    def verify(self, _generation: str, _expected: object) -> Verification:
        return Verification(missing=(), stale=(), extra=self.extra)

    def upsert_into(self, _generation: str, _points: object) -> None:
        pass

    def delete(self, title_ids: list[str]) -> None:
        self.deleted += title_ids


def reindex_over(index: Index, *, published: set[str], in_the_making: set[str]) -> Reindex:
    catalog = SimpleNamespace(
        published=lambda **_: {},
        published_version=lambda title_id: 1 if title_id in published else None,
    )
    rows = SimpleNamespace(
        advance=lambda *_: True, live=lambda title_id: [1] if title_id in in_the_making else []
    )
    parts = SimpleNamespace(index=index, catalog=catalog, rows=rows, fingerprints={})
    job = SimpleNamespace(id="job", generation="g-1")
    return Reindex(cast(Parts, parts), cast(Pool, None), cast(JobRecord, job), threading.Event())


@pytest.mark.parametrize("known", ["published", "in_the_making"])
def test_a_title_on_its_way_keeps_its_point(known: str) -> None:
    index = Index("film")
    sets: dict[str, Any] = {"published": set(), "in_the_making": set(), known: {"film"}}
    reindex_over(index, **sets).verify()
    assert index.deleted == []


def test_the_point_of_a_deleted_title_is_taken_away() -> None:
    index = Index("film")
    with pytest.raises(TransientError, match="generation_incomplete"):  # to look again
        reindex_over(index, published=set(), in_the_making=set()).verify()
    assert index.deleted == ["film"]
