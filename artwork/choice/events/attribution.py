"""Which decision an event belongs to that names a viewer and a title instead of one.

Players often know who watched what and no decision id. Such an event belongs to the latest
decision of that title for that viewer that was made by the time of the event and whose window for
this kind was open then: the viewer's running episode, or the last one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from artwork.choice.events.worth import RewardPolicy
from artwork.tables import decisions, rewards

SKEW_US = 120 * 1_000_000
"""A player's clock may be so much behind ours: an event may seem to precede its decision."""


@dataclass(frozen=True, slots=True)
class RewardEvent:
    """What a decision earned, named by its id or by viewer and title.

    `value` 0..1; `event_id` makes a retry harmless; `correct` supersedes an earlier value.
    """

    decision_id: str | None
    kind: str
    value: float
    event_id: str | None = None
    occurred_us: int | None = None
    correct: bool = False
    user: str | None = None
    title_id: str | None = None


def attributed(
    connection: sa.Connection,
    tenant: str,
    events: Sequence[RewardEvent],
    *,
    pseudonym: Callable[[str], bytes],
    policy: RewardPolicy,
    at_us: int,
) -> list[RewardEvent]:
    """The events, each with a decision id where one is found; None stays where there is none."""
    known = _decided_before(connection, tenant, events)
    found = []
    for event in events:
        decision_id = event.decision_id
        if decision_id is None and event.user is not None:
            occurred = at_us if event.occurred_us is None else event.occurred_us
            span = (occurred - policy.window_us(event.kind), occurred + SKEW_US)
            whose = (pseudonym(event.user), event.title_id)
            decision_id = known.get((event.event_id, *whose)) or _latest(
                connection, tenant, whose, span
            )
        found.append(replace(event, decision_id=decision_id, user=None))
    return found


def _decided_before(
    connection: sa.Connection, tenant: str, events: Sequence[RewardEvent]
) -> dict[tuple[str | None, bytes, str | None], str]:
    """Event id, viewer and title → the decision it was given to when it came first: a retry goes
    there, too. Of another viewer or title it is no retry."""
    ids = [e.event_id for e in events if e.decision_id is None and e.event_id is not None]
    if not ids:
        return {}
    r, d = rewards.c, decisions.c
    query = (
        sa.select(r.event_id, d.viewer, d.title_id, d.id)
        .join(decisions, (d.tenant == r.tenant) & (d.id == r.decision_id))
        .where(r.tenant == tenant, r.event_id.in_(ids), d.viewer.is_not(None))
    )
    return {(row[0], bytes(row[1]), row[2]): row[3] for row in connection.execute(query)}


def _latest(
    connection: sa.Connection,
    tenant: str,
    whose: tuple[bytes, str | None],
    span: tuple[int, int],
) -> str | None:
    """The latest decision of a viewer and title made within `span`, µs."""
    d = decisions.c
    found = connection.scalar(
        sa.select(d.id)
        .where(
            d.tenant == tenant,
            d.viewer == whose[0],
            d.title_id == whose[1],
            d.decided_us.between(*span),
        )
        .order_by(d.seq.desc())
        .limit(1)
    )
    return None if found is None else str(found)
