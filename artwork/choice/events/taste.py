"""What a viewer likes, derived from what they watched and never the only copy of it.

A taste is a decayed, shrunken mean of the descriptors of the watched titles' pictures, computed
from the stored watch events of one viewer alone; the same events at the same offset and time give
the same bits.
"""

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.features import DESCRIPTOR, units
from artwork.choice.belief.posterior import F64
from artwork.choice.belief.sums import I16, SCALE
from artwork.choice.events.late import note_waiting
from artwork.choice.events.outcomes import Outcomes
from artwork.choice.events.rewards import check_era, check_time, check_value, event_conflict
from artwork.choice.record.decisions import Scope
from artwork.choice.record.ledger import Appended, take_seqs
from artwork.tables import late_features, watch_events, watch_features
from content.compiled import Compiled
from content.errors import Invalid

EVENTS = 64
"""Only this many of the latest events count."""
HALF_LIFE_US = 60 * 24 * 3600 * 1_000_000
PRIOR_WEIGHT = 1.0
"""Counts as one fully watched title of no particular look: few events give a faint taste."""


@dataclass(frozen=True)
class WatchEvent:
    """`value` is the fraction watched, 0..1."""

    user: str
    title_id: str
    value: float
    event_id: str | None = None
    occurred_us: int | None = None
    kind: str = "watch"


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A watch event as it is stored: the viewer's pseudonym and the title's mean descriptor."""

    viewer: bytes
    title_id: str
    kind: str
    value: float
    event_id: str | None
    features: I16 | None
    occurred_us: int

    @classmethod
    def of(cls, event: WatchEvent, viewer: bytes, mean: I16 | None, at_us: int) -> "Watched":
        occurred = at_us if event.occurred_us is None else event.occurred_us
        what = (event.title_id, event.kind, event.value, event.event_id)
        return cls(viewer, *what, mean, occurred)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A viewer's latest watch events, the newest first."""

    values: F64
    features: I16
    """(n, 33) in units of 2⁻¹⁰: a quarter of the memory of floats, for thousands of viewers."""
    occurred_us: F64


def viewer_of(secret: bytes, tenant: str, user: str) -> bytes:
    """The only form in which a user id is ever stored: 16 bytes of HMAC-SHA256."""
    text = f"viewer\x1f{tenant}\x1f{user}".encode("utf-8", "surrogatepass")
    return hmac.digest(secret, text, "sha256")[:16]


def check_watch(event: WatchEvent, *, at_us: int) -> None:
    """Raises Invalid: `invalid_event` for a value outside 0..1 or an unknown kind,
    `implausible_time`."""
    if event.kind != "watch":
        raise Invalid("invalid_event", f"{event.kind!r} is no kind of event; use watch")
    check_value("invalid_event", event.value, event.event_id)
    check_era(event.occurred_us)
    check_time(event.occurred_us, at_us)


def taste_of(history: History, at_us: int) -> I16 | None:
    """The taste (33,) at a moment, in units of 2⁻¹⁰; None where nothing was watched."""
    age = np.maximum(at_us - history.occurred_us, 0.0)
    weights = history.values * np.exp2(-age / HALF_LIFE_US)
    total = float(np.sum(weights))
    if total <= 0:
        return None
    mean = np.sum(weights[:, None] * (history.features / SCALE), axis=0) / (total + PRIOR_WEIGHT)
    return units(mean)


def read_history(connection: sa.Connection, scope: Scope, viewer: bytes, offset: int) -> History:
    """The viewer's latest events up to the ledger offset that have features of this set: from
    then, made anew, or told later (`events.late`) but by that offset."""
    whose = {"tenant": scope.tenant, "viewer": viewer, "set": scope.feature_set, "offset": offset}
    rows = _LATEST.all(connection, whose)
    features = np.zeros((len(rows), DESCRIPTOR), np.int16)
    for i, (_, data, _) in enumerate(rows):
        features[i] = np.frombuffer(data, "<i2")
    return History(
        np.array([value for value, _, _ in rows], np.float64),
        features,
        np.array([occurred for _, _, occurred in rows], np.float64),
    )


def _latest() -> sa.Select[tuple[float, bytes, int]]:
    w, f = watch_events.c, watch_features.c
    ours = w.feature_set == sa.bindparam("set")
    anew = sa.and_(
        f.tenant == w.tenant, f.seq == w.seq, f.feature_set == sa.bindparam("set"), sa.not_(ours)
    )
    late = late_features.c
    told = sa.and_(
        w.features.is_(None),
        *(late.tenant == w.tenant, late.title_id == w.title_id),
        *(late.feature_set == sa.bindparam("set"), late.seq <= sa.bindparam("offset")),
        *(late.after < w.seq, late.seq > w.seq),
    )
    features = sa.func.coalesce(sa.case((ours, w.features)), f.data, late.features)
    return (
        sa.select(w.value, features.label("features"), w.occurred_us)
        .select_from(watch_events.outerjoin(watch_features, anew).outerjoin(late_features, told))
        .where(
            w.tenant == sa.bindparam("tenant"),
            w.viewer == sa.bindparam("viewer"),
            features.is_not(None),
            w.seq <= sa.bindparam("offset"),
        )
        .order_by(w.seq.desc())
        .limit(EVENTS)
    )


_LATEST = Compiled(_latest())


class Tastes:
    """The histories of the viewers seen lately. Not safe to share between threads by itself."""

    def __init__(self, scope: Scope, keep: int = 20_000) -> None:
        self._scope, self._keep = scope, keep
        self._kept: OrderedDict[bytes, History] = OrderedDict()

    def at(self, connection: sa.Connection, viewer: bytes, offset: int, at_us: int) -> I16 | None:
        history = self._kept.get(viewer)
        if history is None:
            history = read_history(connection, self._scope, viewer, offset)
            self._kept[viewer] = history
            if len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(viewer)
        return taste_of(history, at_us)

    def forget(self, viewer: bytes) -> None:
        """Read this viewer's events again the next time."""
        self._kept.pop(viewer, None)

    def clear(self) -> None:
        self._kept.clear()


def append_watched(
    connection: sa.Connection, scope: Scope, events: Sequence[Watched], at_us: int
) -> tuple[Outcomes, Appended | None]:
    """Append the events that are new; for each whether it was refused (`event_conflict`)."""
    named = [event.event_id for event in events if event.event_id is not None]
    known = _by_event_id(connection, scope.tenant, named)
    outcomes: Outcomes = []
    news: list[Watched] = []
    for event in events:
        same = (event.viewer, event.title_id, event.kind, event.value)
        if event.event_id is not None and event.event_id in known:
            repeated = known[event.event_id] == same
            outcomes.append(None if repeated else event_conflict(event.event_id))
            continue
        if event.event_id is not None:
            known[event.event_id] = same
        news.append(event)
        outcomes.append(None)
    if not news:
        return outcomes, None
    first = take_seqs(connection, scope.tenant, len(news))
    rows = [
        {
            "tenant": scope.tenant,
            "seq": seq,
            "viewer": event.viewer,
            "title_id": event.title_id,
            "kind": event.kind,
            "value": event.value,
            "event_id": event.event_id,
            "feature_set": scope.feature_set,
            "features": None if event.features is None else event.features.astype("<i2").tobytes(),
            "occurred_us": event.occurred_us,
            "received_us": at_us,
        }
        for seq, event in enumerate(news, first)
    ]
    _WATCHED.insert(connection, rows)
    note_waiting(connection, scope.tenant, [e.title_id for e in news if e.features is None])
    return outcomes, Appended(first, first + len(rows) - 1, ())


_WATCHED = Compiled(watch_events.insert(), keys=watch_events.c.keys())
_Content = tuple[bytes, str, str, float]


def _by_event_id(
    connection: sa.Connection, tenant: str, event_ids: Sequence[str]
) -> dict[str, _Content]:
    if not event_ids:
        return {}
    w = watch_events.c
    rows = connection.execute(
        sa.select(w.event_id, w.viewer, w.title_id, w.kind, w.value).where(
            w.tenant == tenant, w.event_id.in_(event_ids)
        )
    )
    return {row[0]: (bytes(row[1]), row[2], row[3], row[4]) for row in rows}
