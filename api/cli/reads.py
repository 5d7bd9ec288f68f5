"""`keyart status | similar | search | artwork | reward`: one request, one table."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Refused, Remote, Url
from api.cli.show import AsJson

TitleArg = Annotated[str, typer.Argument(metavar="TITLE", help="Its id.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most.")]
Genre = Annotated[str | None, typer.Option(help="Only titles of this genre.")]
Language = Annotated[str | None, typer.Option(help="Only titles in this language.")]
MaturityMax = Annotated[str | None, typer.Option(help="Only titles up to: all, 7, 13, 16, 18.")]


class SpaceName(StrEnum):
    FUSED = "fused"
    VISUAL = "visual"
    AUDIO = "audio"
    SYNOPSIS = "synopsis"


class AspectName(StrEnum):
    WIDE = "16:9"
    TALL = "2:3"
    SQUARE = "1:1"


class RewardKind(StrEnum):
    IMPRESSION = "impression"
    CLICK = "click"
    PLAY = "play"
    WATCH = "watch"
    RETURN = "return"
    CUSTOM = "custom"


def status(
    name: Annotated[str | None, typer.Argument(metavar="[JOB|TITLE]")] = None,
    *,
    limit: Limit = 20,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show a job or a title or, without a name, the newest jobs."""
    remote = Remote(url, key)
    if name is None:
        page = remote.get("/v1/jobs", limit=limit)
        show.print_json(page) if as_json else _jobs(page["items"])
        return
    kind, found = _job_or_title(remote, name)
    if as_json:
        show.print_json(found)
    else:
        show.fields(_job_fields(found) if kind == "job" else _title_fields(found))


def similar(
    title: TitleArg,
    *,
    space: Annotated[SpaceName, typer.Option(help="What to compare.")] = SpaceName.FUSED,
    limit: Limit = 10,
    genre: Genre = None,
    language: Language = None,
    maturity_max: MaturityMax = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show the titles nearest to one."""
    query = {"genre": genre, "language": language, "maturity_max": maturity_max}
    path = f"/v1/titles/{title}/similar"
    page = Remote(url, key).get(path, space=space.value, limit=limit, **query)
    show.print_json(page) if as_json else _found(page["items"], "no title has a space in common")


def search(
    words: Annotated[list[str], typer.Argument(help="What it is about, in words.")],
    *,
    limit: Limit = 10,
    genre: Genre = None,
    language: Language = None,
    maturity_max: MaturityMax = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show the titles whose synopsis or pictures match the words."""
    query = {"genre": genre, "language": language, "maturity_max": maturity_max}
    page = Remote(url, key).get("/v1/search", q=" ".join(words), limit=limit, **query)
    show.print_json(page) if as_json else _found(page["items"], "the catalogue is empty")


def artwork(
    title: TitleArg,
    *,
    user: Annotated[str | None, typer.Option(help="For whom; left out: by context only.")] = None,
    aspect: Annotated[AspectName, typer.Option()] = AspectName.WIDE,
    device: Annotated[str | None, typer.Option(help="tv, phone, tablet, web …")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters.")] = None,
    tz: Annotated[str | None, typer.Option(help="IANA name, such as Europe/Lisbon.")] = None,
    maturity_max: MaturityMax = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Choose the picture of a title for a viewer."""
    remote = Remote(url, key)
    query = {"device": device, "country": country, "tz": tz, "maturity_max": maturity_max}
    path = f"/v1/titles/{title}/artwork"
    choice = remote.get(path, user=user, aspect=aspect.value, **query)
    if as_json:
        show.print_json(choice)
    else:
        show.fields({**choice, "url": remote.url + choice["url"]})


def reward(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Its id.")],
    kind: Annotated[RewardKind, typer.Argument(help="What happened.")],
    value: Annotated[float, typer.Argument(help="How much of it, 0 to 1.")] = 1.0,
    *,
    correct: Annotated[bool, typer.Option("--correct", help="Supersede an earlier value.")] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Tell what a decision earned."""
    body = {"decision_id": decision, "kind": kind.value, "value": value, "correct": correct}
    answer = Remote(url, key).post("/v1/rewards", body)
    if as_json:
        show.print_json(answer)
    else:
        show.out().print(f"[green]accepted[/] {kind.value} {value:g} for {decision}")


def _job_or_title(remote: Remote, name: str) -> tuple[str, Any]:
    try:
        return "job", remote.get(f"/v1/jobs/{name}")
    except Refused as error:
        if error.status != 404:
            raise
    return "title", remote.get(f"/v1/titles/{name}")


def _jobs(items: list[Any]) -> None:
    if not items:
        show.out().print("no jobs yet; `keyart submit FILE` makes one")
        return
    rows = show.table("job", "title", "state", "stage", "%", numbers=["%"], whole=["job"])
    for job in items:
        what = job["title_id"] or job["generation"] or job["kind"]
        share = f"{job['progress']:.0%}"
        rows.add_row(job["id"], escape(what), show.state(job["state"]), job["stage"], share)
    show.out().print(rows)


def _job_fields(job: dict[str, Any]) -> dict[str, Any]:
    values = {**job, "state": show.state(job["state"]), "progress": f"{job['progress']:.0%}"}
    if job["error"]:
        values["error"] = f"{job['error']['code']}: {job['error']['detail']}"
    return values


def _title_fields(title: dict[str, Any]) -> dict[str, Any]:
    values = {**title, "state": show.state(title["state"])}
    if title["duration_s"] is not None:
        size = f"{title['width']} × {title['height']}"
        values["media"] = f"{title['duration_s']:.2f} s, {size}, {title['fps']:g} fps"
    for name in ("duration_s", "width", "height", "fps"):
        del values[name]
    return values


def _found(items: list[Any], nothing: str) -> None:
    if not items:
        show.out().print(nothing)
        return
    spaces = sorted({space for item in items for space in item["scores"]})
    rows = show.table("", "title", "score", *spaces, numbers=["", "score", *spaces])
    for rank, item in enumerate(items, 1):
        each = [_cosine(item["scores"].get(space)) for space in spaces]
        rows.add_row(str(rank), escape(item["title_id"]), _cosine(item["score"]), *each)
    show.out().print(rows)


def _cosine(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
