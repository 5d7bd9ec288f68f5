"""What viewers watched, by title: of everybody, as an index learns from it, and of one viewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from artwork.choice.events.taste import EVENTS, HALF_LIFE_US
from artwork.tables import watch_events

WATCHED = 0.25
"""A title of which a viewer saw less than this share was tried, not watched."""
MOST_TITLES = 2000
"""Titles of one viewer that are told as watched, the latest."""


@dataclass(frozen=True, slots=True)
class Liking:
    """What a viewer likes, from what they watched."""

    weights: Mapping[str, float]
    """Title id to weight, above 0: share watched, halved for every 60 days before the latest of the
    64 events that count. Not before now: what is asked again without a new event is the same."""
    watched: Sequence[str]
    """Every title of their events, the latest first, 2,000 at most."""


def co_watched(connection: sa.Connection, tenant: str) -> list[tuple[bytes, str]]:
    """Each viewer (a pseudonym) with each title that they watched, once, in order."""
    w = watch_events.c
    query = (
        sa.select(w.viewer, w.title_id)
        .where(w.tenant == tenant, w.value >= WATCHED)
        .distinct()
        .order_by(w.viewer, w.title_id)
    )
    return [(bytes(viewer), title_id) for viewer, title_id in connection.execute(query)]


def liking(connection: sa.Connection, tenant: str, viewer: bytes) -> Liking:
    """What one viewer likes; nothing of a viewer without events."""
    w = watch_events.c
    mine = (w.tenant == tenant, w.viewer == viewer)
    query = sa.select(w.title_id, w.value, w.occurred_us, w.received_us).where(*mine)
    # Nothing was watched after it was told, whatever a player's clock says.
    latest = [
        (title_id, value, min(occurred_us, received_us))
        for title_id, value, occurred_us, received_us in connection.execute(
            query.order_by(w.seq.desc()).limit(EVENTS)
        )
    ]
    at_us = max((watched_us for _, _, watched_us in latest), default=0)
    weights: dict[str, float] = {}
    for title_id, value, watched_us in latest:
        faded = float(value * np.exp2((watched_us - at_us) / HALF_LIFE_US))
        if faded > 0:
            weights[title_id] = weights.get(title_id, 0.0) + faded
    every = sa.select(w.title_id).where(*mine).group_by(w.title_id)
    newest = every.order_by(sa.func.max(w.seq).desc()).limit(MOST_TITLES)
    return Liking(weights, tuple(connection.scalars(newest)))
