"""Everything that is held of a viewer, as plain values: rows, and what is derived from them.

Long lists are read in bounded batches, each a read of its own: rows deleted meanwhile are missing.
Left out is what tells nothing of the viewer: seeds, and counts of draws (the propensities say it).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from artwork.choice.belief.sums import SCALE
from artwork.choice.events.taste import read_history, taste_of
from artwork.choice.learning.desk import Desk
from artwork.choice.learning.folding import fold_sums
from artwork.choice.learning.learner import Learner
from artwork.choice.people.exported import LOOK, Record, decision_records, named, watch_records
from artwork.choice.record.ledger import entries_of, head
from artwork.tables import decisions, impressions, rewards, watch_events
from content.errors import NotFound
from content.ids import iso

_BATCH = 200
_TELLING = 0.1
"""A taste's number from which it is put into words."""


@dataclass(frozen=True)
class Export:
    """`about` is small; the lists are read while they are gone through."""

    about: Record
    desk: Desk
    viewer: bytes
    upto: int

    def decisions(self) -> Iterator[Record]:
        """Each with its context, the picture shown, showings and rewards; the oldest first."""
        d = decisions.c
        query = sa.select(d.seq, d.id).where(d.viewer == self.viewer)
        for ids in self._batches(query, d):
            with self.desk.engine.connect() as connection:
                yield from decision_records(connection, self.desk.scope.tenant, ids)

    def watch_events(self) -> Iterator[Record]:
        w = watch_events.c
        query = sa.select(w.seq, w.seq).where(w.viewer == self.viewer)
        for seqs in self._batches(query, w):
            with self.desk.engine.connect() as connection:
                yield from watch_records(connection, self.desk.scope.tenant, seqs)

    def _batches(self, query: sa.Select[Any], c: Any) -> Iterator[list[Any]]:
        after = -1
        while True:
            part = query.where(
                c.tenant == self.desk.scope.tenant, c.seq > after, c.seq <= self.upto
            )
            with self.desk.engine.connect() as connection:
                rows = connection.execute(part.order_by(c.seq).limit(_BATCH)).all()
            if not rows:
                return
            after = rows[-1][0]
            yield [row[1] for row in rows]


def export(desk: Desk, viewer: bytes) -> Export:
    """Raises NotFound: `user_not_found`, when nothing is held."""
    tenant, now = desk.scope.tenant, desk.clock()
    with desk.engine.connect() as connection:
        upto = head(connection, tenant)
        held = _held(connection, tenant, viewer)
        if not any(held.values()):
            raise NotFound("user_not_found", "nothing is held of this user")
        about = {
            "pseudonym": viewer.hex(),
            "exported_at": iso(now),
            "held": held,
            "taste": _taste(connection, desk, viewer, now),
            "episodes": _episodes(connection, tenant, viewer, now),
            "learned": _learned(connection, desk, viewer),
        }
    return Export(about, desk, viewer, upto)


def _held(connection: sa.Connection, tenant: str, viewer: bytes) -> dict[str, int]:
    d, w = decisions.c, watch_events.c
    theirs = sa.select(d.id).where(d.tenant == tenant, d.viewer == viewer)
    conditions = {
        decisions: d.viewer == viewer,
        impressions: impressions.c.decision_id.in_(theirs),
        rewards: rewards.c.decision_id.in_(theirs),
        watch_events: w.viewer == viewer,
    }
    count = sa.select(sa.func.count())
    return {
        table.name: connection.scalar(
            count.select_from(table).where(table.c.tenant == tenant, condition)
        )
        or 0
        for table, condition in conditions.items()
    }


def _taste(connection: sa.Connection, desk: Desk, viewer: bytes, now_us: int) -> Record | None:
    history = read_history(connection, desk.scope, viewer, head(connection, desk.scope.tenant))
    taste = taste_of(history, now_us)
    if taste is None:
        return None
    numbers = named(taste)
    strong = sorted(numbers, key=lambda name: -abs(numbers[name]))
    words = [
        f"{'more' if numbers[name] > 0 else 'less'} {_said(name)}"
        for name in strong
        if abs(numbers[name]) >= _TELLING and name not in LOOK
    ]
    return {"events": len(history.values), "words": words, "numbers": numbers}


def _said(name: str) -> str:
    return name.replace("emph_", "emphasis on ").replace("origin_", "").replace("_", " ")


def _episodes(connection: sa.Connection, tenant: str, viewer: bytes, now_us: int) -> list[Record]:
    d = decisions.c
    rows = connection.execute(
        sa.select(d.id, d.title_id, d.expires_us)
        .where(d.tenant == tenant, d.viewer == viewer, d.expires_us > now_us)
        .order_by(d.seq)
    )
    latest = {row.title_id: row for row in rows}  # a later one takes an earlier one's place
    return [
        {"title_id": title, "decision_id": row.id, "expires_at": iso(row.expires_us)}
        for title, row in latest.items()
    ]


def _learned(connection: sa.Connection, desk: Desk, viewer: bytes) -> Record:
    """What this viewer alone taught: exactly what would be subtracted to forget them."""
    learner = Learner(desk.parameters, desk.ready().decay.landmark_us)
    fold_sums(learner, entries_of(connection, desk.scope, decisions.c.viewer == viewer))
    pictures = [
        {
            "title_id": title,
            "group_id": group,
            "shown": int(sums.n[k]) / SCALE,
            "earned": int(sums.s[k]) / SCALE**2,
        }
        for title, sums in sorted(learner.sums.titles.items())
        for k, group in enumerate(sums.groups)
    ]
    return {"decisions": learner.sums.rows, "pictures": pictures}


def text(whole: Export) -> Iterator[str]:
    """The export as one JSON object, part by part."""
    about = json.dumps(whole.about, ensure_ascii=False)
    yield about[:-1]
    for name, records in (
        ("decisions", whole.decisions()),
        ("watch_events", whole.watch_events()),
    ):
        yield f', "{name}": ['
        comma = ""
        for record in records:
            yield comma + json.dumps(record, ensure_ascii=False)
            comma = ",\n"
        yield "]"
    yield "}\n"
