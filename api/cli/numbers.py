"""Numbers of the command line, and how one that is none is told."""

import math
from typing import Any

import typer
from typer.core import TyperGroup


class WordedGroup(TyperGroup):
    """Options are checked by pydantic, whose words they would be refused in."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if error.__cause__ is not None:
                error.message = _told(error.__cause__) or error.message
            raise


def _told(cause: BaseException) -> str | None:
    from pydantic import ValidationError  # loads much, for this alone

    from content.wording import worded

    if not isinstance(cause, ValidationError):
        return None
    first = cause.errors()[0]
    if str(first["input"]).strip().lower() == "nan":  # it keeps to no bound, whichever is told
        return "nan is no number"
    return worded(first)


def finite(given: float | None) -> float | None:
    """A callback of options without an upper bound: raises BadParameter for inf."""
    if given is not None and not math.isfinite(given):
        raise typer.BadParameter(f"{given} is no number that can be used here")
    return given


def number(given: str, hint: str, *, instead: str = "") -> float:
    """A word of the command line as a finite number.

    Args:
        hint: the option's name, or the argument's.
        instead: what else it might have been: ", nor 'none'".

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise typer.BadParameter(f"{given!r} is no number{instead}", param_hint=hint)
    return value
