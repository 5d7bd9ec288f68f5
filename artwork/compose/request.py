"""What can be asked of composing, checked before any work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import regex

from artwork.compose import fonts
from content.errors import Invalid

Kind = Literal["title", "grade", "split", "two_shot", "extension"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""title: lettered. grade: in a look. split, two_shot: two characters beside each other.
extension: a poster out of a wide picture."""

Look = Literal["warm", "cold", "noir", "duotone"]
LOOKS: tuple[Look, ...] = get_args(Look)
"""See `artwork.compose.grades`."""

LONGEST = 120
"""Characters of a title, as readers count them."""
DEFAULT_COUNT, MOST = 4, 24


@dataclass(frozen=True, slots=True)
class Request:
    """What to make of a title's pictures."""

    kinds: tuple[Kind, ...]
    looks: tuple[Look, ...] = ()
    titles: Mapping[str | None, str] = field(default_factory=dict)
    """Language (BCP 47; None where it is not known) to the title in it; empty: no lettering."""
    count: int = DEFAULT_COUNT
    """How many pictures, at most; one that is lettered in several languages counts once."""

    @property
    def bases(self) -> tuple[Kind, ...]:
        """What is lettered or graded: pictures made of others, else the pictures themselves."""
        made = tuple(kind for kind in self.kinds if kind in ("split", "two_shot", "extension"))
        return made or ("title" if "title" in self.kinds else "grade",)


def parse(raw: Mapping[str, Any], name: str, language: str | None) -> Request:
    """A request of JSON: `kinds`, `looks`, `titles` (language to text), `n`; all may be left out.

    Lettered where `kinds` says `title`, or `titles` are given; with the title's name in its own
    language where they are not. Grades come in all looks where none is named.

    Raises:
        Invalid: `unknown_kind`, `unknown_look`, `invalid_count`; of a title to be lettered
            `title_empty`, `title_too_long`, `title_glyphs_missing`.
        Unavailable: `fonts_missing`.
    """
    kinds = _known(raw.get("kinds") or (), KINDS, "unknown_kind", "kind of composition")
    looks = _known(raw.get("looks") or (), LOOKS, "unknown_look", "look")
    given = dict(raw.get("titles") or {})
    if given and "title" not in kinds:
        kinds = (*kinds, "title")
    kinds = kinds or (("grade",) if looks else ("title",))
    if "grade" in kinds and not looks:
        looks = LOOKS
    count = raw.get("n") or DEFAULT_COUNT
    if not (isinstance(count, int) and 1 <= count <= MOST):
        raise Invalid("invalid_count", f"n is a whole number from 1 to {MOST}")
    titles: dict[str | None, str] = {}
    if "title" in kinds:
        titles = {tag: check_title(text) for tag, text in (given or {language: name}).items()}
    return Request(kinds, looks, titles, count)


def check_title(text: str) -> str:
    """A title as it will be set: white space made single.

    Raises:
        Invalid: `title_empty`, `title_too_long`, `title_glyphs_missing`.
        Unavailable: `fonts_missing`.
    """
    title = " ".join(text.split())
    if not regex.search(r"\P{C}", title):
        raise Invalid("title_empty", "the title to be lettered is empty")
    length = len(regex.findall(r"\X", title))
    if length > LONGEST:
        raise Invalid(
            "title_too_long", f"the title has {length} characters; at most {LONGEST} are lettered"
        )
    fonts.choose(title)
    return title


def _known(given: Any, known: tuple[Any, ...], code: str, what: str) -> tuple[Any, ...]:
    for each in given:
        if each not in known:
            raise Invalid(code, f"there is no {what} {each!r}; there are: {', '.join(known)}")
    return tuple(dict.fromkeys(given))
