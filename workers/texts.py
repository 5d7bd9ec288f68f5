"""Titles of words alone, understood many at once.

Each has a job of its own, whose workflow waits here for what becomes of it. Those that wait are
taken together: one call of a child, one transaction for what it found, one write to the index, one
transaction that lets readers see them. Alone, a title is taken at once: nothing waits for company.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork import pictures
from content import outages, publication
from content.entries import VersionRow
from content.errors import Cancelled, Unavailable, revived
from content.publication import Told
from content.records import writing
from content.types import Space, Vector
from workers import removal, taste
from workers.ingest import SPANS, check_encoders, publishing
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.pool import Pool
from workers.spent import Spent, Took

AT_ONCE = 32
"""Titles taken together: enough that each pays little, so few that other writers of the records
wait some hundredths of a second for them."""
LANES = 2
"""While the titles of one are with the child, those of the other are written."""
WAITING = 2 * LANES * AT_ONCE
"""Workflows that run at once: as many again wait here while the engine brings no further ones."""
TEXTS = "texts"
"""The operation of the child."""
WALL_S = 600.0
"""That a child may take for titles taken together."""

_Waiting = tuple[JobRecord, "Future[None]"]
Outcomes = dict[str, Exception | None]
"""By job: None where it is done."""


class Texts:
    """Takes what waits. One for each process, with threads of its own."""

    def __init__(self, parts: Parts, pool: Pool) -> None:
        self._parts = parts
        self._pool = pool
        self._waiting: SimpleQueue[_Waiting] = SimpleQueue()
        for n in range(LANES):
            threading.Thread(target=self._take, name=f"keyart-texts-{n}", daemon=True).start()

    def understand(self, job: JobRecord) -> None:
        """Understand and publish the job's title, with what else waits; then the job is done. May
        be done again.

        Raises:
            Cancelled: the job has ended, or its title was deleted.
            Conflict: `fingerprint_mismatch`, as `check_encoders`.
            KeyartError: of this title alone, or of a part of the service that does not answer.
        """
        ended: Future[None] = Future()
        self._waiting.put((job, ended))
        ended.result()

    def _take(self) -> None:
        while True:
            taken = self._company(self._waiting.get())
            outcomes = self._outcomes([job for job, _ in taken])
            for job, ended in taken:
                if (error := outcomes[job.id]) is None:
                    ended.set_result(None)
                else:
                    ended.set_exception(error)

    def _company(self, first: _Waiting) -> list[_Waiting]:
        """Up to `AT_ONCE` of what waits, of each title one version."""
        taken: dict[str | None, _Waiting] = {first[0].title_id: first}
        later: list[_Waiting] = []
        try:
            while len(taken) + len(later) < AT_ONCE:
                other = self._waiting.get_nowait()
                if taken.setdefault(other[0].title_id, other) is not other:
                    later.append(other)
        except Empty:
            pass
        for other in later:
            self._waiting.put(other)
        return list(taken.values())

    def _outcomes(self, jobs: Sequence[JobRecord]) -> Outcomes:
        """Together; where that fails each by itself, so that none has to answer for another."""
        try:
            return Together(self._parts, self._pool, jobs).run()
        except Exception as error:  # noqa: BLE001 - handed to the job that it belongs to
            if len(jobs) == 1 or _of_nobody(error):
                return {job.id: error for job in jobs}
        return {job.id: self._outcomes([job])[job.id] for job in jobs}


def _of_nobody(error: Exception) -> bool:
    """Whether a part of the service is away: each title by itself would wait for it again."""
    return isinstance(error, Unavailable) or (
        isinstance(error, sa.exc.DBAPIError) and outages.away(error)
    )


@dataclass(frozen=True)
class Together:
    """Jobs of different titles. Raises what may be the fault of any of them, or of none."""

    parts: Parts
    pool: Pool
    jobs: Sequence[JobRecord]
    _ended: Outcomes = field(default_factory=dict)
    _spent: Spent = field(default_factory=Spent)

    def run(self) -> Outcomes:
        ids = {job.id for job in self.jobs}
        live = self.parts.rows.advance_all(ids, "words", SPANS["words"][0])
        rows = self.parts.catalog.versions_of(live)
        self._lost(ids - rows.keys())
        if rows:
            found = self._understood(rows)
            with publishing(*(rows[job_id].title.id for job_id in found)):
                self._publish({job_id: rows[job_id] for job_id in found}, found)
        return {**dict.fromkeys(ids), **self._ended}

    def _understood(self, rows: Mapping[str, VersionRow]) -> dict[str, Told]:
        check_encoders(self.parts, next(iter(rows.values())).title)
        titles = [row.title for row in rows.values()]
        items = [[title.synopsis, title.story, title.language] for title in titles]
        wall_s = min(WALL_S, self.parts.settings.job_timeout_s)
        with self.pool.child() as child:
            answers = child.call(TEXTS, {"items": items}, timeout_s=wall_s, spent=self._spent)
        found = {}
        for job_id, answer in zip(rows, answers, strict=True):
            if "error" in answer:
                self._ended[job_id] = revived(**answer["error"])
            else:
                found[job_id] = _told(rows[job_id], answer)
        return found

    def _publish(self, rows: Mapping[str, VersionRow], found: Mapping[str, Told]) -> None:
        seen = self.parts.catalog.published_versions([row.title.id for row in rows.values()])
        new = {}
        for job_id, row in rows.items():
            old = seen.get(row.title.id, 0)
            if old < row.version:
                new[job_id] = row
                continue
            if old > row.version:  # a newer one was quicker
                removal.abandon(self.parts, self._job(job_id))
            self.parts.rows.finish(job_id)
        with self._own(new, stage="publish", progress=SPANS["publish"][0]) as (connection, own):
            told = [found[job_id] for job_id in own]
            publication.write_told(connection, tenant=self.parts.tenant, found=told)
        points = (removal.point_of_words(self.parts, new[j], found[j]) for j in own)
        taste.publish(self.parts, *points)
        self._make_visible({job_id: new[job_id] for job_id in own}, seen)

    def _make_visible(self, rows: Mapping[str, VersionRow], seen: Mapping[str, int]) -> None:
        again = {j: seen[row.title.id] for j, row in rows.items() if row.title.id in seen}
        shas: set[str] = set()
        uploads: set[str] = set()
        for job_id, old in again.items():
            theirs = removal.version_files(self.parts, rows[job_id].title.id, old)
            removal.doom(self.parts, job_id, theirs[0])
            shas, uploads = shas | theirs[0], uploads | theirs[1]
        done = {"state": "done", "stage": "done", "progress": 1.0, "took": self._took()}
        with self._own(rows, **done) as (connection, own):
            for job_id in own & again.keys():
                self._replace(connection, rows[job_id], again[job_id])
            versions = {rows[job_id].title.id: rows[job_id].version for job_id in own}
            publication.publish_all(connection, tenant=self.parts.tenant, versions=versions)
        removal.discard_files(self.parts, shas, uploads)
        for job_id in own & again.keys():
            removal.clear_work(self.parts, job_id)
            self.parts.readings.drop(rows[job_id].title.id, again[job_id])  # of a film, if it was

    def _took(self) -> dict[str, Any]:
        """Each title's share of what the child spent, all of it as what it told of the words: a
        reindex makes both, one title after the other."""
        spent, count = self._spent.by[TEXTS], len(self.jobs)
        share = Took(1, 0.0, spent.wall_s / count, spent.cpu_s / count)
        return Spent({"told": Took().plus(share)}).plain()

    def _replace(self, connection: sa.Connection, row: VersionRow, old: int) -> None:
        title_id, tenant = row.title.id, self.parts.tenant
        pictures.carry_over(connection, title_id, old, row.version, tenant)
        removal.drop_version(self.parts, connection, title_id, old)

    @contextmanager
    def _own(
        self, rows: Mapping[str, VersionRow], **noted: object
    ) -> Iterator[tuple[sa.Connection, set[str]]]:
        """A transaction in which nobody takes from these jobs their versions; those that are lost
        already are left out."""
        with writing(self.parts.engine).begin() as connection:
            held = publication.held(connection, tenant=self.parts.tenant, job_ids=rows.keys())
            own = self.parts.rows.note_all_within(connection, held, **noted)
            self._lost(rows.keys() - own)
            yield connection, own

    def _lost(self, job_ids: set[str]) -> None:
        """These have ended meanwhile, or their titles were deleted."""
        self._ended.update((job_id, Cancelled()) for job_id in job_ids)

    def _job(self, job_id: str) -> JobRecord:
        return next(job for job in self.jobs if job.id == job_id)


def _told(row: VersionRow, answer: Mapping[str, Any]) -> Told:
    words = answer["words"]
    vectors: dict[Space, Vector] = {}
    if words is not None:
        vectors["synopsis"] = Vector(np.frombuffer(words["data"], "<f4"), words["fingerprint"])
    return Told(row.title.id, row.version, answer["told"], vectors)
