"""The vectors of a whole catalogue's pictures: what its looks are fitted on.

Lettered pictures count as the ones under their letters, which are there by themselves.
"""

import numpy as np
import sqlalchemy as sa

from artwork.tables import image_groups
from content.ids import DEFAULT_TENANT
from content.tables import titles
from content.types import F32


def count_looks(connection: sa.Connection, encoder: str, tenant: str = DEFAULT_TENANT) -> int:
    """How many published pictures have a vector of this encoder."""
    found = sa.select(sa.func.count()).select_from(_PUBLISHED).where(*_ours(encoder, tenant))
    return connection.scalar(found) or 0


def looks_of(
    connection: sa.Connection, encoder: str, at_most: int, tenant: str = DEFAULT_TENANT
) -> F32:
    """(n, dim) their vectors; of more than `at_most`, so many, spread over the catalogue.

    The same catalogue gives the same.
    """
    step = -(-count_looks(connection, encoder, tenant) // at_most)
    g = image_groups.c
    rows = (
        sa.select(g.embedding, sa.func.row_number().over(order_by=(g.title_id, g.id)).label("nth"))
        .select_from(_PUBLISHED)
        .where(*_ours(encoder, tenant))
        .subquery()
    )
    found = connection.scalars(
        sa.select(rows.c.embedding).where(rows.c.nth % max(step, 1) == 0).order_by(rows.c.nth)
    )
    return np.stack([np.frombuffer(data, "<f4") for data in found])


_PUBLISHED = image_groups.join(
    titles,
    sa.and_(
        titles.c.tenant == image_groups.c.tenant,
        titles.c.id == image_groups.c.title_id,
        titles.c.version == image_groups.c.version,
    ),
)


def _ours(encoder: str, tenant: str) -> list[sa.ColumnElement[bool]]:
    g = image_groups.c
    return [
        g.tenant == tenant,
        g.embedding_fingerprint == encoder,
        g.origin != "composed",
    ]
