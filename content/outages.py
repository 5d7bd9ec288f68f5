"""A database that is away: which of its errors may pass, and what a caller is told of them."""

import sqlite3

import sqlalchemy as sa

from content.errors import OutcomeUnknown, Unavailable

DatabaseError = sa.exc.SQLAlchemyError
"""Whatever a database, or the way to it, raises."""
RETRY_S = 2
"""When to come back: a restart of Postgres takes about as long."""


def away(error: BaseException) -> bool:
    """Whether the database is at fault and not the statement: the same may work later.

    It is stopped or stopping, the connection broke, no connection was free, a lock was not to be
    had, its disk is full.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return isinstance(error, sa.exc.TimeoutError)
    if error.connection_invalidated:
        return True
    if not isinstance(error, sa.exc.OperationalError):
        return False
    # SQLite says so of a statement that makes no sense, too.
    primary = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return primary != sqlite3.SQLITE_ERROR


def records_unavailable() -> Unavailable:
    return Unavailable(
        "records_unavailable", "the database does not answer; try again", retry_after_s=RETRY_S
    )


def outcome_unknown() -> OutcomeUnknown:
    return OutcomeUnknown(
        "outcome_unknown",
        "the database went away while it committed: what was sent may be kept or not; send the "
        "same again, with the same ids",
        retry_after_s=RETRY_S,
    )
