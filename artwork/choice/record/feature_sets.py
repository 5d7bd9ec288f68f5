"""Which feature sets a ledger has known, which is in use, and which one is to follow."""

from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from artwork.choice.belief.features import Lens
from artwork.choice.belief.looks import Projection
from artwork.choice.record.ledger import insert_new
from artwork.tables import decisions, feature_sets, folds


@dataclass(frozen=True)
class FeatureSet:
    """`refolded`: rows up to this seq that were made with others have features of this one."""

    id: str
    encoder: str | None
    refolded: int
    left_out: int
    ready_us: int | None
    projection: bytes | None
    pictures: int
    """The projection was fitted on so many."""

    @cached_property
    def lens(self) -> Lens:
        packed = self.projection
        return Lens(self.encoder, None if packed is None else Projection.unpacked(packed))

    @property
    def runs(self) -> bool:
        """Are these still the features that this release makes?"""
        return self.lens.feature_set == self.id


def known(connection: sa.Connection, tenant: str, feature_set: str) -> FeatureSet | None:
    row = connection.execute(_KNOWN, {"of": tenant, "set": feature_set}).first()
    return None if row is None else FeatureSet(**row._mapping)


def register(
    connection: sa.Connection, tenant: str, lens: Lens, *, pictures: int = 0
) -> FeatureSet:
    """The feature set of a lens, made known where it is not."""
    projection = None if lens.projection is None else lens.projection.packed()
    row = {
        "tenant": tenant,
        "feature_set": lens.feature_set,
        "encoder": lens.encoder,
        "refolded": 0,
        "left_out": 0,
        "projection": projection,
        "pictures": pictures,
    }
    insert_new(connection, feature_sets, [row])
    found = known(connection, tenant, lens.feature_set)
    assert found is not None
    return found


def widest(connection: sa.Connection, tenant: str, encoder: str | None) -> FeatureSet | None:
    """Of an encoder's feature sets that this release makes, the one that knows most pictures."""
    f = feature_sets.c
    mine = (f.tenant == tenant) & f.encoder.is_not_distinct_from(encoder)
    rows = connection.execute(sa.select(*_COLUMNS).where(mine).order_by(f.pictures.desc()))
    found = (FeatureSet(**row._mapping) for row in rows)
    return next((each for each in found if each.runs), None)


def announced(connection: sa.Connection, tenant: str) -> str | None:
    """The feature set that whoever chooses is to follow: the one told last."""
    f = feature_sets.c
    return connection.scalar(
        sa.select(f.feature_set)
        .where(f.tenant == tenant, f.ready_us.is_not(None))
        .order_by(f.ready_us.desc())
        .limit(1)
    )


def in_use(connection: sa.Connection, tenant: str) -> str | None:
    """The feature set that the ledger was last written with; None for an empty ledger."""
    last: tuple[int, str | None] = (0, None)
    for table in (decisions, folds):
        row = connection.execute(
            sa.select(table.c.seq, table.c.feature_set)
            .where(table.c.tenant == tenant)
            .order_by(table.c.seq.desc())
            .limit(1)
        ).first()
        if row is not None and row.seq > last[0]:
            last = (row.seq, row.feature_set)
    return last[1]


def announce(connection: sa.Connection, tenant: str, feature_set: str, at_us: int) -> None:
    """Tell that a feature set is made for the whole ledger: whoever chooses may follow.

    It is later than any told before, whatever the clock says.
    """
    f = feature_sets.c
    last = connection.scalar(sa.select(sa.func.max(f.ready_us)).where(f.tenant == tenant))
    ready_us = at_us if last is None else max(at_us, last + 1)
    mine = (f.tenant == tenant) & (f.feature_set == feature_set)
    connection.execute(sa.update(feature_sets).where(mine).values(ready_us=ready_us))


def retire_others(connection: sa.Connection, tenant: str, feature_set: str) -> None:
    """A set that is left is taken up again only when it is announced again."""
    f = feature_sets.c
    others = (f.tenant == tenant) & (f.feature_set != feature_set)
    connection.execute(sa.update(feature_sets).where(others).values(ready_us=None))


_COLUMNS = (
    feature_sets.c.feature_set.label("id"),
    *(feature_sets.c[name] for name in ("encoder", "refolded", "left_out", "ready_us")),
    *(feature_sets.c[name] for name in ("projection", "pictures")),
)
_KNOWN = sa.select(*_COLUMNS).where(
    feature_sets.c.tenant == sa.bindparam("of"), feature_sets.c.feature_set == sa.bindparam("set")
)
