"""What the command line prints: tables for people, JSON for programs."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print the service's JSON instead.")]

_UNBROKEN = 10_000

_STATES = {
    "done": "green",
    "ready": "green",
    "running": "cyan",
    "processing": "cyan",
    "queued": "yellow",
    "failed": "red",
    "cancelled": "magenta",
}


_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")})
"""C0 and C1 of ECMA-48: what a terminal obeys instead of showing it."""


class _Console(Console):
    """A title may be named by anybody: nothing that it holds steers the terminal."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain(segment.text))


def plain(text: str) -> str:
    """The text without its control characters; lines and tabs stay."""
    return text.translate(_CONTROLS)


def out() -> Console:
    """Standard output; made anew so that it follows a redirection.

    Lines of a file or a pipe are as long as they are; those of a terminal as wide as it is.
    """
    console = _Console(highlight=False)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return _Console(highlight=False, width=_UNBROKEN)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def complain(code: str, detail: str) -> None:
    """One red line on standard error."""
    label = f"[bold red]{escape(code)}[/] " if code else "  "
    _Console(stderr=True, highlight=False, soft_wrap=True).print(f"{label}{escape(detail)}")


def state(name: str) -> Text:
    return Text(name, style=_STATES.get(name, ""))


def table(*columns: str, numbers: Sequence[str] = (), whole: Sequence[str] = ()) -> Table:
    """An empty table. `numbers`: columns aligned to the right; `whole`: never broken."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        side: Literal["right", "left"] = "right" if name in numbers else "left"
        made.add_column(name, justify=side, overflow="fold", no_wrap=name in whole)
    return made


def width_of(rows: Table) -> int:
    """The columns that a table takes if nothing in it is broken."""
    console = out()
    return console.measure(rows, options=console.options.update(max_width=_UNBROKEN)).maximum


def fields(values: Mapping[str, Any]) -> None:
    """One thing as `name  value` lines; what it does not have is left out."""
    shown = dict(_leaves(values))
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        line = Text(f"{name:<{width}}  ", style="bold")
        line.append_text(value if isinstance(value, Text) else Text(brief(value), style="not bold"))
        out().print(line, soft_wrap=True)  # never broken, so that ids and links can be copied


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every fact by its name, `outer.inner` where it lies deeper."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{name}.")
        elif value not in (None, "", []):
            yield f"{above}{name}", value


def brief(value: Any) -> str:
    """A JSON value in few characters."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case list():
            return ", ".join(brief(each) for each in value)
        case _:
            return str(value)
