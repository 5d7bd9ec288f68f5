"""`keyart similar`: what is like one title, like several, unlike others, like a picture or a
sound."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from api.cli import show
from api.cli.moments import clock
from api.cli.reads import (
    AvailableAt,
    Country,
    FilterText,
    Genre,
    Language,
    MaturityMax,
    Territory,
    YearFrom,
    YearTo,
    found,
    name_of,
)
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson

_PLAIN = {"space": "fused", "diversity": 0.0, "because": False}
# As the service knows them (a test compares): its own types load numpy, which takes long.
SpaceName = Literal["fused", "visual", "audio", "synopsis", "style", "taste"]


def similar(
    titles: Annotated[
        list[str] | None,
        typer.Argument(metavar="TITLE…", help="Ids; of several, what is like them all."),
    ] = None,
    *,
    image: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Instead: what shows something like this picture."
        ),
    ] = None,
    sound: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Instead: what sounds like this file, or clip."
        ),
    ] = None,
    unlike: Annotated[
        list[str] | None, typer.Option(help="And not like this title; may be repeated.")
    ] = None,
    space: Annotated[SpaceName, typer.Option(help="What to compare.")] = "fused",
    weights: Annotated[
        str | None, typer.Option(help="How much each space counts: visual:2,audio:1")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Not this title; may be repeated.")
    ] = None,
    diversity: Annotated[
        float, typer.Option(min=0, max=1, help="Towards 1: the less alike, the better.")
    ] = 0.0,
    because: Annotated[bool, typer.Option("--because", help="Say why each is there.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 10,
    genre: Genre = None,
    language: Language = None,
    country: Country = None,
    maturity_max: MaturityMax = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    available_at: AvailableAt = None,
    territory: Territory = None,
    filter_text: FilterText = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show the titles nearest to one, to several, or to a picture or sound, and when in them."""
    which = {
        "limit": limit, "genre": genre, "language": language, "country": country,
        "maturity_max": maturity_max, "year_from": year_from, "year_to": year_to,
        "available_at": available_at, "territory": territory, "filter": filter_text,
    }  # fmt: skip
    manner = {"space": space, "diversity": diversity, "because": because}
    listed = ",".join(exclude) if exclude else None
    remote = Remote(url, key)
    sent = {name: file for name, file in (("image", image), ("sound", sound)) if file is not None}
    for name, file in sent.items():
        if len(sent) > 1 or titles or unlike or weights or manner != _PLAIN:
            raise typer.BadParameter(f"--{name} goes with --exclude, --limit and filters alone")
        _sensed(remote, name, file, {**which, "exclude": listed}, as_json=as_json)
        return
    if not titles:
        raise typer.BadParameter("name a TITLE, or give --image or --sound")
    asked = {**manner, **which}
    if len(titles) == 1 and not unlike:
        where = path("titles", titles[0], "similar")
        page = remote.get(where, weights=weights, exclude=listed, **asked)
    else:
        named = {"like": titles, "unlike": unlike or [], "exclude": exclude or []}
        page = remote.post("/v1/similar", {**asked, **named, "weights": _weights(weights)})
    if as_json:
        show.print_json(page)
        return
    found(remote, page["items"], "no title has a space in common")
    for item in page["items"] if because else ():
        _why(item)


def _sensed(remote: Remote, part: str, file: Path, query: dict[str, Any], *, as_json: bool) -> None:
    with file.open("rb") as opened:
        page = remote.send("/v1/search/media", part, opened, **query)
    if as_json:
        show.print_json(page)
        return
    if not page["items"]:
        show.out().print("no title has anything of it")
        return
    numbers = ["", "score", "from", "to"]
    rows = show.table("", "title", "name", "score", "from", "to", numbers=numbers)
    for rank, item in enumerate(page["items"], 1):
        span = [clock(item["moment"][end]) for end in ("start_s", "end_s")]
        named = (escape(item["title_id"]), escape(name_of(remote, item["title_id"])))
        rows.add_row(str(rank), *named, f"{item['score']:.3f}", *span)
    show.out().print(rows)


def _weights(text: str | None) -> dict[str, float] | None:
    """As the body wants them."""
    if text is None:
        return None
    try:
        pairs = [each.split(":") for each in text.split(",")]
        weights = {space.strip(): float(number) for space, number in pairs}
    except ValueError as error:
        raise typer.BadParameter("write --weights as visual:2,audio:1") from error
    if len(weights) < len(pairs) or not all(map(math.isfinite, weights.values())):
        raise typer.BadParameter("--weights: a finite number for each space, once")
    return weights


def _why(item: dict[str, Any]) -> None:
    """One line a title."""
    why = item["because"]
    added = ", ".join(f"{space} {value:+.3f}" for space, value in why["contributions"].items())
    told = f"; {why['text']}" if why["text"] else ""
    show.out().print(f"[bold]{escape(item['title_id'])}[/]  {added}{escape(told)}")
