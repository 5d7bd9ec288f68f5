"""Where and when a picture may be shown, and how often: limits of a catalogue, title or picture."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Countries (ISO 3166-1 alpha-2) and a window of time `[from_us, until_us)`, µs UTC."""

    allow: tuple[str, ...] | None = None
    """Only there; None: wherever it is not denied."""
    deny: tuple[str, ...] = ()
    from_us: int | None = None
    until_us: int | None = None

    @property
    def territorial(self) -> bool:
        return self.allow is not None or bool(self.deny)

    def outside(self, country: str | None, at_us: int) -> str | None:
        """Why not in this country at this time, or None. Where countries are named and the
        viewer's is not known, it is no country that may."""
        if self.territorial and country is None:
            return "for certain countries, and the request tells none that there is"
        if (self.allow is not None and country not in self.allow) or country in self.deny:
            return f"not for {country}"
        if self.from_us is not None and at_us < self.from_us:
            return "not to be shown yet"
        if self.until_us is not None and at_us >= self.until_us:
            return "not to be shown any more"
        return None


@dataclass(frozen=True, slots=True)
class Cap:
    """Most impressions of one picture of a title; None: no such cap."""

    share: float | None = None
    """Of the title's impressions, 0..1, rounded up to a whole impression."""
    per_day: int | None = None
    """In a day, UTC."""
    in_all: int | None = None

    def over(self, wider: "Cap") -> "Cap":
        """This one where it says something, else the wider one."""
        own = ((field.name, getattr(self, field.name)) for field in fields(self))
        return Cap(**{name: getattr(wider, name) if v is None else v for name, v in own})


NO_LIMITS, NO_CAP = Limits(), Cap()


@dataclass(frozen=True, slots=True)
class PictureRules:
    """What is said of one picture."""

    limits: Limits = NO_LIMITS
    cap: Cap = NO_CAP


def limits_of(stored: Mapping[str, Any]) -> Limits:
    """Of plain data, as `dataclasses.asdict` makes it."""
    allow = stored["allow"]
    return Limits(
        None if allow is None else tuple(allow),
        tuple(stored["deny"]),
        stored["from_us"],
        stored["until_us"],
    )


def picture_rules_of(stored: Mapping[str, Any]) -> PictureRules:
    """Of plain data, as `dataclasses.asdict` makes it."""
    return PictureRules(limits_of(stored["limits"]), Cap(**stored["cap"]))


def borders(limits: Iterable[Limits]) -> tuple[int, ...]:
    """The moments at which any of these windows opens or closes, in order."""
    found = {us for one in limits for us in (one.from_us, one.until_us) if us is not None}
    return tuple(sorted(found))


def ends_us(limits: Iterable[Limits]) -> int | None:
    """When the first of these windows closes."""
    return min((one.until_us for one in limits if one.until_us is not None), default=None)
