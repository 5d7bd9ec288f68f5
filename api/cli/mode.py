"""`keyart mode | promote`: whose choice viewers are given, and how the policy does."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer
from rich.markup import escape

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson

# As the service knows them (a test compares): its own types load what takes long.
ModeName = Literal["learn", "explore", "freeze", "shadow"]
WIDTH = 100
"""Columns of the history at most: what is longer goes on in the next line."""
By = Annotated[str | None, typer.Option(metavar="NAME", help="Kept with the change.")]


def mode(
    wanted: Annotated[
        ModeName | None,
        typer.Argument(metavar="[MODE]", help="learn, explore, freeze or shadow."),
    ] = None,
    *,
    share: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="In explore: what all pictures share evenly."),
    ] = None,
    by: By = None,
    history: Annotated[
        bool, typer.Option("--history", help="Show every change instead, the newest first.")
    ] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show how the choice is made or, with MODE, change it from the next request on."""
    if share is not None and wanted != "explore":
        raise typer.BadParameter("goes with explore alone", param_hint="--share")
    if history and (wanted is not None or by is not None):
        raise typer.BadParameter("goes with no change", param_hint="--history")
    remote, where = Remote(url, key), path("policy")
    if history:
        _tell_changes(list(remote.pages(path("policy", "history"), limit=200)), as_json=as_json)
        return
    if wanted is None:
        _tell(remote.get(where), as_json=as_json)
        return
    body = {"mode": wanted, "explore_share": share, "by": by}
    given = {name: value for name, value in body.items() if value is not None}
    _tell(remote.put(where, given), as_json=as_json)


def promote(
    *, by: By = None, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = ""
) -> None:
    """Let the policy that ran in shadow answer; exit 1 when it did not run in shadow."""
    asked = "" if by is None else f"?by={quote(by, safe='')}"
    _tell(Remote(url, key).post(path("policy", "promote") + asked), as_json=as_json)


def _tell_changes(items: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show.print_json({"items": items})
        return
    rows = show.table("", "since (UTC)", "mode", "by", "why", numbers=[""], whole=["since (UTC)"])
    for each in items:
        share = f" {each['explore_share']:.3g}" if each["mode"] == "explore" else ""
        why = ", ".join(f"{name} {_brief(value)}" for name, value in (each["why"] or {}).items())
        by = " ".join((each["by"] or "").split())  # of before: they might hold lines
        since = each["at"][:19].replace("T", " ")
        rows.add_row(str(each["n"]), since, each["mode"] + share, escape(by), escape(why))
    out = show.out()
    out.print(rows, width=min(out.width, WIDTH))


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return " / ".join(map(_brief, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _tell(answer: dict[str, Any], *, as_json: bool) -> None:
    show.print_json(answer) if as_json else show.fields(answer)
