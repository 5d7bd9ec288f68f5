"""The arms on offer: the pictures of a title's published version, with their frozen features."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork.choice.decisions import Scope
from artwork.choice.descriptors import stored_features
from artwork.choice.features import Context, descriptor
from artwork.choice.incumbent import ranked
from artwork.choice.likeness import Likeness
from artwork.choice.modes import change_count
from artwork.choice.sums import I16
from artwork.identities import unkeyed
from artwork.images.display import Display
from artwork.rules.countries import country
from artwork.rules.guardrails import (
    ArtworkPolicy,
    Audience,
    HouseRules,
    Picture,
    above,
    barred,
    counted,
    readable,
    withheld,
)
from artwork.rules.house import CatalogueRules, rules_of
from artwork.rules.review import policy_of, verdicts_of
from artwork.rules.standing import Standing
from artwork.tables import artwork_rules, image_groups, variants
from content.compiled import Compiled
from content.errors import NotFound
from content.ids import TITLE_ID, stable_id
from content.tables import title_versions, titles
from content.types import Aspect, Maturity

KEPT_OFFERS = 256
"""Offers of a shelf in memory: rules, pages and audiences make many of the same pictures."""


@dataclass(frozen=True, slots=True)
class Arm:
    variant_id: str
    group_id: str
    sha256: str
    """Of the variant's master image."""
    display: bytes
    """`artwork.images.display.Display`, packed."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """The arms of one title in one aspect, sorted by group; the same id for the same arms."""

    id: str
    title_id: str
    aspect: Aspect
    arms: tuple[Arm, ...]
    groups: tuple[str, ...]
    descriptors: I16
    """(K, 41)."""


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
    """(41,) mean descriptor of the title's pictures; None where it has none."""
    standing: Standing = field(default_factory=Standing)
    likeness: Likeness = field(default_factory=Likeness)
    published: bool = False
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


_Key = tuple[str, int | None, int, int, int | None]


class Shelves:
    """Reads the catalogue; keeps what a title offers until something is told anew of it."""

    def __init__(
        self,
        scope: Scope,
        encoder: str | None,
        house: HouseRules | None = None,
        keep: int = 5_000,
        rules: CatalogueRules | None = None,
    ) -> None:
        """`rules`, where they are given, hold in place of those of the records."""
        self._scope, self._encoder = scope, encoder
        self._settings, self._given = house or HouseRules(), rules
        self._house = (rules or CatalogueRules()).over(self._settings)
        self._ruled: int | None = None
        self._keep = keep
        self._kept: OrderedDict[_Key, Shelf] = OrderedDict()
        self.unsaved: dict[str, tuple[str, I16]] = {}
        """Descriptors computed and not yet in the ledger: group → (title, descriptor)."""
        self.mode_changes = 0
        """How many changes of the mode (`artwork.choice.modes`) the last read saw."""

    def read(self, connection: sa.Connection, title_ids: Sequence[str]) -> dict[str, Shelf]:
        """The shelf of every title that exists; an empty one where nothing is published."""
        found: dict[str, Shelf] = {}
        # Text that no database takes (NUL, lone surrogates) cannot be the id of anything.
        ids = [title_id for title_id in set(title_ids) if TITLE_ID.fullmatch(title_id)]
        if not ids:
            return found
        for title_id, version, created, maturity, updated, ruled, changes in _PUBLISHED.all(
            connection, {"tenant": self._scope.tenant}, ids
        ):
            self.mode_changes = changes
            if ruled != self._ruled:
                self._rule(connection)
            # A title deleted and made again counts its versions from 1 again.
            key = (title_id, version, created, updated, self._ruled)
            shelf = self._kept.get(key)
            if shelf is None:
                shelf = self._load(connection, title_id, version, maturity)
                self._kept[key] = shelf
                if len(self._kept) > self._keep:
                    self._kept.popitem(last=False)
            else:
                self._kept.move_to_end(key)
            found[title_id] = shelf
        return found

    def _rule(self, connection: sa.Connection) -> None:
        stored, self._ruled = rules_of(connection, self._scope.tenant)
        self._house = (self._given or stored).over(self._settings)

    def _load(
        self, connection: sa.Connection, title_id: str, version: int | None, maturity: str | None
    ) -> Shelf:
        level: Any = maturity or "all"
        tenant = self._scope.tenant
        if version is None:
            nothing = Standing.of(ArtworkPolicy(), self._house, {})
            return Shelf(tenant, title_id, level, standing=nothing)
        features, fresh, likeness = self._features(connection, title_id, version)
        self.unsaved.update({group: (title_id, data) for group, data in fresh.items()})
        policy = policy_of(connection, title_id, tenant)
        pictures = self._pictures(connection, title_id, version, policy)
        verdicts = verdicts_of(connection, title_id, tenant)
        reasons = {
            group: barred(picture, self._house, policy, verdicts.get(group))
            for group, picture in pictures.items()
        }
        mean = None
        if features:
            stack = np.stack([features[group] for group in sorted(features)])
            mean = np.rint(stack.mean(axis=0)).astype(np.int16)
        return Shelf(
            tenant,
            title_id,
            level,
            arms=self._arms(connection, title_id, version, features),
            pictures=pictures,
            barred={group: reason for group, reason in reasons.items() if reason is not None},
            features=features,
            share=self._share(policy),
            mean=mean,
            standing=Standing.of(policy, self._house, pictures),
            likeness=likeness,
            published=True,
            incumbents=ranked(
                connection, tenant, title_id, version, policy.pin or policy.incumbent
            ),
        )

    def _share(self, policy: ArtworkPolicy) -> float:
        if policy.pin is not None:  # somebody chose that very picture
            return 1.0
        own = policy.generated_share
        return self._house.generated_share if own is None else own

    def _arms(
        self,
        connection: sa.Connection,
        title_id: str,
        version: int,
        features: Mapping[str, I16],
    ) -> dict[str, list[Arm]]:
        rows = connection.execute(
            sa.select(*(variants.c[name] for name in (*_ARM, *_DISPLAY)))
            .where(_of(variants, self._scope.tenant, title_id, version))
            .order_by(variants.c.aspect, variants.c.group_id, variants.c.id)
        )
        arms: dict[str, list[Arm]] = {}
        for aspect, group_id, variant_id, sha256, *display in rows:
            line = arms.setdefault(aspect, [])
            # One crop of a picture in each aspect; its group must have its facts.
            if group_id in features and (not line or line[-1].group_id != group_id):
                packed = Display(*display).packed()
                line.append(Arm(variant_id, group_id, sha256, packed))
        return arms

    def _pictures(
        self, connection: sa.Connection, title_id: str, version: int, policy: ArtworkPolicy
    ) -> dict[str, Picture]:
        g = image_groups.c
        rows = connection.execute(
            sa.select(g.id, g.origin, g.maturity, g.language).where(
                _of(image_groups, self._scope.tenant, title_id, version)
            )
        )
        return {row.id: Picture(*row, policy.limits_on(row.id, self._house)) for row in rows}

    def _features(
        self, connection: sa.Connection, title_id: str, version: int
    ) -> tuple[dict[str, I16], dict[str, I16], Likeness]:
        """All of a version's descriptors by group, those of them that are new, and the looks."""
        stored = stored_features(connection, self._scope, title_id)
        known: dict[str, I16] = {}
        fresh: dict[str, I16] = {}
        looks = []
        g = image_groups.c
        for group_id, facts, embedding, fingerprint, faces in connection.execute(
            sa.select(g.id, g.facts, g.embedding, g.embedding_fingerprint, g.faces).where(
                _of(image_groups, self._scope.tenant, title_id, version)
            )
        ):
            usable = self._encoder is None or fingerprint == self._encoder
            vector = np.frombuffer(embedding, "<f4") if usable else None
            if group_id not in stored:
                stored[group_id] = fresh[group_id] = descriptor(facts, vector)
            known[group_id] = stored[group_id]
            looks.append((group_id, vector, unkeyed(faces)))
        return known, fresh, Likeness.of(looks)


_ARM = ("aspect", "group_id", "id", "sha256")
_DISPLAY = tuple(field.name for field in fields(Display))
_PUBLISHED = Compiled(
    sa.select(
        titles.c.id,
        titles.c.version,
        titles.c.created_us,
        title_versions.c.maturity,
        titles.c.updated_us,
        sa.select(artwork_rules.c.updated_us)
        .where(artwork_rules.c.tenant == sa.bindparam("tenant"))
        .scalar_subquery(),
        change_count(sa.bindparam("tenant")),
    )
    .select_from(
        titles.outerjoin(
            title_versions,
            (title_versions.c.tenant == titles.c.tenant)
            & (title_versions.c.title_id == titles.c.id)
            & (title_versions.c.version == titles.c.version),
        )
    )
    .where(titles.c.tenant == sa.bindparam("tenant")),
    many=titles.c.id,
)


def _of(table: sa.Table, tenant: str, title_id: str, version: int) -> sa.ColumnElement[bool]:
    return (
        (table.c.tenant == tenant) & (table.c.title_id == title_id) & (table.c.version == version)
    )


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
