"""Time zones by their IANA names, as the time zone database lists them."""

from functools import cache
from importlib.resources import files

from content.errors import Invalid

_NOWHERE = frozenset({"Factory"})
"""Listed, but no place: what a device says that was never told one."""


@cache
def names() -> frozenset[str]:
    """All in which somebody may live, old ones too: `Asia/Calcutta` is what many devices say.

    A machine's own files hold more (`localtime`, `posixrules`, `posix/…`, `right/…`): what they
    are differs from one to the next, or counts leap seconds.
    """
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - _NOWHERE


def check_zone(tz: str) -> None:
    """Raises Invalid: `invalid_context`, unless `tz` is one of `names`."""
    if tz not in names():
        raise Invalid("invalid_context", "this is no IANA time zone, such as Europe/Berlin")
