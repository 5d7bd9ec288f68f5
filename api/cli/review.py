"""`keyart approve | veto | policy | upload-art`: what a house decides of its pictures."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import show
from api.cli.numbers import number
from api.cli.reads import TitleArg
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.rule_files import plain, policy_warnings
from api.cli.show import AsJson
from api.cli.waiting import wait

VariantArg = Annotated[str, typer.Argument(metavar="VARIANT", help="Its id.")]
NONE, ALL = "none", "all"
# As the service knows them (a test compares): its own types load what takes long.
ORIGINS = ["frame", "composed", "generated", "uploaded"]


def approve(
    variant: VariantArg, *, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = ""
) -> None:
    """Approve a picture, in every aspect; an earlier veto is lifted."""
    _judge(Remote(url, key), variant, "approve", as_json=as_json)


def veto(
    variant: VariantArg, *, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = ""
) -> None:
    """Withdraw a picture, in every aspect, from the next request on."""
    _judge(Remote(url, key), variant, "veto", as_json=as_json)


def _judge(remote: Remote, variant: str, verdict: str, *, as_json: bool) -> None:
    answer = remote.post(path("variants", variant, verdict))
    show.print_json(answer) if as_json else show.fields(answer)


def policy(
    title: TitleArg,
    *,
    pin: Annotated[
        str | None, typer.Option(help=f"The one picture to show: a variant, or {NONE!r}.")
    ] = None,
    incumbent: Annotated[
        str | None,
        typer.Option(help=f"What would be shown without Keyart: a variant, or {NONE!r}."),
    ] = None,
    veto: Annotated[
        list[str] | None, typer.Option(help=f"A picture never to show; {NONE!r} empties the list.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help=f"frame, composed, generated or uploaded: show these alone; {ALL!r} lifts that."
        ),
    ] = None,
    review: Annotated[
        bool | None, typer.Option("--review/--no-review", help="Show approved pictures alone.")
    ] = None,
    generated_share: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Most of its impressions that generated pictures have, 0 to 1; "
            f"{NONE!r}: as the house has it.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Put this policy (TOML) instead, whole."),
    ] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Show what may be shown of a title or, with options, change that and leave the rest."""
    remote = Remote(url, key)
    where = path("titles", title, "artwork-policy")
    answer = remote.put(where, _from_file(file)) if file else remote.get(where)
    wanted: dict[str, Any] = {
        "pin": None if pin == NONE else pin,
        "incumbent": None if incumbent == NONE else incumbent,
        "veto": [each for each in veto or () if each != NONE],
        "origins": ORIGINS if ALL in (origin or ()) else origin,
        "review_required": review,
        "generated_share": _share(generated_share),
    }
    given = (pin, incumbent, veto or None, origin or None, review, generated_share)
    changed = {name for name, value in zip(wanted, given, strict=True) if value is not None}
    if changed:
        body = {name: value for name, value in answer.items() if name != "title_id"}
        body |= {name: wanted[name] for name in changed}
        answer = remote.put(where, body)
    show.print_json(answer) if as_json else show.fields(answer)
    for each in policy_warnings(answer) if changed or file else ():
        show.complain("warning", f"{each.field}: {each.message}")


def _share(given: str | None) -> float | None:
    if given is None or given == NONE:
        return None
    return number(given, "--generated-share", instead=f", nor {NONE!r}")


def _from_file(file: Path) -> Any:
    try:
        return plain(tomllib.loads(file.read_text()))
    except ValueError as error:  # of TOML, and of UTF-8
        raise typer.BadParameter(f"{file} is not TOML: {error}") from error


def upload_art(
    title: TitleArg,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JPEG, PNG, WebP or AVIF.")
    ],
    *,
    language: Annotated[
        str | None, typer.Option(help="Of its lettering, such as en or pt-BR.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Kept with the picture.")] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Add a picture of the house's own to a title; exit 1 when a gate refuses it."""
    remote = Remote(url, key)
    told = {"language": language, "note": note}
    known = {name: value for name, value in told.items() if value is not None}
    with file.open("rb") as image:
        sent = remote.send(path("titles", title, "variants"), "image", image, json.dumps(known))
    [job] = wait(remote, {sent["job_id"]: f"{title}: {file.name}"}, quiet=as_json)
    outcome = job["outcome"] or {"groups": [], "refused": []}
    if as_json:
        show.print_json(job)
    elif job["error"]:
        show.complain(job["error"]["code"], job["error"]["detail"])
    else:
        for refusal in outcome["refused"]:
            show.complain(refusal["reason"], refusal["detail"])
        rows = show.table("variant", "aspect", "size", whole=["variant"])
        for variant in remote.get(path("titles", title, "variants"))["items"]:
            if variant["group_id"] in outcome["groups"]:
                size = f"{variant['width']} × {variant['height']}"
                rows.add_row(variant["id"], variant["aspect"], size)
        if outcome["groups"]:
            show.out().print(rows)
    if not outcome["groups"]:
        raise typer.Exit(1)
