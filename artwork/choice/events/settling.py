"""Clicks that nothing followed: what they earned is taken back once their window is over.

An entry of kind `lapsed` is appended to the ledger like a reward, so it is learned, replayed and
rebuilt like one. A play that is reported later all the same brings the click's part back.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from artwork.choice.events.attribution import SKEW_US, RewardEvent
from artwork.choice.events.rewards import append_rewards
from artwork.choice.events.worth import LAPSED, RewardPolicy
from artwork.choice.record.decisions import Scope
from artwork.choice.record.episodes import ASTRAY_US
from artwork.choice.record.ledger import Appended
from artwork.tables import decisions, rewards

BATCH = 1_000


class Lapses:
    """Goes through the clicks of the ledger in order, as their windows come to an end."""

    def __init__(self, policy: RewardPolicy) -> None:
        self._policy = policy
        self._after: int | None = None
        """Clicks up to this seq were looked at; None: not known yet."""

    def write(
        self, connection: sa.Connection, scope: Scope, at_us: int
    ) -> tuple[int, Appended | None]:
        """Let up to `BATCH` clicks lapse: the last seq looked at, and what is to be learned."""
        if self._after is None:
            self._after = _begin(connection, scope.tenant)
        return _lapse(connection, scope, self._after, at_us, self._policy)

    def written(self, upto: int) -> None:
        """Note that a write is committed: its clicks need not be looked at again."""
        self._after = upto


def _lapse(
    connection: sa.Connection, scope: Scope, after: int, at_us: int, policy: RewardPolicy
) -> tuple[int, Appended | None]:
    if not policy.click_bait.lapse:
        return after, None
    due = at_us - policy.window_us("click") - SKEW_US
    clicks = connection.execute(_CLICKS, {"tenant": scope.tenant, "after": after}).all()
    looked = []
    for click in clicks:
        if due < click.decided_us <= at_us + ASTRAY_US:
            break  # not yet over; those behind it wait with it, but not for a clock far ahead
        looked.append(click)
    if not looked:
        return after, None
    alone = _alone(connection, scope.tenant, [click.decision_id for click in looked])
    events = [RewardEvent(decision_id, LAPSED, 1.0) for decision_id in alone]
    appended = None
    if events:
        _, appended = append_rewards(connection, scope, events, at_us, policy)
    return int(looked[-1].seq), appended


def _begin(connection: sa.Connection, tenant: str) -> int:
    """Where to begin after a start: at the click of the newest decision that lapsed."""
    r = rewards.c
    newest = connection.scalar(
        sa.select(r.decision_id)
        .where(r.tenant == tenant, r.kind == LAPSED)
        .order_by(r.seq.desc())
        .limit(1)
    )
    if newest is None:
        return 0
    seq = connection.scalar(
        sa.select(sa.func.min(r.seq)).where(r.tenant == tenant, r.decision_id == newest)
    )
    return int(seq or 1) - 1


def _alone(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> list[str]:
    """Those of which nothing but the showing and the click is known, in order."""
    r = rewards.c
    kinds: dict[str, set[str]] = {}
    for decision_id, kind in connection.execute(
        sa.select(r.decision_id, r.kind).where(r.tenant == tenant, r.decision_id.in_(ids))
    ):
        kinds.setdefault(decision_id, set()).add(kind)
    return [each for each in dict.fromkeys(ids) if kinds[each] <= {"click", "impression"}]


_CLICKS: sa.Select[Any] = (
    sa.select(rewards.c.seq, rewards.c.decision_id, decisions.c.decided_us)
    .select_from(
        rewards.join(
            decisions,
            (decisions.c.tenant == rewards.c.tenant) & (decisions.c.id == rewards.c.decision_id),
        )
    )
    .where(
        rewards.c.tenant == sa.bindparam("tenant"),
        rewards.c.kind == "click",
        rewards.c.seq > sa.bindparam("after"),
    )
    .order_by(rewards.c.seq)
    .limit(BATCH)
)
