"""The arms on offer: the pictures of a title's published version, with their frozen features."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from artwork.choice.belief.features import Context
from artwork.choice.belief.sums import I16
from artwork.choice.offer.likeness import Likeness
from artwork.choice.record.offers import Arm, Offer
from artwork.rules.countries import country
from artwork.rules.guardrails import (
    Audience,
    Picture,
    above,
    counted,
    readable,
    withheld,
)
from artwork.rules.standing import Standing
from content.errors import NotFound
from content.ids import stable_id
from content.types import Aspect, Maturity

KEPT_OFFERS = 256
"""Offers of a shelf in memory: rules, pages and audiences make many of the same pictures."""


@dataclass(frozen=True, eq=False)
class Shelf:
    """What a published title has, and what of it the rules leave to be offered to whom."""

    tenant: str
    title_id: str
    maturity: Maturity
    arms: Mapping[str, Sequence[Arm]] = field(default_factory=dict)
    """Aspect → all pictures in it, sorted by group."""
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    barred: Mapping[str, str] = field(default_factory=dict)
    """Group → why nobody is shown it."""
    features: Mapping[str, I16] = field(default_factory=dict)
    share: float = 1.0
    """Most of the title's impressions that generated pictures may have."""
    mean: I16 | None = None
    """(33,) mean descriptor of the title's pictures; None where it has none."""
    standing: Standing = field(default_factory=Standing)
    likeness: Likeness = field(default_factory=Likeness)
    published: bool = False
    created_us: int = 0
    """When the title was made: one deleted and made again is another."""
    incumbents: tuple[str, ...] = ()
    """All groups, what the house would show without Keyart first."""
    _offers: dict[tuple[Any, ...], Offer] = field(default_factory=dict)

    @cached_property
    def rationed(self) -> bool:
        """Are there generated pictures whose share has to be watched?"""
        return self.share < 1.0 and any(
            picture.origin == "generated" and group not in self.barred
            for group, picture in self.pictures.items()
        )

    def audience(
        self,
        context: Context,
        *,
        generated: bool = True,
        at_us: int = 0,
        spent: frozenset[str] = frozenset(),
    ) -> Audience:
        """Raises Invalid: `invalid_context`."""
        languages = readable(context.language, self._letterings)
        where = country(context.country) if self.standing.territorial else None
        return Audience(context.maturity_max, languages, generated, where, at_us, spent)

    @cached_property
    def _letterings(self) -> frozenset[str]:
        """The languages of the title's lettered pictures that may be shown."""
        shown = (p.language for group, p in self.pictures.items() if group not in self.barred)
        return frozenset(tongue for tongue in shown if tongue is not None)

    def offer(self, aspect: Aspect, audience: Audience) -> Offer:
        """What this audience may be shown; the same arms give the same offer.

        Raises:
            NotFound: `no_variants`, with the rules that left nothing.
        """
        key = (
            aspect,
            audience.ceiling,
            audience.languages,
            audience.generated,
            audience.country,
            self.standing.epoch(audience.at_us),
            audience.spent,
        )
        return self._kept(key, lambda: self._made(aspect, audience))

    def incumbent(self, groups: Sequence[str]) -> str:
        """What of these the house would show without Keyart."""
        return next((group for group in self.incumbents if group in groups), groups[0])

    def narrowed(self, offer: Offer, groups: Sequence[str]) -> Offer:
        """An offer of this shelf with these groups of it alone, in its order; as it is, where they
        are all or none."""
        if len(groups) in (0, len(offer.groups)):
            return offer

        def made() -> Offer:
            left = [arm for arm in offer.arms if arm.group_id in groups]
            return make_offer(self.tenant, self.title_id, offer.aspect, left, self.features)

        return self._kept((offer.id, *groups), made)

    def _kept(self, key: tuple[Any, ...], made: Callable[[], Offer]) -> Offer:
        found = self._offers.get(key)
        if found is None:
            if len(self._offers) >= KEPT_OFFERS:
                self._offers.clear()
            found = self._offers[key] = made()
        return found

    def _made(self, aspect: Aspect, audience: Audience) -> Offer:
        arms = self.arms.get(aspect, ())
        absent = self._absent(aspect)
        if not arms:
            raise NotFound(
                "no_variants",
                f"title {self.title_id!r} has no picture in {aspect} yet{absent and f': {absent}'}",
            )
        if above(self.maturity, audience.ceiling):
            raise NotFound(
                "no_variants",
                f"title {self.title_id!r} is rated {self.maturity}, above the ceiling "
                f"{audience.ceiling}",
            )
        left, reasons = [], []
        for arm in arms:
            why = self.barred.get(arm.group_id)
            why = why or withheld(self.pictures[arm.group_id], audience)
            reasons.append(why) if why else left.append(arm)
        if not left:
            raise NotFound(
                "no_variants",
                f"title {self.title_id!r} has no picture in {aspect} that may be shown here: "
                f"{'; '.join(filter(None, (counted(reasons), absent)))}",
            )
        return make_offer(self.tenant, self.title_id, aspect, left, self.features)

    def _absent(self, aspect: Aspect) -> str:
        """How many pictures that might be shown are not there in a shape, by origin: for people."""
        there = {arm.group_id for arm in self.arms.get(aspect, ())}
        away = [
            f"{picture.origin}, without this shape"
            for group, picture in self.pictures.items()
            if group not in there and group not in self.barred
        ]
        return counted(away)


def make_offer(
    tenant: str,
    title_id: str,
    aspect: Any,
    arms: Sequence[Arm],
    features: Mapping[str, I16],
) -> Offer:
    """The offer of these arms; its id is a function of tenant, title, aspect and variant ids."""
    offer_id = stable_id(tenant, "offer", title_id, aspect, *(arm.variant_id for arm in arms))
    groups = tuple(arm.group_id for arm in arms)
    return Offer(
        offer_id, title_id, aspect, tuple(arms), groups, np.stack([features[g] for g in groups])
    )
