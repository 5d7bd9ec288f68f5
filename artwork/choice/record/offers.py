"""What was on offer when a picture was chosen: the arms, as they are logged."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.sums import I16
from artwork.choice.record.ledger import insert_new
from artwork.tables import offers
from content.types import Aspect


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
    """(K, 33)."""


def save_offers(connection: sa.Connection, tenant: str, found: Sequence[Offer]) -> None:
    """Log what was on offer, once for each different offer."""
    rows = [
        {"tenant": tenant, "id": offer.id, "title_id": offer.title_id, "aspect": offer.aspect,
         "arms": json.dumps([[arm.variant_id, arm.group_id] for arm in offer.arms])}
        for offer in found
    ]  # fmt: skip
    insert_new(connection, offers, rows)
