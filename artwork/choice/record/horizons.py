"""How long what is kept of viewers is kept: `decisions=400d, watch_events=730d`. No heavy import:
settings check it."""

import re
from dataclasses import dataclass
from typing import TypeVar

from content.errors import Gone, Invalid, KeyartError, NotFound
from content.ids import time_of

E = TypeVar("E", bound=KeyartError | None)
DAY_US = 24 * 3600 * 1_000_000
_PART = re.compile(r"\s*([a-z_]+)\s*=\s*([1-9][0-9]{0,4})d\s*")


@dataclass(frozen=True)
class Horizons:
    """Days by table; None keeps for ever.

    Decisions go with their impressions and rewards, counted from the end of their episode;
    `impressions` are the repeated showings of decisions that stay.
    """

    decisions: int | None = None
    impressions: int | None = None
    watch_events: int | None = None

    def before(self, table: str, now_us: int) -> int:
        """Rows of a table from before this time are too old; 0 where none is."""
        days = getattr(self, table)
        return 0 if days is None else now_us - days * DAY_US

    def told(self, refusal: E, decision_id: str | None, now_us: int) -> E | Gone:
        """A refusal; where it is that of a decision from so long ago that it has gone: that.

        Ids tell when they were given out.
        """
        made = None if decision_id is None else time_of(decision_id)
        missing = isinstance(refusal, NotFound) and refusal.code == "decision_not_found"
        if missing and made is not None and made < self.before("decisions", now_us):
            detail = f"decisions are kept for {self.decisions} days; this one is older"
            return Gone("decision_expired", detail)
        return refusal


def parse(text: str) -> Horizons:
    """Raises Invalid: `invalid_retention`."""
    days: dict[str, int] = {}
    for part in filter(str.strip, text.split(",")):
        found = _PART.fullmatch(part)
        name = found[1] if found else ""
        if found is None or name not in Horizons.__dataclass_fields__ or name in days:
            names = ", ".join(Horizons.__dataclass_fields__)
            raise Invalid(
                "invalid_retention",
                f"{part.strip()!r} is not TABLE=DAYSd, each table once, such as decisions=400d; "
                f"tables: {names}",
            )
        days[name] = int(found[2])
    return Horizons(**days)
