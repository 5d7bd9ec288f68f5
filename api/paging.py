"""Keyset paging: `limit` and an opaque `cursor` in, `next` out."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from api.schemas.common import Item, Page
from content.errors import Invalid

Row = TypeVar("Row")

LIMIT_MAX = 200
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many items at most.")]
CURSOR_MAX = 512
Cursor = Annotated[
    str | None, Query(max_length=CURSOR_MAX, description="`next` of the page before; opaque.")
]


def encode(key: str) -> str:
    """A list's last key as a cursor."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode(cursor: str | None) -> str | None:
    """The key that a cursor stands for.

    Raises:
        Invalid: `invalid_cursor`.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise refusal() from error


def decode_int(cursor: str | None) -> int | None:
    """As `decode`, for lists whose key is a number."""
    key = decode(cursor)
    if key is None:
        return None
    if not key.isdecimal() or len(key) > 18:
        raise refusal()
    return int(key)


def page(
    rows: Sequence[Row], limit: int, show: Callable[[Row], Item], key: Callable[[Row], str]
) -> Page[Item]:
    """The first `limit` of `rows`, of which the caller read one more than it shows."""
    shown = rows[:limit]
    following = encode(key(shown[-1])) if len(rows) > limit else None
    return Page(items=[show(row) for row in shown], next=following)


def refusal() -> Invalid:
    """That a cursor is none of this list's."""
    return Invalid("invalid_cursor", "use the `next` of the page before, unchanged")
