"""The catalogue: titles, their versions, shots and vectors, as SQL rows.

A title has one published version at most; a newer one replaces it only when it is done. Every
function that takes a `connection` runs in the caller's transaction, so that a publication is one.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from typing import Any, cast

import numpy as np
import sqlalchemy as sa

from content.entries import Run, ShotRow, Submission, TitleRecord, VersionRow
from content.errors import Conflict, NotFound
from content.ids import DEFAULT_TENANT, new_id, now_us
from content.packing import unpack_shot_vectors, unpack_timeline
from content.records import writing
from content.tables import (
    job_version,
    jobs,
    matching,
    shot_vectors,
    shots,
    timelines,
    title_versions,
    titles,
    vectors,
)
from content.types import (
    ALWAYS,
    Availability,
    MediaFacts,
    ShotVectors,
    Space,
    Tag,
    Timeline,
    TitleInput,
    Vector,
)


def content_hash(title: TitleInput) -> str:
    """SHA-256 of all that was submitted; equal hashes are the same submission."""
    facts = asdict(title)
    facts.pop("media_owned")
    for name in ("tags", "available"):  # what was submitted before there were these is the same
        if getattr(title, name) in ({}, ALWAYS):
            facts.pop(name)
    if title.media_owned:
        facts.pop("media_path")  # two uploads of the same bytes are the same content
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class Catalog:
    """Reads and writes of titles. One per process; connections come from the engine's pool."""

    def __init__(self, engine: sa.Engine, tenant: str = DEFAULT_TENANT) -> None:
        self._engine = engine
        self._tenant = tenant

    def submit(self, title: TitleInput, *, again: bool = False) -> Submission:
        """Record a submission and its job, in one transaction.

        The newest version with the same content answers with its own job, unless that job
        failed or was cancelled, or `again` is asked for: then a new version is made.
        """
        digest = content_hash(title)
        with writing(self._engine).begin() as connection:
            if not again and (same := self._same(connection, title.id, digest)):
                return same
            version = self._next_version(connection, title.id)
            job_id = new_id()
            connection.execute(
                sa.insert(title_versions).values(
                    tenant=self._tenant,
                    title_id=title.id,
                    version=version,
                    content_hash=digest,
                    job_id=job_id,
                    created_us=now_us(),
                    **_columns(title),
                )
            )
            self._insert_job(connection, job_id, title.id, version)
        return Submission(title.id, version, job_id, created=True)

    def get(self, title_id: str) -> TitleRecord:
        """One title.

        Raises:
            NotFound: `title_not_found`.
        """
        with self._engine.begin() as connection:
            return self._get(connection, title_id)

    def list(self, *, after: str | None = None, limit: int = 20) -> Sequence[TitleRecord]:
        """Titles in order of id, those behind `after`."""
        query = sa.select(titles).where(titles.c.tenant == self._tenant)
        if after is not None:
            query = query.where(titles.c.id > after)
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(titles.c.id).limit(limit)).all()
            return [self._record(connection, row) for row in rows]

    def shots(
        self, title_id: str, *, after: int | None = None, limit: int = 20
    ) -> Sequence[ShotRow]:
        """Shots of the published version in order, those behind index `after`."""
        with self._engine.begin() as connection:
            version = self._get(connection, title_id).version
            return self._shots(connection, title_id, version or 0, after=after, limit=limit)

    def version_shots(self, title_id: str, version: int) -> Sequence[ShotRow]:
        """All shots of one version in order, published or not."""
        with self._engine.begin() as connection:
            return self._shots(connection, title_id, version)

    def run(self, title_id: str) -> Run:
        """A title's published version with all its shots and its timeline.

        Raises:
            NotFound: `title_not_found`.
            Conflict: `title_not_ready`, before the first version is published.
        """
        with self._engine.begin() as connection:
            record = self._get(connection, title_id)
            if record.version is None:
                raise Conflict(
                    "title_not_ready",
                    f"{title_id!r} is still being understood: see GET /v1/jobs/{record.job_id}",
                )
            found = self._shots(connection, title_id, record.version)
            return Run(record, found, self._timeline(connection, title_id, record.version) or {})

    def shot_vectors(self, title_id: str, version: int) -> dict[Space, ShotVectors]:
        """The vectors of a version's shots, kept in half precision; their rows are of unit norm."""
        key = {"tenant": self._tenant, "title_id": title_id, "version": version}
        query = sa.select(shot_vectors).where(*matching(shot_vectors, **key))
        with self._engine.begin() as connection:
            rows = connection.execute(query).all()
        return {
            cast(Space, row.space): unpack_shot_vectors(row.shots, row.data, row.fingerprint)
            for row in rows
        }

    def version(self, title_id: str, version: int) -> VersionRow | None:
        """One version, or None when it is gone (deleted meanwhile)."""
        query = sa.select(title_versions).where(
            *matching(title_versions, tenant=self._tenant, title_id=title_id, version=version)
        )
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _version(row)

    def versions_of(self, job_ids: Collection[str]) -> dict[str, VersionRow]:
        """By its job's id each version that is (still) there."""
        query = (
            sa.select(title_versions)
            .join(jobs, job_version())
            .where(*matching(jobs, tenant=self._tenant), jobs.c.id.in_(job_ids))
        )
        with self._engine.begin() as connection:
            return {row.job_id: _version(row) for row in connection.execute(query)}

    def published(self, *, after: str | None = None, limit: int = 100) -> dict[str, int]:
        """Published titles and their versions, in order of id, those behind `after`."""
        query = sa.select(titles.c.id, titles.c.version).where(
            titles.c.tenant == self._tenant, titles.c.version.is_not(None)
        )
        if after is not None:
            query = query.where(titles.c.id > after)
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(titles.c.id).limit(limit)).all()
        return {row.id: row.version for row in rows}

    def unpublished_jobs(self) -> Sequence[str]:
        """The jobs of all versions that were submitted but never published."""
        query = sa.select(title_versions.c.job_id).where(
            title_versions.c.tenant == self._tenant, title_versions.c.published_us.is_(None)
        )
        with self._engine.begin() as connection:
            return list(connection.execute(query).scalars())

    def count_published(self, until: str) -> tuple[int, int]:
        """How many titles are published, and how many of them up to id `until`."""
        query = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.cast(titles.c.id <= until, sa.Integer)), 0),
        ).where(titles.c.tenant == self._tenant, titles.c.version.is_not(None))
        with self._engine.begin() as connection:
            total, before = connection.execute(query).one()
        return int(total), int(before)

    def published_version(self, title_id: str) -> int | None:
        """The version readers see; None when there is none, or no such title."""
        query = sa.select(titles.c.version).where(
            *matching(titles, tenant=self._tenant, id=title_id)
        )
        with self._engine.begin() as connection:
            return connection.execute(query).scalar_one_or_none()

    def published_versions(self, title_ids: Collection[str]) -> dict[str, int]:
        """Of each of these titles that readers see, the version they see."""
        query = sa.select(titles.c.id, titles.c.version).where(
            *matching(titles, tenant=self._tenant),
            titles.c.id.in_(title_ids),
            titles.c.version.is_not(None),
        )
        with self._engine.begin() as connection:
            return {row.id: row.version for row in connection.execute(query)}

    def vectors(self, title_id: str, version: int) -> dict[Space, Vector]:
        """The stored raw vectors of one version."""
        query = sa.select(vectors).where(
            *matching(vectors, tenant=self._tenant, title_id=title_id, version=version)
        )
        with self._engine.begin() as connection:
            rows = connection.execute(query).all()
        return {
            cast(Space, row.space): Vector(np.frombuffer(row.data, "<f4"), row.fingerprint)
            for row in rows
        }

    def _get(self, connection: sa.Connection, title_id: str) -> TitleRecord:
        row = connection.execute(
            sa.select(titles).where(*matching(titles, tenant=self._tenant, id=title_id))
        ).one_or_none()
        if row is None:
            raise NotFound("title_not_found", f"there is no title {title_id!r}")
        return self._record(connection, row)

    def _shots(
        self,
        connection: sa.Connection,
        title_id: str,
        version: int,
        *,
        after: int | None = None,
        limit: int | None = None,
    ) -> Sequence[ShotRow]:
        key = {"tenant": self._tenant, "title_id": title_id, "version": version}
        query = (
            sa.select(*(shots.c[field.name] for field in fields(ShotRow)))
            .where(*matching(shots, **key), shots.c.idx > (-1 if after is None else after))
            .order_by(shots.c.idx)
            .limit(limit)
        )
        return [ShotRow(*row) for row in connection.execute(query)]

    def _timeline(self, connection: sa.Connection, title_id: str, version: int) -> Timeline | None:
        key = {"tenant": self._tenant, "title_id": title_id, "version": version}
        query = sa.select(timelines.c.data).where(*matching(timelines, **key))
        data = connection.execute(query).scalar_one_or_none()
        return None if data is None else unpack_timeline(data)

    def _same(self, connection: sa.Connection, title_id: str, digest: str) -> Submission | None:
        query = (
            sa.select(title_versions.c.version, title_versions.c.job_id, jobs.c.state)
            .join(
                titles,
                (titles.c.tenant == title_versions.c.tenant)
                & (titles.c.id == title_versions.c.title_id)
                & (titles.c.latest == title_versions.c.version),
            )
            .join(
                jobs,
                (jobs.c.tenant == title_versions.c.tenant) & (jobs.c.id == title_versions.c.job_id),
            )
            .where(
                *matching(title_versions, tenant=self._tenant, title_id=title_id),
                title_versions.c.content_hash == digest,
            )
        )
        row = connection.execute(query).one_or_none()
        if row is None or row.state in {"failed", "cancelled"}:
            return None
        return Submission(title_id, row.version, row.job_id, created=False)

    def _next_version(self, connection: sa.Connection, title_id: str) -> int:
        key = matching(titles, tenant=self._tenant, id=title_id)
        latest = connection.execute(
            sa.select(titles.c.latest).where(*key).with_for_update()
        ).scalar_one_or_none()
        now = now_us()
        if latest is None:
            row = {"tenant": self._tenant, "id": title_id, "version": None, "latest": 1}
            connection.execute(sa.insert(titles).values(**row, created_us=now, updated_us=now))
            return 1
        connection.execute(sa.update(titles).where(*key).values(latest=latest + 1, updated_us=now))
        return int(latest) + 1

    def _insert_job(
        self, connection: sa.Connection, job_id: str, title_id: str, version: int
    ) -> None:
        now = now_us()
        connection.execute(
            sa.insert(jobs).values(
                tenant=self._tenant,
                id=job_id,
                kind="ingest",
                title_id=title_id,
                version=version,
                state="queued",
                stage="queued",
                progress=0.0,
                created_us=now,
                updated_us=now,
            )
        )

    def _record(self, connection: sa.Connection, title: sa.Row[Any]) -> TitleRecord:
        newest = self._version_row(connection, title.id, title.latest)
        shown = newest
        if title.version is not None and title.version != title.latest:
            shown = self._version_row(connection, title.id, title.version)
        prints = connection.execute(
            sa.select(vectors.c.space, vectors.c.fingerprint).where(
                *matching(vectors, tenant=self._tenant, title_id=title.id, version=shown.version)
            )
        )
        return TitleRecord(
            id=title.id,
            name=shown.name,
            synopsis=shown.synopsis,
            genres=tuple(shown.genres),
            maturity=shown.maturity,
            language=shown.language,
            country=shown.country,
            released=shown.released,
            external_ids=shown.external_ids,
            tags=_tags(shown.tags),
            available=_availability(shown.available),
            version=title.version,
            state="ready" if title.version == title.latest else "processing",
            job_id=newest.job_id,
            media_path=shown.media_path,
            facts=MediaFacts(**shown.facts) if shown.facts else None,
            profile=shown.profile,
            fingerprints={row.space: row.fingerprint for row in prints},
            created_us=title.created_us,
            updated_us=title.updated_us,
            published_us=shown.published_us,
        )

    def _version_row(self, connection: sa.Connection, title_id: str, version: int) -> sa.Row[Any]:
        return connection.execute(
            sa.select(title_versions).where(
                *matching(title_versions, tenant=self._tenant, title_id=title_id, version=version)
            )
        ).one()


def _version(row: sa.Row[Any]) -> VersionRow:
    published = row.published_us is not None
    return VersionRow(_input(row), row.version, row.job_id, published, row.profile)


def _columns(title: TitleInput) -> dict[str, object]:
    columns = asdict(title)
    columns.pop("id")
    columns["genres"], columns["external_ids"] = list(title.genres), dict(title.external_ids)
    columns["tags"] = columns["tags"] or None
    columns["available"] = None if title.available == ALWAYS else columns["available"]
    return columns


def _tags(stored: dict[str, Any] | None) -> dict[str, Tag]:
    told = stored or {}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}


def _availability(stored: dict[str, Any] | None) -> Availability:
    if stored is None:
        return ALWAYS
    return Availability(**{**stored, "territories": tuple(stored["territories"])})


def _input(row: sa.Row[Any]) -> TitleInput:
    return TitleInput(
        id=row.title_id,
        name=row.name,
        synopsis=row.synopsis,
        genres=tuple(row.genres),
        maturity=row.maturity,
        language=row.language,
        country=row.country,
        released=row.released,
        external_ids=row.external_ids,
        tags=_tags(row.tags),
        available=_availability(row.available),
        media_path=row.media_path,
        media_sha256=row.media_sha256,
        media_owned=row.media_owned,
    )
