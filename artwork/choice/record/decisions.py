"""A decision as it is logged, and reading it back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from artwork.choice.belief.features import Context
from artwork.choice.belief.packing import packed, unpacked
from artwork.choice.belief.sums import I16
from artwork.choice.record.ways import Way, code_of, way_of
from artwork.tables import decision_features, decisions, offers
from content.compiled import Compiled


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose ledger, and which policy reads it through which features."""

    tenant: str
    policy_id: str
    feature_set: str


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A decision as it is logged."""

    id: str
    offer_id: str
    title_id: str
    viewer: bytes | None
    context: Context
    chosen: int
    counts: npt.NDArray[np.uint16]
    floor: float
    seed: bytes
    x: I16
    """(d,) the chosen arm's features."""
    policy_id: str
    feature_set: str
    ledger_offset: int
    decided_us: int
    expires_us: int
    deferred: bool
    way: Way = "learn"
    agrees: bool | None = None
    """Where the incumbent was answered: would the policy have chosen it? None: not looked at."""
    narrowed: int = 0
    """Why allowed pictures were not on offer, in bits: `offer.narrowings`."""
    seq: int = 0
    """Its place in the ledger; 0 until it has one."""


@dataclass(frozen=True, slots=True)
class OfferedArms:
    """The arms of a logged offer, in the order of the counts."""

    aspect: str
    variants: tuple[str, ...]
    groups: tuple[str, ...]


def load(
    connection: sa.Connection, tenant: str, ids: Sequence[str]
) -> dict[str, tuple[Decision, OfferedArms]]:
    """The decisions of these ids that exist."""
    # Text that no database takes (NUL, lone surrogates) cannot be the id of anything.
    ids = [decision_id for decision_id in ids if decision_id.isprintable()]
    rows = connection.execute(
        _DECISIONS.where(decisions.c.tenant == tenant, decisions.c.id.in_(ids))
    )
    return {row.id: (_decision(row), _arms(row)) for row in rows.mappings()}


def learned_x(connection: sa.Connection, scope: Scope, found: Sequence[Decision]) -> dict[str, I16]:
    """The features (d,) with which decisions are learned in a feature set, by id.

    Their own where they were decided with this set, else those made of them anew; decisions
    without such are left out.
    """
    own = {decision.id: decision.x for decision in found}
    others = [d.id for d in found if d.feature_set != scope.feature_set]
    if not others:
        return own
    d, f = decisions.c, decision_features.c
    rows = connection.execute(
        sa.select(d.id, f.data)
        .join(decision_features, (f.tenant == d.tenant) & (f.seq == d.seq))
        .where(d.tenant == scope.tenant, d.id.in_(others), f.feature_set == scope.feature_set)
    )
    anew = {row.id: unpacked(row.data) for row in rows}
    return {name: x for name, x in own.items() if name not in set(others)} | anew


def read_page(
    connection: sa.Connection, scope: Scope, after: int, upto: int, limit: int
) -> list[tuple[int, Decision, OfferedArms]]:
    """Decisions of a policy and feature set with `after < seq <= upto`: in order, with the seq."""
    d = decisions.c
    rows = connection.execute(
        _DECISIONS.where(
            *(d.tenant == scope.tenant, d.policy_id == scope.policy_id),
            *(d.feature_set == scope.feature_set, d.seq > after, d.seq <= upto),
        )
        .order_by(d.seq)
        .limit(limit)
    )
    return [(row["seq"], _decision(row), _arms(row)) for row in rows.mappings()]


def latest_episodes(
    connection: sa.Connection, tenant: str, viewer: bytes, title_ids: Sequence[str], now_us: int
) -> list[tuple[Decision, OfferedArms]]:
    """A viewer's decisions that have not expired, the oldest first."""
    mine = {"tenant": tenant, "viewer": viewer, "now": now_us}
    found = _EPISODES.all(connection, mine, title_ids)
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in found]
    return [(_decision(row), _arms(row)) for row in rows]


def offer_arms(connection: sa.Connection, tenant: str, offer_id: str) -> OfferedArms:
    row = connection.execute(
        sa.select(offers.c.aspect, offers.c.arms).where(
            offers.c.tenant == tenant, offers.c.id == offer_id
        )
    ).mappings()
    return _arms(row.one())


def decision_row(tenant: str, seq: int, decision: Decision) -> dict[str, Any]:
    # An array, not an object: the names of the fields would be a fifth of the row.
    # What is not told at its end is left out: a row of today's and an older one read alike.
    context = list(vars(decision.context).values())
    while context and context[-1] is None:
        context.pop()
    return {
        "tenant": tenant,
        "id": decision.id,
        "seq": seq,
        "offer_id": decision.offer_id,
        "title_id": decision.title_id,
        "viewer": decision.viewer,
        "context": json.dumps(context, separators=(",", ":")),
        "chosen": decision.chosen,
        "counts": decision.counts.astype("<u2").tobytes(),
        "floor": decision.floor,
        "seed": decision.seed,
        "x": packed(decision.x),
        "policy_id": decision.policy_id,
        "feature_set": decision.feature_set,
        "ledger_offset": decision.ledger_offset,
        "decided_us": decision.decided_us,
        "expires_us": decision.expires_us,
        "deferred": decision.deferred,
        "way": code_of(decision.way),
        "agrees": decision.agrees,
        "narrowed": decision.narrowed or None,
    }


def _decision(row: Mapping[Any, Any]) -> Decision:
    return Decision(
        id=row["id"],
        offer_id=row["offer_id"],
        title_id=row["title_id"],
        viewer=row["viewer"],
        context=Context(*json.loads(row["context"])),
        chosen=row["chosen"],
        counts=np.frombuffer(row["counts"], "<u2").astype(np.uint16),
        floor=row["floor"],
        seed=row["seed"],
        x=unpacked(row["x"]),
        policy_id=row["policy_id"],
        feature_set=row["feature_set"],
        ledger_offset=row["ledger_offset"],
        decided_us=row["decided_us"],
        expires_us=row["expires_us"],
        deferred=bool(row["deferred"]),
        way=way_of(row["way"]),
        agrees=None if row["agrees"] is None else bool(row["agrees"]),
        narrowed=row["narrowed"] or 0,
        seq=row["seq"],
    )


def _arms(row: Mapping[Any, Any]) -> OfferedArms:
    pairs = json.loads(row["arms"])
    return OfferedArms(row["aspect"], tuple(v for v, _ in pairs), tuple(g for _, g in pairs))


_DECISIONS = sa.select(decisions, offers.c.aspect, offers.c.arms).join(
    offers, (offers.c.tenant == decisions.c.tenant) & (offers.c.id == decisions.c.offer_id)
)
_COLUMNS = _DECISIONS.selected_columns.keys()
_EPISODES = Compiled(
    _DECISIONS.where(
        decisions.c.tenant == sa.bindparam("tenant"),
        decisions.c.viewer == sa.bindparam("viewer"),
        decisions.c.expires_us > sa.bindparam("now"),
    ).order_by(decisions.c.seq),
    many=decisions.c.title_id,
)
