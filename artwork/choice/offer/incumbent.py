"""What a house would show of a title without Keyart."""

from collections.abc import Mapping

import sqlalchemy as sa

from artwork.tables import image_groups
from content.tables import matching

OVERALL = ("overall", "appeal")
"""A picture's overall score by its name today, and that of pictures from before it was kept."""


def ranked(
    connection: sa.Connection, tenant: str, title_id: str, version: int, named: str | None
) -> tuple[str, ...]:
    """The pictures of a version by group, the incumbent first: the one that is `named`, else one
    that the house uploaded, else the one of the best overall score; of equals the first by id.

    Who follows stands in where rules withhold those before.
    """
    g = image_groups.c
    rows = connection.execute(
        sa.select(g.id, g.origin, g.scores).where(
            *matching(image_groups, tenant=tenant, title_id=title_id), g.version == version
        )
    )
    keys = [
        (row.id != named, row.origin != "uploaded", -_overall(row.scores), row.id) for row in rows
    ]
    return tuple(key[-1] for key in sorted(keys))


def _overall(scores: Mapping[str, float] | None) -> float:
    return next((scores[name] for name in OVERALL if name in scores), 0.0) if scores else 0.0
