"""Reads the shelves of titles from the catalogue, and keeps them until something is told anew."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork.choice.belief.features import Lens, descriptor
from artwork.choice.belief.sums import I16
from artwork.choice.offer.arms import Shelf
from artwork.choice.offer.incumbent import ranked
from artwork.choice.offer.likeness import Likeness
from artwork.choice.record.decisions import Scope
from artwork.choice.record.descriptors import stored_features
from artwork.choice.record.mode import change_count
from artwork.choice.record.offers import Arm
from artwork.identities import I8, unkeyed
from artwork.images.display import Display
from artwork.rules.guardrails import (
    ArtworkPolicy,
    HouseRules,
    Picture,
    barred,
)
from artwork.rules.house import CatalogueRules, rules_of
from artwork.rules.review import policy_of, verdicts_of
from artwork.rules.standing import Standing
from artwork.tables import artwork_rules, image_groups, variants
from content.compiled import Compiled
from content.ids import TITLE_ID
from content.tables import title_versions, titles
from content.types import F32

_Key = tuple[str, int | None, int, int, int | None]
_Look = tuple[str, F32 | None, I8]
"""Of a picture: its group, visual vector (dim,) and faces (n, 128)."""


class Shelves:
    """Reads the catalogue; keeps what a title offers until something is told anew of it."""

    def __init__(
        self,
        scope: Scope,
        lens: Lens,
        house: HouseRules | None = None,
        keep: int = 5_000,
        rules: CatalogueRules | None = None,
    ) -> None:
        """`rules`, where they are given, hold in place of those of the records."""
        self._scope, self._lens = scope, lens
        self._settings, self._given = house or HouseRules(), rules
        self._house = (rules or CatalogueRules()).over(self._settings)
        self._ruled: int | None = None
        self._keep = keep
        self._kept: OrderedDict[_Key, Shelf] = OrderedDict()
        self.unsaved: dict[str, tuple[str, I16]] = {}
        """Descriptors computed and not yet in the ledger: group → (title, descriptor)."""
        self.mode_changes = 0
        """How many changes of the mode (`artwork.choice.record.mode`) the last read saw."""

    def apart(self) -> "Shelves":
        """Others of the same pictures, seen the same, for another thread."""
        return Shelves(self._scope, self._lens, self._settings, self._keep, self._given)

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
                shelf = self._load(connection, title_id, version, maturity, created)
                self._kept[key] = shelf
                if len(self._kept) > self._keep:
                    self._kept.popitem(last=False)
            else:
                self._kept.move_to_end(key)
            found[title_id] = shelf
        return found

    def means(self, connection: sa.Connection, versions: Mapping[str, int]) -> dict[str, I16]:
        """The mean descriptor (33,) of the pictures of titles' versions, where there are some: what
        a shelf tells of it, at a tenth of the cost; nothing is kept."""
        found = {
            title_id: _mean(self._features(connection, title_id, version)[0])
            for title_id, version in versions.items()
        }
        return {title_id: mean for title_id, mean in found.items() if mean is not None}

    def _rule(self, connection: sa.Connection) -> None:
        stored, self._ruled = rules_of(connection, self._scope.tenant)
        self._house = (self._given or stored).over(self._settings)

    def _load(
        self,
        connection: sa.Connection,
        title_id: str,
        version: int | None,
        maturity: str | None,
        created_us: int,
    ) -> Shelf:
        level: Any = maturity or "all"
        tenant = self._scope.tenant
        if version is None:
            nothing = Standing.of(ArtworkPolicy(), self._house, {})
            return Shelf(tenant, title_id, level, standing=nothing, created_us=created_us)
        features, fresh, looks = self._features(connection, title_id, version)
        self.unsaved.update({group: (title_id, data) for group, data in fresh.items()})
        policy = policy_of(connection, title_id, tenant)
        pictures = self._pictures(connection, title_id, version, policy)
        verdicts = verdicts_of(connection, title_id, tenant)
        reasons = {
            group: barred(picture, self._house, policy, verdicts.get(group))
            for group, picture in pictures.items()
        }
        return Shelf(
            tenant,
            title_id,
            level,
            arms=self._arms(connection, title_id, version, features),
            pictures=pictures,
            barred={group: reason for group, reason in reasons.items() if reason is not None},
            features=features,
            share=self._share(policy),
            mean=_mean(features),
            standing=Standing.of(policy, self._house, pictures),
            likeness=Likeness.of(looks),
            published=True,
            created_us=created_us,
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
    ) -> tuple[dict[str, I16], dict[str, I16], list[_Look]]:
        """All of a version's descriptors by group, those of them that are new, and the looks."""
        stored = stored_features(connection, self._scope, title_id)
        known: dict[str, I16] = {}
        fresh: dict[str, I16] = {}
        looks: list[_Look] = []
        g = image_groups.c
        for group_id, facts, embedding, fingerprint, faces in connection.execute(
            sa.select(g.id, g.facts, g.embedding, g.embedding_fingerprint, g.faces).where(
                _of(image_groups, self._scope.tenant, title_id, version)
            )
        ):
            usable = self._lens.encoder in {None, fingerprint}
            vector = np.frombuffer(embedding, "<f4") if usable else None
            if group_id not in stored:
                stored[group_id] = fresh[group_id] = descriptor(
                    facts, vector, self._lens.projection
                )
            known[group_id] = stored[group_id]
            looks.append((group_id, vector, unkeyed(faces)))
        return known, fresh, looks


def _mean(features: Mapping[str, I16]) -> I16 | None:
    if not features:
        return None
    stack = np.stack([features[group] for group in sorted(features)])
    mean: I16 = np.rint(stack.mean(axis=0)).astype(np.int16)
    return mean


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
