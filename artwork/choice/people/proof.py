"""The proof that a viewer is forgotten: the ledger that remains teaches what is known, no more.

The remaining ledger is folded from nothing, beside the live state, and compared bit for bit; the
same from the newest checkpoint, which might have kept what the ledger has not. Every table is
searched for the viewer's pseudonym.
"""

import hashlib
import time
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.learning.desk import Desk
from artwork.choice.learning.learner import Learner, restore
from artwork.choice.record.ledger import head
from artwork.choice.record.marks import last_mark
from content.errors import Unavailable
from content.records import metadata, snapshot

Found = dict[str, int]
_PATIENCE = 100
_PAUSE_S = 0.1


@dataclass(frozen=True)
class Proof:
    """Of the state at `offset`, which `rows` activated decisions taught; `state` is its SHA-256."""

    offset: int
    rows: int
    sums_equal: bool
    posterior_equal: bool
    checkpoint_equal: bool
    state: str
    searched: int
    """Columns of all tables that were searched."""
    found: Found
    """Table → rows from before the mark that hold the viewer's pseudonym: none."""

    @property
    def holds(self) -> bool:
        return self.sums_equal and self.posterior_equal and self.checkpoint_equal and not self.found


def prove(desk: Desk, viewer: bytes, mark: int) -> Proof:
    """Folds the whole ledger: seconds for each 100,000 decisions, beside the requests.

    Raises:
        Unavailable: `not_started`, `learning_stopped`; `proof_disturbed`, when others are being
            forgotten all the while.
    """
    for _ in range(_PATIENCE):
        with snapshot(desk.engine).connect() as connection:
            with desk.lock:
                live = desk.ready().image()  # packed later: choices need not wait for that
                head(connection, desk.scope.tenant)  # the snapshot begins with the first read
            if not last_mark(connection, desk.scope.tenant, after=live.offset):
                found = search(connection, desk.scope.tenant, viewer, mark)
                return _compared(connection, desk, live.offset, live.packed(), found)
        time.sleep(_PAUSE_S)  # another removal is committed and about to be learned
    raise Unavailable("proof_disturbed", "rows are being removed all the while; try again")


def _compared(
    connection: sa.Connection, desk: Desk, offset: int, live: bytes, found: tuple[int, Found]
) -> Proof:
    known = Learner.unpacked(desk.parameters, live)
    anew = restore(connection, desk.scope, desk.parameters, offset, afresh=True)
    kept = restore(connection, desk.scope, desk.parameters, offset)
    return Proof(
        offset,
        anew.sums.rows,
        sums_equal=anew.sums == known.sums,
        posterior_equal=_belief(anew) == _belief(known),
        checkpoint_equal=kept.packed() == anew.packed(),
        state=hashlib.sha256(live).hexdigest(),
        searched=found[0],
        found=found[1],
    )


def _belief(learner: Learner) -> tuple[bytes, bytes]:
    return learner.posterior.P.tobytes(), learner.posterior.m.tobytes()


def search(connection: sa.Connection, tenant: str, viewer: bytes, before: int) -> tuple[int, Found]:
    """Every column of every table that could hold a pseudonym, as bytes or as hex: how many, and
    the rows with a hit by table. Of the ledger's rows those before the seq: whoever was forgotten
    may have come back.
    """
    searched, found = 0, {}
    for table in metadata.sorted_tables:
        hits = [
            hit for column in table.c if (hit := _holds(connection, column, viewer)) is not None
        ]
        if not hits:
            continue
        searched += len(hits)
        query = sa.select(sa.func.count()).select_from(table).where(sa.or_(*hits))
        if "seq" in table.c and table.name != "ledger_heads":
            query = query.where(table.c.tenant == tenant, table.c.seq < before)
        if count := connection.scalar(query):
            found[table.name] = int(count)
    return searched, found


def _holds(
    connection: sa.Connection, column: sa.Column[object], viewer: bytes
) -> sa.ColumnElement[bool] | None:
    match column.type:
        case sa.LargeBinary():
            part = sa.bindparam(None, viewer, sa.LargeBinary())
            if connection.dialect.name == "sqlite":
                return sa.func.instr(column, part) > 0
            return sa.func.position(part.op("IN")(column)) > 0
        case sa.String() | sa.JSON():
            return sa.cast(column, sa.Text).contains(viewer.hex())
    return None
