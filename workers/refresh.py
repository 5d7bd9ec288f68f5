"""Understanding a published title anew, in place: what a reindex does where encoders changed."""

import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from content import keeping, publication
from content.errors import NotFound, PermanentError
from content.records import writing
from content.types import Extraction, Space, TitleInput, Vector
from workers import removal
from workers.ingest import store_keyframes
from workers.jobs import JobRecord
from workers.parts import Parts
from workers.pool import Pool

log = logging.getLogger("keyart.jobs")


@dataclass(frozen=True)
class Refresh:
    """For the titles of one job; each may be done again from its start."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event

    def title(self, title_id: str, version: int) -> None:
        """Understand a title anew if another encoder than today's, or a release that kept no
        timeline, has done so.

        All of it, whichever encoder changed: facts and moods are made with several of them.

        Raises:
            NotFound: `title_not_found`: it was deleted or replaced meanwhile.
        """
        prints = self.parts.fingerprints
        stored = self.parts.catalog.vectors(title_id, version)
        stale = {space for space, v in stored.items() if prints.get(space) != v.fingerprint}
        row = self.parts.catalog.version(title_id, version)
        if row is None:
            return
        words: dict[Space, Vector] = {s: v for s, v in stored.items() if s == "synopsis"}
        if "synopsis" in stale:
            words = self._synopsis(row.title.synopsis)
        extraction, path = None, row.title.media_path
        timed = self.parts.catalog.timeline(title_id, version) is not None
        if path is not None and (stale or not timed):
            extraction = self._extract(title_id, path, row.title)
        if extraction is not None:
            self._replace(title_id, version, extraction, words)
        elif "synopsis" in stale:
            with self._own(title_id, version) as connection:
                publication.write_vectors(
                    connection,
                    tenant=self.parts.tenant,
                    title_id=title_id,
                    version=version,
                    title_vectors=words,
                )

    def _replace(
        self, title_id: str, version: int, extraction: Extraction, words: dict[Space, Vector]
    ) -> None:
        """Write what is understood now in place of what was: readers see one or the other."""
        keyframes = store_keyframes(self.parts, self.job.id, extraction, self._folder)
        old, _ = removal.version_files(self.parts, title_id, version)
        removal.doom(self.parts, self.job.id, old)
        with self._own(title_id, version) as connection:
            publication.write_understanding(
                connection,
                tenant=self.parts.tenant,
                title_id=title_id,
                version=version,
                extraction=extraction,
                title_vectors={**extraction.vectors, **words},
                keyframes=keyframes,
            )
        # Named by a row they are safe; until then another title's end could take them along.
        store_keyframes(self.parts, self.job.id, extraction, self._folder)

    @property
    def _folder(self) -> Path:
        folder: Path = self.parts.work_folder(self.job.id) / "extraction"
        return folder

    @contextmanager
    def _own(self, title_id: str, version: int) -> Iterator[sa.Connection]:
        """A transaction in which nobody deletes or replaces the version."""
        with writing(self.parts.engine).begin() as connection:
            if not publication.published_within(
                connection, tenant=self.parts.tenant, title_id=title_id, version=version
            ):
                raise NotFound("title_not_found", f"{title_id} was deleted or replaced meanwhile")
            yield connection

    def _extract(self, title_id: str, path: str, title: TitleInput) -> Extraction | None:
        """What is in the media today; None when it cannot be read any more."""
        folder = self._folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        wall_s = self.parts.settings.job_timeout_s
        try:
            with self.pool.child() as child:
                child.call(
                    "extract",
                    {
                        "path": path,
                        "folder": str(folder),
                        "wall_s": wall_s,
                        "synopsis": title.synopsis,
                        "language": title.language,
                    },
                    cancelled=self.cancelled,
                    timeout_s=wall_s,
                )
        except PermanentError as error:
            log.warning("%s keeps only what today's encoders made of it: %s", title_id, error)
            return None
        return keeping.load(folder)

    def _synopsis(self, text: str) -> dict[Space, Vector]:
        with self.pool.child() as child:
            answer = child.call("synopsis", {"text": text}, cancelled=self.cancelled)
        if answer is None:
            return {}
        vector = Vector(np.frombuffer(answer["data"], "<f4"), answer["fingerprint"])
        return {"synopsis": vector}
