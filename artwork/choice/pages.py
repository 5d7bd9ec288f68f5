"""Calls of `choose` that were decided together and are appended together."""

from collections.abc import Container
from dataclasses import dataclass, field

from artwork.choice.page import Page
from artwork.choice.record.decisions import Decision
from artwork.choice.record.offers import Offer


@dataclass(slots=True)
class Pages:
    """What all of them append, in the order in which they were decided."""

    pages: list[Page] = field(default_factory=list)
    made: list[tuple[Decision, str]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def add(self, page: Page) -> None:
        """One that is decided."""
        self.pages.append(page)
        self.made += page.made
        self.shown += page.shown

    @property
    def exposed(self) -> list[tuple[str, str]]:
        """Impressions under a cap: title and group."""
        return [each for page in self.pages for each in page.exposed]

    def offers(self, *, besides: Container[str]) -> list[Offer]:
        """Each different one that was decided of, but for those of these ids."""
        found = {key: offer for page in self.pages for key, offer in page.offers.items()}
        return [offer for key, offer in found.items() if key not in besides]

    def lose(self) -> None:
        """None of them became durable."""
        for page in self.pages:
            page.lose()
