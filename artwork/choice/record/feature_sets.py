"""Which feature sets a ledger has known, which is in use, and which a reindex has cut over to."""

from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.features import feature_set_id
from artwork.choice.record.ledger import insert_new
from artwork.tables import decisions, feature_sets, folds


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """`refolded`: rows up to this seq that were made with others have features of this one."""

    id: str
    encoder: str | None
    refolded: int
    left_out: int
    ready_us: int | None

    @property
    def runs(self) -> bool:
        """Are these still the features that this release makes?"""
        return feature_set_id(self.encoder) == self.id


def known(connection: sa.Connection, tenant: str, feature_set: str) -> FeatureSet | None:
    row = connection.execute(_KNOWN, {"of": tenant, "set": feature_set}).first()
    return None if row is None else FeatureSet(**row._mapping)


def register(connection: sa.Connection, tenant: str, encoder: str | None) -> FeatureSet:
    """The feature set of an encoder, made known where it is not."""
    name = feature_set_id(encoder)
    row = {"tenant": tenant, "feature_set": name, "encoder": encoder, "refolded": 0, "left_out": 0}
    insert_new(connection, feature_sets, [row])
    found = known(connection, tenant, name)
    assert found is not None
    return found


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
    """Tell that a reindex has cut over to a feature set: whoever chooses may follow."""
    f = feature_sets.c
    mine = (f.tenant == tenant) & (f.feature_set == feature_set)
    connection.execute(sa.update(feature_sets).where(mine).values(ready_us=at_us))


def retire_others(connection: sa.Connection, tenant: str, feature_set: str) -> None:
    """A set that is left is taken up again only after a further reindex."""
    f = feature_sets.c
    others = (f.tenant == tenant) & (f.feature_set != feature_set)
    connection.execute(sa.update(feature_sets).where(others).values(ready_us=None))


_KNOWN = sa.select(
    feature_sets.c.feature_set.label("id"),
    *(feature_sets.c[name] for name in ("encoder", "refolded", "left_out", "ready_us")),
).where(
    feature_sets.c.tenant == sa.bindparam("of"), feature_sets.c.feature_set == sa.bindparam("set")
)
