"""`keyart rules show | check | apply`: the rules of the whole catalogue, as a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import show
from api.cli.reads import AspectName
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.rule_files import Fault, read_rules, rules_warnings
from api.cli.show import AsJson

app = typer.Typer(help="Show, check or put the rules of the whole catalogue.")
FileArg = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="Rules, as TOML.")
]
NAMED = 12
"""Titles named at most where many are lost for one reason."""
KEYS = {"country": "country", "maturity": "maturity_max", "language": "language", "at": "at"}


@app.command("show")
def show_rules(*, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = "") -> None:
    """Show the rules in force."""
    answer = Remote(url, key).get(path("rules"))
    show.print_json(answer) if as_json else show.fields(answer)


@app.command("check")
def check_rules(
    file: FileArg,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try them on the service's titles; change nothing.")
    ] = False,
    audience: Annotated[
        list[str] | None,
        typer.Option(help="To try them on: country=DE,maturity=13,language=de,at=TIME."),
    ] = None,
    aspect: Annotated[AspectName, typer.Option(help="Of the pictures.")] = "16:9",
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Check a rules file and, with --dry-run, tell what it would leave of each title.

    Exit 1 where the file has a fault, or where titles would lose their last picture and nothing
    stands in.
    """
    rules = _good(file)
    if not dry_run:
        show.print_json(rules) if as_json else show.out().print(f"{file}: no fault")
        return
    asked = [_audience(each) for each in audience or ()] or _usual(rules)
    remote = Remote(url, key)
    body = {"audiences": asked, "aspect": aspect}
    after = list(_checked(remote, {**body, "rules": rules}))
    before = {each["title_id"]: each for each in _checked(remote, body)}
    lost = _lost(after, before)
    if as_json:
        show.print_json({"audiences": asked, "items": after, "lost": lost})
    else:
        _tell(asked, after, before, lost)
    if any(each["fallback"] in (None, "none") for each in lost):
        raise typer.Exit(1)


@app.command("apply")
def apply_rules(
    file: FileArg, *, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = ""
) -> None:
    """Put a file's rules in the place of those in force."""
    answer = Remote(url, key).put(path("rules"), _good(file))
    show.print_json(answer) if as_json else show.fields(answer)


def _good(file: Path) -> dict[str, Any]:
    """The file's rules, with what they say in vain; tells faults and exits 1 where it has any."""
    try:
        text = file.read_text()
    except UnicodeDecodeError as error:
        show.complain(str(file), "the file is not UTF-8 text")
        raise typer.Exit(1) from error
    rules, faults = read_rules(text)
    for fault in faults:
        _complain(file, fault)
    if faults:
        raise typer.Exit(1)
    for warning in rules_warnings(rules, text):
        _complain(file, warning, "warning: ")
    return rules


def _complain(file: Path, fault: Fault, kind: str = "") -> None:
    where = f"{file}:{fault.line}" if fault.line else str(file)
    named = f"{fault.field}: " if fault.field else ""
    show.complain(where, f"{kind}{named}{fault.message}")


def _audience(told: str) -> dict[str, str]:
    """`country=DE,at=…` as the service takes it."""
    found = {}
    for part in filter(None, told.split(",")):
        name, _, value = part.partition("=")
        if name.strip() not in KEYS or not value.strip():
            known = ", ".join(f"{each}=…" for each in KEYS)
            raise typer.BadParameter(f"{part!r} is none of {known}")
        found[KEYS[name.strip()]] = value.strip()
    return found


def _usual(rules: dict[str, Any]) -> list[dict[str, str]]:
    """Somebody nobody knows, a child, and a viewer in each country that the rules name."""
    where = rules.get("countries") or {}
    named = sorted({*(where.get("allow") or ()), *(where.get("deny") or ())})[:20]
    return [{}, {"maturity_max": "7"}, *({"country": code} for code in named)]


def _checked(remote: Remote, body: dict[str, Any]) -> Iterator[Any]:
    """Every title under rules, page by page."""
    cursor = ""
    while True:
        page = remote.post(f"{path('rules', 'check')}?limit=200{cursor}", body)
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = f"&cursor={page['next']}"


def _lost(after: list[Any], before: dict[str, Any]) -> list[dict[str, Any]]:
    """Titles and audiences (by number) that have a picture today and would have none."""
    return [
        {"title_id": each["title_id"], "audience": n, **now}
        for each in after
        for n, now in enumerate(each["audiences"])
        if now["on_offer"] == 0
        and each["title_id"] in before
        and before[each["title_id"]]["audiences"][n]["on_offer"]
    ]


def _tell(
    asked: list[dict[str, str]], after: list[Any], before: dict[str, Any], lost: list[Any]
) -> None:
    names = [" ".join(one.values()) or "unknown" for one in asked]
    rows = show.table("title", *names, whole=["title"])
    for each in after:
        was = before.get(each["title_id"], each)["audiences"]
        pairs = zip(was, each["audiences"], strict=True)
        rows.add_row(each["title_id"], *(_change(old, new) for old, new in pairs))
    show.out().print(rows)
    for each in after:
        if each["warning"]:
            show.complain(each["title_id"], each["warning"])
    for (audience, why, stands), found in _together(lost).items():
        instead = f"; {stands} stands in" if stands != "none" else ""
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        titles_told = f"{', '.join(found[:NAMED])}{more}"
        show.complain(names[audience], f"{why}{instead}: {titles_told}")
    titles = len({one["title_id"] for one in lost})
    show.out().print(f"{titles} of {len(after)} titles would lose their last picture for somebody.")


def _together(lost: list[Any]) -> dict[tuple[int, str, str], list[str]]:
    """The titles lost to the same audience for the same reason."""
    found: dict[tuple[int, str, str], list[str]] = {}
    for one in lost:
        why = one["reason"].partition(" may be shown here: ")[2] or one["reason"]
        found.setdefault((one["audience"], why, one["fallback"]), []).append(one["title_id"])
    return found


def _change(old: Any, new: Any) -> str:
    was, now = old["on_offer"], new["on_offer"]
    return str(now) if was == now else f"{was} → {now}"
