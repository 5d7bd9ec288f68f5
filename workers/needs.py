"""What of a published title is to be understood anew: asked before it is done, and by a dry run."""

from collections.abc import Mapping
from dataclasses import dataclass

from content.standing import Standing
from content.types import Space

READ: frozenset[Space] = frozenset({"visual", "audio"})
"""Spaces whose encoders look at the film, and hear it; the others follow from what was read."""


@dataclass(frozen=True, slots=True)
class Need:
    words: bool = False
    """The vector of its synopsis."""
    told: bool = False
    """What its words tell, where it has no film."""
    film: bool = False
    """All that is told of its film, whichever encoder changed."""
    opened: bool = False
    """The film itself, though what was read of it be kept (`workers.readings`)."""


def needed(title: Standing, prints: Mapping[Space, str], *, anew: bool = False) -> Need:
    """What other encoders than today's `prints` have made, or a release that kept no timeline or
    no profile; with `anew` whoever has."""
    stale = stale_spaces(title, prints, anew=anew)
    words = "synopsis" in stale
    if title.media:
        opened = anew or not title.timeline or not stale.isdisjoint(READ)
        return Need(words, film=bool(stale) or not title.timeline, opened=opened)
    return Need(words, told=words or not title.profile)


def stale_spaces(title: Standing, prints: Mapping[Space, str], *, anew: bool = False) -> set[Space]:
    """Spaces of the title's vectors that other encoders than today's made; with `anew` all."""
    return {s for s, made in title.made_by.items() if anew or prints.get(s) != made}
