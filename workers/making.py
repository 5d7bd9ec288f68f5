"""Making pictures for a published title: what is composed, generated or uploaded joins its arms.

Two stages, each of which may be run again: a warm child makes the pictures and stores their files,
then rows of the published version name them, all at once.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from artwork import image_groups, pictures
from artwork.image_groups import PictureGroup
from content import publication
from content.errors import Cancelled, Conflict, NotFound, TransientError
from content.records import writing
from workers import removal
from workers.generating import references, without_copies
from workers.ingest import publishing
from workers.jobs import PUBLISHED, JobRecord
from workers.parts import Parts
from workers.pool import Pool, spaced

SHARE = 0.95
"""Of the progress that making takes; the rest is publishing."""
TOLD = ("pictures", "refused", "warnings")
"""What the job's outcome has of the child's answer, beside its groups' ids."""


@dataclass(frozen=True)
class Making:
    """The stages of one job of a kind in `workers.jobs.MAKING`.

    The child's operation is named by the kind. It is told what is asked (the job's request), the
    title and its pictures, and answers {"groups": […], "refused": [{"reason", "detail"}, …]}; of
    composing also "pictures", their number, and "warnings", as "refused".
    """

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event

    def make(self) -> None:
        """Have the pictures made, their files stored.

        Raises:
            NotFound: `title_not_found`. Conflict: `not_published`.
        """
        version = self._published()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._advance("make", 0.0)
        with self.pool.child() as child:
            answer = child.call(
                self.job.kind,
                self._arguments(version),
                on_progress=spaced(lambda _name, part: self._advance("make", SHARE * part)),
                cancelled=self.cancelled,
                timeout_s=self.parts.settings.job_timeout_s,
            )
        if self.job.kind == "generate":
            answer = without_copies(self.parts, self._title_id, answer)
        draft = self._folder / "made.draft"
        draft.write_bytes(msgpack.packb({"version": version, **answer}))
        draft.replace(self._folder / "made")

    def publish(self) -> None:
        """Rows for the pictures that were made; the job's row says which, and what was refused.

        Raises:
            Conflict: `title_changed`, when another version was published meanwhile.
            TransientError: `work_lost`: the next try makes them again.
        """
        if self.parts.rows.get(self.job.id).stage == PUBLISHED:  # killed after the transaction
            return
        made, groups = self._made()
        if not self._there(groups):  # another title had the very same ones, and was deleted
            self.make()
            made, groups = self._made()
        told = {name: made[name] for name in TOLD if name in made}
        outcome = {"groups": [group.id for group in groups], **told}
        with publishing(self._title_id), removal.files_held(self.parts):
            if not self._there(groups):
                raise TransientError("work_lost", "a picture was deleted before it was published")
            self._write(made["version"], groups, outcome)

    def _made(self) -> tuple[dict[str, Any], list[PictureGroup]]:
        """What the child has answered, and its groups."""
        made = msgpack.unpackb((self._folder / "made").read_bytes())
        return made, [image_groups.unpacked(raw) for raw in made["groups"]]

    def _there(self, groups: list[PictureGroup]) -> bool:
        return all(map(self.parts.images.has, image_groups.masters(groups)))

    def _write(self, version: int, groups: list[PictureGroup], outcome: dict[str, Any]) -> None:
        tenant, title_id = self.parts.tenant, self._title_id
        with writing(self.parts.engine).begin() as connection:
            if not self.parts.rows.tell_within(connection, self.job.id, outcome):
                raise Cancelled
            if not publication.published_within(
                connection, tenant=tenant, title_id=title_id, version=version
            ):
                raise Conflict(
                    "title_changed", f"{title_id} was deleted or replaced meanwhile; ask again"
                )
            pictures.add_groups(connection, title_id, version, groups, tenant)
            publication.touch(connection, tenant=tenant, title_id=title_id)

    def _arguments(self, version: int) -> dict[str, Any]:
        row = self.parts.catalog.version(self._title_id, version)
        if row is None:
            raise NotFound("title_not_found", f"there is no title {self._title_id!r}")
        with self.parts.engine.connect() as connection:
            sources = pictures.sources(connection, self._title_id, version, self.parts.tenant)
        title = row.title
        generated = self.job.kind == "generate"
        return {
            **(references(self.parts, self._title_id, version) if generated else {}),
            "request": self.job.request or {},
            "title": {
                "id": title.id,
                "name": title.name,
                "synopsis": title.story,
                "genres": list(title.genres),
                "maturity": title.maturity,
                "language": title.language,
                "profile": row.profile or {},
            },
            "sources": sources,
            "tenant": self.parts.tenant,
            "encoder": self.parts.fingerprints["visual"],
            "images": str(self.parts.settings.image_folder),
            "journal": str(self.parts.journal(self.job.id)),
        }

    def _published(self) -> int:
        version = self.parts.catalog.published_version(self._title_id)
        if version is None:
            raise Conflict("not_published", f"title {self._title_id!r} is not published yet")
        return version

    @property
    def _title_id(self) -> str:
        assert self.job.title_id is not None
        return self.job.title_id

    @property
    def _folder(self) -> Path:
        return self.parts.work_folder(self.job.id)

    def _advance(self, stage: str, progress: float) -> None:
        if not self.parts.rows.advance(self.job.id, stage, progress):
            raise Cancelled
