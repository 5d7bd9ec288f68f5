"""What may be shown at all, decided before any probability is computed."""

from collections.abc import Sequence
from typing import TypeVar

from content.types import MATURITIES, Maturity

T = TypeVar("T")


def allowed(arms: Sequence[T], *, maturity: Maturity, ceiling: Maturity | None) -> Sequence[T]:
    """The arms that may be served: none when the title is above the viewer's ceiling."""
    if ceiling is not None and MATURITIES.index(maturity) > MATURITIES.index(ceiling):
        return ()
    return arms
