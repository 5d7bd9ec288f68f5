"""What may be shown at all, decided before any probability is computed.

A rule says why a picture may not be shown, or None. Rules that hold for everybody (`barred`) are
applied when a title's shelf is read; those that look at the request (`withheld`) at each choice.
A draw sees only what all rules leave, so its probabilities are those of what was on offer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

import langcodes
from langcodes.tag_parser import LanguageTagError

from artwork.rules.limits import NO_CAP, NO_LIMITS, Cap, Limits, PictureRules
from content.errors import Invalid
from content.types import MATURITIES, Maturity, Origin

Verdict = Literal["approve", "veto"]
FallbackName = Literal["none", "title_card"]
"""What is answered where the rules leave no picture: an error, or a plain card with the name."""
ORIGINS: tuple[Origin, ...] = get_args(Origin)
GENERATED_SHARE = 0.2
NEAR = 8
"""Largest distance (Unicode CLDR's, as `langcodes.tag_distance`) of languages that pass for one
another: en-GB for en is 5, as pt-PT for pt-BR; zh-Hant for zh-Hans is far beyond."""
UNKNOWN = "und"
"""The language (BCP 47) of lettering in a language that was never told: a title's own name, say,
which goes by that name everywhere."""


@dataclass(frozen=True, slots=True)
class HouseRules:
    """Of the whole catalogue: from the settings, and what was put on top (`artwork.rules.house`).

    `cap`, `change_every_s` and `fallback` hold where a title says nothing of its own; all else
    holds beside what a title says.
    """

    origins: tuple[Origin, ...] = ORIGINS
    generated_share: float = GENERATED_SHARE
    """Most of a title's impressions that generated pictures may have, 0..1; see `Shares`."""
    review_required: bool = False
    limits: Limits = NO_LIMITS
    cap: Cap = NO_CAP
    change_every_s: float = 0.0
    """A viewer's picture of a title changes at most once in so many seconds; 0: whenever."""
    fallback: FallbackName = "none"
    distinct_neighbours: bool = True
    """No two neighbours on a page with the same face or look, where there is a choice."""


@dataclass(frozen=True, slots=True)
class ArtworkPolicy:
    """What a house says of one title's pictures; they are named by image group."""

    pin: str | None = None
    """The one picture to be shown."""
    veto: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ORIGINS
    review_required: bool = False
    """Only pictures that were approved, or uploaded by the house, are shown."""
    generated_share: float | None = None
    """As in `HouseRules`, whose value holds where this is None."""
    limits: Limits = NO_LIMITS
    """Of all the title's pictures."""
    cap: Cap = NO_CAP
    """Of each of its pictures."""
    change_every_s: float | None = None
    fallback: FallbackName | None = None
    incumbent: str | None = None
    """What the house would show without Keyart; see `artwork.choice.offer.incumbent`."""
    pictures: Mapping[str, PictureRules] = field(default_factory=dict)
    """What is said of single ones, by group; its limits hold beside those of the title."""

    def limits_on(self, group_id: str, house: HouseRules) -> tuple[Limits, ...]:
        """All that limit one picture."""
        own = self.pictures.get(group_id, PictureRules()).limits
        return tuple(one for one in (house.limits, self.limits, own) if one != NO_LIMITS)

    def cap_on(self, group_id: str, house: HouseRules) -> Cap:
        own = self.pictures.get(group_id, PictureRules()).cap
        return own.over(self.cap).over(house.cap)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the rules look at."""

    group_id: str
    origin: Origin = "frame"
    maturity: Maturity | None = None
    """Of what the picture itself shows; None where it was never judged."""
    language: str | None = None
    """Of its lettering, a BCP 47 tag, `UNKNOWN` where it was not told; None where it has none."""
    limits: tuple[Limits, ...] = ()
    """Where and when it may be shown: all of them hold."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What of a request the rules look at.

    `languages` are those of the title's lettered pictures that this viewer reads.
    """

    ceiling: Maturity | None = None
    languages: frozenset[str] = frozenset()
    generated: bool = True
    """May a generated picture be shown now?"""
    country: str | None = None
    """ISO 3166-1 alpha-2; None where it is not known."""
    at_us: int = 0
    spent: frozenset[str] = frozenset()
    """Groups that have been shown as often as they may be."""


def barred(
    picture: Picture, house: HouseRules, policy: ArtworkPolicy, verdict: Verdict | None
) -> str | None:
    """Why a picture may be shown to nobody."""
    if verdict == "veto" or picture.group_id in policy.veto:
        return "vetoed"
    if policy.pin is not None and picture.group_id != policy.pin:
        return "not the one that is pinned"
    if picture.origin not in house.origins or picture.origin not in policy.origins:
        return f"{picture.origin}, which is switched off"
    reviewed = house.review_required or policy.review_required
    if reviewed and verdict != "approve" and picture.origin != "uploaded":
        return "not approved"
    return None


def withheld(picture: Picture, audience: Audience) -> str | None:
    """Why a picture that is not `barred` may not be shown to this audience."""
    if picture.maturity is not None and above(picture.maturity, audience.ceiling):
        return f"above the ceiling {audience.ceiling}"
    if picture.language is not None and picture.language not in audience.languages:
        return "lettered in another language than the viewer's"
    if picture.origin == "generated" and not audience.generated:
        return "generated, and those have had their share"
    if picture.group_id in audience.spent:
        return "shown as often as it may be"
    outside = (one.outside(audience.country, audience.at_us) for one in picture.limits)
    return next((why for why in outside if why is not None), None)


def above(maturity: Maturity, ceiling: Maturity | None) -> bool:
    return ceiling is not None and MATURITIES.index(maturity) > MATURITIES.index(ceiling)


def counted(reasons: Iterable[str]) -> str:
    """Reasons with how many pictures each keeps out, the commonest first: for people."""
    found = sorted(Counter(reasons).items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{count} {reason}" for reason, count in found)


@lru_cache(maxsize=4096)
def reads(asked: str, lettering: str) -> bool:
    """Does lettering in one language serve who asked for another?

    Raises:
        Invalid: `invalid_context`, when `asked` is no language tag (BCP 47).
    """
    try:
        return langcodes.tag_distance(asked, lettering) <= NEAR
    except LanguageTagError as error:
        raise Invalid(
            "invalid_context", f"language {asked!r} is no language tag; try pt-BR"
        ) from error


class Shares:
    """How many impressions each title's pictures had in this process, and of them generated ones.

    A generated picture is on offer for a new decision only while, that impression included,
    generated pictures have at most their share of the title's. As this holds for each run of the
    service, it holds for all of them together. Showings again within an episode are counted, but
    never cut it short: so only they can carry the share above its cap, and nothing new is
    generated until it is below again. Not safe to share between threads by itself.
    """

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}

    def room(self, title_id: str, share: float) -> bool:
        """May the title's next impression be of a generated picture?"""
        shown, generated = self._counts.get(title_id, (0, 0))
        return generated + 1 <= share * (shown + 1) + 1e-9

    def count(self, title_id: str, *, generated: bool, times: int = 1) -> None:
        """Note an impression; with -1 times, take it back."""
        shown, before = self._counts.get(title_id, (0, 0))
        self._counts[title_id] = (shown + times, before + times * generated)

    def forget(self, title_id: str) -> None:
        """Begin a title's count anew."""
        self._counts.pop(title_id, None)


def readable(language: str | None, letterings: Iterable[str]) -> frozenset[str]:
    """Those of a title's letterings that a viewer of `language` (None: not told) is shown.

    Lettering in an `UNKNOWN` language is for who has none of their own among them: no worse than
    the title's name in a list, but no better than one that they are known to read.

    Raises:
        Invalid: `invalid_context`.
    """
    all_of_them = frozenset(letterings)
    known = all_of_them - {UNKNOWN}
    read = frozenset(each for each in known if language is not None and reads(language, each))
    return read or all_of_them - known
