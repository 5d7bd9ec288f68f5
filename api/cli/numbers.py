"""Numbers of the command line: `nan` is a float to Python, and within any range to typer."""

import math

import typer


def finite(given: float | None) -> float | None:
    """A callback of options: raises BadParameter for what is no finite number."""
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
