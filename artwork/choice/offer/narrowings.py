"""Why pictures that the rules allow were not on offer in a decision, as its row tells it."""

from typing import Literal

Narrowing = Literal["share", "change_budget", "neighbour", "cap", "generated"]
_BITS: dict[Narrowing, int] = {
    "share": 1,
    "change_budget": 2,
    "neighbour": 4,
    "cap": 8,
    "generated": 16,
}
_TOLD: dict[Narrowing, str] = {
    "share": "it had had its share of the title's impressions",
    "change_budget": "the viewer's picture was not to change yet",
    "neighbour": "it was too like a neighbour on the page",
    "cap": "it had been shown as often as it may be",
    "generated": "generated pictures had had their share of the title's impressions",
}


def bits_of(narrowings: tuple[Narrowing, ...]) -> int:
    """As they are stored; 0 for none."""
    return sum(_BITS[each] for each in narrowings)


def told(bits: int) -> str | None:
    """In words, where there are any; of several it is not known which took a picture."""
    return " or ".join(_TOLD[each] for each, bit in _BITS.items() if bits & bit) or None
