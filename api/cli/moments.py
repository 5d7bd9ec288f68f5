"""`keyart moments | match-cuts`: stretches of titles, and shots of two that go together."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from api.cli import show
from api.cli.numbers import finite
from api.cli.reads import Limit, TitleArg
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson


def moments(
    words: Annotated[
        list[str] | None, typer.Argument(help="What is seen, said or felt; or give --mood.")
    ] = None,
    *,
    title: Annotated[str | None, typer.Option(help="Only of this title.")] = None,
    mood: Annotated[str | None, typer.Option(help="Only of this mood.")] = None,
    min_s: Annotated[
        float, typer.Option(min=0, callback=finite, help="None shorter than this.")
    ] = 0.0,
    limit: Limit = 10,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show the stretches of titles that show, say or feel what is asked for."""
    query = {"q": " ".join(words or ()) or None, "title_id": title, "mood": mood}
    page = Remote(url, key).get("/v1/moments", min_s=min_s, limit=limit, **query)
    if as_json:
        show.print_json(page)
        return
    if not page["items"]:
        show.out().print("no moment fits")
        return
    rows = show.table(
        "", "title", "from", "to", "score", "why", numbers=["", "from", "to", "score"]
    )
    for rank, item in enumerate(page["items"], 1):
        span = (clock(item["start_s"]), clock(item["end_s"]))
        title_id, score = escape(item["title_id"]), f"{item['score']:.3f}"
        rows.add_row(str(rank), title_id, *span, score, escape(_why(item["why"])))
    show.out().print(rows)


def match_cuts(
    title: TitleArg,
    *,
    limit: Limit = 10,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show pairs of a title's shots and others' that look or sound alike."""
    page = Remote(url, key).get(path("titles", title, "match-cuts"), limit=limit)
    if as_json:
        show.print_json(page)
        return
    if not page["items"]:
        show.out().print("no shot of another title is like one of these")
        return
    rows = show.table("at", "other", "at", "score", "by", numbers=["at", "score"])
    for item in page["items"]:
        own, other = clock(item["shot"]["start_s"]), clock(item["other"]["start_s"])
        name, score = escape(item["other"]["title_id"]), f"{item['score']:.3f}"
        rows.add_row(own, name, other, score, item["why"])
    show.out().print(rows)


def _why(why: dict[str, Any]) -> str:
    parts = [f"{name} {value:.2f}" for name, value in why["evidence"].items()]
    words = [f"“{line}”" for line in why["lines"][:1]] or [f"“{w}”" for w in why["words"]]
    return ", ".join([*parts, *words])


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
