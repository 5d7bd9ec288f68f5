"""`keyart candidates`: the moments looked at for a title's pictures, and what became of each."""

from typing import Annotated, Any

import typer

from api.cli import show
from api.cli.reads import TitleArg
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson

_STYLES = {"chosen": "green", "refused": "red"}


def candidates(
    title: TitleArg,
    *,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Only those that a gate refused.")
    ] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show every moment that was looked at for a title's artwork, and why it was taken or not."""
    verdict = "refused" if rejected else None
    asked = path("titles", title, "candidates")
    items = list(Remote(url, key).pages(asked, verdict=verdict, limit=200))
    if as_json:
        show.print_json({"items": items})
    elif items:
        show.out().print(_table(items))
    else:
        show.out().print("nothing was refused" if rejected else "no moment was looked at")


def _table(items: list[Any]) -> Any:
    rows = show.table(
        "time", "verdict", "overall", "reasons", "emphasis", numbers=["time", "overall"]
    )
    for item in items:
        style = _STYLES.get(item["verdict"], "")
        rows.add_row(
            _clock(item["at_s"]),
            f"[{style}]{item['verdict']}[/]" if style else item["verdict"],
            _score(item["scores"].get("overall")),
            ", ".join(item["reasons"]),
            ", ".join(item["emphasis"]),
        )
    return rows


def _clock(at_s: float) -> str:
    """Seconds as h:mm:ss.t."""
    minutes, seconds = divmod(round(at_s, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{seconds:04.1f}"


def _score(value: float | None) -> str:
    """A moment that was not looked at has none."""
    return "–" if value is None else f"{value:.2f}"
