"""Ingest, stage by stage: what turns one submitted version into a published title.

Every stage may be run again from its start: files are named by the job, rows and points by the
title's version. What a stage makes for the next lies in the job's work folder.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import sqlalchemy as sa

from artwork import image_groups, pictures
from artwork.candidates import considered
from artwork.candidates.considered import Candidate, small_pictures, write_candidates
from artwork.image_groups import PictureGroup
from artwork.images.store import ImageStore
from content import keeping, publication
from content.errors import Cancelled, Conflict, TransientError
from content.extract import SEGMENTS, THUMBNAILS
from content.records import writing
from content.thumbnails import Thumbnails
from content.types import SPACES, Extraction, Space, TitleInput, Vector
from workers import removal, taste
from workers.jobs import PUBLISHED, JobRecord
from workers.parts import Parts
from workers.pool import Pool, spaced
from workers.spent import Spent, Took

SPANS = {
    "probe": (0.00, 0.02),
    "decode": (0.02, 0.70),
    "words": (0.70, 0.75),
    "pictures": (0.75, 0.95),
    "publish": (0.95, 1.00),
}
"""Stage -> the part of the whole job's progress that it covers."""
PROBE_S = 120.0
LATE_S = 600.0
"""What a child may take beyond its decoder's wall clock, to make something of what was read: so
it is the decoder that is late, which is the film's fault, and tried once."""


@dataclass(frozen=True)
class Ingest:
    """The stages of one job, over the shared parts and the pool of warm children."""

    parts: Parts
    pool: Pool
    job: JobRecord
    cancelled: threading.Event
    spent: Spent = field(default_factory=Spent)

    def probe(self) -> None:
        """Is the media what it should be? Refuses it early, before any work.

        Raises:
            Conflict: `fingerprint_mismatch`, as `check_encoders`.
        """
        title = self._title()
        check_encoders(self.parts, title)
        if title.media_path is not None:
            wall_s = min(PROBE_S, self.parts.settings.job_timeout_s)
            self._call("probe", "probe", path=title.media_path, wall_s=wall_s)

    def decode(self) -> None:
        """One pass over the media: shots, keyframes, vectors of picture and sound, profile.

        What it has kept is used again, if it is of today's encoders.
        """
        title, folder = self._title(), self._folder / "extraction"
        if title.media_path is None or keeping.saved(folder, self.parts.maker(title)):
            return
        check_encoders(self.parts, title)
        begun = folder.exists()  # before a kill: what is left of it tells nothing of the whole
        media_s = self._call(
            "decode",
            "extract",
            spent=None if begun else self.spent,
            path=title.media_path,
            synopsis=title.story,
            language=title.language,
            folder=str(folder),
            wall_s=self.parts.settings.job_timeout_s,
        )
        if not begun:
            self.spent.add("extract", Took(media_s=media_s))

    def words(self) -> None:
        """The synopsis as a vector; of a title without media, which but an earlier release has
        begun so (now `workers.texts`), also what it tells."""
        title = self._title()
        spent = self.spent
        self._keep("words", self._call("words", "synopsis", spent, text=title.synopsis))
        if title.media_path is None:
            told: dict[str, Any] = {"text": title.story, "language": title.language}
            self._keep("told", self._call("words", "told", spent, **told))

    def pictures(self) -> None:
        """Candidate pictures at full resolution, cropped and stored by content hash."""
        title = self._title()
        if title.media_path is None:
            return
        self.decode()  # another release, or other encoders, may have done so before a restart
        answer = self._call(
            "pictures",
            "pictures",
            path=title.media_path,
            maturity=title.maturity,
            wall_s=self.parts.settings.job_timeout_s / 2,  # it grabs twice
            extraction=str(self._folder / "extraction"),
            images=str(self.parts.settings.image_folder),
            journal=str(self.parts.journal(self.job.id)),
            title_id=self._title_id,
            tenant=self.parts.tenant,
            spoilers=self.parts.settings.artwork_spoilers,
        )
        self._keep("found", answer)

    def publish(self) -> None:
        """Vectors into the index, then all rows at once: from here on readers see the version."""
        with publishing(self._title_id):
            self._advance("publish", 0.0)
            title = self._title()
            old = self.parts.catalog.published_version(self._title_id)
            if old == self._version:  # killed after the transaction: all but this is done
                self._keep_reading()
                return
            extraction = self._extraction(title)
            groups, looked = self._found(title)
            keyframes = self._store_keyframes(extraction)
            if old is not None and old > self._version:
                removal.abandon(self.parts, self.job)  # a newer one was quicker
                return
            with removal.files_held(self.parts):
                # Named by a row they are safe; before, another title's end could take them along.
                self._write(extraction, groups, looked, keyframes)
                self._check_files(image_groups.masters(groups) | small_pictures(looked), keyframes)
            self._make_visible(old)
            self._keep_reading()

    def _keep_reading(self) -> None:
        segments = self._folder / "extraction" / SEGMENTS
        keep_reading(self.parts, self._title_id, self._version, segments)

    def _store_keyframes(self, extraction: Extraction | None) -> dict[float, str]:
        if extraction is None:
            return {}
        return store_keyframes(self.parts, self.job.id, extraction, self._folder / "extraction")

    def _make_visible(self, old: int | None) -> None:
        point = removal.point_of(self.parts, self._title_id, self._version)
        if point is None:
            raise Cancelled
        taste.publish(self.parts, point)
        shas: set[str] = set()
        uploads: set[str] = set()
        if old is not None:
            shas, uploads = removal.version_files(self.parts, self._title_id, old)
            removal.doom(self.parts, self.job.id, shas)
        with self._own(PUBLISHED) as connection:
            if old is not None:
                pictures.carry_over(
                    connection, self._title_id, old, self._version, self.parts.tenant
                )
                removal.drop_version(self.parts, connection, self._title_id, old)
            publication.publish(
                connection,
                tenant=self.parts.tenant,
                title_id=self._title_id,
                version=self._version,
            )
        removal.discard_files(self.parts, shas, uploads)
        if old is not None:
            self.parts.readings.drop(self._title_id, old)

    def _write(
        self,
        extraction: Extraction | None,
        groups: list[PictureGroup],
        looked: list[Candidate],
        keyframes: dict[float, str],
    ) -> None:
        with self._own("publish") as connection:
            publication.write_understanding(
                connection,
                tenant=self.parts.tenant,
                title_id=self._title_id,
                version=self._version,
                extraction=extraction,
                title_vectors=self._vectors(extraction),
                keyframes=keyframes,
                told=self._kept("told"),
            )
            which = (self._title_id, self._version)
            pictures.write_groups(connection, *which, groups, self.parts.tenant)
            write_candidates(connection, *which, looked, self.parts.tenant)

    @contextmanager
    def _own(self, stage: str) -> Iterator[sa.Connection]:
        """A transaction that nobody takes the job or its version away from.

        Raises:
            Cancelled: one of them is lost already.
        """
        with writing(self.parts.engine).begin() as connection:
            own = publication.held(connection, tenant=self.parts.tenant, job_ids=[self.job.id])
            if not own or not self.parts.rows.note_within(connection, self.job.id, stage):
                raise Cancelled
            yield connection

    def _vectors(self, extraction: Extraction | None) -> dict[Space, Vector]:
        vectors = dict(extraction.vectors) if extraction is not None else {}
        if (words := self._kept("words")) is not None:
            vectors["synopsis"] = Vector(np.frombuffer(words["data"], "<f4"), words["fingerprint"])
        return vectors

    def _extraction(self, title: TitleInput) -> Extraction | None:
        if title.media_path is None:
            return None
        self.decode()
        return keeping.load(self._folder / "extraction")

    def _found(self, title: TitleInput) -> tuple[list[PictureGroup], list[Candidate]]:
        """The chosen pictures and every moment looked at, every file of them there."""
        if title.media_path is None:
            return [], []
        kept = self._kept("found")
        if kept is None or not self._usable(*_unpacked(kept)):
            self.pictures()
            kept = self._kept("found")
        return _unpacked(kept)

    def _usable(self, groups: list[PictureGroup], looked: list[Candidate]) -> bool:
        """Not if another title with the very same picture was deleted since this one was cut, or
        the service was started again with another encoder."""
        encoder = self.parts.fingerprints.get("visual")
        files = image_groups.masters(groups) | small_pictures(looked)
        ours = all(group.embedding_fingerprint == encoder for group in groups)
        return ours and all(map(self.parts.images.has, files))

    def _check_files(self, masters: set[str], keyframes: dict[float, str]) -> None:
        if not all(map(self.parts.images.has, masters | set(keyframes.values()))):
            raise TransientError("work_lost", "a picture was deleted before it was published")

    # ----- the job's own things

    @property
    def _title_id(self) -> str:
        assert self.job.title_id is not None
        return self.job.title_id

    @property
    def _version(self) -> int:
        assert self.job.version is not None
        return self.job.version

    @property
    def _folder(self) -> Path:
        return self.parts.work_folder(self.job.id)

    def _title(self) -> TitleInput:
        row = self.parts.catalog.version(self._title_id, self._version)
        if row is None or row.job_id != self.job.id:  # deleted under us, and perhaps made anew
            raise Cancelled
        return row.title

    def _call(
        self, stage: str, operation: str, spent: Spent | None = None, **arguments: Any
    ) -> Any:
        self._advance(stage, 0.0)
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.pool.child() as child:
            return child.call(
                operation,
                arguments,
                on_progress=spaced(lambda _name, fraction: self._advance(stage, fraction)),
                cancelled=self.cancelled,
                timeout_s=self.parts.settings.job_timeout_s + LATE_S,
                spent=spent,
            )

    def _advance(self, stage: str, fraction: float) -> None:
        start, end = SPANS[stage]
        if not self.parts.rows.advance(self.job.id, stage, start + (end - start) * fraction):
            raise Cancelled

    def _keep(self, name: str, value: Any) -> None:
        draft = self._folder / f"{name}.draft"
        draft.write_bytes(msgpack.packb(value))
        draft.replace(self._folder / name)

    def _kept(self, name: str) -> Any:
        path = self._folder / name
        return msgpack.unpackb(path.read_bytes()) if path.exists() else None


STAGES: dict[str, Callable[[Ingest], None]] = {
    "probe": Ingest.probe,
    "decode": Ingest.decode,
    "words": Ingest.words,
    "pictures": Ingest.pictures,
    "publish": Ingest.publish,
}

_LOCKS = tuple(threading.Lock() for _ in range(4096))
"""So many that titles which are published together seldom wait for another."""


@contextmanager
def publishing(*title_ids: str) -> Iterator[None]:
    """Two versions of one title are published, or taken back, one after the other."""
    with ExitStack() as held:
        # Each once and in one order: nobody waits for one who waits for them.
        for n in sorted({hash(title_id) % len(_LOCKS) for title_id in title_ids}):
            held.enter_context(_LOCKS[n])
        yield


def check_encoders(parts: Parts, title: TitleInput) -> None:
    """See that what today's encoders make of a title can be published.

    Raises:
        Conflict: `fingerprint_mismatch`, when the live generation is of others.
    """
    spaces = SPACES if title.media_path is not None else ("synopsis",)
    prints = parts.fingerprints
    for live in (made for made in parts.index.generations() if made.state == "live"):
        for space in (s for s in spaces if s in prints):
            if (found := live.fingerprints.get(space)) != prints[space]:
                raise Conflict(
                    "fingerprint_mismatch",
                    f"{space} is made by {prints[space]} now, but the live generation "
                    f"{live.name} holds {found or 'no such space'}; run `keyart reindex`, then "
                    "submit again",
                )


def keep_reading(parts: Parts, title_id: str, version: int, segments: Path) -> None:
    """Keep what was read of the version that readers see, or nothing where it goes meanwhile."""
    parts.readings.keep(title_id, version, segments)
    if parts.catalog.published_version(title_id) != version:
        parts.readings.drop(title_id, version)


def store_keyframes(
    parts: Parts,
    job_id: str,
    extraction: Extraction,
    folder: Path,
    stored: Mapping[float, str] | None = None,
) -> dict[float, str]:
    """Store the small picture of every shot: time in s -> sha256.

    Args:
        folder: of the extraction.
        stored: the same, of those that were stored before; they count where the film was not read
            for this extraction.
    """
    images = ImageStore(parts.settings.image_folder, parts.journal(job_id))
    small, found, before = Thumbnails(folder / THUMBNAILS), {}, stored or {}
    for at_s in (shot.keyframe_s for shot in extraction.shots):
        if at_s in before and not small.has(at_s):
            found[at_s] = before[at_s]
        else:
            found[at_s] = images.put_encoded(small.get(at_s)).sha256
    return found


def _unpacked(found: dict[str, Any]) -> tuple[list[PictureGroup], list[Candidate]]:
    return [image_groups.unpacked(raw) for raw in found["groups"]], [
        considered.unpacked(raw) for raw in found["candidates"]
    ]
