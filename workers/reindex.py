"""Reindex: every title's vectors into a new generation, which readers then switch to at once.

Stored raw vectors made by today's encoders are used as they are; a title that another encoder, or
an earlier release, has understood is understood anew (`workers.refresh`). What is new in every
generation is the calibration: the constants that centre and scale each space, fitted on the
catalogue.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from content.errors import Cancelled, Invalid, NotFound, PermanentError, TransientError
from content.types import F32, Space
from indexes.calibration import Calibration
from indexes.schema import TitlePoint
from workers import removal
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.pool import Pool
from workers.refresh import Refresh

log = logging.getLogger("keyart.jobs")

BATCH = 64
SAMPLE = 4096
"""Titles on which the calibration is fitted, at most."""


@dataclass(frozen=True)
class Reindex:
    """The stages of one reindex job. Each may be run again from its start."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event

    def begin(self) -> None:
        """Make the side generation; from here on new titles are written to both."""
        self._advance("begin", 0.0)
        prints = self.parts.fingerprints
        self.parts.index.begin(self._generation, prints, self._calibration(prints))

    def copy(self, after: str) -> str | None:
        """Write the next titles behind id `after`; the last one's id, or None at the end."""
        batch = self.parts.catalog.published(after=after or None, limit=BATCH)
        if not batch:
            return None
        refresh = Refresh(self.parts, self.pool, self.job, self.cancelled)
        for title_id, version in batch.items():
            try:
                refresh.title(title_id, version)
            except (Invalid, NotFound, PermanentError) as error:  # the rest must not suffer
                log.warning("%s is not understood anew: %s", title_id, error)
        self.parts.index.upsert_into(self._generation, self._points(batch))
        last = max(batch)
        self._advance("copy", self._share_until(last))
        return last

    def verify(self) -> None:
        """Every live title is there in its newest version, and nothing else.

        Raises:
            TransientError: `generation_incomplete`, when a title came or went meanwhile.
        """
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

    def cut_over(self) -> None:
        """Readers see the new generation, all at once; the old one goes."""
        self._advance("cut over", 0.99)
        self.parts.index.cut_over(self._generation)
        for generation in self.parts.index.generations():
            if generation.state == "retired":
                self.parts.index.drop(generation.name)

    # ----- parts of the stages

    @property
    def _generation(self) -> str:
        assert self.job.generation is not None
        return self.job.generation

    def _advance(self, stage: str, progress: float) -> None:
        if self.cancelled.is_set() or not self.parts.rows.advance(self.job.id, stage, progress):
            raise Cancelled

    def _points(self, titles: Mapping[str, int]) -> list[TitlePoint]:
        """Points of titles (id to version), with the vectors of today's encoders only."""
        prints = self.parts.fingerprints
        points = (removal.point_of(self.parts, *item) for item in titles.items())
        return [
            replace(
                point,
                vectors={s: v for s, v in point.vectors.items() if prints.get(s) == v.fingerprint},
            )
            for point in points
            if point is not None
        ]

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

    def _share_until(self, title_id: str) -> float:
        total, before = self.parts.catalog.count_published(title_id)
        return 0.05 + 0.9 * before / max(total, 1)

    def _calibration(self, prints: dict[Space, str]) -> Calibration:
        samples: dict[Space, list[F32]] = {space: [] for space in prints}
        for n, (title_id, version) in enumerate(self._published()):
            if n == SAMPLE:
                break
            for space, vector in self.parts.catalog.vectors(title_id, version).items():
                if prints.get(space) == vector.fingerprint:
                    samples[space].append(vector.data)
        return Calibration.fit({s: np.stack(rows) for s, rows in samples.items() if rows})
