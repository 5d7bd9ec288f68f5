"""`keyart generate TITLE`: pictures painted from its frames by the configured model."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from api.cli import show
from api.cli.reads import TitleArg
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson
from api.cli.waiting import wait


def generate(
    title: TitleArg,
    *,
    brief: Annotated[
        str, typer.Option(help="KEY:VALUE,… of mood, emphasis, look, change and extend.")
    ] = "",
    count: Annotated[int, typer.Option("--n", min=1, help="How many to paint.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="Of the first; each next has one more.")] = 0,
    wait_for: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until they are made.")
    ] = True,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Paint pictures from a title's frames, by a brief; those that pass every gate become artwork.

    Exit status 1 when not one does.
    """
    remote = Remote(url, key)
    asked = {"brief": brief, "n": count, "seed": seed}
    started = remote.post(path("titles", title, "generate"), asked)
    if not wait_for:
        show.print_json(started) if as_json else show.fields(started)
        return
    [job] = wait(remote, {started["job_id"]: title}, quiet=as_json)
    show.print_json(job) if as_json else _print(job)
    if job["state"] != "done" or not job["outcome"]["groups"]:
        raise typer.Exit(1)


def _print(job: Any) -> None:
    if job["state"] != "done":
        error = job["error"] or {"code": job["state"], "detail": "it did not finish"}
        show.complain(error["code"], error["detail"])
        return
    made, refused = job["outcome"]["groups"], job["outcome"]["refused"]
    for group in made:
        show.out().print(f"[green]made[/] {escape(group)}")
    for each in refused:
        show.out().print(f"[yellow]{escape(each['reason'])}[/] {escape(each['detail'])}")
