"""A part of the catalogue understood anew, in place, where the encoders agree."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import sqlalchemy as sa

from content import publication
from content.errors import Conflict, Invalid, PermanentError, TransientError
from content.ids import now_us
from content.records import writing
from content.tables import title_versions
from content.types import TitleInput, Vector
from tests.opened import indexed_parts
from tests.shelf import understood
from workers import workflows
from workers.parts import Parts
from workers.refresh import Refresh
from workers.selection import chosen
from workers.workflows import JobRunner


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    monkeypatch.setattr(workflows.DBOS, "run_step", lambda _options, step, *given: step(*given))
    with indexed_parts(tmp_path) as opened:
        opened.index.ensure(opened.fingerprints)
        yield opened


def published(parts: Parts, title_id: str, made_by: str | None = None, **told: Any) -> None:
    one = np.eye(1, 384, dtype=np.float32)[0]
    made = Vector(one, made_by or parts.fingerprints["synopsis"])
    understood(parts, TitleInput(title_id, "A", "A ship at sea.", **told), {"synopsis": made})


def aged(parts: Parts, title_id: str, hours: float | None) -> None:
    """As if it had been understood so many hours ago; None: as before that was kept."""
    at = None if hours is None else now_us() - round(hours * 3.6e9)
    mine = title_versions.c.title_id == title_id
    with writing(parts.engine).begin() as connection:
        connection.execute(sa.update(title_versions).where(mine).values(understood_us=at))


@pytest.fixture
def renewed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Titles understood anew, each with today's vectors; those named `bad` are not, `slow` late."""
    seen: list[str] = []

    def title(
        self: Refresh, title_id: str, version: int, note: Callable[..., None], *, anew: bool
    ) -> None:
        assert anew
        note("decode", 0.5)
        seen.append(title_id)
        if title_id == "bad":
            raise PermanentError("media_broken", "it cannot be read")
        if title_id == "slow" and seen.count("slow") < 3:
            raise TransientError("child_died", "once more")
        with writing(self.parts.engine).begin() as connection:
            data = np.eye(1, 384, k=1, dtype=np.float32)[0]
            made = {"synopsis": Vector(data, self.parts.fingerprints["synopsis"])}
            publication.write_vectors(
                connection,
                tenant=self.parts.tenant,
                title_id=title_id,
                version=version,
                title_vectors=cast(Any, made),
            )

    monkeypatch.setattr(Refresh, "title", title)
    return seen


def run(parts: Parts, request: dict[str, Any]) -> Any:
    job = parts.rows.add_partial(request)
    runner = JobRunner(parts, cast(Any, None))
    runner._running[job.id] = at_once = threading.Event()
    at_once.wait = lambda timeout=None: False  # type: ignore[method-assign]
    runner._reindex_workflow()(job.id)
    return parts.rows.get(job.id)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"titles": ["a", "c", "nobody"]}, ["a", "c"]),
        ({"stale": True}, ["b"]),
        ({"genre": "Drama"}, ["a", "b"]),
        ({"genre": "drama", "language": "fr"}, ["b"]),
        ({"titles": ["c"], "stale": True}, []),
    ],
)
def test_the_titles_that_are_asked_for_and_no_others(
    parts: Parts, renewed: list[str], asked: dict[str, Any], expected: list[str]
) -> None:
    published(parts, "a", genres=("drama",), language="en")
    published(parts, "b", "old@1:384:x", genres=("drama", "war"), language="fr")
    published(parts, "c", genres=("war",))
    job = run(parts, asked)
    assert (job.state, job.error_detail) == ("done", None)
    assert renewed == expected
    unknown = {"unknown": sorted(set(asked["titles"]) - set("abc"))} if "titles" in asked else {}
    assert job.outcome == {"titles": len(expected), "failed": [], **unknown}
    for title_id in expected:  # in place, in the generation that answers
        assert parts.index.vectors(title_id)["synopsis"][1] > 0.9
    assert [info.state for info in parts.index.generations()] == ["live"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"older_than": "2h"}, ["a", "b", "d"]),
        ({"older_than": "1d"}, ["a", "d"]),
        ({"older_than": "1d", "genre": "drama"}, ["a"]),
        ({"older_than": "1w", "titles": ["a", "d"]}, ["d"]),
        ({"older_than": "2999-01-01"}, ["a", "b", "c", "d"]),
        ({"older_than": "2026-01-01T00:00:00+01:00"}, ["d"]),
    ],
)
def test_titles_are_named_by_the_age_of_what_is_known_of_them(
    parts: Parts, renewed: list[str], asked: dict[str, Any], expected: list[str]
) -> None:
    for title_id, hours, genre in (("a", 30, "drama"), ("b", 3, "war"), ("c", 1, "drama")):
        published(parts, title_id, genres=(genre,))
        aged(parts, title_id, hours)
    published(parts, "d", genres=("war",))
    aged(parts, "d", None)
    job = run(parts, asked)
    assert (job.state, job.error_detail) == ("done", None)
    assert renewed == expected


def test_who_was_understood_anew_is_young_again(parts: Parts) -> None:
    published(parts, "a")
    aged(parts, "a", 48)
    [stands] = chosen(parts, {"older_than": "1d"}, now_us())
    with writing(parts.engine).begin() as connection:
        publication.write_understanding(
            connection,
            tenant=parts.tenant,
            title_id="a",
            version=stands.version,
            extraction=None,
            title_vectors={},
            keyframes={},
        )
    assert list(chosen(parts, {"older_than": "1d"}, now_us())) == []


@pytest.mark.parametrize("age", ["30", "0d", "-3d", "3 d", "1y", "2026-13-01", "2026-01-01T00:00"])
def test_what_is_no_age_is_refused(parts: Parts, age: str) -> None:
    with pytest.raises(Invalid, match="invalid_age"):
        list(chosen(parts, {"older_than": age}, now_us()))


def test_one_that_fails_is_named_and_the_others_are_done(parts: Parts, renewed: list[str]) -> None:
    for title_id in ("bad", "good", "slow"):
        published(parts, title_id)
    job = run(parts, {"titles": ["bad", "good", "slow"]})
    assert job.state == "done"
    assert job.outcome == {"titles": 3, "failed": ["bad"], "unknown": []}
    assert renewed == ["bad", "good", "slow", "slow", "slow"]
    assert parts.index.count() == 2


def test_two_encoders_never_share_a_generation(parts: Parts, renewed: list[str]) -> None:
    published(parts, "a")
    parts.index.begin("theirs", {**parts.fingerprints, "visual": "other@1:4:z"}, None)
    parts.index.verify("theirs", {})
    parts.index.cut_over("theirs")
    job = run(parts, {"titles": ["a"]})
    assert (job.state, job.error_code) == ("failed", "fingerprint_mismatch")
    assert "visual" in (job.error_detail or "")
    assert renewed == []
    parts.index.begin("tasty", {**parts.fingerprints, "taste": "taste@1:3:abc"}, None)
    parts.index.verify("tasty", {})
    parts.index.cut_over("tasty")
    assert run(parts, {"stale": True}).state == "done"  # a taste space is no encoder's


def test_one_at_a_time_with_a_reindex(parts: Parts) -> None:
    parts.rows.add_reindex()
    with pytest.raises(Conflict, match="reindex_running"):
        parts.rows.add_partial({"stale": True})
