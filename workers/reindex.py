"""Reindex: every title's vectors into a new generation, which readers then switch to at once.

First every title that another encoder, or an earlier release, has understood is understood anew
(`workers.refresh`); the others' stored raw vectors are used as they are. Then the calibration, the
constants that centre each space, is fitted on all of them and frozen with the new generation.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from content.errors import (
    Cancelled,
    Conflict,
    Invalid,
    KeyartError,
    NotFound,
    PermanentError,
    TransientError,
)
from content.types import F32, Space
from indexes.calibration import Calibration
from indexes.schema import TitlePoint, fitting
from workers import learning, removal, rollback, taste
from workers.fitting import TasteChoice
from workers.gates import SAMPLE as SAMPLED
from workers.gates import Gates
from workers.jobs import SWITCHING, JobRecord
from workers.pace import Pace
from workers.parts import Parts
from workers.pool import Pool, Progress, spaced
from workers.refresh import Refresh
from workers.selection import outdated
from workers.spent import Spent

log = logging.getLogger("keyart.jobs")

BATCH = 64
SAMPLE = 4096
"""Titles on which the calibration is fitted, at most."""
TRIES = 3
"""Of a title whose understanding fails in a way that may pass."""
FEW = 3
"""Titles may fail so often without a doubt about the service itself."""


@dataclass(frozen=True)
class Reindex:
    """The stages of one reindex job. Each may be run again from its start."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event
    spent: Spent = field(default_factory=Spent)

    @cached_property
    def pace(self) -> Pace:
        """Of what the worker does itself; its children are nice."""
        return Pace(self.parts.settings.reindex_pace, self.cancelled)

    def refresh(self, after: str) -> tuple[str | None, int]:
        """Understand anew what is stale of the next titles behind id `after`.

        Returns:
            The id up to which none is left, or None at the end, and how many failed however often
            they were tried: they keep what is stored of them, and the rest must not suffer.
        """
        batch, last = outdated(self.parts, after or None, BATCH)
        if last is None:
            return None, 0
        failed = 0
        for title in batch:
            total, count = self.parts.catalog.count_published(title.title_id)
            share = partial(self._advance_by, count - 1, total)
            share("", 0.0)
            failed += not self._refreshed(title.title_id, title.version, spaced(share))
        if not batch:
            total, count = self.parts.catalog.count_published(last)
            self._advance_by(count, total, "", 0.0)
        self.parts.rows.tell_spent(self.job.id, self.spent)
        return last, failed

    def try_fit(self) -> None:
        """A fit that changes nothing; the job's outcome tells what was found.

        Raises:
            Conflict: `taste_too_little_watched`, `taste_not_better`.
        """
        self._advance("fit", 0.0)
        choice = TasteChoice(self.parts, self.pool, self.job, self.cancelled)
        choice.tried(spaced(lambda _stage, share: self._advance("fit", share)))

    def begin(self, failed: int) -> None:
        """Make the side generation; from here on new titles are written to both.

        Its taste space is the one in use, or one fitted anew (`workers.fitting`).

        Args:
            failed: how many titles failed in `refresh`.

        Raises:
            Conflict: `taste_too_little_watched`, `taste_not_better`.
            KeyartError: `refresh_failed`, when so many did that their films are not to blame:
                the live generation stays.
        """
        self._advance("begin", 0.85)
        total, _ = self.parts.catalog.count_published("")
        if failed > FEW and 2 * failed > total:
            raise KeyartError(
                "refresh_failed",
                f"{failed} of {total} titles could not be understood anew; see the worker's log",
            )
        prints = self.parts.fingerprints
        choice = TasteChoice(self.parts, self.pool, self.job, self.cancelled)
        fit = choice.chosen(spaced(lambda _stage, _share: self._advance("fit", 0.85)))
        if fit is not None:
            prints["taste"] = fit
        self.parts.index.begin(self._generation, prints, self._calibration(prints))

    def copy(self, after: str) -> str | None:
        """Write the next titles behind id `after`; the last one's id, or None at the end."""
        batch = self.parts.catalog.published(after=after or None, limit=BATCH)
        if not batch:
            return None
        with self.spent.timed("copy", len(batch)), self.pace.part():
            self.parts.index.upsert_into(self._generation, self._points(batch))
        self.parts.rows.tell_spent(self.job.id, self.spent)
        last = max(batch)
        total, done = self.parts.catalog.count_published(last)
        self._advance("copy", 0.85 + 0.1 * done / max(total, 1))
        return last

    def verify(self) -> None:
        """Every live title is there in its newest version, and nothing else; and the generation
        passes its gates (`workers.gates`).

        Raises:
            TransientError: `generation_incomplete`, when a title came or went meanwhile.
            Conflict: `gate`. Invalid: `golden_invalid`.
        """
        titles = self._complete()
        self._advance("gate", 0.95)
        gates = Gates(self.parts, self.pool, self.job, self.cancelled, self.pace)
        gates.built()
        with self.spent.timed("gates", min(SAMPLED, len(titles))):
            gates.passed(titles)

    def _complete(self) -> list[str]:
        """The ids of all titles, which are there in their newest versions, and no others."""
        self._advance("verify", 0.95)
        expected = dict(self._published())
        found = self.parts.index.verify(self._generation, expected)
        wrong = [*found.missing, *found.stale]
        self.parts.index.upsert_into(
            self._generation, self._points({t: expected[t] for t in wrong})
        )
        gone = [title_id for title_id in found.extra if self._is_gone(title_id)]
        self.parts.index.delete(gone)
        if wrong or gone:
            raise TransientError(
                "generation_incomplete", f"{len(wrong)} titles were missing, {len(gone)} too many"
            )
        return list(expected)

    def cut_over(self) -> None:
        """Readers see the new generation, all at once; the old one is kept for a while.

        What the choice has learned goes along: first the ledger is made anew as today's encoder
        sees it, then whoever chooses is told to follow.
        """
        wanted = learning.target(self.parts)
        for share in learning.made_anew(self.parts, wanted):
            self._advance("refold", 0.95 + 0.04 * share)
        self._advance(SWITCHING, 0.99)
        self._switch()
        learning.follow(self.parts, wanted)
        rollback.sweep(self.parts)
        taste.sweep_unused(self.parts)

    # ----- parts of the stages

    def _switch(self) -> None:
        if self._switched():
            return
        # A title came since the last look. Switch right after the next one: whoever comes here
        # again refolds first, and under steady writes would find another title every time.
        self._complete()
        if not self._switched():
            raise TransientError("generation_incomplete", "titles came while it was looked through")

    def _switched(self) -> bool:
        try:
            self.parts.index.cut_over(self._generation, keep_s=rollback.keep_s(self.parts))
        except Conflict as error:
            if error.code != "generation_unfinished":
                raise
            return False
        return True

    @property
    def _generation(self) -> str:
        assert self.job.generation is not None
        return self.job.generation

    def _advance(self, stage: str, progress: float) -> None:
        if self.cancelled.is_set() or not self.parts.rows.advance(self.job.id, stage, progress):
            raise Cancelled

    def _advance_by(self, done: int, total: int, _stage: str, fraction: float) -> None:
        self._advance("refresh", 0.85 * min(1.0, (done + fraction) / max(total, 1)))

    def _refreshed(self, title_id: str, version: int, on_progress: Progress) -> bool:
        """Is the title of today now, or as near to it as it can be brought?"""
        refresh = Refresh(self.parts, self.pool, self.job, self.cancelled, self.spent)
        for attempt in range(1, TRIES + 1):
            try:
                refresh.title(title_id, version, on_progress)
                return True
            except NotFound:  # deleted or replaced meanwhile
                return True
            except (Invalid, PermanentError) as error:
                log.warning("%s is not understood anew: %s", title_id, error)
                return False
            except TransientError as error:
                log.warning("%s is not understood anew, attempt %d: %s", title_id, attempt, error)
                if attempt < TRIES:
                    self.cancelled.wait(2.0**attempt / 4)
        return False

    def _points(self, titles: Mapping[str, int]) -> Iterator[TitlePoint]:
        """Points of titles (id to version), with the vectors of today's encoders only, and placed
        by the generation's taste map."""
        prints, fit = self.parts.fingerprints, self._taste()
        points = (removal.point_of(self.parts, *item) for item in titles.items())
        for point in points:  # one by one: with all its shots, a film is some megabytes
            if point is not None:
                ours = replace(point, vectors=fitting(point.vectors, prints))
                yield taste.placed(self.parts, ours, fit)

    def _taste(self) -> str | None:
        """The map of the generation being built."""
        generations = self.parts.index.generations()
        mine = (g.fingerprints for g in generations if g.name == self._generation)
        return next(mine, {}).get("taste")

    def _published(self) -> Iterator[tuple[str, int]]:
        after = None
        while batch := self.parts.catalog.published(after=after, limit=1000):
            yield from batch.items()
            after = max(batch)

    def _is_gone(self, title_id: str) -> bool:
        """Is a point that no published title has left over? One in the making has its point
        before it is published."""
        published = self.parts.catalog.published_version(title_id) is not None
        return not published and not self.parts.rows.live(title_id)

    def _calibration(self, prints: dict[Space, str]) -> Calibration:
        samples: dict[Space, list[F32]] = {space: [] for space in prints}
        for n, (title_id, version) in enumerate(self._published()):
            if n == SAMPLE:
                break
            for space, vector in self.parts.catalog.vectors(title_id, version).items():
                if prints.get(space) == vector.fingerprint:
                    samples[space].append(vector.data)
        return Calibration.fit({s: np.stack(rows) for s, rows in samples.items() if rows})
