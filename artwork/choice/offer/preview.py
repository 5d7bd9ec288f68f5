"""What rules would leave on offer, title by title, without a choice: nothing is drawn or logged."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.belief.features import Context, Lens
from artwork.choice.offer.arms import Shelf
from artwork.choice.offer.restraints import Restraints
from artwork.choice.offer.shelves import Shelves
from artwork.choice.record.decisions import Scope
from artwork.rules.guardrails import FallbackName, HouseRules
from artwork.rules.house import CatalogueRules
from content.errors import NotFound
from content.types import Aspect


@dataclass(frozen=True, slots=True)
class Spectator:
    """An audience to look at rules with."""

    context: Context
    at_us: int


@dataclass(frozen=True, slots=True)
class Left:
    """What one audience would be offered of a title."""

    groups: tuple[str, ...]
    reason: str | None
    """Why nothing, where it is nothing."""
    fallback: FallbackName
    """What would be answered then."""


@dataclass(frozen=True, slots=True)
class TitlePreview:
    title_id: str
    audiences: tuple[Left, ...]
    """One for each spectator, in their order."""
    warning: str | None
    """What of the rules cannot hold here."""


def preview(
    connection: sa.Connection,
    scope: Scope,
    title_ids: Sequence[str],
    aspect: Aspect,
    spectators: Sequence[Spectator],
    *,
    lens: Lens,
    house: HouseRules,
    rules: CatalogueRules | None,
) -> list[TitlePreview]:
    """Titles under `rules`, or under those in force; counts under caps are those of the records.

    Generated pictures are taken to have room in their share.

    Raises:
        Invalid: `invalid_context`.
    """
    shelves = Shelves(scope, lens, house, rules=rules).read(connection, title_ids)
    restraints = Restraints(scope.tenant)
    restraints.recall(connection, None, shelves, 0)
    return [
        TitlePreview(
            title_id,
            tuple(_left(shelf, aspect, one, restraints) for one in spectators),
            _warning(shelf, aspect),
        )
        for title_id in title_ids
        if (shelf := shelves.get(title_id)) is not None
    ]


def _left(shelf: Shelf, aspect: Aspect, one: Spectator, restraints: Restraints) -> Left:
    spent = restraints.spent(shelf, one.at_us)
    audience = shelf.audience(one.context, at_us=one.at_us, spent=spent)
    fallback = shelf.standing.fallback
    try:
        return Left(shelf.offer(aspect, audience).groups, None, fallback)
    except NotFound as error:
        return Left((), error.detail, fallback)


def _warning(shelf: Shelf, aspect: Aspect) -> str | None:
    """A share that too few pictures are there to keep to."""
    free = [arm.group_id for arm in shelf.arms.get(aspect, ()) if arm.group_id not in shelf.barred]
    shares = [cap.share for group in free if (cap := shelf.standing.caps.get(group))]
    room = sum(1.0 if share is None else share for share in shares)
    if not free or not shares or room >= 1 - 1e-9:
        return None
    return (
        f"by their shares its {aspect} pictures (there are {len(free)}) may have {room:.0%} of its "
        "impressions between them; the rest goes beyond"
    )
