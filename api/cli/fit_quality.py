"""`keyart fit-quality`: what makes a picture good, learned from decisions."""

from typing import Annotated, Any

import typer

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url
from api.cli.show import AsJson


def fit_quality(
    *,
    dry_run: Annotated[bool, typer.Option(help="Show what was learned, change nothing.")] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Learn how much each sub-score of a picture counts, from what shown pictures earned.

    The weights are put to use only when they order the pictures of titles that they were not
    learned from better than the present ones do, beyond chance; then for pictures that are
    assessed from now on.
    """
    remote = Remote(url, key)
    before = remote.get("/v1/quality/weights")["weights"]
    found = remote.post("/v1/quality/fit", {"dry_run": dry_run})
    if as_json:
        show.print_json(found)
    else:
        _print(found, before)


def _print(found: dict[str, Any], before: dict[str, float]) -> None:
    rows = show.table("sub-score", "learned", "before", numbers=["learned", "before"])
    for name, weight in sorted(found["weights"].items(), key=lambda item: -abs(item[1])):
        rows.add_row(name, f"{weight:+.3f}", f"{before[name]:+.3f}")
    console = show.out()
    console.print(rows)
    console.print(
        f"Of two pictures of a title, the better scored one earned more: {found['agreement']:.1%} "
        f"with the learned weights, {found['agreement_now']:.1%} with those before; gain "
        f"{found['gain']:+.1%} ({found['gain_low']:+.1%} to {found['gain_high']:+.1%}), "
        f"{found['titles']} titles, {found['pictures']} pictures, {found['decisions']} decisions."
    )
    if found["used"]:
        console.print("[green]in use from now on[/]")
    elif not found["better"]:
        console.print("[yellow]not put to use: the gain may be chance[/]")
