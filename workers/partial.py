"""A part of the catalogue understood anew, in place, by the encoders that the index is of.

No generation is built: each title is written into those there are, as an ingest writes it. So the
live generation must be of today's encoders; two fingerprints never share one.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from content.errors import Cancelled, Conflict, Invalid, NotFound, PermanentError, TransientError
from workers import removal
from workers.ingest import publishing
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.pool import Pool, Progress, spaced
from workers.refresh import Refresh
from workers.selection import chosen
from workers.spent import Spent

log = logging.getLogger("keyart.jobs")

BATCH = 16
TRIES = 3
"""Of a title whose understanding fails in a way that may pass."""


@dataclass(frozen=True)
class Partial:
    """The stages of one job; each may be run again from its start."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event
    spent: Spent = field(default_factory=Spent)

    def select(self) -> list[str]:
        """The ids of the titles that are asked for, in order.

        Raises:
            Conflict: `fingerprint_mismatch`, as `check_agreement`. Invalid: `invalid_age`.
        """
        self._advance("select", 0.0)
        check_agreement(self.parts)
        asked = self.job.request or {}
        return [title.title_id for title in chosen(self.parts, asked, self.job.created_us)]

    def renew(self, titles: Sequence[str], start: int) -> list[str]:
        """Understand the next titles anew, from number `start` on; those that failed."""
        failed = []
        for n, title_id in enumerate(titles[start : start + BATCH], start):
            share = partial(self._advance_by, n, len(titles))
            share("", 0.0)
            if not self._renewed(title_id, spaced(share)):
                failed.append(title_id)
        self.parts.rows.tell_spent(self.job.id, self.spent)
        return failed

    def tell(self, titles: Sequence[str], failed: Sequence[str]) -> None:
        """Note what became of them as the job's outcome."""
        outcome = {"titles": len(titles), "failed": list(failed)}
        wanted = (self.job.request or {}).get("titles")
        if wanted is not None:
            left = sorted(set(wanted) - set(titles))
            outcome["unknown"] = [t for t in left if self._is_unknown(t)]
        if not self.parts.rows.note(self.job.id, outcome):
            raise Cancelled

    def _is_unknown(self, title_id: str) -> bool:
        """Not merely left out by the other things that were asked for."""
        return self.parts.catalog.published_version(title_id) is None

    def _renewed(self, title_id: str, on_progress: Progress) -> bool:
        refresh = Refresh(self.parts, self.pool, self.job, self.cancelled, self.spent)
        for attempt in range(1, TRIES + 1):
            version = self.parts.catalog.published_version(title_id)
            if version is None:  # deleted meanwhile
                return True
            try:
                refresh.title(title_id, version, on_progress, anew=True)
                with publishing(title_id):
                    removal.restore_index(self.parts, title_id)
            except NotFound:  # deleted, or replaced: its new version is of today
                return True
            except (Invalid, PermanentError) as error:
                log.warning("%s is not understood anew: %s", title_id, error)
                return False
            except TransientError as error:
                log.warning("%s is not understood anew, attempt %d: %s", title_id, attempt, error)
                self.cancelled.wait(2.0**attempt / 4)
            else:
                return True
        return False

    def _advance(self, stage: str, progress: float) -> None:
        if self.cancelled.is_set() or not self.parts.rows.advance(self.job.id, stage, progress):
            raise Cancelled

    def _advance_by(self, done: int, total: int, _stage: str, fraction: float) -> None:
        self._advance("refresh", min(1.0, (done + fraction) / max(total, 1)))


def check_agreement(parts: Parts) -> None:
    """See that the live generation is of today's encoders.

    Raises:
        Conflict: `fingerprint_mismatch`.
    """
    for live in (g for g in parts.index.generations() if g.state == "live"):
        if other := live.differing(parts.fingerprints):
            raise Conflict(
                "fingerprint_mismatch",
                f"today's encoders of {', '.join(other)} are not those of the live generation "
                f"{live.name}, and two never share one: reindex all with `keyart reindex`",
            )
