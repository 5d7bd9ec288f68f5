"""Features made anew: what was decided and watched with other feature sets, as this one sees it.

A decision's x is made of its picture's descriptor of today, the viewer's taste at its ledger
offset and its logged context; a watch event's descriptor is the mean of its title's pictures of
today, and so is what was told of a title's events later (`events.late`). All are stored and never
change again, so that folding them is a function of the ledger. A decision whose picture is gone is
left out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from artwork.choice.belief.features import Context, Lens, assemble, circumstances
from artwork.choice.belief.packing import packed
from artwork.choice.belief.sums import I16
from artwork.choice.events.late import late_row
from artwork.choice.events.taste import read_history, taste_of
from artwork.choice.offer.shelves import Shelves
from artwork.choice.record.decisions import Scope, offer_arms
from artwork.choice.record.descriptors import stored_features
from artwork.choice.record.feature_sets import known
from artwork.choice.record.ledger import insert_beside, insert_new, save_features
from artwork.tables import (
    decision_features,
    decisions,
    feature_sets,
    late_features,
    watch_events,
    watch_features,
)
from content.errors import Invalid
from content.records import writing

SPAN = 1_000
"""Seqs of the ledger made anew at once: computed first, then written in a few ms."""


@dataclass(slots=True)
class _Watched:
    """Rows of `watch_features`, and of `late_features`."""

    events: list[dict[str, Any]]
    late: list[dict[str, Any]]


@dataclass(slots=True)
class _Batch:
    """What was made of the rows `low < seq <= high`."""

    low: int
    high: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0


class Anew:
    """Makes the rows of one ledger anew in one feature set, from where it was left."""

    def __init__(self, tenant: str, lens: Lens) -> None:
        self._scope = Scope(tenant, "", lens.feature_set)  # features are of no policy
        self._shelves = Shelves(self._scope, lens)
        self._groups: dict[str, tuple[str, ...]] = {}

    def all(self, engine: sa.Engine, upto: int) -> Iterator[int]:
        """Make all rows up to `upto` anew; the seq reached, again and again."""
        reached = self._reached(engine)
        while reached < upto:
            with engine.connect() as connection:
                first = self._first_other(connection, reached, upto)
            if first is None or first > reached + SPAN:  # nothing to do so far
                skipped = _Batch(reached, upto if first is None else first - 1)
                with writing(engine).begin() as connection:
                    self._keep(connection, skipped)
            else:
                self._make(engine, reached, min(reached + SPAN, upto))
            reached = self._reached(engine)  # another process may have been faster
            yield reached

    def _make(self, engine: sa.Engine, low: int, high: int) -> None:
        with engine.connect() as connection:
            watched = self._watched(connection, low, high)
        with writing(engine).begin() as connection:
            self._keep_watched(connection, watched)
        with engine.connect() as connection:
            batch = self._decided(connection, low, high)
        with writing(engine).begin() as connection:
            self._keep(connection, batch)

    def _first_other(self, connection: sa.Connection, low: int, high: int) -> int | None:
        """The seq of the first row of the span that was made with another feature set."""
        found = [
            connection.scalar(
                sa.select(sa.func.min(table.c.seq)).where(*self._others(table, low, high))
            )
            for table in (decisions, watch_events, late_features)
        ]
        return min((seq for seq in found if seq is not None), default=None)

    def rest(self, connection: sa.Connection, upto: int) -> None:
        """The few rows that are left, within a transaction that writes."""
        found = known(connection, self._scope.tenant, self._scope.feature_set)
        low = 0 if found is None else found.refolded
        if low < upto:
            self._keep_watched(connection, self._watched(connection, low, upto))
            self._keep(connection, self._decided(connection, low, upto))

    def _reached(self, engine: sa.Engine) -> int:
        with engine.connect() as connection:
            found = known(connection, self._scope.tenant, self._scope.feature_set)
        return 0 if found is None else found.refolded

    def _row(self, seq: int, data: bytes) -> dict[str, Any]:
        return {
            "tenant": self._scope.tenant,
            "seq": seq,
            "feature_set": self._scope.feature_set,
            "data": data,
        }

    def _watched(self, connection: sa.Connection, low: int, high: int) -> _Watched:
        """Of the span's events; those that had no features then have none before they are told."""
        w, late = watch_events.c, late_features.c
        events = connection.execute(
            sa.select(w.seq, w.title_id).where(
                *self._others(watch_events, low, high), w.features.is_not(None)
            )
        ).all()
        told = connection.execute(
            sa.select(late.seq, late.title_id, late.after).where(
                *self._others(late_features, low, high), ~late.anew
            )
        ).all()
        titles = [row.title_id for row in (*events, *told)]
        shelves = self._shelves.read(connection, titles)
        means = {title: shelf.mean for title, shelf in shelves.items() if shelf.mean is not None}
        data = {title: mean.astype("<i2").tobytes() for title, mean in means.items()}
        return _Watched(
            [self._row(r.seq, data[r.title_id]) for r in events if r.title_id in data],
            [
                late_row(self._scope, r.seq, r.title_id, r.after, means[r.title_id], anew=True)
                for r in told
                if r.title_id in means
            ],
        )

    def _keep_watched(self, connection: sa.Connection, made: _Watched) -> None:
        save_features(connection, self._scope, self._shelves.unsaved)
        self._shelves.unsaved.clear()
        insert_beside(connection, watch_features, made.events, of=watch_events)
        insert_new(connection, late_features, made.late)

    def _decided(self, connection: sa.Connection, low: int, high: int) -> _Batch:
        batch = _Batch(low, high)
        d = decisions.c
        found = connection.execute(
            sa.select(
                *(d.seq, d.title_id, d.offer_id, d.chosen, d.viewer, d.context),
                *(d.ledger_offset, d.decided_us),
            )
            .where(*self._others(decisions, low, high))
            .order_by(d.seq)
        ).all()
        pictures = self._pictures(connection, {row.title_id for row in found})
        for row in found:
            own = pictures[row.title_id].get(self._group(connection, row.offer_id, row.chosen))
            x = None if own is None else self._x(connection, row, own)
            if x is None:
                batch.left_out += 1
            else:
                batch.rows.append(self._row(row.seq, packed(x)))
        return batch

    def _x(self, connection: sa.Connection, row: Any, own: I16) -> I16 | None:
        try:
            here = circumstances(Context(*json.loads(row.context)), row.decided_us)
        except Invalid:  # a time zone that there is no more
            return None
        taste = None
        if row.viewer is not None:
            history = read_history(connection, self._scope, row.viewer, row.ledger_offset)
            taste = taste_of(history, row.decided_us)
        x: I16 = assemble(own[None], taste, here)[0]
        return x

    def _pictures(self, connection: sa.Connection, titles: set[str]) -> dict[str, dict[str, I16]]:
        """Descriptors by title and group: those of today's pictures, and those frozen earlier."""
        shelves = self._shelves.read(connection, sorted(titles))
        return {
            title: stored_features(connection, self._scope, title)
            | (dict(shelves[title].features) if title in shelves else {})
            for title in titles
        }

    def _group(self, connection: sa.Connection, offer_id: str, chosen: int) -> str:
        if offer_id not in self._groups:
            arms = offer_arms(connection, self._scope.tenant, offer_id)
            self._groups[offer_id] = arms.groups
        return self._groups[offer_id][chosen]

    def _keep(self, connection: sa.Connection, batch: _Batch) -> None:
        """Write a batch, unless somebody else has done so."""
        f = feature_sets.c
        moved = connection.execute(
            sa.update(feature_sets)
            .where(
                f.tenant == self._scope.tenant,
                f.feature_set == self._scope.feature_set,
                f.refolded == batch.low,
            )
            .values(refolded=batch.high, left_out=f.left_out + batch.left_out)
        )
        if moved.rowcount:
            save_features(connection, self._scope, self._shelves.unsaved)
            insert_beside(connection, decision_features, batch.rows, of=decisions)
        self._shelves.unsaved.clear()

    def _others(self, table: sa.Table, low: int, high: int) -> list[sa.ColumnElement[bool]]:
        """Conditions: rows of the span that were made with another feature set."""
        c = table.c
        return [
            c.tenant == self._scope.tenant,
            c.seq > low,
            c.seq <= high,
            c.feature_set != self._scope.feature_set,
        ]
