"""In which way a decision was made, as its row tells it."""

from typing import Literal

Way = Literal["learn", "explore", "freeze", "shadow", "incumbent", "control"]
"""A mode, or `control`: a viewer of the holdout, who is always shown the incumbent."""
_CODES: tuple[Way, ...] = ("learn", "explore", "freeze", "shadow", "incumbent", "control")
HELD: tuple[Way, ...] = ("shadow", "incumbent", "control")
"""Ways in which the incumbent is the only arm on offer."""
POLICY: tuple[int, ...] = (1, 2)
"""Codes of decisions that the policy made, besides NULL."""
CONTROL = _CODES.index("control")


def code_of(way: Way) -> int | None:
    """As it is stored; `learn`, which rows from before are, takes no room."""
    return _CODES.index(way) or None


def way_of(code: int | None) -> Way:
    return _CODES[code or 0]
