"""`keyart search | artwork | reward`: one question, one table."""

from typing import Annotated, Any, Literal, get_args

import typer
from rich.markup import escape

from api.cli import show
from api.cli.numbers import number
from api.cli.remote import DEFAULT_URL, Key, Refused, Remote, Url, path
from api.cli.show import AsJson

TitleArg = Annotated[str, typer.Argument(metavar="TITLE", help="Its id.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most.")]
Genre = Annotated[str | None, typer.Option(help="Only titles of this genre.")]
Language = Annotated[str | None, typer.Option(help="Only titles in this language.")]
MaturityMax = Annotated[str | None, typer.Option(help="Only titles up to: all, 7, 13, 16, 18.")]
Country = Annotated[str | None, typer.Option(help="Only titles made there.")]
YearFrom = Annotated[int | None, typer.Option(help="Released then or later.")]
YearTo = Annotated[int | None, typer.Option(help="Released then or before.")]
AvailableAt = Annotated[
    str | None, typer.Option(help="That viewers may have then: 2026-12-24T20:00:00Z.")
]
Territory = Annotated[str | None, typer.Option(help="That viewers may have there: two letters.")]
FilterText = Annotated[
    str | None,
    typer.Option("--filter", help="genre:drama AND (year:1990..2000 OR NOT language:de)"),
]


# As the service knows them (a test compares): its own types load numpy, which takes long.
AspectName = Literal["16:9", "2:3", "1:1", "4:3", "21:9", "9:16"]
RewardKind = Literal["impression", "click", "play", "watch", "return", "custom"]
KINDS = get_args(RewardKind)


def search(
    words: Annotated[list[str], typer.Argument(help="What it is about, in words.")],
    *,
    limit: Limit = 10,
    genre: Genre = None,
    language: Language = None,
    country: Country = None,
    maturity_max: MaturityMax = None,
    year_from: YearFrom = None,
    year_to: YearTo = None,
    available_at: AvailableAt = None,
    territory: Territory = None,
    filter_text: FilterText = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show ranks and scores, and which words are where.")
    ] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show the titles that mean what the words mean, have them, or are called so."""
    query = {
        "genre": genre, "language": language, "country": country, "maturity_max": maturity_max,
        "year_from": year_from, "year_to": year_to, "available_at": available_at,
        "territory": territory, "filter": filter_text, "explain": "true" if explain else None,
    }  # fmt: skip
    remote = Remote(url, key)
    page = remote.get("/v1/search", q=" ".join(words), limit=limit, **query)
    if as_json:
        show.print_json(page)
        return
    found(remote, page["items"], "no title fits")
    for item in page["items"] if explain else ():
        show.out().print(_reasons(item))


def artwork(
    title: TitleArg,
    *,
    user: Annotated[str | None, typer.Option(help="For whom; left out: by context only.")] = None,
    consent: Annotated[
        bool | None,
        typer.Option("--consent/--no-consent", help="May they be known?", show_default=False),
    ] = None,
    aspect: Annotated[AspectName, typer.Option()] = "16:9",
    device: Annotated[str | None, typer.Option(help="tv, phone, tablet, web …")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters.")] = None,
    tz: Annotated[str | None, typer.Option(help="IANA name, such as Europe/Lisbon.")] = None,
    maturity_max: MaturityMax = None,
    language: Annotated[
        str | None, typer.Option(help="The viewer's: lettered pictures go to who reads them.")
    ] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Choose the picture of a title for a viewer."""
    remote = Remote(url, key)
    query = {"device": device, "country": country, "tz": tz, "maturity_max": maturity_max}
    query["language"] = language
    query["consent"] = consent if consent is None else str(consent).lower()
    asked = path("titles", title, "artwork")
    choice = remote.get(asked, user=user, aspect=aspect, **query)
    if as_json:
        show.print_json(choice)
    else:
        show.fields({**choice, "url": remote.url + choice["url"], **_widths(choice)})


def _widths(choice: dict[str, Any]) -> dict[str, str]:
    """The widths of the srcset alone: its links are `url` with `?w=`; `--json` has them whole."""
    rungs = choice.get("srcset") or ()
    return {"srcset": ", ".join(f"{rung['width']}w" for rung in rungs)}


def reward(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[DECISION] KIND [VALUE]",
            help=f"Its id, unless --user and --title name it; what happened: {', '.join(KINDS)}; "
            "how much of it, 0 to 1 (1).",
        ),
    ],
    *,
    user: Annotated[
        str | None, typer.Option(help="Of this viewer's latest decision for --title.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Its id.")] = None,
    event_id: Annotated[
        str | None, typer.Option("--event-id", help="Sent again with it, nothing counts twice.")
    ] = None,
    correct: Annotated[bool, typer.Option("--correct", help="Supersede an earlier value.")] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Tell what a decision earned: one by its id, or a viewer's latest for a title."""
    if (user is None) != (title is None):
        raise typer.BadParameter("--user and --title go together")
    decision = words.pop(0) if user is None else None
    kind, value = _told(words)
    of = {"decision_id": decision, "user": user, "title_id": title, "event_id": event_id}
    named = {name: text for name, text in of.items() if text is not None}
    answer = Remote(url, key).post(
        "/v1/rewards", {**named, "kind": kind, "value": value, "correct": correct}
    )
    if as_json:
        show.print_json(answer)
    else:
        whose = decision or f"{user} and {title}"
        show.out().print(f"[green]accepted[/] {kind} {value:g} for {escape(whose)}")


def _told(words: list[str]) -> tuple[str, float]:
    """KIND and VALUE."""
    if not words:
        raise typer.BadParameter("a KIND is missing", param_hint="KIND")
    kind, *rest = words
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(KINDS)}", param_hint="KIND")
    if len(rest) > 1:
        raise typer.BadParameter(f"{rest[1]!r} is one word too many")
    return kind, number(rest[0], "VALUE") if rest else 1.0


def found(remote: Remote, items: list[Any], nothing: str) -> None:
    """What was found, a line a title."""
    if not items:
        show.out().print(nothing)
        return
    spaces = sorted({space for item in items for space in item["scores"]})
    rows = show.table("", "title", "name", "score", *spaces, numbers=["", "score", *spaces])
    for rank, item in enumerate(items, 1):
        title = item["title_id"]
        each = [_cosine(item["scores"].get(space)) for space in spaces]
        name = escape(name_of(remote, title))
        rows.add_row(str(rank), escape(title), name, _cosine(item["score"]), *each)
    show.out().print(rows)


def _reasons(item: dict[str, Any]) -> str:
    why = item["explain"]
    places = [
        f"{name} {why[name]['score']:.3f} (rank {why[name]['rank']})"
        for name in ("meaning", "words", "name")
        if why[name] is not None
    ]
    words = [f"{each['word']} in {', '.join(each['fields'])}" for each in why["matched"]]
    return escape(f"{item['title_id']}: {'; '.join([*places, *words])}")


def name_of(remote: Remote, title: str) -> str:
    try:
        return str(remote.get(path("titles", title))["name"])
    except Refused as error:
        if error.status != 404:
            raise
        return ""  # deleted since it was found


def _cosine(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
