"""What is asked of a generated picture: the grammar of a brief.

    mood:eerie,emphasis:place,look:noir,change:bold,extend:2:3

Comma-separated `key:value`, each key once, all of them optional; the values are closed
vocabularies, so nobody's name can be asked for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args

from content.errors import Invalid
from content.mood.vocabulary import MOODS

Change = Literal["subtle", "moderate", "bold"]
Extend = Literal["2:3", "9:16"]

EMPHASIS: Mapping[str, str] = {
    "character": "portrait of one character",
    "two_shot": "two characters together",
    "group": "a group of characters",
    "close_up": "close-up",
    "wide": "wide shot",
    "place": "the place itself, establishing shot",
    "action": "dynamic action, movement",
    "calm": "stillness, calm",
    "day": "daylight",
    "night": "at night",
}
"""Tags of `image_groups.emphasis`, and how they are told to a model."""
LOOKS: Mapping[str, str] = {
    "warm": "warm golden light",
    "cold": "cold blue light",
    "noir": "black and white, hard shadows, film noir lighting",
    "vivid": "vivid saturated colours",
    "muted": "muted desaturated colours",
    "soft": "soft diffused light",
    "painted": "painterly brushwork",
}
MAX_COUNT = 16
"""Pictures of one request."""
MAX_SEED = 2**31 - 1
MOOD_NAMES = tuple(mood.name for mood in MOODS)


@dataclass(frozen=True, slots=True)
class Brief:
    """A brief, read. What is None is left to the title's own profile."""

    mood: str | None = None
    emphasis: str | None = None
    look: str | None = None
    change: Change = "moderate"
    """How far from the frame."""
    extend: Extend | None = None
    """Widen the canvas to this shape and paint what is missing; the frame itself stays."""


_ALLOWED: Mapping[str, Collection[str]] = {
    "mood": MOOD_NAMES,
    "emphasis": EMPHASIS,
    "look": LOOKS,
    "change": get_args(Change),
    "extend": get_args(Extend),
}
assert {field.name for field in fields(Brief)} == set(_ALLOWED)


def parse(text: str) -> Brief:
    """A brief's text, read.

    Raises:
        Invalid: `invalid_brief`, which tells the keys or values that there are.
    """
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        key, colon, value = (word.strip() for word in part.partition(":"))
        if not colon or key not in _ALLOWED:
            raise Invalid("invalid_brief", f"{part!r}: expected KEY:VALUE, KEY {_or(_ALLOWED)}")
        if key in found:
            raise Invalid("invalid_brief", f"{key} stands twice in the brief")
        if value not in _ALLOWED[key]:
            raise Invalid("invalid_brief", f"{part!r}: {key} is {_or(_ALLOWED[key])}")
        found[key] = value
    return Brief(**found)  # type: ignore[arg-type]


def _or(names: Collection[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"
