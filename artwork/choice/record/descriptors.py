"""The descriptors of pictures, frozen when each was first on offer."""

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.sums import I16
from artwork.choice.record.decisions import Scope
from artwork.tables import picture_features


def stored_features(connection: sa.Connection, scope: Scope, title_id: str) -> dict[str, I16]:
    """The frozen descriptors of a title's pictures, of every version so far, by group."""
    f = picture_features.c
    rows = connection.execute(
        sa.select(f.group_id, f.data).where(
            f.tenant == scope.tenant, f.feature_set == scope.feature_set, f.title_id == title_id
        )
    )
    return {group: np.frombuffer(data, "<i2").astype(np.int16) for group, data in rows}
