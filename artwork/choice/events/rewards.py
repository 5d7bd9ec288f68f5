"""What a title earned by a decision: which events are accepted, and what they change.

What an event is worth: `artwork.choice.events.worth`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from artwork.choice.belief.sums import SCALE
from artwork.choice.events.attribution import SKEW_US, RewardEvent
from artwork.choice.events.outcomes import Outcomes
from artwork.choice.events.worth import KINDS, LAPSED, RewardPolicy
from artwork.choice.record.decisions import Decision, OfferedArms, Scope, learned_x, load
from artwork.choice.record.episodes import ASTRAY_US
from artwork.choice.record.ledger import (
    Appended,
    Entry,
    activated,
    save_showings,
    showing,
    take_seqs,
)
from artwork.tables import rewards
from content.compiled import Compiled
from content.errors import Conflict, Invalid, KeyartError, NotFound

EARLIEST_US = 946_684_800_000_000
"""The beginning of the year 2000, UTC."""


def check_reward(event: RewardEvent) -> None:
    """Raises Invalid: `invalid_reward` for a value outside 0..1, `invalid_reward_kind`,
    `implausible_time`."""
    if event.kind not in KINDS:
        kinds = ", ".join(KINDS)
        raise Invalid("invalid_reward_kind", f"{event.kind!r} is no kind of reward; use {kinds}")
    if event.decision_id is None and (event.user is None or event.title_id is None):
        raise Invalid("invalid_reward", "name a decision_id, or a user and a title_id")
    check_value("invalid_reward", event.value, event.event_id)
    check_era(event.occurred_us)


def check_value(code: str, value: float, event_id: str | None) -> None:
    """Raises Invalid with `code` unless `value` is in 0..1 and the id is short, plain text."""
    if not (math.isfinite(value) and 0.0 <= value <= 1.0):
        raise Invalid(code, "value must be a number from 0 to 1")
    if event_id is not None and not (1 <= len(event_id) <= 128 and event_id.isprintable()):
        raise Invalid(code, "event_id has 1 to 128 printable characters")


def check_era(occurred_us: int | None) -> None:
    """Raises Invalid: `implausible_time` before the year 2000: a clock that was never set."""
    if occurred_us is not None and occurred_us < EARLIEST_US:
        raise Invalid("implausible_time", "occurred_at is before the year 2000")


def check_time(occurred_us: int | None, at_us: int, *, since_us: int | None = None) -> None:
    """Refuse a time that was told and cannot be: further ahead, or before `since_us`, than clocks
    go wrong.

    Raises:
        Invalid: `implausible_time`.
    """
    if occurred_us is None:
        return
    if occurred_us > at_us + ASTRAY_US:
        raise Invalid("implausible_time", "occurred_at is more than a day ahead of now")
    if since_us is not None and occurred_us < since_us - ASTRAY_US:
        raise Invalid("implausible_time", "occurred_at is more than a day before the decision")


def event_conflict(event_id: str) -> Conflict:
    return Conflict(
        "event_conflict", f"event_id {event_id!r} already names another event; use a new one"
    )


def is_news(event: RewardEvent, values: Mapping[str, float]) -> bool:
    """Whether an event changes what stands for its decision; a repeat does not.

    Raises:
        Conflict: `reward_conflict`, when another value stands and the event does not correct it.
    """
    standing = values.get(event.kind)
    if standing is None:
        return True
    if standing == event.value:
        return False
    if not event.correct:
        raise Conflict(
            "reward_conflict",
            f"{event.kind} was already reported with the value {standing:g}; "
            "send correct=true to supersede it",
            standing=standing,
        )
    return True


@dataclass(frozen=True, slots=True)
class RewardRow:
    """An accepted reward as stored; `corrects`: it superseded a value of its kind; `earned`: what
    the decision had earned with it, -1 to 1, which is what was learned."""

    kind: str
    value: float
    event_id: str | None
    corrects: bool
    occurred_us: int
    received_us: int
    earned: float


def rewards_of(connection: sa.Connection, tenant: str, decision_id: str) -> list[RewardRow]:
    """All rewards of a decision in order, superseded ones too."""
    c = rewards.c
    rows = connection.execute(
        sa.select(c.kind, c.value, c.event_id, c.corrects, c.occurred_us, c.received_us, c.after)
        .where(c.tenant == tenant, c.decision_id == decision_id)
        .order_by(c.seq)
    )
    return [RewardRow(*row[:6], row.after / SCALE) for row in rows]


@dataclass(slots=True)
class _Standing:
    """What is stored for the decisions of a batch, kept up to date while it is gone through."""

    found: dict[str, tuple[Decision, OfferedArms]]
    active: set[str]
    values: dict[str, dict[str, float]]
    earned: dict[str, int]
    """What each decision has earned by now, in 2⁻¹⁰: as stored, whatever policy reckoned it."""
    by_event_id: dict[str, tuple[str, str, float]]


@dataclass(frozen=True, slots=True)
class _Accepted:
    event: RewardEvent
    activates: bool
    corrects: bool
    before: int
    after: int


def append_rewards(
    connection: sa.Connection,
    scope: Scope,
    events: Sequence[RewardEvent],
    at_us: int,
    policy: RewardPolicy,
) -> tuple[Outcomes, Appended | None]:
    """Append the events that change something; for each event why it was refused, or None.

    A reward for a deferred decision that nobody reported as shown activates it: whoever rewarded
    the picture saw it. Refusals: `decision_not_found`, `reward_conflict`, `event_conflict`,
    `reward_too_late`, `implausible_time`.
    """
    standing = _standing(connection, scope.tenant, events)
    outcomes: Outcomes = []
    news: list[_Accepted] = []
    for event in events:
        try:
            accepted = _accept(event, standing, policy, at_us)
        except KeyartError as refusal:
            outcomes.append(refusal)
            continue
        outcomes.append(None)
        if accepted is not None:
            news.append(accepted)
    if not news:
        return outcomes, None
    first = take_seqs(connection, scope.tenant, len(news) + sum(item.activates for item in news))
    return outcomes, _write(connection, scope, first, news, standing=standing, at_us=at_us)


def _standing(connection: sa.Connection, tenant: str, events: Sequence[RewardEvent]) -> _Standing:
    wanted = dict.fromkeys(e.decision_id for e in events if e.decision_id is not None)
    found = load(connection, tenant, list(wanted))
    ids = list(found)
    named = [event.event_id for event in events if event.event_id is not None]
    c = rewards.c
    values: dict[str, dict[str, float]] = {}
    earned: dict[str, int] = {}
    for decision_id, kind, value, after in connection.execute(
        sa.select(c.decision_id, c.kind, c.value, c.after)
        .where(c.tenant == tenant, c.decision_id.in_(ids))
        .order_by(c.seq)
    ):
        values.setdefault(decision_id, {})[kind] = value
        earned[decision_id] = after
    by_event_id = {}
    if named:
        rows = connection.execute(
            sa.select(c.event_id, c.decision_id, c.kind, c.value).where(
                c.tenant == tenant, c.event_id.in_(named)
            )
        )
        by_event_id = {row[0]: (row[1], row[2], row[3]) for row in rows}
    return _Standing(found, activated(connection, tenant, ids), values, earned, by_event_id)


def _accept(
    event: RewardEvent, standing: _Standing, policy: RewardPolicy, at_us: int
) -> _Accepted | None:
    """What to write for an event; None for a repeat. Raises the refusals of `append_rewards`."""
    found = standing.found.get(event.decision_id or "")
    if found is None:
        raise _unknown(event)
    same = (found[0].id, event.kind, event.value)
    if event.event_id is not None and event.event_id in standing.by_event_id:
        if standing.by_event_id[event.event_id] != same:
            raise event_conflict(event.event_id)
        return None
    values = standing.values.setdefault(found[0].id, {})
    if not is_news(event, values):
        return None
    check_time(event.occurred_us, at_us, since_us=found[0].decided_us)
    _check_window(event, found[0], policy, at_us)
    corrects, before = event.kind in values, standing.earned.get(found[0].id, 0)
    values[event.kind] = event.value
    after = standing.earned[found[0].id] = policy.earned(values)
    activates = found[0].id not in standing.active
    standing.active.add(found[0].id)
    if event.event_id is not None:
        standing.by_event_id[event.event_id] = same
    return _Accepted(replace(event, decision_id=found[0].id), activates, corrects, before, after)


def _unknown(event: RewardEvent) -> NotFound:
    if event.decision_id is not None:
        return NotFound("decision_not_found", f"there is no decision {event.decision_id!r}")
    return NotFound(
        "decision_not_found",
        f"this viewer was given no picture of title {event.title_id!r} that a {event.kind} could "
        "belong to",
    )


def _check_window(event: RewardEvent, decision: Decision, policy: RewardPolicy, at_us: int) -> None:
    """Raises Invalid: `reward_too_late`."""
    occurred = at_us if event.occurred_us is None else event.occurred_us
    own = event.kind == LAPSED  # the service notes it, whenever it gets to it
    if not own and occurred - decision.decided_us > policy.window_us(event.kind) + SKEW_US:
        hours = policy.kinds[event.kind].window_h
        raise Invalid(
            "reward_too_late",
            f"a {event.kind} counts when it happened within {hours:g} hours of its decision; tell "
            "when it happened by occurred_at",
        )


def _write(
    connection: sa.Connection,
    scope: Scope,
    first: int,
    news: Sequence[_Accepted],
    *,
    standing: _Standing,
    at_us: int,
) -> Appended:
    seq, rows, showings, learned = first, [], [], []
    xs = learned_x(connection, scope, [d for d, _ in standing.found.values()])
    for item in news:
        decision, arms = standing.found[item.event.decision_id or ""]
        x = xs.get(decision.id)
        group = arms.groups[decision.chosen]
        if item.activates:
            showings.append(showing(scope.tenant, seq, decision.id, True, at_us))
            if x is not None:
                learned.append(Entry.of(seq, decision, group, x))
            seq += 1
        rows.append(_row(scope.tenant, seq, item, at_us))
        if x is not None and item.before != item.after:
            learned.append(Entry.of(seq, decision, group, x, (item.before, item.after)))
        seq += 1
    save_showings(connection, showings)
    _REWARD.insert(connection, rows)
    return Appended(first, seq - 1, learned)


_REWARD = Compiled(rewards.insert(), keys=rewards.c.keys())


def _row(tenant: str, seq: int, item: _Accepted, at_us: int) -> dict[str, Any]:
    event = item.event
    return {
        "tenant": tenant,
        "seq": seq,
        "decision_id": event.decision_id,
        "kind": event.kind,
        "value": event.value,
        "event_id": event.event_id,
        "corrects": item.corrects,
        "before": item.before,
        "after": item.after,
        "occurred_us": at_us if event.occurred_us is None else event.occurred_us,
        "received_us": at_us,
    }
