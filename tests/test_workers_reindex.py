"""A reindex: what one bad film may cost, and the last look before the cut-over."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from content.errors import Conflict, KeyartError, NotFound, PermanentError, TransientError
from indexes.schema import GenerationInfo, Verification
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.pool import Pool
from workers.refresh import Refresh
from workers.reindex import TRIES, Reindex
from workers.settings import Settings


class Index:
    def __init__(self, *extra: str) -> None:
        self.extra = extra
        self.deleted: list[str] = []

    def verify(self, _generation: str, _expected: object) -> Verification:
        return Verification(missing=(), stale=(), extra=self.extra)

    def upsert_into(self, _generation: str, _points: object) -> None:
        pass

    def generations(self) -> list[GenerationInfo]:
        return []

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
    parts = SimpleNamespace(
        index=index, catalog=catalog, rows=rows, fingerprints={}, settings=Settings()
    )
    job = SimpleNamespace(id="job", kind="reindex", generation="g-1")
    return Reindex(cast(Parts, parts), cast(Pool, None), cast(JobRecord, job), threading.Event())


@pytest.mark.parametrize("known", ["published", "in_the_making"])
def test_a_title_on_its_way_keeps_its_point(known: str) -> None:
    index = Index("film")
    sets: dict[str, Any] = {"published": set(), "in_the_making": set(), known: {"film"}}
    reindex_over(index, **sets)._complete()
    assert index.deleted == []


def test_the_point_of_a_deleted_title_is_taken_away() -> None:
    index = Index("film")
    with pytest.raises(TransientError, match="generation_incomplete"):  # to look again
        reindex_over(index, published=set(), in_the_making=set())._complete()
    assert index.deleted == ["film"]


@pytest.mark.parametrize(("unfinished", "switched"), [(0, True), (1, True), (2, False)])
def test_it_switches_right_after_the_look_that_finds_nothing(
    unfinished: int, switched: bool
) -> None:
    done: list[str] = []

    class Filling(Index):
        def verify(self, generation: str, expected: object) -> Verification:
            done.append("looked")
            return super().verify(generation, expected)

        def cut_over(self, _generation: str, *, keep_s: float) -> None:
            done.append("asked")
            if done.count("asked") <= unfinished:
                raise Conflict("generation_unfinished", "a title came")

    reindex = reindex_over(Filling(), published=set(), in_the_making=set())
    with nullcontext() if switched else pytest.raises(TransientError, match="incomplete"):
        reindex._switch()
    assert done == ["asked", "looked", "asked"][: 1 if unfinished == 0 else 3]


TITLES = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}


class Refreshing:
    """A catalogue of `TITLES`, some of which cannot be understood."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bad: dict[str, KeyartError]) -> None:
        self.tried: list[str] = []
        self.told: list[float] = []

        def title(_self: Refresh, title_id: str, _version: int, note: Callable[..., None]) -> None:
            self.tried.append(title_id)
            note("decode", 0.5)
            if title_id in bad:
                raise bad[title_id]

        monkeypatch.setattr(Refresh, "title", title)
        monkeypatch.setattr("workers.reindex.spaced", lambda note: note)
        monkeypatch.setattr("workers.reindex.outdated", self.outdated)

    @staticmethod
    def outdated(_parts: object, after: str | None, _most: int) -> tuple[list[Any], str | None]:
        behind = [t for t in TITLES if t > (after or "")]
        return [SimpleNamespace(title_id=t, version=1) for t in behind], max(behind, default=None)

    def reindex(self) -> Reindex:
        catalog = SimpleNamespace(
            published=lambda **_: {},
            count_published=lambda until: (len(TITLES), sum(t <= until for t in TITLES)),
            vectors=lambda *_: {},
        )
        rows = SimpleNamespace(
            advance=lambda _job, _stage, share: not self.told.append(share),
            tell_spent=lambda *_: None,
        )
        index = SimpleNamespace(begin=lambda *_: None, generations=list)
        parts = SimpleNamespace(index=index, catalog=catalog, rows=rows, fingerprints={})
        at_once = SimpleNamespace(is_set=lambda: False, wait=lambda _s: None)
        job = SimpleNamespace(id="job", kind="reindex", generation="g-1")
        return Reindex(cast(Any, parts), cast(Any, None), cast(Any, job), cast(Any, at_once))


def test_a_film_that_always_fails_does_not_keep_the_others_from_today(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Refreshing(monkeypatch, {"b": TransientError("child_died", "again and again")})
    assert world.reindex().refresh("") == ("f", 1)
    assert world.tried == ["a", *["b"] * TRIES, "c", "d", "e", "f"]
    assert world.reindex().refresh("f") == (None, 0)
    world.reindex().begin(1)


def test_what_trying_again_does_not_help_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {
        "a": NotFound("title_not_found", "deleted meanwhile"),
        "c": PermanentError("encoder_bad_vector", "not finite"),
    }
    world = Refreshing(monkeypatch, bad)
    assert world.reindex().refresh("") == ("f", 1)
    assert world.tried == list(TITLES)


def test_a_failure_of_most_titles_is_not_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = TransientError("child_died", "no memory")
    world = Refreshing(monkeypatch, dict.fromkeys("abcd", lost))
    _, failed = world.reindex().refresh("")
    with pytest.raises(KeyartError, match="refresh_failed: 4 of 6"):
        world.reindex().begin(failed)


def test_progress_is_told_within_and_between_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Refreshing(monkeypatch, {})
    world.reindex().refresh("b")
    expected = [0.85 * (2 + n / 2) / len(TITLES) for n in range(8)]
    assert world.told == pytest.approx(expected)
