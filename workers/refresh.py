"""Understanding a published title anew, in place: what a reindex does where encoders changed."""

import logging
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork import pictures
from content import keeping, publication
from content.errors import NotFound, PermanentError
from content.extract import SEGMENTS, THUMBNAILS
from content.records import writing
from content.standing import standing
from content.types import Extraction, Facts, Space, TitleInput, Vector
from workers import removal
from workers.ingest import LATE_S, keep_reading, store_keyframes
from workers.jobs import JobRecord
from workers.needs import needed
from workers.parts import Parts
from workers.pool import Pool, Progress, ignore
from workers.spent import Spent, Took

log = logging.getLogger("keyart.jobs")


@dataclass(slots=True)
class _Anew:
    """What was made of a title today, in place of what others made; nothing where it holds."""

    words: dict[Space, Vector] = field(default_factory=dict)
    told: Mapping[str, Facts] | None = None
    extraction: Extraction | None = None
    looks: dict[str, Vector] = field(default_factory=dict)
    """Of pictures, by group id."""


@dataclass(frozen=True)
class Refresh:
    """For the titles of one job; each may be done again from its start."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event
    spent: Spent = field(default_factory=Spent)

    def title(
        self, title_id: str, version: int, on_progress: Progress = ignore, *, anew: bool = False
    ) -> None:
        """Understand a title anew if another encoder than today's, or a release that kept no
        timeline or no profile, has done so; with `anew` whoever has.

        All of it, whichever encoder changed: facts and moods are made with several of them. The
        film is opened only if what was read of it is not kept, or was read by others; with `anew`
        always.

        Raises:
            NotFound: `title_not_found`: it was deleted or replaced meanwhile.
            TransientError: it may be tried again, and goes on where it was.
        """
        row = self.parts.catalog.version(title_id, version)
        stands = standing(self.parts.engine, title_id, tenant=self.parts.tenant)
        if row is None or stands is None or stands.version != version:
            return
        need = needed(stands, self.parts.fingerprints, anew=anew)
        title, folder = row.title, self._folder(title_id, version)
        found = _Anew(looks=self._looks(title_id, version, row.profile or {}))
        if need.words:
            found.words = self._synopsis(title.synopsis, "told" if need.told else "synopsis")
        if need.told:
            found.told = self._told(title)
        if need.film:
            begun = folder.exists()  # before a kill: what is left of it tells nothing of the whole
            if not anew:
                self.parts.readings.lend(title_id, version, folder / SEGMENTS)
            found.extraction = self._extract(title_id, title, folder, on_progress, whole=not begun)
        if found.words or found.told or found.extraction or found.looks:
            stored = self.parts.catalog.vectors(title_id, version)
            if not found.words and "synopsis" in stored:
                found.words = {"synopsis": stored["synopsis"]}
            self._replace(title_id, version, found, folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _replace(self, title_id: str, version: int, anew: _Anew, folder: Path) -> None:
        """Write what is understood now in place of what was: readers see one or the other."""
        before = self._keyframes(title_id, version)
        keyframes = self._store_keyframes(anew, folder, before)
        if anew.extraction is not None:
            old, _ = removal.version_files(self.parts, title_id, version)
            removal.doom(self.parts, self.job.id, old)
        with self._own(title_id, version) as connection:
            self._write(connection, title_id, version, anew, keyframes)
        # Named by a row they are safe; until then another title's end could take them along.
        self._store_keyframes(anew, folder, before)
        keep_reading(self.parts, title_id, version, folder / SEGMENTS)

    def _write(
        self,
        connection: sa.Connection,
        title_id: str,
        version: int,
        anew: _Anew,
        keyframes: Mapping[float, str],
    ) -> None:
        tenant, found = self.parts.tenant, anew.extraction
        if found is None and anew.told is None:
            publication.write_vectors(
                connection,
                tenant=tenant,
                title_id=title_id,
                version=version,
                title_vectors=anew.words,
            )
        else:
            publication.write_understanding(
                connection,
                tenant=tenant,
                title_id=title_id,
                version=version,
                extraction=found,
                title_vectors={**(found.vectors if found is not None else {}), **anew.words},
                keyframes=keyframes,
                told=anew.told,
            )
        pictures.write_looks(connection, title_id, version, anew.looks, tenant)
        publication.touch(connection, tenant=tenant, title_id=title_id)

    def _keyframes(self, title_id: str, version: int) -> dict[float, str]:
        """The small pictures that are stored of its shots, by their time in s."""
        rows = self.parts.catalog.version_shots(title_id, version)
        return {row.keyframe_s: row.keyframe_sha256 for row in rows if row.keyframe_sha256}

    def _store_keyframes(
        self, anew: _Anew, folder: Path, before: Mapping[float, str]
    ) -> dict[float, str]:
        if anew.extraction is None:
            return {}
        return store_keyframes(self.parts, self.job.id, anew.extraction, folder, before)

    def _folder(self, title_id: str, version: int) -> Path:
        """A title's own: what was read of it outlives a kill and another title's turn."""
        return self.parts.work_folder(self.job.id) / f"extraction-{title_id}-{version}"

    @contextmanager
    def _own(self, title_id: str, version: int) -> Iterator[sa.Connection]:
        """A transaction in which nobody deletes or replaces the version."""
        with writing(self.parts.engine).begin() as connection:
            if not publication.published_within(
                connection, tenant=self.parts.tenant, title_id=title_id, version=version
            ):
                raise NotFound("title_not_found", f"{title_id} was deleted or replaced meanwhile")
            yield connection

    def _extract(
        self,
        title_id: str,
        title: TitleInput,
        folder: Path,
        on_progress: Progress,
        *,
        whole: bool,
    ) -> Extraction | None:
        """What is in the media today; None when it cannot be read any more.

        Args:
            whole: whether all of it is done here, so that its cost may be counted.

        Raises:
            PermanentError: of an encoder: not the title's fault.
        """
        if keeping.saved(folder, self.parts.maker(title)):
            return keeping.load(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        wall_s = self.parts.settings.job_timeout_s
        arguments = {
            "path": title.media_path,
            "folder": str(folder),
            "wall_s": wall_s,
            "synopsis": title.story,
            "language": title.language,
        }
        spent = Spent()
        try:
            with self.pool.child() as child:
                media_s = child.call(
                    "extract",
                    arguments,
                    on_progress=on_progress,
                    cancelled=self.cancelled,
                    timeout_s=wall_s + LATE_S,
                    spent=spent,
                )
        except PermanentError as error:
            if not error.code.startswith("media_"):
                raise
            log.warning("%s keeps only what today's encoders made of it: %s", title_id, error)
            return None
        if whole:
            read = (folder / THUMBNAILS).exists()  # else what was kept was enough
            took = spent.by["extract"].plus(Took(media_s=media_s))
            self.spent.add("extract" if read else "describe", took)
        return keeping.load(folder)

    def _synopsis(self, text: str, counted: str) -> dict[Space, Vector]:
        """`counted`: the operation that its cost belongs to."""
        spent = Spent()
        with self.pool.child() as child:
            answer = child.call("synopsis", {"text": text}, cancelled=self.cancelled, spent=spent)
        took = spent.by["synopsis"]
        self.spent.add(counted, took if counted == "synopsis" else replace(took, titles=0))
        if answer is None:
            return {}
        vector = Vector(np.frombuffer(answer["data"], "<f4"), answer["fingerprint"])
        return {"synopsis": vector}

    def _told(self, title: TitleInput) -> dict[str, Facts]:
        arguments = {"text": title.story, "language": title.language}
        with self.pool.child() as child:
            told: dict[str, Facts] = child.call(
                "told", arguments, cancelled=self.cancelled, spent=self.spent
            )
        return told

    def _looks(self, title_id: str, version: int, profile: Mapping[str, Any]) -> dict[str, Vector]:
        """Today's vectors of the pictures that another encoder has seen, from their files."""
        encoder = self.parts.fingerprints["visual"]
        with self.parts.engine.begin() as connection:
            found = pictures.seen_by_others(
                connection, title_id, version, encoder, self.parts.tenant
            )
        there = {group: at for group, at in found.items() if self.parts.images.has(at.sha256)}
        if not there:
            return {}
        arguments = {
            "images": str(self.parts.settings.image_folder),
            "masters": [[at.sha256, at.look] for at in there.values()],
            "palette": [tone["hex"] for tone in profile.get("look", {}).get("palette") or ()],
        }
        with self.pool.child() as child:
            rows = child.call("looks", arguments, cancelled=self.cancelled, spent=self.spent)
        return {
            group: Vector(np.frombuffer(row, "<f4"), encoder)
            for group, row in zip(there, rows, strict=True)
        }
