"""The change budget: how long a viewer's picture of a title has been the same.

A viewer's picture of a title changes at most once in `HouseRules.change_every_s`. Remembered are
the picture and since when; what is not in memory is read from the ledger.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.record.episodes import ASTRAY_US
from artwork.tables import decisions, offers


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The picture that a viewer had last; `since_us` it was first theirs, another one before."""

    group_id: str
    since_us: int


class Changes:
    """The incumbents of viewers whose titles have a budget. Not safe to share between threads."""

    def __init__(self, tenant: str, keep: int = 100_000) -> None:
        self._tenant, self._keep = tenant, keep
        self._kept: OrderedDict[tuple[bytes, str], Incumbent | None] = OrderedDict()

    def recall(
        self, connection: sa.Connection, viewer: bytes, budgets: Mapping[str, int], now_us: int
    ) -> None:
        """Read the viewer's incumbents of titles (each with its budget, µs) not in memory."""
        absent = [title_id for title_id in budgets if (viewer, title_id) not in self._kept]
        if not absent:
            return
        mine = {"tenant": self._tenant, "viewer": viewer, "titles": absent}
        known = set(connection.scalars(_KNOWN, mine))
        for title_id in absent:
            since_us = now_us - budgets[title_id]
            found = None
            if title_id in known:
                found = incumbent(connection, self._tenant, viewer, title_id, since_us)
            self._put(viewer, title_id, found)

    def held(self, viewer: bytes, title_id: str, every_us: int, now_us: int) -> str | None:
        """The group that the viewer has to keep for now; None where a change is due or free."""
        last = self._kept.get((viewer, title_id))
        if last is None or last.since_us > now_us + ASTRAY_US:  # the latter: of a wrong clock
            return None
        return last.group_id if last.since_us + every_us > now_us else None

    def note(self, viewer: bytes, title_id: str, group_id: str, now_us: int) -> None:
        """The viewer is shown this picture from now on; the same one again is no change."""
        last = self._kept.get((viewer, title_id))
        if last is None or last.group_id != group_id:
            self._put(viewer, title_id, Incumbent(group_id, now_us))

    def drop(self, viewer: bytes, title_id: str) -> None:
        """Forget what is in memory, because it was never shown or is gone; the ledger has it."""
        self._kept.pop((viewer, title_id), None)

    def forget(self, viewer: bytes) -> None:
        """Drop all of one viewer."""
        for key in [key for key in self._kept if key[0] == viewer]:
            del self._kept[key]

    def clear(self) -> None:
        """Drop everything: rows were taken out of the ledger."""
        self._kept.clear()

    def _put(self, viewer: bytes, title_id: str, found: Incumbent | None) -> None:
        self._kept[viewer, title_id] = found
        self._kept.move_to_end((viewer, title_id))
        if len(self._kept) > self._keep:
            self._kept.popitem(last=False)


_KNOWN = (
    sa.select(decisions.c.title_id)
    .distinct()
    .where(
        decisions.c.tenant == sa.bindparam("tenant"),
        decisions.c.viewer == sa.bindparam("viewer"),
        decisions.c.title_id.in_(sa.bindparam("titles", expanding=True)),
    )
)
"""Titles of which a viewer has any decision."""


def incumbent(
    connection: sa.Connection, tenant: str, viewer: bytes, title_id: str, since_us: int
) -> Incumbent | None:
    """The picture of the viewer's last decision for a title, and since when it was theirs.

    Decisions from before `since_us` are not looked through: what was theirs then is so since then.
    """
    d = decisions.c
    rows = connection.execute(
        sa.select(d.decided_us, d.chosen, offers.c.arms)
        .join(offers, (offers.c.tenant == d.tenant) & (offers.c.id == d.offer_id))
        .where(d.tenant == tenant, d.viewer == viewer, d.title_id == title_id)
        .order_by(d.seq.desc())
    )
    found: Incumbent | None = None
    for row in rows:
        group_id = json.loads(row.arms)[row.chosen][1]
        if found is not None and group_id != found.group_id:
            break
        found = Incumbent(group_id, row.decided_us)
        if row.decided_us < since_us:
            break
    rows.close()
    return found
