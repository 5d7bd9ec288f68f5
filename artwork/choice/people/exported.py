"""The rows that are held of a viewer, as plain values: one record a decision, one a watch event."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.features import FACTS, ORIGINS
from artwork.choice.belief.looks import LOOK as LOOKS
from artwork.choice.belief.policy import mix
from artwork.choice.belief.sums import I16, SCALE
from artwork.choice.events.rewards import rewards_of
from artwork.choice.record.decisions import Decision, OfferedArms, load
from artwork.tables import impressions, late_features, variants, watch_events
from content.ids import iso

LOOK = tuple(f"look_{n}" for n in range(1, LOOKS + 1))
NAMES = (*FACTS, *LOOK, *ORIGINS)
"""Of the 33 numbers of a taste and of a picture's descriptor."""
Record = dict[str, Any]


def named(numbers: I16) -> dict[str, float]:
    """A taste's or descriptor's numbers by name."""
    return dict(zip(NAMES, (numbers / SCALE).round(4).tolist(), strict=True))


def decision_records(
    connection: sa.Connection, tenant: str, ids: Sequence[str]
) -> Iterator[Record]:
    """Each with its context, the picture shown, showings and rewards, in the order of the ids."""
    found = load(connection, tenant, ids)
    shown = _showings(connection, tenant, ids)
    images = _images(
        connection, tenant, {arms.variants[made.chosen] for made, arms in found.values()}
    )
    for decision_id in ids:
        if decision_id in found:
            earned = [_timed(asdict(row)) for row in rewards_of(connection, tenant, decision_id)]
            yield {
                **_decision(*found[decision_id], images),
                "impressions": shown.get(decision_id, []),
                "rewards": earned,
            }


def _showings(
    connection: sa.Connection, tenant: str, ids: Sequence[str]
) -> dict[str, list[Record]]:
    i = impressions.c
    rows = connection.execute(
        sa.select(i.decision_id, i.first, i.shown_us)
        .where(i.tenant == tenant, i.decision_id.in_(ids))
        .order_by(i.seq)
    )
    shown: dict[str, list[Record]] = {}
    for row in rows:
        record = {"shown_at": iso(row.shown_us), "first": row.first}
        shown.setdefault(row.decision_id, []).append(record)
    return shown


def _images(connection: sa.Connection, tenant: str, chosen: set[str]) -> dict[str, str]:
    """Variant → its master's hash, of the newest version; those deleted since are missing."""
    v = variants.c
    rows = connection.execute(
        sa.select(v.id, v.sha256).where(v.tenant == tenant, v.id.in_(chosen)).order_by(v.version)
    )
    return {row.id: row.sha256 for row in rows}


def _decision(decision: Decision, arms: OfferedArms, images: dict[str, str]) -> Record:
    pmf = mix(decision.counts, decision.floor)
    variant = arms.variants[decision.chosen]
    return {
        "decision_id": decision.id,
        "title_id": decision.title_id,
        "decided_at": iso(decision.decided_us),
        "expires_at": iso(decision.expires_us),
        "context": asdict(decision.context),
        "aspect": arms.aspect,
        "variant_id": variant,
        "group_id": arms.groups[decision.chosen],
        "image": images.get(variant),
        "propensity": float(pmf[decision.chosen]),
        "propensities": dict(zip(arms.variants, pmf.tolist(), strict=True)),
        "policy_id": decision.policy_id,
        "feature_set": decision.feature_set,
        "features": (decision.x / SCALE).round(4).tolist(),
        "deferred": decision.deferred,
        "mode": decision.way,
    }


def watch_records(connection: sa.Connection, tenant: str, seqs: Sequence[int]) -> Iterator[Record]:
    """Each with its title's look, as it was then or, where it came before any picture, at first."""
    w, late = watch_events.c, late_features.c
    told = sa.and_(
        w.features.is_(None),
        *(late.tenant == w.tenant, late.title_id == w.title_id, ~late.anew),
        *(late.after < w.seq, late.seq > w.seq),
    )
    look = sa.func.coalesce(w.features, late.features).label("features")
    rows = connection.execute(
        sa.select(w.title_id, w.kind, w.value, w.event_id, w.occurred_us, w.received_us, look)
        .select_from(watch_events.outerjoin(late_features, told))
        .where(w.tenant == tenant, w.seq.in_(seqs))
        .order_by(w.seq)
    )
    for row in rows.mappings():
        data = row["features"]
        numbers = None if data is None else _looked(np.frombuffer(data, "<i2"))
        yield _timed({**row, "features": numbers})


def _looked(numbers: I16) -> dict[str, float] | list[float]:
    """A title's mean by name; without names where an earlier release has made others."""
    if len(numbers) == len(NAMES):
        return named(numbers)
    plain: list[float] = (numbers / SCALE).round(4).tolist()
    return plain


def _timed(record: Record) -> Record:
    """`…_us` as ISO 8601 `…_at`."""
    return {
        f"{name.removesuffix('_us')}_at" if name.endswith("_us") else name: (
            iso(value) if name.endswith("_us") else value
        )
        for name, value in record.items()
    }
