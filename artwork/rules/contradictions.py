"""Rules that contradict one another: those that leave no picture, ever, and those that say
something in vain. The first are refused where rules are put, the second only told of.

A document is looked at by itself; a title's also beside the catalogue's rules as they stand.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from artwork.rules.countries import codes
from artwork.rules.guardrails import ORIGINS, ArtworkPolicy, HouseRules
from artwork.rules.house import CatalogueRules
from artwork.rules.limits import Cap, Limits
from content.errors import Invalid
from content.types import Origin

CODE = "contradictory_rules"


class Contradiction(NamedTuple):
    """`fields` are named as in a document, the one to be looked at first."""

    fields: tuple[str, ...]
    message: str


def nowhere(allow: Sequence[str] | None, deny: Sequence[str]) -> str | None:
    """Why these countries (ISO 3166-1 alpha-2) leave none; None where they leave one."""
    if _places(Limits(None if allow is None else tuple(allow), tuple(deny))):
        return None
    named = "every country" if allow is None else "every country that `allow` names"
    return f"`deny` names {named}: nothing would be shown anywhere"


def never_generated(
    origins: Sequence[Origin], share: float, *, pinned: bool = False
) -> Contradiction | None:
    """Generated pictures alone, and not all of the impressions for them: the very first would be
    more than their share. A pinned picture needs none (`artwork.rules.guardrails.Shares`)."""
    if set(origins) != {"generated"} or share >= 1 or pinned:
        return None
    return Contradiction(
        ("generated_share", "origins"),
        f"`origins` leaves generated pictures alone and `generated_share` is {share:g}: nothing "
        "would be shown; put a share of 1 with it, or other origins",
    )


def never_both(wider: Limits, own: Limits) -> Contradiction | None:
    """What of a picture's own limits and its title's never hold together."""
    if wider.territorial and own.territorial and not _places(wider) & _places(own):
        return Contradiction(
            ("countries",), "its `countries` and its title's have none in common: it is never shown"
        )
    if own.from_us is not None and wider.until_us is not None and own.from_us >= wider.until_us:
        return Contradiction(("from",), "its `from` is not before its title's `until`")
    if own.until_us is not None and wider.from_us is not None and own.until_us <= wider.from_us:
        return Contradiction(("until",), "its `until` is not after its title's `from`")
    return None


def check_policy(policy: ArtworkPolicy, house: HouseRules, pinned_origin: Origin | None) -> None:
    """A title's policy, its pictures named by group, beside the rules of the catalogue.

    Args:
        pinned_origin: of the pinned picture, where it is known.

    Raises:
        Invalid: `contradictory_rules`.
    """
    if policy.pin is not None and policy.pin in policy.veto:
        raise Invalid(CODE, "`pin` names a picture that `veto` names too: nothing would be shown")
    allowed = tuple(each for each in policy.origins if each in house.origins)
    if house.origins and not allowed:
        raise Invalid(
            CODE,
            f"`origins` leaves none of those that the catalogue's rules and KEYART_ORIGINS allow "
            f"({', '.join(house.origins)}): nothing would be shown",
        )
    if pinned_origin is not None and pinned_origin not in policy.origins:
        raise Invalid(
            CODE,
            f"`pin` names a picture whose origin is {pinned_origin}, which `origins` leaves out: "
            "nothing would be shown",
        )
    if pinned_origin is not None and house.origins and pinned_origin not in allowed:
        raise Invalid(
            CODE,
            f"`pin` names a picture whose origin is {pinned_origin}, which the catalogue's rules "
            f"and KEYART_ORIGINS leave out ({', '.join(house.origins)}): nothing would be shown",
        )
    if never_generated(house.origins, house.generated_share) and policy.generated_share is None:
        return  # whatever the house leaves is not this policy's doing
    share = house.generated_share if policy.generated_share is None else policy.generated_share
    if (found := never_generated(allowed, share, pinned=policy.pin is not None)) is not None:
        raise Invalid(CODE, found.message)


def check_rules(rules: CatalogueRules, settings: HouseRules) -> None:
    """The catalogue's rules beside the settings. Raises Invalid: `contradictory_rules`."""
    if rules.origins is None:  # whatever the settings leave is not these rules' doing
        return
    house = rules.over(settings)
    if not house.origins:
        raise Invalid(
            CODE,
            f"`origins` names none that KEYART_ORIGINS ({', '.join(settings.origins)}) allows: "
            "nothing would be shown",
        )
    if (found := never_generated(house.origins, house.generated_share)) is not None:
        raise Invalid(CODE, found.message)


def warnings_of(rules: CatalogueRules | ArtworkPolicy) -> list[Contradiction]:
    """What of rules changes nothing, or less than it seems to; all of it may stand."""
    origins = ORIGINS if rules.origins is None else rules.origins
    found = [*_of_limits(rules.limits, rules.cap), *_of_origins(origins, rules.generated_share)]
    for name, said in getattr(rules, "pictures", {}).items():
        for fields, message in _of_limits(said.limits, said.cap):
            found.append(
                Contradiction(tuple(f"pictures.{name}.{field}" for field in fields), message)
            )
    return found


def _of_limits(limits: Limits, cap: Cap) -> Iterator[Contradiction]:
    allow, deny = set(limits.allow or ()), set(limits.deny)
    fields = ("countries.deny", "countries.allow")
    if allow & deny:
        yield Contradiction(
            fields, f"{_listed(allow & deny)} in `allow` and in `deny`: `deny` goes first"
        )
    if limits.allow is not None and deny - allow:
        yield Contradiction(
            fields, f"{_listed(deny - allow)} in `deny`, and `allow` leaves that out already"
        )
    if cap.per_day is not None and cap.in_all is not None and cap.per_day > cap.in_all:
        yield Contradiction(
            ("cap.per_day", "cap.in_all"), "`per_day` is above `in_all`: it is never reached"
        )


def _of_origins(origins: Sequence[Origin], share: float | None) -> Iterator[Contradiction]:
    if share is None or len(origins) == len(ORIGINS):
        return
    fields = ("generated_share", "origins")
    if "generated" in origins and share == 0:
        yield Contradiction(
            fields, "`origins` names generated pictures, and `generated_share` 0 keeps them all out"
        )
    if "generated" not in origins and share > 0:
        yield Contradiction(
            fields, "`generated_share` says nothing: `origins` leaves generated pictures out"
        )


def _places(limits: Limits) -> frozenset[str]:
    """The countries that limits leave."""
    return (codes() if limits.allow is None else frozenset(limits.allow)) - set(limits.deny)


def _listed(countries: set[str]) -> str:
    names = sorted(countries)
    return f"{', '.join(names)} {'stands' if len(names) == 1 else 'stand'}"
