"""Rows of candidate pictures: image groups (one source picture each) and variants (its crops)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.features import is_neutral
from artwork.image_groups import PictureGroup, PictureVariant
from artwork.rules.guardrails import Verdict, above
from artwork.tables import (
    artwork_policies,
    candidates,
    exposures,
    feature_sets,
    image_groups,
    picture_features,
    variants,
    verdicts,
)
from content.ids import DEFAULT_TENANT
from content.tables import matching, shots, title_versions, titles
from content.types import Aspect, Maturity, Origin, Vector


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant as listed, with what its group tells of it."""

    id: str
    group_id: str
    aspect: Aspect
    sha256: str
    width: int
    height: int
    origin: Origin
    source_s: float | None
    crop: dict[str, int]
    scores: dict[str, float]
    fit: str | None = None
    focal: list[float] | None = None
    safe: dict[str, list[float]] | None = None
    blurhash: str | None = None
    colour: str | None = None
    emphasis: list[str] | None = None
    maturity: Maturity | None = None
    language: str | None = None
    made: dict[str, Any] | None = None
    verdict: Verdict | None = None
    """What people decided of the picture."""
    source_sha256: str | None = None
    """Master of the whole picture."""
    sub_scores: dict[str, float] | None = None
    """Of the whole picture, and `overall`; None in rows from before they were kept."""


def write_groups(
    connection: sa.Connection,
    title_id: str,
    version: int,
    groups: Sequence[PictureGroup],
    tenant: str = DEFAULT_TENANT,
) -> None:
    """Replace the pictures of one version of a title; doing it twice changes nothing."""
    delete_version(connection, title_id, version, tenant)
    _insert(connection, title_id, version, groups, tenant)


def add_groups(
    connection: sa.Connection,
    title_id: str,
    version: int,
    groups: Sequence[PictureGroup],
    tenant: str = DEFAULT_TENANT,
) -> None:
    """Join further pictures to those of a version; one that is there already is replaced."""
    key = {"tenant": tenant, "title_id": title_id, "version": version}
    ids = [group.id for group in groups]
    for column in (variants.c.group_id, image_groups.c.id):
        connection.execute(
            sa.delete(column.table).where(*matching(column.table, **key), column.in_(ids))
        )
    _insert(connection, title_id, version, groups, tenant)


def carry_over(
    connection: sa.Connection, title_id: str, old: int, new: int, tenant: str = DEFAULT_TENANT
) -> None:
    """Give a new version the pictures of the old one that were not taken from its film.

    What was uploaded goes along; what was made of others only where the new version has them all;
    nothing that is above the new version's maturity.
    """
    known = {"tenant": tenant, "title_id": title_id}
    ceiling = connection.execute(
        sa.select(title_versions.c.maturity).where(*matching(title_versions, **known, version=new))
    ).scalar()
    rows = connection.execute(
        sa.select(image_groups).where(
            *matching(image_groups, **known, version=old), image_groups.c.origin != "frame"
        )
    ).mappings()
    there = set(
        connection.execute(
            sa.select(image_groups.c.id).where(*matching(image_groups, **known, version=new))
        ).scalars()
    )
    going = []
    # What is made of nothing first: others may be made of that.
    for row in sorted(rows, key=lambda row: bool((row["made"] or {}).get("sources"))):
        if row["id"] in there or above(row["maturity"] or "all", ceiling):
            continue
        if set((row["made"] or {}).get("sources", ())) <= there:
            going.append(row)
            there.add(row["id"])
    if not going:
        return
    connection.execute(sa.insert(image_groups), [{**row, "version": new} for row in going])
    crops = connection.execute(
        sa.select(variants).where(
            *matching(variants, **known, version=old),
            variants.c.group_id.in_([row["id"] for row in going]),
        )
    ).mappings()
    if again := [{**row, "version": new} for row in crops]:
        connection.execute(sa.insert(variants), again)


def sources(
    connection: sa.Connection, title_id: str, version: int, tenant: str = DEFAULT_TENANT
) -> list[dict[str, Any]]:
    """The groups of a version whose whole picture is kept, as plain data, in the order of the film.

    Each has the columns of `image_groups` but tenant, title and version; `embedding` is float32
    little-endian bytes.
    """
    query = (
        sa.select(image_groups)
        .where(
            *matching(image_groups, tenant=tenant, title_id=title_id, version=version),
            image_groups.c.source_sha256.is_not(None),
        )
        .order_by(image_groups.c.source_s.nulls_last(), image_groups.c.id)
    )
    key = ("tenant", "title_id", "version")
    return [
        {name: value for name, value in row.items() if name not in key}
        for row in connection.execute(query).mappings()
    ]


def _insert(
    connection: sa.Connection,
    title_id: str,
    version: int,
    groups: Sequence[PictureGroup],
    tenant: str,
) -> None:
    key = {"tenant": tenant, "title_id": title_id, "version": version}
    if groups:
        connection.execute(sa.insert(image_groups), [key | _group_row(group) for group in groups])
    rows = [key | _variant_row(variant) for group in groups for variant in group.variants]
    if rows:
        connection.execute(sa.insert(variants), rows)


def delete_version(
    connection: sa.Connection, title_id: str, version: int, tenant: str = DEFAULT_TENANT
) -> None:
    """Forget the pictures of one version. Files are the caller's: see `referenced`."""
    for table in (variants, image_groups, candidates):
        connection.execute(
            sa.delete(table).where(
                table.c.tenant == tenant, table.c.title_id == title_id, table.c.version == version
            )
        )


def delete_title(connection: sa.Connection, title_id: str, tenant: str = DEFAULT_TENANT) -> None:
    """Forget the pictures of every version of a title, and what people decided of them."""
    for table in (variants, image_groups, candidates, verdicts, artwork_policies, exposures):
        connection.execute(
            sa.delete(table).where(table.c.tenant == tenant, table.c.title_id == title_id)
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """Of what a picture's vector is made: a stored picture, in a look."""

    sha256: str
    look: str | None = None
    """One of `artwork.compose.grades`, to be given to it first."""


def seen_by_others(
    connection: sa.Connection,
    title_id: str,
    version: int,
    encoder: str,
    tenant: str = DEFAULT_TENANT,
) -> dict[str, Sight]:
    """The pictures that another encoder than `encoder` has embedded: group id -> what to embed.

    That is the whole picture or, where that was not kept yet, its largest crop; of a picture that
    was lettered the one under the letters, where it is one of the title's own.
    """
    query = (
        sa.select(
            variants.c.group_id,
            sa.func.coalesce(image_groups.c.source_sha256, variants.c.sha256).label("sha256"),
            image_groups.c.made,
        )
        .join(
            image_groups,
            sa.and_(
                image_groups.c.tenant == variants.c.tenant,
                image_groups.c.title_id == variants.c.title_id,
                image_groups.c.version == variants.c.version,
                image_groups.c.id == variants.c.group_id,
            ),
        )
        .where(
            variants.c.tenant == tenant,
            variants.c.title_id == title_id,
            variants.c.version == version,
            image_groups.c.embedding_fingerprint != encoder,
        )
        .order_by(variants.c.group_id, variants.c.width * variants.c.height, variants.c.aspect)
    )
    # Of several crops the last one stays.
    seen = {row.group_id: (Sight(row.sha256), row.made or {}) for row in connection.execute(query)}
    plain = {
        row["id"]: row["source_sha256"]
        for row in (sources(connection, title_id, version, tenant) if seen else ())
    }
    return {group: _under(made, plain) or sight for group, (sight, made) in seen.items()}


def titles_seen_by_others(
    connection: sa.Connection, encoder: str, tenant: str = DEFAULT_TENANT
) -> set[str]:
    """Ids of titles whose published version has such pictures."""
    g = image_groups.c
    query = (
        sa.select(g.title_id)
        .distinct()
        .join(
            titles,
            (titles.c.tenant == g.tenant)
            & (titles.c.id == g.title_id)
            & (titles.c.version == g.version),
        )
        .where(g.tenant == tenant, g.embedding_fingerprint != encoder)
    )
    return set(connection.execute(query).scalars())


def _under(made: Mapping[str, Any], plain: Mapping[str, str]) -> Sight | None:
    """The picture under a lettered one's letters; None where it is not kept, or made of several."""
    first, *others = made.get("sources") or [None]
    if made.get("kind") != "title" or others or first not in plain:
        return None
    return Sight(plain[first], made.get("look"))


def write_looks(
    connection: sa.Connection,
    title_id: str,
    version: int,
    looks: Mapping[str, Vector],
    tenant: str = DEFAULT_TENANT,
) -> None:
    """Give pictures (by group id) another encoder's vectors.

    A descriptor with a neutral look, frozen while no picture had a vector of this encoder, is
    forgotten: the next choice makes the true one. Decisions made with it can be replayed no more.
    """
    g, f = image_groups.c, picture_features.c
    for group_id, look in looks.items():
        connection.execute(
            sa.update(image_groups)
            .where(
                g.tenant == tenant,
                g.title_id == title_id,
                g.version == version,
                g.id == group_id,
            )
            .values(
                embedding=look.data.astype("<f4").tobytes(), embedding_fingerprint=look.fingerprint
            )
        )
        own = (f.tenant == tenant, f.group_id == group_id)
        frozen = connection.execute(
            sa.select(f.feature_set, f.data).where(*own, f.feature_set.in_(_seen_by(look, tenant)))
        )
        neutral = [row.feature_set for row in frozen if is_neutral(row.data)]
        connection.execute(sa.delete(picture_features).where(*own, f.feature_set.in_(neutral)))


def _seen_by(look: Vector, tenant: str) -> sa.Select[tuple[str]]:
    """The feature sets that look at vectors of this one's encoder."""
    f = feature_sets.c
    mine = (f.tenant == tenant) & (f.encoder == look.fingerprint)
    return sa.select(f.feature_set).where(mine)


def list_variants(
    connection: sa.Connection,
    title_id: str,
    version: int,
    tenant: str = DEFAULT_TENANT,
    *,
    aspect: str | None = None,
) -> list[VariantRow]:
    """The variants of a version, in the order of the film, then by group and aspect."""
    joined = variants.join(
        image_groups,
        sa.and_(
            image_groups.c.tenant == variants.c.tenant,
            image_groups.c.title_id == variants.c.title_id,
            image_groups.c.version == variants.c.version,
            image_groups.c.id == variants.c.group_id,
        ),
    )
    judged = sa.and_(
        verdicts.c.tenant == variants.c.tenant, verdicts.c.group_id == variants.c.group_id
    )
    names = [field.name for field in fields(VariantRow) if field.name != "sub_scores"]
    tables = (variants, image_groups, verdicts)
    columns = [next(table.c[name] for table in tables if name in table.c) for name in names]
    query = (
        sa.select(*columns, image_groups.c.scores.label("sub_scores"))
        .select_from(joined.outerjoin(verdicts, judged))
        .where(
            variants.c.tenant == tenant,
            variants.c.title_id == title_id,
            variants.c.version == version,
        )
        .order_by(image_groups.c.source_s.nulls_last(), variants.c.group_id, variants.c.aspect)
    )
    if aspect is not None:
        query = query.where(variants.c.aspect == aspect)
    return [VariantRow(**row) for row in connection.execute(query).mappings()]


def referenced(connection: sa.Connection, sha256s: Iterable[str]) -> set[str]:
    """Those of `sha256s` that some title of some tenant still shows; the others are orphans.

    Masters are named by content, so two titles may share a file.
    """
    found: set[str] = set()
    wanted = sorted(set(sha256s))
    for batch in (wanted[i : i + 500] for i in range(0, len(wanted), 500)):
        for column in (
            variants.c.sha256,
            image_groups.c.source_sha256,
            candidates.c.sha256,
            shots.c.keyframe_sha256,
        ):
            query = sa.select(column).distinct().where(column.in_(batch))
            found.update(connection.execute(query).scalars())
    return found


def _group_row(group: PictureGroup) -> dict[str, object]:
    plain = ("id", "origin", "source_s", "facts", "embedding_fingerprint", "source_sha256")
    names = (*plain, "scores", "maturity", "focal", "language", "made", "faces")
    return {name: getattr(group, name) for name in names} | {
        "emphasis": list(group.emphasis),
        "embedding": np.asarray(group.embedding, dtype="<f4").tobytes(),
    }


def _variant_row(variant: PictureVariant) -> dict[str, object]:
    return {field.name: getattr(variant, field.name) for field in fields(PictureVariant)}
