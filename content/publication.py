"""Publication and removal of title versions: parts of a caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from content.ids import now_us
from content.packing import pack_shot_vectors, pack_timeline
from content.tables import (
    job_version,
    jobs,
    matching,
    shot_vectors,
    shots,
    timelines,
    title_versions,
    titles,
    understood,
    vectors,
)
from content.types import Extraction, Facts, Vector, Vectors


def held(connection: sa.Connection, *, tenant: str, job_ids: Collection[str]) -> set[str]:
    """Those of the running jobs whose versions are still their own, held so until the transaction
    ends.

    One is not once its job was cancelled or the title deleted; a title made anew counts its
    versions from 1 again, so the number alone does not tell.
    """
    query = (
        sa.select(jobs.c.id)
        .join(title_versions, job_version())
        .where(*matching(jobs, tenant=tenant, state="running"), jobs.c.id.in_(job_ids))
        .order_by(jobs.c.id)
        .with_for_update()
    )
    return set(connection.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class Told:
    """What was understood of a version that is words alone."""

    title_id: str
    version: int
    profile: Mapping[str, Facts]
    vectors: Vectors


def published_within(
    connection: sa.Connection, *, tenant: str, title_id: str, version: int
) -> bool:
    """Whether `version` is the published one, held so until the transaction ends."""
    query = (
        sa.select(title_versions.c.version)
        .join(
            titles,
            (titles.c.tenant == title_versions.c.tenant)
            & (titles.c.id == title_versions.c.title_id)
            & (titles.c.version == title_versions.c.version),
        )
        .where(*matching(title_versions, tenant=tenant, title_id=title_id, version=version))
        .with_for_update()
    )
    return connection.execute(query).one_or_none() is not None


def hold_title(connection: sa.Connection, *, tenant: str, title_id: str) -> None:
    """Wait for whoever publishes into a title; nobody does until the transaction ends."""
    query = sa.select(title_versions.c.version).where(
        *matching(title_versions, tenant=tenant, title_id=title_id)
    )
    connection.execute(query.with_for_update()).all()


def write_understanding(
    connection: sa.Connection,
    *,
    tenant: str,
    title_id: str,
    version: int,
    extraction: Extraction | None,
    title_vectors: Vectors,
    keyframes: Mapping[float, str],
    told: Mapping[str, Facts] | None = None,
) -> None:
    """Store all that was understood of a version, in place of what was stored of it before.

    Args:
        keyframes: keyframe time in s -> sha256 of its picture.
        told: the profile of a title without media: what its words tell.

    Raises:
        Invalid: `invalid_vector`, for a shot's vector that is none; `invalid_timeline`, for columns
            of different lengths.
    """
    key: dict[str, object] = {"tenant": tenant, "title_id": title_id, "version": version}
    for table in understood:
        connection.execute(sa.delete(table).where(*matching(table, **key)))
    if extraction is None:
        connection.execute(_version(key).values(profile=told, understood_us=now_us()))
    else:
        connection.execute(
            _version(key).values(
                facts=asdict(extraction.facts),
                profile=extraction.profile,
                understood_us=now_us(),
            )
        )
        _write_shots(connection, key, extraction, keyframes)
        _write_shot_vectors(connection, key, extraction)
        _write_timeline(connection, key, extraction)
    write_vectors(
        connection, tenant=tenant, title_id=title_id, version=version, title_vectors=title_vectors
    )


def _version(key: Mapping[str, object]) -> sa.Update:
    return sa.update(title_versions).where(*matching(title_versions, **key))


def write_told(connection: sa.Connection, *, tenant: str, found: Sequence[Told]) -> None:
    """As `write_understanding` of many versions that are words alone, a statement for all."""
    if not found:
        return
    keys = [{"of": one.title_id, "number": one.version} for one in found]
    for table in understood:
        connection.execute(sa.delete(table).where(*_each(table, tenant)), keys)
    connection.execute(
        sa.update(title_versions)
        .where(*_each(title_versions, tenant))
        .values(profile=sa.bindparam("told"), understood_us=now_us()),
        [key | {"told": one.profile} for key, one in zip(keys, found, strict=True)],
    )
    rows = [
        _vector_row(tenant, one.title_id, one.version, space, vector)
        for one in found
        for space, vector in one.vectors.items()
    ]
    if rows:
        connection.execute(sa.insert(vectors), rows)


def _each(table: sa.Table, tenant: str) -> list[sa.ColumnElement[bool]]:
    """Conditions of a statement that is executed with many versions: `of`, `number`."""
    bound: dict[str, object] = {"title_id": sa.bindparam("of"), "version": sa.bindparam("number")}
    return matching(table, tenant=tenant, **bound)


def _write_shots(
    connection: sa.Connection,
    key: Mapping[str, object],
    extraction: Extraction,
    keyframes: Mapping[float, str],
) -> None:
    facts = extraction.shot_facts or (None,) * len(extraction.shots)
    rows = [
        {
            **key,
            "idx": i,
            **asdict(shot),
            "keyframe_sha256": keyframes.get(shot.keyframe_s),
            "facts": None if known is None else asdict(known),
        }
        for i, (shot, known) in enumerate(zip(extraction.shots, facts, strict=True))
    ]
    if rows:
        connection.execute(sa.insert(shots), rows)


def _write_shot_vectors(
    connection: sa.Connection, key: Mapping[str, object], extraction: Extraction
) -> None:
    for space, made in extraction.shot_vectors.items():
        indices, data = pack_shot_vectors(made)
        row = {**key, "space": space, "fingerprint": made.fingerprint, "count": len(made.shots)}
        connection.execute(sa.insert(shot_vectors).values(**row, shots=indices, data=data))


def _write_timeline(
    connection: sa.Connection, key: Mapping[str, object], extraction: Extraction
) -> None:
    # Even an empty one: its row says that this title was understood with one in mind.
    seconds = max(map(len, extraction.timeline.values()), default=0)
    row = {**key, "seconds": seconds, "data": pack_timeline(extraction.timeline)}
    connection.execute(sa.insert(timelines).values(**row))


def write_vectors(
    connection: sa.Connection, *, tenant: str, title_id: str, version: int, title_vectors: Vectors
) -> None:
    """Store raw vectors of a version, replacing those of the same spaces."""
    key: dict[str, object] = {"tenant": tenant, "title_id": title_id, "version": version}
    for space, vector in title_vectors.items():
        connection.execute(sa.delete(vectors).where(*matching(vectors, **key, space=space)))
        row = _vector_row(tenant, title_id, version, space, vector)
        connection.execute(sa.insert(vectors).values(**row))


def _vector_row(
    tenant: str, title_id: str, version: int, space: str, vector: Vector
) -> dict[str, object]:
    key = {"tenant": tenant, "title_id": title_id, "version": version, "space": space}
    data = vector.data.astype("<f4").tobytes()
    return {**key, "fingerprint": vector.fingerprint, "data": data}


def publish(connection: sa.Connection, *, tenant: str, title_id: str, version: int) -> bool:
    """Make `version` the one that readers see, unless a newer one is already.

    Returns:
        False when the title is gone or a newer version was published meanwhile.
    """
    shown, dated = _publishing(tenant, title_id, version)
    changed = connection.execute(shown).rowcount
    connection.execute(dated)
    return bool(changed)


def publish_all(connection: sa.Connection, *, tenant: str, versions: Mapping[str, int]) -> None:
    """As `publish` of many titles' versions, a statement for all."""
    keys = [{"of": title_id, "number": version} for title_id, version in versions.items()]
    for statement in _publishing(tenant, sa.bindparam("of"), sa.bindparam("number")):
        if keys:
            connection.execute(statement, keys)


def _publishing(tenant: str, title_id: Any, version: Any) -> tuple[sa.Update, sa.Update]:
    now = now_us()
    shown = (
        sa.update(titles)
        .where(
            *matching(titles, tenant=tenant, id=title_id),
            (titles.c.version.is_(None)) | (titles.c.version <= version),
        )
        .values(version=version, updated_us=now)
    )
    dated = (
        sa.update(title_versions)
        .where(*matching(title_versions, tenant=tenant, title_id=title_id, version=version))
        .values(published_us=now)
    )
    return shown, dated


def touch(connection: sa.Connection, *, tenant: str, title_id: str) -> None:
    """Say that what is told of a title has changed: whoever kept it reads it again."""
    connection.execute(
        sa.update(titles)
        .where(*matching(titles, tenant=tenant, id=title_id))
        .values(updated_us=now_us())
    )


def remove_version(connection: sa.Connection, *, tenant: str, title_id: str, version: int) -> None:
    """Delete one version's rows; the title too when it was its only one."""
    # Its own row first: whoever holds it is waited for, and what they wrote goes too.
    for table in (title_versions, *understood):
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
    for table in (title_versions, *understood):
        connection.execute(
            sa.delete(table).where(*matching(table, tenant=tenant, title_id=title_id))
        )
    connection.execute(sa.delete(titles).where(*matching(titles, tenant=tenant, id=title_id)))
