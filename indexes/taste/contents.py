"""What is known of a title before anybody has watched it."""

from dataclasses import dataclass, field

from content.types import Maturity, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """`vectors` are raw, as the encoders made them; a modality that is missing is a missing key."""

    title_id: str
    vectors: Vectors = field(default_factory=dict)
    genres: tuple[str, ...] = ()
    year: int | None = None
    """Of release."""
    language: str | None = None
    country: str | None = None
    maturity: Maturity = "all"

    @property
    def facts(self) -> tuple[str, ...]:
        """What is one of few values, as words: `language:en`, `maturity:13` …"""
        named = {"language": self.language, "country": self.country, "maturity": self.maturity}
        return tuple(f"{name}:{value.casefold()}" for name, value in named.items() if value)


def year_of(released: str | None) -> int | None:
    """The year of a date of release, `2010` or `2010-09-27`."""
    return int(released[:4]) if released and released[:4].isdecimal() else None
