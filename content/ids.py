"""Identifiers and time: how things are named, and when they happened."""

import re
import time
import uuid
from datetime import UTC, datetime, timedelta

import uuid_utils

from content.errors import Invalid

TITLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
AGE = re.compile(r"([1-9][0-9]{0,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
NAMESPACE = uuid.UUID("6b0d6f0e-53a4-5f4e-9a57-6b6579617274")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_TENANT = "default"


def new_id() -> str:
    """A time-ordered id with 74 random bits (UUID version 7, RFC 9562)."""
    return str(uuid_utils.uuid7())


def time_of(id_: str) -> int | None:
    """When an id of `new_id` was made, in µs UTC (exact to 1 ms); None for any other text."""
    try:
        made = uuid.UUID(id_)
    except ValueError:
        return None
    return (made.int >> 80) * 1000 if made.version == 7 else None


def stable_id(tenant: str, *parts: str) -> str:
    """The same id for the same parts, always (UUID version 5, RFC 9562)."""
    # The separator cannot occur in an id, so ("a", "bc") and ("ab", "c") differ.
    return str(uuid.uuid5(NAMESPACE, "\x1f".join((tenant, *parts))))


def check_title_id(value: str) -> str:
    """Return `value` if it may name a title.

    Raises:
        Invalid: `invalid_title_id`, unless it matches `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`
            and holds no `..`.
    """
    if not TITLE_ID.fullmatch(value) or ".." in value:
        raise Invalid(
            "invalid_title_id",
            "a title id has 1 to 128 letters, digits, dots, underscores or hyphens, starts with "
            "a letter or digit and holds no '..'",
        )
    return value


def now_us() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def iso(us: int) -> str:
    """A time in µs UTC as ISO 8601 with `Z`."""
    moment = EPOCH + timedelta(microseconds=us)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_iso(text: str) -> int:
    """ISO 8601 to µs UTC.

    Raises:
        Invalid: `invalid_time`, when the text is no time, has no offset, or lies outside the
            years 1 to 9999 in UTC (`iso` could not show it).
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("invalid_time", f"{text!r} is not an ISO 8601 time") from error
    if moment.tzinfo is None:
        raise Invalid("invalid_time", f"{text!r} names no offset from UTC; add 'Z' or '+hh:mm'")
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise Invalid("invalid_time", f"{text!r} is not within the years 1 to 9999 UTC") from error
    return (utc - EPOCH) // timedelta(microseconds=1)


def before(text: str, now_us: int) -> int:
    """The moment that an age (`30d`, `12h`, `6w`: so long ago), a date (its beginning in UTC) or a
    time in ISO 8601 names, in µs UTC.

    Raises:
        Invalid: `invalid_age`.
    """
    if age := AGE.fullmatch(text):
        return now_us - int(age[1]) * _HOURS[age[2]] * 3_600_000_000
    try:
        return from_iso(f"{text}T00:00:00Z" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else text)
    except Invalid as error:
        raise Invalid(
            "invalid_age",
            f"{text[:40]!r} is neither an age such as 30d, 12h or 6w, nor a date such as "
            "2026-11-01, nor a time with its offset from UTC",
        ) from error
