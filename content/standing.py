"""How each published title stands: what it has, who made its vectors, and when; without them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa

from content.ids import DEFAULT_TENANT
from content.tables import timelines, title_versions, titles, vectors
from content.types import Space


@dataclass(frozen=True, slots=True)
class Standing:
    """One title's published version."""

    title_id: str
    version: int
    genres: tuple[str, ...]
    language: str | None
    media: bool
    media_s: float
    """Of its film; 0 without one, or while it is not known."""
    profile: bool
    timeline: bool
    understood_us: int | None
    """When it was last, also in place; None where that was not kept."""
    made_by: Mapping[Space, str] = field(default_factory=dict)
    """Fingerprints of its vectors."""


def standings(
    engine: sa.Engine, *, after: str | None, limit: int, tenant: str = DEFAULT_TENANT
) -> list[Standing]:
    """Published titles in order of id, those behind `after`."""
    query = _published(tenant).order_by(titles.c.id).limit(limit)
    return _read(engine, query if after is None else query.where(titles.c.id > after), tenant)


def standing(engine: sa.Engine, title_id: str, *, tenant: str = DEFAULT_TENANT) -> Standing | None:
    """One title; None where it is not published."""
    found = _read(engine, _published(tenant).where(titles.c.id == title_id), tenant)
    return found[0] if found else None


def _read(engine: sa.Engine, query: sa.Select[Any], tenant: str) -> list[Standing]:
    with engine.connect() as connection:
        rows = connection.execute(query).all()
        made = _makers(connection, [row.id for row in rows], tenant)
    return [
        Standing(
            title_id=row.id,
            version=row.version,
            genres=tuple(row.genres),
            language=row.language,
            media=row.media_path is not None,
            media_s=float((row.facts or {}).get("duration_s") or 0.0),
            profile=bool(row.profile),
            timeline=row.timeline is not None,
            understood_us=row.understood_us,
            made_by=made.get(row.id, {}),
        )
        for row in rows
    ]


def _published(tenant: str) -> sa.Select[Any]:
    v = title_versions.c
    mine = (v.tenant == titles.c.tenant) & (v.title_id == titles.c.id)
    timed = (timelines.c.tenant == v.tenant) & (timelines.c.title_id == v.title_id)
    told = v.profile.is_not(None) & (sa.cast(v.profile, sa.Text) != "null")  # JSON has its own null
    return (
        sa.select(
            titles.c.id,
            v.version,
            v.genres,
            v.language,
            v.media_path,
            v.facts,
            v.understood_us,
            told.label("profile"),
            timelines.c.seconds.label("timeline"),
        )
        .join(title_versions, mine & (v.version == titles.c.version))
        .outerjoin(timelines, timed & (timelines.c.version == v.version))
        .where(titles.c.tenant == tenant)
    )


def _makers(
    connection: sa.Connection, title_ids: list[str], tenant: str
) -> dict[str, dict[Space, str]]:
    """Title → space → fingerprint, of the published versions."""
    if not title_ids:
        return {}
    v = vectors.c
    query = (
        sa.select(v.title_id, v.space, v.fingerprint)
        .join(
            titles,
            (titles.c.tenant == v.tenant)
            & (titles.c.id == v.title_id)
            & (titles.c.version == v.version),
        )
        .where(v.tenant == tenant, v.title_id.between(title_ids[0], title_ids[-1]))
    )
    found: dict[str, dict[Space, str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.title_id, {})[cast(Space, row.space)] = row.fingerprint
    return found
