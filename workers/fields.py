"""What callers submit, apart from the machinery that takes it in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from content.types import ALWAYS, Availability, Maturity, Tag


@dataclass(frozen=True, slots=True)
class SubmitFields:
    """The JSON of a submission, its types and lengths already checked."""

    name: str
    synopsis: str
    id: str | None = None
    media: str | None = None
    genres: tuple[str, ...] = ()
    maturity: Maturity = "all"
    language: str | None = None
    country: str | None = None
    released: str | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, Tag] = field(default_factory=dict)
    available: Availability = ALWAYS
    again: bool = False
    """Understand it anew even if nothing has changed."""
