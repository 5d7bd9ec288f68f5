"""Taking things away: a title, or what an unfinished job left. Every step may be repeated."""

import contextlib
import logging
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from artwork import pictures
from artwork.images.store import SHA256
from artwork.tables import candidates, image_groups, variants
from content import publication
from content.entries import VersionRow
from content.errors import Conflict
from content.publication import Told
from content.records import writing
from content.tables import matching, shots, title_versions
from content.types import Vectors
from indexes.fields import facts_of
from indexes.schema import TitlePoint, fitting
from workers import findable, taste
from workers.jobs import JobRecord
from workers.parts import Parts

log = logging.getLogger("keyart.jobs")

PUBLISHING = "publish"
"""The stage in which a job's point is put into the index (`workers.ingest`)."""
GRACE_S = 24 * 3600
"""Files that no row names are left alone this long: somebody may be about to name them."""


def remove_title(parts: Parts, title_id: str) -> None:
    """Delete a title's rows, vectors, pictures and uploads.

    Raises:
        NotFound: `title_not_found`.
    """
    parts.catalog.get(title_id)
    parts.index.delete([title_id])
    with writing(parts.engine).begin() as connection:
        publication.hold_title(connection, tenant=parts.tenant, title_id=title_id)
        shas = _pictures(parts, connection, title_id, None)
        uploads = _uploads(parts, connection, title_id, None)
        pictures.delete_title(connection, title_id, parts.tenant)
        publication.remove_title(connection, tenant=parts.tenant, title_id=title_id)
    discard_files(parts, shas, uploads)
    parts.readings.drop(title_id)


def clear_work(parts: Parts, job_id: str) -> None:
    """Delete a job's work folder, and those of the pictures in its journal that nobody shows."""
    journal = parts.journal(job_id)
    if journal.exists():
        lines = journal.read_text().split()  # the last one is cut where a kill fell into its write
        discard_files(parts, filter(SHA256.fullmatch, lines), ())
    shutil.rmtree(parts.work_folder(job_id), ignore_errors=True)


def doom(parts: Parts, job_id: str, shas: Iterable[str]) -> None:
    """Note pictures in a job's journal: they go with it, unless a row names them then."""
    parts.work_folder(job_id).mkdir(parents=True, exist_ok=True)
    with parts.journal(job_id).open("a") as journal:
        journal.writelines(f"{sha}\n" for sha in shas)


def abandon(parts: Parts, job: JobRecord) -> None:
    """Undo what a failed or cancelled job has begun: nothing of it stays but its row."""
    clear_work(parts, job.id)
    if job.generation is not None:
        with contextlib.suppress(Conflict):  # it is live already: readers have it, it stays
            parts.index.drop(job.generation)
    if job.title_id is not None:
        _restore(parts, job.id, job.title_id)
    # Last: by its row the next start knows that there is something left to undo.
    drop_unpublished(parts, job)


def drop_unpublished(parts: Parts, job: JobRecord) -> None:
    """Delete the rows and files of a job's version, unless it is published or not its own.

    All there is to undo of a job that never ran: it has put nothing into the index.
    """
    if job.title_id is None or job.version is None:
        return
    version = parts.catalog.version(job.title_id, job.version)
    if version is None or version.published or version.job_id != job.id:
        return
    with writing(parts.engine).begin() as connection:
        shas = _pictures(parts, connection, job.title_id, job.version)
        uploads = _uploads(parts, connection, job.title_id, job.version)
        drop_version(parts, connection, job.title_id, job.version)
    discard_files(parts, shas, uploads)
    parts.readings.drop(job.title_id, job.version)


def drop_version(parts: Parts, connection: sa.Connection, title_id: str, version: int) -> None:
    """Delete one version's rows, in the caller's transaction."""
    pictures.delete_version(connection, title_id, version, parts.tenant)
    publication.remove_version(connection, tenant=parts.tenant, title_id=title_id, version=version)


def restore_index(parts: Parts, title_id: str) -> None:
    """Make the index say what the records say of a title."""
    point = point_of(parts, title_id)
    if point is None:
        parts.index.delete([title_id])
    else:
        taste.publish(parts, point)


def _restore(parts: Parts, job_id: str, title_id: str) -> None:
    """Take a job's point back, where it came so far as to put one into the index."""
    try:
        restore_index(parts, title_id)
    except Conflict as error:
        if error.code != "fingerprint_mismatch":
            raise
        # The title waits for a reindex, understood by encoders that the live generation is not of.
        if parts.rows.get(job_id).stage == PUBLISHING:
            _restore_fitting(parts, title_id)  # the job's point may be there
        else:
            log.info("the index keeps what it has of %s: %s", title_id, error.detail)


def _restore_fitting(parts: Parts, title_id: str) -> None:
    """As `restore_index`, without what the live generation would refuse: absent, not stale."""
    point = point_of(parts, title_id)
    live = next((g for g in parts.index.generations() if g.state == "live"), None)
    if point is not None and live is not None:
        taste.publish(parts, replace(point, vectors=fitting(point.vectors, live.fingerprints)))


def point_of(parts: Parts, title_id: str, version: int | None = None) -> TitlePoint | None:
    """The index point of a title's version, by default the published one; None without one."""
    if version is None:
        published = parts.catalog.published_version(title_id)
        if published is None:
            return None
        version = published
    row = parts.catalog.version(title_id, version)
    if row is None:
        return None
    vectors = parts.catalog.vectors(title_id, version)
    return _point(parts, row, vectors, findable.parts_of(parts.catalog, row))


def point_of_words(parts: Parts, row: VersionRow, found: Told) -> TitlePoint:
    """The same of a version that is words alone, as it is understood just now."""
    told = replace(row, profile=dict(found.profile))
    return _point(parts, told, found.vectors, findable.parts_of_words(told))


def _point(
    parts: Parts, row: VersionRow, vectors: Vectors, found_by: Mapping[str, Any]
) -> TitlePoint:
    return TitlePoint(
        title_id=row.title.id,
        version=row.version,
        vectors=vectors,
        genres=row.title.genres,
        language=row.title.language,
        maturity=row.title.maturity,
        tenant=parts.tenant,
        country=row.title.country.upper() if row.title.country else None,
        year=int(row.title.released[:4]) if row.title.released else None,
        facts=facts_of(row.profile or {}),
        external_ids=row.title.external_ids,
        tags=row.title.tags,
        available=row.title.available,
        **found_by,
    )


@contextlib.contextmanager
def files_held(parts: Parts) -> Iterator[None]:
    """While it lasts, no process deletes a picture's file because no row names it.

    Two titles may share a file. So whoever has rows name files sees that they are there, and
    commits the rows, within this; nothing else keeps them from being deleted in between.
    """
    folder = parts.settings.data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "pictures.lock"):
        yield


def discard_files(parts: Parts, shas: Iterable[str], uploads: Iterable[str]) -> None:
    """Delete pictures and uploads that no row names any more; not to be called in a transaction."""
    shas, uploads = set(shas), set(uploads)
    if not shas and not uploads:
        return
    with files_held(parts):
        with parts.engine.begin() as connection:
            kept = pictures.referenced(connection, shas)
            named = set(
                connection.execute(
                    sa.select(title_versions.c.media_path).where(
                        title_versions.c.media_path.in_(uploads)
                    )
                ).scalars()
            )
        parts.images.delete(shas - kept)
    for path in uploads - named:
        Path(path).unlink(missing_ok=True)


def version_files(parts: Parts, title_id: str, version: int) -> tuple[set[str], set[str]]:
    """Hashes of the pictures and paths of the uploads that one version's rows name."""
    with parts.engine.begin() as connection:
        return (
            _pictures(parts, connection, title_id, version),
            _uploads(parts, connection, title_id, version),
        )


def _pictures(
    parts: Parts, connection: sa.Connection, title_id: str, version: int | None
) -> set[str]:
    key: dict[str, object] = {"tenant": parts.tenant, "title_id": title_id}
    if version is not None:
        key["version"] = version
    queries = (
        sa.select(variants.c.sha256).where(*matching(variants, **key)),
        *(
            sa.select(column).where(*matching(column.table, **key), column.is_not(None))
            for column in (image_groups.c.source_sha256, candidates.c.sha256)
        ),
        sa.select(shots.c.keyframe_sha256).where(
            *matching(shots, **key), shots.c.keyframe_sha256.is_not(None)
        ),
    )
    return {sha for query in queries for sha in connection.execute(query).scalars()}


def _uploads(
    parts: Parts, connection: sa.Connection, title_id: str, version: int | None
) -> set[str]:
    key: dict[str, object] = {"tenant": parts.tenant, "title_id": title_id, "media_owned": True}
    if version is not None:
        key["version"] = version
    query = sa.select(title_versions.c.media_path).where(*matching(title_versions, **key))
    return set(connection.execute(query).scalars())


def sweep(parts: Parts) -> None:
    """At start: take away what ended jobs left because a process died before it could."""
    # Jobs are asked for last: what was submitted meanwhile is among them.
    folders = list(parts.settings.work.iterdir()) if parts.settings.work.exists() else []
    unpublished = parts.catalog.unpublished_jobs()
    live = {job.id for job in parts.rows.live()}
    for folder in folders:
        if folder.name not in live:
            clear_work(parts, folder.name)
    for job_id in unpublished:
        if job_id not in live:
            abandon(parts, parts.rows.get(job_id))
    _sweep_generations(parts)
    _sweep_uploads(parts)
    parts.readings.sweep(parts.catalog.published_versions)


def _sweep_generations(parts: Parts) -> None:
    """Generations that no job builds: of one that could not clean up, or of a restored snapshot.
    Every title would be written to them for ever."""
    begun = [g.name for g in parts.index.generations() if g.state in ("building", "ready")]
    building = {job.generation for job in parts.rows.live()}
    for name in begun:
        if name not in building:
            parts.index.drop(name)
    if not any(building):
        taste.sweep_unused(parts)


def _sweep_uploads(parts: Parts) -> None:
    """Uploads that no version names, older than any request could still be streaming."""
    if not parts.settings.uploads.exists():
        return
    horizon = time.time() - GRACE_S
    old = [p for p in parts.settings.uploads.iterdir() if p.stat().st_mtime < horizon]
    discard_files(parts, (), [str(path) for path in old])
