"""A COMMIT that was not answered: what was kept counts as kept, and nothing else does."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from content.errors import OutcomeUnknown
from content.outages import away
from content.receipts import Receipts
from content.records import Writer, open_engine
from content.tables import titles, writer_receipts
from tests.breaking import Breaking

pytestmark = pytest.mark.postgres


@pytest.fixture
def writer(way: Breaking) -> Iterator[Writer]:
    engine = open_engine(way.url.render_as_string(hide_password=False))
    made = Writer(engine, receipts=Receipts(engine, patience_s=0.3))
    yield made
    made.close()
    engine.dispose()


def title(name: str):
    row = {"tenant": "default", "id": name, "version": 1, "latest": 1,
           "created_us": 1, "updated_us": 1}  # fmt: skip

    def write(connection: sa.Connection) -> str:
        connection.execute(titles.insert(), row)
        return name

    return write


def stored(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(titles.c.id).order_by(titles.c.id)))


@pytest.mark.parametrize("before", [0, 3])
def test_what_was_kept_is_answered_though_the_database_did_not(
    writer: Writer, way: Breaking, direct: sa.Engine, before: int
) -> None:
    """The first transaction of a writer makes its row, later ones change it."""
    for n in range(before):
        writer.submit(title(f"a{n}")).result(10)
    way.next = "kept"
    assert writer.submit(title("b")).result(10) == "b"
    assert writer.submit(title("c")).result(10) == "c"
    assert stored(direct) == [*(f"a{n}" for n in range(before)), "b", "c"]


@pytest.mark.parametrize("before", [0, 3])
def test_what_was_lost_is_an_error_and_may_be_sent_again(
    writer: Writer, way: Breaking, direct: sa.Engine, before: int
) -> None:
    for n in range(before):
        writer.submit(title(f"a{n}")).result(10)
    way.next = "lost"
    error = writer.submit(title("b")).exception(10)
    assert isinstance(error, sa.exc.DBAPIError) and away(error)
    assert writer.submit(title("b")).result(10) == "b"
    assert stored(direct) == [*(f"a{n}" for n in range(before)), "b"]


@pytest.mark.parametrize("how", ["kept", "lost"])
def test_what_cannot_be_found_out_is_told_as_unknown(
    writer: Writer, way: Breaking, direct: sa.Engine, how: str
) -> None:
    way.next, way.for_good = how, True  # type: ignore[assignment]
    assert isinstance(writer.submit(title("a")).exception(10), OutcomeUnknown)
    error = writer.submit(title("b")).exception(10)  # not even begun
    assert error is not None and away(error) and not isinstance(error, OutcomeUnknown)
    way.for_good = False
    assert writer.submit(title("b")).result(10) == "b"
    assert stored(direct) == (["a", "b"] if how == "kept" else ["b"])


def test_a_transaction_that_has_not_ended_is_waited_for(direct: sa.Engine) -> None:
    """The connection may be gone for the client alone: the server commits a moment later."""
    receipts = Receipts(direct, patience_s=5)
    for _ in range(2):  # the row is inserted, then changed
        connection = direct.connect()
        number = receipts.sign(connection)
        threading.Timer(0.3, connection.commit).start()
        assert receipts.kept(number) is True
        connection.close()
    connection = direct.connect()
    number = receipts.sign(connection)
    threading.Timer(0.3, connection.rollback).start()
    assert receipts.kept(number) is False
    connection.close()


def test_rows_of_writers_long_gone_go(direct: sa.Engine) -> None:
    now = 1_000_000_000_000_000
    old = Receipts(direct, clock=lambda: now)
    with direct.begin() as connection:
        old.sign(connection)
    week = 7 * 86_400_000_000
    for later, rows in ((week, 2), (week + 2, 2)):  # the one of a week stays
        with direct.begin() as connection:
            Receipts(direct, clock=lambda later=later: now + later).sign(connection)
        with direct.connect() as connection:
            assert (
                connection.scalar(sa.select(sa.func.count()).select_from(writer_receipts)) == rows
            )
