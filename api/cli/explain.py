"""`keyart explain`: why a picture was shown, in the terminal or on a sheet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url, path
from api.cli.show import AsJson

HALF = 12
"""Characters of the longest bar to one side."""
PATIENCE_S = 180.0
"""More than the service takes at most for a decision of long ago."""
TOLD = 0.0005
"""Contributions below this are not drawn."""
_HELD = {
    "shadow": "",
    "incumbent": " (a guardrail had broken)",
    "control": " (the viewer is of the control)",
}
"""Modes in which the incumbent answers, as the service knows them (a test compares), and why."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def explain(
    decision: Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")],
    *,
    png: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Draw it with its pictures here, too."),
    ] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Tell why a picture was shown: what each candidate's score was made of, how likely each was,
    what an unknown viewer would have seen, and why the others were not on offer."""
    if png is not None and not png.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {png.absolute().parent}", param_hint="--png")
    remote = Remote(url, key, patience_s=PATIENCE_S)
    told = remote.get(path("decisions", decision), explain="true")
    if as_json:
        show.print_json(told)
    else:
        _draw(told)
    if png is not None:
        _sheet(told, remote, png, quiet=as_json)


def _sheet(told: Mapping[str, Any], remote: Remote, png: Path, *, quiet: bool) -> None:
    from api.cli.explain_sheet import draw  # Pillow takes long to load

    try:
        draw(told, remote).save(png, "PNG", optimize=True)
    except OSError as error:
        raise typer.BadParameter(
            f"{png} cannot be written: {error.strerror or error}", param_hint="--png"
        ) from error
    if not quiet:
        show.out().print(f"sheet: {png}", markup=False, soft_wrap=True)


def summary(told: Mapping[str, Any]) -> list[str]:
    """What the decision was, in a few lines."""
    found = told["explanation"]
    context = ", ".join(f"{k} {v}" for k, v in told["context"].items() if v is not None)
    taste = "taste known" if found["taste"] else "nothing known of the viewer"
    standing = {one["kind"]: one["value"] for one in told["rewards"]}  # what corrects comes later
    earned = ", ".join(f"{kind} {value:g}" for kind, value in standing.items())
    draws = f"{found['draws']} draws, {found['floor']:.1%} shared by all   "
    return [
        f"{told['title_id']}   {told['aspect']}   {told['decided_at']}   mode {told['mode']}",
        whose(told),
        f"{context or 'no context'}   {taste}   learned from {found['learned_rows']} showings",
        f"{draws}earned: " + (f"{told['reward']:.3g} ({earned})" if earned else "nothing"),
    ]


def whose(told: Mapping[str, Any]) -> str:
    """Who answered: the policy, or the incumbent beside it, and what the policy would have done."""
    policy = f"policy {told['policy_id']}"
    if told["mode"] not in _HELD:
        return f"answered by {policy}"
    answered = f"answered by the incumbent{_HELD[told['mode']]}"
    if told["agrees"] is None:
        return f"{answered}; {policy} was not asked"
    chosen = "the same picture" if told["agrees"] else "another picture"
    return f"{answered}; {policy} ran in shadow and would have chosen {chosen}"


def contributions(found: Mapping[str, Any]) -> list[str]:
    """The blocks that moved any candidate's score, the most telling apart first."""
    rows = [one["contributions"] for one in found["candidates"]]
    reach = {name: max(abs(row[name]) for row in rows) for name in found["names"]}
    apart = {name: max(r[name] for r in rows) - min(r[name] for r in rows) for name in reach}
    return sorted((n for n in reach if reach[n] >= TOLD), key=lambda n: (-apart[n], -reach[n]))


def _draw(told: Mapping[str, Any]) -> None:
    out, found = show.out(), told["explanation"]
    for line in summary(told):
        out.print(line, markup=False, soft_wrap=True)
    out.print()
    names = contributions(found)
    most = max((abs(c["contributions"][n]) for c in found["candidates"] for n in names), default=1)
    for rank, one in enumerate(found["candidates"], 1):
        _candidate(told, one, names, rank, most)
    if found["withheld"]:
        out.print(Text("not on offer", style="bold"))
        rows = show.table("variant", "now withheld because", whole=["variant"])
        for one in found["withheld"]:
            rows.add_row(one["variant_id"], one["reason"])
        out.print(rows)


def _candidate(
    told: Mapping[str, Any], one: Mapping[str, Any], names: Sequence[str], rank: int, most: float
) -> None:
    shown = one["variant_id"] == told["variant_id"]
    head = Text(f"{rank:>2}. {one['variant_id']}", style="bold green" if shown else "bold")
    head.append(" shown" if shown else "")
    head.append(f"   score {one['score']:.3f} ± {one['spread']:.3f}", style="not bold default")
    show.out().print(head, soft_wrap=True)
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for width in (None, 2 * HALF + 1, None):
        grid.add_column(width=width, no_wrap=True)
    for name, share in (
        ("propensity", one["propensity"]),
        ("unknown viewer", one["unknown_viewer"]),
    ):
        grid.add_row(
            f"    {name}", Text(" " * HALF + "│") + Text(bar(share), "cyan"), f"{share:.3f}"
        )
    for name in names:
        value = one["contributions"][name]
        label = told["explanation"]["names"][name]
        grid.add_row(f"    {label}", _signed(value / most if most else 0.0), f"{value:+.4f}")
    show.out().print(grid)


def bar(share: float, width: int = HALF) -> str:
    """A bar of `share` (0..1) of so many characters, to an eighth of one."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _signed(share: float) -> Text:
    """To the right of the line what speaks for a picture, to the left what speaks against it."""
    if share >= 0:
        return Text(" " * HALF + "│") + Text(bar(share), "green")
    whole, half = divmod(round(-share * HALF * 2), 2)
    drawn = "▐" * half + "█" * whole
    return Text(" " * (HALF - len(drawn))) + Text(drawn, "red") + Text("│")
