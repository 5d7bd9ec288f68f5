"""How often the pictures of titles under a cap were shown, in this process and before it.

Counted in memory the moment a picture is decided on, so that nothing decided meanwhile can exceed a
cap; added to the rows of `exposures` in the very transaction that makes the impression durable, so
that a count is that of the ledger whatever happens. A title is counted from the first choice under
a cap on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from artwork.rules.limits import Cap
from artwork.tables import exposures
from content.tables import matching

DAY_US = 86_400_000_000


@dataclass(slots=True)
class _Shown:
    in_all: int = 0
    day: int = 0
    today: int = 0

    def on(self, day: int) -> int:
        """Impressions of that day. A clock set back goes on with the day that it had reached; one
        that was more than a day ahead had counted another."""
        return self.today if self.day - 1 <= day <= self.day else 0

    def add(self, day: int, times: int) -> None:
        self.in_all += times
        if not self.day - 1 <= day <= self.day:
            self.day, self.today = day, 0
        self.today = max(0, self.today + times)


class Exposure:
    """The counts of one process. Not safe to share between threads by itself."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        self._titles: dict[str, dict[str, _Shown]] = {}

    def recall(self, connection: sa.Connection, title_ids: Iterable[str]) -> None:
        """Read the counts of titles that are not in memory."""
        absent = [title_id for title_id in title_ids if title_id not in self._titles]
        if not absent:
            return
        found: dict[str, dict[str, _Shown]] = {title_id: {} for title_id in absent}
        e = exposures.c
        for row in connection.execute(
            sa.select(e.title_id, e.group_id, e.shown, e.day, e.today).where(
                *matching(exposures, tenant=self._tenant), e.title_id.in_(absent)
            )
        ):
            found[row.title_id][row.group_id] = _Shown(row.shown, row.day, row.today)
        self._titles.update(found)

    def spent(self, title_id: str, caps: Mapping[str, Cap], now_us: int) -> frozenset[str]:
        """The groups that have been shown as often as they may be, today or in all."""
        counts, day = self._titles.get(title_id, {}), now_us // DAY_US
        out = []
        for group_id, cap in caps.items():
            shown = counts.get(group_id, _NEVER)
            pairs = ((cap.in_all, shown.in_all), (cap.per_day, shown.on(day)))
            if any(most is not None and had >= most for most, had in pairs):
                out.append(group_id)
        return frozenset(out)

    def ahead(self, title_id: str, caps: Mapping[str, Cap]) -> frozenset[str]:
        """The groups that would have more than their share of the title's impressions, this one
        included. A share of n impressions is rounded up: the first one is somebody's."""
        counts = self._titles.get(title_id, {})
        total = 1 + sum(shown.in_all for shown in counts.values())
        return frozenset(
            group_id
            for group_id, cap in caps.items()
            if cap.share is not None
            and counts.get(group_id, _NEVER).in_all + 1 > ceil(cap.share * total - 1e-9)
        )

    def count(self, title_id: str, group_id: str, now_us: int, times: int = 1) -> None:
        """Note an impression; with -1 times, take it back."""
        counts = self._titles.setdefault(title_id, {})
        counts.setdefault(group_id, _Shown()).add(now_us // DAY_US, times)

    def forget(self, title_id: str) -> None:
        """Drop a title from memory: its counts are those of the records."""
        self._titles.pop(title_id, None)

    def clear(self) -> None:
        """Drop all titles from memory."""
        self._titles.clear()


_NEVER = _Shown()


def save_exposures(
    connection: sa.Connection, tenant: str, shown: Sequence[tuple[str, str]], now_us: int
) -> None:
    """Add impressions, each a title and a group, to the rows."""
    if not shown:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    day = now_us // DAY_US
    new = dialect.insert(exposures)
    e, added = exposures.c, new.excluded
    another = sa.or_(added.day > e.day, added.day < e.day - 1)  # as `_Shown.add`
    statement = new.on_conflict_do_update(
        index_elements=["tenant", "title_id", "group_id"],
        set_={
            "shown": e.shown + added.shown,
            "today": sa.case((another, added.today), else_=e.today + added.today),
            "day": sa.case((another, added.day), else_=e.day),
        },
    )
    # In one order, so that two processes never wait for each other's rows.
    rows = [
        {"tenant": tenant, "title_id": title, "group_id": group, "day": day, "shown": 1, "today": 1}
        for title, group in sorted(shown)
    ]
    connection.execute(statement, rows)
