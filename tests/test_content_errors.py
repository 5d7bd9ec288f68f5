"""Errors as data, and back."""

import pytest

from content import errors
from content.errors import Cancelled, KeyartError, TransientError, described, revived

KINDS = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, KeyartError) and each is not Cancelled
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_comes_back_as_what_it_was(kind: type[KeyartError]) -> None:
    """A step that failed for good must not be tried again because its error came back milder."""
    known = revived(**described(kind("a_code", "what happened")))
    assert (type(known), known.code, known.detail) == (kind, "a_code", "what happened")


def test_one_that_nobody_knows_may_pass() -> None:
    assert type(revived("Cancelled", "x", "y")) is Cancelled
    assert type(revived("OfTomorrow", "x", "y")) is TransientError
