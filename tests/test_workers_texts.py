"""Titles of words alone, understood together: each as if it were alone, whatever befalls others."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.tables import image_groups
from content.catalog import Catalog
from content.encoders.specs import embedded_specs
from content.errors import (
    Cancelled,
    Conflict,
    PermanentError,
    TransientError,
    Unavailable,
    described,
)
from content.types import TitleInput
from indexes.schema import TitlePoint
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.shelf import fresh_engine
from workers import texts
from workers.ingest import STAGES, Ingest
from workers.jobs import JobRecord, JobRows
from workers.parts import Parts
from workers.pool import Pool
from workers.removal import abandon
from workers.settings import Settings
from workers.spent import Spent, Took
from workers.texts import Texts, Together

PRINTS = {space: spec.fingerprint for space, spec in embedded_specs().items()}
STORIES = {
    "war": ("en", "Two brothers meet again on the last day of a long war. One of them has lost."),
    "sea": ("en", "A keeper of a lighthouse finds a stranger in the winter sea, and hides her."),
    "mars": (None, "Six engineers are left on Mars with one rocket. It takes four."),
    "meer": ("de", "Ein Fischer findet im Winter eine Fremde im Meer."),
    "bare": ("en", "bare"),
}
TOLD = {"words": {"themes": [], "transcript": [], "lines": 0}, "mood": {"moods": {"tense": 0.5}}}


class Stub:
    """A pool whose child makes something of every synopsis, but what `meanwhile` does to it."""

    def __init__(self, meanwhile: Callable[[list[str]], None] = lambda _: None) -> None:
        self.meanwhile = meanwhile
        self.calls: list[list[str]] = []

    @contextlib.contextmanager
    def child(self) -> Iterator["Stub"]:
        yield self

    def call(
        self, operation: str, arguments: Any, *, spent: Spent, **_: Any
    ) -> list[dict[str, Any]]:
        assert operation == "texts"
        spent.add(operation, Took(1, 0.0, 8.0, 4.0))
        synopses = [synopsis for synopsis, *_ in arguments["items"]]
        self.calls.append(synopses)
        self.meanwhile(synopses)
        return [self._answer(synopsis) for synopsis in synopses]

    def _answer(self, synopsis: str) -> dict[str, Any]:
        if "refused" in synopsis:
            return {"error": described(PermanentError("encoder_bad_vector", "NaN"))}
        vector = np.zeros(384, "<f4")
        vector[len(synopsis) % 384] = 1
        return {
            "words": {"data": vector.tobytes(), "fingerprint": PRINTS["synopsis"]},
            "told": TOLD,
        }


@pytest.fixture
def parts(tmp_path: Path, engine: sa.Engine) -> Iterator[Parts]:
    with house(tmp_path, engine) as made:
        yield made


@contextlib.contextmanager
def house(folder: Path, engine: sa.Engine) -> Iterator[Parts]:
    opened = Parts.open(Settings(data=folder))
    index = IndexService(folder / "index", EdgeStores())
    index.ensure(PRINTS)
    records = {"engine": engine, "catalog": Catalog(engine), "rows": JobRows(engine)}
    yield replace(opened, index=cast(Any, index), **cast(Any, records))
    opened.close()
    index.close()


def submitted(parts: Parts, title_id: str, synopsis: str, language: str | None = "en") -> JobRecord:
    title = TitleInput(id=title_id, name=title_id, synopsis=synopsis, language=language)
    return parts.rows.get(parts.catalog.submit(title).job_id)


def together(parts: Parts, pool: object, *jobs: JobRecord) -> dict[str, Exception | None]:
    """What becomes of each job, by its title."""
    ended = Texts(parts, cast(Pool, pool))._outcomes(jobs)
    return {str(job.title_id): ended[job.id] for job in jobs}


def state(parts: Parts, job: JobRecord) -> str:
    return parts.rows.get(job.id).state


def known(parts: Parts, title_id: str) -> tuple[Any, ...]:
    """All that is stored of a title and found of it."""
    record = parts.catalog.get(title_id)
    version = record.version or 0
    vectors = parts.catalog.vectors(title_id, version)
    stored = {space: (made.data.tobytes(), made.fingerprint) for space, made in vectors.items()}
    service = cast(Any, parts.index)
    with service._generations.reading() as live:
        key = TitlePoint(title_id, version, {}).id
        point = live.store.get([key], vectors=True)[key]
    dense = {space: data.tobytes() for space, data in point.vectors.items()}
    return version, record.state, record.profile, stored, point.payload, dense, point.sparse


def test_each_is_understood_as_if_it_were_alone(parts: Parts, pool: Pool, tmp_path: Path) -> None:
    """By the stages that a film goes through, one title after the other."""
    jobs = [submitted(parts, name, story, of) for name, (of, story) in STORIES.items()]
    assert set(together(parts, pool, *jobs).values()) == {None}
    assert {state(parts, job) for job in jobs} == {"done"}
    with house(tmp_path / "alone", fresh_engine(tmp_path)) as alone:
        for name, (language, story) in STORIES.items():
            job = submitted(alone, name, story, language)
            for stage in STAGES.values():
                stage(Ingest(alone, pool, job, threading.Event()))
            assert known(parts, name) == known(alone, name)  # the vectors bit for bit
    assert known(parts, "war")[2]["words"]["themes"]


def test_one_that_is_refused_keeps_no_other_out(parts: Parts) -> None:
    jobs = [submitted(parts, name, f"A {name} story.") for name in ("a", "refused", "b")]
    ended = together(parts, Stub(), *jobs)
    assert (ended["a"], ended["b"]) == (None, None)
    assert isinstance(ended["refused"], PermanentError)
    assert [state(parts, job) for job in jobs] == ["done", "running", "done"]


def test_one_that_kills_the_child_keeps_no_other_out(parts: Parts) -> None:
    def die(synopses: list[str]) -> None:
        if any("poison" in synopsis for synopsis in synopses):
            raise TransientError("child_died", "the process ended unexpectedly")

    jobs = [submitted(parts, name, f"A {name} story.") for name in ("a", "poison", "b")]
    ended = together(parts, Stub(die), *jobs)
    assert (ended["a"], ended["b"]) == (None, None)
    assert isinstance(ended["poison"], TransientError)
    assert {name for name in "ab" if known(parts, name)[0] == 1} == {"a", "b"}


def test_one_that_cannot_be_stored_keeps_no_other_out(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = texts.publication.write_told

    def failing(connection: Any, *, tenant: str, found: Any) -> None:
        write(connection, tenant=tenant, found=found)
        if any(one.title_id == "bad" for one in found):
            raise ValueError("not to be stored")

    monkeypatch.setattr(texts.publication, "write_told", failing)
    jobs = [submitted(parts, name, f"A {name} story.") for name in ("a", "bad", "b")]
    ended = together(parts, Stub(), *jobs)
    assert (ended["a"], ended["b"]) == (None, None)
    assert isinstance(ended["bad"], ValueError)
    assert parts.catalog.vectors("bad", 1) == {}


def test_a_part_that_is_away_is_asked_once_for_all(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_points: object) -> None:
        raise Unavailable("index_unavailable", "the index process did not answer")

    jobs = [submitted(parts, name, f"A {name} story.") for name in "abc"]
    stub = Stub()
    with monkeypatch.context() as patched:
        patched.setattr(parts.index, "upsert", away)
        ended = together(parts, stub, *jobs)
    assert {type(error) for error in ended.values()} == {Unavailable}
    assert len(stub.calls) == 1
    assert {parts.catalog.get(name).version for name in "abc"} == {None}
    assert set(together(parts, stub, *jobs).values()) == {None}  # tried again


@pytest.mark.parametrize("stage", ["child", "index"])
def test_one_that_is_cancelled_meanwhile_is_not_published(
    parts: Parts, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [submitted(parts, name, f"A {name} story.") for name in "abc"]

    def cancel(*_: object) -> None:
        if state(parts, jobs[1]) != "cancelled":
            parts.rows.mark_cancelled(jobs[1].id)

    stub = Stub(cancel if stage == "child" else lambda _: None)
    upsert = parts.index.upsert
    if stage == "index":
        monkeypatch.setattr(parts.index, "upsert", lambda points: (upsert(points), cancel()))
    ended = together(parts, stub, *jobs)
    assert isinstance(ended["b"], Cancelled)
    assert (ended["a"], ended["c"]) == (None, None)
    assert [state(parts, job) for job in jobs] == ["done", "cancelled", "done"]
    assert parts.catalog.get("b").version is None
    abandon(parts, jobs[1])  # as its workflow does
    assert parts.index.count() == 2


def test_one_whose_title_is_deleted_and_made_anew_leaves_the_new_one_alone(parts: Parts) -> None:
    jobs = [submitted(parts, name, f"A {name} story.") for name in "ab"]
    anew: list[JobRecord] = []

    def delete(_: list[str]) -> None:
        if not anew:
            texts.removal.remove_title(parts, "b")
            anew.append(submitted(parts, "b", "Another story."))

    ended = together(parts, Stub(delete), *jobs)
    assert isinstance(ended["b"], Cancelled)
    assert ended["a"] is None
    assert parts.catalog.get("b").version is None
    assert state(parts, anew[0]) == "queued"
    assert together(parts, Stub(), *anew) == {"b": None}


def test_the_newer_of_two_versions_stays(parts: Parts) -> None:
    first, second = (submitted(parts, "a", f"A story {n}.") for n in "12")
    assert together(parts, Stub(), second) == {"a": None}
    assert together(parts, Stub(), first) == {"a": None}
    record = parts.catalog.get("a")
    assert (record.version, record.synopsis) == (2, "A story 2.")
    assert parts.catalog.version("a", 1) is None
    assert known(parts, "a")[4]["version"] == 2
    assert state(parts, first) == "done"


def test_a_new_version_takes_the_place_of_the_old(parts: Parts) -> None:
    """And of its pictures those that were not of its film stay."""
    image = parts.images.put(np.full((36, 64, 3), 90, np.uint8))
    assert together(parts, Stub(), submitted(parts, "a", "A story.")) == {"a": None}
    picture = {"tenant": "default", "title_id": "a", "version": 1, "source_sha256": image.sha256}
    told = {"facts": {}, "embedding": b"", "embedding_fingerprint": "e"}
    with parts.engine.begin() as connection:
        for origin in ("frame", "uploaded"):
            row = {**picture, **told, "id": origin, "origin": origin}
            connection.execute(sa.insert(image_groups).values(row))
    reading = parts.readings.of("a", 1)
    reading.mkdir(parents=True)
    job = submitted(parts, "a", "Another story.")
    assert together(parts, Stub(), job) == {"a": None}
    assert not reading.exists()
    assert parts.catalog.get("a").version == 2
    assert parts.catalog.version("a", 1) is None
    with parts.engine.begin() as connection:
        left = connection.execute(sa.select(image_groups.c.id, image_groups.c.version)).all()
    assert left == [("uploaded", 2)]
    assert parts.images.has(image.sha256)
    assert not parts.work_folder(job.id).exists()


def test_each_has_its_share_of_what_they_took_together(parts: Parts) -> None:
    jobs = [submitted(parts, name, f"A {name} story.") for name in "abcd"]
    together(parts, Stub(), *jobs)
    share = {"titles": 1, "media_s": 0.0, "wall_s": 2.0, "cpu_s": 1.0}
    assert [parts.rows.get(job.id).took for job in jobs] == [{"told": share}] * 4


def test_what_was_done_already_may_be_done_again(parts: Parts) -> None:
    """As after a kill, whose jobs are taken up while their titles are published."""
    jobs = [submitted(parts, name, f"A {name} story.") for name in "ab"]
    Together(parts, cast(Pool, Stub()), jobs).run()
    with parts.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'running' WHERE title_id = 'a'")
    assert together(parts, Stub(), jobs[0]) == {"a": None}
    assert state(parts, jobs[0]) == "done"


def test_encoders_that_the_live_generation_is_not_of_are_told(parts: Parts) -> None:
    jobs = [submitted(parts, name, f"A {name} story.") for name in "ab"]
    parts.index.begin("next", {**PRINTS, "synopsis": "old@1:384:a"}, None)
    parts.index.verify("next", {})
    parts.index.cut_over("next")
    ended = together(parts, Stub(), *jobs)
    assert {cast(Conflict, error).code for error in ended.values()} == {"fingerprint_mismatch"}


def test_what_waits_is_taken_together_and_of_a_title_one(parts: Parts) -> None:
    entered, go_on = threading.Semaphore(0), threading.Event()

    def wait(_: list[str]) -> None:
        entered.release()
        assert go_on.wait(30)

    stub = Stub(wait)
    queue = Texts(parts, cast(Pool, stub))
    first = [submitted(parts, f"first{n}", "First.") for n in range(texts.LANES)]
    told = (("a", "A story."), ("b", "B story."), ("b", "Another story."), ("c", "C story."))
    rest = [submitted(parts, name, story) for name, story in told]
    threads = []
    for number, job in enumerate((*first, *rest)):
        threads.append(threading.Thread(target=queue.understand, args=(job,)))
        threads[-1].start()
        if number < len(first):
            assert entered.acquire(timeout=30)  # a lane is busy with it
        else:
            while queue._waiting.qsize() <= number - len(first):
                pass
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert {state(parts, job) for job in (*first, *rest)} == {"done"}
    assert stub.calls[: len(first)] == [["First."]] * len(first)  # alone: nothing waited
    assert sorted(map(sorted, stub.calls[len(first) :])) == [
        ["A story.", "B story.", "C story."],
        ["Another story."],
    ]


def test_places_beside_a_busy_pool_are_free_and_share_what_is_idle(pool: Pool) -> None:
    beside = pool.beside(1)
    with pool.child() as busy, beside.child() as other:
        assert other is not busy
    with beside.child() as warm:
        assert warm in (busy, other)


def test_a_job_tells_whether_its_title_is_words_alone(parts: Parts) -> None:
    film = TitleInput(id="film", name="Film", synopsis="A film.", media_path="/film.mp4")
    assert submitted(parts, "a", "A story.").words_alone
    assert not parts.rows.get(parts.catalog.submit(film).job_id).words_alone
    assert [job.words_alone for job in parts.rows.live()] == [True, False]
    assert not parts.rows.add_reindex().words_alone
