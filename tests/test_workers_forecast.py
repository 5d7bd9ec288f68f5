"""What a reindex would do and may take, told beforehand: counted and estimated, never guessed."""

import json
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import sqlalchemy as sa

from content.errors import Conflict, Invalid
from content.extract import read_by
from content.records import writing
from content.tables import timelines, title_versions
from content.types import Space, TitleInput, Vector
from tests.opened import indexed_parts
from tests.shelf import publish, understood
from workers import forecast, removal, selection
from workers.forecast import Cost
from workers.parts import Parts
from workers.refresh import Refresh
from workers.reindex import Reindex
from workers.spent import Spent, Took

OLD = "old@1:384:x"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with indexed_parts(tmp_path) as opened:
        opened.index.ensure(opened.fingerprints)
        yield opened


def words(parts: Parts, title_id: str, made_by: str | None = None, **told: Any) -> None:
    made = Vector(np.eye(1, 384, dtype=np.float32)[0], made_by or parts.fingerprints["synopsis"])
    understood(parts, TitleInput(title_id, "A", "A ship.", **told), {"synopsis": made})
    with writing(parts.engine).begin() as connection:
        mine = title_versions.c.title_id == title_id
        connection.execute(sa.update(title_versions).where(mine).values(profile={"words": {}}))


def film(parts: Parts, title_id: str, seconds: float, *, by: dict[Space, str]) -> None:
    made = {s: Vector(np.eye(1, 4, dtype=np.float32)[0], p) for s, p in by.items()}
    understood(parts, TitleInput(title_id, "A", "A ship.", media_path=f"/{title_id}.mp4"), made)
    row = {"tenant": "default", "title_id": title_id, "version": 1, "seconds": 0, "data": b""}
    with writing(parts.engine).begin() as connection:
        mine = title_versions.c.title_id == title_id
        values = {"facts": {"duration_s": seconds}, "profile": {"look": {}}}
        connection.execute(sa.update(title_versions).where(mine).values(**values))
        connection.execute(sa.insert(timelines).values(**row))


def spent(parts: Parts, **took: Took) -> None:
    """A job of earlier, with what it took."""
    made = parts.catalog.submit(TitleInput("other", "A", "A."), again=True)
    parts.rows.finish(made.job_id, Spent(took))


def test_it_is_counted_what_would_be_done_and_why(parts: Parts) -> None:
    today = parts.fingerprints
    words(parts, "a")
    words(parts, "b", OLD)
    film(parts, "c", 90.0, by={"visual": "other@1:4:x", "synopsis": OLD})
    film(parts, "d", 60.0, by={"visual": today["visual"]})
    found = forecast.of_all(parts)
    assert (found.titles, found.anew, found.media_s) == (4, 2, 90.0)
    assert found.others == {"synopsis": 2, "visual": 1}
    wanted = {cost.operation: (cost.titles, cost.media_s) for cost in found.costs}
    anew = {"synopsis": (1, 0.0), "told": (1, 0.0), "extract": (1, 90.0)}
    assert wanted == {**anew, "copy": (4, 0.0), "gates": (4, 0.0)}
    assert parts.rows.counts()["queued"] == 0
    assert [g.state for g in parts.index.generations()] == ["live"]


def test_a_catalogue_of_today_is_only_copied(parts: Parts) -> None:
    words(parts, "a")
    found = forecast.of_all(parts)
    assert (found.anew, [cost.operation for cost in found.costs]) == (0, ["copy", "gates"])


def test_what_no_job_has_done_is_not_guessed(parts: Parts) -> None:
    words(parts, "a", OLD)
    found = forecast.of_all(parts)
    assert (found.wall_s, found.cpu_s) == (None, None)
    assert set(found.unknown) == {"told", "copy", "gates"}
    spent(parts, told=Took(4, 0.0, 2.0, 1.0))
    found = forecast.of_all(parts)
    assert (found.wall_s, found.cpu_s) == (0.5, 0.2)
    assert set(found.unknown) == {"copy", "gates"}


def test_films_are_estimated_by_their_length_and_words_by_title(parts: Parts) -> None:
    film(parts, "c", 90.0, by={"visual": "other@1:4:x", "synopsis": OLD})
    spent(parts, extract=Took(1, 10.0, 5.0, 8.0), synopsis=Took(1, 0.0, 4.0, 4.0))
    spent(parts, extract=Took(2, 20.0, 25.0, 22.0), synopsis=Took(3, 0.0, 0.4, 0.4))
    found = {cost.operation: cost for cost in forecast.of_all(parts).costs}
    assert found["extract"] == Cost("extract", 1, 90.0, 90.0, 90.0, jobs=2, of_titles=3)
    assert found["synopsis"] == Cost("synopsis", 1, 0.0, 1.1, 1.1, jobs=2, of_titles=4)


def test_films_read_as_today_are_described_and_no_others(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(parts, "c", 90.0, by={"visual": parts.fingerprints["visual"], "style": OLD})
    read = read_by(Path("anywhere"), parts.models, None)
    for maker, operation in ((None, "extract"), (read, "describe"), (f"{read}x", "extract")):
        monkeypatch.setattr(forecast, "maker_of", lambda _folder, maker=maker: maker)
        found = {cost.operation: cost.media_s for cost in forecast.of_all(parts).costs}
        assert found == {operation: 90.0, "copy": 0.0, "gates": 0.0}


def test_a_part_is_understood_anew_whoever_did_so_before(parts: Parts) -> None:
    words(parts, "a", genres=("war",))
    words(parts, "b", genres=("drama",))
    found = forecast.of_part(parts, {"genre": "drama", "older_than": "2999-01-01"})
    assert (found.titles, found.anew, found.builds) == (1, 1, None)
    assert {c.operation: c.titles for c in found.costs} == {"told": 1}
    assert forecast.of_part(parts, {"genre": "drama", "older_than": "1d"}).titles == 0
    parts.index.begin("theirs", {**parts.fingerprints, "visual": "other@1:4:z"}, None)
    parts.index.verify("theirs", {})
    parts.index.cut_over("theirs")
    with pytest.raises(Conflict, match="fingerprint_mismatch"):
        forecast.of_part(parts, {"stale": True})
    assert "refold" in forecast.of_all(parts).unknown


def test_pictures_of_another_encoder_are_counted(parts: Parts) -> None:
    publish(parts.engine, "a", {"one": np.eye(1, 4, dtype=np.float32)[0]})
    found = {cost.operation: cost.titles for cost in forecast.of_all(parts).costs}
    assert found["looks"] == 1


def test_disk_graph_and_gates_are_told(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forecast.of_all(parts).builds == forecast.Built(None, False, None, ("vectors",), 0)
    for n in range(4):
        words(parts, f"t{n}")
        if n < 2:
            removal.restore_index(parts, f"t{n}")
    monkeypatch.setattr(forecast, "is_due", lambda points, outside: points == outside == 4)
    query = {"title_id": "t1", "expect": ["t2", "nobody"]}
    (parts.settings.data / "golden.ndjson").write_text(json.dumps(query) + "\n")
    found = forecast.of_all(parts)
    assert found.builds is not None
    [live] = parts.index.generations(detailed=True)
    assert live.bytes is not None and found.builds.bytes == 2 * live.bytes
    assert (found.builds.gates, found.builds.golden_queries) == (("vectors", "recall", "golden"), 1)
    assert (found.builds.graph, "graph" in found.unknown) == (True, True)
    (parts.settings.data / "golden.ndjson").write_text("nothing\n")
    with pytest.raises(Invalid, match="golden_invalid"):
        forecast.of_all(parts)


def test_what_a_job_spends_is_added_up_and_kept(parts: Parts) -> None:
    job = parts.rows.add_reindex()
    counting = Spent()
    for titles in (64, 36):
        with counting.timed("copy", titles):
            sum(range(100_000))
        parts.rows.tell_spent(job.id, counting)
        assert counting.by == {}
    took = parts.rows.get(job.id).took
    assert took is not None and took["copy"]["titles"] == 100
    assert 0 < took["copy"]["cpu_s"] <= took["copy"]["wall_s"] + 0.01
    with pytest.raises(ValueError, match="no"), counting.timed("copy", 1):
        raise ValueError("no")
    assert counting.by == {}, "what failed tells nothing of what it takes"


def test_a_refresh_counts_what_its_children_took(parts: Parts) -> None:
    words(parts, "a", OLD)

    class Child:
        def call(self, operation: str, _given: object, *, spent: Spent, **_: Any) -> Any:
            spent.add(operation, Took(1, 0.0, 0.5, 0.25))
            return {} if operation == "told" else None

    class Pool:
        def child(self) -> Any:
            return nullcontext(Child())

    job = parts.rows.add_reindex()
    refresh = Refresh(parts, cast(Any, Pool()), job, cast(Any, None))
    refresh.title("a", 1)
    assert refresh.spent.by == {"told": Took(1, 0.0, 1.0, 0.5)}, "of a title of words both"


def test_only_what_is_not_of_today_is_gone_through(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "PAGE", 4)
    for n in range(10):
        words(parts, f"t{n}", OLD if n in (1, 2, 3, 8) else None)
    publish(parts.engine, "t9z", {"one": np.eye(1, 4, dtype=np.float32)[0]})
    found, after = [], None
    while True:
        due, after = selection.outdated(parts, after, 2)
        if after is None:
            break
        found.append(([title.title_id for title in due], after))
    assert found == [(["t1", "t2"], "t2"), (["t3"], "t6"), (["t8", "t9z"], "t9z")]


def test_a_title_of_today_costs_a_reindex_no_write(parts: Parts) -> None:
    for n in range(5):
        words(parts, f"t{n}")
    told: list[float] = []
    job = parts.rows.add_reindex()
    reindex = Reindex(parts, cast(Any, None), job, threading.Event())
    rows = SimpleNamespace(
        advance=lambda _job, _stage, share: not told.append(share), tell_spent=lambda *_: None
    )
    reindex = replace(reindex, parts=replace(parts, rows=cast(Any, rows)))
    assert reindex.refresh("") == ("t4", 0)
    assert told == [0.85]
    assert reindex.refresh("t4") == (None, 0)
