"""Publication and removal of title versions: parts of a caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import asdict

import sqlalchemy as sa

from content.ids import now_us
from content.tables import jobs, matching, shots, title_versions, titles, vectors
from content.types import Extraction, Space, Vectors


def held(
    connection: sa.Connection, *, tenant: str, title_id: str, version: int, job_id: str
) -> bool:
    """Whether a version is still the running job's own, held so until the transaction ends.

    It is not once the job was cancelled or the title deleted; a title made anew counts its
    versions from 1 again, so the number alone does not tell.
    """
    query = (
        sa.select(jobs.c.id)
        .join(
            title_versions,
            (title_versions.c.tenant == jobs.c.tenant) & (title_versions.c.job_id == jobs.c.id),
        )
        .where(
            *matching(title_versions, tenant=tenant, title_id=title_id, version=version),
            *matching(jobs, id=job_id, state="running"),
        )
        .with_for_update()
    )
    return connection.execute(query).one_or_none() is not None


def write_understanding(
    connection: sa.Connection,
    *,
    tenant: str,
    title_id: str,
    version: int,
    extraction: Extraction | None,
    title_vectors: Vectors,
    keyframes: Mapping[float, str],
) -> None:
    """Store facts, profile, shots and vectors of a version, replacing what a first try left.

    Args:
        keyframes: keyframe time in s -> sha256 of its picture.
    """
    for table in (shots, vectors):
        connection.execute(
            sa.delete(table).where(
                *matching(table, tenant=tenant, title_id=title_id, version=version)
            )
        )
    key: dict[str, object] = {"tenant": tenant, "title_id": title_id, "version": version}
    if extraction is not None:
        connection.execute(
            sa.update(title_versions)
            .where(*matching(title_versions, **key))
            .values(facts=asdict(extraction.facts), profile=extraction.profile)
        )
        rows = [
            {**key, "idx": i, **asdict(shot), "keyframe_sha256": keyframes.get(shot.keyframe_s)}
            for i, shot in enumerate(extraction.shots)
        ]
        if rows:
            connection.execute(sa.insert(shots), rows)
    write_vectors(
        connection, tenant=tenant, title_id=title_id, version=version, title_vectors=title_vectors
    )


def write_vectors(
    connection: sa.Connection,
    *,
    tenant: str,
    title_id: str,
    version: int,
    title_vectors: Vectors,
    dropped: Collection[Space] = (),
) -> None:
    """Store raw vectors of a version, replacing those of the same spaces; `dropped` ones go."""
    key: dict[str, object] = {"tenant": tenant, "title_id": title_id, "version": version}
    for space in dropped:
        connection.execute(sa.delete(vectors).where(*matching(vectors, **key, space=space)))
    for space, vector in title_vectors.items():
        connection.execute(sa.delete(vectors).where(*matching(vectors, **key, space=space)))
        data = vector.data.astype("<f4").tobytes()
        row = {**key, "space": space, "fingerprint": vector.fingerprint, "data": data}
        connection.execute(sa.insert(vectors).values(**row))


def publish(connection: sa.Connection, *, tenant: str, title_id: str, version: int) -> bool:
    """Make `version` the one that readers see, unless a newer one is already.

    Returns:
        False when the title is gone or a newer version was published meanwhile.
    """
    now = now_us()
    changed = connection.execute(
        sa.update(titles)
        .where(
            *matching(titles, tenant=tenant, id=title_id),
            (titles.c.version.is_(None)) | (titles.c.version <= version),
        )
        .values(version=version, updated_us=now)
    ).rowcount
    connection.execute(
        sa.update(title_versions)
        .where(*matching(title_versions, tenant=tenant, title_id=title_id, version=version))
        .values(published_us=now)
    )
    return bool(changed)


def remove_version(connection: sa.Connection, *, tenant: str, title_id: str, version: int) -> None:
    """Delete one version's rows; the title too when it was its only one."""
    for table in (shots, vectors, title_versions):
        connection.execute(
            sa.delete(table).where(
                *matching(table, tenant=tenant, title_id=title_id, version=version)
            )
        )
    left = connection.execute(
        sa.select(sa.func.max(title_versions.c.version)).where(
            *matching(title_versions, tenant=tenant, title_id=title_id)
        )
    ).scalar()
    key = matching(titles, tenant=tenant, id=title_id)
    if left is None:
        connection.execute(sa.delete(titles).where(*key))
    else:
        connection.execute(sa.update(titles).where(*key).values(latest=left))


def remove_title(connection: sa.Connection, *, tenant: str, title_id: str) -> None:
    """Delete every row of a title."""
    for table in (shots, vectors, title_versions):
        connection.execute(
            sa.delete(table).where(*matching(table, tenant=tenant, title_id=title_id))
        )
    connection.execute(sa.delete(titles).where(*matching(titles, tenant=tenant, id=title_id)))
