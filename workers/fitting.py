"""Which taste map a generation about to be built has: the one in use, one fitted anew, or none."""

import threading
from dataclasses import dataclass
from typing import Any

from content.errors import Cancelled, Conflict
from workers import taste
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.pool import Pool, Progress, ignore

FIT_S = 3600.0


@dataclass(frozen=True)
class TasteChoice:
    """Of one job: a reindex, or a fit of the taste space."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event

    def chosen(self, on_progress: Progress = ignore) -> str | None:
        """The fingerprint of the map; None for none.

        A reindex takes the map in use along, and fits one anew where it cannot (see
        `taste.outdated`); does that one not pay, the space goes.

        Raises:
            Conflict: `taste_too_little_watched`, `taste_not_better`, of a fit that was asked for:
                readers keep the map they have, unless somebody whom it learned from is forgotten.
        """
        generations = self.parts.index.generations()
        for each in generations:
            if each.name == self.job.generation:  # killed after it was begun
                return each.fingerprints.get("taste")
        now = taste.in_use(generations)
        asked_for = self.job.kind == "fit-space"
        if not asked_for and (now is None or not self._outdated(now)):
            return now
        try:
            return self.fitted(on_progress)
        except Conflict as error:
            taste.sweep_unused(self.parts)
            if now is None or (asked_for and taste.forgotten_since(self.parts, now) is None):
                raise
            self._note({"used": False, "refused": error.code, "dropped": now})
            return None

    def fitted(self, on_progress: Progress = ignore) -> str:
        """A map fitted anew that pays; what was found is told as the job's outcome.

        Raises:
            Conflict: `taste_too_little_watched`, `taste_not_better`.
        """
        found = self._fit(on_progress)
        worse = found.pop("worse_than")
        self._note({**found, "used": not worse and not self._dry})
        if worse:
            raise Conflict(
                "taste_not_better",
                f"of titles left out whole it finds no more than {', '.join(worse)} beyond chance",
            )
        return str(found["fingerprint"])

    def tried(self, on_progress: Progress = ignore) -> None:
        """As `fitted`, but nothing is kept."""
        try:
            self.fitted(on_progress)
        finally:
            taste.sweep_unused(self.parts)

    @property
    def _dry(self) -> bool:
        return bool((self.job.request or {}).get("dry_run"))

    def _fit(self, on_progress: Progress) -> dict[str, Any]:
        arguments = {"seed": (self.job.request or {}).get("seed", 0)}
        with self.pool.child() as child:
            found: dict[str, Any] = child.call(
                "fit_taste",
                arguments,
                on_progress=on_progress,
                cancelled=self.cancelled,
                timeout_s=FIT_S,
            )
        return found

    def _outdated(self, fingerprint: str) -> bool:
        return taste.outdated(self.parts, fingerprint, self.parts.fingerprints)

    def _note(self, outcome: dict[str, Any]) -> None:
        if not self.parts.rows.note(self.job.id, outcome):
            raise Cancelled
