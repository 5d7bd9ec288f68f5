"""`keyart rewards policy`: what events are worth at the service."""

from typing import Any

import typer

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson

app = typer.Typer(no_args_is_help=True, help="Show what events are worth.")


@app.command("policy")
def policy(*, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = "") -> None:
    """Show what each kind of event earns, for how long, and what is done against click-bait: what
    KEYART_REWARDS came to at the service."""
    answer = Remote(url, key).get(path("rewards", "policy"))
    show.print_json(answer) if as_json else _tell(answer)


def _tell(answer: dict[str, Any]) -> None:
    numbers = ["weight", "in full from", "hours"]
    rows = show.table("kind", *numbers, "", numbers=numbers)
    for name, kind in answer["kinds"].items():
        figures = (kind["weight"], kind["full_from"], kind["window_h"])
        added = "added to the largest of the others" if kind["add"] else ""
        rows.add_row(name, *(f"{figure:g}" for figure in figures), added)
    show.out().print(rows)
    show.out().print()
    show.fields({"click_bait": answer["click_bait"]})
