"""Countries by ISO 3166-1 alpha-2, as the time zone database lists them (`iso3166.tab`)."""

from functools import cache
from importlib.resources import files

_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB"}
"""What is often written for another code."""


@cache
def codes() -> frozenset[str]:
    """All that are assigned: 249 of them."""
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return frozenset(row[0] for row in rows)


def country(told: str | None) -> str | None:
    """A request's country in capitals; None where it tells none that there is."""
    if told is None:
        return None
    code = told.upper()
    return code if code in codes() else None


def fault(code: str) -> str | None:
    """Why a text may not stand in a list of countries, and what may; None of one that may."""
    if code in codes():
        return None
    meant = code.upper() if code.upper() in codes() else _MEANT.get(code.upper())
    hint = "two capital letters, such as DE" if meant is None else f"write {meant}"
    return f"{code!r} is no country of ISO 3166-1 alpha-2; {hint}"
