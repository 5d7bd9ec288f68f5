"""Statements of SQLAlchemy Core, compiled once and run by the driver's own cursor.

For the few statements that every request runs: a call of `Connection.execute` costs 60 to 100 µs
more than the database needs for a row by its key. SQLAlchemy still writes the SQL, for SQLite and
Postgres, owns the connection and its transaction, and names the errors.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect


@dataclass(frozen=True, slots=True)
class _Text:
    sql: str
    order: Sequence[str] | None
    """Of the parameters, where they have no names."""
    own: Mapping[str, Any]
    """Values that are the statement's own, such as those of a LIMIT."""

    def parameters(self, values: Mapping[str, Any]) -> Any:
        values = {**self.own, **values} if self.own else values
        return values if self.order is None else [values[name] for name in self.order]


class Compiled:
    """One statement. Values are handed to the driver as they are: numbers, text, bytes, bools.

    Args:
        keys: the columns of an insert; those that are left out have their defaults.
        many: of a select, a column that has to be one of several values, given to `all`.
    """

    def __init__(
        self,
        statement: sa.Executable,
        *,
        keys: Sequence[str] | None = None,
        many: sa.ColumnElement[Any] | None = None,
    ) -> None:
        self._statement, self._keys, self._many = statement, keys, many
        self._texts: dict[tuple[str, int], _Text] = {}

    def insert(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run once for each of the rows, of which there is at least one.

        Raises:
            sqlalchemy.exc.DBAPIError: as `Connection.execute`.
        """
        text = self._text(connection.dialect, 0)
        told = [text.parameters(row) for row in rows]
        with _cursor(connection, text.sql) as cursor:
            if len(told) == 1:
                cursor.execute(text.sql, told[0])
            else:
                cursor.executemany(text.sql, told)

    def all(
        self, connection: sa.Connection, values: Mapping[str, Any], many: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        """The rows. `many` has at least one value."""
        size = 1 << (len(many) - 1).bit_length() if many else 0
        text = self._text(connection.dialect, size)
        if many:  # filled up with what is there already: few texts serve all lengths
            filled = [*many, *[many[-1]] * (size - len(many))]
            values = {**values, **dict(zip(_names(size), filled, strict=True))}
        with _cursor(connection, text.sql) as cursor:
            cursor.execute(text.sql, text.parameters(values))
            return cursor.fetchall()  # type: ignore[no-any-return]

    def _text(self, dialect: Dialect, size: int) -> _Text:
        found = self._texts.get((dialect.name, size))
        if found is None:
            statement: Any = self._statement
            if self._many is not None:
                among = [sa.bindparam(name, type_=self._many.type) for name in _names(size)]
                statement = statement.where(self._many.in_(among))
            text = statement.compile(dialect=dialect, column_keys=self._keys)
            order = list(text.positiontup) if text.positional else None
            own = {} if self._keys else {k: v for k, v in text.params.items() if v is not None}
            found = self._texts[dialect.name, size] = _Text(str(text), order, own)
        return found


def _names(size: int) -> list[str]:
    return [f"one_{i}" for i in range(size)]


@contextmanager
def _cursor(connection: sa.Connection, text: str) -> Iterator[Any]:
    if not connection.in_transaction():  # as SQLAlchemy itself would
        connection.begin()
    driver = connection.dialect.loaded_dbapi
    try:
        cursor = connection.connection.cursor()  # raises where the connection broke meanwhile
        try:
            yield cursor
        finally:
            cursor.close()
    except driver.Error as error:
        raise named(error, text, connection) from error


def named(error: Exception, text: str, connection: sa.Connection) -> sa.exc.DBAPIError:
    """A driver's error as SQLAlchemy's; it hides the parameters of its statement."""
    dialect = connection.dialect
    raised: Any = error  # of a type that the driver alone has
    broke = dialect.is_disconnect(raised, connection.connection.dbapi_connection, None)
    found = sa.exc.DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=broke,
        dialect=dialect,
    )
    assert isinstance(found, sa.exc.DBAPIError)
    return found
