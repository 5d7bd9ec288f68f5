"""`keyart fit-space`: where titles lie among viewers' tastes, learned from what they watch."""

from typing import Annotated, Any

import typer

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url
from api.cli.show import AsJson
from api.cli.waiting import wait

WAYS = {
    "taste": "taste",
    "content": "plain content",
    "genres": "genres",
    "popularity": "popularity",
    "random": "random",
}


def fit_space(
    *,
    dry_run: Annotated[bool, typer.Option(help="Show what was learned, change nothing.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the titles that are left out.")] = 0,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Learn the taste space from watch events, and take it over into a new generation.

    Titles lie in it as their viewers' tastes do, new ones by content alone. It is put to use only
    when, of titles left out whole, it finds more true neighbours than popularity, genres and plain
    content do, beyond chance: the figures drawn, with a 95 % interval of what it finds more.
    """
    remote = Remote(url, key)
    started = remote.post("/v1/spaces/taste:fit", {"seed": seed, "dry_run": dry_run})
    job = wait(remote, {started["job_id"]: "fit-space"}, quiet=as_json)[0]
    if as_json:
        show.print_json(job)
    else:
        _print(job)
    if job["state"] != "done":
        raise typer.Exit(1)


def _print(job: dict[str, Any]) -> None:
    found = job["outcome"] or {}
    console = show.out()
    if "figures" in found:
        console.print(_table(found))
        learned = found["map"]
        console.print(
            f"Learned from {learned['titles']} titles that {learned['viewers']} viewers watched; "
            f"{learned['own']} of them have five viewers or more."
        )
    if job["error"]:
        show.complain(job["error"]["code"], job["error"]["detail"])
    elif found.get("dropped"):
        console.print("[yellow]the space is gone: somebody it learned from was forgotten[/]")
    elif found.get("used"):
        console.print("[green]in use from now on[/]")


def _table(found: dict[str, Any]) -> Any:
    numbers = ("recall@100", "nDCG@10", "coverage")
    rows = show.table("ranked by", *numbers, "taste finds more", numbers=numbers)
    for name, called in WAYS.items():
        of, gain = found["figures"][name], found["gains"].get(name)
        rows.add_row(
            called,
            f"{of['recall']:.3f}",
            f"{of['ndcg']:.3f}",
            f"{of['coverage']:.3f}",
            f"{gain['gain']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})" if gain else "",
        )
    return rows
