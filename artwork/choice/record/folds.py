"""Marks in the ledger: from here on the learned state is one that was folded anew.

A mark takes a seq of the ledger. It tells with which landmark and through which feature set the
rows up to `base` were folded, and that the posterior was made of their sums there. So the state at
any offset, the bits of its floats too, follows from the ledger's rows up to it.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.record.decisions import Scope
from artwork.choice.record.ledger import take_seqs
from artwork.tables import folds


@dataclass(frozen=True, slots=True)
class Mark:
    seq: int
    base: int
    landmark_us: int | None


PLAIN = Mark(0, 0, None)
"""What holds without any mark: the rows are learned one by one from the first on, with weight 1."""


def mark_at(connection: sa.Connection, scope: Scope, offset: int) -> Mark:
    """The mark that holds at an offset of the ledger."""
    f = folds.c
    row = connection.execute(
        sa.select(f.seq, f.base, f.landmark_us)
        .where(
            f.tenant == scope.tenant,
            f.policy_id == scope.policy_id,
            f.feature_set == scope.feature_set,
            f.seq <= offset,
        )
        .order_by(f.seq.desc())
        .limit(1)
    ).first()
    return PLAIN if row is None else Mark(*row)


def append_mark(
    connection: sa.Connection, scope: Scope, base: int, landmark_us: int | None, at_us: int
) -> Mark:
    seq = take_seqs(connection, scope.tenant, 1)
    connection.execute(
        folds.insert(),
        {
            "tenant": scope.tenant,
            "seq": seq,
            "policy_id": scope.policy_id,
            "feature_set": scope.feature_set,
            "base": base,
            "landmark_us": landmark_us,
            "made_us": at_us,
        },
    )
    return Mark(seq, base, landmark_us)


def marks_within(connection: sa.Connection, scope: Scope, after: int, upto: int) -> list[int]:
    """The seqs of the marks with `after < seq <= upto`, in order."""
    f = folds.c
    query = sa.select(f.seq).where(
        *(f.tenant == scope.tenant, f.policy_id == scope.policy_id),
        *(f.feature_set == scope.feature_set, f.seq > after, f.seq <= upto),
    )
    return list(connection.scalars(query.order_by(f.seq)))
