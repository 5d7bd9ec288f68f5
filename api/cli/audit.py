"""`keyart audit propensity`: are the logged probabilities those that were drawn from?"""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import show
from api.cli.serve import read_settings
from api.cli.show import AsJson
from content.errors import KeyartError

if TYPE_CHECKING:
    from artwork.choice.probability.audit import Audited
    from workers.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Check what was logged.")
SHOWN = 20
"""Mismatches and tests printed for people; JSON has all."""


@app.command("propensity")
def propensity(
    *,
    last: Annotated[int, typer.Option(min=1, help="So many decisions, the newest.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Compute the newest decisions again, from the ledger, their ids and the deployment's key, and
    test by chi-square whether pictures were served as often as their probabilities say.

    Reads KEYART_DATA (or KEYART_DATABASE_URL) itself, with the settings that the service has, and
    may run beside it. Exit status 1 when one decision is not the same, when none could be computed
    again, or when the least corrected p is 0.01 or less.
    """
    from workers.audit import audit_propensity

    settings = read_settings()
    began = time.monotonic()
    try:
        found = audit_propensity(settings, last)
    except KeyartError as error:
        show.complain(error.code, error.detail)
        raise typer.Exit(2) from error
    told = _told(found, time.monotonic() - began) | {"hint": _hint(found, settings)}
    if as_json:
        show.print_json(told)
    else:
        _print(told)
    if not found.fine:
        raise typer.Exit(1)


def _why_none(left_out: Mapping[str, int]) -> str:
    """What to do about it: rows that are gone come back by no setting."""
    from artwork.choice.probability.audit import REMOVED

    if REMOVED in left_out:
        return "none was made since somebody was forgotten or rows went for their age"
    return "are these the service's settings?"


def _hint(found: "Audited", settings: "Settings") -> str | None:
    """What differs from the service's settings, as far as a policy's name can tell it."""
    if found.others is None:
        return None
    here = {"KEYART_REWARDS": settings.rewards, "KEYART_HALF_LIFE_DAYS": settings.half_life_days}
    parts = [f"{n} ({'not set' if value is None else value} here)" for n, value in here.items()]
    return (
        f"the newest decision was made by policy {found.others[0]}, these settings make "
        f"{found.others[1]}: {' and '.join(parts)} are part of it; set them as the service has them"
    )


def _told(found: "Audited", seconds: float) -> dict[str, Any]:
    return {
        "fine": found.fine,
        "decisions": found.looked_at,
        "same": found.same,
        "mismatches": [asdict(each) for each in found.mismatches],
        "left_out": dict(found.left_out),
        "tests": [asdict(each) for each in found.tests],
        "least_p": min((test.holm for test in found.tests), default=None),
        "seconds": round(seconds, 2),
    }


def _print(told: dict[str, Any]) -> None:
    console = show.out()
    numbers = ["decisions", "cells", "chi-square", "p", "corrected"]
    rows = show.table("served as often as told?", *numbers, numbers=numbers)
    for test in told["tests"][:SHOWN]:
        figures = (f"{test['chi_square']:.1f}", f"{test['p']:.4f}", f"{test['holm']:.4f}")
        rows.add_row(test["name"], str(test["decisions"]), str(test["cells"]), *figures)
    if told["tests"]:
        console.print(rows)
    for each in told["mismatches"][:SHOWN]:
        console.print(f"[red]not the same[/]: {each['what']} of decision {each['decision_id']}")
    for reason, count in told["left_out"].items():
        console.print(f"left out: {count}, {reason}")
    if told["hint"]:
        console.print(told["hint"], markup=False, soft_wrap=True)
    if told["decisions"] and not told["same"] and not told["mismatches"]:
        console.print(f"[red]none could be computed again[/]: {_why_none(told['left_out'])}")
    wrong, tests = len(told["mismatches"]), len(told["tests"])
    console.print(
        f"{told['decisions']} decisions in {told['seconds']:.1f} s: {told['same']} the same byte "
        f"for byte, {wrong} not; {tests} tests"
        + (f", least corrected p {told['least_p']:.3f}" if tests else "")
    )
