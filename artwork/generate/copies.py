"""Is a generated picture a copy of another title's artwork?

Vectors find the few that are alike; what is told a copy has the same perceptual hash as well, or
nearly the same vector.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import imagehash
import numpy as np
import sqlalchemy as sa
from PIL import Image

from artwork.images.store import ImageStore
from artwork.tables import image_groups
from content.errors import NotFound
from content.ids import DEFAULT_TENANT
from content.types import F32

ALIKE, SAME = 0.8, 0.95
"""Cosines from which a picture is compared by its hash, and from which it needs no more proof."""
MAX_BITS = 10
"""Of the 64 of a perceptual hash (DCT of luma, Zauner 2010) that two copies may differ in."""
BATCH = 2048


def strangers(
    connection: sa.Connection, title_id: str, encoder: str, tenant: str, *, most: int
) -> F32:
    """Vectors (m, d) of other titles' pictures, `most` at most: the same ones for one catalogue."""
    query = _others(title_id, encoder, tenant).limit(most)
    rows = [row.embedding for row in connection.execute(query)]
    return _stacked(rows)


def copied(
    connection: sa.Connection,
    images: ImageStore,
    groups: Sequence[Mapping[str, Any]],
    *,
    title_id: str,
    encoder: str,
    tenant: str = DEFAULT_TENANT,
) -> dict[str, str]:
    """Which of `groups` (id, embedding, source_sha256) copy another title's picture: id -> detail.

    Reads every vector of the catalogue once, in batches.
    """
    if not groups:
        return {}
    ours = _stacked([group["embedding"] for group in groups])
    found: dict[str, str] = {}
    for rows in _batches(connection.execute(_others(title_id, encoder, tenant))):
        likeness = ours @ _stacked([row.embedding for row in rows]).T
        for i, j in zip(*np.nonzero(likeness >= ALIKE), strict=True):
            group, other = groups[i], rows[j]
            if group["id"] not in found and (
                likeness[i, j] >= SAME or _same_hash(images, group["source_sha256"], other)
            ):
                found[group["id"]] = f"of {other.title_id}: cosine {likeness[i, j]:.2f}"
    return found


def _others(title_id: str, encoder: str, tenant: str) -> sa.Select[Any]:
    g = image_groups.c
    return (
        sa.select(g.title_id, g.embedding, g.source_sha256)
        .where(g.tenant == tenant, g.title_id != title_id, g.embedding_fingerprint == encoder)
        .order_by(g.id, g.version)
        .execution_options(yield_per=BATCH)
    )


def _batches(rows: "sa.CursorResult[Any]") -> Iterator[Sequence[Any]]:
    return iter(lambda: rows.fetchmany(BATCH), [])


def _same_hash(images: ImageStore, sha256: str, other: Any) -> bool:
    if other.source_sha256 is None:  # of a release that kept no whole pictures
        return False
    try:
        hashes = [
            imagehash.phash(Image.fromarray(images.pixels(name)))
            for name in (sha256, other.source_sha256)
        ]
    except NotFound:  # deleted meanwhile
        return False
    return bool(hashes[0] - hashes[1] <= MAX_BITS)


def _stacked(rows: Sequence[bytes]) -> F32:
    if not rows:
        return np.zeros((0, 1), dtype=np.float32)
    return np.stack([np.frombuffer(row, dtype="<f4") for row in rows])
