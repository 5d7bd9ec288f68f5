"""What a process remembers so that rules hold from one choice to the next, and what they leave.

Three kinds of memory: impressions of generated pictures (`Shares`), impressions of each picture
under a cap (`Exposure`), and whose picture changed when (`Changes`). Every narrowing happens before
the draw, on what is then logged as on offer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from artwork.choice.offer.arms import Shelf
from artwork.choice.offer.changes import Changes
from artwork.choice.offer.likeness import Look
from artwork.choice.offer.narrowings import Narrowing
from artwork.choice.record.offers import Offer
from artwork.rules.exposure import Exposure
from artwork.rules.guardrails import Shares

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Counted:
    """An impression as it was noted, so that it can be taken back."""

    title_id: str
    group_id: str
    rationed: bool
    generated: bool
    capped: bool
    created_us: int
    """Of the title: what is made again under its name had no impression."""


class Restraints:
    """Of one process. Not safe to share between threads by itself."""

    def __init__(self, tenant: str) -> None:
        self.shares = Shares()
        self.exposure = Exposure(tenant)
        self.changes = Changes(tenant)
        self._created: dict[str, int] = {}
        """When the titles that are counted were made."""

    def recall(
        self,
        connection: sa.Connection,
        viewer: bytes | None,
        shelves: Mapping[str, Shelf],
        now_us: int,
    ) -> None:
        """Read what the rules of these titles need and memory lacks."""
        for shelf in shelves.values():
            self._count_anew(shelf)
        capped = [title_id for title_id, shelf in shelves.items() if shelf.standing.caps]
        if capped:
            self.exposure.recall(connection, capped)
        if viewer is not None:
            every = {t: shelf.standing.change_every_us for t, shelf in shelves.items()}
            budgets = {title_id: us for title_id, us in every.items() if us}
            if budgets:
                self.changes.recall(connection, viewer, budgets, now_us)

    def _count_anew(self, shelf: Shelf) -> None:
        """Forget what was counted of a title that was deleted since, and made again."""
        if shelf.rationed or shelf.standing.caps:
            before = self._created.get(shelf.title_id, shelf.created_us)
            self._created[shelf.title_id] = shelf.created_us
            if before != shelf.created_us:
                self.exposure.forget(shelf.title_id)
                self.shares.forget(shelf.title_id)

    def spent(self, shelf: Shelf, now_us: int) -> frozenset[str]:
        """Pictures that were shown as often as they may be: nobody is shown them, in an episode
        or not."""
        caps = shelf.standing.caps
        return self.exposure.spent(shelf.title_id, caps, now_us) if caps else _NONE

    def drawable(
        self,
        shelf: Shelf,
        offer: Offer,
        viewer: bytes | None,
        now_us: int,
        beside: Sequence[Look],
    ) -> tuple[Offer, tuple[Narrowing, ...]]:
        """What of an offer a new decision is drawn from, and what took the others.

        In this order, each only as far as it leaves a picture: those with their share of the
        title's impressions go; while the viewer's budget of changes is spent all but their
        picture go; those like a neighbour go.
        """
        standing = shelf.standing
        steps: list[tuple[Narrowing, Offer]] = []
        if standing.caps:
            ahead = self.exposure.ahead(shelf.title_id, standing.caps)
            left = shelf.narrowed(offer, [g for g in offer.groups if g not in ahead])
            steps.append(("share", left))
        before = steps[-1][1] if steps else offer
        held = None
        if viewer is not None and standing.change_every_us:
            held = self.changes.held(viewer, shelf.title_id, standing.change_every_us, now_us)
        if held in before.groups:
            steps.append(("change_budget", shelf.narrowed(before, [held])))
        elif beside and standing.distinct:
            steps.append(("neighbour", _apart(shelf, before, beside)))
        return _taken(offer, steps)

    def decided(self, shelf: Shelf, viewer: bytes, group_id: str, now_us: int) -> None:
        """Note what a viewer is shown from now on."""
        if shelf.standing.change_every_us:
            self.changes.note(viewer, shelf.title_id, group_id, now_us)
        else:  # what may be in memory from before is no longer true
            self.changes.drop(viewer, shelf.title_id)

    def count(self, shelf: Shelf, group_id: str, now_us: int) -> Counted | None:
        """Note an impression, where any rule counts this title's."""
        capped = bool(shelf.standing.caps)
        if not shelf.rationed and not capped:
            return None
        generated = shelf.pictures[group_id].origin == "generated"
        parts = (shelf.title_id, group_id, shelf.rationed, generated, capped, shelf.created_us)
        noted = Counted(*parts)
        self._add(noted, now_us, 1)
        return noted

    def clear(self) -> None:
        """Read again what the records hold: rows were taken away, or memory may be wrong."""
        self.changes.clear()
        self.exposure.clear()

    def take_back(self, noted: Counted, now_us: int) -> None:
        """Of an impression that nobody was answered with."""
        self._add(noted, now_us, -1)

    def _add(self, noted: Counted, now_us: int, times: int) -> None:
        if self._created.get(noted.title_id, noted.created_us) != noted.created_us:
            return
        if noted.rationed:
            self.shares.count(noted.title_id, generated=noted.generated, times=times)
        if noted.capped:
            self.exposure.count(noted.title_id, noted.group_id, now_us, times)


def _taken(
    offer: Offer, steps: Sequence[tuple[Narrowing, Offer]]
) -> tuple[Offer, tuple[Narrowing, ...]]:
    """What is left after the steps, and which of them took anything."""
    by: list[Narrowing] = []
    for name, left in steps:
        if len(left.groups) < len(offer.groups):
            by.append(name)
        offer = left
    return offer, tuple(by)


def _apart(shelf: Shelf, offer: Offer, beside: Sequence[Look]) -> Offer:
    """Without those like a neighbour; where all are like one, the one before counts first."""
    if len(offer.groups) == 1:
        return offer
    alike = [shelf.likeness.like(look) for look in beside]
    for masks in (alike, *([mask] for mask in alike)):
        masked = set().union(*masks)
        left = [group for group in offer.groups if group not in masked]
        if left:
            return shelf.narrowed(offer, left)
    return offer
