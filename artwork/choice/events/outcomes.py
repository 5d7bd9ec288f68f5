"""Batches of events in which one that is refused leaves the others be."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from content.errors import KeyartError

E = TypeVar("E")
Outcomes = list[KeyartError | None]
"""For each event why it was refused, or None."""


def checked(check: Callable[[E], None], events: Sequence[E]) -> tuple[Outcomes, list[E]]:
    """For each event its refusal by `check`, and the events that were not refused."""
    outcomes: Outcomes = []
    good = []
    for event in events:
        try:
            check(event)
        except KeyartError as refusal:
            outcomes.append(refusal)
        else:
            outcomes.append(None)
            good.append(event)
    return outcomes, good


def merged(outcomes: Outcomes, later: Outcomes) -> Outcomes:
    """`outcomes` with `later` in the places that were not refused."""
    rest = iter(later)
    return [next(rest) if refused is None else refused for refused in outcomes]
