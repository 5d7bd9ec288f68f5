"""The arms on offer: the pictures of a title's published version, with their frozen features."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork.decisions import Scope
from artwork.display import Display
from artwork.features import descriptor
from artwork.sums import I16
from artwork.tables import image_groups, picture_features, variants
from content.ids import TITLE_ID, stable_id
from content.tables import title_versions, titles
from content.types import Aspect, Maturity


@dataclass(frozen=True, slots=True)
class Arm:
    variant_id: str
    group_id: str
    sha256: str
    """Of the variant's master image."""
    display: bytes
    """`artwork.display.Display`, packed."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """The arms of one title in one aspect, sorted by group; the same id for the same arms."""

    id: str
    title_id: str
    aspect: Aspect
    arms: tuple[Arm, ...]
    groups: tuple[str, ...]
    descriptors: I16
    """(K, 20)."""


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """What a published title has to offer, aspect by aspect."""

    title_id: str
    maturity: Maturity
    offers: Mapping[str, Offer]
    mean: I16 | None
    """(20,) mean descriptor of the title's pictures; None where it has none."""


_Key = tuple[str, int | None, int, int]


class Shelves:
    """Reads the catalogue; keeps what a title offers until something is told anew of it."""

    def __init__(self, scope: Scope, encoder: str | None, keep: int = 5_000) -> None:
        self._scope, self._encoder = scope, encoder
        self._keep = keep
        self._kept: OrderedDict[_Key, Shelf] = OrderedDict()
        self.unsaved: dict[str, tuple[str, I16]] = {}
        """Descriptors computed and not yet in the ledger: group → (title, descriptor)."""

    def read(self, connection: sa.Connection, title_ids: Sequence[str]) -> dict[str, Shelf]:
        """The shelf of every title that exists; an empty one where nothing is published."""
        found = {}
        # Text that no database takes (NUL, lone surrogates) cannot be the id of anything.
        ids = [title_id for title_id in set(title_ids) if TITLE_ID.fullmatch(title_id)]
        for title_id, version, created, maturity, updated in connection.execute(
            _PUBLISHED, {"tenant": self._scope.tenant, "ids": ids}
        ):
            # A title deleted and made again counts its versions from 1 again.
            key = (title_id, version, created, updated)
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

    def _load(
        self, connection: sa.Connection, title_id: str, version: int | None, maturity: str | None
    ) -> Shelf:
        level: Any = maturity or "all"
        if version is None:
            return Shelf(title_id, level, {}, None)
        features, fresh = self._features(connection, title_id, version)
        self.unsaved.update({group: (title_id, data) for group, data in fresh.items()})
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
        offers = {
            aspect: make_offer(self._scope.tenant, title_id, aspect, line, features)
            for aspect, line in arms.items()
            if line
        }
        mean = None
        if features:
            stack = np.stack([features[group] for group in sorted(features)])
            mean = np.rint(stack.mean(axis=0)).astype(np.int16)
        return Shelf(title_id, level, offers, mean)

    def _features(
        self, connection: sa.Connection, title_id: str, version: int
    ) -> tuple[dict[str, I16], dict[str, I16]]:
        """All of a version's descriptors by group, and those of them that are new."""
        stored = stored_features(connection, self._scope, title_id)
        known: dict[str, I16] = {}
        fresh: dict[str, I16] = {}
        g = image_groups.c
        for group_id, facts, embedding, fingerprint in connection.execute(
            sa.select(g.id, g.facts, g.embedding, g.embedding_fingerprint).where(
                _of(image_groups, self._scope.tenant, title_id, version)
            )
        ):
            if group_id not in stored:
                usable = self._encoder is None or fingerprint == self._encoder
                vector = np.frombuffer(embedding, "<f4") if usable else None
                stored[group_id] = fresh[group_id] = descriptor(facts, vector)
            known[group_id] = stored[group_id]
        return known, fresh


_ARM = ("aspect", "group_id", "id", "sha256")
_DISPLAY = tuple(field.name for field in fields(Display))
_PUBLISHED = (
    sa.select(
        titles.c.id,
        titles.c.version,
        titles.c.created_us,
        title_versions.c.maturity,
        titles.c.updated_us,
    )
    .select_from(
        titles.outerjoin(
            title_versions,
            (title_versions.c.tenant == titles.c.tenant)
            & (title_versions.c.title_id == titles.c.id)
            & (title_versions.c.version == titles.c.version),
        )
    )
    .where(
        titles.c.tenant == sa.bindparam("tenant"),
        titles.c.id.in_(sa.bindparam("ids", expanding=True)),
    )
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


def stored_features(connection: sa.Connection, scope: Scope, title_id: str) -> dict[str, I16]:
    """The frozen descriptors of a title's pictures, of every version so far, by group."""
    f = picture_features.c
    rows = connection.execute(
        sa.select(f.group_id, f.data).where(
            f.tenant == scope.tenant, f.feature_set == scope.feature_set, f.title_id == title_id
        )
    )
    return {group: np.frombuffer(data, "<i2").astype(np.int16) for group, data in rows}
