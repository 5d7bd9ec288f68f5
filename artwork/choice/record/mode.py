"""How the choice is made at a time, for a whole deployment, and the record of its changes.

`learn` draws from what is believed; `explore` beside it gives all pictures an even share; `freeze`
draws from the belief of one offset of the ledger; `shadow` answers what the house would show
without Keyart, learns from it, and compares; `incumbent` answers as `shadow`, because a guardrail
broke.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa

from artwork.choice.record.ways import Way
from artwork.tables import mode_changes

Mode = Literal["learn", "explore", "freeze", "shadow", "incumbent"]
Wanted = Literal["learn", "explore", "freeze", "shadow"]
"""What a person may ask for."""
EXPLORE_SHARE = 0.1
"""Of the probability, shared evenly in `explore` where nothing else is told."""
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True, slots=True)
class Change:
    """A mode and what it began with; `n` counts the changes, 0 is before any."""

    n: int = 0
    mode: Mode = "learn"
    share: float = EXPLORE_SHARE
    """0..1, for `explore`."""
    seq: int = 0
    """How much of the ledger was learned then; `freeze` draws from that for as long as it lasts."""
    at_us: int | None = None
    by: str | None = None
    """Who asked for it; `guardrail` when nobody did."""
    why: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stance:
    """What a mode comes to for one request."""

    way: Way = "learn"
    floor: float = 0.0
    """Probability shared by all arms, 0..1."""
    held: bool = False
    """Is the incumbent the only arm on offer?"""
    compares: bool = False
    """Is it noted whether the policy would have chosen the same?"""


def stance(change: Change, viewer: bytes | None, *, floor: float, holdout: float) -> Stance:
    """Of a request by a viewer (16 bytes of a keyed hash; None: not known)."""
    if change.mode in ("shadow", "incumbent"):
        way: Way = "shadow" if change.mode == "shadow" else "incumbent"
        return Stance(way, floor, held=True, compares=True)
    if viewer is not None and in_control(viewer, holdout):
        return Stance("control", floor, held=True)
    match change.mode:
        case "explore":
            return Stance("explore", max(floor, change.share))
        case "freeze":
            return Stance("freeze", floor)
    return Stance("learn", floor)


def in_control(viewer: bytes, holdout: float) -> bool:
    """Is this viewer one of those who are always shown the incumbent? The same for ever; a larger
    share keeps those of a smaller one."""
    return int.from_bytes(viewer[:8], "big") < holdout * 2.0**64


def newest(connection: sa.Connection, tenant: str) -> Change:
    """The change in force."""
    found = changes(connection, tenant, before=None, limit=1)
    return found[0] if found else Change()


def changes(
    connection: sa.Connection, tenant: str, *, before: int | None, limit: int
) -> list[Change]:
    """The changes that there were, the newest first; those before number `before`."""
    c = mode_changes.c
    earlier = sa.true() if before is None else c.n < before
    rows = connection.execute(
        sa.select(c.n, c.mode, c.share, c.seq, c.at_us, c.by, c.why)
        .where(c.tenant == tenant, earlier)
        .order_by(c.n.desc())
        .limit(limit)
    )
    return [Change(*row) for row in rows]


def append_change(
    connection: sa.Connection,
    tenant: str,
    mode: Mode,
    share: float,
    seq: int,
    *,
    at_us: int,
    by: str | None,
    why: Mapping[str, Any] | None,
) -> Change:
    """Put another mode in force, behind whatever was put before; the ledger's head is locked."""
    made = Change(newest(connection, tenant).n + 1, mode, share, seq, at_us, by, why)
    row = {"tenant": tenant, "n": made.n, "mode": mode, "share": share, "seq": seq}
    row |= {"at_us": at_us, "by": by, "why": None if why is None else dict(why)}
    connection.execute(mode_changes.insert(), row)
    return made


def change_count(tenant: sa.BindParameter[str]) -> sa.ScalarSelect[Any]:
    """How many changes there were, to be read along with something else."""
    c = mode_changes.c
    return (
        sa.select(sa.func.coalesce(sa.func.max(c.n), 0)).where(c.tenant == tenant).scalar_subquery()
    )
